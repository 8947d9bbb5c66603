# SPDX-License-Identifier: MIT
"""A cluster of brokers: a node goes away under load, and the agent goes over to the next. Nothing is unexplained."""

import unittest

from cluster import Cluster
from readings import TOPIC, expect_nothing_lost
from support import STATUS, Agent, AgentCase


class ANodeGoesAway(AgentCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        *self.nodes, self.broker = self.cluster.nodes  # the last is where the one who looks on is
        self.agent = Agent(self.broker, servers=[f"mqtt://127.0.0.1:{node.port}" for node in self.nodes])
        self.addCleanup(self.agent.close)
        self.client = self.connect(qos=1, session="looks-on")

    def online(self, count):
        """The node that the agent is connected to, for the `count`-th time."""
        self.client.wait(STATUS, lambda m: m.payload == b"online" and not m.retain, count, timeout=90)
        port = self.agent.log().rsplit("connected to mqtt://127.0.0.1:", 1)[1].split(",", 1)[0]
        return next(node for node in self.nodes if node.port == int(port))

    def expect_at_work(self, count):
        self.assert_ok(self.client.command({"command": "capture", "transaction": f"number {count}"}), "capture")
        seen = len(self.client.on(TOPIC))
        self.client.wait(TOPIC, count=seen + 10)

    def test_the_agent_goes_over_to_the_other(self):
        self.agent.launch()
        first = self.online(1)
        self.assert_ok(self.client.command({"command": "start", "interval": "100ms"}), "start")
        self.expect_at_work(1)

        first.kill()
        second = self.online(2)
        self.assertNotEqual(second.name, first.name)
        self.expect_at_work(2)

        first.start()
        self.cluster.wait_until_online()
        second.control("stop")
        self.assertEqual(self.online(3).name, first.name)
        self.expect_at_work(3)

        account = expect_nothing_lost(self, self.client)
        self.assertGreater(account["journaled"], 0)
        print(f"  = two nodes went away: {account['produced']} readings, {account['delivered']} delivered live, "
              f"{account['backlog_delivered']} later, none lost")


if __name__ == "__main__":
    unittest.main()
