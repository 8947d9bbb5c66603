# SPDX-License-Identifier: MIT
"""The shipped broker configuration (config/mosquitto) in conf.d of Debian's own mosquitto.conf: every file alone and every
combination starts, and nobody is let in without a password where a file asks for one."""

import itertools
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile
import unittest

import certificates
from support import MOSQUITTO, PATIENCE, die_with_parent, free_port, raw_client, wait_for_port

SHIPPED = pathlib.Path(__file__).resolve().parents[4] / "config/mosquitto"
MAIN = pathlib.Path("/etc/mosquitto/mosquitto.conf")
FILES = sorted(path.name for path in SHIPPED.glob("*.conf"))
OPEN = {"local-viewer.conf", "bridge.conf"}  # on this machine alone, without a password
NOT_AUTHORISED = {5, 135}  # MQTT 3.1.1, MQTT 5


class Installed:
    """mosquitto as Debian's package starts it, but for folders and ports."""

    def __init__(self, names, authority):
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

        certificate, key = authority.issue("localhost")
        shutil.copy(certificate, self.folder / "pi-edge/server.pem")
        shutil.copy(key, self.folder / "pi-edge/server.key")
        shutil.copy(authority.file, self.folder / "pi-edge/ca.pem")
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
        (self.folder / "conf.d" / name).write_text(text, encoding="utf-8")

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
        cls.folder = tempfile.mkdtemp(prefix="edge-authority-")
        cls.authority = certificates.Authority(cls.folder)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def broker(self, names):
        broker = Installed(names, self.authority)
        self.addCleanup(broker.close)
        try:
            broker.start()
        except RuntimeError as error:
            self.fail(f"{error}\n{broker.said()}")
        return broker

    def test_every_combination_starts_and_lets_nobody_in_who_has_no_password(self):
        for names in (names for count in range(1, len(FILES) + 1) for names in itertools.combinations(FILES, count)):
            if "tls-viewer.conf" in names and not set(names) & {"tls.conf", "local-viewer.conf"}:
                continue  # mosquitto 2.0.11 does not start with websockets alone
            with self.subTest(names):
                broker = self.broker(names)
                for listener, (_, address, *_) in broker.listeners.items():
                    code = broker.login(listener)
                    if set(names) <= OPEN:
                        self.assertEqual((code, address), (0, "127.0.0.1"), f"listener {listener}")
                    else:
                        self.assertIn(code, NOT_AUTHORISED, f"listener {listener}")
                    if "tls.conf" in names:
                        self.assertEqual(broker.login(listener, "operator", "secret"), 0, f"listener {listener}")
                        self.assertIn(broker.login(listener, "operator", "wrong"), NOT_AUTHORISED, f"listener {listener}")

    def test_its_first_lines_name_what_each_file_stands_beside(self):
        for name in FILES:
            comment = (SHIPPED / name).read_text(encoding="utf-8").split("\n\n")[0]
            header = "\n".join(line for line in comment.splitlines() if line.startswith("#"))
            self.assertIn("Stands beside", header, name)
            for other in re.findall(r"[\w-]+\.conf\b", header):
                self.assertTrue(other == "mosquitto.conf" or (SHIPPED / other).exists(), f"{name} names {other}")


if __name__ == "__main__":
    unittest.main()
