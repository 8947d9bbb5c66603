# SPDX-License-Identifier: MIT
"""Pictures: what is asked for is what comes."""

import datetime
import io
import subprocess
import unittest

import paho.mqtt.client as mqtt
from PIL import Image

from support import BASE, RESPONSE, AgentCase, decoded


def opened(message):
    image = Image.open(io.BytesIO(message.payload))
    image.load()
    return image


class Captures(AgentCase):
    def test_size_and_quality_are_as_asked(self):
        sizes = []
        for width, height, quality in ((64, 64, 90), (320, 240, 10), (320, 240, 100), (1280, 720, 80)):
            with self.subTest(width=width, height=height, quality=quality):
                request = {"command": "capture", "width": width, "height": height, "quality": quality}
                self.assert_ok(self.client.command(request), "capture")
                message = self.client.on("jpeg")[-1]
                self.assertEqual(opened(message).size, (width, height))
                sizes.append(len(message.payload))
        self.assertLess(sizes[1], sizes[2], "quality 10 is smaller than quality 100")

    def test_other_decoders_take_it_too(self):
        self.client.command("capture")
        jpeg = self.client.wait("jpeg").payload
        self.assertEqual((jpeg[:2], jpeg[-2:]), (b"\xff\xd8", b"\xff\xd9"))
        decoder = subprocess.run(["djpeg"], input=jpeg, capture_output=True, check=True)
        self.assertTrue(decoder.stdout.startswith(b"P6\n640 480\n"))
        self.assertEqual(decoder.stderr, b"")

    def test_the_description_fits_the_picture(self):
        before = datetime.datetime.now(datetime.timezone.utc)
        request = {"command": "capture", "quality": 77, "transaction": "d"}
        reply = self.assert_ok(self.client.command(request), "capture")
        jpeg = self.client.wait("jpeg").payload
        said = decoded(self.client.wait(f"{BASE}/image"))
        self.assertEqual((said["width"], said["height"], said["quality"]), (640, 480, 77))
        self.assertEqual(said["bytes"], len(jpeg))
        self.assertEqual(said["transaction"], "d")
        self.assertNotIn("reduced", said)
        taken = datetime.datetime.fromisoformat(said["time"].replace("Z", "+00:00"))
        self.assertGreaterEqual(taken, before - datetime.timedelta(milliseconds=2), "taken after the command")
        self.assertEqual(reply["transaction"], "d")

    def test_mqtt5_clients_see_what_it_is(self):
        watcher = self.connect("jpeg", protocol=mqtt.MQTTv5)
        self.client.command({"command": "capture", "transaction": "p"})
        properties = watcher.wait("jpeg").properties
        self.assertEqual(properties.ContentType, "image/jpeg")
        user = dict(properties.UserProperty)
        self.assertEqual(user["transaction"], "p")
        self.assertEqual(user["id"], decoded(self.client.wait(f"{BASE}/image"))["id"])
        self.assertIn("time", user)

    def test_many_at_once_get_a_picture_each(self):
        for number in range(20):
            self.client.publish("command", f'{{"command":"capture","transaction":"{number}"}}')
        self.client.wait(RESPONSE, count=20)
        self.client.wait("jpeg", count=20)
        replies = [decoded(m) for m in self.client.on(RESPONSE)]
        self.assertEqual([r["transaction"] for r in replies], [str(n) for n in range(20)])
        self.assertEqual({r["status"] for r in replies}, {"ok"})
        identities = {decoded(m)["id"] for m in self.client.on(f"{BASE}/image")}
        self.assertEqual(len(identities), len(self.client.on(f"{BASE}/image")))

    def test_a_series_is_answered_once_when_it_is_complete(self):
        reply = self.client.command({"command": "capture", "count": 5, "every": "100ms"})
        self.assert_ok(reply, "capture")
        self.assertIn(5, reply["data"].values(), reply)
        self.client.wait("jpeg", count=5)
        self.client.silence("jpeg", 0.5)
        self.assertEqual(len(self.client.on(RESPONSE)), 1)

    def test_cancel_ends_a_series_and_other_pictures_go_in_between(self):
        self.client.publish("command", '{"command":"capture","count":1000,"every":"200ms","transaction":"long"}')
        self.client.wait("jpeg", count=2)
        self.assert_ok(self.client.command({"command": "capture", "width": 64, "height": 64}), "capture")
        self.assertIn((64, 64), [opened(m).size for m in self.client.on("jpeg")])

        self.client.publish("command", "cancel")
        replies = [decoded(self.client.wait(RESPONSE, count=n)) for n in (2, 3)]
        by_command = {reply["command"]: reply for reply in replies}
        self.assert_ok(by_command["cancel"], "cancel")
        self.assertEqual(self.assert_error(by_command["capture"], "cancelled")["transaction"], "long")
        self.client.silence("jpeg", 0.5)

    def test_controls_that_the_camera_does_not_have_are_refused_and_change_nothing(self):
        before = len(self.client.on("jpeg"))
        for count in (1, 5):
            request = {"command": "capture", "controls": {"ExposureTime": 20000}}
            reply = self.client.command(request if count == 1 else {**request, "count": count})
            self.assert_error(reply, "invalid_option")
            self.assertIn("controls.ExposureTime", reply["error"])
        self.assert_ok(self.client.command({"command": "capture", "settle": False}), "capture")
        self.assertEqual(len(self.client.on("jpeg")), before + 1)
        self.assertEqual(self.client.on(f"{BASE}/camera/status")[-1].payload, b"online")

    def test_cancel_without_a_series_is_fine(self):
        self.assert_ok(self.client.command("cancel"), "cancel")

    def test_impossible_options_are_refused_and_take_no_picture(self):
        for options in (
            {"width": 63},
            {"width": 641},
            {"width": 10000},
            {"height": 0},
            {"height": -480},
            {"height": 6946},
            {"width": "640"},
            {"width": 640.5},
            {"width": 1e300},
            {"quality": 0},
            {"quality": 101},
            {"quality": True},
            {"count": 0},
            {"count": 1001, "every": "1s"},
            {"every": "1s"},
            {"count": 1, "every": "1s"},
            {"count": 2, "every": 5},
            {"timeout": "soon"},
            {"interval": "1s"},
        ):
            with self.subTest(options=options):
                self.assert_error(self.client.command(dict(options, command="capture")), "invalid_option")
        self.client.silence("jpeg", 0.3)
        self.assertEqual(self.client.on("jpeg"), [])


class SmallLimit(AgentCase):
    EXTRA = "\n[image]\nmax_bytes = 20000\n"

    def test_a_picture_that_is_too_large_comes_smaller_and_says_so(self):
        request = {"command": "capture", "width": 1920, "height": 1080, "quality": 100}
        self.assert_ok(self.client.command(request), "capture")
        self.assertLessEqual(len(self.client.wait("jpeg").payload), 20000)
        opened(self.client.wait("jpeg"))
        self.assertTrue(decoded(self.client.wait(f"{BASE}/image"))["reduced"])


if __name__ == "__main__":
    unittest.main()
