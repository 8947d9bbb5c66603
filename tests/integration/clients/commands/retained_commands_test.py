# SPDX-License-Identifier: MIT
"""A forgotten retained command must not do anything, however often the agent hears of it."""

import unittest

from support import BASE, RESPONSE, Agent, AgentCase, Broker, decoded


def is_retained_refusal(message):
    return decoded(message).get("code") == "retained_ignored"


class RetainedCommands(AgentCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.agent = Agent(self.broker)
        self.addCleanup(self.agent.close)
        self.client = self.connect(RESPONSE, "jpeg", session="observer")  # hears of what it missed

    def test_a_retained_start_is_refused_once_and_does_nothing(self):
        self.client.publish("command", "start", retain=True)

        self.agent.start()
        self.assert_error(decoded(self.client.wait(RESPONSE)), "retained_ignored")
        # A later reply is here: the broker has told the agent that it took the first one, which is not sent again.
        self.client.publish("command", '{"command":"status","transaction":"0"}')
        self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == "0")
        self.broker.stop()
        self.broker.start()
        for transaction in ("1", "2"):  # the first may wait in the session, before the agent has subscribed again
            self.client.publish("command", f'{{"command":"status","transaction":"{transaction}"}}')
            self.client.wait(RESPONSE, lambda m, t=transaction: decoded(m).get("transaction") == t)

        self.assertEqual(len(self.client.on(RESPONSE, is_retained_refusal)), 1, "answered again after a reconnect")
        second = self.connect()
        self.assertEqual(second.wait(f"{BASE}/publishing").payload, b"OFF")
        second.silence("room/temp", 0.5)

    def test_another_retained_payload_is_answered_too(self):
        self.agent.start()
        self.client.publish("command", "start", retain=True)  # live now: to a subscriber it is an ordinary message
        self.assert_ok(decoded(self.client.wait(RESPONSE)), "start")
        self.client.publish("command", '{"command":"capture"}', retain=True)
        self.client.wait(RESPONSE, lambda m: decoded(m)["command"] == "capture")

        self.agent.stop()
        self.agent.start()
        self.client.wait(RESPONSE, is_retained_refusal)
        self.assertEqual(len(self.client.on("jpeg")), 1)


if __name__ == "__main__":
    unittest.main()
