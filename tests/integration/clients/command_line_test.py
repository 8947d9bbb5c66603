# SPDX-License-Identifier: MIT
"""pi-edge-agent's own command line."""

import io
import json
import os
import subprocess
import unittest

from PIL import Image

from support import AGENT, PATIENCE, AgentCase

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")


def run(*arguments, **options):
    return subprocess.run([AGENT, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, **options)


class CommandLine(AgentCase):
    def test_help_and_version(self):
        self.assertEqual(run("--help").returncode, 0)
        version = run("--version")
        self.assertEqual((version.returncode, version.stderr), (0, ""))
        self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")

    def test_manual_page_and_completion_are_those_of_this_help(self):
        manual = os.path.join(os.path.dirname(AGENT), "edge_manual")
        for what, file in (("man", "pi-edge-agent.1"), ("bash", "pi-edge-agent.bash")):
            made = subprocess.run([manual, what], capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
            with open(f"{ROOT}/docs/man/{file}", encoding="utf-8") as kept:
                self.assertEqual(made, kept.read(), f"run: {manual} {what} > docs/man/{file}")

    def complete(self, *words):
        script = (f'source "{ROOT}/docs/man/pi-edge-agent.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pi_edge_agent; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return subprocess.run(["bash", "-c", script, "bash", "pi-edge-agent", *words], capture_output=True, text=True, timeout=PATIENCE,
                              check=True, cwd=self.agent.directory).stdout.split()

    def test_the_shell_completes_commands_options_and_files(self):
        self.assertEqual(self.complete("c"), ["check-config", "capture"])
        self.assertIn("doctor", self.complete(""))
        self.assertEqual(self.complete("journal", "--f"), ["--follow"])
        self.assertEqual(self.complete("journal", "--kind", "c"), ["command", "capture"])
        self.assertEqual(self.complete("run", "--config", "age"), ["agent.toml"])
        self.assertEqual(self.complete("check-config", "age"), ["agent.toml"])
        self.assertEqual(self.complete("journal", "--last", ""), [])

    def test_wrong_usage_is_2(self):
        for arguments in ((), ("fly",), ("run", "--fast"), ("capture",)):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments).returncode, 2)

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

    def test_capture_writes_a_picture_without_a_broker(self):
        self.agent.stop()
        self.broker.stop()
        path = os.path.join(self.agent.directory, "picture.jpg")
        result = run("capture", "--config", self.agent.config_path, "-o", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, "rb") as file, Image.open(io.BytesIO(file.read())) as image:
            image.load()
            self.assertEqual(image.size, (640, 480))

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
