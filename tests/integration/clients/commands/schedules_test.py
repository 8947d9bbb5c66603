# SPDX-License-Identifier: MIT
"""Schedules, with the built programs and a broker: turns, the switch, the next turn, reloads and restarts."""

import json
import os
import signal
import subprocess
import unittest

from support import AGENT, BASE, RESPONSE, AgentCase, Client, decoded

LAPSE = f"{BASE}/schedule/lapse"
EVERY_SECOND = '\n[[schedule]]\nname = "lapse"\nevery = "1s"\nwidth = 320\nheight = 240\n'
FAR = '\n[[schedule]]\nname = "far"\nevery = "7d"\naction = "stop"\n'


class ScheduleCase(AgentCase):
    def is_lapse(self, message):
        return decoded(message)["trigger"] == "schedule:lapse"

    def pictures(self):
        return self.client.on(f"{BASE}/image", self.is_lapse)

    def wait_for_pictures(self, more):
        return self.client.wait(f"{BASE}/image", self.is_lapse, count=len(self.pictures()) + more)

    def state(self, topic):
        """What a client that comes now sees; None where nothing is retained."""
        with Client(self.broker, topic, f"{BASE}/info") as late:
            late.wait(f"{BASE}/info")
            seen = late.on(topic)
            return seen[0].payload.decode() if seen else None

    def switch(self, payload):
        count = len(self.client.on(RESPONSE))
        self.client.publish(f"{LAPSE}/enabled/set", payload)
        return decoded(self.client.wait(RESPONSE, count=count + 1))

    def rows(self, kind):
        shown = subprocess.run([AGENT, "journal", "--config", self.agent.config_path, "--kind", kind, "--json"], check=True,
                               capture_output=True, text=True, timeout=60).stdout
        return [json.loads(line) for line in shown.splitlines()]


class Turns(ScheduleCase):
    EXTRA = EVERY_SECOND

    def test_take_pictures_without_a_command(self):
        self.wait_for_pictures(3)
        descriptions = [decoded(message) for message in self.pictures()]
        self.assertEqual(len({description["id"] for description in descriptions}), len(descriptions))
        self.assertEqual({(description["width"], description["height"]) for description in descriptions}, {(320, 240)})
        self.assertGreaterEqual(len(self.client.on("jpeg")), 3)
        self.assertEqual(self.client.on(RESPONSE), [], "nobody asked")
        self.agent.stop()
        self.assertEqual(self.rows("command"), [], "no row for each turn")
        self.assertEqual({row["trigger"] for row in self.rows("capture")}, {"schedule:lapse"})

    def test_show_their_state(self):
        self.assertEqual(self.state(f"{LAPSE}/enabled"), "ON")
        self.assertRegex(self.state(f"{LAPSE}/next"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$")
        self.wait_for_pictures(3)
        self.assertLessEqual(len(self.client.on(f"{LAPSE}/next", lambda m: not m.retain)), 1, "at most once a minute")
        self.client.command("status")
        health = decoded(self.client.on(f"{BASE}/health")[-1])["schedules"]
        self.assertEqual([(entry["name"], entry["enabled"], entry["failed"]) for entry in health], [("lapse", True, 0)])
        self.assertGreaterEqual(health[0]["turns"], 3)

    def test_are_switched_off_until_further_notice(self):
        self.wait_for_pictures(1)
        self.assertEqual(self.assert_ok(self.switch("off"), "set")["data"], {"state": "OFF"})
        self.client.wait(f"{LAPSE}/enabled", lambda m: m.payload == b"OFF")
        self.client.wait(f"{LAPSE}/next", lambda m: m.payload == b"none")
        self.client.command("capture")  # a picture that had begun is out before this one
        self.client.silence("jpeg", 2.5)
        self.agent.stop(signal.SIGKILL)
        self.agent.start()
        self.assertEqual((self.state(f"{LAPSE}/enabled"), self.state(f"{LAPSE}/next")), ("OFF", "none"))
        self.client.silence("jpeg", 2.5)
        self.assertEqual(self.switch("TOGGLE")["data"], {"state": "ON"})
        self.wait_for_pictures(2)
        self.assertEqual(self.state(f"{LAPSE}/enabled"), "ON")
        self.assert_error(self.switch("perhaps"), "invalid_payload")


class Reload(ScheduleCase):
    EXTRA = FAR

    def reload(self, text):
        with open(self.agent.config_path, encoding="utf-8") as file:
            before = file.read()
        with open(f"{self.agent.config_path}.new", "w", encoding="utf-8") as file:
            file.write(before.replace(self.EXTRA, text))
        self.EXTRA = text
        os.replace(f"{self.agent.config_path}.new", self.agent.config_path)
        self.agent.process.send_signal(signal.SIGHUP)

    def test_adds_changes_and_removes(self):
        far = self.client.wait(f"{BASE}/schedule/far/next").payload
        self.reload(FAR + EVERY_SECOND)
        self.wait_for_pictures(2)
        self.assertEqual(self.state(f"{BASE}/schedule/far/next"), far.decode(), "the other one goes on")
        self.assertEqual(self.state(f"{LAPSE}/enabled"), "ON")

        self.reload(FAR + EVERY_SECOND.replace("1s", "7d"))
        self.client.wait(f"{LAPSE}/next", lambda m: m.payload == far)
        self.client.command("capture")
        self.client.silence("jpeg", 2.5)

        self.reload(FAR)
        for leaf in ("enabled", "next"):
            self.client.wait(f"{LAPSE}/{leaf}", lambda m: m.payload == b"")
            self.assertIsNone(self.state(f"{LAPSE}/{leaf}"))

    def test_of_a_wrong_option_changes_nothing(self):
        self.reload(FAR + EVERY_SECOND.replace("320", "321"))
        self.client.command("status")
        while "the configuration stays as it was" not in self.agent.log():
            self.client.command("status")
        self.assertIn('schedule.width: "width" must be an even whole number', self.agent.log())
        self.assertIsNone(self.state(f"{LAPSE}/enabled"))


class Actions(ScheduleCase):
    EXTRA = '\n[[schedule]]\nname = "go"\nevery = "1s"\naction = "start"\ninterval = "100ms"\n'

    def test_start_publishes_readings(self):
        self.client.wait("room/temp", count=3)
        self.client.wait(f"{BASE}/publishing", lambda m: m.payload == b"ON")
        # The next turn starts them again.
        self.client.command("stop")
        self.client.wait(f"{BASE}/publishing", lambda m: m.payload == b"ON" and not m.retain)
        self.client.wait("room/temp", count=len(self.client.on("room/temp")) + 3)


if __name__ == "__main__":
    unittest.main()
