# SPDX-License-Identifier: MIT
"""pi-edge-agent doctor against brokers and sensors that are as they are in the field: away, closed, picky."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import certificates
from support import AGENT, PATIENCE, Agent, Broker, Client, decoded, free_port

CONFIG = """
[device]
id = "test-pi"
[mqtt]
servers = {servers}
{mqtt}
[[sensor]]
name = "room"
type = "file"
device = "{folder}/reading"
topic = "room/temp"
[camera]
backend = "pattern"
[journal]
path = "{folder}/journal.db"
"""


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="edge-doctor-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.write("reading", "21.5\n")

    def write(self, name, text, mode=0o600):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def start_broker(self, extra="", first=""):
        broker = Broker(extra, first)
        self.addCleanup(broker.close)
        return broker.start()

    def run_doctor(self, *servers, mqtt="", extra=""):
        """Exit code, and the findings by check: {check: [(severity, text and remedy)]}."""
        path = self.write("agent.toml", CONFIG.format(servers=json.dumps(servers), folder=self.folder, mqtt=mqtt) + extra)
        done = subprocess.run([AGENT, "doctor", "--config", path, "--json"], capture_output=True, text=True,
                              timeout=4 * PATIENCE, check=False)
        self.assertEqual(done.stderr, "")
        findings = {}
        for entry in json.loads(done.stdout)["findings"]:
            findings.setdefault(entry["check"], []).append((entry["severity"], f"{entry['text']} {entry.get('remedy', '')}"))
        return done.returncode, findings

    def assert_told(self, findings, check, severity, pattern):
        for found, text in findings.get(check, []):
            if found == severity and re.search(pattern, text):
                return
        self.fail(f"no {severity} of {check} says {pattern!r}: {findings.get(check)}")

    def test_a_good_broker_has_only_been_tried_with_true_values(self):
        broker = self.start_broker()
        with Client(broker, "#") as client:
            code, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}")
            client.publish("end", "x")
            client.wait("end")
            self.assertEqual([m.payload for m in client.on("room/temp")], [b"22"])
            self.assertEqual(client.on("jpeg"), [], "a test picture is published nowhere")
            self.assertFalse([m for m in client.messages if m.retain or m.topic.endswith("/status")])
        self.assertEqual([f for f in findings["broker"] if f[0] != "fine"], [])
        self.assert_told(findings, "broker", "fine", "publishing is allowed: .*room/temp")
        self.assert_told(findings, "sensor", "fine", "21.500 °C")
        self.assert_told(findings, "camera", "warning", "no real camera")
        self.assertEqual(code, 3, "a test picture and this machine's clock are worth a warning")

    def test_nobody_listens(self):
        code, findings = self.run_doctor(f"mqtt://127.0.0.1:{free_port()}")
        self.assert_told(findings, "broker", "error", "cannot connect.*is the broker running")
        self.assertEqual(code, 1)

    def test_a_name_that_nobody_knows(self):
        _, findings = self.run_doctor("mqtt://no-such-host.invalid")
        self.assert_told(findings, "broker", "error", "no-such-host.invalid")

    def test_several_servers_are_all_tried(self):
        broker = self.start_broker()
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{free_port()}", f"mqtt://127.0.0.1:{broker.port}")
        self.assert_told(findings, "broker", "error", ".")
        self.assert_told(findings, "broker", "fine", "connected with MQTT 5")

    def test_every_address_of_a_name_is_tried(self):
        port = free_port()
        self.start_broker(f"listener {port} ::1\nallow_anonymous true")
        _, findings = self.run_doctor(f"mqtt://localhost:{port}")
        self.assertEqual([f for f in findings["broker"] if f[0] == "error"], [])
        self.assert_told(findings, "broker", "fine", "connected with MQTT 5")

    def test_a_retained_message_that_is_too_long_does_no_harm(self):
        broker = self.start_broker()
        command = ["mosquitto_pub", "-p", str(broker.port), "-t", "command", "-r", "-s"]
        subprocess.run(command, input=b"x" * 15_000_000, check=True, timeout=PATIENCE)
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}", mqtt='protocol = "3.1.1"')
        self.assertEqual([f for f in findings["broker"] if f[0] == "error"], [])

    def test_a_wrong_password(self):
        subprocess.run(["mosquitto_passwd", "-b", "-c", f"{self.folder}/passwords", "pi", "right"], check=True, capture_output=True)
        broker = self.start_broker(f"password_file {self.folder}/passwords\nallow_anonymous false")
        secret = self.write("secret", "wrong\n")
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}", mqtt=f'username = "pi"\npassword_file = "{secret}"')
        self.assert_told(findings, "broker", "error", "password")

    def test_an_access_list_that_denies(self):
        acl = self.write("acl", "topic write room/temp\ntopic read command\ntopic write edge/test-pi/command\n", 0o644)
        broker = self.start_broker(f"acl_file {acl}")
        code, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}")
        self.assert_told(findings, "broker", "error", r'read "edge/test-pi/command".*tls\.acl')
        self.assert_told(findings, "broker", "error", r'write "edge/test-pi/sensor/room"')
        self.assertFalse([text for _, text in findings["broker"] if '"command"' in text or '"room/temp"' in text], findings["broker"])
        self.assertEqual(code, 1)

    def test_a_broker_that_takes_small_packets_only(self):
        broker = self.start_broker("max_packet_size 100000")
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}")
        self.assert_told(findings, "broker", "warning", "max_bytes")

    def test_a_broker_of_the_older_protocol(self):
        broker = self.start_broker()
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}", mqtt='protocol = "3.1.1"')
        self.assert_told(findings, "broker", "fine", "MQTT 3.1.1")
        self.assert_told(findings, "broker", "note", "does not tell whether")

    def test_a_certificate_for_another_name_or_of_a_stranger(self):
        authority = certificates.Authority(f"{self.folder}/ca")
        certificate, key = authority.issue("elsewhere.example")
        port = free_port()
        self.start_broker(f"listener {port} 127.0.0.1\nallow_anonymous true\ncertfile {certificate}\nkeyfile {key}",
                          first="per_listener_settings true")
        server = f"mqtts://localhost:{port}"
        _, findings = self.run_doctor(server, mqtt=f'[mqtt.tls]\nca_file = "{authority.file}"')
        self.assert_told(findings, "broker", "error", "localhost")
        _, findings = self.run_doctor(server)
        self.assert_told(findings, "broker", "error", "ca_file|not trusted|unknown|self-signed|issuer")

    def test_what_a_running_agent_was_denied_and_that_it_is_left_alone(self):
        acl = self.write("acl", "topic readwrite #\ntopic deny room/temp\n", 0o644)
        broker = self.start_broker(f"acl_file {acl}")
        agent = Agent(broker)
        self.addCleanup(agent.close)
        agent.start()
        with Client(broker, "edge/test-pi/#") as client:
            client.command("start")
            client.wait("edge/test-pi/health", lambda m: b'"denied_topics":["room/temp"]' in m.payload.replace(b" ", b""))
            done = subprocess.run([AGENT, "doctor", "--config", agent.config_path], capture_output=True, text=True, timeout=4 * PATIENCE,
                                  check=False)
            self.assertIn('denied "room/temp"', done.stdout)
            client.command("cancel")
            self.assertEqual([m.payload for m in client.on("edge/test-pi/status")], [b"online"], "it lost its connection")

    def test_no_trace_is_left_in_a_running_agent(self):
        broker = self.start_broker()
        agent = Agent(broker)
        self.addCleanup(agent.close)
        agent.start()
        with Client(broker, "edge/test-pi/#") as client:
            before = decoded(client.wait("edge/test-pi/health"))["commands"]
            log = agent.log()
            done = subprocess.run([AGENT, "doctor", "--config", agent.config_path, "--json"], capture_output=True, text=True,
                                  timeout=4 * PATIENCE, check=False)
            self.assertEqual(done.stderr, "")
            self.assertNotIn('"check": "others"', done.stdout, "it took this very agent for another")
            self.assertEqual(agent.log(), log)
            client.command("status")
            after = decoded(client.wait("edge/test-pi/health", lambda m: decoded(m)["commands"]["received"] > before["received"]))
            self.assertEqual(after["commands"]["refused"], 0)
            self.assertEqual(after["commands"]["received"], before["received"] + 1)
        agent.stop()
        journal = subprocess.run([AGENT, "journal", "--config", agent.config_path, "--kind", "command", "--json"], capture_output=True,
                                 text=True, timeout=PATIENCE, check=True)
        self.assertEqual([json.loads(line)["payload"] for line in journal.stdout.splitlines()], ["status"])

    def test_nothing_waits_for_an_agent_that_is_away(self):
        broker = self.start_broker()
        agent = Agent(broker)
        self.addCleanup(agent.close)
        agent.start()
        agent.stop()
        subprocess.run([AGENT, "doctor", "--config", agent.config_path], capture_output=True, timeout=4 * PATIENCE, check=False)
        agent.start()
        with Client(broker, "edge/test-pi/#") as client:
            self.assertEqual(client.command("status")["status"], "ok")
            self.assertEqual([decoded(m)["status"] for m in client.on("edge/test-pi/response")], ["ok"])
        self.assertNotIn("refused", agent.log())

    def test_another_agent_with_this_id_and_one_with_the_same_topics(self):
        broker = self.start_broker()
        for device in ("test-pi", "other-pi"):
            agent = Agent(broker, device=device)
            self.addCleanup(agent.close)
            agent.start()
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}")
        self.assert_told(findings, "others", "warning", 'device.id "test-pi" is online')
        self.assert_told(findings, "others", "warning", r'"room/temp" is also published by other-pi.*\{id\}')

    def test_a_user_who_may_not_read_the_secrets(self):
        if os.geteuid() != 0:
            self.skipTest("only root can take another user's rights")
        subprocess.run(["mosquitto_passwd", "-b", "-c", f"{self.folder}/passwords", "pi", "right"], check=True, capture_output=True)
        broker = self.start_broker(f"password_file {self.folder}/passwords\nallow_anonymous false")
        secret = self.write("secret", "right\n")
        os.mkdir(f"{self.folder}/closed", 0o700)
        os.chmod(self.folder, 0o755)
        os.chmod(f"{self.folder}/reading", 0o644)
        path = self.write("agent.toml", CONFIG.format(servers=json.dumps([f"mqtt://127.0.0.1:{broker.port}"]), folder=self.folder,
                                                      mqtt=f'username = "pi"\npassword_file = "{secret}"')
                          .replace(f"{self.folder}/journal.db", f"{self.folder}/closed/journal.db"), 0o644)

        def as_nobody(*arguments):
            return subprocess.run([AGENT, *arguments], capture_output=True, text=True, timeout=4 * PATIENCE, check=False, user=65534,
                                  group=65534, extra_groups=[], env={"PATH": os.environ["PATH"], "HOME": "/"})

        checked = as_nobody("check-config", path)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertRegex(checked.stderr, r"warning: .*password_file.*[Pp]ermission denied")
        self.assertEqual(as_nobody("run", "--config", path).returncode, 78, "an agent needs it")

        done = as_nobody("doctor", "--config", path, "--json")
        self.assertEqual(done.returncode, 3, done.stdout)
        findings = json.loads(done.stdout)["findings"]

        def of(check):
            return [(f["severity"], f["text"], f.get("remedy", "")) for f in findings if f["check"] == check]

        self.assertNotIn("error", [severity for severity, *_ in of("configuration")])
        self.assertTrue([f for f in of("configuration") if f[0] == "warning" and "ermission denied" in f[1] and "sudo" in f[2]], findings)
        self.assertFalse([f for f in of("broker") if f[0] == "error"], "the login was not tried")
        self.assertTrue([f for f in of("journal") if f[0] == "warning" and "ermission denied" in f[1] and "sudo" in f[2]], findings)

        as_root = subprocess.run([AGENT, "check-config", path], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((as_root.returncode, as_root.stderr), (0, ""))
        os.chown(secret, 65534, 65534)
        self.assertEqual(subprocess.run([AGENT, "check-config", path], capture_output=True, timeout=PATIENCE, check=False).returncode, 0,
                         "root checks a file that belongs to the service's user")

    def test_it_ends_when_it_is_told_to(self):
        with socket.socket() as silent:  # accepts, and never says a word
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            path = self.write("agent.toml", CONFIG.format(servers=json.dumps([f"mqtt://127.0.0.1:{silent.getsockname()[1]}"]),
                                                          folder=self.folder, mqtt=""))
            for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(how), subprocess.Popen([AGENT, "doctor", "--config", path], stdout=subprocess.DEVNULL) as doctor:
                    silent.accept()[0].close()  # the broker is being tried
                    doctor.send_signal(how)
                    self.assertEqual(doctor.wait(PATIENCE), -how)

    def test_a_sensor_that_is_gone_and_one_that_talks_nonsense(self):
        broker = self.start_broker()
        os.remove(f"{self.folder}/reading")
        code, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}", extra='[[sensor]]\nname = "bus"\ntype = "w1"\n')
        self.assert_told(findings, "sensor", "error", "room: .*reading")
        self.assert_told(findings, "sensor", "error", "bus: ")
        self.assertEqual(code, 1)
        self.write("reading", "warm\n")
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}")
        self.assert_told(findings, "sensor", "error", "room: ")

    def test_a_gpio_chip_that_is_not_there(self):
        broker = self.start_broker()
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}", extra='[[gpio.input]]\nname = "door"\nchip = "nobody"\nline = 4\n')
        self.assert_told(findings, "gpio", "error", "door")

    def test_a_damaged_journal(self):
        broker = self.start_broker()
        self.write("journal.db", "SQLite format 3\0" + "nonsense " * 1000)
        _, findings = self.run_doctor(f"mqtt://127.0.0.1:{broker.port}")
        self.assert_told(findings, "journal", "error", "journal.db")

    def test_a_camera_that_gives_no_picture(self):
        broker = self.start_broker()
        path = self.write("agent.toml", CONFIG.format(servers=json.dumps([f"mqtt://127.0.0.1:{broker.port}"]), folder=self.folder, mqtt="")
                          .replace('backend = "pattern"', f'backend = "replay"\ndevice = "{self.folder}/empty"'))
        os.mkdir(f"{self.folder}/empty")
        done = subprocess.run([AGENT, "doctor", "--config", path], capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
        self.assertRegex(done.stdout, r"error +camera +no picture: ")

    def test_a_wrong_configuration(self):
        path = self.write("agent.toml", "[mqtt]\nqos = 9\n")
        done = subprocess.run([AGENT, "doctor", "-c", path], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stdout, r"error +configuration +.*agent\.toml:2: mqtt\.qos")
        self.assertNotIn("\033", done.stdout, "no colours for a pipe")


if __name__ == "__main__":
    unittest.main()
