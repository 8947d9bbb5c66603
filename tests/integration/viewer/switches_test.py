# SPDX-License-Identifier: MIT
"""Schedules, and settings that are changed at run time: switches that show what the device says."""

import json
import unittest

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from browser import Device, ViewerCase, moment

TIMELAPSE = "[data-leaf='schedule/timelapse/enabled']"
MOTION = "[data-leaf='camera/motion/enabled']"


class Switches(ViewerCase):
    """The agent's part is the test's."""

    def setUp(self):
        super().setUp()
        self.client = self.connect("edge/pi/command", "edge/pi/+/+/enabled/set")
        self.device = Device(self.client, "pi")
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def is_on(self, selector):
        return self.page.attribute(selector, "aria-checked") == "true"

    def schedule(self, name="timelapse", enabled="ON", following="2030-01-02T03:04:05.000Z"):
        self.device.retain(f"schedule/{name}/enabled", enabled)
        self.device.retain(f"schedule/{name}/next", following)

    def test_a_device_without_any_has_no_section(self):
        for section in ("schedule", "options"):
            self.assertFalse(self.page.find(f"#{section}-section").is_displayed())
        self.assertFalse(self.page.find("#keep").is_displayed())

    def test_schedules_show_their_next_turn_in_local_time(self):
        page = self.page
        page.cdp("Emulation.setTimezoneOverride", timezoneId="Asia/Seoul")
        self.addCleanup(page.cdp, "Emulation.setTimezoneOverride", timezoneId="")
        self.schedule("night", "OFF", "")
        self.schedule("morning", "ON", "")
        self.schedule()
        page.count("#schedules li", 3)
        page.until(lambda: page.texts("#schedules li") == ["morning no next turn", "night off", "timelapse next: 2030-01-02 12:04:05"],
                   "the schedules do not show their state")
        self.schedule("night", "", "")
        page.count("#schedules li", 2)

    def test_a_switch_waits_for_the_state_that_comes_back(self):
        page = self.page
        self.schedule()
        page.click(TIMELAPSE)
        self.assertEqual(self.client.wait("edge/pi/schedule/timelapse/enabled/set").payload, b"OFF")
        page.until(lambda: page.attribute(TIMELAPSE, "aria-busy") == "true", "the switch does not wait")
        self.assertTrue(self.is_on(TIMELAPSE), "the switch shows a wish")
        focused = page.driver.execute_script("return document.activeElement.dataset.leaf")
        self.assertEqual(focused, "schedule/timelapse/enabled", "the keyboard's focus is lost")
        self.device.retain("schedule/timelapse/enabled", "OFF")
        page.until(lambda: not self.is_on(TIMELAPSE), "the switch does not show the state")
        self.device.reply(status="ok", command="set", data={"state": "OFF"})
        page.until_text("#schedules-feedback", "Switch timelapse: done")
        page.click(TIMELAPSE)
        self.assertEqual(self.client.wait("edge/pi/schedule/timelapse/enabled/set", count=2).payload, b"ON")

    def test_a_switch_that_is_refused_stays_and_says_why(self):
        self.schedule()
        self.page.click(TIMELAPSE)
        self.client.wait("edge/pi/schedule/timelapse/enabled/set")
        self.device.reply(status="error", command="set", code="internal", error="the journal is full", data={})
        self.page.until_text("#schedules-feedback", "internal error")
        self.assertTrue(self.is_on(TIMELAPSE))

    def test_a_keyboard_switches(self):
        self.schedule()
        self.page.until(lambda: self.is_on(TIMELAPSE), "no switch")
        self.page.driver.execute_script("document.querySelector(arguments[0]).focus()", TIMELAPSE)
        ActionChains(self.page.driver).send_keys(Keys.SPACE).perform()
        self.client.wait("edge/pi/schedule/timelapse/enabled/set")

    def test_motion_detection_is_switched(self):
        self.device.retain("camera/motion/enabled", "OFF")
        self.page.until_text("#options", "Motion detection")
        self.page.click(MOTION)
        self.assertEqual(self.client.wait("edge/pi/camera/motion/enabled/set").payload, b"ON")
        self.device.retain("camera/motion/enabled", "ON")
        self.page.until(lambda: self.is_on(MOTION), "the switch does not show the state")

    def test_what_differs_from_the_configuration_is_listed_and_reset(self):
        page = self.page
        self.device.retain("settings", {})
        page.until(lambda: page.find("#keep").is_displayed(), "the interval cannot be kept")
        self.assertFalse(page.find("#options-section").is_displayed(), "nothing differs")
        page.click("#keep")
        page.until_text("#readings-feedback", "Enter the interval")
        page.fill("#interval", "10s")
        page.click("#keep")
        command = json.loads(self.client.wait("edge/pi/command").payload)
        self.assertEqual((command["command"], command["values"]), ("set", {"telemetry.interval": "10s"}))
        self.device.retain("settings", {"telemetry.interval": {"value": "10s", "configured": "2s"},
                                        "image.quality": {"value": 70, "configured": 85},
                                        "schedule.timelapse.enabled": {"value": False, "configured": True}})
        page.until_text("#options", "telemetry.interval = 10s")
        page.until_text("#options", "image.quality = 70")
        self.assertNotIn("schedule", page.text("#options"), "it has a switch")
        self.assertIn("configuration file: 2s", page.text("#options"))
        page.click("[data-setting='image.quality']")
        command = json.loads(self.client.wait("edge/pi/command", count=2).payload)
        self.assertEqual((command["command"], command["values"]), ("set", {"image.quality": None}))
        self.device.reply(status="error", command="set", code="busy", error="later", data={}, transaction=command["transaction"])
        page.until_text("#options-feedback", "Set: ")

    def test_an_offline_device_takes_no_switching(self):
        self.schedule()
        self.device.retain("status", "offline")
        self.page.until(lambda: self.page.attribute(TIMELAPSE, "disabled") is not None, "the switch of an offline device can be pressed")

    def test_texts_of_strangers_stay_texts(self):
        page = self.page
        self.client.publish("edge/pi/settings", '{"<img src=x onerror=alert(1)>":{"value":"<b>","configured":[]},"x":7}', retain=True)
        self.client.publish("edge/pi/schedule/<img src=x>/enabled", "<b>", retain=True)
        self.client.publish("edge/pi/schedule/<img src=x>/next", "no time", retain=True)
        page.until_text("#options", "<img src=x onerror=alert(1)> = <b>")
        page.until_text("#schedules", "<img src=x>")
        page.count("#options img, #schedules img", 0)
        self.client.publish("edge/pi/settings", "[null]", retain=True)
        page.until(lambda: "<b>" not in page.text("#options"), "the old settings stay")
        self.schedule(following=moment(60))
        page.until_text("#schedules", "timelapse")
        self.assertEqual(page.errors(), [])


class RealAgent(ViewerCase):
    def setUp(self):
        super().setUp()
        self.start_agent(extra='[[schedule]]\nname = "timelapse"\nevery = "1h"\naction = "capture"\n')
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def until_state(self, selector, state):
        self.page.until(lambda: self.page.attribute(selector, "aria-checked") == state, f"{selector} does not come to {state}")

    def test_a_schedule_is_switched_off_and_on(self):
        page = self.page
        page.until_text("#schedules", "timelapse next: ")
        page.click(TIMELAPSE)
        self.until_state(TIMELAPSE, "false")
        page.until_text("#schedules", "timelapse off")
        page.until_text("#schedules-feedback", "Switch timelapse: done")
        page.click(TIMELAPSE)
        self.until_state(TIMELAPSE, "true")
        page.until_text("#schedules", "timelapse next: ")

    def test_an_interval_is_kept_and_returned_to_the_configuration_s(self):
        page = self.page
        page.fill("#interval", "10s")
        page.click("#keep")
        page.until_text("#readings-feedback", "Set: done")
        page.until_text("#options", "telemetry.interval = 10s configuration file: 200ms")
        page.click("[data-setting='telemetry.interval']")
        page.until(lambda: "telemetry" not in page.text("#options"), "the setting is still listed")
        self.assertEqual(page.errors(), [])

    def test_motion_detection_is_switched_on_and_off(self):
        for state in ("true", "false"):
            self.page.until(lambda: self.page.all(MOTION), "motion detection cannot be switched")
            self.page.click(MOTION)
            self.until_state(MOTION, state)


if __name__ == "__main__":
    unittest.main()
