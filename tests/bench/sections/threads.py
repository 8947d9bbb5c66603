# SPDX-License-Identifier: MIT
"""Processor time of a picture, thread by thread, with wake-ups and the share of the kernel."""

import os

import candidates

COUNT = 1500


def measured(pids):
    """Returns for each thread: nanoseconds, waits, and ticks of user and system."""
    found = {}
    for pid in pids:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            program = file.read().strip()
        for thread in os.listdir(f"/proc/{pid}/task"):
            folder = f"/proc/{pid}/task/{thread}"
            with open(f"{folder}/comm", encoding="ascii") as file:
                name = "loop" if thread == str(pid) else file.read().strip().replace(program, "worker")
            with open(f"{folder}/schedstat", encoding="ascii") as file:
                nanoseconds = int(file.read().split()[0])
            with open(f"{folder}/status", encoding="ascii") as file:
                waits = sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
            with open(f"{folder}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            found[(program, name, thread)] = (nanoseconds, waits, int(fields[11]), int(fields[12]))
    return found


def threads(bench):
    for make in (candidates.ours, candidates.floor):
        candidate = make(bench)
        for _ in range(50):
            candidate.capture()
        pids = candidate.process.pids()
        before = measured(pids)
        for _ in range(COUNT):
            candidate.capture()
        rows = {key: [now - then for now, then in zip(values, before.get(key, (0,) * 4))] for key, values in measured(pids).items()}
        total = sum(row[0] for row in rows.values())
        ticks = max(sum(row[2] + row[3] for row in rows.values()), 1)
        print(f"\nA picture of 640x480 by {candidate.name}: {total / COUNT / 1000:.0f} us of processor time, of it "
              f"{sum(row[3] for row in rows.values()) / ticks * 100:.0f} % the kernel's")
        for (program, name, _), row in sorted(rows.items(), key=lambda item: -item[1][0]):
            if row[0] / total >= 0.01:
                print(f"  {row[0] / COUNT / 1000:7.0f} us {row[0] / total * 100:5.1f} %  {row[1] / COUNT:5.2f} waits  {program}: {name}")
        candidate.end()
