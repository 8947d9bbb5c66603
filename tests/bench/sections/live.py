# SPDX-License-Identifier: MIT
"""Live view of the same JPEG files by the agent and by a Python loop, with broker and subscriber behind a line. ustreamer needs a
device of V4L2: scripts/test-system --suite live compares with it."""

import os
import statistics
import sys
import time

import cv2
import numpy

import candidates
import live_view
from far_side import FAR, LINES, FarSide
from report import Table

ROUNDS = 3


def draw(folder, count=30):
    """Frames with edges, areas and noise, as a camera has: about 40 KB each at quality 60."""
    os.mkdir(folder)
    noise = numpy.random.default_rng(1)
    y, x = numpy.mgrid[0:480, 0:640]
    for number in range(count):
        frame = numpy.stack([(x / 3 + number * 5) % 256, (y / 2) % 256, ((x + y) / 5) % 256], axis=2)
        cv2.circle(frame, (40 + number * 18, 240), 60, (255, 255, 255), -1)
        frame += noise.normal(0, 6, frame.shape)
        cv2.imwrite(f"{folder}/frame-{number:03}.jpg", numpy.clip(frame, 0, 255).astype(numpy.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])


class Ours:
    name = "ours"

    def __init__(self, bench, far, folder, number):
        config = candidates.configuration(bench, "ours", camera="replay", servers=f"mqtt://{FAR}", quality=90,
                                          camera_extra=f'device = "{folder}"\nframe_rate = 30\nlive_max_rate = 30')
        self.process = candidates.Process([candidates.AGENT, "run", "--config", config], bench.directory)
        self.watcher = live_view.Watcher(far, "mqtt", FAR, "ours")
        self.watcher.command(live_view.lease(120, number))

    def stop(self):
        return self.watcher.command('{"command":"stop"}')

    def end(self):
        self.watcher.close()
        self.process.stop()


class Python(Ours):
    name = "python"

    def __init__(self, bench, far, folder, _number):
        self.process = candidates.Process([sys.executable, "-B", f"{candidates.HERE}/live_loop.py", FAR, f"{folder}/frame-%03d.jpg", "60",
                                           "30"], bench.directory)
        self.watcher = live_view.Watcher(far, "mqtt", FAR, "python")


def live(bench):
    far = FarSide()
    folder = f"{bench.directory}/frames"
    draw(folder)
    broker = candidates.Process(far.there("mosquitto", "-c", live_view.broker_configuration(f"{bench.directory}/far.conf")),
                                bench.directory)
    time.sleep(1)
    table = Table(f"Live view of 640x480, quality 60, at most 30 frames a second, over {live_view.SECONDS} s; of frames that arrive",
                  ["frames a second", "CPU ms a frame", "delay ms", "at the end ms", "delay in frames", "reply to stop ms"])
    number = 0
    for line in LINES:
        if not far.shape(line):
            print(f"{line}: this kernel has no {LINES[line][0]}; scripts/test-system --suite live measures it")
            continue
        rounds, stops = {"ours": [], "python": []}, {"ours": [], "python": []}
        for _ in range(ROUNDS):
            for make in (Python, Ours):
                number += 1
                candidate = make(bench, far, folder, number)
                rounds[make.name].append(live_view.measure(candidate.watcher, candidate.process.cpu))
                stops[make.name].append(candidate.stop() * 1000)
                candidate.end()
        for name in ("python", "ours"):
            figures = live_view.medians(rounds[name])
            values = [figures[key] for key in ("rate", "cpu", "delay", "last")]
            values += [live_view.transmissions(figures, line) or 0.0, statistics.median(stops[name])]
            table.add(f"{line}: {name}", values, against=f"{line}: python")
        print(f"{line}: a frame has {figures['bytes'] / 1000:.1f} kB")
    table.print()
    broker.stop()
    far.close()
