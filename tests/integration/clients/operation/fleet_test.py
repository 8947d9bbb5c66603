# SPDX-License-Identifier: MIT
"""The steps of docs/fleet.md, with twenty agents on one broker."""

import concurrent.futures
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import tomllib
import unittest

import certificates
from support import AGENT, PATIENCE, Agent, Broker, Client, free_port

ROOT = pathlib.Path(__file__).resolve().parents[4]
DOCUMENT = (ROOT / "docs/fleet.md").read_text(encoding="utf-8")
DEVICES = 20


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def block(language, first_line):
    found = [text for text in blocks(language) if text.startswith(first_line)]
    assert len(found) == 1, f"docs/fleet.md has {len(found)} blocks that begin with {first_line!r}"
    return found[0]


class Fleet(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="edge-fleet-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.authority = certificates.Authority(self.folder / "authority")
        for name in ("ca.pem", "ca.key"):
            shutil.copy(self.folder / "authority" / name, self.folder)
        certificate, key = self.authority.issue("localhost")
        (self.folder / "pi-edge").mkdir()
        shutil.copy(certificate, self.folder / "pi-edge/server.pem")
        shutil.copy(key, self.folder / "pi-edge/server.key")
        shutil.copy(self.authority.file, self.folder / "pi-edge/ca.pem")
        shutil.copy(ROOT / "config/mosquitto/tls.acl", self.folder / "pi-edge/tls.acl")
        (self.folder / "pi-edge/passwords").touch()
        self.agents = []

    def broker(self, change=lambda text: text):
        """A plain listener for this test and the shipped one for the devices, each with rules of its own."""
        text = change((ROOT / "config/mosquitto/tls.conf").read_text(encoding="utf-8"))
        self.port = free_port()
        text = text.replace("listener 8883", f"listener {self.port} 127.0.0.1").replace("/etc/mosquitto/pi-edge", f"{self.folder}/pi-edge")
        broker = Broker(text, first="per_listener_settings true")
        self.addCleanup(broker.close)
        return broker.start()

    def shell(self, name):
        subprocess.run(["sh", "-eu", "-c", block("sh", name)], cwd=self.folder, check=True, capture_output=True, timeout=4 * PATIENCE)

    def make_devices(self, broker, piece):
        """Each has its own folder, in place of /etc/pi-edge-agent."""
        for number in range(DEVICES):
            agent = Agent(broker, device=f"pi-{number:06x}", extra='[image]\nquality = 50\n')
            self.addCleanup(agent.close)
            folder = pathlib.Path(agent.directory)
            (folder / "agent.d").mkdir()
            text = piece.replace("/etc/pi-edge-agent", agent.directory).replace("broker.example", f"localhost:{self.port}")
            (folder / "agent.d/10-fleet.toml").write_text(text, encoding="utf-8")
            shutil.copy(self.authority.file, folder / "ca.pem")
            self.agents.append(agent)
        with concurrent.futures.ThreadPoolExecutor(DEVICES) as pool:
            ids = list(pool.map(lambda agent: subprocess.run([AGENT, "print-id", "--config", agent.config_path], check=True, text=True,
                                                             capture_output=True, timeout=PATIENCE).stdout, self.agents))
        self.ids = [line.strip() for line in ids]
        (self.folder / "ids.txt").write_text("".join([*ids, "operator\n"]), encoding="utf-8")

    def give(self, source, name, mode=0o600):
        """Copies each device's file `source` of the folder to `name` on the device."""
        for agent, device in zip(self.agents, self.ids):
            target = pathlib.Path(agent.directory) / name
            shutil.copy(self.folder / source.format(id=device), target)
            target.chmod(mode)

    def wait_online(self, client):
        """Waits until every device has said so since the client is connected."""
        for agent, device in zip(self.agents, self.ids):
            try:
                client.wait(f"edge/{device}/status", lambda m: m.payload == b"online" and not m.retain)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{agent.log()}") from None

    def reload(self):
        for agent in self.agents:
            agent.process.send_signal(signal.SIGHUP)

    def test_passwords(self):
        broker = self.broker()
        self.make_devices(broker, block("toml", "# 10-fleet.toml"))
        self.assertEqual(len(set(self.ids)), DEVICES)
        self.shell("# passwords")
        shutil.copy(self.folder / "broker-passwords", self.folder / "pi-edge/passwords")
        broker.process.send_signal(signal.SIGHUP)
        self.give("passwords/{id}", "password")

        with Client(broker, "edge/+/status", "edge/+/sensor/room") as client:
            for agent in self.agents:
                agent.launch()
            self.wait_online(client)
            for device in self.ids:
                client.publish(f"edge/{device}/command", "start")
            for device in self.ids:
                client.wait(f"edge/{device}/sensor/room")

        with self.subTest("new passwords, without a visit"), Client(broker, "edge/+/status") as client:
            old = {device: (self.folder / "passwords" / device).read_text(encoding="utf-8") for device in self.ids}
            for device in self.ids:
                (self.folder / "passwords" / device).unlink()
            self.shell("# passwords")
            for device in self.ids:
                self.assertNotEqual((self.folder / "passwords" / device).read_text(encoding="utf-8"), old[device])
            shutil.copy(self.folder / "broker-passwords", self.folder / "pi-edge/passwords")
            broker.process.send_signal(signal.SIGHUP)
            self.give("passwords/{id}", "password")
            self.reload()
            self.wait_online(client)

    def test_certificates(self):
        rules = [text for text in blocks("conf") if "require_certificate" in text]
        self.assertEqual(len(rules), 1)
        broker = self.broker(lambda text: re.sub(r"(?m)^password_file .*\n", rules[0], text))
        piece = block("toml", "# 10-fleet.toml")
        tls = [text for text in blocks("toml") if "cert_file" in text]
        self.assertEqual(len(tls), 1)
        piece = re.sub(r"(?m)^(username|password_file) = .*\n", "", piece)
        piece = re.sub(r"\[mqtt.tls\]\nca_file = .*\n", lambda _: tls[0], piece)
        self.make_devices(broker, piece)
        self.shell("# certificates")
        self.give("certificates/{id}.pem", "device.pem")
        self.give("certificates/{id}.key", "device.key")

        with Client(broker, "edge/+/status") as client:
            for agent in self.agents:
                agent.launch()
            self.wait_online(client)

        with self.subTest("new certificates, without a visit"), Client(broker, "edge/+/status") as client:
            self.shell("# certificates")
            self.give("certificates/{id}.pem", "device.pem")
            self.give("certificates/{id}.key", "device.key")
            self.reload()
            self.wait_online(client)
            for agent in self.agents:
                self.assertIn("reconnecting, because a file of [mqtt.tls] changed", agent.log())


class Telegraf(unittest.TestCase):
    """By the rules of its topic parser: a level of `topic` stands for itself, or for any if it is +; `tags` names the levels, but for _."""

    def test_device_and_sensor_become_tags(self):
        [text] = [text for text in blocks("conf") if "mqtt_consumer" in text]
        [consumer] = tomllib.loads(text)["inputs"]["mqtt_consumer"]
        for topic in ("edge/garden/sensor/room", "edge/garden/sensor/room/backlog"):
            levels, tags = topic.split("/"), {}
            for rule in consumer["topic_parsing"]:
                wanted, names = rule["topic"].split("/"), rule["tags"].split("/")
                self.assertEqual(len(names), len(wanted), "Telegraf does not start")
                if len(wanted) == len(levels) and all(want in ("+", level) for want, level in zip(wanted, levels)):
                    tags |= {name: level for name, level in zip(names, levels) if name != "_"}
            self.assertEqual(tags, {"device": "garden", "sensor": "room"}, topic)
        self.assertEqual(consumer["topic_tag"], "", "the whole topic would be a tag, and a late reading another series")


if __name__ == "__main__":
    unittest.main()
