# SPDX-License-Identifier: MIT
"""Prints results on the machine's second serial port, one line each. The first failure ends the suite."""

import subprocess
import time


class Failed(Exception):
    """A failed check; the text has the actual value."""


def check(what, holds=True, found=""):
    """Prints one line, or fails with `found` as the detail."""
    if not holds:
        raise Failed(f"{what}: {found}" if found != "" else what)
    print(f"✓ {what}", flush=True)


def figure(what, value):
    """Prints a measured value for the list of figures."""
    print(f"  = {what}: {value}", flush=True)


def expect_equal(what, actual, expected):
    check(what, actual == expected, f"{actual!r}, not {expected!r}")


def run(*command, ok=(0,), timeout=120, user=None, group=None):
    """Runs a command and returns its output (both streams). Fails if the exit status is not in `ok`."""
    extra = {} if user is None else {"user": user, "group": group, "extra_groups": []}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=timeout, check=False, **extra)
    if done.returncode not in ok:
        raise Failed(f"'{' '.join(command)}' exited with status {done.returncode}: {done.stdout.strip()[-1500:]}")
    return done.stdout.strip()


def wait_until(what, condition, seconds=60):
    """Polls until `condition()` is true, and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.2)


def property_of(unit, name):
    return run("systemctl", "show", "--value", "--property", name, unit)
