# SPDX-License-Identifier: MIT
"""The archive of pictures by day, and the export of readings."""

import datetime
import functools
import io
import json
import os
import re
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from PIL import Image, ImageDraw
from selenium.webdriver.common.keys import Keys

import scene
from browser import Device, ViewerCase
from support import Client

UTC = datetime.timezone.utc


def moment_of(time):
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Keeper(Device):
    """An agent with pictures of days that are over, which a real one cannot have within a test. It answers as soon as a command comes;
    `commands` has them all."""

    def __init__(self, broker, name, pictures=()):
        self.pictures = sorted(pictures, key=lambda picture: picture["time"], reverse=True)
        self.commands = []
        self.lost = set()  # ids of pictures that cannot be read
        self.silent = False
        self.readings = ()  # oldest first; None = the journal does not keep them
        self.handlers = {"pictures": self.list, "fetch": self.fetch, "readings": self.read}
        client = Client(broker, f"edge/{name}/command", protocol=mqtt.MQTTv5)
        super().__init__(client, name)
        client.paho.on_message = self.on_command

    def on_command(self, _client, _userdata, message):
        command = json.loads(message.payload)
        self.commands.append(command)
        if self.silent:
            return
        handler = self.handlers.get(command["command"])
        data = handler(command) if handler else None
        good = {"status": "ok", "data": data}
        bad = {"status": "error", "code": "invalid_option" if handler else "unknown_command", "error": "there is no such thing", "data": {}}
        self.send(f"{self.base}/response", json.dumps({**(bad if data is None else good), "command": command["command"],
                                                       "transaction": command["transaction"]}))

    def send(self, topic, payload, **properties):
        packet = Properties(PacketTypes.PUBLISH)
        for pair in properties.items():
            packet.UserProperty = pair
        self.client.paho.publish(topic, payload, 1, False, packet)

    def list(self, command):
        return self.page_of("pictures", self.pictures, command)

    @staticmethod
    def page_of(name, entries, command, most=1000):
        found = [entry for entry in entries if command.get("since", "") <= entry["time"] < command.get("until", "9999")]
        last = min(command.get("last", 20), most)
        return {name: found[:last], "more": len(found) > last}

    def read(self, command):
        """At most 40 fit into a reply."""
        return None if self.readings is None else self.page_of("readings", self.readings[::-1], command, 40)

    def fetch(self, command):
        if command["id"] in self.lost:
            return None
        width = command.get("width", 1280)
        picture = next(picture for picture in self.pictures if picture["id"] == command["id"])
        self.send(f"{self.base}/picture/{picture['id']}", scaled(picture["seed"], width), transaction=command["transaction"])
        return {"id": picture["id"], "width": width}

    def asked(self, name):
        return [command for command in self.commands if command["command"] == name]


@functools.cache
def photograph(light, seed):
    return Image.open(io.BytesIO(scene.garden(light, seed=seed)))


def scaled(seed, width):
    image = photograph(0.5 + seed % 5 / 10, seed % 2).resize((width, width * 3 // 4))
    ImageDraw.Draw(image).text((8, 8), str(seed), fill="white")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=60)
    return file.getvalue()


def picture(time, seed, trigger="command"):
    return {"id": f"a-{seed}", "time": moment_of(time), "width": 1280, "height": 960, "bytes": 90_000, "trigger": trigger, "seed": seed}


class ArchiveCase(ViewerCase):
    def setUp(self):
        super().setUp()
        self.today = datetime.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)

    def keep(self, pictures=(), **health):
        self.device = Keeper(self.broker, "pi", pictures)
        self.addCleanup(self.device.client.close)
        self.device.health(archive={"status": "ok", **health})

    def open_archive(self, **options):
        self.page = self.open(**options)
        self.page.until_text("#device-state", "online")
        self.page.click("#open-archive")
        return self.page

    def day(self, ago, count, first=0):
        """So many pictures of a day, a minute apart from its noon."""
        noon = self.today - datetime.timedelta(days=ago) + datetime.timedelta(hours=12)
        return [picture(noon + datetime.timedelta(minutes=place), first + place, "schedule:timelapse") for place in range(count)]

    def until_shown(self, count):
        """The small pictures are there."""
        drawn = "return [...document.querySelectorAll('#tiles img')].filter((image) => image.naturalWidth > 0).length"
        self.page.until(lambda: self.page.driver.execute_script(drawn) == count, f"not {count} pictures are shown")


class Archive(ArchiveCase):
    def test_the_newest_day_is_shown_and_arrows_lead_over_days_without_pictures(self):
        self.keep(self.day(2, 3) + self.day(9, 2, first=50))
        page = self.open_archive()
        page.count("#tiles button", 3)
        self.until_shown(3)
        self.assertEqual([text[:5] for text in page.texts("#tiles span")], ["12:02", "12:01", "12:00"])
        page.until_text("#tiles", "schedule timelapse")
        page.until_text("#archive-count", "3 pictures")
        newest = page.find("#day").get_property("value")
        self.assertEqual(newest, f"{self.today - datetime.timedelta(days=2):%Y-%m-%d}")
        page.click("#day-before")
        page.count("#tiles button", 2)
        page.click("#day-before")
        page.until_text("#archive-message", "no older pictures")
        page.click("#day-after")
        page.count("#tiles button", 3)
        self.assertEqual(page.find("#day").get_property("value"), newest)
        page.click("#day-after")
        page.until_text("#archive-message", "No picture of this day")
        self.assertEqual(page.errors(), [])

    def test_a_press_shows_the_whole_picture_arrows_its_neighbours_and_escape_leads_back(self):
        self.keep(self.day(0, 3))
        page = self.open_archive()
        self.until_shown(3)
        page.click("#tiles li:nth-child(2) button")
        page.until(lambda: page.find("#enlarged-image").get_property("naturalWidth") == 1280, "the whole picture is not shown")
        page.until(lambda: page.find("#enlarged-download").is_displayed(), "it cannot be downloaded")
        whole = self.device.asked("fetch")[-1]
        self.assertEqual((whole["id"], whole.get("width"), whole.get("quality")), ("a-1", None, None))
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
        page.until_text("#enlarged-caption", "12:00:00")
        page.until(lambda: not page.find("#older").is_enabled(), "there is none before the first")
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        page.until_text("#enlarged-caption", "12:01:00")
        name = page.find("#enlarged-download").get_attribute("download")
        self.assertRegex(name, r"^pi-20.*\.jpg$")
        page.click("#enlarged-download")
        page.until(lambda: os.path.exists(f"{page.driver.downloads}/{name}"), "no file came")
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        page.until(lambda: not page.find("#enlarged").is_displayed(), "Escape does not close the picture")
        self.assertTrue(page.find("#archive").is_displayed(), "Escape closes one thing")
        self.assertEqual(page.driver.switch_to.active_element.get_attribute("data-id"), "a-1")
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        page.until(lambda: not page.find("#archive").is_displayed(), "Escape does not close the archive")
        self.assertEqual(page.driver.switch_to.active_element.get_attribute("id"), "open-archive")
        self.assertEqual(page.errors(), [])

    def test_only_what_comes_into_view_is_fetched_and_small(self):
        self.keep(self.day(0, 150))
        page = self.open_archive(height=700)
        page.count("#tiles button", 150)
        page.until(lambda: len(page.all("#tiles img[src]")) >= 6, "nothing is fetched")
        page.driver.execute_script("document.querySelector('#tiles li:last-child').scrollIntoView()")
        page.until(lambda: page.all("#tiles li:last-child img[src]"), "the last one is not fetched")
        asked = self.device.asked("fetch")
        self.assertLess(len(asked), 130)
        self.assertEqual({(command["width"], command["quality"]) for command in asked}, {(240, 50)})

    def test_a_long_day_comes_in_pages(self):
        self.keep(self.day(0, 230))
        page = self.open_archive(height=600)
        page.count("#tiles button", 200)
        page.until_text("#archive-count", "the last 200 pictures")
        page.click("#archive-more")
        page.count("#tiles button", 230)
        page.until_text("#archive-count", "230 pictures")
        self.assertFalse(page.find("#archive-more").is_displayed())
        self.assertTrue(all(command["last"] <= 201 for command in self.device.asked("pictures")))

    def test_small_pictures_beyond_a_limit_are_freed_and_fetched_again(self):
        self.keep(self.day(0, 400))
        page = self.open(height=500)
        page.driver.execute_script("""
            window.urls = 0;
            const { createObjectURL, revokeObjectURL } = URL;
            URL.createObjectURL = (blob) => { window.urls += 1; return createObjectURL.call(URL, blob); };
            URL.revokeObjectURL = (url) => { window.urls -= 1; revokeObjectURL.call(URL, url); };""")
        page.until_text("#device-state", "online")
        page.click("#open-archive")
        self.page = page
        page.count("#tiles button", 200)
        page.click("#archive-more")
        page.count("#tiles button", 400)
        drawn = """
            const tiles = [...document.querySelectorAll("#tiles li")].slice(arguments[0], arguments[0] + 12);
            return tiles.every((tile) => tile.querySelector("img[src]"));"""
        for place in range(0, 400, 12):
            page.driver.execute_script("document.querySelectorAll('#tiles li')[arguments[0]].scrollIntoView()", place)
            page.until(lambda place=place: page.driver.execute_script(drawn, place), f"the pictures from {place} are not fetched")
        self.assertLessEqual(page.driver.execute_script("return window.urls"), 300)
        page.driver.execute_script("document.querySelector('#tiles li').scrollIntoView()")
        page.until(lambda: page.all("#tiles li:nth-child(1) img[src]"), "the first one is not fetched again")
        page.click("#close-archive")
        page.until(lambda: page.driver.execute_script("return window.urls") == 0, "a closed archive keeps pictures")

    def test_a_picture_that_is_lost_says_so(self):
        self.keep(self.day(0, 2))
        self.device.lost.add("a-0")
        page = self.open_archive()
        page.count("#tiles .failed", 1)
        page.click("#tiles .failed")
        page.until_text("#enlarged-caption", "there is no such thing")
        self.assertFalse(page.find("#enlarged-download").is_displayed())

    def test_another_client_s_fetch_of_the_same_picture_is_not_taken(self):
        self.keep(self.day(0, 1))
        page = self.open_archive()
        self.until_shown(1)
        self.device.silent = True
        page.click("#tiles button")
        page.until(lambda: len(self.device.asked("fetch")) == 2, "the whole picture is not asked for")
        self.device.send("edge/pi/picture/a-0", scaled(1, 64), transaction="somebody's")
        self.device.send("edge/pi/picture/a-0", scaled(0, 1280), transaction=self.device.asked("fetch")[1]["transaction"])
        page.until(lambda: page.find("#enlarged-image").get_property("naturalWidth") == 1280, "the whole picture is not shown")

    def test_what_cannot_be_shown_is_explained(self):
        page = None
        for health, text in (({"status": "off"}, "turns the archive on"), ({"status": "ok"}, "The archive is empty")):
            self.keep(**health)
            page = self.open_archive()
            page.until_text("#archive-message", text)
            self.assertFalse(page.find("#day").is_enabled())
            page.close()
        self.assertEqual(page.errors(), [])

    def test_an_agent_that_does_not_know_it_is_named(self):
        self.keep()
        self.device.handlers.clear()
        self.open_archive().until_text("#archive-message", "too old for an archive")

    def test_it_continues_when_the_device_is_back(self):
        self.keep(self.day(0, 2))
        page = self.open_archive()
        self.until_shown(2)
        self.device.retain("status", "offline")
        page.until_text("#archive-message", "No connection to the device")
        self.device.pictures = self.day(0, 3)[::-1]
        self.device.retain("status", "online")
        page.count("#tiles button", 3)
        self.assertEqual(page.text("#archive-message"), "")

    def test_texts_and_ids_of_strangers_do_no_harm(self):
        self.keep([{**picture(self.today, 0), "id": "+", "trigger": "<img src=x>"}, {**picture(self.today, 1), "trigger": "constructor"},
                   {**picture(self.today, 2), "time": "no time"}])
        page = self.open_archive()
        page.count("#tiles button", 2)
        page.until_text("#tiles", "<img src=x>")
        self.until_shown(1)
        self.assertNotIn("+", [command["id"] for command in self.device.asked("fetch")])
        self.assertEqual(page.errors(), [])

    def test_on_a_phone_it_is_one_column_with_room_for_fingers(self):
        self.keep(self.day(0, 3))
        page = self.open_archive(width=390, height=800, dark=True)
        self.until_shown(3)
        rects = page.driver.execute_script(
            "return [...document.querySelectorAll('#tiles button')].map((button) => button.getBoundingClientRect().toJSON())")
        self.assertEqual(len({rect["left"] for rect in rects}), 1)
        self.assertTrue(all(rect["height"] >= 44 for rect in rects))
        self.assertFalse(page.driver.execute_script("const a = document.getElementById('archive'); return a.scrollWidth > a.clientWidth"))


class Export(ArchiveCase):
    def setUp(self):
        super().setUp()
        self.keep()
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def stored(self, count, step=60):
        """Of the last minutes, oldest first; the last one is `step` seconds old."""
        now = datetime.datetime.now(UTC)
        times = [now - datetime.timedelta(seconds=(count - place) * step) for place in range(count)]
        return [{"sensor": "room", "value": 20 + place / 10, "unit": "°C", "time": moment_of(time)} for place, time in enumerate(times)]

    def export(self, said):
        """Lines of the file."""
        page = self.page
        page.click("#csv")
        page.click("#export-start")
        page.until_text("#export-feedback", said)
        today = datetime.datetime.now()
        names = [name for name in os.listdir(page.driver.downloads) if name.startswith("pi-readings-20") and name.endswith(".csv")]
        self.assertIn(f"{today:%Y-%m-%d}", names[0])
        path = f"{page.driver.downloads}/{names[0]}"
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
        os.remove(path)
        self.assertTrue(text.endswith("\r\n"))
        return text.split("\r\n")[:-1]

    def test_the_journal_s_readings_and_those_of_the_page_are_one_table(self):
        self.device.readings = self.stored(100)
        self.device.client.publish("edge/pi/sensor/room", json.dumps(self.device.readings[-1]))  # which the journal has, too
        self.device.reading(45.25, age=1, sensor="cpu")
        self.page.until_text("#sensors [data-sensor=cpu] .value", "45.25")
        lines = self.export("101 readings, 100 of them from the device's journal")
        self.assertEqual(lines[0], "time,sensor,value,unit")
        self.assertRegex(lines[1], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,room,20,°C$")
        self.assertRegex(lines[-1], ",cpu,45.25,°C$")
        self.assertEqual(lines[1:], sorted(lines[1:]))
        self.assertEqual(len(lines), 102)
        self.assertGreaterEqual(len(self.device.asked("readings")), 3, "replies are bounded")

    def test_a_device_that_does_not_keep_all_says_so(self):
        self.device.readings = None
        self.device.reading(20.5)
        self.page.until_text("#sensors [data-sensor=room] .value", "20.5")
        self.assertEqual(len(self.export("does not keep all readings")), 2)

    def test_an_agent_that_does_not_know_it_is_named(self):
        self.device.handlers.clear()
        self.device.reading(20.5)
        self.page.until_text("#sensors [data-sensor=room] .value", "20.5")
        self.assertEqual(len(self.export("too old to list")), 2)

    def test_a_choice_of_time_is_kept_to(self):
        self.device.readings = self.stored(30, step=3600)
        self.device.reading(20.5)
        self.page.until_text("#sensors [data-sensor=room] .value", "20.5")
        self.page.click("#csv")
        self.page.driver.execute_script("""
            const { since, until } = document.getElementById("export-form").elements;
            since.value = until.value = "2020-01-01T00:00";""")
        self.page.click("#export-start")
        self.page.until_text("#export-feedback", "No readings in this time")
        self.assertRegex(self.device.asked("readings")[-1]["since"], r"^20(19-12-31|20-01-01)T")

    def test_a_spreadsheet_gets_no_formula_of_a_stranger(self):
        entry = self.stored(1)[0]
        self.device.readings = [{**entry, "sensor": "=cmd|' /c calc'!A0"}, {**entry, "sensor": '@a,"b', "unit": "-1+1"}]
        self.device.reading(20.5)
        self.page.until_text("#sensors [data-sensor=room] .value", "20.5")
        lines = self.export("3 readings")
        self.assertTrue(any(",'=cmd|' /c calc'!A0," in line for line in lines), lines)
        self.assertTrue(any(',"\'@a,""b",' in line and line.endswith(",'-1+1") for line in lines), lines)


class RealAgent(ViewerCase):
    """With an archive and a journal of all readings."""

    def setUp(self):
        super().setUp()
        self.start_agent(extra='readings = "all"\n[archive]\nmax_size = "50MiB"\nmin_free = "0MiB"\n')
        self.page = self.open()
        self.page.until_text("#device-state", "online")

    def test_pictures_are_listed_shown_small_and_whole(self):
        page = self.page
        for count in (1, 2):
            page.click("#capture")
            page.count("#thumbnails button", count)
        page.until_text("#capture-feedback", "done")
        page.click("#open-archive")
        page.count("#tiles button", 2)
        drawn = "return [...document.querySelectorAll('#tiles img')].map((image) => [image.naturalWidth, image.naturalHeight])"
        page.until(lambda: page.driver.execute_script(drawn) == [[240, 180]] * 2, "the small pictures are not shown")
        page.click("#tiles button")
        page.until(lambda: page.find("#enlarged-image").get_property("naturalWidth") == 640, "the whole picture is not shown")
        page.until_text("#enlarged-caption", "640×480")
        page.until_text("#enlarged-caption", "on command")
        self.assertEqual(page.errors(), [])

    def test_readings_of_the_journal_are_exported(self):
        page = self.page
        with Client(self.broker) as other:
            other.publish("command", '{"command":"start","interval":"100ms"}')
        page.until(lambda: "°C" in page.text("#sensors [data-sensor=room] .value"), "no reading is shown")
        page.reload()  # what this page has received is gone
        page.until(lambda: page.find("#csv").is_displayed(), "nothing can be exported")
        page.click("#csv")
        page.click("#export-start")
        page.until_text("#export-feedback", "from the device's journal")
        count, stored = map(int, re.findall(r"\d+", page.text("#export-feedback")))
        self.assertGreaterEqual(stored, 1)
        self.assertGreaterEqual(count, stored)


if __name__ == "__main__":
    unittest.main()
