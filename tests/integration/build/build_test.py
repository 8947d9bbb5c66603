# SPDX-License-Identifier: MIT
"""The build as distributions and strangers know it: a plain `cmake -S . -B build`, BUILD_TESTING, and no warning that is an error."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Build(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="edge-build-")
        self.addCleanup(self.folder.cleanup)

    def configure(self, *options):
        """The compiler's command lines."""
        done = subprocess.run([os.environ["EDGE_CMAKE"], "-S", ROOT, "-B", self.folder.name, *options], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return (pathlib.Path(self.folder.name) / "compile_commands.json").read_text(encoding="utf-8")

    def test_warnings_are_errors_in_the_presets_for_development_alone(self):
        self.assertNotIn("-Werror", self.configure("-DCMAKE_BUILD_TYPE=Release"))
        for preset, is_strict in (("dev", True), ("asan", True), ("tsan", True), ("release", False)):
            with self.subTest(preset):
                self.assertEqual("-Werror" in self.configure("--fresh", "--preset", preset), is_strict)

    def test_without_tests_googletest_is_not_needed(self):
        commands = self.configure("-DBUILD_TESTING=OFF", "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON")
        self.assertNotIn("_test.cpp", commands)
        self.assertIn("/agent/main.cpp", commands)


if __name__ == "__main__":
    unittest.main()
