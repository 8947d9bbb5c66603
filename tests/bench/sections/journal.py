# SPDX-License-Identifier: MIT
"""The journal: cost of a command with few and with many rows, time to show the last rows, bytes written."""

import os
import statistics
import subprocess
import time

import candidates
from report import Table

ROWS = int(os.environ.get("EDGE_BENCH_ROWS", "1000000"))
BATCH = 500
LARGE = 'max_size = "1GiB"\nmax_age = "3650d"\n'


def written(pid):
    """Returns the bytes that reached the block layer."""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("write_bytes:")).split()[1])


def fill(candidate, rows):
    for _ in range(rows // BATCH):
        candidate.wire.publish_many("ours/command", [b"stop"] * BATCH)
        for _ in range(BATCH):
            candidate.wire.read_from("edge/ours/response")


def journal(bench):
    candidate = candidates.ours(bench, journal=LARGE)
    wire = candidate.wire
    wire.subscribe("edge/ours/response")
    table = Table("The journal", ["CPU ms a command", "answer, median ms", "KiB written a command", "--last 20, ms"])
    filled = 0
    for rows in (1000, ROWS):
        fill(candidate, rows - filled)
        filled = rows
        cpu, disk, times = candidate.process.cpu(), written(candidate.process.pid), []
        for _ in range(300):
            started = time.perf_counter()
            wire.publish("ours/command", b"stop")
            wire.read_from("edge/ours/response")
            times.append(time.perf_counter() - started)
        shown = []
        for _ in range(9):
            started = time.perf_counter()
            subprocess.run([candidates.AGENT, "journal", "--config", f"{bench.directory}/ours.toml", "--last", "20"],
                           check=True, stdout=subprocess.DEVNULL)
            shown.append(time.perf_counter() - started)
        table.add(f"{rows} rows", [(candidate.process.cpu() - cpu) / len(times) * 1000, statistics.median(times) * 1000,
                                   (written(candidate.process.pid) - disk) / len(times) / 1024,
                                   statistics.median(shown) * 1000], against="1000 rows")
        filled += len(times)
    table.print()
    print(f"the file: {os.path.getsize(f'{bench.directory}/ours.db') / 2**20:.0f} MiB")
    candidate.end()
