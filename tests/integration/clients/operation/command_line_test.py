# SPDX-License-Identifier: MIT
"""pi-edge-agent's own command line."""

import fcntl
import io
import json
import os
import re
import select
import signal
import stat
import subprocess
import tempfile
import unittest

from PIL import Image

from support import AGENT, ID, PATIENCE, Agent, AgentCase, Client

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../../..")


def run(*arguments, **options):
    return subprocess.run([AGENT, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, **options)


class CommandLine(AgentCase):
    def test_help_and_version(self):
        self.assertEqual(run("--help").returncode, 0)
        version = run("--version")
        self.assertEqual((version.returncode, version.stderr), (0, ""))
        self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")

    def test_the_camera_program_refuses_wrong_arguments(self):
        def camera(*arguments):
            return subprocess.run([f"{os.path.dirname(AGENT)}/pi-edge-camera", *arguments], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)

        for arguments in (["--socket-fd", "x"], ["--socket-fd", "-1"], ["--socket-fd", "1024"], ["--socket-fd"], ["--nonsense"],
                          ["argument"], ["--version=1"]):
            with self.subTest(arguments):
                refused = camera(*arguments)
                self.assertEqual(refused.returncode, 2)
                self.assertNotEqual(refused.stderr, "")
        self.assertEqual(camera("--config", "/nonexistent").returncode, 78)
        self.assertRegex(camera("--version").stdout, r"\d+\.\d+\.\d+")
        self.assertIn("--socket-fd", camera("--help").stdout)

    def test_manual_page_and_completion_have_every_command_and_option_of_the_help(self):
        def listed(pattern, arguments):
            text = run(*arguments, "--help").stdout
            return re.findall(pattern, text[text.index("\nOptions:"):], re.MULTILINE)

        with open(f"{ROOT}/docs/man/pi-edge-agent.1", encoding="utf-8") as file:
            manual = file.read()
        commands = listed(r"^  ([a-z][a-z-]*) ", ())
        self.assertEqual(set(commands), {"run", "check-config", "print-id", "doctor", "capture", "sensors", "status", "request",
                                         "journal"})
        self.assertEqual(re.findall(r"^\.It Cm (.*)$", manual[:manual.index(".Sh FILES")], re.MULTILINE), commands)
        self.assertEqual(self.complete(""), [*commands, "--version", "-h", "--help"])
        for command in commands:
            with self.subTest(command):
                options = set(listed(r"(?<![\w-])--?[a-z][a-z-]*", (command,)))
                self.assertIn("--help", options)
                self.assertEqual(set(self.complete(command, "-")), options)
                section = manual[manual.index(f".It Cm {command}\n"):].split(".El\n")[0]
                described = {f"-{name}" for line in re.findall(r"^\.It (.*)$", section, re.MULTILINE)
                             for name in re.findall(r"Fl (\S+)", line)}
                self.assertEqual(described | {"-h", "--help"}, options)

    def test_completion_and_contract_have_every_command_and_option_over_mqtt(self):
        with open(f"{ROOT}/agent/services/commands/command.cpp", encoding="utf-8") as file:
            source = file.read()
        commands = re.findall(r'CommandSpec\{"([a-z]+)"', source)
        options = [f"{name}=" for name in re.findall(r'OptionSpec(?: \w+)?\{"([a-z_]+)"', source)]
        self.assertIn("capture", commands)
        self.assertEqual(set(self.complete("request", "")), {*commands, *options})
        with open(f"{ROOT}/docs/mqtt.md", encoding="utf-8") as file:
            table = file.read().split("| command | options | effect |")[1].split("\n\n")[0]
        self.assertEqual(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE), commands)

    def complete(self, *words):
        script = (f'source "{ROOT}/docs/man/pi-edge-agent.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pi_edge_agent; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return subprocess.run(["bash", "-c", script, "bash", "pi-edge-agent", *words], capture_output=True, text=True, timeout=PATIENCE,
                              check=True, cwd=self.agent.directory).stdout.split()

    def test_the_shell_completes_commands_options_and_files(self):
        self.assertEqual(self.complete("c"), ["check-config", "capture"])
        self.assertEqual(self.complete("request", "ca"), ["capture", "cancel"])
        self.assertEqual(self.complete("request", "-o", "age"), ["agent.toml"])
        self.assertIn("doctor", self.complete(""))
        self.assertEqual(self.complete("journal", "--f"), ["--follow"])
        self.assertEqual(self.complete("journal", "--kind", "c"), ["command", "capture"])
        self.assertEqual(self.complete("run", "--config", "age"), ["agent.toml"])
        self.assertEqual(self.complete("check-config", "age"), ["agent.toml"])
        self.assertEqual(self.complete("journal", "--last", ""), [])

    def test_wrong_usage_is_2(self):
        for arguments in ((), ("fly",), ("run", "--fast"), ("capture",), ("journal", "--last", "-5"), ("journal", "--last", "0"),
                          ("journal", "--last", "5x"), ("journal", "--last", "99999999999999999999"), ("journal", "--kind", "x"),
                          ("journal", "--since", "x"), ("run", "--config", ""), ("check-config", ""), ("capture", "-o", ""),
                          ("request",), ("request", "start", "--timeout", "5"), ("status", "--id", "")):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments).returncode, 2)

    def test_what_is_misspelt_is_suggested(self):
        for arguments, meant in ((("jurnal",), "journal"), (("doctr", "--json"), "doctor"), (("journal", "--lsat", "5"), "--last"),
                                 (("journal", "--lsat=5"), "--last"), (("run", "--confg", "x"), "--config"),
                                 (("capture", "--outptu", "x"), "--output"), (("--versoin",), "--version"),
                                 (("requset", "start"), "request"), (("sttaus",), "status"),
                                 (("request", "start", "--timout=5s"), "--timeout"),
                                 (("journal", "--kind", "comand"), "command")):
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(f"did you mean {meant}?", result.stderr)

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.client.command("status")  # a row to show
        config = ("--config", self.agent.config_path)
        commands = (("--version",), ("--help",), ("journal", "--help"), ("check-config", self.agent.config_path),
                    ("journal", *config), ("journal", *config, "--json"), ("doctor", *config), ("doctor", *config, "--json"),
                    ("capture", *config, "-o", f"{self.agent.directory}/picture.jpg"), ("capture", *config, "-o", "-"))
        camera = os.path.join(os.path.dirname(AGENT), "pi-edge-camera")
        for command in [[AGENT, *arguments] for arguments in commands] + [[camera, "--version"], [camera, "--help"]]:
            with self.subTest(command), open("/dev/full", "wb") as full:
                done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=4 * PATIENCE, check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("No space left on device", done.stderr)
        with self.subTest("a closed pipe"):
            reader, writer = os.pipe()
            os.close(reader)
            done = subprocess.run([AGENT, "journal", *config], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                                  check=False)
            os.close(writer)
            self.assertEqual(done.returncode, 1)
            self.assertIn("Broken pipe", done.stderr)
        with self.subTest("a closed standard output"):
            done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", AGENT, "journal", *config], stderr=subprocess.PIPE, text=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("standard output", done.stderr)

    def test_every_subcommand_ends_on_a_signal(self):
        config = ("--config", self.agent.config_path)
        self.client.command("status")  # a row to show
        pipe = os.path.join(self.agent.directory, "pipe")
        os.mkfifo(pipe)
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(("journal", how)):
                with subprocess.Popen([AGENT, "journal", *config, "--follow"], stdout=subprocess.PIPE) as journal:
                    self.assertTrue(journal.stdout.readline())
                    journal.send_signal(how)
                    self.assertEqual(journal.wait(PATIENCE), -how)
            with self.subTest(("capture", how)):
                reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
                fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)  # less than a picture
                with subprocess.Popen([AGENT, "capture", *config, "-o", pipe], stdout=subprocess.DEVNULL) as capture:
                    self.assertTrue(select.select([reader], [], [], PATIENCE)[0], "it is not being written")
                    capture.send_signal(how)
                    self.assertEqual(capture.wait(PATIENCE), -how)
                os.close(reader)

    def test_start_up_errors_have_a_priority_in_the_journal_and_are_plain_elsewhere(self):
        bad = os.path.join(self.agent.directory, "bad.toml")
        with open(bad, "w", encoding="utf-8") as file:
            file.write("[image]\nquality = 101\n[mqtt]\nqos = 9\n")
        camera = os.path.join(os.path.dirname(AGENT), "pi-edge-camera")
        for command in ([AGENT, "run", "--config", bad], [camera, "--config", bad]):
            with self.subTest(command), tempfile.TemporaryFile("w+", encoding="utf-8") as journal:
                stream = os.fstat(journal.fileno())
                for variable, prefix in ((f"{stream.st_dev}:{stream.st_ino}", "<3>"), ("1:1", "")):
                    journal.truncate(0)
                    journal.seek(0)
                    done = subprocess.run(command, stderr=journal, timeout=PATIENCE, check=False,
                                          env=os.environ | {"JOURNAL_STREAM": variable})
                    self.assertEqual(done.returncode, 78)
                    journal.seek(0)
                    lines = journal.read().splitlines()
                    self.assertEqual([line.startswith(f"{prefix}{bad}:") for line in lines], [True, True], lines)

    def test_a_good_configuration_is_0_and_a_bad_one_78_with_file_line_and_key(self):
        self.assertEqual(run("check-config", self.agent.config_path).returncode, 0)
        bad = os.path.join(self.agent.directory, "bad.toml")
        with open(bad, "w", encoding="utf-8") as file:
            file.write('[device]\nid = "x"\n[image]\nquality = 101\n')
        for arguments in (("check-config", bad), ("run", "--config", bad)):
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 78)
                self.assertIn(f"{bad}:4: image.quality: ", result.stderr)
        self.assertEqual(run("check-config", "/nowhere/agent.toml").returncode, 78)

    def test_show_prints_a_configuration_with_the_place_of_each_value(self):
        directory = os.path.dirname(self.agent.config_path)
        os.mkdir(f"{directory}/agent.d")
        with open(f"{directory}/agent.d/20.toml", "w", encoding="utf-8") as file:
            file.write('[mqtt]\nusername = "{id}"\npassword_file = "hunter2"\n\n[camera.controls]\nGain = 2\n')
        shown = run("check-config", "--show", self.agent.config_path)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
        self.assertIn(f'username = "{{id}}" # {directory}/agent.d/20.toml:2', lines)
        self.assertIn(f"Gain = 2 # {directory}/agent.d/20.toml:6", lines)
        self.assertIn("qos = 1 # default", lines)
        self.assertIn('name = "room" # ' + self.agent.config_path + ":14", lines)
        self.assertNotIn("hunter2", shown.stdout + shown.stderr)
        with self.subTest("it can be read again"):
            copy = os.path.join(self.agent.directory, "copy.toml")
            with open(copy, "w", encoding="utf-8") as file:
                file.write(shown.stdout)
            os.remove(f"{directory}/agent.d/20.toml")
            again = run("check-config", "--show", copy)
            self.assertEqual((again.returncode, again.stdout.count(" # default")), (0, 0), again.stderr)

    def test_print_id_is_the_id_of_the_configuration(self):
        self.assertEqual(run("print-id", "--config", self.agent.config_path).stdout, f"{ID}\n")
        empty = os.path.join(self.agent.directory, "empty.toml")
        with open(empty, "w", encoding="utf-8"):
            pass
        self.assertRegex(run("print-id", "--config", empty).stdout, r"\A[\w-]+-[0-9a-f]{6}\n\Z")
        self.assertEqual(run("print-id", "--config", "/nowhere/agent.toml").returncode, 78)

    def test_a_name_that_pictures_cannot_show_is_a_warning(self):
        korean = os.path.join(self.agent.directory, "korean.toml")
        with open(korean, "w", encoding="utf-8") as file:
            file.write('[device]\nid = "x"\nname = "온실"\n[image]\ntimestamp = true\n')
        result = run("check-config", korean)
        self.assertEqual(result.returncode, 0)
        self.assertIn(f"{korean}:3: device.name: ", result.stderr)

    def test_capture_writes_a_picture_without_a_broker(self):
        self.agent.stop()
        self.broker.stop()
        path = os.path.join(self.agent.directory, "picture.jpg")
        result = run("capture", "--config", self.agent.config_path, "-o", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, "rb") as file, Image.open(io.BytesIO(file.read())) as image:
            image.load()
            self.assertEqual(image.size, (640, 480))

    def test_the_log_escapes_what_does_not_print(self):
        hostile = "x\u009b2J\u202e\u200b\x1b[2J"
        self.assertEqual(self.client.command(hostile)["code"], "unknown_command")
        log = self.agent.log()
        for character in hostile[1:]:
            if not "!" <= character <= "~":
                self.assertNotIn(character, log)
        self.assertIn(r"\u{9b}2J\u{202e}\u{200b}\x1b[2J", log)
        self.assert_ok(self.client.command("\ufeffstatus\r\n"), "status")

    def test_each_line_of_a_message_has_a_priority(self):
        agent = Agent(self.broker, device="journald")
        self.addCleanup(agent.close)
        with open(f"{agent.directory}/log", "wb") as log:
            stream = os.fstat(log.fileno())
        agent.environment["JOURNAL_STREAM"] = f"{stream.st_dev}:{stream.st_ino}"
        agent.start()
        with open(agent.config_path, "a", encoding="utf-8") as file:
            file.write("[image]\nquality = 101\nmax_bytes = 1\n")
        agent.process.send_signal(signal.SIGHUP)
        with Client(self.broker, "edge/journald/response") as client:
            client.publish("edge/journald/command", "status")  # after the reload
            client.wait("edge/journald/response")
        lines = [line for line in agent.log().splitlines() if "agent.toml:" in line]
        self.assertEqual([line[:3] for line in lines], ["<3>", "<3>"], agent.log())

    def test_capture_writes_to_devices_pipes_and_standard_output(self):
        config = ("capture", "--config", self.agent.config_path, "-o")
        self.assertEqual(run(*config, "/dev/null").returncode, 0)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        for path in ("-", "/dev/stdout"):
            with self.subTest(path):
                done = subprocess.run([AGENT, *config, path], capture_output=True, timeout=PATIENCE, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual((done.stdout[:2], done.stdout[-2:]), (b"\xff\xd8", b"\xff\xd9"), "a picture and nothing else")
        with self.subTest("a terminal"):
            primary, terminal = os.openpty()
            done = subprocess.run([AGENT, *config, "-"], stdout=terminal, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
            os.close(terminal)
            os.close(primary)
            self.assertEqual(done.returncode, 2)
            self.assertIn("terminal", done.stderr)

    def test_libcamera_is_quiet_unless_it_is_asked(self):
        if not os.path.exists(os.path.join(os.path.dirname(AGENT), "libpi-edge-camera-libcamera.so")):
            self.skipTest("built without libcamera")
        path = os.path.join(self.agent.directory, "libcamera.toml")
        for level, variable, is_loud in (("info", None, False), ("debug", None, True), ("info", "*:INFO", True)):
            with self.subTest((level, variable)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f'[log]\nlevel = "{level}"\n[camera]\ndevice = "no such camera"\n')
                environment = {k: v for k, v in os.environ.items() if not k.startswith("LIBCAMERA_")}
                if variable:
                    environment["LIBCAMERA_LOG_LEVELS"] = variable
                done = run("capture", "--config", path, "-o", "/dev/null", env=environment)
                self.assertEqual(done.returncode, 1)
                self.assertNotIn("\033", done.stderr, "no colours")
                self.assertEqual(bool(re.search(r"(WARN|INFO) .*\.cpp:\d+", done.stderr)), is_loud, done.stderr)

    def test_a_log_that_nobody_reads_does_not_end_the_camera(self):
        reader, writer = os.pipe()
        os.close(reader)
        broker = self.broker
        agent = Agent(broker, device="unread")
        self.addCleanup(agent.close)
        with open(f"{agent.directory}/log", "w", encoding="utf-8"):
            agent.process = subprocess.Popen([AGENT, "run", "--config", agent.config_path], stderr=writer)
        os.close(writer)
        with Client(broker, "edge/unread/#") as client:
            client.wait("edge/unread/status", lambda m: m.payload == b"online")
            for _ in range(2):
                before = len(client.on("edge/unread/response"))
                client.publish("edge/unread/command", "capture")
                reply = json.loads(client.wait("edge/unread/response", count=before + 1).payload)
                self.assertEqual(reply["status"], "ok", reply)

    def test_journal_shows_the_commands_while_the_agent_runs_and_while_it_does_not(self):
        self.client.command({"command": "start", "transaction": "in-the-journal"})
        self.client.command("온도")
        for running in (True, False):
            with self.subTest(running=running):
                if not running:
                    self.agent.stop()
                result = run("journal", "--config", self.agent.config_path, "--json")
                self.assertEqual(result.returncode, 0, result.stderr)
                rows = [json.loads(line) for line in result.stdout.splitlines()]
                self.assertTrue(any("in-the-journal" in json.dumps(row) for row in rows))
                self.assertTrue(any("온도" in json.dumps(row, ensure_ascii=False) for row in rows))


if __name__ == "__main__":
    unittest.main()
