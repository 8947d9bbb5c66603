# SPDX-License-Identifier: MIT
"""What the kernel says of a process, seen from outside."""

import os
import time

NANOSECONDS = 1e9


def tree(pid):
    """A process and its children, of all its threads."""
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
    """Processor time since they began, user and system, in nanosecond steps: the kernel's per-process CPU clock."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def pss_mib(pids, what="Pss:"):
    """Memory, with pages that several processes share divided among them. "Pss_Dirty:": only what cannot be dropped and read
    again from a file."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith(what))
    return total / 1024


def wakeups(pids):
    """How often each thread waited and was woken, by its id."""
    counts = {}
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
                counts[thread] = sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return counts
