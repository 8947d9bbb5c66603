# SPDX-License-Identifier: MIT
"""What a person does with the viewer, in a real browser, with a real broker and the real agent."""

import base64
import hashlib
import io
import json
import math
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import scene
from browser import BUILD, ROOT, Browser, Device, ViewerCase, build_viewer, moment
from certificates import Authority
from support import PATIENCE, Client, die_with_parent, free_port, wait_for_port

EN_TIME = r"\d\d:\d\d:\d\d"


class OneDevice(ViewerCase):
    """A real agent."""

    def setUp(self):
        super().setUp()
        self.agent = self.start_agent()
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def test_readings_start_are_drawn_and_stop(self):
        page = self.page
        page.fill("#interval", "100ms")
        page.click("#start")
        page.until_text("#readings-feedback", "Start: done")
        page.until_text("#log li", "Start: done")
        page.until(lambda: "°C" in page.text("#sensors [data-sensor=room] .value"), "no reading is shown")
        page.until(lambda: page.all("#charts canvas"), "no chart is drawn")
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
        self.assertRegex(caption, f"^{EN_TIME} ", "24 hours, in every language")
        page.until_text("#capture-feedback", "Picture: done")
        self.assertRegex(page.find("#download").get_attribute("download"), r"^test-pi-20\d\d-.*\.jpg$")

    def test_a_series_shows_its_progress_and_its_end(self):
        page = self.page
        page.fill("#count", "4")
        page.fill("#every", "300ms")
        page.click("#series")
        page.until(lambda: page.text("#series-list") in ("1 of 4 pictures", "2 of 4 pictures", "3 of 4 pictures"), "no progress is shown")
        page.until_text("#series-feedback", "4 of 4 pictures taken")
        page.count("#thumbnails button", 4)
        page.count("#series-list li", 0)

    def test_running_series_are_shown_after_a_reload_and_can_be_cancelled(self):
        page = self.page
        self.assertFalse(page.find("#cancel").is_enabled(), "there is nothing to cancel")
        for count in ("100", "200"):
            page.fill("#count", count)
            page.click("#series")
        page.count("#series-list progress", 2)
        page.reload()
        page.until_text("#series-list", "of 100 pictures")
        page.until_text("#series-list", "of 200 pictures")
        page.click("#cancel")
        page.until_text("#log", "cancelled")
        page.count("#series-list li", 0)

    def test_what_the_agent_refuses_is_said_beside_the_control(self):
        page = self.page
        page.driver.execute_script("document.getElementById('size').append(new Option('5x5'))")
        page.find("#size").find_element(By.XPATH, "option[text()='5x5']").click()
        page.click("#capture")
        page.until_text("#capture-feedback", "invalid option")
        self.assertIn("error", page.find("#capture-feedback").get_attribute("class"))
        self.assertEqual(page.text("#readings-feedback"), "")

    def test_letters_do_not_command_and_arrows_scroll(self):
        page = self.page
        with Client(self.broker, "edge/test-pi/command") as listener:
            for key in ("s", "x", "c"):
                page.key(key)
            page.cdp("Emulation.setDeviceMetricsOverride", width=800, height=400, deviceScaleFactor=1, mobile=False)
            page.key(Keys.ARROW_DOWN)
            page.until(lambda: page.driver.execute_script("return scrollY") > 0, "↓ does not scroll")
            page.click("#capture")
            listener.wait("edge/test-pi/command")
            self.assertEqual([json.loads(m.payload)["command"] for m in listener.messages], ["capture"])

    def test_texts_of_strangers_stay_texts(self):
        page = self.page
        with Client(self.broker) as stranger:
            evil = '<img src=x onerror="document.title=1">'
            stranger.publish("edge/evil/info", '{"name": "%s"}' % evil.replace('"', '\\"'), retain=True)
            stranger.publish("edge/evil/status", evil, retain=True)
            stranger.publish("edge/evil/sensor/x", "no json")
            stranger.publish("edge/evil/health", "[1,", retain=True)
            stranger.publish("edge/odd/status", "online", retain=True)
            stranger.publish("edge/odd/info", '{"name":7,"capabilities":{"sensors":1,"gpio":{"outputs":{}},"camera":[]}}', retain=True)
            stranger.publish("edge/odd/health", '{"board":{"wifi":null,"addresses":7,"load_1m":"x","throttled":1},'
                             '"sensors":1,"gpio":[null],"time":[],"camera":{"running_series":"x"}}', retain=True)
            stranger.publish("edge/odd/sensor/x", '{"time":"2026-01-01T00:00:00Z","value":1,"unit":{},"quantity":[]}')
            stranger.publish("jpeg", b"\xff\xd8 no picture")
        page.until(lambda: any("<img" in text for text in page.texts("#devices button")), "the stranger is not listed")
        self.assertEqual(page.text("title"), "pi-edge viewer")
        page.click("[data-device=odd]")
        page.until_text("#device-name", "odd")
        page.click("[data-device=test-pi]")
        page.until_text("#device-name", "test-pi")
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture is shown")
        self.assertEqual(page.errors(), [])

    def test_what_cannot_be_drawn_keeps_no_other_device_from_it(self):
        page = self.page
        with Client(self.broker) as stranger:
            stranger.publish("edge/odd/status", "online", retain=True)
            stranger.publish("edge/odd/info", '{"capabilities":{"sensors":[null],"camera":{"backend":"other","topic":"odd"}}}', retain=True)
            stranger.publish("edge/odd/health", '{"camera":{"running_series":[{"transaction":"x","count":"many"}]}}', retain=True)
            stranger.publish("edge/odd/sensor/x", '{"time":"2026-01-01T00:00:00Z","value":1}')
            self.broker.wait_for_subscription("odd")
            stranger.publish("edge/odd/image", '{"time":"yesterday","bytes":4}')
            stranger.publish("odd", b"\xff\xd8\xff\xd9")
        page.until(lambda: "odd" in page.texts("#devices button span"), "the stranger is not listed")
        page.click("[data-device=odd]")
        page.until_text("#device-name", "odd")
        page.until_text("#picture-caption", "1 kB")
        page.click("[data-device=test-pi]")
        page.until_text("#device-name", "test-pi")
        self.assertEqual(page.errors(), [])

    def test_a_button_stays_where_it_is_while_news_come(self):
        """Else a press that has begun on it ends on another one, and is none."""
        page = self.page
        page.click("#capture")
        page.count("#thumbnails button", 1)
        page.driver.execute_script("for (const button of document.querySelectorAll('li button')) button.marked = true")
        with Client(self.broker) as other:
            other.publish("command", '{"command":"start","interval":"200ms"}')
            for _ in range(3):
                before = page.text("#sensors .hint")
                page.until(lambda before=before: page.text("#sensors .hint") != before, "no reading came")
            other.publish("command", "capture")
        page.count("#thumbnails button", 2)
        marked = page.driver.execute_script("return [...document.querySelectorAll('#devices button')].map((e) => e.marked)")
        self.assertEqual(marked, [True])
        page.count("#thumbnails img", 2)

    def test_what_an_older_configuration_left_is_not_shown(self):
        with Client(self.broker) as other:
            other.publish("edge/test-pi/sensor/ghost/status", "online", retain=True)
            other.publish("edge/test-pi/gpio/ghost", "ON", retain=True)
            other.publish("command", "start")
        self.page.until(lambda: "°C" in self.page.text("#sensors [data-sensor=room] .value"), "no reading is shown")
        self.page.count("#sensors li", 1)
        self.assertFalse(self.page.find("#gpio-section").is_displayed())


class Controls(ViewerCase):
    def setUp(self):
        super().setUp()
        self.client = self.connect("edge/pi/command", "edge/pi/gpio/+/set")
        self.device = Device(self.client, "pi", outputs=("pump",))
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def command(self, count=1):
        return json.loads(self.client.wait("edge/pi/command", count=count).payload)

    def test_fields_keep_their_limits_and_say_so_before_anything_is_sent(self):
        page = self.page
        for field, value, button, place in (("interval", "soon", "start", "readings"), ("interval", "1ms", "start", "readings"),
                                            ("quality", "101", "capture", "capture"), ("quality", "1.5", "capture", "capture")):
            page.fill(f"#{field}", value)
            page.click(f"#{button}")
            page.until(lambda place=place: page.text(f"#{place}-feedback") != "", f"nothing is said of {field} {value}")
            self.assertEqual(page.find(f"#{field}").get_attribute("aria-invalid"), "true")
            page.find(f"#{field}").clear()
        for field, value in (("count", "1"), ("count", "1001"), ("every", "1"), ("every", "2d")):
            good = page.find(f"#{field}").get_property("value")
            page.fill(f"#{field}", value)
            page.click("#series")
            page.until(lambda: page.text("#series-feedback") != "", f"nothing is said of {field} {value}")
            page.fill(f"#{field}", good)
        page.click("#stop")
        self.assertEqual(self.command()["command"], "stop", "nothing was sent before")

    def test_a_button_shows_that_it_waits(self):
        page = self.page
        page.click("#start")
        command = self.command()
        page.until(lambda: page.find("#start").get_attribute("aria-busy") == "true", "start does not wait")
        self.device.reply(status="ok", command="start", data={}, transaction=command["transaction"])
        page.until(lambda: page.find("#start").get_attribute("aria-busy") == "false", "start still waits")

    def test_an_output_that_cannot_be_switched_is_said_beside_it(self):
        page = self.page
        page.click("#gpio button")
        self.client.wait("edge/pi/gpio/pump/set")
        page.until(lambda: page.find("#gpio button").get_attribute("aria-busy") == "true", "the output does not wait")
        self.device.reply(status="error", command="set", code="internal", error="the line is in use", data={})
        page.until_text("#gpio-feedback", "internal error")
        self.assertEqual(page.find("#gpio button").get_attribute("aria-busy"), "false")

    def test_another_command_named_set_is_not_taken_for_a_switch(self):
        self.page.click("#gpio button")
        self.client.wait("edge/pi/gpio/pump/set")
        self.device.reply(status="error", command="set", code="busy", error="somebody's settings", data={}, transaction="somebody's")
        self.page.until_text("#log", "too many pictures")
        self.assertNotIn("too many", self.page.text("#gpio-feedback"))

    def test_a_device_without_a_camera_has_no_camera_controls(self):
        Device(self.client, "pi", camera="none")
        self.page.until_text("#no-picture", "no camera")
        self.assertFalse(self.page.find("#capture").is_displayed())


class Messages(ViewerCase):
    def setUp(self):
        super().setUp()
        self.client = self.connect()
        self.device = Device(self.client, "pi")
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def test_levels_differ_by_word_and_sign_and_the_list_shows_the_worst(self):
        page = self.page
        self.device.health(queued=2)
        page.until_text("#troubles .note", "Note")
        self.assertEqual(page.text("#devices .badge"), "online", "a backlog that is sent is good news")
        self.device.health(clock="unsynchronised")
        page.until_text("#troubles .warning", "Warning")
        self.assertEqual(page.text("#devices .badge"), "warning")
        self.device.health(queued=2, clock="unsynchronised", camera={"status": "offline", "error": "no camera found"})
        page.until_text("#troubles .error", "Error")
        self.assertEqual(page.text("#devices .badge"), "error")
        signs = page.driver.execute_script(
            "return [...document.querySelectorAll('#troubles li')].map((e) => getComputedStyle(e, '::before').content)")
        self.assertEqual(len(set(signs)), 3, signs)
        classes = page.driver.execute_script("return [...document.querySelectorAll('#troubles li')].map((e) => e.className)")
        self.assertEqual([name.split()[1] for name in classes], ["error", "warning", "note"])

    def test_the_backlog_counts_down_while_it_comes(self):
        page = self.page
        self.device.health(queued=2)
        page.until_text("#troubles .note", "2 to go")
        self.device.reading(20, age=60, live=False)
        page.until_text("#troubles .note", "1 to go")
        self.device.reading(20, age=50, live=False)
        page.count("#troubles li", 0)

    def test_undervoltage_and_throttling_are_said_in_words(self):
        page = self.page
        before, now, never = ({"now": now, "since_boot": since} for now, since in ((False, True), (True, True), (False, False)))
        self.device.health(board={"undervoltage": before, "throttled": never})
        page.until_text("#troubles .note", "undervoltage since the device started")
        self.assertEqual(page.text("#devices .badge"), "online", "it is over")
        self.device.health(board={"undervoltage": now, "throttled": now})
        page.until_text("#troubles .warning", "Undervoltage: the power supply or its cable is too weak")
        page.count("#troubles .warning", 2)
        self.assertEqual(page.text("#devices .badge"), "warning")
        page.find("#language").send_keys("한국어")
        page.until_text("#troubles", "저전압")
        self.device.health(board={"undervoltage": never, "throttled": never})
        page.count("#troubles li", 0)

    def test_the_board_shows_what_the_machine_has_and_only_that(self):
        page = self.page
        self.assertFalse(page.find("#board-section").is_displayed())
        self.device.health(board={"cpu_temperature_c": 52, "memory_available_kib": 305_000, "disk_free_kib": 12_000_000,
                                  "wifi": {"interface": "wlan0", "signal_dbm": -61}, "addresses": ["192.168.1.20", "fd00::20"]})
        page.count("#board dt", 5)
        self.assertEqual(page.texts("#board dt"), ["Processor", "Memory available", "Disk free", "Wi-Fi signal (wlan0)", "Addresses"])
        self.assertEqual(page.texts("#board dd"), ["52.0 °C", "312.3 MB", "12.3 GB", "-61 dBm", "192.168.1.20, fd00::20"])
        page.find("#language").send_keys("한국어")
        page.until_text("#board", "프로세서 온도")

    def test_an_offline_device_is_grey_was_last_seen_and_takes_no_commands(self):
        page = self.page
        self.device.retain("publishing", "ON")
        page.until_text("#publishing", "publishing")
        self.device.health(age=86400 * 400)
        self.device.retain("status", "offline")
        page.until_text("#device-state", "offline")
        for button in ("start", "stop", "capture", "series", "cancel"):
            self.assertFalse(page.find(f"#{button}").is_enabled(), button)
        self.assertFalse(page.find("#publishing").is_displayed())
        self.assertRegex(page.text("#last-seen"), f"last seen {EN_TIME}")
        self.assertIn("offline", page.find("#devices button").get_attribute("class"))
        page.reload()
        page.until(lambda: re.search(rf"last seen \d{{4}}-\d\d-\d\d {EN_TIME}", page.text("#last-seen")), "the health's time is not used")

    def test_forgetting_asks_first_and_deletes_for_everybody(self):
        page = self.page
        self.device.retain("status", "offline")
        page.until(lambda: page.find("#forget").is_displayed(), "cannot be forgotten")
        page.click("#forget")
        page.click("#forget-no")
        self.assertTrue(page.find("#device").is_displayed())
        page.click("#forget")
        page.click("#forget-yes")
        page.until(lambda: page.find("#no-devices").is_displayed(), "the device is still listed")
        with Client(self.broker, "edge/#") as client:
            client.publish("edge/end", "x")
            client.wait("edge/end")
            self.assertEqual([m.topic for m in client.messages if m.retain], [])


class ManyDevices(ViewerCase):
    def setUp(self):
        super().setUp()
        self.client = self.connect()
        for number in range(21, 0, -1):
            Device(self.client, f"id-{number}", label=f"garden {number}")

    def names(self, page):
        return page.texts("#devices button > span:first-child")

    def test_they_are_in_natural_order_can_be_searched_and_stay_selected(self):
        page = self.open()
        page.count("#devices button", 21)
        self.assertEqual(self.names(page), [f"garden {number}" for number in range(1, 22)])
        page.fill("#search", "GARDEN 2")
        page.count("#devices button", 3)
        page.fill("#search", "id-17")
        page.count("#devices button", 1)
        page.click("[data-device=id-17]")
        page.until_text("#device-name", "garden 17")
        page.reload()
        page.count("#devices button", 21)
        page.until_text("#device-name", "garden 17")

    def test_on_a_phone_the_list_folds_and_shows_the_selected_one(self):
        page = self.open(width=390, height=844)
        page.until_text("#open-picker", "21")
        page.until(lambda: page.find("#device").is_displayed(), "no device is selected")
        self.assertFalse(page.find("#devices").is_displayed())
        self.assertLess(page.find("#device-name").rect["y"], 300)
        page.click("#open-picker")
        page.fill("#search", "garden 20")
        page.count("#devices button", 1)
        page.click("[data-device=id-20]")
        page.until_text("#device-name", "garden 20")
        self.assertFalse(page.find("#devices").is_displayed(), "a choice closes the list")
        page.click("#open-picker")
        page.driver.execute_script("const s = document.getElementById('search'); s.value = ''; s.oninput()")
        page.count("#devices button", 21)
        hidden = """
            const devices = document.getElementById('devices');
            const list = devices.getBoundingClientRect();
            const selected = devices.querySelector('[aria-current=true]').getBoundingClientRect();
            return selected.bottom > list.bottom || selected.top < list.top;"""
        page.until(lambda: not page.driver.execute_script(hidden), "the selected device is out of sight")


class Chart(ViewerCase):
    def setUp(self):
        super().setUp()
        self.client = self.connect()
        self.device = Device(self.client, "pi")
        self.page = self.open(height=1000)
        self.page.until_text("#device-state", "online")

    def fill(self, count=40, step=10):
        for place in range(count):
            self.device.reading(20 + math.sin(place / 5), age=(count - place) * step)
        self.device.reading(21.5)
        self.page.until_text("#sensors [data-sensor=room] .value", "21.5")
        self.page.until(lambda: self.page.all("#charts canvas"), "no chart is drawn")

    def time_at(self, x):
        """What the legend says of the time at a place of the chart."""
        def is_shown():
            self.page.hover("#charts .u-over", x)  # again where the chart was drawn anew meanwhile: a new one has no pointer over it
            return re.search(f"{EN_TIME}$", self.page.text("#charts .u-value"))  # yesterday's has its date before it
        self.page.until(is_shown, "no time on hover")
        hours, minutes, seconds = map(int, self.page.text("#charts .u-value")[-8:].split(":"))
        return (hours * 60 + minutes) * 60 + seconds

    def span(self):
        """Seconds between two places, of which the first is left of the other."""
        return (self.time_at(350) - self.time_at(-350)) % 86400

    def test_values_show_on_hover_with_one_sensor(self):
        self.fill()
        self.time_at(0)
        self.page.until(lambda: re.fullmatch(r"\d\d\.\d °C", self.page.texts("#charts .u-value")[1]), "no value on hover")

    def test_a_zoom_stays_while_readings_come_until_it_is_reset(self):
        page = self.page
        self.fill()
        whole = self.span()
        self.assertGreater(whole, 250)
        page.drag("#charts .u-over", -100, 100)
        page.until(lambda: page.find("#unzoom").is_displayed(), "there is no zoom to reset")
        zoomed = self.span()
        self.assertLess(zoomed, whole / 2)
        self.device.reading(22.5)
        page.until_text("#sensors [data-sensor=room] .value", "22.5")
        self.assertEqual(self.span(), zoomed)
        page.click("#unzoom")
        self.assertGreaterEqual(self.span(), whole)

    def test_ranges_show_the_last_minutes(self):
        self.fill(count=100, step=60)
        self.assertGreater(self.span(), 4000)
        self.page.click("#ranges [value='3600']")
        self.assertLessEqual(self.span(), 3660, "the hour and one reading before it")
        self.page.click("#ranges [value='300']")
        self.assertLessEqual(self.span(), 360)

    def test_it_survives_a_change_of_theme_while_stopped(self):
        self.fill()
        self.page.set_dark(True)
        self.page.until(lambda: self.page.all("#charts canvas"), "the chart is gone")
        self.time_at(0)

    def test_its_labels_differ_and_nothing_empty_is_below(self):
        # What is drawn on a canvas can be read only while it is: `drawn` holds the labels of the last drawing.
        self.page.driver.execute_script("""
            window.drawn = [];
            const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
            CanvasRenderingContext2D.prototype.clearRect = function (...values) { window.drawn = []; clearRect.apply(this, values); };
            CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
                window.drawn.push(text);
                fillText.call(this, text, ...rest);
            };""")
        for place in range(5):
            self.device.reading(20 + place / 10, age=(5 - place) * 0.2)
        self.page.until_text("#sensors [data-sensor=room] .value", "20.4")
        drawn = self.page.driver.execute_script("return window.drawn")
        self.assertEqual(len(drawn), len(set(drawn)), drawn)
        rest = """
            const chart = document.getElementById('charts');
            return chart.getBoundingClientRect().bottom - chart.querySelector('.u-legend').getBoundingClientRect().bottom;"""
        self.assertLess(self.page.driver.execute_script(rest), 10)

    def test_each_quantity_has_a_chart_with_a_name_and_a_unit(self):
        for age in (20, 10, 0):
            self.device.reading("21.125", age, "room")
            self.device.reading("48.250", age, "cpu")
            self.device.reading("48.20", age, "damp", quantity="humidity", unit="%")
            self.device.reading("1006.50", age, "air", quantity="pressure", unit="hPa")
        self.page.count("#charts canvas", 3)
        self.assertEqual(self.page.texts("#charts figcaption"), ["Temperature (°C)", "Humidity (%)", "Pressure (hPa)"])
        legends = [[name for name in self.page.texts(f"#charts figure:nth-child({place}) .u-label")[1:]] for place in (1, 2, 3)]
        self.assertEqual(legends, [["room", "cpu"], ["damp"], ["air"]])
        self.page.find("#language").send_keys("한국어")
        self.page.until(lambda: self.page.texts("#charts figcaption") == ["온도 (°C)", "습도 (%)", "기압 (hPa)"], "no Korean names")

    def test_a_zoom_holds_for_the_charts_of_all_quantities(self):
        for age in range(100, -1, -10):
            self.device.reading("21.125", age, "room")
            self.device.reading("48.20", age, "damp", quantity="humidity", unit="%")
        self.page.count("#charts canvas", 2)
        second = "#charts figure:nth-child(2)"

        def right_end():
            self.page.hover(f"{second} .u-over", 100)
            return self.page.text(f"{second} .u-value")

        self.page.until(lambda: re.fullmatch(EN_TIME, right_end()), "no time on hover")
        before = right_end()
        self.page.drag("#charts figure:nth-child(1) .u-over", -150, -50)
        self.page.until(lambda: self.page.find("#unzoom").is_displayed(), "there is no zoom to reset")
        self.page.until(lambda: re.fullmatch(EN_TIME, right_end()) and right_end() < before, "the second chart is not zoomed")

    def test_values_keep_the_decimals_that_they_came_with(self):
        self.device.reading("23.000", sensor="room")
        self.page.until_text("#sensors [data-sensor=room] .value", "23.000 °C")
        self.device.reading("1006.50", sensor="air", quantity="pressure", unit="hPa")
        self.page.until_text("#sensors [data-sensor=air] .value", "1006.50 hPa")
        self.device.reading("620", sensor="co2", quantity="co2", unit="ppm")
        self.page.until_text("#sensors [data-sensor=co2] .value", "620 ppm")
        self.assertIn("CO₂", self.page.text("#sensors [data-sensor=co2] .hint"))


class Pictures(ViewerCase):
    def setUp(self):
        super().setUp()
        self.client = self.connect()
        self.device = Device(self.client, "pi")
        self.page = self.open(width=390, height=844)
        self.page.until_text("#device-state", "online")
        for age in (120, 60):
            self.device.picture(scene.garden(seed=age), age)
        self.page.count("#thumbnails button", 2)

    def source(self, selector="#picture-image"):
        return self.page.find(selector).get_attribute("src")

    def test_a_click_enlarges_and_escape_leads_back(self):
        page = self.page
        page.click("#enlarge")
        page.until(lambda: page.find("#enlarged-image").is_displayed(), "the picture is not enlarged")
        newest = self.source("#enlarged-image")
        page.find("#close-enlarged").send_keys(Keys.ARROW_LEFT)
        page.until(lambda: self.source("#enlarged-image") != newest, "← shows no older picture")
        older = self.source("#enlarged-image")
        self.device.picture(scene.garden(seed=3), 0)
        page.count("#thumbnails button", 3)
        self.assertEqual(self.source("#enlarged-image"), older, "what is looked at stays")
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        page.until(lambda: not page.find("#enlarged").is_displayed(), "Escape does not close it")
        self.assertEqual(page.driver.switch_to.active_element.get_attribute("id"), "enlarge")

    def test_a_button_downloads(self):
        page = self.page
        name = page.find("#download").get_attribute("download")
        page.click("#download")
        page.until(lambda: os.path.exists(f"{page.driver.downloads}/{name}"), "no file came")

    def test_arrows_move_among_the_thumbnails(self):
        page = self.page
        newest = self.source()
        page.find("#thumbnails button").send_keys(Keys.ARROW_RIGHT)
        page.until(lambda: self.source() != newest, "→ shows no older picture")
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
        page.until(lambda: self.source() == newest, "← does not lead back")

    def test_the_picture_stands_before_the_controls(self):
        self.assertLess(self.page.find("#picture").rect["y"], self.page.find("#capture").rect["y"])


class Broken(ViewerCase):
    def test_a_broker_that_goes_and_comes_back(self):
        self.start_agent()
        page = self.open()
        page.until_text("#device-state", "online")
        self.broker.stop()
        page.until_text("#banner", "No connection")
        page.until_text("#device-state", "unknown")
        page.until(lambda: not page.find("#capture").is_enabled(), "commands can be given that are not sent")
        self.broker.start()
        page.until_text("#connection", "Connected to")
        page.until_text("#device-state", "online")
        self.assertEqual(page.text("#banner"), "")
        page.click("#capture")
        page.until(lambda: page.find("#picture-image").get_property("naturalWidth") == 640, "no picture after the return")

    def test_a_broker_that_is_not_ready_is_tried_again(self):
        busy = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(busy.close)
        busy.settimeout(PATIENCE)
        page = self.open(f"?url=ws://127.0.0.1:{busy.getsockname()[1]}")
        for _ in range(2):
            connection, _ = busy.accept()
            with connection:
                request = connection.recv(4096)
                key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
                connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   b"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " +
                                   base64.b64encode(hashlib.sha1(key).digest()) + b"\r\n\r\n")
                connection.recv(4096)
                connection.sendall(b"\x82\x05\x20\x03\x00\x88\x00")  # a frame with a CONNACK of MQTT 5: server unavailable
                connection.recv(4096)
        page.until_text("#banner", "No connection")

    def test_a_device_that_goes_offline_and_is_forgotten(self):
        agent = self.start_agent()
        page = self.open()
        page.until_text("#device-state", "online")
        agent.stop()
        page.until_text("#device-state", "offline")
        page.click("#forget")
        page.click("#forget-yes")
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
        page.count("#devices button", 2)
        page.click("[data-device=south]")
        page.until_text("#device-name", "south")
        page.click("#capture")
        page.count("#thumbnails button", 1)
        page.click("[data-device=north]")
        page.until_text("#device-name", "north")
        page.count("#thumbnails button", 0)
        with Client(self.broker) as other:
            other.publish("command", "capture")
        page.count("#thumbnails button", 1)
        page.click("[data-device=south]")
        page.count("#thumbnails button", 2)
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
        client = self.connect()
        device = Device(client, "pi", outputs=("pump",))
        device.retain("publishing", "ON")
        page = self.open(language="ko-KR", width=390, height=900, dark=True)
        page.until_text("#device-state", "온라인")
        self.assertEqual(page.text("#capture"), "사진 찍기")
        self.assertEqual(page.text("#publishing"), "전송 중")
        self.assertEqual(page.text("#gpio button"), "pump 전환")
        self.assertEqual(page.style("body", "word-break"), "keep-all")
        self.assertEqual(page.find("html").get_attribute("lang"), "ko")
        device.reading(20.5)
        page.until_text("#charts", "시각")
        device.reply(status="error", command="capture", code="camera_unavailable", error="no camera found", data={})
        page.until_text("#log", "사진: 카메라를 사용할 수 없습니다")
        self.assertEqual(page.find("#log small").get_attribute("lang"), "en", "the agent's own sentence is marked as English")
        device.health(connection={"denied_topics": ["room/temp"]})
        page.until_text("#troubles", "접근 제어(ACL)에서 거부됨")
        too_wide = page.driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
        self.assertFalse(too_wide, "the page is wider than a phone")
        smallest = min(button.size["height"] for button in page.all("button") if button.is_displayed())
        self.assertGreaterEqual(smallest, 40, "a finger needs room")
        background = [int(part) for part in re.findall(r"\d+", page.style("body", "background-color"))[:3]]
        self.assertLess(sum(background), 200, "not dark")
        page.find("#language").send_keys("English")
        page.until_text("#capture", "Take a picture")
        page.until_text("#log", "Picture: the camera is not available")

    def test_every_text_is_there_in_both_languages(self):
        page = self.open()
        with open(f"{ROOT}/scripts/clients/viewer/src/texts.js", encoding="utf-8") as file:
            tables = re.findall(r"^  (?:en|ko): \{(.*?)^  \},", file.read(), re.MULTILINE | re.DOTALL)
        english, korean = (set(re.findall(r"(?:^|[,{]) *(\w+): \"", table, re.MULTILINE)) for table in tables)
        self.assertGreater(len(english), 100)
        self.assertEqual(english, korean)
        for language in ("English", "한국어"):
            page.find("#language").find_element(By.XPATH, f"option[text()='{language}']").click()
            bare = page.driver.execute_script(
                "return [...document.querySelectorAll('[data-text]')]"
                ".filter((e) => e.textContent === e.dataset.text).map((e) => e.dataset.text)")
            self.assertEqual(bare, [])


class Settings(ViewerCase):
    def stored(self, page, key="url"):
        return page.driver.execute_script("return localStorage.getItem(arguments[0])", f"pi-edge.{key}")

    def enter(self, page, url, base="edge/+"):
        page.fill("input[name=url]", url)
        page.fill("input[name=base]", base)
        page.click("#settings button.primary")

    def test_they_lead_to_another_broker_and_back(self):
        page = self.open("?url=ws://127.0.0.1:1")
        page.until_text("#banner", "nothing answers there")
        page.click("#open-settings")
        self.enter(page, f" 127.0.0.1:{self.broker.web_port}/ ")
        page.until_text("#connection", "Connected to")

    def test_what_an_address_leaves_out_is_filled_in(self):
        page = self.open()
        page.until_text("#connection", "Connected to")
        for typed, url in (("raspberrypi", "ws://raspberrypi:9001"), ("raspberrypi:8080", "ws://raspberrypi:8080"),
                           ("ws://pi.local", "ws://pi.local:9001"), ("http://pi:80/", "ws://pi:80"),
                           ("wss://broker.example/mqtt", "wss://broker.example/mqtt"), ("[::1]", "ws://[::1]:9001"),
                           ("10.0.0.7", "ws://10.0.0.7:9001")):
            page.click("#open-settings")
            self.enter(page, typed)
            page.until(lambda: not page.find("#settings").is_displayed(), f"{typed} is refused: {page.text('#url-feedback')}")
            self.assertEqual(self.stored(page), url)
        self.assertEqual(page.errors(), [])

    def test_what_is_no_address_is_refused_with_the_reason_and_not_kept(self):
        page = self.open()
        page.until_text("#connection", "Connected to")
        page.click("#open-settings")
        for typed in ("mqtt://raspberrypi", "mqtts://raspberrypi:8883", "ftp://raspberrypi", "35", "raspberrypi:90010", "a b",
                      "user:secret@raspberrypi", ""):
            self.enter(page, typed)
            page.until(lambda: page.text("#url-feedback") != "", f"nothing is said of {typed!r}")
            self.assertTrue(page.find("#settings").is_displayed(), typed)
            page.driver.execute_script("document.getElementById('url-feedback').textContent = ''")
        self.enter(page, "raspberrypi", base="edge/#")
        page.until(lambda: page.text("#base-feedback") != "", "nothing is said of the topics")
        self.assertIsNone(self.stored(page))
        page.click("#close-settings")
        self.assertIn("Connected to", page.text("#connection"))

    def test_a_bad_address_in_the_page_s_own_is_said_and_a_bad_stored_one_is_ignored(self):
        page = self.open("?url=mqtt://raspberrypi")
        page.until_text("#banner", "plain MQTT")
        page.driver.execute_script("localStorage.setItem('pi-edge.url', 'mqtt://x'); localStorage.setItem('pi-edge.base', 'no place')")
        page.open(self.broker)
        page.until_text("#connection", "Connected to")
        self.assertEqual(page.errors(), [])


class Login(ViewerCase):
    def setUp(self):
        self.passwords = tempfile.NamedTemporaryFile("w", prefix="edge-passwords-")
        self.addCleanup(self.passwords.close)
        subprocess.run(["mosquitto_passwd", "-b", self.passwords.name, "class", "a-long-word"], check=True)
        self.BROKER = {"allow_anonymous true": f"allow_anonymous false\npassword_file {self.passwords.name}"}
        super().setUp()

    def log_in(self, page, password):
        page.until(lambda: page.find("#settings").is_displayed(), "nothing asks for the login")
        for name, text in (("username", "class"), ("password", password)):
            field = page.find(f"#settings [name={name}]")
            field.clear()
            field.send_keys(text)
        page.click("#settings .primary")

    def test_a_refused_login_asks_for_another_one(self):
        page = self.open()
        self.log_in(page, "wrong")
        page.until(lambda: page.find("#settings").is_displayed(), "nothing asks again")
        self.assertIn("user name and password", page.text("#login-feedback"))
        self.assertEqual(page.driver.switch_to.active_element.get_attribute("name"), "password")
        self.log_in(page, "a-long-word")
        page.until_text("#connection", "Connected to")

    def test_without_one_the_page_still_says_so(self):
        page = self.open()
        page.until(lambda: page.find("#settings").is_displayed(), "nothing asks for the login")
        page.click("#close-settings")
        page.until_text("#banner", "refuses the connection")


class Encrypted(ViewerCase):
    """As config/mosquitto/tls-viewer.stunnel sets stunnel up, but for ports, files and user."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="edge-stunnel-")
        self.addCleanup(folder.cleanup)
        certificate, key = Authority(f"{folder.name}/authority").issue("127.0.0.1", kind="IP")
        self.port = free_port()
        with open(f"{ROOT}/config/mosquitto/tls-viewer.stunnel", encoding="utf-8") as file:
            text = file.read()
        for old, new in {"accept = 9443": f"accept = 127.0.0.1:{self.port}", "127.0.0.1:9001": f"127.0.0.1:{self.broker.web_port}",
                         "/etc/mosquitto/pi-edge/server.pem": str(certificate), "/etc/mosquitto/pi-edge/server.key": str(key),
                         "setuid = stunnel4\n": "", "setgid = stunnel4\n": ""}.items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = f"{folder.name}/stunnel.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        stunnel = subprocess.Popen(["stunnel4", path], stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.addCleanup(stunnel.wait)
        self.addCleanup(stunnel.terminate)
        wait_for_port(self.port, stunnel)

    def test_a_browser_opens_the_page_and_its_websocket(self):
        page = Browser()
        self.addCleanup(page.close)
        self.addCleanup(page.cdp, "Security.setIgnoreCertificateErrors", ignore=False)
        page.cdp("Security.setIgnoreCertificateErrors", ignore=True)
        page.driver.get(f"https://127.0.0.1:{self.port}/")
        page.until_text("#connection", f"Connected to wss://127.0.0.1:{self.port}")


class Denied(ViewerCase):
    def setUp(self):
        self.rules = tempfile.NamedTemporaryFile("w", prefix="edge-acl-", suffix=".acl")
        self.addCleanup(self.rules.close)
        self.allow("topic readwrite #\n")
        self.BROKER = {"max_packet_size 1000000": f"acl_file {self.rules.name}"}
        super().setUp()
        self.device = Device(self.connect(), "pi")
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def allow(self, rules):
        self.rules.seek(0)
        self.rules.truncate()
        self.rules.write(rules)
        self.rules.flush()

    def deny(self, topic):
        self.allow(f"topic readwrite #\ntopic deny {topic}\n")
        self.broker.process.send_signal(signal.SIGHUP)
        with open(f"{self.broker.directory}/log", encoding="utf-8") as log:
            self.page.until(lambda: "Reloading config" in log.read(), "the broker does not read its rules again")

    def test_a_command_that_the_broker_denies_says_so(self):
        self.deny("edge/+/command")
        self.page.click("#start")
        self.page.until_text("#readings-feedback", "denied")

    def test_a_device_that_the_broker_does_not_let_be_forgotten_says_so(self):
        self.device.retain("status", "offline")
        self.page.until(lambda: self.page.find("#forget").is_displayed(), "cannot be forgotten")
        Device(self.device.client, "other")  # the log is part of a device's page
        self.page.count("#devices button", 2)
        self.page.click("[data-device=pi]")
        self.page.until_text("#device-name", "pi")
        self.deny("edge/pi/#")
        self.page.click("#forget")
        self.page.click("#forget-yes")
        self.page.until_text("#log", "denies deleting")


class Licences(unittest.TestCase):
    """Of the packages that are in the page."""

    @classmethod
    def setUpClass(cls):
        build_viewer()

    def test_page_and_package_carry_the_notices_of_all_that_is_bundled(self):
        with open(f"{BUILD}-work/bundle.json", encoding="utf-8") as file:
            inputs = json.load(file)["outputs"]["viewer.js"]["inputs"]
        packages = {match[1] for path in inputs if (match := re.match(r"node_modules/((?:@[^/]+/)?[^/]+)/", path))}
        self.assertGreater(len(packages), 10)
        with open(f"{BUILD}/index.html", encoding="utf-8") as file:
            page = file.read()
        with open(f"{BUILD}/copyright", encoding="utf-8") as file:
            paragraphs = re.findall(r"^Files: node_modules/(.*)/\*$\nCopyright: .*\d|^Files: node_modules/(.*)/\*$\nCopyright: ",
                                    file.read(), re.MULTILINE)
        listed = {name or other for name, other in paragraphs}
        for package in packages:
            self.assertIn(package, listed)
            self.assertRegex(page, rf"(?m)^{re.escape(package)} \d+\.\d+\.\d+ \(")
        for notice in ("Feross Aboukhadijeh", "Joyent, Inc.", "MQTT.js contributors", "Leon Sorokin", "The pi-edge-agent authors"):
            self.assertIn(notice, page)

    def test_the_lock_file_names_no_registry(self):
        with open(f"{ROOT}/scripts/clients/viewer/package-lock.json", encoding="utf-8") as file:
            packages = json.load(file)["packages"]
        self.assertEqual([name for name, package in packages.items() if "resolved" in package], [])
        self.assertEqual([name for name, package in packages.items() if name and "integrity" not in package], [])


class Screenshots(ViewerCase):
    """Makes the pictures of the documentation where EDGE_SCREENSHOTS names a folder, with the photograph that EDGE_PHOTOGRAPH names."""

    @staticmethod
    def frame(place):
        if not (file := os.environ.get("EDGE_PHOTOGRAPH")):
            return scene.garden(0.8 + place * 0.04, seed=place)
        with Image.open(file) as photograph:
            height = photograph.height - 12
            left, top = photograph.width - height * 4 // 3 - 6 * (6 - place), 2 * (6 - place)
            part = photograph.convert("RGB").crop((left, top, left + height * 4 // 3, top + height)).resize(scene.SIZE, Image.LANCZOS)
        jpeg = io.BytesIO()
        part.point(lambda value: round(value * (0.88 + place * 0.02))).save(jpeg, "JPEG", quality=85)
        return jpeg.getvalue()

    def test_pictures_of_the_page(self):
        client = self.connect()
        device = Device(client, "garden", label="Garden", outputs=("pump",))
        Device(client, "workshop", label="Workshop")
        Device(client, "greenhouse", label="Greenhouse").retain("status", "offline")
        device.retain("publishing", "ON")
        device.retain("schedule/timelapse/enabled", "ON")
        device.retain("schedule/timelapse/next", moment(240))
        device.retain("camera/motion/enabled", "ON")
        page = self.open(width=1200, height=1548)
        page.click("[data-device=garden]")
        for place in range(360):
            age = (360 - place) * 10
            device.reading(round(21.4 + 1.3 * math.sin(place / 75) + 0.3 * math.sin(place / 13) + 0.05 * math.sin(place * 2.3), 2), age)
            device.reading(round(52 - 4 * math.sin(place / 75) + math.sin(place / 17), 1), age, "damp", quantity="humidity", unit="%")
        for place in range(6):
            device.picture(self.frame(place), (6 - place) * 600)
        page.count("#thumbnails button", 6)
        page.hover("#charts .u-over", 120)
        for name, options in (("viewer", {"width": 1200, "height": 1548}), ("viewer-ko-dark", {"width": 420, "height": 1500})):
            page.cdp("Emulation.setDeviceMetricsOverride", deviceScaleFactor=1, mobile=False, **options)
            png = page.driver.get_screenshot_as_png()
            self.assertGreater(len(png), 20000)
            if folder := os.environ.get("EDGE_SCREENSHOTS"):
                image = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
                image.save(f"{folder}/{name}.png", optimize=True)
            page.find("#language").send_keys("한국어")
            page.set_dark(True)


if __name__ == "__main__":
    unittest.main()
