# SPDX-License-Identifier: MIT
"""pi-edge-agent request and status: a person at the command line, a broker, an agent."""

import io
import json
import os
import signal
import subprocess
import unittest

from PIL import Image

from support import AGENT, BASE, ID, PATIENCE, PROTOCOLS, Agent, AgentCase, Broker, free_port


class CommandLineCase(AgentCase):
    def config(self, name="person.toml", protocol="auto", mqtt="", extra="", port=None):
        """A configuration of the same device."""
        path = f"{self.agent.directory}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'[device]\nid = "{ID}"\n[mqtt]\nservers = ["mqtt://127.0.0.1:{port or self.broker.port}"]\n'
                       f'protocol = "{protocol}"\n{mqtt}\n[journal]\npath = "{self.agent.directory}/journal.db"\n{extra}')
        return path

    def call(self, *arguments, config=None, text=True):
        command = [AGENT, arguments[0], "--config", config or self.agent.config_path, *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=text, timeout=4 * PATIENCE, check=False)

    def assert_fails(self, done, pattern, code=1):
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertRegex(done.stderr, pattern)

    def file(self, name):
        return os.path.join(self.agent.directory, name)

    def assert_picture(self, path, size=(640, 480)):
        with open(path, "rb") as file, Image.open(io.BytesIO(file.read())) as image:
            image.load()
            self.assertEqual(image.size, size)


class Request(CommandLineCase):
    def test_start_and_stop_print_the_data_of_the_reply(self):
        done = self.call("request", "start", "interval=1s")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, "(?s)interval: 1s.*sensors:\n  name room")
        self.client.wait(f"{BASE}/publishing", lambda m: m.payload == b"ON" and not m.retain)
        self.assertEqual(self.call("request", "STOP").returncode, 0)
        self.client.wait(f"{BASE}/publishing", lambda m: m.payload == b"OFF" and not m.retain)

    def test_json_is_the_reply(self):
        done = self.call("request", "capture", "width=320", "height=240", "--json")
        reply = self.assert_ok(json.loads(done.stdout), "capture")
        self.assertEqual((done.returncode, reply["data"]["width"]), (0, 320))

    def test_capture_saves_its_picture_and_nobody_elses(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                config = self.config(protocol=protocol)
                path = self.file("picture.jpg")
                self.client.publish(f"{BASE}/command", json.dumps({"command": "capture", "count": 5, "width": 320, "height": 240}))
                done = self.call("request", "capture", "width=1280", "height=720", "-o", path, config=config)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assert_picture(path, (1280, 720))
                os.remove(path)

    def test_a_series_is_numbered(self):
        done = self.call("request", "capture", "count=3", "-o", self.file("series.jpg"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for number in (1, 2, 3):
            self.assert_picture(self.file(f"series-{number}.jpg"))

    def test_a_picture_goes_to_standard_output_but_not_to_a_terminal(self):
        done = self.call("request", "capture", "-o", "-", text=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((done.stdout[:2], done.stdout[-2:]), (b"\xff\xd8", b"\xff\xd9"), "a picture and nothing else")
        primary, terminal = os.openpty()
        done = subprocess.run([AGENT, "request", "--config", self.agent.config_path, "capture", "-o", "-"], stdout=terminal,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        os.close(terminal)
        os.close(primary)
        self.assertEqual(done.returncode, 2)
        self.assertIn("terminal", done.stderr)

    def test_a_picture_that_cannot_be_written_is_a_failure(self):
        self.assert_fails(self.call("request", "capture", "-o", "/nowhere/picture.jpg"), "/nowhere")

    def test_an_error_reply_is_1_with_the_sentence_of_the_agent(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                config = self.config(protocol=protocol)
                self.assert_fails(self.call("request", "fly", config=config), "capture.*unknown_command")
                self.assert_fails(self.call("request", "capture", "width=7", config=config), "width.*invalid_option")
        done = self.call("request", "fly", "--json")
        self.assertEqual(done.returncode, 1)
        self.assert_error(json.loads(done.stdout), "unknown_command")

    def test_wrong_usage_is_2(self):
        for arguments in (("start", "fast"), ("start", "-o", "x.jpg"), ("capture", "count=2", "-o", "-")):
            with self.subTest(arguments):
                self.assertEqual(self.call("request", *arguments).returncode, 2)

    def test_nothing_is_sent_to_an_agent_that_is_offline(self):
        self.agent.stop()
        self.client.wait(f"{BASE}/status", lambda m: m.payload == b"offline")
        self.assert_fails(self.call("request", "start"), "test-pi is offline")
        self.client.publish("end", "x")
        self.client.wait("end")
        self.assertEqual(self.client.on(f"{BASE}/command"), [])

    def test_no_broker(self):
        self.assert_fails(self.call("request", "start", config=self.config(port=free_port())), "cannot connect.*is the broker running")

    def test_the_next_broker_is_used_where_the_first_does_not_answer(self):
        config = self.config()
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace('servers = [', f'servers = ["mqtt://127.0.0.1:{free_port()}", '))
        done = self.call("request", "stop", config=config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_agent_that_does_not_exist(self):
        self.assert_fails(self.call("request", "start", "--id", "nobody", "--timeout", "1s"), "no reply from nobody within 1s")
        with subprocess.Popen([AGENT, "request", "--config", self.agent.config_path, "start", "--id", "nobody"]) as process:
            self.client.wait("edge/nobody/command", count=2)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(PATIENCE), -signal.SIGINT)

    def test_another_agent_at_the_same_broker(self):
        other = Agent(self.broker, device="other")
        self.addCleanup(other.close)
        other.start()
        self.assertEqual(self.call("request", "start", "--id", "other").returncode, 0)
        self.client.wait("edge/other/publishing", lambda m: m.payload == b"ON" and not m.retain)

    def test_the_own_id_may_be_the_name_of_a_level_above_it(self):
        config = self.config()
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace(f'id = "{ID}"', f'id = "{BASE.split("/", maxsplit=1)[0]}"'))
        done = self.call("request", "stop", "--id", ID, config=config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_without_replies_a_command_is_sent_to_all(self):
        config = self.config(extra='[topics]\nbase = ""\n')
        done = self.call("request", "start", config=config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("do not reply", done.stdout)
        self.assertEqual(json.loads(self.client.wait("command").payload)["command"], "start")
        self.assert_fails(self.call("request", "capture", "-o", self.file("x.jpg"), config=config), "topics.base")
        self.assert_fails(self.call("request", "start", "--id", "other", config=config), "topics.base")


class Login(CommandLineCase):
    def setUp(self):
        super().setUp()
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.file("passwords"), "pi", "right"], check=True, capture_output=True)
        self.secret = self.file("secret")
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write("right\n")
        os.chmod(self.secret, 0o600)
        self.login = f'username = "pi"\npassword_file = "{self.secret}"'

    def start_broker(self, extra):
        broker = Broker(extra)
        self.addCleanup(broker.close)
        return broker.start()

    def test_a_wrong_password(self):
        broker = self.start_broker(f"password_file {self.file('passwords')}\nallow_anonymous false")
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write("wrong\n")
        config = self.config(port=broker.port, mqtt=self.login)
        self.assert_fails(self.call("request", "start", config=config), "password")
        done = self.call("status", config=config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("password", done.stderr)

    def test_an_access_list_that_denies_the_command(self):
        with open(self.file("acl"), "w", encoding="utf-8") as file:
            file.write(f"topic read {BASE}/#\n")
        os.chmod(self.file("acl"), 0o644)
        broker = self.start_broker(f"acl_file {self.file('acl')}")
        self.assert_fails(self.call("request", "start", config=self.config(port=broker.port)), f'write "{BASE}/command"')

    def test_the_shipped_access_list_lets_a_device_command_and_watch_itself(self):
        acl = os.path.abspath(f"{os.path.dirname(__file__)}/../../../../config/mosquitto/tls.acl")
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.file("passwords"), ID, "right"], check=True, capture_output=True)
        broker = self.start_broker(f"acl_file {acl}\npassword_file {self.file('passwords')}\nallow_anonymous false")
        login = f'username = "{ID}"\npassword_file = "{self.secret}"'
        device = Agent(broker, device=ID, mqtt=login, extra='\n[image]\ntopic = "edge/{id}/jpeg"\n')
        self.addCleanup(device.close)
        device.launch()
        broker.wait_for_subscription(f"{BASE}/command")
        path = self.file("own.jpg")
        done = self.call("request", "capture", "-o", path, config=device.config_path)
        self.assertEqual((done.returncode, done.stderr), (0, ""), device.log())
        self.assert_picture(path)
        self.assertEqual(self.call("status", config=device.config_path).returncode, 0)


class Status(CommandLineCase):
    def test_an_agent_that_is_online(self):
        self.call("request", "start")
        self.client.wait(f"{BASE}/health", lambda m: json.loads(m.payload)["readings"]["delivered"] > 0)
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                done = self.call("status", config=self.config(protocol=protocol))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith("test-pi: online\n"), done.stdout)
                self.assertRegex(done.stdout, r"(?s)connection .*readings +published.*room: [\d.]+ °C, .* ago.*journal +ok")
        done = self.call("status", "--json")
        status = json.loads(done.stdout)
        self.assertEqual((done.returncode, status["status"], status["info"]["id"]), (0, "online", ID))
        self.assertIn("uptime_s", status["health"])

    def test_an_agent_that_is_offline_or_unknown(self):
        self.agent.stop()
        done = self.call("status")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"\Atest-pi: offline, last health .* ago\n")
        self.assertIn("this machine: no agent runs", done.stderr)
        done = self.call("status", "--id", "nobody")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody: not known at", done.stdout)
        self.assertNotIn("this machine", done.stderr)

    def test_without_a_broker_this_machine_says_what_it_knows(self):
        self.broker.stop()
        done = self.call("status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "(?s)cannot connect.*this machine: an agent runs .*"
                                      rf"journal.db \(pid {self.agent.process.pid}\)")

    def test_without_topics_of_its_own_there_is_no_status(self):
        self.assert_fails(self.call("status", config=self.config(extra='[topics]\nbase = ""\n')), "topics.base")


if __name__ == "__main__":
    unittest.main()
