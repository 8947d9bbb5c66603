# SPDX-License-Identifier: MIT
"""What the documentation tells people to type and to write is typed and written here: configuration blocks are checked by the agent
itself, MQTT commands go to a real broker with an agent behind it, and what changes the machine is looked at for syntax and for
scripts and options that exist. The system test (suite tutorial) follows README.md, tutorial.md and clients.md on a whole machine."""

import ast
import glob
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import AGENT, PATIENCE, AgentCase

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../../..")
PAGES = sorted(glob.glob(f"{ROOT}/docs/**/*.md", recursive=True) + glob.glob(f"{ROOT}/*.md"))
# integration.clients.translations compares the blocks of the Korean pages with these.
ENGLISH = [page for page in PAGES if "/docs/ko/" not in page and not page.endswith(".ko.md")]
# What an indented line begins with when it is a command.
PROGRAMS = ("mosquitto_pub", "mosquitto_sub", "pi-edge-agent", "sudo", "./scripts/", "scripts/", "python3", "journalctl", "systemctl",
            "cd ")
SYSTEM_TEXTS = ("database or disk is full",)
TIMED_OUT = 27  # mosquitto_sub -W
# The python3 that Debian's modules are for comes first.
ENVIRONMENT = os.environ | {"PATH": "/usr/bin:" + os.environ["PATH"]}


def blocks(page, language):
    """(line, text) of each fenced block."""
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    found, start = [], None
    for number, line in enumerate(lines, 1):
        if start is None and line == f"```{language}":
            start = number
        elif start is not None and line == "```":
            found.append((start, "\n".join(lines[start:number - 1])))
            start = None
    return found


def configurations(page):
    """(line, text) of each configuration: blocks, and files that a shell block writes."""
    found = blocks(page, "toml")
    for start, text in blocks(page, "sh"):
        for written in re.finditer(r"^sudo tee \S+\.toml <<'END'\n(.*?)^END$", text, re.MULTILINE | re.DOTALL):
            found.append((start + text[:written.start(1)].count("\n") + 1, written[1]))
    return found


def commands(page):
    """(line, command) of each shell line: in fences, and indented by four."""
    found = []
    for start, text in blocks(page, "sh"):
        found += [(start + i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    with open(page, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("    ") and line.strip().startswith(PROGRAMS):
                found.append((number, line.strip()))
    return [(number, re.sub(r"\s+#\s.*$", "", line)) for number, line in found]


def name(page, line):
    return f"{os.path.relpath(page, ROOT)}:{line}"


class Pages(unittest.TestCase):
    def test_links_lead_somewhere(self):
        broken = []
        for page in PAGES:
            with open(page, encoding="utf-8") as file:
                for number, text in enumerate(file, 1):
                    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
                        if "://" not in target and not os.path.exists(os.path.join(os.path.dirname(page), target)):
                            broken.append(f"{name(page, number)}: {target}")
        self.assertEqual(broken, [])

    def test_paths_of_the_project_exist(self):
        broken = []
        for page in PAGES:
            with open(page, encoding="utf-8") as file:
                for number, text in enumerate(file, 1):
                    for path in re.findall(r"`((?:agent|cmake|config|docs|scripts|systemd|tests)/[^\s`<>{}]*)`", text):
                        if not glob.glob(f"{ROOT}/{path}"):
                            broken.append(f"{name(page, number)}: {path}")
        self.assertEqual(broken, [])

    def test_headings_that_are_linked_to_exist(self):
        missing = []
        for page in PAGES:
            with open(page, encoding="utf-8") as file:
                for target, heading in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", file.read()):
                    other = os.path.join(os.path.dirname(page), target) if target else page
                    with open(other, encoding="utf-8") as there:
                        titles = re.findall(r"^#+ (.*)$", there.read(), re.MULTILINE)
                    if heading not in [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]:
                        missing.append(f"{os.path.relpath(page, ROOT)}: {target}#{heading}")
        self.assertEqual(missing, [])

    def test_the_map_lists_every_page(self):
        text = pathlib.Path(f"{ROOT}/docs/README.md").read_text(encoding="utf-8")
        listed = re.findall(r"\]\(([^).][^)]*\.md)\)", text)
        there = [os.path.relpath(page, f"{ROOT}/docs") for page in PAGES if page.startswith(f"{ROOT}/docs/")]
        there = [page for page in there if page != "README.md" and not page.startswith("decisions/") and not page.endswith(".ko.md")]
        self.assertEqual(sorted(listed), sorted(there))

    def test_prose_wraps_at_120_columns(self):
        wide = []
        for page in PAGES:
            fenced = False
            for number, text in enumerate(pathlib.Path(page).read_text(encoding="utf-8").splitlines(), 1):
                fenced ^= text.startswith("```")
                if len(text) > 120 and not fenced and not text.startswith(("|", "    ", "#", "![")):
                    wide.append(name(page, number))
        self.assertEqual(wide, [])

    def test_each_page_begins_with_what_it_is_for(self):
        for page in PAGES:
            title, blank, first = pathlib.Path(page).read_text(encoding="utf-8").splitlines()[:3]
            with self.subTest(os.path.relpath(page, ROOT)):
                self.assertTrue(title.startswith("# ") and blank == "")
                self.assertRegex(first, r"^[^\W_]", "a sentence, not a list, a table or a block")

    def test_scripts_and_their_options_exist(self):
        wrong = []
        for page in PAGES:
            for line, command in commands(page):
                match = re.match(r"(?:sudo )?(?:\./)?(scripts/[\w/.-]+)(.*)", command)
                if not match:
                    continue
                script = f"{ROOT}/{match[1]}"
                if not os.access(script, os.X_OK) and not script.endswith((".py", ".js")):
                    wrong.append(f"{name(page, line)}: {match[1]} is not there")
                    continue
                options = re.findall(r"(?<=\s)--[a-z-]+", re.sub(r"\s#.*", "", match[2]))
                with open(script, encoding="utf-8") as file:
                    text = file.read()
                wrong += [f"{name(page, line)}: {match[1]} has no {option}" for option in options if option not in text]
        self.assertEqual(wrong, [])

    def test_quoted_messages_are_printed_by_the_programs(self):
        """In the first column of a table: `the journal FILE is in use by …`. Parts of system calls' texts are left out."""
        sources = glob.glob(f"{ROOT}/agent/**/*.[ch]pp", recursive=True)
        literals = re.sub(r'"\s*\n\s*"', "", "".join(pathlib.Path(source).read_text(encoding="utf-8") for source in sources))
        missing = []
        for page in ("operating", "troubleshooting"):
            lines = pathlib.Path(f"{ROOT}/docs/{page}.md").read_text(encoding="utf-8").splitlines()
            for number, line in enumerate(lines, 1):
                for quoted in re.findall(r"`([^`]+)`", line.split("|")[1]) if line.startswith("| `") else ():
                    # What stands for a value: … and words in capitals, N, numbers.
                    parts = [part.strip(" :;,") for part in re.split(r"…|\b[A-Z]{2,}\b|\bN\b|\d+|: ", quoted)]
                    missing += [f"docs/{page}.md:{number}: {part}" for part in parts
                                if len(part.split()) > 2 and part not in literals and part not in SYSTEM_TEXTS]
        self.assertEqual(missing, [])

    def test_shell_and_python_can_be_parsed(self):
        for page in PAGES:
            for line, text in blocks(page, "sh"):
                done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
                self.assertEqual(done.stderr, "", name(page, line))
            for line, text in blocks(page, "python"):
                with self.subTest(name(page, line)):
                    ast.parse(text)


class Configurations(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="edge-docs-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def test_every_block_is_a_good_configuration(self):
        count = 0
        for page in PAGES:
            for line, text in configurations(page):
                count += 1
                with self.subTest(name(page, line)):
                    done = self.check(text)
                    self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(count, 10)

    def test_the_recipes_can_be_used_together(self):
        """No line of the header, no name and no topic is in two of them."""
        os.mkdir(f"{self.folder}/agent.d")
        shutil.copy(f"{ROOT}/config/agent.toml", self.folder)
        for page in ("tutorial", "recipes/bme280", "recipes/from-motioneye", "recipes/pir-sensor", "recipes/rules", "recipes/timelapse"):
            text = pathlib.Path(f"{ROOT}/docs/{page}.md").read_text(encoding="utf-8")
            for file, block in re.findall(r"^sudo tee \S+/agent\.d/(\S+) <<'END'\n(.*?)^END$", text, re.MULTILINE | re.DOTALL):
                if "password_file" not in block:
                    pathlib.Path(f"{self.folder}/agent.d/{file}").write_text(block, encoding="utf-8")
        (_, schedules), = blocks(f"{ROOT}/docs/schedules.md", "toml")
        pathlib.Path(f"{self.folder}/agent.d/schedules.toml").write_text(schedules, encoding="utf-8")
        done = subprocess.run([AGENT, "check-config", f"{self.folder}/agent.toml"], capture_output=True, text=True, timeout=PATIENCE,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def check(self, text):
        """Files that the text names are there, as it asks for them."""
        for key, path in re.findall(r'^(\w+_file)\s*=\s*"([^"]+)"', text, re.MULTILINE):
            if "/" in path:
                text = text.replace(f'"{path}"', f'"{self.make(key, os.path.basename(path))}"')
        environment = os.environ | {"CREDENTIALS_DIRECTORY": self.folder}
        self.make("password_file", "mqtt-password")
        with open(f"{self.folder}/agent.toml", "w", encoding="utf-8") as file:
            file.write(text)
        return subprocess.run([AGENT, "check-config", f"{self.folder}/agent.toml"], capture_output=True, text=True, timeout=PATIENCE,
                              check=False, env=environment)

    def make(self, key, file):
        path = f"{self.folder}/{file}"
        if key == "password_file":
            with open(path, "w", encoding="utf-8") as secret:
                secret.write("secret\n")
        else:
            self.certificates()
            path = f"{self.folder}/{'key' if key == 'key_file' else 'cert'}.pem"
        os.chmod(path, 0o600)
        return path

    def certificates(self):
        if not os.path.exists(f"{self.folder}/key.pem"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-subj", "/CN=x", "-keyout", f"{self.folder}/key.pem", "-out", f"{self.folder}/cert.pem"],
                           check=True, capture_output=True)


class Commands(AgentCase):
    """Run as they are, but for the name of the broker, with an agent that answers."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="edge-docs-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.symlink(f"{ROOT}/scripts", f"{self.folder}/scripts")
        pathlib.Path(f"{self.folder}/secret.txt").write_text("a-long-word\n", encoding="utf-8")

    def here(self, command):
        """The same command on this machine."""
        where = f"-h 127.0.0.1 -p {self.broker.port}"
        command = re.sub(r"(mosquitto_(?:pub|sub))(?: -h (?:raspberrypi|broker\.example))?(?: -p \d+)?", rf"\1 {where}", command)
        command = re.sub(r"mosquitto_sub(?!.* -C )", "mosquitto_sub -W 1", command)
        command = re.sub(r"mosquitto_sub(?=.* -C )", "mosquitto_sub -W 8", command)
        command = re.sub(r"(?:sudo )?pi-edge-agent (\S+)", rf"{AGENT} \1 --config {self.agent.config_path}", command)
        return command.replace("mqtt://raspberrypi", f"mqtt://127.0.0.1:{self.broker.port}")

    def run_shell(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True, timeout=2 * PATIENCE, check=False,
                              stdin=subprocess.DEVNULL, env=ENVIRONMENT)

    def pictures_while(self, command):
        """Another client requests pictures again and again while a command only listens."""
        request = f"mosquitto_pub -h 127.0.0.1 -p {self.broker.port} -t command -m capture"
        return f"for i in 1 2 3 4 5 6; do sleep 0.5; {request}; done & {command}; wait"

    def test_mqtt_commands(self):
        ran = 0
        for page in ENGLISH:
            for line, command in commands(page):
                if not re.match(r"(for .*)?mosquitto_(pub|sub) ", command) or "OLD-ID" in command or "--cafile" in command:
                    continue
                ran += 1
                with self.subTest(name(page, line)):
                    ready = self.here(command)
                    done = self.run_shell(self.pictures_while(ready) if "-t jpeg -C 1" in command and "capture" not in command else ready)
                    self.assertIn(done.returncode, (0, TIMED_OUT), done.stderr.decode())
                    if "> picture.jpg" in command:
                        with open(f"{self.folder}/picture.jpg", "rb") as file:
                            jpeg = file.read()
                        self.assertEqual((jpeg[:2], jpeg[-2:]), (b"\xff\xd8", b"\xff\xd9"), command)
                        os.remove(f"{self.folder}/picture.jpg")
        self.assertGreater(ran, 15)

    def test_powershell_lines(self):
        """As PowerShell 5 hands them on (there is none here): `cmd /c "…"` is its text, a piped text gets a line end, and a quote in an
        argument is lost."""
        ran = 0
        for page in ENGLISH:
            for line, text in blocks(page, "powershell"):
                for command in text.splitlines():
                    if "mosquitto_" not in command or command.startswith("$env:"):
                        continue
                    ran += 1
                    with self.subTest(name(page, line)):
                        inner = re.sub(r'^cmd /c "(.*)"$', r"\1", command)
                        inner, is_piped = re.subn(r"^('.*') \|", r"printf '%s\\r\\n' \1 |", inner)
                        self.assertTrue(is_piped or '"' not in inner, "PowerShell 5 removes the quotes")
                        ready = self.here(inner)
                        done = self.run_shell(self.pictures_while(ready) if "-t jpeg" in inner else ready)
                        self.assertIn(done.returncode, (0, TIMED_OUT), done.stderr.decode())
        self.assertGreater(ran, 3)

    def test_the_agents_own_commands(self):
        ran = 0
        for page in ENGLISH:
            for line, command in commands(page):
                match = re.match(r"(?:sudo )?pi-edge-agent (\S+)(.*)", command)
                if not match or match[1] == "run" or "  " in match[2]:  # the README's table of commands is none
                    continue
                ran += 1
                ready = self.here(command.replace(" --follow", ""))
                with self.subTest(name(page, line)):
                    done = self.run_shell(ready)
                    self.assertIn(done.returncode, (0, 3) if match[1] == "doctor" else (0,), done.stdout.decode() + done.stderr.decode())
        self.assertGreater(ran, 8)

    def test_receivers(self):
        ran = 0
        for page in ENGLISH:
            for line, command in commands(page):
                if "receiver.py --broker mqtt://" not in command:
                    continue
                ran += 1
                with self.subTest(name(page, line)):
                    done = self.run_shell(self.here(command) + ("" if "--once" in command else " --once"))
                    self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertGreater(ran, 2)


if __name__ == "__main__":
    unittest.main()
