# SPDX-License-Identifier: MIT
"""Whatever comes in: an error reply, and the agent goes on."""

import unittest

from support import RESPONSE, STATUS, AgentCase, decoded

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


class TooLongFor5(AgentCase):
    PROTOCOL = "5"

    def test_does_not_cost_the_connection_over_5(self):
        self.client.publish("command", b"x" * (KIB64 + 1024))
        self.assert_ok(self.client.command("stop"), "stop")
        self.assertEqual(self.client.on(STATUS, lambda m: m.payload == b"offline"), [])


if __name__ == "__main__":
    unittest.main()
