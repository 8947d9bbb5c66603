# SPDX-License-Identifier: MIT
"""What a person does with the viewer, in a real browser, with a real broker and the real agent."""

import os
import re
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import ViewerCase
from support import Client

class OneDevice(ViewerCase):
    def setUp(self):
        super().setUp()
        self.agent = self.start_agent()
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def test_readings_start_are_drawn_and_stop(self):
        page = self.page
        page.fill("#interval", "100ms")
        page.click("#start")
        page.until_text("#log li", "start: done")
        page.until(lambda: "°C" in page.text("#sensors [data-sensor=room] .value"), "no reading is shown")
        page.until(lambda: page.all("#chart canvas"), "no chart is drawn")
        page.until_text("#publishing", "publishing")
        first = page.text("#sensors .hint")
        page.until(lambda: page.text("#sensors .hint") != first, "the reading does not change")
        page.click("#stop")
        page.until_text("#publishing", "stopped")
        self.assertEqual(page.errors(), [])

    def test_a_picture_is_shown_whole_with_its_own_time(self):
        page = self.page
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture is shown")
        caption = page.text("#picture-caption")
        self.assertIn("640×480", caption)
        self.assertIn("on command", caption)
        page.until_text("#log", "capture: done")
        self.assertRegex(page.find("#picture-link").get_attribute("download"), r"^test-pi-20\d\d-.*\.jpg$")

    def test_a_series_shows_its_progress_and_its_end(self):
        page = self.page
        page.fill("#count", "4")
        page.fill("#every", "300ms")
        page.click("#series")
        page.until(lambda: page.text("#progress-text") in ("1 of 4", "2 of 4", "3 of 4"), "no progress is shown")
        page.until_text("#log", "4 of 4 pictures taken")
        page.until(lambda: len(page.all("#thumbnails button")) == 4, "not all pictures came")
        self.assertFalse(page.find("#progress").is_displayed())

        page.fill("#count", "100")
        page.click("#series")
        page.until(lambda: page.text("#progress-text") != "", "the second series did not begin")
        page.click("#cancel")
        page.until_text("#log", "cancelled")

    def test_mistakes_are_told_in_words(self):
        page = self.page
        page.fill("#interval", "soon")
        page.click("#start")
        page.until_text("#log", "is no interval")
        page.fill("#interval", "1ms")
        page.click("#start")
        page.until_text("#log", "a value is not allowed")

    def test_keys_do_what_buttons_do(self):
        page = self.page
        page.key("s")
        page.until_text("#publishing", "publishing")
        page.key("x")
        page.until_text("#publishing", "stopped")
        page.key("c")
        page.until(lambda: len(page.all("#thumbnails button")) == 1, "c took no picture")
        page.key("c")
        page.until(lambda: len(page.all("#thumbnails button")) == 2, "c took no second picture")
        newest = page.find("#picture-image").get_attribute("src")
        page.key(Keys.ARROW_LEFT)
        page.until(lambda: page.find("#picture-image").get_attribute("src") != newest, "← shows no older picture")
        page.find("#interval").send_keys("x")
        self.assertEqual(page.find("#interval").get_property("value"), "x", "a letter in a field is a letter")

    def test_texts_of_strangers_stay_texts(self):
        page = self.page
        with Client(self.broker) as stranger:
            evil = '<img src=x onerror="document.title=1">'
            stranger.publish("edge/evil/info", '{"name": "%s"}' % evil.replace('"', '\\"'), retain=True)
            stranger.publish("edge/evil/status", evil, retain=True)
            stranger.publish("edge/evil/sensor/x", "no json")
            stranger.publish("edge/evil/health", "[1,", retain=True)
            stranger.publish("jpeg", b"\xff\xd8 no picture")
        page.until(lambda: any("<img" in text for text in page.texts("#devices button")), "the stranger is not listed")
        self.assertEqual(page.text("title"), "pi-edge viewer")
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture is shown")
        self.assertEqual(page.errors(), [])

    def test_a_button_stays_where_it_is_while_news_come(self):
        """Else a press that has begun on it ends on another one, and is none."""
        page = self.page
        page.click("#capture")
        page.until(lambda: len(page.all("#thumbnails button")) == 1, "no picture is shown")
        page.driver.execute_script("for (const button of document.querySelectorAll('li button')) button.marked = true")
        with Client(self.broker) as other:
            other.publish("command", '{"command":"start","interval":"200ms"}')
            for _ in range(3):
                before = page.text("#sensors .hint")
                page.until(lambda before=before: page.text("#sensors .hint") != before, "no reading came")
            other.publish("command", "capture")
        page.until(lambda: len(page.all("#thumbnails button")) == 2, "no second picture is shown")
        marked = page.driver.execute_script("return [...document.querySelectorAll('#devices button')].map((e) => e.marked)")
        self.assertEqual(marked, [True])
        page.until(lambda: len(page.all("#thumbnails img")) == 2, "a thumbnail is missing")

    def test_what_an_older_configuration_left_is_not_shown(self):
        with Client(self.broker) as other:
            other.publish("edge/test-pi/sensor/ghost/status", "online", retain=True)
            other.publish("edge/test-pi/gpio/ghost", "ON", retain=True)
            other.publish("command", "start")
        self.page.until(lambda: "°C" in self.page.text("#sensors [data-sensor=room] .value"), "no reading is shown")
        self.assertEqual(len(self.page.all("#sensors li")), 1)
        self.assertFalse(self.page.find("#gpio-section").is_displayed())


class Broken(ViewerCase):
    def test_a_broker_that_goes_and_comes_back(self):
        self.start_agent()
        page = self.open()
        page.until_text("#device-state", "online")
        self.broker.stop()
        page.until_text("#banner", "is lost")
        self.assertTrue(page.find("#banner").is_displayed())
        page.until_text("#device-state", "not known")
        page.click("#capture")
        page.until_text("#log", "not sent")
        self.broker.start()
        page.until_text("#connection", "connected to")
        page.until_text("#device-state", "online")
        self.assertFalse(page.find("#banner").is_displayed())
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture after the return")

    def test_a_device_that_goes_offline_and_is_forgotten(self):
        agent = self.start_agent()
        page = self.open()
        page.until_text("#device-state", "online")
        agent.stop()
        page.until_text("#device-state", "offline")
        page.click("#forget")
        page.until(lambda: page.find("#no-devices").is_displayed(), "the device is still listed")
        with Client(self.broker, "edge/#") as client:
            client.publish("edge/end", "x")
            client.wait("edge/end")
            self.assertEqual([m.topic for m in client.messages if m.retain], [])


class TwoDevices(ViewerCase):
    def test_each_has_its_own_pictures_although_they_share_a_topic(self):
        for device in ("north", "south"):
            self.start_agent(device=device)
        page = self.open()
        page.until(lambda: len(page.all("#devices button")) == 2, "two devices are not listed")
        page.click("[data-device=south]")
        page.until_text("#device-name", "south")
        page.click("#capture")
        page.until(lambda: len(page.all("#thumbnails button")) == 1, "no picture of south")
        page.key(Keys.ARROW_UP)
        page.until_text("#device-name", "north")
        self.assertEqual(page.all("#thumbnails button"), [])
        with Client(self.broker) as other:
            other.publish("command", "capture")
        page.until(lambda: len(page.all("#thumbnails button")) == 1, "no picture of north")
        page.click("[data-device=south]")
        page.until(lambda: len(page.all("#thumbnails button")) == 2, "no second picture of south")
        self.assertEqual(page.errors(), [])


class Large(ViewerCase):
    BROKER = {"max_packet_size 1000000": "max_packet_size 10000000"}

    def test_a_picture_of_two_megabytes(self):
        self.start_agent(extra="[image]\nmax_bytes = 8000000\nquality = 100\n")
        page = self.open()
        page.until_text("#device-state", "online")
        page.driver.execute_script("document.getElementById('size').append(new Option('4608x2592'))")
        page.find("#size").find_element(By.XPATH, "option[text()='4608x2592']").click()
        page.fill("#quality", "100")
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 4608, "no large picture")
        self.assertGreater(float(page.text("#picture-caption").split("·")[2].split()[0]), 2.0, page.text("#picture-caption"))


class Looks(ViewerCase):
    def test_korean_phone_and_dark(self):
        self.start_agent()
        page = self.open(language="ko-KR", width=390, height=900, dark=True)
        page.until_text("#device-state", "온라인")
        self.assertEqual(page.text("#capture"), "사진 찍기")
        self.assertEqual(page.find("html").get_attribute("lang"), "ko")
        too_wide = page.driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
        self.assertFalse(too_wide, "the page is wider than a phone")
        smallest = min(button.size["height"] for button in page.all("button") if button.is_displayed())
        self.assertGreaterEqual(smallest, 40, "a finger needs room")
        background = [int(part) for part in re.findall(r"\d+", page.style("body", "background-color"))[:3]]
        self.assertLess(sum(background), 200, "not dark")
        page.find("#language").send_keys("English")
        page.until_text("#capture", "Take a picture")

    def test_every_text_is_there_in_both_languages(self):
        page = self.open()
        for language in ("English", "한국어"):
            page.find("#language").find_element(By.XPATH, f"option[text()='{language}']").click()
            bare = page.driver.execute_script(
                "return [...document.querySelectorAll('[data-text]')].filter((e) => e.textContent === e.dataset.text).map((e) => e.dataset.text)")
            self.assertEqual(bare, [])

    def test_settings_lead_to_another_broker_and_back(self):
        page = self.open("?url=ws://127.0.0.1:1")
        page.until_text("#banner", "nothing answers there")
        page.click("#open-settings")
        page.fill("input[name=url]", f"ws://127.0.0.1:{self.broker.web_port}")
        page.click("#settings button.primary")
        page.until_text("#connection", "connected to")


class Login(ViewerCase):
    BROKER = {"allow_anonymous true": "allow_anonymous false"}

    def test_a_refused_login_says_so(self):
        page = self.open()
        page.until_text("#banner", "does not let this page in")


class Screenshots(ViewerCase):
    """Makes the pictures of the documentation where EDGE_SCREENSHOTS names a folder."""

    def test_pictures_of_the_page(self):
        self.start_agent()
        for name, options in (("viewer", {}), ("viewer-ko-dark", {"language": "ko-KR", "dark": True, "width": 420, "height": 1500})):
            page = self.open(**options)
            page.until(lambda page=page: page.find("#device").is_displayed(), "no device")
            page.fill("#interval", "100ms")
            page.click("#start")
            page.until(lambda page=page: page.all("#chart canvas"), "no chart")
            page.click("#capture")
            page.until(lambda page=page: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture")
            page.fill("#count", "5")
            page.fill("#every", "100ms")
            page.click("#series")
            page.until(lambda page=page: len(page.all("#thumbnails button")) == 6, "no series")
            page.until(lambda page=page: len(page.texts("#log li")) == 3, "no answers")
            png = page.driver.get_screenshot_as_png()
            self.assertGreater(len(png), 20000)
            if folder := os.environ.get("EDGE_SCREENSHOTS"):
                with open(f"{folder}/{name}.png", "wb") as file:
                    file.write(png)


if __name__ == "__main__":
    unittest.main()
