# SPDX-License-Identifier: MIT
"""Live view: frames for a while, never more than the line takes."""

import datetime
import io
import signal
import unittest

import paho.mqtt.client as mqtt
from PIL import Image

from proxy import Proxy
from support import BASE, RESPONSE, STATUS, Agent, AgentCase, Broker, Client, decoded

LIVE = f"{BASE}/live"
STATE = f"{BASE}/camera/live"


def opened(message):
    image = Image.open(io.BytesIO(message.payload))
    image.load()
    return image


def exposed(message):
    """Seconds since the epoch."""
    time = dict(message.properties.UserProperty)["time"]
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


def states(client):
    return [m.payload for m in client.on(STATE, lambda m: not m.retain)]


class LiveView(AgentCase):
    def setUp(self):
        super().setUp()
        self.client.wait(STATE)
        with self.client.changed:
            self.client.messages.clear()

    def view(self, **options):
        return self.assert_ok(self.client.command({"command": "live", **options}), "live")["data"]

    def test_frames_come_until_the_time_is_over(self):
        reply = self.view(**{"for": "2s", "rate": 10})
        self.assertEqual((reply["topic"], reply["rate"], reply["width"], reply["height"]), (LIVE, 10, 640, 480))
        self.client.wait(STATE, lambda m: m.payload == b"OFF" and not m.retain)
        frames = self.client.on(LIVE)
        self.assertEqual(states(self.client), [b"ON", b"OFF"])
        self.assertLessEqual(len(frames), 22)
        self.assertGreaterEqual(len(frames), 5)  # on a busy machine
        self.assertEqual(len({bytes(m.payload) for m in frames}), len(frames), "a frame came twice")
        for frame in frames:
            self.assertEqual((opened(frame).size, frame.qos, frame.retain), ((640, 480), 0, False))
        self.assertEqual(self.client.on("jpeg") + self.client.on(f"{BASE}/image"), [], "no picture, no description")
        self.client.silence(LIVE, 0.5)

    def test_mqtt5_clients_see_what_a_frame_is(self):
        watcher = self.connect(LIVE, protocol=mqtt.MQTTv5)
        self.view()
        properties = watcher.wait(LIVE).properties
        self.assertEqual(properties.ContentType, "image/jpeg")
        self.assertLessEqual(properties.MessageExpiryInterval, 2)
        self.assertEqual([name for name, _ in properties.UserProperty], ["time"])

    def test_another_command_replaces_it_and_one_ends_it(self):
        self.view(**{"for": "5m"})
        self.client.wait(LIVE)
        self.view(**{"for": "5m", "width": 320, "height": 240})
        self.client.wait(LIVE, lambda m: opened(m).size == (320, 240))
        self.assertEqual(states(self.client), [b"ON"])
        self.client.command("stop")
        self.client.command("cancel")
        self.client.wait(LIVE, count=len(self.client.on(LIVE)) + 2)
        self.view(**{"for": "0s"})
        self.client.wait(STATE, lambda m: m.payload == b"OFF" and not m.retain)
        self.client.silence(LIVE, 0.5)

    def test_a_capture_meanwhile_is_fresh_and_has_its_size(self):
        self.view(**{"for": "5m", "rate": 15})
        self.client.wait(LIVE, count=3)
        before = datetime.datetime.now(datetime.timezone.utc)
        reply = self.assert_ok(self.client.command({"command": "capture", "width": 1280, "height": 720}), "capture")
        self.assertEqual(opened(self.client.wait("jpeg")).size, (1280, 720))
        taken = datetime.datetime.fromisoformat(reply["data"]["time"].replace("Z", "+00:00"))
        self.assertGreaterEqual(taken, before - datetime.timedelta(milliseconds=2))
        frames = len(self.client.on(LIVE))
        self.assertEqual(opened(self.client.wait(LIVE, count=frames + 3)).size, (640, 480))

    def test_the_end_of_the_connection_ends_it(self):
        self.view(**{"for": "5m"})
        self.client.wait(LIVE)
        self.broker.stop()
        self.client.until(lambda: not self.client.is_connected, "still connected")
        self.broker.start()
        later = self.connect("#")
        later.wait(STATE, lambda m: m.payload == b"OFF")
        later.silence(LIVE, 0.5)

    def test_an_agent_that_was_killed_says_that_it_is_over(self):
        self.view(**{"for": "5m"})
        self.client.wait(LIVE)
        self.agent.stop(signal.SIGKILL)
        self.assertEqual(states(self.client), [b"ON"])
        self.agent.start()
        self.client.wait(STATE, lambda m: m.payload == b"OFF" and not m.retain)
        self.client.silence(LIVE, 0.5)


class SmallPackets(AgentCase):
    BROKER = "max_packet_size 12000"

    def test_frames_are_made_to_fit(self):
        for quality in (90, 100):
            self.client.command({"command": "live", "quality": quality})
            frame = self.client.wait(LIVE, count=len(self.client.on(LIVE)) + 1)
            self.assertLess(len(frame.payload), 12000)
            self.assertEqual(opened(frame).format, "JPEG")
        self.assertEqual(len(self.client.on(STATUS)), 1, "a frame has cost the connection")


class UnannouncedSmallPackets(AgentCase):
    PROTOCOL = "3.1.1"
    BROKER = "max_packet_size 12000"

    def test_the_limit_is_found_and_no_frame_costs_the_connection_again(self):
        self.client.wait(STATUS)
        for _ in range(4):
            before = len(self.client.on(STATUS))
            self.client.command({"command": "live", "quality": 100})
            # "offline", "online"
            self.client.until(lambda before=before: self.client.on(LIVE) or len(self.client.on(STATUS)) >= before + 2, "nothing")
            if self.client.on(LIVE):
                break
        self.assertLess(len(self.client.wait(LIVE, count=3).payload), 12000)


class SlowLine(unittest.TestCase):
    """The proxy takes a little ahead of its rate, as a modem does; the rest waits in the agent's send buffer, or is not made."""

    RATE, AHEAD = 250_000, 16_384  # bytes a second, bytes

    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.proxy = Proxy(self.broker.port, ahead=self.AHEAD)
        self.addCleanup(self.proxy.close)
        self.agent = Agent(self.broker, servers=[f"mqtt://127.0.0.1:{self.proxy.port}"])
        self.addCleanup(self.agent.close)
        self.agent.start()
        self.client = Client(self.broker, f"{BASE}/#", protocol=mqtt.MQTTv5)
        self.addCleanup(self.client.close)

    def frames(self, count):
        """The delay of each of the next frames, and its size."""
        first = len(self.client.on(LIVE))
        frames = []
        for number in range(first + 1, first + count + 1):
            frame = self.client.wait(LIVE, count=number)
            frames.append((datetime.datetime.now().timestamp() - exposed(frame), len(frame.payload)))
        return frames

    def test_no_frame_is_older_than_the_line_makes_it(self):
        self.client.command({"command": "live", "for": "5m", "rate": 15, "width": 1280, "height": 720, "quality": 95})
        making = max(delay for delay, _ in self.frames(5))  # and sending, on a fast line
        self.proxy.slow_down(rate=self.RATE)
        self.frames(2)
        arrivals = self.frames(12)
        size = max(size for _, size in arrivals)
        self.assertGreater(size, 2 * self.AHEAD, "the line is not slow for such frames")
        allowed = (1.5 * size + 2 * self.AHEAD) / self.RATE + making + 0.1
        delays = sorted(delay for delay, _ in arrivals)
        self.assertLess(delays[len(delays) // 2], allowed, arrivals)
        self.assertLess(delays[-1], 2 * allowed, arrivals)
        began = datetime.datetime.now()
        self.client.publish(f"{BASE}/command", "stop")
        self.client.wait(RESPONSE, lambda m: decoded(m)["command"] == "stop")
        self.assertLess((datetime.datetime.now() - began).total_seconds(), 1 + making)


if __name__ == "__main__":
    unittest.main()
