#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Serves pictures and the live view of pi-edge-agent over HTTP, for programs that want a URL. Runs beside the broker; needs receiver.py.

    python3 gateway.py --broker mqtt://localhost
    http://127.0.0.1:8090/                                    the known agents
    http://127.0.0.1:8090/ID/snapshot.jpg?width=1280&height=720&quality=90
    http://127.0.0.1:8090/ID/stream?rate=5&width=640&height=480&quality=60
"""

import argparse
import contextlib
import json
import re
import select
import signal
import socket
import sys
import threading
import time
import uuid
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from receiver import (WRONG_LOGIN, WRONG_VERSION, Problem, add_broker_options, connect, decoded, discard_output, make_client, refusal,
                      seconds, tls_hint, user_properties, watch_threads)

# Seconds. Few renewals, because the agent writes each command to its memory card.
LEASE, RENEWAL = 120, 60
RETRY = 3  # until a live view that another client has ended is requested again
STALL = 30  # without a frame, or with an HTTP client that takes none, until a stream ends
MOST_THREADS = 200
CHUNK = 65536  # bytes that a slow client may take STALL seconds for
UNSENT_LIMIT = 16384  # bytes that may wait in a socket; behind them, a newer frame replaces an older one
LIMITS = {"width": (64, 9152), "height": (64, 6944), "quality": (1, 100), "rate": (0.1, 30)}
LIVE = {"width": 640, "height": 480, "quality": 60, "rate": 5}
PICTURE, TEXT = "image/jpeg", "text/plain; charset=utf-8"


class Refused(Exception):
    """An HTTP status and a sentence instead of a picture."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status


class Agent:
    """`viewers` has the settings of each HTTP client of the stream, `frame` is the newest of all `frames`."""

    def __init__(self, name):
        self.name = name
        self.changed = threading.Condition()
        self.is_online = False
        self.viewers = []
        self.frame, self.frames = None, 0
        self.settings, self.renew_at = None, 0  # of the live view that was requested; None if there is none
        self.transaction, self.refusal = None, None  # of that request

    def wanted(self):
        """The largest of what the viewers ask for: an agent has one live view for all of them. None without viewers."""
        if not self.viewers:
            return None
        size = max(self.viewers, key=lambda viewer: viewer["width"] * viewer["height"])
        return {**size, **{key: max(viewer[key] for viewer in self.viewers) for key in ("quality", "rate")}}


class Gateway:
    def __init__(self, options):
        self.options = options
        self.agents, self.captures = {}, {}
        self.unnamed = deque(maxlen=4)  # the latest pictures of agents with MQTT 3.1.1, which has no properties
        self.is_connected = None  # None: never yet
        self.was_accepted = False
        self.problem = None
        self.sent = None  # the latest command
        self.finished = threading.Event()
        self.topics = re.compile(re.escape(options.base).replace(r"\{id\}", "([A-Za-z0-9_-]+)")
                                 + "/(status|response|image|live|camera/live)")
        self.client = make_client(options)
        for callback in (self.on_connect, self.on_disconnect, self.on_subscribe, self.on_message):
            setattr(self.client, callback.__name__, callback)

    def topic(self, name, kind):
        return f"{self.options.base.replace('{id}', name)}/{kind}"

    def run(self):
        watch_threads(self)
        connect(self.client, self.options)
        while not self.finished.wait(1):
            for agent in list(self.agents.values()):
                self.keep(agent)
        for agent in list(self.agents.values()):
            self.watch(agent, lambda _: [])
        if self.sent and self.is_connected:
            # A connection that is closed with frames on their way here is reset, and what was sent last can be lost.
            with contextlib.suppress(ValueError, RuntimeError):
                self.sent.wait_for_publish(1)
        self.client.disconnect()
        self.client.loop_stop()
        if self.problem:
            raise Problem(self.problem)

    def end(self, problem=None):
        self.problem = self.problem or problem
        self.finished.set()

    def on_connect(self, client, _userdata, _flags, code, *_properties):
        if code.value != 0:
            reason = "it has no MQTT 5" if code.value in WRONG_VERSION else refusal(code.value, code, self.options)
            sentence = f"{self.options.broker} refuses the connection: {reason}"
            if code.value in WRONG_LOGIN | WRONG_VERSION and not self.was_accepted:
                return self.end(sentence)
            self.is_connected = False  # it is a broker: try again
            return log(sentence)
        topics = [self.topic("+", kind) for kind in ("status", "response", "image", "camera/live")]
        client.subscribe([(topic, 1) for topic in (self.options.pictures, *topics)])

    def on_subscribe(self, _client, _userdata, _mid, codes, *_properties):
        if any(code.value >= 0x80 for code in codes):
            log("the broker does not allow one of the topics; its access list says which")
        if not self.is_connected:
            log(f"connected to {self.options.broker}")
        self.is_connected = self.was_accepted = True

    def on_disconnect(self, *_details):
        if self.is_connected is None:
            self.end(f"{self.options.broker} closes the connection instead of answering{tls_hint(self.options)}")
        elif self.is_connected and not self.finished.is_set():
            log("the connection to the broker is lost; trying again")
        self.is_connected = False
        for agent in list(self.agents.values()):  # the broker says again which of them are online
            agent.is_online, agent.settings = False, None

    def on_message(self, _client, _userdata, message):
        match = self.topics.fullmatch(message.topic)
        if not match:
            properties = user_properties(message)
            if not properties:
                self.unnamed.append(message.payload)
            return self.take_picture(properties.get("transaction"), message.payload)
        name, kind = match.groups()
        if kind == "status" and name not in self.agents and message.payload:
            self.agents[name] = Agent(name)
        agent = self.agents.get(name)
        if not agent:
            return None
        if kind == "image":  # follows its picture
            description = decoded(message.payload)
            picture = next((picture for picture in reversed(self.unnamed) if len(picture) == description.get("bytes")), None)
            return self.take_picture(description.get("transaction"), picture)
        with agent.changed:
            if kind == "live" and message.payload:
                agent.frame, agent.frames = message.payload, agent.frames + 1
            elif kind == "status":
                was_online, agent.is_online = agent.is_online, message.payload == b"online"
                if agent.is_online != was_online:  # not where `status` has it said again: then the live view goes on
                    agent.settings = None
                if not message.payload:
                    del self.agents[name]
            elif kind == "camera/live" and message.payload == b"OFF":
                agent.renew_at = min(agent.renew_at, time.monotonic() + RETRY)
            elif kind == "response":
                self.take_reply(agent, message.payload)
            agent.changed.notify_all()
        return None

    def take_picture(self, transaction, picture):
        capture = self.captures.get(transaction) if isinstance(transaction, str) else None
        if capture and picture:
            capture.picture = picture
            capture.done.set()

    def take_reply(self, agent, payload):
        reply = decoded(payload)
        transaction, failed = str(reply.get("transaction")), reply.get("status") != "ok"
        if capture := self.captures.get(transaction):
            capture.reply = reply
            if failed:
                capture.done.set()
        elif transaction == agent.transaction and failed:
            agent.refusal = f"{agent.name}: {reply.get('error')}"
            log(agent.refusal)

    def send(self, agent, command, transaction):
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = max(1, int(self.options.timeout))  # the client no longer waits then
        payload = json.dumps({**command, "transaction": transaction})
        self.sent = self.client.publish(self.topic(agent.name, "command"), payload, 1, False, properties)

    def online(self, name):
        if not self.is_connected:
            raise Refused(503, "the gateway has no connection to the broker")
        agent = self.agents.get(name)
        if not agent:
            raise Refused(404, f"there is no agent {name}; / lists those that are known")
        if not agent.is_online:
            raise Refused(503, f"{name} is offline")
        return agent

    def snapshot(self, name, options):
        """The picture that was taken for this call, and no other."""
        agent, transaction = self.online(name), new_transaction()
        capture = self.captures[transaction] = SimpleNamespace(done=threading.Event(), picture=None, reply={})
        self.send(agent, {"command": "capture", **options}, transaction)
        capture.done.wait(self.options.timeout)
        del self.captures[transaction]
        if capture.picture:
            return capture.picture
        if capture.reply.get("status") == "ok":
            raise Refused(504, f"{name} took a picture, but none arrived on {self.options.pictures}; --pictures is its image.topic")
        if capture.reply:
            raise Refused(502, f"{name}: {capture.reply.get('error')}")
        raise Refused(504, f"{name} did not answer within {self.options.timeout:g} s")

    def frames(self, name, options):
        """Each frame is the newest; None after a second without one. Ends with Refused."""
        agent, viewer = self.online(name), {**LIVE, **options}
        seen, deadline = agent.frames, time.monotonic() + self.options.timeout
        try:
            self.watch(agent, lambda viewers: viewers + [viewer])
            while time.monotonic() < deadline:
                with agent.changed:
                    agent.changed.wait_for(lambda: agent.frames > seen or agent.refusal, 1)
                    frame, seen = agent.frame if agent.frames > seen else None, agent.frames
                if frame:
                    deadline = time.monotonic() + STALL
                elif agent.refusal:
                    raise Refused(502, agent.refusal)
                yield frame
            raise Refused(504, f"{name} sends no frames")
        finally:
            self.watch(agent, lambda viewers: [other for other in viewers if other is not viewer])

    def watch(self, agent, change):
        with agent.changed:
            agent.viewers = change(agent.viewers)
        self.keep(agent)

    def keep(self, agent):
        """Begins, changes, renews or ends the live view, as its viewers want it now."""
        with agent.changed:
            wanted = agent.wanted()
            is_new = wanted != agent.settings
            if not (agent.is_online and (is_new or (wanted and time.monotonic() > agent.renew_at))):
                return
            agent.settings, agent.renew_at = wanted, time.monotonic() + RENEWAL
            agent.transaction, agent.refusal = new_transaction(), None
            topic = self.topic(agent.name, "live")
            if wanted:
                self.client.subscribe(topic, 0)
            else:
                self.client.unsubscribe(topic)
            self.send(agent, {"command": "live", "for": f"{LEASE}s" if wanted else "0s", **(wanted or {})}, agent.transaction)
        if is_new:
            log(f"{agent.name}: live view: {described(wanted) if wanted else 'ends'}")


class Handler(BaseHTTPRequestHandler):
    gateway = None
    timeout = STALL
    server_version = "pi-edge-gateway"

    def handle(self):
        with contextlib.suppress(OSError):  # the client is gone
            super().handle()

    def do_GET(self):
        try:
            url = urlsplit(self.path)
        except ValueError as error:
            return self.answer(400, TEXT, f"{error}\n".encode())
        name, _, page = url.path[1:].partition("/")
        try:
            if threading.active_count() > MOST_THREADS:
                raise Refused(503, f"more than {MOST_THREADS} connections")
            if url.path == "/":
                agents = sorted(self.gateway.agents.items())
                lines = [f"{name} {'online' if agent.is_online else 'offline'}\n" for name, agent in agents]
                self.answer(200, TEXT, "".join(lines).encode())
            elif page == "snapshot.jpg":
                self.answer(200, PICTURE, self.gateway.snapshot(name, parsed(url.query, "width", "height", "quality")))
            elif page == "stream":
                with contextlib.closing(self.gateway.frames(name, parsed(url.query, *LIMITS))) as frames:
                    self.stream(frames)
            else:
                raise Refused(404, "there are /, /ID/snapshot.jpg and /ID/stream; ID is an agent's")
        except Refused as refused:
            self.answer(refused.status, TEXT, f"{refused}\n".encode())
        except Problem as problem:
            self.gateway.end(str(problem))
        return None

    def stream(self, frames):
        frame = next(frame for frame in frames if frame or self.is_gone())
        self.answer(200, "multipart/x-mixed-replace; boundary=frame")
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_LIMIT)
        with contextlib.suppress(Refused):  # an answer has been given already
            while frame or not self.is_gone():
                if frame:
                    self.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(frame), frame))
                    if not select.select([], [self.connection], [], self.timeout)[1]:  # a slow client gets what is newest then
                        return
                frame = next(frames)

    def is_gone(self):
        """Whether the client has closed the connection."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(4096)

    def answer(self, status, kind, body=b""):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.write(body)

    def write(self, data):
        """In pieces, because the timeout of a socket is for all that one call sends."""
        for start in range(0, len(data), CHUNK):
            self.wfile.write(data[start:start + CHUNK])

    def log_message(self, *_):
        """The client is told; a line for each request would fill the log."""


def parsed(query, *names):
    """The options of a query. Names without a value do not count: browsers and OctoPrint add the time, against caches."""
    options = {}
    for name, value in parse_qsl(query):
        if name not in names:
            raise Refused(400, f"unknown option {name}; there are {', '.join(names)}")
        low, high = LIMITS[name]
        with contextlib.suppress(ValueError):
            options[name] = float(value) if name == "rate" else int(value)
        if not low <= options.get(name, -1) <= high or (high > 100 and options[name] % 2):
            kind = "a" if name == "rate" else "an even" if high > 100 else "a whole"
            raise Refused(400, f"{name} must be {kind} number from {low} to {high}")
    return options


def described(live):
    return f"{live['width']}x{live['height']}, quality {live['quality']}, {live['rate']:g} frames a second"


def new_transaction():
    return f"gateway-{uuid.uuid4().hex[:12]}"


def log(text):
    try:
        print(text, flush=True)
    except OSError as error:  # not that of an HTTP client
        discard_output()
        raise Problem(f"standard output: {error.strerror}") from error


def main():
    parser = argparse.ArgumentParser(description="Serves the pictures and the live view of pi-edge-agent over HTTP, to programs that want "
                                                 "a URL: /ID/snapshot.jpg, /ID/stream; / lists the agents.")
    add_broker_options(parser)
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS",
                        help="there is no password: everyone who can reach it sees the pictures (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8090, help="default: %(default)s")
    parser.add_argument("--timeout", type=seconds, default=15, help="for a picture or the first frame (default: %(default)s)")
    parser.set_defaults(protocol="5")
    options = parser.parse_args()
    if options.base.count("{id}") != 1:  # it tells one agent's topics from another's
        parser.error(f"--base {options.base}: {{id}} must be in it, once")
    try:
        Handler.gateway = gateway = Gateway(options)
        ThreadingHTTPServer.address_family = socket.AF_INET6 if ":" in options.listen else socket.AF_INET
        try:
            server = ThreadingHTTPServer((options.listen, options.port), Handler)
        except (OSError, OverflowError) as error:
            raise Problem(f"--listen {options.listen} --port {options.port}: {error}") from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: gateway.end())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log(f"listening on {options.listen}, port {server.server_port}")
        gateway.run()
    except Problem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
