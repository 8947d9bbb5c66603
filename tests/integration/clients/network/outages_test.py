# SPDX-License-Identifier: MIT
"""The broker goes away and comes back."""

import signal
import unittest

import paho.mqtt.client as mqtt

from support import BASE, STATUS, Agent, AgentCase, Broker, decoded


class Outages(AgentCase):
    def back(self):
        with self.agent.paused():
            self.broker.start()
            client = self.connect()
        client.wait(STATUS, lambda m: m.payload == b"online")
        return client

    def test_commands_work_after_every_restart_of_the_broker(self):
        for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            self.broker.stop(how)
            client = self.back()
            client.wait(f"{BASE}/publishing")
            self.assert_ok(client.command({"command": "status"}), "status")

    def test_readings_of_the_outage_come_late_in_order_and_never_on_the_plain_topic(self):
        self.client.command("start")
        last = decoded(self.client.wait(f"{BASE}/sensor/room", count=3))["seq"]
        self.broker.stop()
        # There is nothing to hear from an agent without a broker: the one place where time has to pass.
        self.client.silence("room/temp", 1.2)
        client = self.back()

        client.wait(f"{BASE}/sensor/room/backlog", count=3)
        client.wait("room/temp", count=3)
        late = [decoded(m) for m in client.on(f"{BASE}/sensor/room/backlog")]
        self.assertEqual([r["seq"] for r in late], sorted({r["seq"] for r in late}))
        self.assertTrue(all(r["seq"] >= last for r in late), (last, late))

    def test_a_plain_reading_expires_with_its_interval(self):
        client = self.connect(protocol=mqtt.MQTTv5)
        client.command("start")
        plain, described = client.wait("room/temp"), client.wait(f"{BASE}/sensor/room")
        self.assertEqual(plain.properties.MessageExpiryInterval, 1)
        self.assertFalse(hasattr(described.properties, "MessageExpiryInterval"), "it carries its time")


class BrokerComesLater(AgentCase):
    def setUp(self):
        self.broker = Broker()
        self.addCleanup(self.broker.close)
        self.agent = Agent(self.broker)
        self.addCleanup(self.agent.close)

    def test_the_agent_waits_for_it(self):
        self.agent.launch()
        self.broker.start()
        client = self.connect()
        client.wait(STATUS, lambda m: m.payload == b"online")
        self.assert_ok(client.command("start"), "start")

    def test_it_stops_cleanly_while_it_waits(self):
        self.agent.launch()
        self.broker.start()
        self.connect(STATUS).wait(STATUS, lambda m: m.payload == b"online")
        self.broker.stop()
        code, seconds = self.agent.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)


if __name__ == "__main__":
    unittest.main()
