# SPDX-License-Identifier: MIT
"""Commands and their replies."""

import json
import unittest

from support import BASE, PROTOCOLS, RESPONSE, AgentCase, decoded


class Commands(AgentCase):
    def test_every_qos_protocol_and_topic_is_answered_once(self):
        for name, protocol in PROTOCOLS.items():
            client = self.connect(RESPONSE, protocol=protocol)
            for qos in (0, 1, 2):
                for topic in ("command", f"{BASE}/command"):
                    with self.subTest(protocol=name, qos=qos, topic=topic):
                        self.assert_ok(client.command("start", topic, qos), "start")
                        self.assert_ok(client.command("stop", topic, qos), "stop")
            self.assertEqual(len(client.on(RESPONSE)), 12)

    def test_words_are_taken_in_any_case_with_white_space(self):
        for text in ("START", " start ", "Start\r\n", "\tsTaRt\n\n"):
            with self.subTest(text=text):
                self.assert_ok(self.client.command(text), "start")

    def test_json_carries_a_transaction_back(self):
        for transaction in ("t-1", "ä€𝄞", "x" * 128, 'quote " and \\'):
            with self.subTest(transaction=transaction):
                reply = self.assert_ok(self.client.command({"command": "start", "transaction": transaction}), "start")
                self.assertEqual(reply["transaction"], transaction)
        self.assertNotIn("transaction", self.client.command("stop"))

    def test_reply_to_start_lists_the_sensors(self):
        reply = self.assert_ok(self.client.command("start"), "start")
        self.assertIn("room", json.dumps(reply["data"]))

    def test_start_is_idempotent_and_its_interval_is_honoured(self):
        self.assert_ok(self.client.command({"command": "start", "interval": "24h"}), "start")
        self.client.wait("room/temp")  # one now, whatever the interval
        self.assert_ok(self.client.command({"command": "start", "interval": "100ms"}), "start")
        self.assert_ok(self.client.command({"command": "start", "interval": "100ms"}), "start")
        self.client.wait("room/temp", count=8)

    def test_no_reading_leaves_after_the_reply_to_stop(self):
        for _ in range(5):
            self.client.command({"command": "start", "interval": "100ms"})
            self.client.wait("room/temp", count=len(self.client.on("room/temp")) + 3)
            before = len(self.client.messages)
            self.assert_ok(self.client.command("stop"), "stop")
            self.client.silence("room/temp", 0.4)
            topics = [m.topic for m in self.client.messages[before:]]
            after = topics[topics.index(RESPONSE) + 1:]
            self.assertNotIn("room/temp", after)
            self.assertNotIn(f"{BASE}/sensor/room", after)

    def test_publishing_is_shown_and_retained(self):
        self.client.wait(f"{BASE}/publishing")
        for word, shown in (("start", b"ON"), ("stop", b"OFF")):
            before = len(self.client.on(f"{BASE}/publishing"))
            self.client.command(word)
            self.assertEqual(self.client.wait(f"{BASE}/publishing", count=before + 1).payload, shown)
            self.assertEqual(self.connect(f"{BASE}/publishing").wait(f"{BASE}/publishing").payload, shown)

    def test_status_publishes_everything_again(self):
        self.client.command("start")
        self.client.wait("room/temp")
        topics = [f"{BASE}/{name}" for name in ("status", "info", "health", "publishing")]
        counts = {topic: len(self.client.on(topic)) for topic in topics}
        self.assert_ok(self.client.command("status"), "status")
        for topic in topics:
            self.client.wait(topic, count=counts[topic] + 1)

    def test_info_and_readings_have_their_fields(self):
        info = decoded(self.client.wait(f"{BASE}/info"))
        for key in ("id", "name", "version", "model", "os", "capabilities", "started_at"):
            self.assertIn(key, info)
        self.assertIsInstance(decoded(self.client.wait(f"{BASE}/health")), dict)
        self.client.command("start")
        first = decoded(self.client.wait(f"{BASE}/sensor/room"))
        second = decoded(self.client.wait(f"{BASE}/sensor/room", count=2))
        self.assertEqual(set(first), {"value", "unit", "time", "boot", "seq"})
        self.assertEqual(first["unit"], "°C")
        self.assertRegex(first["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreater(second["seq"], first["seq"])
        self.assertEqual(second["boot"], first["boot"])

    def test_what_is_no_command_is_answered_with_an_error(self):
        cases = [
            ("안녕하세요, 온도 보내 주세요", "unknown_command"),
            ("begin", "unknown_command"),
            ("start now", "unknown_command"),
            ('{"command":"reboot"}', "unknown_command"),
            ('{"command":"start","intervall":"2s"}', "invalid_option"),
            ('{"command":"start","interval":2}', "invalid_option"),
            ('{"command":"start","interval":"99ms"}', "invalid_option"),
            ('{"command":"start","interval":"25h"}', "invalid_option"),
            ('{"command":"start","width":640}', "invalid_option"),
            ('{"command":"stop","transaction":5}', "invalid_option"),
            ('{"command":"stop","transaction":"' + "x" * 129 + '"}', "invalid_option"),
            ('{"command":"stop","expires_at":"tomorrow"}', "invalid_option"),
            ('{"command":"stop","expires_at":"2020-01-01T00:00:00Z"}', "expired"),
        ]
        for payload, code in cases:
            with self.subTest(payload=payload[:60]):
                self.assert_error(self.client.command(payload), code)

    def test_a_command_that_is_not_too_late_is_carried_out_where_the_time_is_known(self):
        clock = decoded(self.client.wait(f"{BASE}/health"))["clock"]
        reply = self.client.command('{"command":"stop","expires_at":"2099-01-01T00:00:00+02:00"}')
        if clock == "synchronised":
            self.assert_ok(reply, "stop")
        else:
            self.assert_error(reply, "clock_unsynchronised")


if __name__ == "__main__":
    unittest.main()
