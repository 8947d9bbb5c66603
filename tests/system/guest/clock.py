# SPDX-License-Identifier: MIT
"""The machine's clock."""

import ctypes
import time

from report import check


def mark_synchronised():
    """Marks the clock as a time daemon does: struct timex begins with modes, offset, freq, maxerror, esterror and status."""
    timex = (ctypes.c_long * 32)()
    timex[0] = 0x0010 | 0x0004 | 0x0008  # ADJ_STATUS, ADJ_MAXERROR, ADJ_ESTERROR
    check("the clock is marked as synchronised", ctypes.CDLL(None).adjtimex(timex) >= 0)


def set_clock(seconds_since_1970):
    time.clock_settime(time.CLOCK_REALTIME, seconds_since_1970)


def health_of_clock(bus, device, state, seconds):
    """Waits until health reports the clock as `state`."""
    since = bus.position()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        bus.ask("status")
        found = [m.json["clock"] for m in bus.heard(since, f"edge/{device}/health")]
        if found and found[-1] == state:
            return
        time.sleep(1)
    check(f"health reports the clock as {state}", False, found[-1:])
