# SPDX-License-Identifier: MIT
"""The archive: every picture is kept, listed and fetched, whatever happens to the agent and its disk."""

import contextlib
import glob
import io
import json
import os
import re
import signal
import subprocess
import unittest

import paho.mqtt.client as mqtt
from PIL import Image

from support import AGENT, BASE, PATIENCE, PROTOCOLS, Agent, AgentCase, decoded

MANY = 1000


def size_of(jpeg):
    with Image.open(io.BytesIO(jpeg)) as image:
        image.load()
        return image.size


class ArchiveCase(AgentCase):
    EXTRA = '\n[archive]\nmax_size = "64MiB"\nmin_free = "0MiB"\n'

    def command(self, name, client=None, **options):
        return (client or self.client).command({"command": name, **options})

    def capture(self, **options):
        """Returns the picture's description."""
        return self.assert_ok(self.command("capture", **options), "capture")["data"]

    def pictures(self, client=None, **options):
        return self.assert_ok(self.command("pictures", client, **options), "pictures")["data"]

    def health(self, condition):
        return decoded(self.client.wait(f"{BASE}/health", lambda m: condition(decoded(m)["archive"])))["archive"]

    def folder(self):
        return f"{self.agent.directory}/pictures"

    def files(self):
        return sorted(glob.glob(f"{self.folder()}/archive/*/*.jpg"))

    def restart(self, how=signal.SIGTERM):
        self.agent.stop(how)
        self.agent.start()
        self.client = self.connect()


class Archive(ArchiveCase):
    def test_every_picture_is_listed_newest_first_and_fetched_as_it_was(self):
        taken = [self.capture(width=320, height=240), self.capture(), self.capture(width=640, height=480, quality=30)]
        data = self.pictures()
        self.assertEqual([p["id"] for p in data["pictures"]], [t["id"] for t in reversed(taken)])
        self.assertFalse(data["more"])
        for listed, description in zip(data["pictures"], reversed(taken)):
            for key in ("id", "time", "width", "height", "bytes", "trigger"):
                self.assertEqual(listed[key], description[key])
        for number, description in enumerate(taken):
            reply = self.assert_ok(self.command("fetch", id=description["id"]), "fetch")
            self.assertEqual(reply["data"], description)
            fetched = self.client.wait(f"{BASE}/picture/{description['id']}")
            self.assertEqual(fetched.payload, self.client.on("jpeg")[number].payload)
            self.assertEqual(fetched.qos, 1)
        self.assertEqual(len(self.client.on("jpeg")), 3, "never on jpeg")
        self.assertEqual(len(self.files()), 3)

    def test_a_small_one_first(self):
        picture = self.capture(width=1280, height=720)
        reply = self.assert_ok(self.command("fetch", id=picture["id"], width=320), "fetch")
        small = self.client.wait(f"{BASE}/picture/{picture['id']}").payload
        self.assertEqual(size_of(small), (320, 180))
        self.assertEqual((reply["data"]["width"], reply["data"]["height"], reply["data"]["bytes"]), (320, 180, len(small)))
        self.assertEqual(reply["data"]["time"], picture["time"])
        self.assertLess(len(small), picture["bytes"] / 3)
        self.command("fetch", id=picture["id"], quality=5)
        coarse = self.client.wait(f"{BASE}/picture/{picture['id']}", count=2).payload
        self.assertEqual(size_of(coarse), (1280, 720))
        self.assertLess(len(coarse), picture["bytes"])

    def test_properties_are_those_of_jpeg(self):
        client = self.connect(protocol=mqtt.MQTTv5)
        picture = self.capture()
        self.command("fetch", id=picture["id"], transaction="small")
        properties = client.wait(f"{BASE}/picture/{picture['id']}").properties
        self.assertEqual(properties.ContentType, "image/jpeg")
        self.assertEqual(dict(properties.UserProperty), {"id": picture["id"], "time": picture["time"], "transaction": "small"})

    def test_a_time_span_and_pages(self):
        taken = [self.capture(width=64, height=64) for _ in range(5)]
        middle = self.pictures(since=taken[1]["time"], until=taken[3]["time"])["pictures"]
        self.assertEqual([p["id"] for p in middle], [taken[2]["id"], taken[1]["id"]])
        newest = self.pictures(last=2)
        self.assertTrue(newest["more"])
        older = self.pictures(last=MANY, until=newest["pictures"][-1]["time"])
        self.assertEqual([p["id"] for p in older["pictures"]], [t["id"] for t in reversed(taken[:3])])

    def test_hostile_ids_are_errors(self):
        self.capture()
        secret = f"{self.agent.directory}/secret.jpg"
        with open(secret, "w", encoding="utf-8") as file:
            file.write("secret")
        for wrong in ("", "../secret", "../../secret.jpg", secret, "x" * 200, "#", "+", "a/b", "\u0000", "x\n", 17, None, ["x"], {}):
            self.assert_error(self.command("fetch", id=wrong), "invalid_option")
        self.assert_error(self.client.command("fetch"), "invalid_option")
        self.assertEqual([m.topic for m in self.client.on(f"{BASE}/picture/")], [])
        for options in ({"last": 0}, {"last": 1001}, {"since": "now"}, {"until": 5}, {"id": "x"}):
            self.assert_error(self.command("pictures", **options), "invalid_option")

    def test_pictures_are_there_after_a_restart(self):
        taken = [self.capture() for _ in range(3)]
        self.restart()
        self.assertEqual([p["id"] for p in self.pictures()["pictures"]], [t["id"] for t in reversed(taken)])
        archive = self.health(lambda archive: archive["pictures"] == 3)
        self.assertEqual((archive["status"], archive["bytes"], archive["oldest"]),
                         ("ok", sum(t["bytes"] for t in taken), taken[0]["time"]))

    def test_an_announced_picture_survives_a_kill_and_none_is_half(self):
        announced = set()
        for _ in range(4):
            before = len(self.client.on(f"{BASE}/image"))
            self.client.publish(f"{BASE}/command", json.dumps({"command": "capture", "count": 1000}))
            self.client.wait(f"{BASE}/image", count=before + 5)
            self.agent.stop(signal.SIGKILL)
            announced |= {decoded(m)["id"] for m in self.client.on(f"{BASE}/image")}
            # What is left of the outage arrives at the client that was there; a new one starts again.
            self.agent.start()
            self.client = self.connect()
        listed = {p["id"] for p in self.pictures(last=MANY)["pictures"]}
        self.assertGreaterEqual(len(announced), 20)
        self.assertEqual(announced - listed, set())
        for path in self.files():
            with open(path, "rb") as file:
                content = file.read()
            jpeg = content[:int(os.path.basename(path).split("_")[2])]
            size_of(jpeg)
            self.assertEqual(json.loads(content[len(jpeg):])["bytes"], len(jpeg))
        self.assertEqual(glob.glob(f"{self.folder()}/**/.*", recursive=True), [], "what was being written is removed")

    def test_request_lists_and_saves(self):
        picture = self.capture()
        call = [AGENT, "request", "--config", self.agent.config_path]
        done = subprocess.run([*call, "pictures"], capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertIn(picture["id"], done.stdout)
        for options, size in ((("width=160",), (160, 120)), ((), (640, 480))):
            path = f"{self.agent.directory}/fetched.jpg"
            done = subprocess.run([*call, "fetch", f"id={picture['id']}", *options, "-o", path], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(path, "rb") as file:
                self.assertEqual(size_of(file.read()), size)
        done = subprocess.run([*call, "fetch", "id=none", "-o", path], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("invalid_option", done.stderr)
        done = subprocess.run([*call, "fetch", "id=#", "-o", path], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 2)

    def test_a_flood_of_questions_is_bounded_and_captures_go_on(self):
        picture = self.capture(width=1280, height=720)
        for _ in range(50):
            for command in ({"command": "fetch", "id": picture["id"], "width": 640}, {"command": "pictures", "last": MANY}):
                self.client.paho.publish(f"{BASE}/command", json.dumps(command))
        self.client.publish(f"{BASE}/command", json.dumps({"command": "capture", "transaction": "between"}))
        reply = self.client.wait(f"{BASE}/response", lambda m: decoded(m).get("transaction") == "between")
        self.assert_ok(decoded(reply), "capture")
        self.client.wait(f"{BASE}/response", lambda m: decoded(m)["command"] == "fetch", count=50)
        replies = [decoded(m) for m in self.client.on(f"{BASE}/response", lambda m: decoded(m)["command"] == "fetch")]
        self.assertEqual({r.get("code", "ok") for r in replies}, {"ok", "busy"})


class Protocols(ArchiveCase):
    def test_fetch_works_with_both(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                self.agent.close()
                self.agent = Agent(self.broker, protocol, self.EXTRA)
                self.addCleanup(self.agent.close)
                self.agent.start()
                self.client = self.connect()
                picture = self.capture()
                self.assert_ok(self.command("fetch", id=picture["id"]), "fetch")
                self.assertEqual(self.client.wait(f"{BASE}/picture/{picture['id']}").payload, self.client.wait("jpeg").payload)


class Off(AgentCase):
    def test_there_is_no_archive_by_default(self):
        self.assert_ok(self.client.command("capture"), "capture")
        self.assert_error(self.client.command("pictures"), "invalid_option")
        self.assert_error(self.client.command({"command": "fetch", "id": "a"}), "invalid_option")
        self.assert_error(self.client.command("readings"), "invalid_option")
        self.assertFalse(os.path.exists(f"{self.agent.directory}/pictures"))
        health = decoded(self.client.wait(f"{BASE}/health"))
        self.assertEqual(health["archive"], {"status": "off"})


class SmallBroker(ArchiveCase):
    BROKER = "max_packet_size 20000"

    def test_lists_and_pictures_fit(self):
        for number in range(200):
            self.capture(width=64, height=64)
        data = self.pictures(last=MANY)
        self.assertTrue(data["more"])
        self.assertGreater(len(data["pictures"]), 80)
        self.assertLess(len(self.client.on(f"{BASE}/response")[-1].payload), 20000)
        count = len(data["pictures"])
        while data["more"]:
            data = self.pictures(last=MANY, until=data["pictures"][-1]["time"])
            count += len(data["pictures"])
        self.assertEqual(count, 200)


class WithoutBroker(ArchiveCase):
    EXTRA = ArchiveCase.EXTRA + '[image]\nkeep_offline = "0MiB"\n'

    def test_a_series_goes_into_the_archive(self):
        self.client.publish(f"{BASE}/command", json.dumps({"command": "capture", "count": 30, "every": "100ms", "width": 64, "height": 64}))
        self.client.wait("jpeg", count=3)
        self.broker.stop()
        while len(self.files()) < 30:
            self.assertIsNone(self.agent.process.poll())
        self.broker.start()
        self.client = self.connect()
        # Not the reply: the agent may be back before this client is.
        self.client.wait(f"{BASE}/status", lambda m: m.payload == b"online")
        self.assertEqual(len(self.pictures(last=MANY)["pictures"]), 30)


class Readings(AgentCase):
    EXTRA = 'readings = "all"\n'

    def test_the_journal_answers(self):
        self.client.command("start")
        last = decoded(self.client.wait(f"{BASE}/sensor/room", count=5))
        self.client.command("stop")
        data = self.assert_ok(self.client.command({"command": "readings", "last": 3}), "readings")["data"]
        self.assertEqual(len(data["readings"]), 3)
        self.assertTrue(data["more"])
        every = self.assert_ok(self.client.command({"command": "readings", "last": 1000, "sensor": "room"}), "readings")["data"]["readings"]
        published = [decoded(m) for m in self.client.on(f"{BASE}/sensor/room")]
        self.assertEqual([{k: v for k, v in r.items() if k != "sensor"} for r in every], published[::-1])
        since = self.client.command({"command": "readings", "since": last["time"], "last": 1000})["data"]["readings"]
        self.assertEqual(since[-1]["seq"], last["seq"])
        self.assertEqual(self.client.command({"command": "readings", "sensor": "none"})["data"], {"readings": [], "more": False})


class UnannouncedSmallPackets(ArchiveCase):
    PROTOCOL = "3.1.1"
    BROKER = "max_packet_size 12000"

    def test_a_list_that_is_too_long_is_answered(self):
        self.assert_ok(self.command("capture", count=150, width=64, height=64), "capture")
        self.assert_error(self.command("pictures", last=MANY), "too_large")
        self.assertTrue(self.pictures(last=MANY)["more"])


class Disk(ArchiveCase):
    """On a file system of its own, 8 MiB large, mounted over the folder of the pictures."""

    EXTRA = '\n[archive]\nmax_size = "64MiB"\nmin_free = "0MiB"\n[image]\nkeep_offline = "0MiB"\n'

    def mount(self, *options):
        subprocess.run(["mount", *options, self.folder()], check=True)

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a file system")
        super().setUp()
        os.makedirs(self.folder(), exist_ok=True)
        self.mount("-t", "tmpfs", "-o", "size=8m", "tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder()], check=False)

    def test_full_and_free_again(self):
        with open(f"{self.folder()}/ballast", "wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
        for _ in range(5):
            self.capture()
        self.assertRegex(self.health(lambda archive: archive["status"] == "degraded")["error"], "free")
        self.assertEqual(len(re.findall("archive: pictures are taken and published, but not kept", self.agent.log())), 1)
        os.remove(f"{self.folder()}/ballast")
        last = self.capture()
        self.health(lambda archive: archive["status"] == "ok")
        self.assertEqual([p["id"] for p in self.pictures()["pictures"]], [last["id"]])
        self.assertEqual(glob.glob(f"{self.folder()}/**/.*", recursive=True), [])

    def test_read_only_and_writable_again(self):
        first = self.capture()
        self.mount("-o", "remount,ro")
        for _ in range(3):
            self.capture()
        self.assertRegex(self.health(lambda archive: archive["status"] == "degraded")["error"], "(?i)read-only")
        self.assert_ok(self.command("fetch", id=first["id"]), "fetch")
        self.mount("-o", "remount,rw")
        last = self.capture()
        self.health(lambda archive: archive["status"] == "ok")
        self.assertEqual([p["id"] for p in self.pictures()["pictures"]], [last["id"], first["id"]])

    def leave_one_mebibyte(self):
        with open(self.agent.config_path, encoding="utf-8") as file:
            text = file.read()
        with open(self.agent.config_path, "w", encoding="utf-8") as file:
            file.write(text.replace('min_free = "0MiB"', 'min_free = "7MiB"'))
        self.agent.process.send_signal(signal.SIGHUP)

    def test_a_picture_that_cannot_be_removed_keeps_no_other(self):
        first = self.capture()
        [path] = self.files()
        subprocess.run(["mount", "--bind", path, path], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=False)
        self.leave_one_mebibyte()
        taken = [first] + [self.capture(width=1280, height=720) for _ in range(60)]
        listed = [p["id"] for p in self.pictures(last=MANY)["pictures"]]
        self.assertLess(len(listed), 60)
        self.assertEqual(listed, [t["id"] for t in reversed(taken)][:len(listed) - 1] + [first["id"]])
        self.assertEqual(self.agent.log().count("cannot remove"), 1)

    def test_the_oldest_go_where_the_file_system_has_to_keep_space(self):
        self.leave_one_mebibyte()
        taken = [self.capture(width=1280, height=720) for _ in range(60)]
        listed = [p["id"] for p in self.pictures(last=MANY)["pictures"]]
        self.assertLess(len(listed), 60)
        self.assertEqual(listed, [t["id"] for t in reversed(taken)][:len(listed)])
        self.assertGreater(os.statvfs(self.folder()).f_bavail * os.statvfs(self.folder()).f_frsize, 6 << 20)
        self.assertEqual(self.health(lambda archive: archive.get("pictures") == len(listed))["status"], "ok")


if __name__ == "__main__":
    unittest.main()
