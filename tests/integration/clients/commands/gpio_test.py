# SPDX-License-Identifier: MIT
"""GPIO on a machine whose chip is not there: everything else works, and the reason is told."""

import unittest

from support import BASE, RESPONSE, AgentCase, decoded

CHIP = "a-chip-that-nobody-has"


class MissingChip(AgentCase):
    EXTRA = f"""
[[gpio.output]]
name = "lamp"
chip = "{CHIP}"
line = 17
role = ""
[[gpio.output]]
name = "led"
chip = "{CHIP}"
line = 18
role = "status"
[[gpio.input]]
name = "button"
chip = "{CHIP}"
line = 27
action = "capture"
"""

    def set(self, name, value):
        before = len(self.client.on(RESPONSE))
        self.client.publish(f"{BASE}/gpio/{name}/set", value)
        return decoded(self.client.wait(RESPONSE, count=before + 1))

    def test_the_rest_works_and_health_tells(self):
        self.assert_ok(self.client.command("start"), "start")
        self.client.wait("room/temp")
        health = self.client.wait(f"{BASE}/health").payload.decode()
        for name in ("lamp", "led", "button"):
            self.assertIn(name, health)

    def test_the_log_says_it_once_a_line(self):
        self.client.command("status")
        for name in ("lamp", "led", "button"):
            self.assertEqual(sum(f" {name}:" in line for line in self.agent.log().splitlines()), 1, name)

    def test_setting_a_line_that_is_away_is_answered_with_the_reason(self):
        reply = self.set("lamp", "ON")
        self.assertEqual(reply["status"], "error", reply)
        self.assertIn("lamp", reply["error"])

    def test_a_status_lamp_and_nonsense_are_refused(self):
        self.assertEqual(self.set("led", "ON")["status"], "error")
        self.assertEqual(self.set("lamp", "BRIGHT")["status"], "error")
        self.assertEqual(self.set("lamp", b"\xff")["status"], "error")
        self.assert_ok(self.client.command("stop"), "stop")


if __name__ == "__main__":
    unittest.main()
