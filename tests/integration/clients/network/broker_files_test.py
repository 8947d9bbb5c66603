# SPDX-License-Identifier: MIT
"""The shipped broker configuration (config/mosquitto) in conf.d of Debian's own mosquitto.conf, with certificates of the shipped script:
every combination starts, and none lets a client in without a password."""

import itertools
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from support import MOSQUITTO, PATIENCE, die_with_parent, free_port, raw_client, wait_for_port

SHIPPED = pathlib.Path(__file__).resolve().parents[4] / "config/mosquitto"
MAIN = pathlib.Path("/etc/mosquitto/mosquitto.conf")
# The name of each file in conf.d. Files with one name replace each other there.
PLACES = {"classroom.conf": "pi-edge.conf", "tls.conf": "pi-edge.conf", "classroom-viewer.conf": "pi-edge-viewer.conf",
          "tls-viewer.conf": "pi-edge-viewer.conf", "bridge.conf": "pi-edge-bridge.conf"}
FILES = sorted(path.name for path in SHIPPED.glob("*.conf"))
NOT_AUTHORISED = {5, 135}  # MQTT 3.1.1, MQTT 5


def make_certificates(folder):
    """Runs the shipped script with places below `folder`."""
    script = (SHIPPED / "make-certificates").read_text(encoding="utf-8")
    for old, new in (("/root/pi-edge-ca", f"{folder}/authority"), ("/etc/mosquitto/pi-edge", f"{folder}/broker"),
                     ("-o mosquitto -g mosquitto ", "")):
        assert old in script, old
        script = script.replace(old, new)
    return subprocess.run(["sh", "-s", "broker.example", "192.0.2.7"], input=script, capture_output=True, text=True, check=False)


def combinations():
    """One file for each place in conf.d, or none; a viewer needs another listener (mosquitto 2.0.11 does not start without)."""
    places = sorted(set(PLACES.values()))
    for names in itertools.product(*([None] + [name for name in FILES if PLACES[name] == place] for place in places)):
        there = {PLACES[name] for name in names if name}
        if there and not ("pi-edge-viewer.conf" in there and "pi-edge.conf" not in there):
            yield [name for name in names if name]


class Installed:
    """mosquitto as Debian's package starts it, but for folders and ports."""

    def __init__(self, names, certificates):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="edge-conf-d-"))
        self.listeners = {}  # port of the file: (port here, address, whether it speaks websockets, whether it speaks TLS)
        self.process = None
        for name in ("conf.d", "pi-edge", "page", "lib", "log", "run"):
            (self.folder / name).mkdir()
        main = MAIN.read_text(encoding="utf-8")
        for old, new in (("/etc/mosquitto/conf.d", "conf.d"), ("/var/lib/mosquitto/", "lib/"), ("/var/log/mosquitto", "log"),
                         ("/run/mosquitto", "run")):
            assert old in main, f"{MAIN} has no {old}: is it Debian's?"
            main = main.replace(old, f"{self.folder}/{new}")
        (self.folder / "mosquitto.conf").write_text(f"user root\n{main}" if os.geteuid() == 0 else main, encoding="utf-8")

        for name in ("server.pem", "server.key", "ca.pem"):
            shutil.copy(certificates / "broker" / name, self.folder / "pi-edge")
        shutil.copy(SHIPPED / "tls.acl", self.folder / "pi-edge/tls.acl")
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.folder / "pi-edge/passwords", "operator", "secret"], check=True,
                       capture_output=True)
        for name in names:
            self.copy(name)

    def copy(self, name):
        text = (SHIPPED / name).read_text(encoding="utf-8")
        for block in re.split(r"^(?=listener )", text, flags=re.MULTILINE)[1:]:
            port, address = re.match(r"listener (\d+)(?: (\S+))?", block).groups()
            self.listeners[int(port)] = (free_port(), address, "protocol websockets" in block, "certfile" in block)
            here = self.listeners[int(port)][0]
            text = text.replace(f"listener {port}", f"listener {here}" + ("" if address else " 127.0.0.1"))
        text = text.replace("/etc/mosquitto/pi-edge", f"{self.folder}/pi-edge").replace("/usr/share/pi-edge-viewer", f"{self.folder}/page")
        text = text.replace("mqtt.example.org:8883", f"127.0.0.1:{free_port()}")
        (self.folder / "conf.d" / PLACES[name]).write_text(text, encoding="utf-8")

    def start(self):
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self.folder / "mosquitto.conf"], stdout=output, stderr=output,
                                            preexec_fn=die_with_parent)
        for port, *_ in self.listeners.values():
            wait_for_port(port, self.process)

    def said(self):
        return "".join(path.read_text(errors="replace") for path in (self.folder / "output", self.folder / "log/mosquitto.log")
                       if path.exists())

    def close(self):
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
        shutil.rmtree(self.folder)

    def login(self, listener, user=None, password=None):
        """The return code of the CONNACK."""
        port, _, speaks_websockets, speaks_tls = self.listeners[listener]
        codes = []
        client = raw_client(transport="websockets" if speaks_websockets else "tcp")
        if speaks_tls:
            client.tls_set(ca_certs=str(self.folder / "pi-edge/ca.pem"), cert_reqs=ssl.CERT_REQUIRED)
        if user:
            client.username_pw_set(user, password)
        client.on_connect = lambda _client, _userdata, _flags, code, *_: codes.append(getattr(code, "value", code))
        client.connect("localhost" if speaks_tls else "127.0.0.1", port)
        while not codes:
            if client.loop(PATIENCE) != 0 and not codes:
                raise AssertionError(f"listener {listener}: no CONNACK")
        client.disconnect()
        return codes[0]


class BrokerFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="edge-certificates-"))
        done = make_certificates(cls.folder)
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def broker(self, names):
        broker = Installed(names, self.folder)
        self.addCleanup(broker.close)
        try:
            broker.start()
        except RuntimeError as error:
            self.fail(f"{error}\n{broker.said()}")
        return broker

    def test_every_combination_starts_and_lets_nobody_in_who_has_no_password(self):
        """And a listener with an address is at no other one."""
        for names in combinations():
            with self.subTest(names):
                broker = self.broker(names)
                for listener, (port, address, *_) in broker.listeners.items():
                    with socket.socket() as probe:
                        self.assertTrue(address is None or probe.connect_ex(("127.0.0.2", port)) != 0, f"listener {listener}")
                    self.assertIn(broker.login(listener), NOT_AUTHORISED, f"listener {listener}")
                    self.assertIn(broker.login(listener, "operator", "wrong"), NOT_AUTHORISED, f"listener {listener}")
                    self.assertEqual(broker.login(listener, "operator", "secret"), 0, f"listener {listener}")

    def test_no_file_opens_the_broker(self):
        for name in FILES:
            text = (SHIPPED / name).read_text(encoding="utf-8")
            self.assertNotIn("allow_anonymous true", text, name)

    def test_certificates_satisfy_a_strict_client(self):
        """As Python 3.13 and browsers check: key usage, authority key identifier, alternative names."""
        broker = self.folder / "broker"
        for host, kind in (("broker.example", "hostname"), ("localhost", "hostname"), ("192.0.2.7", "ip"), ("::1", "ip")):
            done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", f"-verify_{kind}", host, "-CAfile",
                                   broker / "ca.pem", broker / "server.pem"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_authority_is_made_once_and_its_key_stays_away_from_the_broker(self):
        before = (self.folder / "authority/ca.pem").read_bytes()
        certificate = (self.folder / "broker/server.pem").read_bytes()
        self.assertEqual(make_certificates(self.folder).returncode, 0)
        self.assertEqual((self.folder / "authority/ca.pem").read_bytes(), before)
        self.assertNotEqual((self.folder / "broker/server.pem").read_bytes(), certificate)
        self.assertEqual(sorted(path.name for path in (self.folder / "broker").iterdir()), ["ca.pem", "server.key", "server.pem"])
        self.assertEqual((self.folder / "authority").stat().st_mode & 0o77, 0)
        self.assertEqual((self.folder / "broker/server.key").stat().st_mode & 0o77, 0)

    def test_its_first_lines_name_what_each_file_stands_beside(self):
        for name in FILES:
            comment = (SHIPPED / name).read_text(encoding="utf-8").split("\n\n")[0]
            header = "\n".join(line for line in comment.splitlines() if line.startswith("#"))
            self.assertIn("Stands beside", header, name)
            for other in re.findall(r"[\w-]+\.conf\b", header):
                self.assertTrue(other in ("mosquitto.conf", *PLACES.values()) or (SHIPPED / other).exists(), f"{name} names {other}")
            self.assertIn(f"/etc/mosquitto/conf.d/{PLACES[name]}", header, name)


if __name__ == "__main__":
    unittest.main()
