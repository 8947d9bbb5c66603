# SPDX-License-Identifier: MIT
"""Brokers that lack something, or have habits of their own: the agent goes online with what they offer, and says what is missing."""

import unittest

from simulated_broker import SimulatedBroker
from support import STATUS, Agent, AgentCase


class SimulatedBrokers(AgentCase):
    def setUp(self):
        """Each test starts its broker and its agent."""

    def start(self, protocol="auto", extra="", mqtt="", tls=None, **behaviour):
        """An agent on the limited port of such a broker, online, and a client on the other port that hears everything."""
        self.broker = SimulatedBroker(tls, **behaviour)
        self.addCleanup(self.broker.close)
        self.agent = Agent(self.broker, protocol, extra, mqtt, servers=[f"mqtt://127.0.0.1:{self.broker.limited_port}"])
        self.addCleanup(self.agent.close)
        self.client = self.connect()
        self.agent.launch()
        self.client.wait(STATUS, lambda m: m.payload == b"online")

    def expect_at_work(self):
        self.assert_ok(self.client.command("start"), "start")
        self.client.wait("room/temp", count=2)
        self.assert_ok(self.client.command({"command": "capture", "width": 64, "height": 64}), "capture")
        self.client.wait("jpeg")

    def versions(self):
        return [connect.version for connect in self.broker.connects]

    def test_a_broker_without_limits(self):
        self.start()
        self.expect_at_work()
        self.assertEqual(self.versions(), [5])

    def test_a_broker_that_refuses_mqtt_5(self):
        self.start(versions="3.1.1")
        self.expect_at_work()
        self.assertEqual(self.versions(), [5, 4])

    def test_a_broker_that_closes_the_connection_on_mqtt_5(self):
        self.start(versions="3.1.1", on_version="close")
        self.expect_at_work()
        self.assertEqual(self.versions(), [5, 4])


if __name__ == "__main__":
    unittest.main()
