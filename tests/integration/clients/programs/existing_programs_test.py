# SPDX-License-Identifier: MIT
"""Programs as people have them: plain topics, paho's defaults, nothing known about edge/<id>."""

import os
import tempfile
import threading
import unittest

import paho.mqtt.publish as publish
import paho.mqtt.subscribe as subscribe
from PIL import Image

from support import PATIENCE, PROTOCOLS, AgentCase, raw_client


class ExistingPrograms(AgentCase):
    def program(self, protocol):
        """The usual script: subscribes in on_connect, converts in on_message, commands at the default QoS."""
        readings, pictures, came = [], [], threading.Semaphore(0)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        ready = threading.Event()

        def on_connect(client, *_):
            client.subscribe("room/temp")
            client.subscribe("jpeg")

        def on_subscribe(*_):
            ready.set()

        def on_message(_client, _userdata, msg):
            if msg.topic == "room/temp":
                readings.append(int(msg.payload))
            else:
                name = os.path.join(folder.name, f"{len(pictures)}.jpg")
                with open(name, "wb") as file:
                    file.write(msg.payload)
                pictures.append(name)
            came.release()

        client = raw_client(protocol=protocol)
        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = on_message
        client.connect("127.0.0.1", self.broker.port, 60)
        client.loop_start()
        self.addCleanup(client.loop_stop)
        self.addCleanup(client.disconnect)
        self.assertTrue(ready.wait(PATIENCE))
        return client, readings, pictures, came

    def test_readings_are_integers_and_pictures_are_jpegs(self):
        for name, protocol in PROTOCOLS.items():
            with self.subTest(protocol=name):
                client, readings, pictures, came = self.program(protocol)

                client.publish("command", "start")
                for _ in range(3):
                    self.assertTrue(came.acquire(timeout=PATIENCE))
                client.publish("command", "capture")
                while not pictures:
                    self.assertTrue(came.acquire(timeout=PATIENCE))
                client.publish("command", "stop")

                self.assertTrue(all(-55 <= reading <= 125 for reading in readings), readings)
                with Image.open(pictures[0]) as image:
                    image.load()
                    self.assertEqual((image.format, image.size), ("JPEG", (640, 480)))

    def test_one_line_helpers_work(self):
        where = {"hostname": "127.0.0.1", "port": self.broker.port}
        publish.single("command", "start", **where)
        self.assertIsInstance(int(subscribe.simple("room/temp", **where).payload), int)
        self.client.wait("edge/test-pi/publishing", lambda m: m.payload == b"ON")
        publish.single("command", "STOP\n", qos=2, **where)
        self.client.until(lambda: self.client.on("edge/test-pi/publishing")[-1].payload == b"OFF", "it was not stopped")

    def test_plain_readings_are_never_retained(self):
        self.client.command("start")
        self.client.wait("room/temp", count=2)
        self.client.command("stop")
        with_nothing_to_hear = self.connect("room/temp")
        with_nothing_to_hear.silence("room/temp", 0.5)


if __name__ == "__main__":
    unittest.main()
