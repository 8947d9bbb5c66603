# SPDX-License-Identifier: MIT
"""The live view: a lease that is renewed while the page is seen, and the latest frame."""

import io
import json
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from PIL import Image

import scene
from browser import Device, ViewerCase, moment


def plain(width):
    file = io.BytesIO()
    Image.new("RGB", (width, 75)).save(file, "JPEG")
    return file.getvalue()


class LiveCase(ViewerCase):
    """The agent's part is the test's, message by message."""

    TOPIC = "edge/pi/live"

    def setUp(self):
        super().setUp()
        self.client = self.connect("edge/+/command", protocol=mqtt.MQTTv5)
        self.device = Device(self.client, "pi")
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def asked(self, count=1, device="pi", lease=None):
        """The `count`-th `live` command to a device; of those with a lease "30s" or "0s" alone, where one is given."""
        def is_live(message):
            command = json.loads(message.payload)
            return command["command"] == "live" and lease in (None, command["for"])
        return json.loads(self.client.wait(f"edge/{device}/command", is_live, count=count).payload)

    def answer(self, command, **reply):
        good = {"status": "ok", "data": {"topic": self.TOPIC, "rate": 5, "width": 640, "height": 480}}
        self.device.reply(**(reply or good), command="live", transaction=command["transaction"])

    def start(self):
        self.page.click("#live")
        self.answer(self.asked())
        self.device.retain("camera/live", "ON")

    def frame(self, age=0.1, seed=1, jpeg=None):
        """`age`: seconds since its exposure, or None as an agent with MQTT 3.1.1 leaves it out."""
        properties = Properties(PacketTypes.PUBLISH)
        if age is not None:
            properties.UserProperty = ("time", moment(-age))
        self.client.paho.publish(self.TOPIC, jpeg or scene.garden(seed=seed), 0, False, properties).wait_for_publish()

    def until_drawn(self):
        self.page.until(lambda: self.page.find("#live-image").get_property("width") == 640, "no frame is shown")

    def show_page(self, state):
        """What a tab in the background is told."""
        self.page.driver.execute_script("""
            Object.defineProperty(document, "visibilityState", { value: arguments[0], configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));""", state)


class Live(LiveCase):
    def test_frames_are_shown_with_rate_and_delay_until_it_is_ended(self):
        page = self.page
        page.click("#live")
        command = self.asked()
        self.assertEqual(command["for"], "30s")
        page.until_text("#live-caption", "Waiting for the first frame")
        self.answer(command)
        self.frame(age=0.4)
        self.until_drawn()
        self.assertEqual(page.text("#live"), "End live view")
        for seed in (2, 3):
            self.frame(age=0.4, seed=seed)
        page.until_text("#live-caption", "frames/s")
        self.assertRegex(page.text("#live-caption"), r"^\d+\.\d frames/s · delay about (\d+ ms|\d\.\d s)$")
        page.click("#live")
        self.assertEqual(self.asked(lease="0s")["command"], "live")
        page.until(lambda: not page.find("#live-view").is_displayed(), "the last frame stays")
        self.assertEqual(page.errors(), [])

    def test_without_a_time_or_with_a_clock_that_is_wrong_no_delay_is_claimed(self):
        self.start()
        for age in (None, -30, 3600):
            for _ in range(2):  # so that none comes later
                self.frame(age=age)
            self.page.until_text("#live-caption", "frames/s")
            self.assertNotIn("delay", self.page.text("#live-caption"))
            self.page.click("#live")
            self.page.click("#live")
            self.page.until_text("#live-caption", "Waiting")

    def test_it_ends_while_the_page_is_hidden_and_continues_when_it_is_seen(self):
        self.start()
        self.show_page("hidden")
        self.asked(lease="0s")
        self.show_page("visible")
        self.answer(self.asked(lease="30s", count=2))
        self.frame()
        self.until_drawn()

    def test_it_ends_with_the_page(self):
        self.start()
        self.page.close()
        self.asked(lease="0s")

    def test_it_ends_with_the_choice_of_another_device(self):
        Device(self.client, "other")
        self.page.count("#devices button", 2)
        self.start()
        self.page.click("[data-device=other]")
        self.asked(lease="0s")
        self.page.until(lambda: not self.page.find("#live-view").is_displayed(), "frames of another device are shown")
        self.assertEqual(self.page.text("#live"), "Live view")

    def test_it_is_renewed_before_the_lease_ends(self):
        self.page.driver.execute_script("""
            const later = window.setTimeout;
            window.setTimeout = (call, delay, ...values) => later(call, delay === 12000 ? 100 : delay, ...values);""")
        self.start()
        for count in (2, 3):
            self.answer(self.asked(lease="30s", count=count))

    def test_it_continues_where_another_viewer_ended_it(self):
        self.start()
        self.frame()
        self.until_drawn()
        self.device.retain("camera/live", "OFF")
        self.answer(self.asked(lease="30s", count=2))
        self.assertEqual(self.page.text("#live-feedback"), "")

    def test_a_device_that_ends_it_without_a_frame_is_not_asked_for_ever(self):
        self.start()
        self.device.retain("camera/live", "OFF")
        self.page.until_text("#live-feedback", "ended the live view")
        self.assertEqual(self.page.text("#live"), "Live view")

    def test_an_agent_that_does_not_know_it_is_named(self):
        self.page.click("#live")
        self.answer(self.asked(), status="error", code="unknown_command", error="unknown command \"live\"", data={})
        self.page.until_text("#live-feedback", "too old for the live view")
        self.assertFalse(self.page.find("#live-view").is_displayed())

    def test_another_refusal_is_said_with_the_agent_s_own_sentence(self):
        self.page.click("#live")
        self.answer(self.asked(), status="error", code="camera_unavailable", error="no camera found", data={})
        self.page.until_text("#live-feedback", "the camera is not available")
        self.page.until_text("#live-feedback small", "no camera found")
        self.page.click("#live")
        self.assertEqual([self.asked(count=count)["for"] for count in (1, 2)], ["30s", "30s"], "what was refused needs no end")

    def test_a_device_that_goes_offline_is_asked_again_when_it_is_back(self):
        self.start()
        self.device.retain("status", "offline")
        self.page.until_text("#live-feedback", "offline")
        self.device.retain("status", "online")
        self.answer(self.asked(lease="30s", count=2))
        self.frame()
        self.until_drawn()
        self.assertEqual(self.page.text("#live-feedback"), "")

    def test_it_continues_after_the_connection_was_lost(self):
        self.start()
        self.broker.stop()
        self.page.until_text("#banner", "No connection")
        self.broker.start()
        self.client = self.connect("edge/+/command", protocol=mqtt.MQTTv5)
        self.device = Device(self.client, "pi")
        self.answer(self.asked(lease="30s"))
        self.frame()
        self.until_drawn()

    def test_a_picture_meanwhile_is_shown_and_kept(self):
        page = self.page
        self.start()
        self.frame()
        self.until_drawn()
        self.device.picture(scene.garden(seed=7), 0)
        page.count("#thumbnails button", 1)
        page.until(lambda: page.find("#picture-image").is_displayed(), "the picture is not shown")
        self.assertTrue(page.find("#live-view").is_displayed())
        self.frame(seed=2)
        self.assertEqual(page.errors(), [])

    def test_of_frames_that_come_while_one_is_decoded_the_latest_is_drawn(self):
        page = self.page
        page.driver.execute_script("""
            window.decoded = [];
            const decode = window.createImageBitmap;
            window.createImageBitmap = async (blob) => {
                await new Promise((resume) => { window.resume = resume; });
                const bitmap = await decode(blob);
                window.decoded.push(bitmap.width);
                return bitmap;
            };""")
        self.start()
        for width in (100, 200, 300, 400):
            self.frame(jpeg=plain(width))
        self.device.health(queued=2)
        page.until_text("#troubles", "2 to go")  # which was sent after the frames
        page.driver.execute_script("window.release = setInterval(() => window.resume?.(), 20)")
        page.until(lambda: page.find("#live-image").get_property("width") == 400, "the latest frame is not shown")
        self.assertEqual(page.driver.execute_script("return window.decoded"), [100, 400])

    def test_on_a_line_that_is_too_slow_it_asks_for_fewer_frames(self):
        self.page.driver.execute_script("const now = performance.now; performance.now = () => now.call(performance) + (window.later ?? 0)")
        self.start()
        self.frame(age=100)  # the clocks differ, which does not matter
        self.until_drawn()
        self.page.driver.execute_script("window.later = 9000")
        for _ in range(2):
            self.frame(age=104)
        slow = self.client.wait("edge/pi/command", lambda m: 0.2 <= json.loads(m.payload).get("rate", 0) < 5)
        self.answer(json.loads(slow.payload))
        self.page.driver.execute_script("window.later = 18000")
        self.frame(age=110)  # as late as before: it was the device's clock
        self.assertNotIn("rate", self.asked(lease="30s", count=3))

    def test_what_is_no_picture_is_passed_over(self):
        self.start()
        self.frame(jpeg=b"\xff\xd8 no picture")
        self.frame()
        self.until_drawn()
        self.assertEqual(self.page.errors(), [])


class RealAgent(ViewerCase):
    def test_it_shows_what_the_camera_sees_while_a_picture_is_taken(self):
        watcher = self.connect("edge/test-pi/camera/live")
        self.start_agent()
        page = self.open()
        page.until_text("#device-state", "online")
        page.click("#live")
        page.until(lambda: page.find("#live-image").get_property("width") == 640, "no frame is shown")
        page.until_text("#live-caption", "frames/s")
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture is shown")
        page.driver.execute_script("document.getElementById('live-image').width = 1")
        page.until(lambda: page.find("#live-image").get_property("width") == 640, "no frame comes after the picture")
        page.click("#live")
        watcher.wait("edge/test-pi/camera/live", lambda m: m.payload == b"ON")
        watcher.until(lambda: watcher.on("edge/test-pi/camera/live")[-1].payload == b"OFF", "the live view is not ended")
        self.assertEqual(page.text("#live-feedback"), "")
        self.assertEqual(page.errors(), [])


if __name__ == "__main__":
    unittest.main()
