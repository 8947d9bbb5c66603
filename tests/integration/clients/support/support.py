# SPDX-License-Identifier: MIT
"""A broker, an agent and clients of the test's own, on free ports of 127.0.0.1. Waits for events, never for time."""

import ctypes
import json
import os
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

# Longer than anything takes, with a sanitizer and on a busy machine too: only a failing test waits this long.
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
            raise RuntimeError(f"mosquitto ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)  # a listening socket sends no event
    raise TimeoutError("mosquitto does not listen")


def die_with_parent():
    """In a child: ended by the kernel when the test is (ctest kills a test that takes too long)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Broker:
    """mosquitto; what it keeps survives a restart. `extra` comes at the end of its configuration, `first` at the beginning."""

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

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)

    def wait_for_subscription(self, topic):
        """Until some client has subscribed to `topic`, as the log says: who publishes earlier is not heard."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as file:
                if f"\t{topic} (QoS" in file.read():
                    return
            time.sleep(0.01)  # a log file sends no event
        raise TimeoutError(f"nobody subscribes to {topic}")

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Agent:
    """pi-edge-agent run, with a pattern camera and a simulated sensor on room/temp. `extra` is more configuration, `mqtt` and
    `telemetry` more of these sections, `servers` other addresses than the broker's own. With `directory`, another agent's, its
    journal goes on."""

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
                 device=ID, directory=None):
        self.broker = broker
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
        """Starts it and returns at once."""
        with open(f"{self.directory}/log", "ab") as log:
            command = [AGENT, "run", "--config", self.config_path]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent, env=self.environment)
        return self

    def start(self):
        """Starts it and returns when it is online."""
        with Client(self.broker, self.status) as watcher:
            self.launch()
            watcher.wait(self.status, lambda m: m.payload == b"online" and not m.retain)
        return self

    def stop(self, how=signal.SIGTERM):
        """Sends a signal and waits; the exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        return code, time.monotonic() - began

    def log(self):
        """What it has said; also after close()."""
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
    """A paho client, of version 1 or 2 of the library."""
    if hasattr(mqtt, "CallbackAPIVersion"):
        options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
    return mqtt.Client(client_id=client_id, protocol=protocol, **options)


class Client:
    """A connected, subscribed client that keeps what it hears, in order. With `session`, a client id, the broker keeps
    what it misses."""

    def __init__(self, broker, *topics, protocol=mqtt.MQTTv311, qos=2, session=""):
        self.messages = []
        self.changed = threading.Condition()
        self.acknowledged = set()
        self.is_connected = False
        self.paho = raw_client(session, protocol, **({"clean_session": False} if session else {}))
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_subscribe = lambda _c, _u, mid, *_: self._acknowledge(mid)
        self.paho.on_message = self._on_message
        self.paho.connect("127.0.0.1", broker.port)
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

    def until(self, condition, complaint, timeout=PATIENCE):
        """Waits until something that came has made `condition` true; `complaint` is a text, or makes one."""
        with self.changed:
            if not self.changed.wait_for(condition, timeout):
                reason = complaint() if callable(complaint) else complaint
                raise AssertionError(f"{reason} within {timeout} s; heard: {self._summary()}")

    def _summary(self):
        return [(m.topic, bytes(m.payload[:120])) for m in self.messages[-20:]]

    def on(self, topic, where=lambda _: True):
        """What has come on `topic` so far."""
        with self.changed:
            return [m for m in self.messages if m.topic == topic and where(m)]

    def wait(self, topic, where=lambda _: True, count=1, timeout=PATIENCE):
        """The `count`-th message on `topic` that fits, from the first that this client heard."""
        self.until(lambda: len(self.on(topic, where)) >= count, f"{count} on {topic} did not come", timeout)
        return self.on(topic, where)[count - 1]

    def wait_for_more(self, seconds):
        """Until anything comes, or that long."""
        with self.changed:
            self.changed.wait(seconds)

    def silence(self, topic, seconds, where=lambda _: True):
        """Fails when something more comes on `topic` within `seconds`."""
        before = len(self.on(topic, where))
        with self.changed:
            if self.changed.wait_for(lambda: len(self.on(topic, where)) > before, seconds):
                more = [bytes(m.payload[:200]) for m in self.on(topic, where)[before:]]
                raise AssertionError(f"{topic} was to be silent, but: {more}")

    def publish(self, topic, payload, qos=1, retain=False, response_topic=None, correlation=None):
        """Returns when the broker has it; waits for one that is away."""
        self.until(lambda: self.is_connected, "no connection")
        properties = None
        if response_topic is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ResponseTopic = response_topic
            if correlation is not None:
                properties.CorrelationData = correlation
        self.paho.publish(topic, payload, qos, retain, properties).wait_for_publish()

    def command(self, payload, topic=f"{BASE}/command", qos=1):
        """Sends a command (text, bytes, or an object that becomes JSON); the reply to it, decoded."""
        before = len(self.on(RESPONSE))
        self.publish(topic, json.dumps(payload) if isinstance(payload, dict) else payload, qos)
        return decoded(self.wait(RESPONSE, count=before + 1))


def decoded(message):
    return json.loads(message.payload.decode("utf-8"))


class AgentCase(unittest.TestCase):
    """A test with a broker, an online agent and a client that hears everything."""

    PROTOCOL = "auto"
    EXTRA = ""
    BROKER = ""
    ENVIRONMENT = None  # of the agent, besides the test's own

    def setUp(self):
        self.broker = Broker(self.BROKER).start()
        self.addCleanup(self.broker.close)
        self.agent = Agent(self.broker, self.PROTOCOL, self.EXTRA, environment=self.ENVIRONMENT)
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
        self.assertGreater(len(reply["error"]), 10, "an error says what to do")
        self.assertIn("command", reply)
        self.assertIsInstance(reply["data"], dict)
        return reply

    def run(self, result=None):
        """With the agent's log where a test failed."""
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and hasattr(self, "agent"):
            print(f"--- the agent's log of {self.id()}\n{self.agent.log()[-6000:]}", file=sys.stderr)
        return result
