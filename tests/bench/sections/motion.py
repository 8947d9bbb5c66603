# SPDX-License-Identifier: MIT
"""Cost of motion detection: both programs with a warm camera, with and without it."""

import time

import candidates
from processes import pss_mib
from report import Table

SECONDS = 20
LOOKS = 2  # a second
MOTION = "\n[camera.motion]\nenabled = true\ninterval = \"500ms\"\n"


def motion(bench):
    table = Table(f"Looking for motion every 500 ms, over {SECONDS} s (the pattern's own drawing included)",
                  ["CPU ms a second", "CPU ms a look", "PSS MiB"])
    for width, height in ((640, 480), (1920, 1080), (4608, 2592)):
        size = f"{width}x{height}"
        figures = {}
        for name, extra in (("still", ""), ("looking", MOTION)):
            candidate = candidates.ours(bench, width, height, name=f"{name}-{width}", extra=extra)
            candidate.capture()
            time.sleep(3)
            before = candidate.process.cpu()
            time.sleep(SECONDS)
            figures[name] = ((candidate.process.cpu() - before) / SECONDS * 1000, pss_mib(candidate.process.pids()))
            candidate.end()
        still, looking = figures["still"], figures["looking"]
        table.add(f"{size}: still", [still[0], 0.0, still[1]])
        table.add(f"{size}: looking", [looking[0], (looking[0] - still[0]) / LOOKS, looking[1]])
    table.print()
