# SPDX-License-Identifier: MIT
"""A private broker, agent and clients on free ports of 127.0.0.1. Tests wait for events, not for time."""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

AGENT = os.environ["EDGE_AGENT_BIN"]
MOSQUITTO = os.environ.get("EDGE_MOSQUITTO", "mosquitto")

# Seconds. Longer than anything takes, even with a sanitizer on a busy machine: only a failing test waits this long.
PATIENCE = 30
ID = "test-pi"
BASE = f"edge/{ID}"
RESPONSE = f"{BASE}/response"
STATUS = f"{BASE}/status"
PROTOCOLS = {"3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"mosquitto exited with status {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)  # a listening socket sends no event
    raise TimeoutError("mosquitto is not listening")


def die_with_parent():
    """In a child process: the kernel kills it when the test ends (ctest kills a test that takes too long)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Broker:
    """mosquitto with persistence. `extra` is appended to its configuration, `first` precedes it."""

    def __init__(self, extra="", first=""):
        self.directory = tempfile.mkdtemp(prefix="edge-broker-")
        self.port = free_port()
        self.process = None
        user = "user root\n" if os.geteuid() == 0 else ""
        with open(f"{self.directory}/mosquitto.conf", "w", encoding="utf-8") as file:
            file.write(
                f"{first}\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n{user}"
                f"persistence true\npersistence_location {self.directory}/\n{extra}\n"
            )

    def start(self):
        with open(f"{self.directory}/log", "ab") as log:
            command = [MOSQUITTO, "-c", f"{self.directory}/mosquitto.conf", "-v"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent)
        wait_for_port(self.port, self.process)
        return self

    def allow_anonymous(self, is_allowed):
        """From its next start."""
        path = f"{self.directory}/mosquitto.conf"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub("allow_anonymous .*", f"allow_anonymous {'true' if is_allowed else 'false'}", text))

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)

    def wait_for_subscription(self, topic):
        """Waits until the log shows a subscription to `topic`: earlier messages would be lost."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as file:
                if f"\t{topic} (QoS" in file.read():
                    return
            time.sleep(0.01)  # a log file sends no event
        raise TimeoutError(f"no client subscribed to {topic}")

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Agent:
    """pi-edge-agent run, with a pattern camera and a simulated sensor on room/temp. `extra` is appended to the configuration, `mqtt`
    and `telemetry` to these sections; `servers` replaces the broker's address. `directory`, another agent's, continues its journal.
    `within` is a command that runs the agent."""

    CONFIG = """
[device]
id = "{id}"
[mqtt]
servers = {servers}
reconnect_min = "100ms"
reconnect_max = "500ms"
protocol = "{protocol}"
{mqtt}
[telemetry]
interval = "200ms"
{telemetry}
[[sensor]]
name = "room"
type = "simulated"
topic = "room/temp"
[camera]
backend = "pattern"
[journal]
path = "{directory}/journal.db"
"""

    def __init__(self, broker, protocol="auto", extra="", mqtt="", telemetry="", servers=(), environment=None,
                 device=ID, directory=None, within=()):
        self.broker = broker
        self.within = within
        self.status = f"edge/{device}/status"
        self.environment = os.environ | (environment or {})
        self.directory = directory or tempfile.mkdtemp(prefix="edge-agent-")
        self.process = None
        self.last_words = None
        self.config_path = f"{self.directory}/agent.toml"
        with open(self.config_path, "w", encoding="utf-8") as file:
            addresses = json.dumps(list(servers) or [f"mqtt://127.0.0.1:{broker.port}"])
            file.write(self.CONFIG.format(id=device, servers=addresses, directory=self.directory, protocol=protocol, mqtt=mqtt,
                                          telemetry=telemetry) + extra)

    def launch(self):
        """Starts the agent and returns immediately."""
        with open(f"{self.directory}/log", "ab") as log:
            command = [*self.within, AGENT, "run", "--config", self.config_path]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent, env=self.environment)
        return self

    @contextlib.contextmanager
    def paused(self):
        """Who connects meanwhile is there before the agent: what is not retained comes only once."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def start(self):
        """Starts the agent and returns when it is online."""
        with Client(self.broker, self.status) as watcher:
            self.launch()
            watcher.wait(self.status, lambda m: m.payload == b"online" and not m.retain)
        return self

    def stop(self, how=signal.SIGTERM):
        """Sends a signal and waits; returns the exit status and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        return code, time.monotonic() - began

    def log(self):
        """Returns the log; also works after close()."""
        if self.last_words is not None:
            return self.last_words
        with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.last_words = self.log() if self.process else ""
        shutil.rmtree(self.directory, ignore_errors=True)


def raw_client(client_id="", protocol=mqtt.MQTTv311, **options):
    """A paho client, with version 1 or 2 of the library."""
    if hasattr(mqtt, "CallbackAPIVersion"):
        options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
    return mqtt.Client(client_id=client_id, protocol=protocol, **options)


class Client:
    """A connected, subscribed client that records messages in order. With `session`, a client id, the broker queues messages while
    the client is offline."""

    def __init__(self, broker, *topics, protocol=mqtt.MQTTv311, qos=2, session="", keepalive=60):
        self.messages = []
        self.changed = threading.Condition()
        self.acknowledged = set()
        self.is_connected = False
        self.paho = raw_client(session, protocol, **({"clean_session": False} if session else {}))
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_subscribe = lambda _c, _u, mid, *_: self._acknowledge(mid)
        self.paho.on_message = self._on_message
        self.paho.connect("127.0.0.1", broker.port, keepalive)
        self.paho.loop_start()
        try:
            self.until(lambda: self.is_connected, "no CONNACK")
            for topic in topics:
                _, mid = self.paho.subscribe(topic, qos)
                self.until(lambda mid=mid: mid in self.acknowledged, "no SUBACK")
        except AssertionError:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.paho.disconnect()
        self.paho.loop_stop()

    def _on_connect(self, *_):
        with self.changed:
            self.is_connected = True
            self.changed.notify_all()

    def _on_disconnect(self, *_):
        with self.changed:
            self.is_connected = False

    def _acknowledge(self, mid):
        with self.changed:
            self.acknowledged.add(mid)
            self.changed.notify_all()

    def _on_message(self, _client, _userdata, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def until(self, condition, failure, timeout=PATIENCE):
        """Waits until messages have made `condition` true; `failure` is the error text, or a function that returns it."""
        with self.changed:
            if not self.changed.wait_for(condition, timeout):
                reason = failure() if callable(failure) else failure
                raise AssertionError(f"{reason} within {timeout} s; received: {self._summary()}")

    def _summary(self):
        return [(m.topic, bytes(m.payload[:120])) for m in self.messages[-20:]]

    def on(self, topic, where=lambda _: True):
        """Returns the messages on `topic` so far."""
        with self.changed:
            return [m for m in self.messages if m.topic == topic and where(m)]

    def wait(self, topic, where=lambda _: True, count=1, timeout=PATIENCE):
        """Waits for the `count`-th matching message on `topic`, counted from the start of this client, and returns it."""
        self.until(lambda: len(self.on(topic, where)) >= count, f"message {count} on {topic} did not arrive", timeout)
        return self.on(topic, where)[count - 1]

    def wait_for_more(self, seconds):
        """Waits for the next message, at most that long."""
        with self.changed:
            self.changed.wait(seconds)

    def silence(self, topic, seconds, where=lambda _: True):
        """Fails if another message arrives on `topic` within `seconds`."""
        before = len(self.on(topic, where))
        with self.changed:
            if self.changed.wait_for(lambda: len(self.on(topic, where)) > before, seconds):
                more = [bytes(m.payload[:200]) for m in self.on(topic, where)[before:]]
                raise AssertionError(f"unexpected messages on {topic}: {more}")

    def publish(self, topic, payload, qos=1, retain=False, response_topic=None, correlation=None):
        """Returns when the broker has the message; waits for the connection first."""
        self.until(lambda: self.is_connected, "no connection")
        properties = None
        if response_topic is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ResponseTopic = response_topic
            if correlation is not None:
                properties.CorrelationData = correlation
        self.paho.publish(topic, payload, qos, retain, properties).wait_for_publish()

    def command(self, payload, topic=f"{BASE}/command", qos=1):
        """Sends a command (text, bytes, or a dict that becomes JSON) and returns the decoded reply."""
        before = len(self.on(RESPONSE))
        self.publish(topic, json.dumps(payload) if isinstance(payload, dict) else payload, qos)
        return decoded(self.wait(RESPONSE, count=before + 1))


def decoded(message):
    return json.loads(message.payload.decode("utf-8"))


class AgentCase(unittest.TestCase):
    """A test with a broker, an online agent and a client that subscribes to everything."""

    PROTOCOL = "auto"
    EXTRA = ""
    BROKER = ""
    ENVIRONMENT = None  # additional variables of the agent
    WITHIN = ()  # a command that runs the agent

    def setUp(self):
        self.broker = Broker(self.BROKER).start()
        self.addCleanup(self.broker.close)
        self.agent = Agent(self.broker, self.PROTOCOL, self.EXTRA, environment=self.ENVIRONMENT, within=self.WITHIN)
        self.addCleanup(self.agent.close)
        self.agent.start()
        self.client = self.connect()

    def connect(self, *topics, **options):
        client = Client(self.broker, *(topics or ("#",)), **options)
        self.addCleanup(client.close)
        return client

    def assert_ok(self, reply, command):
        self.assertEqual((reply["status"], reply["command"]), ("ok", command), reply)
        return reply

    def assert_error(self, reply, code):
        self.assertEqual((reply["status"], reply.get("code")), ("error", code), reply)
        self.assertIsInstance(reply["error"], str)
        self.assertGreater(len(reply["error"]), 10, "the error text is too short to say what to do")
        self.assertIn("command", reply)
        self.assertIsInstance(reply["data"], dict)
        return reply

    def run(self, result=None):
        """Prints the agent's log after a failure."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and hasattr(self, "agent"):
            print(f"--- the agent's log of {self.id()}\n{self.agent.log()[-6000:]}", file=sys.stderr)
        return result
