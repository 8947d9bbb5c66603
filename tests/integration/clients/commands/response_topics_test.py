# SPDX-License-Identifier: MIT
"""Requests with MQTT 5's Response Topic and Correlation Data."""

import unittest

import paho.mqtt.client as mqtt

from support import BASE, RESPONSE, AgentCase, decoded

MINE = "my/answers"


class ResponseTopics(AgentCase):
    def setUp(self):
        super().setUp()
        self.requester = self.connect(MINE, RESPONSE, protocol=mqtt.MQTTv5)

    def test_the_reply_goes_there_with_the_correlation_byte_for_byte(self):
        for correlation in (bytes(range(256)), b"\0", b"\xff\xfe", b"x" * 1000):
            with self.subTest(correlation=correlation[:8]):
                before = len(self.requester.on(MINE))
                self.requester.publish("command", "status", response_topic=MINE, correlation=correlation)
                reply = self.requester.wait(MINE, count=before + 1)
                self.assertEqual(reply.properties.CorrelationData, correlation)
                self.assert_ok(decoded(reply), "status")
        self.assertEqual(self.requester.on(RESPONSE), [], "instead, not as well")

    def test_it_may_come_without_correlation(self):
        self.requester.publish("command", "status", response_topic=MINE)
        reply = self.requester.wait(MINE)
        self.assert_ok(decoded(reply), "status")
        self.assertFalse(hasattr(reply.properties, "CorrelationData"))

    def test_errors_go_there_too(self):
        self.requester.publish("command", "nonsense", response_topic=MINE, correlation=b"1")
        self.assert_error(decoded(self.requester.wait(MINE)), "unknown_command")

    def test_a_picture_is_answered_there(self):
        self.requester.publish("command", "capture", response_topic=MINE, correlation=b"picture")
        reply = self.requester.wait(MINE)
        self.assertEqual(reply.properties.CorrelationData, b"picture")
        self.assert_ok(decoded(reply), "capture")

    def test_dangerous_topics_are_refused_and_answered_on_the_usual_one(self):
        for topic in ("command", f"{BASE}/command", f"{BASE}/gpio/lamp/set", "other/thing/set", "$SYS/answer"):
            with self.subTest(topic=topic):
                before = len(self.requester.on(RESPONSE))
                listener = self.connect(topic)
                self.requester.publish("command", "status", response_topic=topic, correlation=b"x")
                reply = decoded(self.requester.wait(RESPONSE, count=before + 1))
                self.assertIn(reply["status"], ("ok", "error"))

                def is_reply(message):  # the command itself may arrive there too, and late
                    return message.payload.startswith(b"{")

                listener.silence(topic, 0.3, is_reply)
                self.assertEqual(listener.on(topic, is_reply), [])


if __name__ == "__main__":
    unittest.main()
