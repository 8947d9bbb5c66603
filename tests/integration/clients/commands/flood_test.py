# SPDX-License-Identifier: MIT
"""Thousands of commands a second: memory stays where it is, readings go on, and `stop` is heard."""

import os
import threading
import time
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from support import BASE, RESPONSE, AgentCase, decoded, raw_client

SECONDS = float(os.environ.get("EDGE_FLOOD_SECONDS", "5"))
RATE = 5000
GROWTH_KIB = 8 * 1024
PUBLISHING = f"{BASE}/publishing"
SANITIZED = any(name in os.environ for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


class Flood(AgentCase):
    BROKER = "max_queued_messages 1000"  # as a broker has it: what the agent does not take in time is dropped there

    def flood(self, payloads):
        """RATE payloads a second, SECONDS long; the largest memory seen meanwhile, in KiB."""
        sender = raw_client()
        sender.connect("127.0.0.1", self.broker.port)
        sender.loop_start()
        largest = 0
        sent = 0
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < SECONDS:
            while sent < elapsed * RATE:
                sender.publish("command", payloads[sent % len(payloads)], 0)
                sent += 1
            largest = max(largest, resident_kib(self.agent.process.pid))
            threading.Event().wait(0.01)  # the rate, not an event
        sender.disconnect()
        sender.loop_stop()
        print(f"{sent} commands, {sent / SECONDS:.0f} a second; memory at most {largest} KiB")
        return largest

    def test_memory_readings_and_stop(self):
        reader = self.connect("room/temp", PUBLISHING)  # and nothing of the many replies
        self.assert_ok(self.client.command({"command": "start", "interval": "100ms"}), "start")
        reader.wait("room/temp", count=10)
        reader.wait(PUBLISHING, lambda m: m.payload == b"ON")
        before = resident_kib(self.agent.process.pid)
        seen = len(reader.on("room/temp"))
        began = time.monotonic()
        words = [b"status", b"flood", b'{"command":"status"}', b'{"command":"nonsense","transaction":"x"}', b"x" * 2000]
        largest = self.flood(words)
        during = len(reader.on("room/temp")) - seen
        expected = (time.monotonic() - began) / 0.1

        began = time.monotonic()
        reader.publish("command", "stop")  # once: it goes past whatever waits
        reader.until(lambda: reader.on(PUBLISHING)[-1].payload == b"OFF", "it was not stopped")
        print(f"  stop was carried out {time.monotonic() - began:.2f} s after the flood; {during} of {expected:.0f} readings meanwhile")
        self.assertGreater(during, expected / 10)  # they go on, if not to the tick: the machine may be busy with other tests
        self.assertIsNone(self.agent.process.poll())
        if not SANITIZED:
            self.assertLess(largest - before, GROWTH_KIB)

    def test_memory_where_the_properties_are_large(self):
        """With MQTT 5 a word can be as large as a payload."""
        reader = self.connect(RESPONSE)
        before = resident_kib(self.agent.process.pid)
        sender = self.connect("end", protocol=mqtt.MQTTv5)
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = "r" * 30_000
        properties.CorrelationData = b"c" * 15_000
        properties.UserProperty = ("name", "v" * 15_000)
        for _ in range(3000):
            sender.paho.publish("command", "cancel", 0, False, properties)
        sender.publish(f"{BASE}/command", "stop")
        reader.wait(RESPONSE, lambda m: decoded(m)["command"] == "stop")
        after = resident_kib(self.agent.process.pid)
        print(f"3000 commands with 60 KB of properties: memory {before} to {after} KiB")
        if not SANITIZED:
            self.assertLess(after - before, 4 * GROWTH_KIB)

    def test_a_payload_of_100_megabytes(self):
        """With MQTT 5, where the broker knows what the agent takes. (With 3.1.1 the broker's own limit has to do it.)"""
        before = resident_kib(self.agent.process.pid)
        self.client = self.connect(RESPONSE)
        self.client.publish("command", b"x" * 100_000_000)
        self.assert_ok(self.client.command("stop"), "stop")
        after = resident_kib(self.agent.process.pid)
        print(f"100 MB: memory {before} to {after} KiB")
        if not SANITIZED:
            self.assertLess(after - before, 1024)


if __name__ == "__main__":
    unittest.main()
