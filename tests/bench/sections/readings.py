# SPDX-License-Identifier: MIT
"""Readings: number, jitter and cost, and the cost of being idle."""

import json
import statistics
import time
from datetime import datetime

import candidates
from processes import wakeups
from report import Table, percentile

SECONDS = 60
SENSOR = '[telemetry]\ninterval = "{interval}"\n[[sensor]]\nname = "room"\ntype = "simulated"\ntopic = "{topic}"\n'


def regular(bench):
    """Every 100 ms for a minute: the times in the readings, and of their arrival."""
    candidate = candidates.ours(bench, extra=SENSOR.format(interval="100ms", topic="ours/temp"))
    candidate.wire.subscribe("edge/ours/sensor/room")
    candidate.wire.publish("ours/command", b"start")
    taken, arrived = [], []
    candidate.wire.read_from("edge/ours/sensor/room")  # the one of `start`
    end = None
    while end is None or time.perf_counter() < end:
        reading = json.loads(candidate.wire.read_from("edge/ours/sensor/room"))
        if end is not None and time.perf_counter() > end:
            break
        arrived.append(time.perf_counter())
        taken.append(datetime.fromisoformat(reading["time"].replace("Z", "+00:00")).timestamp())
        if end is None:
            end = arrived[0] + SECONDS - 0.05
    candidate.end()
    late = [time_ - arrived[0] - 0.1 * index for index, time_ in enumerate(arrived)]
    drift = (taken[-1] - taken[0]) - 0.1 * (len(taken) - 1)
    middle = statistics.median(late)
    off = sorted(abs(value - middle) * 1000 for value in late)
    print(f"\nReadings at 100 ms for {SECONDS} s: {len(arrived)}; drift {drift * 1000:.0f} ms; off their schedule: median "
          f"{statistics.median(off):.2f} ms, 99 % {percentile(off, 99):.2f} ms, worst {off[-1]:.2f} ms")


def cost(bench):
    """One minute with a reading every 2 s, and one idle minute."""
    ours = candidates.ours(bench, extra=SENSOR.format(interval="2s", topic="ours/temp"))
    python = candidates.incumbent(bench)
    floor = candidates.floor(bench)
    running = {"ours": ours, "python": python, "floor (no readings)": floor}
    for candidate in (ours, python):
        candidate.wire.publish(f"{candidate.name}/command", b"start")
    rows = {}
    for what in ("a reading in 2 s", "nothing to do"):
        time.sleep(3)
        before = {name: (c.process.cpu(), wakeups(c.process.pids())) for name, c in running.items()}
        time.sleep(SECONDS)
        for name, c in running.items():
            cpu, woken = before[name]
            # A thread that ended meanwhile takes its count with it, one that began has had no other.
            more = sum(count - woken.get(thread, 0) for thread, count in wakeups(c.process.pids()).items())
            rows[f"{what}: {name}"] = [(c.process.cpu() - cpu) / SECONDS * 1000, more / SECONDS]
        for candidate in (ours, python):
            candidate.wire.publish(f"{candidate.name}/command", b"stop")
    table = Table(f"At rest, over {SECONDS} s", ["CPU ms a second", "wake-ups a second"])
    for name, values in rows.items():
        table.add(name, values, against=name.rsplit(":", 1)[0] + ": python")
    table.print()
    for candidate in running.values():
        candidate.end()
