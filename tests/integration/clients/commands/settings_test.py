# SPDX-License-Identifier: MIT
"""The command set and the switch of motion, with the built programs and a broker: what is set holds over kills, restarts and reloads."""

import io
import json
import signal
import subprocess
import unittest

from PIL import Image

from support import AGENT, BASE, PATIENCE, RESPONSE, AgentCase, Client, decoded

SETTINGS = f"{BASE}/settings"
MOTION = f"{BASE}/camera/motion/enabled"


class SettingsCase(AgentCase):
    def setUp(self):
        super().setUp()
        self.client.wait(SETTINGS)

    def set(self, **values):
        return self.client.command({"command": "set", "values": {key.replace("__", "."): value for key, value in values.items()}})

    def settings(self):
        """What a client that comes now sees."""
        with Client(self.broker, SETTINGS) as late:
            message = late.wait(SETTINGS)
            self.assertTrue(message.retain)
            return decoded(message)

    def restart(self, how=signal.SIGKILL):
        self.agent.stop(how)
        self.agent.start()


class Set(SettingsCase):
    def test_shows_what_differs(self):
        self.assertEqual(self.settings(), {})
        reply = self.assert_ok(self.set(telemetry__interval="10s"), "set")
        self.assertEqual(reply["data"], {"telemetry.interval": {"value": "10s", "configured": "200ms"}})
        self.assertEqual(self.settings(), reply["data"])
        self.assertEqual(self.assert_ok(self.set(telemetry__interval=None), "set")["data"], {})
        self.assertEqual(self.settings(), {})

    def test_applies_all_or_nothing(self):
        for values in ({"telemetry.interval": "10s", "image.quality": 0}, {"telemetry.interval": "10s", "mqtt.servers": []},
                       {"telemetry.interval": "10s", "nonsense": None}, [], "x"):
            reply = self.client.command({"command": "set", "values": values})
            self.assert_error(reply, "invalid_option")
        self.assert_error(self.client.command("set"), "invalid_option")
        self.assertEqual(self.settings(), {})

    def test_what_was_answered_ok_is_there_after_a_kill(self):
        for quality in range(1, 9):
            # The kill comes as soon as the reply does.
            self.client.publish(f"{BASE}/command", '{"command":"set","values":{"image.quality":%d}}' % quality)
            reply = decoded(self.client.wait(RESPONSE, count=quality))
            self.restart()
            self.assertEqual(self.settings(), reply["data"])
        self.client.command("capture")
        self.assertEqual(decoded(self.client.wait(f"{BASE}/image"))["quality"], 8)

    def test_a_kill_before_the_reply_leaves_all_or_nothing(self):
        values = {"image.quality": 11, "telemetry.interval": "7s", "log.level": "warning"}
        for delay in (0, 0.002, 0.005, 0.01, 0.02, 0.04):
            replies = len(self.client.on(RESPONSE))
            self.client.publish(f"{BASE}/command", json.dumps({"command": "set", "values": values}), qos=0)
            self.client.wait_for_more(delay)
            self.agent.stop(signal.SIGKILL)
            answered = len(self.client.on(RESPONSE)) > replies
            self.agent.start()
            kept = self.settings()
            self.assertIn(set(kept), (set(), set(values)), kept)
            self.assertTrue(kept or not answered, "an answered one is missing")
            self.set(**{key.replace(".", "__"): None for key in values})

    def test_a_restart_and_a_reload_keep_it(self):
        self.set(image__quality=40)
        self.restart(signal.SIGTERM)
        self.assertEqual(self.settings(), {"image.quality": {"value": 40, "configured": 90}})
        with open(self.agent.config_path, "a", encoding="utf-8") as file:
            file.write("[image]\nquality = 70\n")
        self.agent.process.send_signal(signal.SIGHUP)
        changed = self.client.wait(SETTINGS, lambda m: b"70" in m.payload)
        self.assertEqual(decoded(changed), {"image.quality": {"value": 40, "configured": 70}})

    def test_a_file_that_was_not_reloaded_does_not_count(self):
        with open(self.agent.config_path, "a", encoding="utf-8") as file:
            file.write("broken [[[")
        self.assert_ok(self.set(image__quality=40), "set")

    def test_the_connection_and_pictures_go_on(self):
        before = len(self.client.on(RESPONSE))
        self.client.publish(f"{BASE}/command", '{"command":"capture","count":3,"every":"300ms"}')
        self.client.publish(f"{BASE}/command", '{"command":"set","values":{"camera.controls":{"Brightness":0.1},"log.level":"debug"}}')
        replies = [decoded(self.client.wait(RESPONSE, count=before + n)) for n in (1, 2)]
        self.assertEqual([reply["status"] for reply in replies], ["ok", "ok"], replies)
        self.client.command("status")
        self.assertEqual(decoded(self.client.on(f"{BASE}/health")[-1])["connection"]["connects"], 1)
        self.assertIn("debug:", self.agent.log())

    def test_the_interval_goes_before_that_of_start(self):
        self.client.command({"command": "start", "interval": "1h"})
        self.set(telemetry__interval="100ms")
        self.client.wait("room/temp", count=len(self.client.on("room/temp")) + 3)
        self.assertEqual(self.client.command("start")["data"]["interval"], "100ms")

    def test_the_camera_program_gets_what_concerns_it(self):
        def picture():
            count = len(self.client.on("jpeg"))
            self.assert_ok(self.client.command({"command": "capture", "width": 640, "height": 480}), "capture")
            return Image.open(io.BytesIO(self.client.wait("jpeg", count=count + 1).payload)).convert("L").crop((0, 440, 640, 480))

        plain = max(picture().getdata())
        self.set(image__timestamp=True)
        written = picture()
        self.restart()
        again = picture()
        self.set(image__timestamp=None)
        gone = picture()
        darkest = [sum(1 for pixel in image.getdata() if pixel < 40 or pixel > plain) for image in (written, again, gone)]
        self.assertGreater(darkest[0], darkest[2] + 100, "the time is drawn")
        self.assertGreater(darkest[1], darkest[2] + 100, "also after a kill")


class Told(SettingsCase):
    """What the programs on the device say about it."""

    def program(self, *arguments, status=0):
        done = subprocess.run([AGENT, *arguments], capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
        self.assertIn(done.returncode, (status, 3), done.stderr)
        return done

    def settings_of_doctor(self):
        report = json.loads(self.program("doctor", "--json", "--config", self.agent.config_path).stdout)
        return [finding["severity"] for finding in report["findings"] if "MQTT" in finding["text"] and
                finding["check"] == "configuration"]

    def test_nothing_where_nothing_was_set(self):
        self.assertNotIn("MQTT", self.program("check-config", self.agent.config_path).stdout)
        self.assertNotIn("note", self.settings_of_doctor())

    def test_what_was_set_by_request(self):
        self.program("request", "--config", self.agent.config_path, "set", 'values={"image.quality":33}')
        for _ in range(2):
            self.assertIn("image.quality is 33", self.program("check-config", self.agent.config_path).stdout)
            shown = self.program("check-config", "--show", self.agent.config_path).stdout
            self.assertRegex(shown, r"quality = 33 +# set over MQTT")
            self.assertIn("note", self.settings_of_doctor())
            if self.agent.process.poll() is None:
                self.assertIn("image.quality", self.program("status", "--config", self.agent.config_path).stdout)
                self.agent.stop()

    def test_a_journal_that_cannot_be_read_is_no_error(self):
        self.agent.stop()
        with open(f"{self.agent.directory}/journal.db", "w", encoding="utf-8") as file:
            file.write("not a journal " * 1000)
        checked = self.program("check-config", self.agent.config_path)
        self.assertEqual(checked.returncode, 0)
        self.assertIn("what was set over MQTT is not known", checked.stderr)


class Motion(SettingsCase):
    def switch(self, payload):
        count = len(self.client.on(RESPONSE))
        self.client.publish(f"{MOTION}/set", payload)
        return decoded(self.client.wait(RESPONSE, count=count + 1))

    def test_is_switched(self):
        self.assertEqual(self.client.wait(MOTION).payload, b"OFF")
        self.assertEqual(self.assert_ok(self.switch(" on\n"), "set")["data"], {"state": "ON"})
        self.client.wait(MOTION, lambda m: m.payload == b"ON")
        self.client.wait(f"{BASE}/camera/motion", lambda m: m.payload == b"OFF")
        self.restart()
        self.client.wait(MOTION, lambda m: m.payload == b"ON", count=2)
        self.assertEqual(self.switch("toggle")["data"], {"state": "OFF"})
        self.assertEqual(self.settings(), {})
        self.assert_error(self.switch("perhaps"), "invalid_payload")

    def test_a_retained_message_does_not_switch_it(self):
        self.agent.stop()
        self.client.publish(f"{MOTION}/set", "ON", qos=0, retain=True)  # not kept for the session
        self.client.wait(f"{MOTION}/set")
        self.agent.start()
        self.assert_error(decoded(self.client.wait(RESPONSE)), "retained_ignored")
        self.assertEqual(self.settings(), {})


if __name__ == "__main__":
    unittest.main()
