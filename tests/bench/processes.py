# SPDX-License-Identifier: MIT
"""Processor time, memory and wake-ups of a process, from /proc."""

import os
import time

NANOSECONDS = 1e9


def tree(pid):
    """Returns the ids of a process and of the children of all its threads."""
    found = [pid]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                for child in file.read().split():
                    found += tree(int(child))
    except FileNotFoundError:
        pass
    return found


def cpu_seconds(pids):
    """Processor time since their start, user and system, from the per-process CPU clock (nanoseconds)."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def pss_mib(pids, what="Pss:"):
    """Memory in proportional set size: shared pages are divided among processes. "Pss_Dirty:" counts only pages that cannot be read
    again from a file."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith(what))
    return total / 1024


def wakeups(pids):
    """Returns the voluntary context switches of each thread, by its id."""
    counts = {}
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
                counts[thread] = sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return counts
