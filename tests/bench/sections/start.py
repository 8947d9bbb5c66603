# SPDX-License-Identifier: MIT
"""Time from exec to `online` at the broker, and to the first picture, requested as soon as `online` arrives."""

import statistics
import sys
import time

from candidates import AGENT, FLOOR, HERE, Process, configuration, reference
from report import Table

RUNS = 15


def start(bench):
    config = configuration(bench, "ours", extra="[[sensor]]\nname = \"room\"\ntype = \"simulated\"\n")
    picture = reference(bench, 640, 480)
    commands = {
        "ours": ([AGENT, "run", "--config", config], "edge/ours/status"),
        "floor": ([FLOOR, f"tcp://127.0.0.1:{bench.port}", picture, "640", "480", "floor/command", "floor/jpeg"], "floor/jpeg/status"),
        "python": ([sys.executable, "-B", f"{HERE}/incumbent.py", str(bench.port), picture, "python/command", "python/jpeg", "t"],
                   "python/jpeg/status"),
    }
    online = {name: [] for name in commands}
    pictures = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, (command, status) in commands.items():
            wire = bench.wire("bench-start")
            wire.forget(status)
            wire.subscribe(status, f"{name}/jpeg")
            started = time.perf_counter()
            process = Process(command, bench.directory)
            while wire.read_from(status) != b"online":
                pass
            online[name].append(time.perf_counter() - started)
            wire.publish(f"{name}/command", b"capture")
            wire.read_from(f"{name}/jpeg")
            pictures[name].append(time.perf_counter() - started)
            process.stop()
            wire.close()
    table = Table(f"Start, {RUNS} times", ["online, median ms", "worst ms", "picture, median ms", "worst ms"])
    for name in commands:
        table.add(name, [statistics.median(online[name]) * 1000, max(online[name]) * 1000,
                         statistics.median(pictures[name]) * 1000, max(pictures[name]) * 1000], against="floor")
    table.print()
