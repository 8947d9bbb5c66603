#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Receives what pi-edge-agent publishes, on Windows, Linux or a Mac: prints the readings, and saves each picture under its time.

    pip install paho-mqtt            (Debian: apt install python3-paho-mqtt)
    python receiver.py --broker mqtt://raspberrypi start capture
"""

import argparse
import json
import os
import pathlib
import ssl
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 9001, "wss": 443}
PROTOCOLS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
START_OF_SCAN = 0xDA


def is_whole(jpeg):
    """Whether the bytes are a JPEG from its first marker to its last, its segments included."""
    if not (jpeg.startswith(SOI) and jpeg.endswith(EOI)):
        return False
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        if jpeg[place + 1] == START_OF_SCAN:
            return True
        place += 2 + int.from_bytes(jpeg[place + 2:place + 4], "big")
    return False


def file_name(text):
    """The picture's own time where it came with it, else the time of its arrival; without ':', which Windows does not allow."""
    try:
        taken = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        taken = datetime.now(timezone.utc)
    return taken.astimezone(timezone.utc).strftime("%Y-%m-%dT%H-%M-%S.") + f"{taken.microsecond // 1000:03d}Z"


def save(folder, name, jpeg):
    """Writes the whole file or none: nobody who looks into the folder sees half a picture. Never replaces another one."""
    kind = "jpg" if is_whole(jpeg) else "incomplete"
    for number in range(1, 10000):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}.{kind}"
        if not path.exists():
            break
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        file.write(jpeg)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    return path


def user_properties(message):
    properties = getattr(message, "properties", None)
    return dict(getattr(properties, "UserProperty", [])) if properties else {}


class Receiver:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.folder)
        self.transaction = f"receiver-{uuid.uuid4().hex[:12]}"
        self.waiting = {f"{self.transaction}-{i}": word for i, word in enumerate(options.commands)}
        self.pictures = 0
        self.problem = None
        self.has_sent = False
        self.finished = threading.Event()
        version = {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
        url = urlsplit(options.broker)
        self.client = mqtt.Client(client_id="", protocol=PROTOCOLS[options.protocol],
                                  transport="websockets" if url.scheme in ("ws", "wss") else "tcp", **version)
        if url.scheme in ("ws", "wss"):
            self.client.ws_set_options(path=url.path or "/mqtt")
        if url.scheme in ("mqtts", "wss"):
            self.client.tls_set(ca_certs=options.ca, certfile=options.cert, keyfile=options.key, cert_reqs=ssl.CERT_REQUIRED)
        if options.user:
            self.client.username_pw_set(options.user, read_password(options))
        self.client.on_connect = self.on_connect
        self.client.on_disconnect = self.on_disconnect
        self.client.on_message = self.on_message
        self.client.on_subscribe = self.on_subscribe
        self.host, self.port = url.hostname, url.port or PORTS[url.scheme]

    def run(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.client.connect(self.host, self.port)
        except (OSError, ssl.SSLError) as error:
            return f"{self.options.broker} cannot be reached: {error}"
        self.client.loop_start()
        try:
            deadline = time.monotonic() + self.options.timeout if self.options.once else None
            while not self.finished.wait(0.5):  # short: on Windows, Ctrl-C is only seen between two waits
                if deadline and time.monotonic() > deadline:
                    return f"no picture came within {self.options.timeout:g} s"
        except KeyboardInterrupt:
            print()
        finally:
            self.client.disconnect()
            self.client.loop_stop()
        return self.problem

    def end(self, problem=None):
        self.problem = self.problem or problem
        self.finished.set()

    def on_connect(self, client, _userdata, _flags, code, *_properties):
        refused = getattr(code, "is_failure", None)
        if refused if refused is not None else code != 0:
            return self.end(f"{self.options.broker} refuses the connection: {code if refused else mqtt.connack_string(code)}")
        base = f"edge/{self.options.device or '+'}"
        client.subscribe([(self.options.pictures, 1), (self.options.readings, 1), (f"{base}/response", 1)])

    def on_subscribe(self, client, _userdata, _mid, codes, *_properties):
        denied = [code for code in codes if (code.value if hasattr(code, "value") else code) >= 0x80]
        if denied:
            print("the broker does not allow one of the topics; its access list says which", file=sys.stderr)
        print(f"connected to {self.options.broker}", flush=True)
        if self.has_sent:  # a reconnect is no reason to start again
            return
        self.has_sent = True
        topic = f"edge/{self.options.device}/command" if self.options.device else "command"
        for transaction, word in self.waiting.items():
            client.publish(topic, json.dumps({"command": word, "transaction": transaction}), 1)

    def on_disconnect(self, _client, _userdata, *details):
        if not self.finished.is_set() and any(details):
            print("the connection is lost; trying again", file=sys.stderr, flush=True)

    def on_message(self, _client, _userdata, message):
        if message.topic.endswith("/response"):
            self.show_reply(message.payload)
        elif mqtt.topic_matches_sub(self.options.pictures, message.topic):
            self.take_picture(message)
        else:
            print(f"{datetime.now():%H:%M:%S} {message.topic} {message.payload.decode('utf-8', 'replace')}", flush=True)

    def show_reply(self, payload):
        try:
            reply = json.loads(payload)
            word = self.waiting.get(reply.get("transaction"))
        except (ValueError, AttributeError):
            return
        if word is None:
            return
        if reply.get("status") == "ok":
            print(f"{word}: done", flush=True)
        else:
            print(f"{word}: {reply.get('code')}: {reply.get('error')}", file=sys.stderr, flush=True)
            if self.options.once:
                self.end(f"{word} failed")

    def take_picture(self, message):
        try:
            path = save(self.folder, file_name(user_properties(message).get("time")), message.payload)
        except OSError as error:
            return self.end(f"the picture cannot be saved: {error}")
        if path.suffix == ".incomplete":
            print(f"a picture of {len(message.payload)} bytes is incomplete; kept as {path}", file=sys.stderr, flush=True)
            return None
        print(f"{path} ({len(message.payload)} bytes)", flush=True)
        self.pictures += 1
        return self.end() if self.options.once else None


def read_password(options):
    if options.password_file:
        return pathlib.Path(options.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    return os.environ.get("MQTT_PASSWORD", "")


def broker_url(text):
    url = urlsplit(text if "://" in text else f"mqtt://{text}")
    if url.scheme not in PORTS or not url.hostname:
        raise argparse.ArgumentTypeError(f"'{text}' is no broker; write for example mqtt://raspberrypi or mqtts://broker.example:8883")
    return url.geturl()


def main():
    parser = argparse.ArgumentParser(description="Prints the readings and saves the pictures of pi-edge-agent.")
    parser.add_argument("commands", nargs="*", metavar="command", help="start, stop, capture or another command, sent once at the beginning")
    parser.add_argument("--broker", type=broker_url, default="mqtt://localhost", help="mqtt, mqtts, ws or wss://HOST[:PORT] (default: %(default)s)")
    parser.add_argument("--device", default="", help="send the commands to this device alone; without it, all carry them out")
    parser.add_argument("--folder", default="pictures", help="where the pictures go (default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="end after the first picture")
    parser.add_argument("--timeout", type=float, default=30, help="with --once: give up after so many seconds (default: %(default)s)")
    parser.add_argument("--pictures", default="jpeg", metavar="TOPIC", help="default: %(default)s")
    parser.add_argument("--readings", default="room/temp", metavar="TOPIC", help="default: %(default)s")
    parser.add_argument("--user", default="", help="the password comes from --password-file, or from $MQTT_PASSWORD")
    parser.add_argument("--password-file")
    parser.add_argument("--ca", metavar="FILE", help="the CA that signed the broker's certificate; without it, the system's")
    parser.add_argument("--cert", metavar="FILE", help="a client certificate")
    parser.add_argument("--key", metavar="FILE", help="its key")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="5", help="3.1.1 for a broker without MQTT 5 (default: %(default)s)")
    problem = Receiver(parser.parse_args()).run()
    if problem:
        print(problem, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
