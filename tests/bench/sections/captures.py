# SPDX-License-Identifier: MIT
"""Pictures: processor time and time from command to picture, at several sizes, after idle time, and many at once."""

import statistics
import time

import candidates
from report import Table, percentile

SIZES = [(640, 480, 6), (1920, 1080, 3), (4608, 2592, 1)]  # and so many pictures in a row
# The encoder's share depends on how much there is to encode: a sky, a garden, the skin of elephants, the test pattern.
PHOTOGRAPHS = ["nature/Storm.jpg", "nature/Garden.jpg", "abstract/Elephants_5640x3172.jpg"]
ROUNDS = 60
MAKERS = {"ours": candidates.ours, "floor": candidates.floor, "python": candidates.incumbent}


def sizes(bench):
    """Medians of alternating rounds, so that a machine that becomes slower slows all candidates. All have the same frame."""
    for width, height, count in SIZES:
        table = Table(f"{width}x{height}, one after the other, quality 95", ["CPU ms", "median ms", "99 % ms"])
        pictures = {file.split("/")[1]: candidates.photograph(bench, file, width, height) for file in PHOTOGRAPHS}
        pictures["test pattern"] = candidates.reference(bench, width, height)
        for title, picture in pictures.items():
            one_after_the_other(bench, table, title, width, height, count, picture)
        table.print()


def one_after_the_other(bench, table, title, width, height, count, picture):
    running = {name: make(bench, width, height, picture) for name, make in MAKERS.items()}
    cpu = {name: [] for name in running}  # at the beginning of each turn: what follows a picture belongs to it
    times = {name: [] for name in running}
    for candidate in running.values():
        for _ in range(5):
            candidate.capture()
    for _ in range(ROUNDS):
        for name, candidate in running.items():
            cpu[name].append(candidate.process.cpu())
            times[name] += [candidate.capture() for _ in range(count)]
    for name in running:
        spent = [(then - now) / count * 1000 for now, then in zip(cpu[name], cpu[name][1:])]
        table.add(f"{title} {name}", [statistics.median(spent), statistics.median(times[name]) * 1000,
                                      percentile(times[name], 99) * 1000], against=f"{title} floor")
    for candidate in running.values():
        candidate.end()


def after_idleness(bench):
    """Idle time before each command, as when a person presses a button."""
    table = Table("640x480 after 1.0 to 1.2 s of idleness", ["median ms", "worst ms"])
    running = {name: make(bench) for name, make in MAKERS.items()}
    times = {name: [] for name in running}
    for candidate in running.values():
        candidate.capture()
    for turn in range(25):
        for name, candidate in running.items():
            time.sleep((1.0 + turn * 0.008) / len(running))
            times[name].append(candidate.capture())
    for name in running:
        table.add(name, [statistics.median(times[name]) * 1000, max(times[name]) * 1000], against="floor")
    table.print()
    for candidate in running.values():
        candidate.end()


def many(bench):
    """400 captures with 100 pending, and the share of the processors that each program uses."""
    table = Table("400 captures of 640x480, 100 waiting", ["a second", "CPU ms a picture", "of the broker", "of the receiver"])
    running = {name: make(bench) for name, make in MAKERS.items()}
    rounds = {name: [] for name in running}
    for _ in range(5):
        for name, candidate in running.items():
            candidate.capture()
            cpu = (candidate.process.cpu(), bench.broker.cpu(), time.process_time())
            started = time.perf_counter()
            candidate.wire.publish_many(f"{name}/command", [b"capture"] * 100)
            for taken in range(400):
                candidate.wire.read_from(f"{name}/jpeg")
                if taken < 300:
                    candidate.wire.publish(f"{name}/command", b"capture")
            rate = 400 / (time.perf_counter() - started)
            spent = (candidate.process.cpu(), bench.broker.cpu(), time.process_time())
            rounds[name].append([rate] + [(now - then) / 400 * 1000 for now, then in zip(spent, cpu)])
    for name in running:
        table.add(name, [statistics.median(column) for column in zip(*rounds[name])], against="floor")
    table.print()
    for candidate in running.values():
        candidate.end()
