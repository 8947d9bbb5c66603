# SPDX-License-Identifier: MIT
"""The receivers that people run on Windows and elsewhere (scripts/clients), as a person runs them."""

import filecmp
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone

from PIL import Image

import certificates
from support import PATIENCE, Agent, AgentCase, Broker, Client, die_with_parent, free_port

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../../..")
NAME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})Z(-\d+)?\.jpg$")

WHOLE = b"\xff\xd8\xff\xda\x00\x02\xff\xd9"  # the least that is a JPEG from its first marker to its last


@functools.cache
def node_receiver():
    """Installed as its first lines say, away from the sources."""
    source, work = f"{ROOT}/scripts/clients/node", f"{ROOT}/build/node-receiver"
    lock = "package-lock.json"
    if not (os.path.exists(f"{work}/node_modules/mqtt") and filecmp.cmp(f"{source}/{lock}", f"{work}/{lock}", shallow=False)):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(source, work)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.copy(f"{source}/receiver.js", work)
    return ["node", f"{work}/receiver.js"]


def python_receiver():
    return ["/usr/bin/python3", "-B", f"{ROOT}/scripts/clients/python/receiver.py"]


class Running:
    """A receiver at work; what it prints is waited for."""

    def __init__(self, command, **options):
        self.lines = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent,
                                        **options)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def wait(self, pattern, count=1):
        def found():
            return sum(bool(re.search(pattern, line)) for line in self.lines) >= count
        with self.changed:
            if not self.changed.wait_for(found, PATIENCE):
                raise AssertionError(f"{pattern!r} was not printed {count} times: {self.lines}")

    def end(self):
        """Its exit code."""
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.end()


class Receivers:
    """What both have in common."""

    def command(self):
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="edge-receiver-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def receive(self, *options, broker=None, environment=None, within=()):
        broker = broker or f"mqtt://127.0.0.1:{self.broker.port}"
        running = Running([*within, *self.command(), "--broker", broker, "--folder", self.folder, *options],
                          env=os.environ | (environment or {}))
        self.addCleanup(running.close)
        return running

    def pictures(self):
        return sorted(os.listdir(self.folder))

    def test_once_takes_a_picture_and_ends(self):
        receiver = self.receive("--once", "capture")
        self.assertEqual(receiver.end(), 0, receiver.lines)
        [name] = self.pictures()
        match = NAME.match(name)
        self.assertIsNotNone(match, name)
        taken = datetime.strptime(match[1], "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=timezone.utc)
        self.assertLess(abs(datetime.now(timezone.utc) - taken), timedelta(minutes=2))
        Image.open(f"{self.folder}/{name}").load()

    def test_readings_are_printed_from_start_to_stop(self):
        receiver = self.receive("start")
        receiver.wait("^start: done")
        receiver.wait(r"^\d\d:\d\d:\d\d room/temp -?\d+$", 3)
        receiver.process.send_signal(signal.SIGINT)
        self.assertEqual(receiver.end(), 0, receiver.lines)
        self.receive("stop").wait("^stop: done")

    def test_it_goes_on_when_the_broker_was_away(self):
        receiver = self.receive("capture")
        receiver.wait(r"\.jpg \(\d+ bytes\)")
        self.broker.stop()
        receiver.wait("connection is lost")
        self.broker.start()
        receiver.wait("^connected to", 2)
        with Client(self.broker, "edge/test-pi/#") as other:
            other.wait("edge/test-pi/status", lambda m: m.payload == b"online")
            other.command("capture")
        receiver.wait(r"\.jpg \(\d+ bytes\)", 2)
        self.assertEqual(len(self.pictures()), 2, "and 'capture' was not sent again")

    def test_it_goes_on_when_the_broker_refused_it_for_a_while(self):
        """As while the program starts that checks the broker's logins."""
        receiver = self.receive()
        receiver.wait("^connected to")
        for is_allowed in (False, True):
            self.broker.stop()
            self.broker.allow_anonymous(is_allowed)
            self.broker.start()
            if not is_allowed:
                receiver.wait("trying again", 3)
        receiver.wait("^connected to", 2)

    def test_what_is_no_whole_picture_is_kept_apart(self):
        receiver = self.receive()
        receiver.wait("^connected to")
        with Client(self.broker, "jpeg") as other:
            for payload in (b"", b"\xff\xd8\xff", b"\xff\xd8" + b"x" * 100 + b"\xff\xd9", b"GIF89a"):
                other.publish("jpeg", payload)
            for _ in range(2):
                other.publish("command", "capture")
        receiver.wait("is incomplete", 3)
        receiver.wait(r"\.jpg \(\d+ bytes\)", 2)
        names = self.pictures()
        self.assertEqual(sum(name.endswith(".jpg") for name in names), 2, names)
        self.assertGreaterEqual(sum(name.endswith(".incomplete") for name in names), 3, names)
        self.assertFalse([name for name in names if name.endswith(".part")])

    def test_two_pictures_of_one_moment_keep_their_own_names(self):
        receiver = self.receive("--pictures", "again")
        receiver.wait("^connected to")
        jpeg = self.picture()
        with Client(self.broker, protocol=5) as other:
            for _ in range(2):
                self.publish_at(other, jpeg, "2026-11-20T09:30:00.123Z")
        receiver.wait(r"\.jpg \(\d+ bytes\)", 2)
        self.assertEqual(self.pictures(), ["2026-11-20T09-30-00.123Z-2.jpg", "2026-11-20T09-30-00.123Z.jpg"])

    def test_what_is_no_text_does_no_harm_to_a_terminal(self):
        receiver = self.receive("--readings", "edge/#")
        receiver.wait("^connected to")
        self.client.publish("edge/attic/live", b"\xff\xd8\x1b[2J\x9b\x07\r\n/pictures/forged.jpg (1 bytes)")
        receiver.wait(r"edge/attic/live .*\\x1b\[2J.*forged")
        self.assertFalse([line for line in receiver.lines if re.search("[\x00-\x1f\x7f-\x9f]|^/pictures", line)])

    def test_several_receivers_share_a_folder(self):
        receivers = [self.receive("--pictures", "again") for _ in range(3)]
        for receiver in receivers:
            receiver.wait("^connected to")
        jpeg = self.picture()
        with Client(self.broker, protocol=5) as other:
            for second in range(20):
                self.publish_at(other, jpeg, f"2026-11-20T09:30:{second:02d}Z")
        for receiver in receivers:
            receiver.wait(r"\.jpg \(\d+ bytes\)", 20)
        names = self.pictures()
        self.assertEqual((len(names), {name[-4:] for name in names}), (60, {".jpg"}))

    def test_a_full_disk_leaves_no_part_of_a_picture(self):
        receiver = self.receive("--pictures", "again", within=["sh", "-c", 'trap "" XFSZ && ulimit -f 64 && exec "$@"', "sh"])
        receiver.wait("^connected to")
        large = self.picture()[:-2] + bytes(200000) + b"\xff\xd9"
        self.client.publish("again", large)
        self.assertEqual(receiver.end(), 1, receiver.lines)
        self.assertIn("cannot be saved", receiver.lines[-1])
        self.assertEqual(self.pictures(), [])

    def test_a_time_that_no_clock_shows_is_no_obstacle(self):
        receiver = self.receive("--pictures", "again")
        receiver.wait("^connected to")
        jpeg = self.picture()
        with Client(self.broker, protocol=5) as other:
            for when in ("0001-01-01T00:00:00+14:00", "yesterday"):
                self.publish_at(other, jpeg, when)
        receiver.wait(r"\.jpg \(\d+ bytes\)", 2)

    def test_once_is_not_content_with_the_picture_of_another_command(self):
        self.agent.stop()
        with Client(self.broker, "edge/scripted/command", protocol=5) as scripted:
            receiver = self.receive("--once", "--timeout", "3", "--device", "scripted", "--pictures", "again", "capture")
            scripted.wait("edge/scripted/command")
            self.publish_at(scripted, WHOLE, "2026-11-20T09:30:00.123Z", "another")
            receiver.wait(r"\.jpg \(\d+ bytes\)")
            self.assertEqual(receiver.end(), 1, receiver.lines)
        self.assertIn("no picture came", receiver.lines[-1])

    def test_once_is_not_content_with_a_picture_from_before(self):
        self.agent.stop()
        with Client(self.broker, "edge/scripted/command", protocol=5) as scripted:
            scripted.publish("old", WHOLE, retain=True)
            receiver = self.receive("--once", "--timeout", "3", "--device", "scripted", "--pictures", "old", "capture")
            scripted.wait("edge/scripted/command")
            receiver.wait(r"\.jpg \(\d+ bytes\)")
            self.assertEqual(receiver.end(), 1, receiver.lines)

    def test_a_broker_that_does_not_answer_holds_nobody(self):
        """Not even the command's PUBACK comes."""
        broker = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(broker.close)
        broker.settimeout(PATIENCE)
        receiver = self.receive("--once", "--timeout", "2", "capture", broker=f"mqtt://127.0.0.1:{broker.getsockname()[1]}")
        connection, _ = broker.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK of MQTT 5
            subscribe = connection.recv(1024)
            connection.sendall(b"\x90\x06" + subscribe[2:4] + b"\x00\x01\x01\x01")
            self.assertEqual(receiver.end(), 1, receiver.lines)
        self.assertIn("no picture came", receiver.lines[-1])

    def test_it_ends_when_nobody_reads_its_output(self):
        receiver = self.receive("start", within=["bash", "-c", 'exec "$@" > >(head -n 1)', "bash"])
        self.assertNotEqual(receiver.end(), 0)
        self.assertIn("connected to", receiver.lines[0])
        self.assertNotIn("Traceback", "\n".join(receiver.lines))

    def picture(self):
        before = len(self.client.on("jpeg"))
        self.client.command("capture")
        return self.client.wait("jpeg", count=before + 1).payload

    @staticmethod
    def publish_at(client, jpeg, when, transaction=None):
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = [("time", when)] + ([("transaction", transaction)] if transaction else [])
        client.paho.publish("again", jpeg, 1, False, properties).wait_for_publish()

    def test_an_error_is_told_and_ends_once(self):
        receiver = self.receive("--once", "bake")
        self.assertEqual(receiver.end(), 1)
        self.assertIn("unknown_command", "\n".join(receiver.lines))

    def test_it_survives_what_others_publish(self):
        receiver = self.receive("--once", "--timeout", "60")
        receiver.wait("^connected to")
        for payload in (b"\xff", b"null", b"[1]", b'{"transaction":{}}', b"9" * 5000, b"[" * 100000):
            self.client.publish("edge/other/response", payload)
        self.client.command("capture")
        self.assertEqual(receiver.end(), 0, receiver.lines)

    def test_a_device_is_asked_alone(self):
        other = Agent(self.broker, device="other")
        self.addCleanup(other.close)
        other.start()
        receiver = self.receive("--once", "--device", "other", "capture")
        self.assertEqual(receiver.end(), 0, receiver.lines)
        self.assertEqual(self.client.on("edge/test-pi/response"), [])

    def test_no_broker_and_no_picture_are_told(self):
        receiver = self.receive(broker=f"mqtt://127.0.0.1:{free_port()}")
        self.assertEqual(receiver.end(), 1)
        self.assertIn("cannot be reached", receiver.lines[-1])
        receiver = self.receive("--once", "--timeout", "1")
        self.assertEqual(receiver.end(), 1)
        self.assertIn("no picture came", receiver.lines[-1])
        receiver = self.receive(broker="http://127.0.0.1")
        self.assertEqual(receiver.end(), 2)

    def test_a_name_may_have_an_address_where_no_broker_listens(self):
        """As Debian's "localhost" has: ::1 before 127.0.0.1, and Debian 12's Node.js tries one alone."""
        hosts = f"{self.folder}.hosts"
        with open(hosts, "w", encoding="ascii") as file:
            file.write("::1 both-families\n127.0.0.1 both-families\n")
        self.addCleanup(os.unlink, hosts)
        namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
        receiver = self.receive("--once", "capture", broker=f"mqtt://both-families:{self.broker.port}",
                                within=[*namespace, "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts])
        self.assertEqual(receiver.end(), 0, receiver.lines)

    def test_pictures_of_all_devices_are_received_by_a_wildcard(self):
        receiver = self.receive("--pictures", "edge/+/jpeg")
        receiver.wait("^connected to")
        jpeg = self.picture()
        with Client(self.broker) as other:
            other.publish("edge/attic/jpeg", jpeg)
            other.publish("edge/cellar/jpeg", jpeg)
        receiver.wait(r"\.jpg \(\d+ bytes\)", 2)
        self.assertEqual(len(self.pictures()), 2)

    def test_commands_take_options_and_json(self):
        for words, size in ((["capture", "width=160", "height=120"], (160, 120)),
                            (["capture", "width=160", "height=120", "transaction=5"], (160, 120)),
                            ([json.dumps({"command": "capture", "width": 320, "height": 240, "transaction": "mine"})], (320, 240))):
            with self.subTest(words):
                receiver = self.receive("--once", "start", "interval=10s", *words)
                self.assertEqual(receiver.end(), 0, receiver.lines)
                [name] = self.pictures()
                self.assertEqual(Image.open(f"{self.folder}/{name}").size, size)
                os.remove(f"{self.folder}/{name}")
        for words in (["{command:capture}"], ["width=160"], ["{}"]):
            receiver = self.receive(*words)
            self.assert_one_sentence(receiver)

    def test_replies_come_from_another_base(self):
        other = Agent(self.broker, device="other", extra='\n[topics]\nbase = "site/7/{id}"\n')
        other.status = "site/7/other/status"
        self.addCleanup(other.close)
        other.start()
        self.receive("--base", "site/7/{id}", "--device", "other", "start").wait("^start: done")
        self.receive("--base", "site/7/{id}", "stop").wait("^stop: done")

    def assert_one_sentence(self, receiver):
        """It ends as failed or as wrong usage and says why, without a traceback."""
        self.assertIn(receiver.end(), (1, 2), receiver.lines)
        text = "\n".join(receiver.lines)
        self.assertNotRegex(text, r"Traceback|\bat .*:\d+:\d+\)|node:internal")
        self.assertGreater(len(text), 10)
        return text

    def test_mistakes_are_explained(self):
        garbage = f"{self.folder}.garbage"
        with open(garbage, "wb") as file:
            file.write(b"\xff\xe0 no certificate, no password")
        self.addCleanup(os.remove, garbage)
        tls = f"mqtts://127.0.0.1:{self.broker.port}"
        for options, broker in (
                (["--ca", "/nowhere/ca.pem"], tls), (["--ca", garbage], tls), (["--cert", "/nowhere/cert.pem"], tls),
                (["--user", "a", "--password-file", "/nowhere/password"], None), (["--user", "a", "--password-file", garbage], None),
                (["--folder", "/dev/null/pictures"], None), (["--timeout", "soon"], None), (["--timeout", "1e9"], None),
                (["--pictures", ""], None), (["--pictures", "edge/+x/jpeg"], None), (["--readings", "edge/#/temp"], None),
                (["--device", "#"], None), (["--device", "a b"], None), (["--base", "edge/+"], None),
                ([], "mqtt://127.0.0.1:99999"), ([], "mqtt://127.0.0.1:port"), ([], "mqtt://"), ([], tls)):
            with self.subTest([*options, broker]):
                text = self.assert_one_sentence(self.receive(*options, broker=broker))
                if options and options[-1].startswith("/nowhere"):
                    self.assertIn(options[-1], text)
                    self.assertIn(options[-2], text)

    def test_the_older_protocol_works_too(self):
        receiver = self.receive("--protocol", "3.1.1", "--once", "capture")
        self.assertEqual(receiver.end(), 0, receiver.lines)
        self.assertRegex(self.pictures()[0], NAME)


class PythonReceiver(Receivers, AgentCase):
    def command(self):
        return python_receiver()

    def test_characters_that_the_console_does_not_have_are_written_otherwise(self):
        receiver = self.receive("--readings", "edge/+/sensor/+", environment={"PYTHONIOENCODING": "cp1252"})
        receiver.wait("^connected to")
        for unit in ("\u03a9", "V"):
            self.client.publish("edge/attic/sensor/supply", json.dumps({"value": 5, "unit": unit}, ensure_ascii=False))
        receiver.wait("sensor/supply", 2)


class NodeReceiver(Receivers, AgentCase):
    def command(self):
        return node_receiver()


class Secured(unittest.TestCase):
    """TLS, a user and a password: both receivers, and both refuse a certificate that is not the broker's."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="edge-receiver-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def test_tls_with_a_password(self):
        authority = certificates.Authority(self.folder)
        certificate, key = authority.issue("localhost")
        subprocess.run(["mosquitto_passwd", "-b", "-c", f"{self.folder}/passwords", "reader", "secret"], check=True, capture_output=True)
        tls_port = free_port()
        broker = Broker(f"listener {tls_port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nallow_anonymous false\n"
                        f"password_file {self.folder}/passwords\n", first="per_listener_settings true")
        self.addCleanup(broker.close)
        broker.start()
        agent = Agent(broker)
        self.addCleanup(agent.close)
        agent.start()
        utf16 = f"{self.folder}/password.txt"
        with open(utf16, "wb") as file:
            file.write("secret\r\n".encode("utf-16"))  # what Windows PowerShell 5 writes
        for receiver in (python_receiver(), node_receiver()):
            def run(*options, password="secret", broker=f"mqtts://localhost:{tls_port}", receiver=receiver):
                return subprocess.run([*receiver, "--broker", broker, "--folder", f"{self.folder}/pictures", "--once", "--timeout",
                                       str(PATIENCE), *options, "capture"], env=os.environ | {"MQTT_PASSWORD": password},
                                      capture_output=True, text=True, timeout=2 * PATIENCE, check=False)

            login = ("--ca", authority.file, "--user", "reader")
            for good in (run(*login), run(*login, "--password-file", utf16, password="")):
                self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
            strange = run("--user", "reader")
            self.assertEqual(strange.returncode, 1, strange.stdout + strange.stderr)
            self.assertIn("--ca", strange.stderr)
            for protocol in ("5", "3.1.1"):
                for refused in (run(*login, "--protocol", protocol, password="wrong"), run(*login[:2], "--protocol", protocol)):
                    self.assertEqual(refused.returncode, 1, refused.stdout + refused.stderr)
                    self.assertIn("--user", refused.stderr)
                    self.assertNotIn("unknown", refused.stderr)
            plain = run(broker=f"mqtt://localhost:{tls_port}")
            self.assertEqual(plain.returncode, 1, plain.stdout + plain.stderr)
            self.assertIn("mqtts", plain.stderr)
        self.assertEqual(len(os.listdir(f"{self.folder}/pictures")), 4)


if __name__ == "__main__":
    unittest.main()
