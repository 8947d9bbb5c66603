# SPDX-License-Identifier: MIT
"""Measures a live view from the far side of a line (far_side.py); for scripts/bench and for the system test's suite `live`."""

import os
import queue
import statistics
import subprocess
import sys
import threading
import time

from far_side import BITS_PER_SECOND, FAR

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 60
WARM_UP, SECONDS = 3, 12
LIVE = '{{"command":"live","for":"{0}","rate":30,"width":640,"height":480,"quality":60,"transaction":"{1}"}}'


class Watcher:
    """live_watch.py at work on the far side."""

    def __init__(self, far, *arguments):
        self.process = subprocess.Popen(far.there(sys.executable, "-B", f"{HERE}/live_watch.py", *arguments), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.frames = []
        self.others = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        if arguments[0] == "mqtt":
            self.others.get(timeout=PATIENCE)

    def _read(self):
        for line in self.process.stdout:
            kind, *values = line.split()
            if kind == "frame":
                self.frames.append([float(value) for value in values])
            else:
                self.others.put(values)

    def command(self, text):
        """Returns the seconds until its reply."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return float(self.others.get(timeout=5 * PATIENCE)[0])

    def close(self):
        self.process.kill()
        self.process.wait()


def measure(watcher, cpu_seconds):
    """Figures of the next seconds, with the processor time that `cpu_seconds()` tells."""
    deadline = time.monotonic() + PATIENCE
    while not watcher.frames:
        if time.monotonic() > deadline:
            raise TimeoutError("no frame arrives")
        time.sleep(0.05)
    time.sleep(WARM_UP)
    since, spent = time.time(), cpu_seconds()
    time.sleep(SECONDS)
    until, spent = time.time(), cpu_seconds() - spent
    frames = [frame for frame in watcher.frames if since <= frame[0] <= until]
    if not frames:
        raise TimeoutError("no frame arrives any more")
    delays = [arrived - taken for arrived, taken, _ in frames]
    return {"rate": len(frames) / (until - since), "cpu": spent / len(frames) * 1000, "delay": statistics.median(delays) * 1000,
            "last": statistics.median(delays[-5:]) * 1000, "bytes": statistics.median(size for _, _, size in frames)}


def medians(rounds):
    return {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}


def transmissions(figures, line):
    """The delay in units of what the line needs for one frame; None where the line has no rate."""
    rate = BITS_PER_SECOND.get(line)
    return figures["delay"] / 1000 / (figures["bytes"] * 8 / rate) if rate else None


def lease(seconds, number):
    return LIVE.format(f"{seconds}s", f"lease-{number}")


def broker_configuration(path):
    """Without Nagle's algorithm, which would measure the subscriber's acknowledgements."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"listener 1883 {FAR}\nallow_anonymous true\nset_tcp_nodelay true\n" + ("user root\n" if os.geteuid() == 0 else ""))
    return path
