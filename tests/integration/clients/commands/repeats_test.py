# SPDX-License-Identifier: MIT
"""A request that is sent twice is answered twice and carried out once."""

import json
import unittest

import paho.mqtt.client as mqtt

from support import AgentCase

REQUEST = {"command": "capture", "transaction": "order-7"}


class Repeats(AgentCase):
    def test_the_same_transaction_takes_one_picture(self):
        first = self.assert_ok(self.client.command(REQUEST), "capture")
        second = self.assert_ok(self.client.command(REQUEST), "capture")
        self.assertEqual(first, second)
        self.client.silence("jpeg", 0.5)
        self.assertEqual(len(self.client.on("jpeg")), 1)

    def test_also_across_a_restart_of_the_agent(self):
        first = self.assert_ok(self.client.command(REQUEST), "capture")
        self.assertEqual(self.agent.stop()[0], 0)
        self.agent.start()
        self.assertEqual(self.client.command(REQUEST), first)
        self.client.silence("jpeg", 0.5)
        self.assertEqual(len(self.client.on("jpeg")), 1)

    def test_also_after_a_crash_of_the_agent(self):
        first = self.assert_ok(self.client.command(REQUEST), "capture")
        self.agent.process.kill()
        self.agent.process.wait()
        self.agent.start()
        self.assertEqual(self.client.command(REQUEST), first)
        self.client.silence("jpeg", 0.5)
        self.assertEqual(len(self.client.on("jpeg")), 1)

    def test_the_same_correlation_takes_one_picture(self):
        requester = self.connect("mine", protocol=mqtt.MQTTv5)
        for count in (1, 2):
            requester.publish("command", "capture", response_topic="mine", correlation=b"\x00\x01")
            requester.wait("mine", count=count)
        self.client.silence("jpeg", 0.5)
        self.assertEqual(len(self.client.on("jpeg")), 1)

    def test_another_payload_or_no_transaction_is_another_request(self):
        self.client.command(REQUEST)
        self.client.command(dict(REQUEST, quality=50))
        self.client.command("capture")
        self.client.command("capture")
        self.client.wait("jpeg", count=4)

    def test_without_a_transaction_the_same_bytes_are_a_new_request(self):
        payload = json.dumps({"command": "capture"})
        for count in (1, 2, 3):
            self.assert_ok(self.client.command(payload), "capture")
            self.client.wait("jpeg", count=count)


if __name__ == "__main__":
    unittest.main()
