# SPDX-License-Identifier: MIT
"""What was found, one line each, on the machine's second serial port. The first thing that is not as it should be ends all."""

import subprocess
import time


class Failed(Exception):
    """Something is not as it should be; the text says what was found instead."""


def check(what, holds=True, found=""):
    """One line. `found` is what to look at when it does not hold."""
    if not holds:
        raise Failed(f"{what}: {found}" if found != "" else what)
    print(f"✓ {what}", flush=True)


def figure(what, value):
    """A measured value, for the table of figures."""
    print(f"  = {what}: {value}", flush=True)


def expect_equal(what, actual, expected):
    check(what, actual == expected, f"{actual!r}, not {expected!r}")


def run(*command, ok=(0,), timeout=120, user=None, group=None):
    """A command's output, both streams. Fails when its exit status is not one of `ok`."""
    extra = {} if user is None else {"user": user, "group": group, "extra_groups": []}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=timeout, check=False, **extra)
    if done.returncode not in ok:
        raise Failed(f"'{' '.join(command)}' ended with {done.returncode}: {done.stdout.strip()[-1500:]}")
    return done.stdout.strip()


def wait_until(what, condition, seconds=60):
    """Looks again and again until `condition()` is something true, and returns that."""
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
