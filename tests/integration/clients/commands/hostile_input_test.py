# SPDX-License-Identifier: MIT
"""Whatever comes in: an error reply, and the agent goes on."""

import json
import pathlib
import re
import subprocess
import unittest

from proxy import Proxy
from support import BASE, PATIENCE, RESPONSE, STATUS, Agent, AgentCase, decoded

UNIT = pathlib.Path(__file__).parents[4] / "systemd/pi-edge-agent.service.in"
KIB64 = 64 * 1024


class HostileInput(AgentCase):
    BROKER = "max_queued_messages 0"  # a flood of replies is for us to count, not for the broker to shorten

    PAYLOADS = {
        "nothing": (b"", "invalid_payload", "unknown_command"),
        "white space": (b" \n\t ", "invalid_payload", "unknown_command"),
        "invalid UTF-8": (b"\xff\xfe\x80start", "invalid_payload"),
        "overlong UTF-8": (b"\xc0\xaf", "invalid_payload"),
        "UTF-8 surrogate": (b"\xed\xa0\x80", "invalid_payload"),
        "invalid UTF-8 in JSON": (b'{"command":"start","transaction":"\xff"}', "invalid_payload"),
        "NUL": (b"start\0", "unknown_command", "invalid_payload"),
        "NUL behind JSON": (b'{"command":"stop"}\0', "invalid_payload"),
        "more behind NUL": (b'{"command":"stop"}\0{"command":"start"}', "invalid_payload"),
        "deep objects": (b'{"command":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", "invalid_payload"),
        "deep arrays": (b'{"command":' + b"[" * 20000 + b"]" * 20000 + b"}", "invalid_payload"),
        "unclosed": (b'{"command":"start"', "invalid_payload"),
        "an open array, deep": (b"[" * 60000, "invalid_payload", "unknown_command"),
        "an array": (b'["start"]', "invalid_payload", "unknown_command"),
        "a number for a word": (b'{"command":5}', "invalid_payload", "invalid_option"),
        "no word": (b'{"interval":"2s"}', "invalid_payload"),
        "a key twice": (b'{"command":"stop","command":"start"}', "invalid_payload", "invalid_option"),
        "a huge number": (b'{"command":"capture","width":' + b"9" * 400 + b"}", "invalid_payload", "invalid_option"),
        "NaN": (b'{"command":"capture","width":NaN}', "invalid_payload"),
        "64 KiB of a word": (b"s" * KIB64, "unknown_command"),
    }

    def test_is_answered_and_survived(self):
        for name, (payload, *codes) in self.PAYLOADS.items():
            with self.subTest(name):
                reply = self.client.command(payload)
                self.assertEqual(reply["status"], "error", reply)
                self.assertIn(reply["code"], codes, reply)
        self.assert_ok(self.client.command("stop"), "stop")
        self.assertIsNone(self.agent.process.poll())

    def test_a_transaction_that_no_property_can_carry_does_not_cost_the_connection(self):
        """MQTT's strings have no control characters and noncharacters; a broker ends the connection for them."""
        for transaction in ("a\nb", "\0", "\x7f", "\x85", "\ufdd0", "\uffff", "\U0001fffe"):
            with self.subTest(transaction):
                reply = self.client.command({"command": "capture", "width": 64, "height": 64, "transaction": transaction})
                self.assertEqual(self.assert_ok(reply, "capture")["transaction"], transaction)
        self.assertEqual(self.client.on(STATUS, lambda m: m.payload == b"offline"), [])

    def test_a_flood_is_bounded_and_stop_gets_through(self):
        for number in range(5000):
            self.client.paho.publish("command", f"flood {number}", 0)
        self.client.publish("command", '{"command":"stop","transaction":"through"}')
        self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == "through")
        self.client.publish("command", '{"command":"status","transaction":"after"}')
        self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == "after")
        self.assertLessEqual(len(self.client.on(RESPONSE)), 5002)


class TooLong(AgentCase):
    """Over 64 KiB: with MQTT 5 the broker drops it, with 3.1.1 it is answered."""

    PROTOCOL = "3.1.1"

    def test_is_answered_with_an_error_over_3_1_1(self):
        reply = self.client.command(b"x" * (KIB64 + 1))
        self.assertEqual(reply["status"], "error", reply)
        self.assertIn(reply["code"], ("invalid_payload", "too_large"), reply)
        self.assert_ok(self.client.command("stop"), "stop")


class FarTooLong(AgentCase):
    """Whatever is sent, the agent stays within its unit's memory limit and keeps its connection."""

    PROTOCOL = "3.1.1"

    def connect(self, *_, **__):
        """What is sent is not to be received here as well."""
        return super().connect(RESPONSE, STATUS, f"{BASE}/health")

    def memory_limit_kib(self):
        return int(re.search(r"^MemoryHigh=(\d+)M$", UNIT.read_text(), re.M)[1]) * 1024

    def memory_kib(self):
        """The most that it ever had."""
        status = pathlib.Path(f"/proc/{self.agent.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])

    def assert_is_well(self):
        transaction = f"after {len(self.client.on(RESPONSE))}"
        self.client.publish(f"{BASE}/command", json.dumps({"command": "stop", "transaction": transaction}))
        reply = self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == transaction)
        self.assert_ok(decoded(reply), "stop")
        self.assertIsNone(self.agent.process.poll())
        print(f"at most {self.memory_kib()} KiB of memory")
        self.assertLess(self.memory_kib(), self.memory_limit_kib())

    def send(self, size, topic=f"{BASE}/command", qos=1, *options):
        """By a program that does not copy it all for every piece that it writes."""
        command = ["mosquitto_pub", "-p", str(self.broker.port), "-t", topic, "-q", str(qos), "-s", *options]
        subprocess.run(command, input=b"x" * size, check=True, timeout=4 * PATIENCE)

    def test_is_answered_and_costs_neither_memory_nor_the_connection(self):
        sent = [(size, qos) for size in (1_000_000, 15_000_000) for qos in (0, 1, 2)] + [(100_000_000, 1)]
        for count, (size, qos) in enumerate(sent, 1):
            with self.subTest(size=size, qos=qos):
                self.send(size, qos=qos)
                self.assert_error(decoded(self.client.wait(RESPONSE, count=count)), "too_large")
        self.assert_is_well()
        self.assertEqual(self.client.on(STATUS, lambda m: m.payload == b"offline"), [])

    def test_is_answered_when_it_came_while_the_agent_was_away(self):
        self.agent.stop()
        self.send(100_000_000)
        self.client.publish(f"{BASE}/command", '{"command":"stop","transaction":"behind it"}', qos=1)
        self.agent.launch()
        reply = self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == "behind it", timeout=2 * PATIENCE)
        self.assert_ok(decoded(reply), "stop")
        self.assert_error(decoded(self.client.wait(RESPONSE)), "too_large")
        self.assert_is_well()

    def test_is_answered_once_when_it_is_retained(self):
        self.send(30_000_000, "command", 1, "-r")
        self.client.wait(RESPONSE)
        for _ in range(2):
            self.agent.stop()
            self.agent.start()
            self.assert_is_well()
        refused = self.client.on(RESPONSE, lambda m: decoded(m)["status"] == "error")
        self.assertLessEqual(len(refused), 2, "once as it came, once as a retained one")

    def test_does_not_end_the_connection_of_a_slow_line(self):
        """Nothing else arrives as long as it does: no answer to the subscription and none to a ping."""
        self.agent.stop()
        self.send(3_200_000)
        proxy = Proxy(self.broker.port)
        self.addCleanup(proxy.close)
        proxy.slow_down(rate=200_000)
        agent = Agent(self.broker, self.PROTOCOL, servers=[f"mqtt://127.0.0.1:{proxy.port}"], mqtt='keep_alive = "5s"')
        self.addCleanup(agent.close)
        agent.launch()
        self.assert_error(decoded(self.client.wait(RESPONSE, timeout=2 * PATIENCE)), "too_large")
        self.assertEqual(len(proxy.accepted), 1)


class TooLongFor5(AgentCase):
    PROTOCOL = "5"

    def test_does_not_cost_the_connection_over_5(self):
        self.client.publish("command", b"x" * (KIB64 + 1024))
        self.assert_ok(self.client.command("stop"), "stop")
        self.assertEqual(self.client.on(STATUS, lambda m: m.payload == b"offline"), [])


if __name__ == "__main__":
    unittest.main()
