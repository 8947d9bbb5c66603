# SPDX-License-Identifier: MIT
"""The build as distributions and strangers know it: a plain `cmake -S . -B build`, flags of their own, and `cmake --install`."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CMAKE = os.environ["EDGE_CMAKE"]
BUILD = os.environ["EDGE_BUILD"]  # all of it built, with the default prefix


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="edge-build-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Configure(TemporaryFolder):
    def configure(self, *options, **environment):
        """Returns the compiler's command lines."""
        done = subprocess.run([CMAKE, "-G", "Ninja", "-S", ROOT, "-B", self.folder, *options], cwd=ROOT, env=os.environ | environment,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return (self.folder / "compile_commands.json").read_text(encoding="utf-8")

    def test_warnings_are_errors_in_the_development_presets_only(self):
        self.assertNotIn("-Werror", self.configure())
        for preset, is_strict in (("dev", True), ("asan", True), ("tsan", True), ("release", False)):
            with self.subTest(preset):
                self.assertEqual("-Werror" in self.configure("--fresh", "--preset", preset), is_strict)

    def test_needs_no_googletest_without_tests(self):
        commands = self.configure("-DBUILD_TESTING=OFF", "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON")
        self.assertNotIn("_test.cpp", commands)
        self.assertIn("/agent/main.cpp", commands)

    def test_hardens_a_plain_build_and_respects_the_flags_of_dpkg_buildflags(self):
        commands = self.configure("-DBUILD_TESTING=OFF")
        self.assertIn("-O3", commands)
        self.assertIn("-D_FORTIFY_SOURCE=2", commands)
        for build_type in ("Release", "None"):  # debhelper's is None
            with self.subTest(build_type):
                commands = self.configure("--fresh", "-DBUILD_TESTING=OFF", f"-DCMAKE_BUILD_TYPE={build_type}",
                                          CXXFLAGS="-g -O2 -D_FORTIFY_SOURCE=3")
                self.assertEqual(set(re.findall(r"_FORTIFY_SOURCE\S*", commands)), {"_FORTIFY_SOURCE=3"})


class Install(TemporaryFolder):
    def install(self, *options):
        return subprocess.run([CMAKE, "--install", BUILD, *options], env=os.environ | {"DESTDIR": str(self.folder)},
                              capture_output=True, text=True, check=False)

    def installed(self, path):
        return self.folder / path.lstrip("/")

    def setUp(self):
        super().setUp()
        done = self.install()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.config = self.installed("/etc/pi-edge-agent/agent.toml")

    def test_installs_all_that_the_units_name(self):
        units = self.installed("/usr/local/lib/systemd/system")
        texts = {name: (units / name).read_text(encoding="utf-8")
                 for program in ("pi-edge-agent{}.service", "pi-edge-camera{}.service", "pi-edge-camera{}.socket")
                 for name in (program.format(""), program.format("@"))}
        for name, text in texts.items():
            if name.endswith(".socket"):
                continue
            command = re.search(r"^ExecStart=(\S+)(.*)", text, re.MULTILINE)
            self.assertTrue(os.access(self.installed(command[1]), os.X_OK), command[0])
            folder = "/%i" if "@" in name else ""
            self.assertTrue(command[2].endswith(f" --config /etc/pi-edge-agent{folder}/agent.toml"), command[2])
            documentation = re.search(r"^Documentation=file://(.*)", text, re.MULTILINE)[1]
            self.assertTrue(self.installed(f"{documentation}/mqtt.md").is_file(), documentation)
        # The places that systemd and udev read (sysusers.d(5), udev(7)); users of the units are made there.
        for program in ("agent", "camera"):
            users = self.installed(f"/usr/local/lib/sysusers.d/pi-edge-{program}.conf").read_text(encoding="utf-8")
            user = re.search(r"^User=(.*)", texts[f"pi-edge-{program}.service"], re.MULTILINE)[1]
            self.assertRegex(users, rf"(?m)^u {user} ")
            self.assertTrue(self.installed(f"/usr/local/lib/udev/rules.d/60-pi-edge-{program}.rules").is_file())
        # What the programs expect by default: LoadConfig.GivesEachServiceASocketAJournalAndAnIdOfItsOwn.
        for instance, folder in (("", ""), ("@", "/%i")):
            self.assertIn(f"\nListenSequentialPacket=/run/pi-edge-agent{folder}/camera.sock\n", texts[f"pi-edge-camera{instance}.socket"])
            self.assertIn(f"\nStateDirectory=pi-edge-agent{folder}\n", texts[f"pi-edge-agent{instance}.service"])
        self.assertRegex(self.config.read_text(encoding="utf-8"), r'(?m)^#socket = "/run/pi-edge-agent/camera.sock"')

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_systemd_accepts_the_units(self):
        # Verified without --root, which would need the whole of systemd below it: commands and documents are found by full paths.
        units = self.folder / "units"
        shutil.copytree(self.installed("/usr/local/lib/systemd/system"), units)
        for unit in units.iterdir():
            unit.write_text(unit.read_text(encoding="utf-8").replace("/usr/local/", f"{self.folder}/usr/local/"), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units.iterdir()], capture_output=True, text=True, check=False)
        findings = [line for line in done.stderr.splitlines() if "pi-edge-" in line]
        self.assertEqual(findings, [])

    def test_the_installed_program_accepts_the_installed_configuration(self):
        program = self.installed("/usr/local/bin/pi-edge-agent")
        done = subprocess.run([program, "check-config", self.config], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_keeps_an_edited_configuration(self):
        self.config.write_text("# edited\n", encoding="utf-8")
        self.assertEqual(self.install().returncode, 0)
        self.assertEqual(self.config.read_text(encoding="utf-8"), "# edited\n")
        self.assertTrue(self.installed("/usr/local/share/pi-edge-agent/agent.toml").is_file())

    def test_refuses_another_prefix_than_the_configured_one(self):
        done = self.install("--prefix", "/opt/edge")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("-DCMAKE_INSTALL_PREFIX=/opt/edge", done.stderr)
        self.assertFalse(self.installed("/opt/edge/bin").exists())


if __name__ == "__main__":
    unittest.main()
