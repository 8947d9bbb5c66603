# SPDX-License-Identifier: MIT
"""An MQTT client that records all messages and sends commands."""

import json
import threading
import time
from dataclasses import dataclass

import paho.mqtt.client as mqtt

from report import Failed


@dataclass
class Message:
    topic: str
    payload: bytes
    retained: bool
    at: float

    @property
    def text(self):
        return self.payload.decode()

    @property
    def json(self):
        return json.loads(self.payload)


@dataclass
class Request:
    """A sent command, and the position after which its effects appear."""

    transaction: str
    since: int
    at: float


class Bus:
    """Received messages in order. A position in them is where a wait begins."""

    def __init__(self, prefix="t"):
        """`prefix`: prefix of the transactions of request()."""
        self._prefix = prefix
        self._heard = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(protocol=mqtt.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._keep
        self._requests = 0
        self._client.connect("127.0.0.1")
        self._client.loop_start()
        if not self._subscribed.wait(30):
            raise Failed("the broker did not confirm the subscription")

    def _keep(self, _client, _data, message):
        with self._changed:
            self._heard.append(Message(message.topic, message.payload, bool(message.retain), time.monotonic()))
            self._changed.notify_all()

    def position(self):
        with self._changed:
            return len(self._heard)

    def heard(self, since=0, topic=None):
        with self._changed:
            return [m for m in self._heard[since:] if topic is None or m.topic == topic]

    def wait(self, what, matches, since=0, seconds=60):
        """Waits for the first matching message after the position `since`, and returns it."""
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                for message in self._heard[since:]:
                    if matches(message):
                        return message
                left = end - time.monotonic()
                if left <= 0:
                    heard = [f"{m.topic} {m.payload[:200]!r}" for m in self._heard[since:] if len(m.payload) < 4096]
                    raise Failed(f"{what}: not within {seconds} s; received meanwhile: {heard[-12:]}")
                self._changed.wait(left)

    def send(self, topic, payload):
        self._client.publish(topic, payload, qos=1).wait_for_publish(30)

    def ask(self, payload, seconds=60):
        """Sends a command to every agent; returns the position before it and the reply."""
        since = self.position()
        self.send("command", payload if isinstance(payload, str) else json.dumps(payload))
        reply = self.wait(f"the reply to {payload}", lambda m: m.topic.endswith("/response"), since, seconds)
        return since, reply.json

    def request(self, command, sending=lambda transaction: None, **options):
        """Sends a command without waiting for its reply. `sending` is called before it is sent."""
        self._requests += 1
        request = Request(f"{self._prefix}{self._requests}", self.position(), time.monotonic())
        sending(request.transaction)
        self.send("command", json.dumps({"command": command, "transaction": request.transaction, **options}))
        return request

    def reply_to(self, request, seconds=60):
        """Returns the reply and the seconds from the command to it."""
        def is_reply(message):
            return message.topic.endswith("/response") and message.json.get("transaction") == request.transaction

        message = self.wait(f"the reply to {request.transaction}", is_reply, request.since, seconds)
        return message.json, message.at - request.at

    def wait_status(self, what, state, since, seconds=120):
        """Waits until `edge/<id>/<what>` is `state`; returns the time of that message."""
        return self.wait(f"{what} is {state}", lambda m: m.topic.endswith(f"/{what}") and m.payload == state.encode(), since,
                         seconds).at

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
