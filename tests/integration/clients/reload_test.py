# SPDX-License-Identifier: MIT
"""SIGHUP (systemctl reload): what can change without a new connection does, and nothing that was sent meanwhile is lost."""

import os
import signal
import unittest

from support import BASE, RESPONSE, STATUS, AgentCase, decoded


class Reload(AgentCase):
    EXTRA = '[log]\nlevel = "info"\n'

    def change(self, *pairs):
        """Writes the changed file as an editor does, and tells the agent."""
        with open(self.agent.config_path, encoding="utf-8") as file:
            text = file.read()
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(f"{self.agent.config_path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(f"{self.agent.config_path}.new", self.agent.config_path)
        self.agent.process.send_signal(signal.SIGHUP)

    def wait_for_next_agent(self):
        """The one after the reload says who it is."""
        before = len(self.client.on(f"{BASE}/info"))
        return lambda: self.client.wait(f"{BASE}/info", count=before + 1)

    def statuses(self):
        return [m.payload for m in self.client.on(STATUS)]

    def test_readings_camera_and_image_change_on_the_same_connection(self):
        self.client.command("start")
        self.client.wait("room/temp")
        wait = self.wait_for_next_agent()
        self.change(('name = "room"', 'name = "lab"'), ('topic = "room/temp"', 'topic = "lab/temp"'),
                    ('backend = "pattern"', 'backend = "pattern"\nwidth = 320\nheight = 240'))
        wait()
        self.client.wait("lab/temp")  # still publishing
        reply = self.client.command({"command": "capture"})
        self.assertEqual((reply["data"]["width"], reply["data"]["height"]), (320, 240))
        self.client.command("status")
        health = decoded(self.client.on(f"{BASE}/health")[-1])
        self.assertEqual(health["connection"]["connects"], 1)
        self.assertNotIn(b"offline", self.statuses())
        self.assertIn("the connection stays", self.agent.log())

    def test_commands_that_come_meanwhile_are_all_answered_once(self):
        wanted = set()
        for round_ in range(5):
            for i in range(20):
                transaction = f"{round_}-{i}"
                wanted.add(transaction)
                self.client.paho.publish(f"{BASE}/command", '{"command":"cancel","transaction":"%s"}' % transaction, 1)
                if i == 10:
                    self.change(('level = "info"', 'level = "info"'))
        self.client.until(lambda: len(self.client.on(RESPONSE)) >= len(wanted), lambda: f"not answered: {wanted - {decoded(m)['transaction'] for m in self.client.on(RESPONSE)}}")
        answered = [decoded(m)["transaction"] for m in self.client.on(RESPONSE)]
        self.assertEqual(sorted(answered), sorted(wanted))
        self.assertNotIn(b"offline", self.statuses())

    def test_readings_are_neither_lost_nor_doubled(self):
        self.client.command({"command": "start", "interval": "100ms"})
        topic = f"{BASE}/sensor/room"
        for _ in range(3):
            before = len(self.client.on(topic))
            wait = self.wait_for_next_agent()
            self.change(('level = "info"', 'level = "info"'))
            wait()
            self.client.wait(topic, count=before + 5)
        self.client.command("stop")
        readings = [decoded(m) for m in self.client.messages if m.topic in (topic, f"{topic}/backlog")]
        by_run = {}
        for reading in readings:
            by_run.setdefault(reading["boot"], []).append(reading["seq"])
        self.assertEqual(len(by_run), 4)
        for seqs in by_run.values():
            self.assertEqual(sorted(seqs), list(range(1, max(seqs) + 1)))

    def test_what_needs_a_new_connection_says_so(self):
        self.change(('reconnect_min = "100ms"', 'reconnect_min = "150ms"'))
        self.client.wait(STATUS, lambda m: m.payload == b"offline")
        self.client.wait(STATUS, lambda m: m.payload == b"online", count=2)
        self.assertIn("[mqtt] changed, so the connection is made anew", self.agent.log())
        self.assert_ok(self.client.command("cancel"), "cancel")

    def test_a_mistake_changes_nothing(self):
        self.change(('interval = "200ms"', 'interval = "soon"'))
        self.client.command("cancel")
        with open(self.agent.config_path, encoding="utf-8") as file:
            line = next(i for i, text in enumerate(file, 1) if "soon" in text)
        self.assertIn(f"the configuration stays as it was: {self.agent.config_path}:{line}: telemetry.interval", self.agent.log())
        self.assertNotIn(b"offline", self.statuses())

    def test_ending_while_it_reloads_says_goodbye(self):
        self.change(('level = "info"', 'level = "info"'))
        code, seconds = self.agent.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)
        self.client.wait(STATUS, lambda m: m.payload == b"offline")


if __name__ == "__main__":
    unittest.main()
