# SPDX-License-Identifier: MIT
"""virtual_camera.py PROGRAMS PRELOAD: takes pictures of libcamera's virtual camera with the programs of a build and checks them.
Runs as root in a chroot, because it writes libcamera's configuration, with PYTHONPATH=tests/system/guest."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

from picture import BARS, Picture, name
from report import Failed, check, expect_equal, figure

CAMERA = """
"Virtual0":
  supported_formats:
  - {width: 1280, height: 720, frame_rates: [30, 30]}
  test_pattern: "bars"
  location: "CameraLocationFront"
  model: "Virtual Test Camera"
"""
# width and height of the picture, and of what is asked for
SIZES = [(1280, 720), (640, 480), (1920, 1080)]


class Machine:
    """Programs and files, and `capture` with them."""

    def __init__(self, programs, preload, folder):
        self.program = pathlib.Path(programs).resolve() / "pi-edge-agent"
        self.environment = {**os.environ, "LD_PRELOAD": str(pathlib.Path(preload).resolve())}
        self.config, self.picture = pathlib.Path(folder, "agent.toml"), pathlib.Path(folder, "picture.jpg")
        self.journal = f'[journal]\npath = "{folder}/journal.db"\n'

    def capture(self, camera, seconds=120):
        """`camera`: the lines of the table [camera]. The finished process."""
        self.config.write_text(f"[camera]\n{camera}\n{self.journal}")
        self.picture.unlink(missing_ok=True)
        return subprocess.run([self.program, "capture", "-c", self.config, "-o", self.picture], check=False, text=True,
                              capture_output=True, timeout=seconds, env=self.environment)


def sizes(machine):
    """A picture of each size has that size, and shows what the camera shows."""
    digests = set()
    for width, height in SIZES:
        done = machine.capture(f"width = {width}\nheight = {height}")
        check(f"a capture of {width}x{height}", done.returncode == 0, done.stdout + done.stderr)
        if not digests:
            figure("the camera", done.stdout.strip().split("from ")[-1])
        jpeg = machine.picture.read_bytes()
        digests.add(hashlib.sha256(jpeg).hexdigest())
        decoded = Picture(jpeg)
        expect_equal("… has that size", (decoded.width, decoded.height), (width, height))
        if width * 9 == height * 16:  # another shape is cut at the sides
            expect_equal("… and shows the camera's bars", [name(bar) for bar in decoded.bars()], BARS)
    expect_equal("every picture is another one", len(digests), len(SIZES))


def controls(machine):
    """This camera reports neither exposure nor white balance nor focus, and has one control."""
    done = machine.capture('settle = true\nsettle_limit = "1m"\ntimeout = "10m"', seconds=30)
    check("a camera that reports no state is not waited for", done.returncode == 0, done.stdout + done.stderr)
    done = machine.capture("controls = { FrameDurationLimits = [33333, 33333] }")
    check("a capture with a control of the camera", done.returncode == 0 and machine.picture.exists(), done.stdout + done.stderr)
    for what, wrong in (("that the camera does not have", "{ Brightness = 0.5 }"), ("of another type", "{ FrameDurationLimits = 0.5 }")):
        done = machine.capture(f"controls = {wrong}")
        check(f"a control {what} is refused", done.returncode != 0 and not machine.picture.exists(), done.stdout + done.stderr)
        check("… by its name", "camera.controls" in done.stderr and "FrameDurationLimits" in done.stderr, done.stdout + done.stderr)


def main():
    file = pathlib.Path("/usr/share/libcamera/pipeline/virtual/virtual.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CAMERA)
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(*sys.argv[1:], folder)
        controls(machine)
        sizes(machine)


try:
    main()
except Failed as failure:
    print(f"✗ {failure}")
    sys.exit(1)
