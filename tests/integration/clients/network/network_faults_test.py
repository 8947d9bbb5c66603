# SPDX-License-Identifier: MIT
"""What networks do to a connection: the agent comes back by itself, tries no more often than it may, and no reading is lost."""

import os
import unittest

from proxy import Proxy
from readings import LATE, TOPIC, expect_nothing_lost, health
from support import PATIENCE, RESPONSE, STATUS, Agent, AgentCase, Broker, decoded

RECONNECTS = int(os.environ.get("EDGE_RECONNECTS", "40"))  # of the test for growth
SANITIZED = any(name in os.environ for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"))
ATTEMPT = 15  # seconds: the agent gives a server ten

GARBAGE = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "a mail server": b"220 mail.example ESMTP\r\n",
    "a TLS alert": bytes.fromhex("15030300020228"),
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "a CONNACK with a reason that does not exist": bytes.fromhex("20030063" "00"),
    "a CONNACK whose properties are longer than it": bytes.fromhex("20030000" "7f"),
    "a CONNACK with half a property": bytes.fromhex("200500000221" "00"),
    "a CONNACK with an unknown property": bytes.fromhex("2005000002" "7f01"),
    "a CONNACK of 3.1.1 that is too long": bytes.fromhex("2004000000" "00"),
    "an endless length": bytes.fromhex("20ffffffffff"),
    "256 MB announced": bytes.fromhex("20ffffff7f"),
    "a message instead of a CONNACK": b"\x30\x0c\x00\x07command" b"sta",
    "a PUBACK instead of a CONNACK": bytes.fromhex("40020001"),
    "a SUBACK instead of a CONNACK": bytes.fromhex("9003000100"),
    "a DISCONNECT": bytes.fromhex("e0018b"),
    "an AUTH": bytes.fromhex("f00118"),
}


class NetworkFaults(AgentCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.proxy = Proxy(self.broker.port)
        self.addCleanup(self.proxy.close)
        self.agent = Agent(self.broker, mqtt='keep_alive = "1s"', servers=[f"mqtt://127.0.0.1:{self.proxy.port}"])
        self.addCleanup(self.agent.close)
        self.client = self.connect()  # straight to the broker, which stays

    def online(self, count):
        """Until `online` was published that often, not counting what was retained."""
        self.client.wait(STATUS, lambda m: m.payload == b"online" and not m.retain, count)

    def start(self, interval="100ms"):
        self.agent.start()
        self.online(1)
        self.assert_ok(self.client.command({"command": "start", "interval": interval}), "start")
        self.client.wait(TOPIC, count=3)

    def expect_at_work(self):
        """Pictures are taken, and no reading is missing; what health says of them."""
        self.assert_ok(self.client.command({"command": "capture", "width": 64, "height": 64}), "capture")
        account = expect_nothing_lost(self, self.client)
        self.assertIsNone(self.agent.process.poll())
        return account

    def test_cut_again_and_again(self):
        self.start()
        for cycle in range(10):
            self.proxy.cut()
            self.online(cycle + 2)
        self.assertEqual(len(self.proxy.accepted), 11, "one connection for each that was cut")
        self.expect_at_work()

    def test_a_connection_that_falls_silent_is_given_up(self):
        self.start()
        self.proxy.freeze()
        self.online(2)
        self.client.wait(LATE)
        self.assertGreater(self.expect_at_work()["journaled"], 0)

    def test_nobody_listens_for_a_while(self):
        self.start()
        self.proxy.refuse()
        self.proxy.cut()
        self.client.wait(STATUS, lambda m: m.payload == b"offline")
        self.proxy.listen()
        self.online(2)
        self.expect_at_work()

    def test_a_server_that_is_reset_at_once_is_not_stormed(self):
        self.start()
        self.proxy.cut_after(0)
        self.proxy.cut()
        since = len(self.proxy.accepted)
        self.proxy.wait_accepted(since + 16, PATIENCE)
        times = self.proxy.accepted[since:]
        # Five ways may be tried for one attempt (MQTT 5, then 3.1.1 with less and less of the last will); the pause between attempts
        # is at least 100 ms less jitter.
        pauses = [later - earlier for earlier, later in zip(times, times[5:])]
        self.assertGreater(min(pauses), 0.05, pauses)
        self.proxy.cut_after(None)
        self.online(2)
        self.expect_at_work()

    def test_a_server_that_never_answers(self):
        self.start()
        self.proxy.answer(b"")
        self.proxy.cut()
        self.proxy.wait_accepted(3, ATTEMPT * 2)  # the attempt that got no answer was given up
        self.proxy.answer(None)
        self.proxy.cut()
        self.online(2)
        self.expect_at_work()

    def test_garbage_is_survived(self):
        self.start()
        for name, content in GARBAGE.items():
            with self.subTest(name):
                self.proxy.answer(content)
                before = len(self.proxy.accepted)
                self.proxy.cut()
                self.proxy.wait_accepted(before + 1, PATIENCE)
                self.proxy.cut()  # some wait for the rest of what was announced
                self.proxy.wait_accepted(before + 2, PATIENCE)
                self.assertIsNone(self.agent.process.poll(), name)
        self.proxy.answer(None)
        self.proxy.cut()
        self.online(2)
        self.expect_at_work()

    def test_cut_in_every_packet_on_the_way_in(self):
        self.start()
        for count in (1, 2, 4, 10, 11, 12, 13, 16, 17, 22, 23, 30, 60):  # a CONNACK of 11, two SUBACKs of 6, then PUBACKs
            self.proxy.cut_after(count)
            before = len(self.proxy.accepted)
            self.proxy.cut()
            self.proxy.wait_accepted(before + 2, PATIENCE)
            self.assertIsNone(self.agent.process.poll(), count)
        since = len(self.client.on(STATUS, lambda m: m.payload == b"online" and not m.retain))
        self.proxy.cut_after(None)
        self.proxy.cut()
        self.online(since + 1)
        self.expect_at_work()

    def test_a_slow_link_takes_the_picture_and_the_readings(self):
        self.start("1s")
        self.proxy.slow_down(delay=0.05, rate=40_000)
        self.client.publish("command", '{"command":"capture","width":640,"height":480,"transaction":"slow","timeout":"30s"}')
        reply = decoded(self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == "slow"))
        self.assert_ok(reply, "capture")
        self.assertEqual(len(self.client.on("jpeg")), 1)
        self.proxy.slow_down()
        self.assertEqual(len(self.proxy.accepted), 1, "the connection was kept")
        self.expect_at_work()

    def test_nothing_grows_with_the_reconnects(self):
        self.start("1s")
        descriptors, memory = [], []
        for cycle in range(RECONNECTS):
            self.proxy.cut()
            self.online(cycle + 2)
            if cycle >= RECONNECTS // 4:  # by then it has seen everything once
                descriptors.append(len(os.listdir(f"/proc/{self.agent.process.pid}/fd")))
                memory.append(health(self.client)["memory_kib"])
        self.assertLessEqual(max(descriptors[-10:]), max(descriptors[:10]))
        growth = max(memory[-10:]) - max(memory[:10])
        print(f"{len(memory)} reconnects: {max(descriptors[:10])} to {max(descriptors[-10:])} descriptors, memory {growth:+} KiB")
        if not SANITIZED:  # whose allocators keep what was freed
            self.assertLess(growth, 512)
        expect_nothing_lost(self, self.client)


if __name__ == "__main__":
    unittest.main()
