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


def main():
    programs, preload = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    file = pathlib.Path("/usr/share/libcamera/pipeline/virtual/virtual.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CAMERA)
    digests = set()
    with tempfile.TemporaryDirectory() as folder:
        config, picture = pathlib.Path(folder, "agent.toml"), pathlib.Path(folder, "picture.jpg")
        for width, height in SIZES:
            config.write_text(f'[camera]\nwidth = {width}\nheight = {height}\n[journal]\npath = "{folder}/journal.db"\n')
            done = subprocess.run([programs / "pi-edge-agent", "capture", "-c", config, "-o", picture], check=False, text=True,
                                  capture_output=True, timeout=120, env={**os.environ, "LD_PRELOAD": str(preload)})
            check(f"a capture of {width}x{height}", done.returncode == 0, done.stdout + done.stderr)
            if not digests:
                figure("the camera", next(line for line in done.stderr.splitlines() if "camera online" in line).split("online: ")[1])
            jpeg = picture.read_bytes()
            digests.add(hashlib.sha256(jpeg).hexdigest())
            decoded = Picture(jpeg)
            expect_equal("… has that size", (decoded.width, decoded.height), (width, height))
            if width * 9 == height * 16:  # another shape is cut at the sides
                expect_equal("… and shows the camera's bars", [name(bar) for bar in decoded.bars()], BARS)
    expect_equal("every picture is another one", len(digests), len(SIZES))


try:
    main()
except Failed as failure:
    print(f"✗ {failure}")
    sys.exit(1)
