# SPDX-License-Identifier: MIT
"""Motion before the real camera program, which replays pictures that the test makes; with and without a broker."""

import io
import os
import shutil
import tempfile
import unittest

from PIL import Image, ImageDraw

from home_assistant_schema import entities
from support import BASE, STATUS, Agent, AgentCase, Broker, Client, decoded

CAMERA = """
[camera.motion]
enabled = true
interval = "100ms"
sensitivity = 60
areas = [[50, 0, 50, 100]]
cool_down = "2s"
[image]
quality = 95
"""
MOTION = f"{BASE}/camera/motion"


def scene(left=None, light=1):
    """A dark room in this light, and a bright box at `left` of 640 pixels."""
    image = Image.new("RGB", (640, 480), (30 * light, 40 * light, 50 * light))
    if left is not None:
        ImageDraw.Draw(image).rectangle((left, 200, left + 80, 300), fill=(230, 220, 210))
    return image


class MotionCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="edge-motion-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.show(scene())
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)

    def show(self, image):
        """What the camera sees from now on."""
        image.save(f"{self.folder}/new", "JPEG", quality=95)
        os.replace(f"{self.folder}/new", f"{self.folder}/scene.jpg")

    def start_agent(self, extra="", before=0):
        agent = Agent(self.broker, extra=CAMERA.replace("true", f"true\nbefore = {before}") + extra)
        with open(agent.config_path, encoding="utf-8") as file:
            text = file.read().replace('backend = "pattern"', f'backend = "replay"\ndevice = "{self.folder}"')
        with open(agent.config_path, "w", encoding="utf-8") as file:
            file.write(text)
        self.addCleanup(agent.close)
        return agent

    def connect(self):
        client = Client(self.broker, "#")
        self.addCleanup(client.close)
        return client

    @staticmethod
    def moves(client):
        return [m.payload for m in client.on(MOTION) if not m.retain]


class WithABroker(MotionCase):
    def test_something_that_comes_is_told_and_pictured_and_is_over_later(self):
        client = self.connect()
        self.start_agent("[home_assistant]\nenabled = true\n").start()
        client.wait(MOTION, lambda m: m.payload == b"OFF")
        self.settle(client)
        self.show(scene(500))
        client.wait(MOTION, lambda m: m.payload == b"ON")
        picture = Image.open(io.BytesIO(client.wait("jpeg").payload))
        self.assertGreater(picture.getpixel((540, 250))[0], 150, "the picture shows it")
        self.assertEqual(decoded(client.wait(f"{BASE}/image"))["trigger"], "motion")
        client.wait(MOTION, lambda m: m.payload == b"OFF", count=2)
        self.assertEqual(len(client.on("jpeg")), 1, "one picture for one motion")
        entity = entities(decoded(client.on("homeassistant/device/test-pi/config")[-1]))["motion"]
        self.assertEqual((entity["state_topic"], entity["device_class"]), (MOTION, "motion"))
        with Client(self.broker, MOTION) as late:
            self.assertTrue(late.wait(MOTION).retain)

    def test_what_moves_elsewhere_does_not_count(self):
        client = self.connect()
        self.start_agent().start()
        self.settle(client)
        self.show(scene(50))
        client.silence(MOTION, 2)
        self.show(scene(500))
        client.wait(MOTION, lambda m: m.payload == b"ON")

    def test_small_pictures_from_before_come_with_it(self):
        client = self.connect()
        self.start_agent(before=2).start()
        self.settle(client)
        self.show(scene(500))
        description = decoded(client.wait(f"{BASE}/image", lambda m: decoded(m)["trigger"] == "motion"))
        self.assertEqual(len(description["before"]), 2)
        for listed in description["before"]:
            small = client.on(f"{BASE}/picture/{listed['id']}")[0].payload
            self.assertEqual(len(small), listed["bytes"])
            image = Image.open(io.BytesIO(small))
            self.assertEqual(image.size, (320, 240))
            self.assertLess(image.getpixel((270, 125))[0], 80, "it was not there yet")
        self.assertEqual(len(client.on("jpeg")), 1, "plain subscribers see the event's picture only")

    def test_the_light_is_no_motion(self):
        client = self.connect()
        self.start_agent().start()
        self.settle(client)
        self.show(scene(light=2))
        client.silence(MOTION, 2)
        self.show(scene(500, light=2))
        client.wait(MOTION, lambda m: m.payload == b"ON")

    def test_pictures_on_request_go_on_meanwhile(self):
        client = self.connect()
        self.start_agent().start()
        for _ in range(10):
            self.assertEqual(client.command({"command": "capture", "width": 320, "height": 240})["status"], "ok")

    @staticmethod
    def settle(client):
        """Motion is looked for from the second picture that the first look and the settling need; captures tell that time passes."""
        for _ in range(3):
            client.command({"command": "capture", "count": 2, "every": "1s"})
        client.messages = [m for m in client.messages if m.topic not in ("jpeg", f"{BASE}/image")]


class WithoutABroker(MotionCase):
    def test_pictures_wait_and_come_later_with_their_own_time(self):
        client = self.connect()
        agent = self.start_agent()
        agent.start()
        WithABroker.settle(client)
        client.close()
        self.broker.stop()
        self.show(scene(500))
        kept = os.path.join(agent.directory, "pictures")
        self.wait_for(lambda: os.path.isdir(kept) and any(name.endswith(".jpg") for name in os.listdir(kept)))
        with agent.paused():
            self.broker.start()
            client = self.connect()
        client.wait(STATUS, lambda m: m.payload == b"online")
        description = decoded(client.wait(f"{BASE}/image", lambda m: decoded(m)["trigger"] == "motion"))
        came = client.wait("jpeg").timestamp
        self.assertTrue(came)
        self.assertIn("Z", description["time"])
        client.command("cancel")
        self.wait_for(lambda: not any(name.endswith(".jpg") for name in os.listdir(kept)))

    def wait_for(self, condition):
        """Files send no event."""
        with Client(self.bystander()) as ticking:
            for _ in range(3000):
                if condition():
                    return
                ticking.wait_for_more(0.01)
        self.fail("it did not happen")

    def bystander(self):
        if not hasattr(self, "other"):
            self.other = Broker().start()
            self.addCleanup(self.other.close)
        return self.other


class NotEnabled(AgentCase):
    def test_nothing_is_told(self):
        self.client.command("cancel")
        self.assertEqual(self.client.on(MOTION), [])


if __name__ == "__main__":
    unittest.main()
