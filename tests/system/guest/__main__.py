# SPDX-License-Identifier: MIT
"""Runs inside the virtual machine, as root, at every boot; what has been reached is in /share/stage."""

import pathlib
import subprocess
import sys
import time
import traceback

sys.stdout.reconfigure(line_buffering=True)

import after_reboot
import before_reboot
from report import Failed

SHARE = pathlib.Path("/share")
STAGE = SHARE / "stage"


def keep_logs(boot):
    """What a person wants to read afterwards; where one of them cannot be had, the others still can."""
    for name, command in {
        "journal": ["journalctl", "--boot", "--no-pager", "--output", "short-precise"],
        "broker": ["cat", "/var/log/mosquitto/mosquitto.log"],
        "units": ["systemctl", "status", "--no-pager", "--lines", "0", "pi-edge-*"],
    }.items():
        with open(SHARE / "results" / f"{name}-{boot}.log", "wb") as log:
            subprocess.run(command, stdout=log, stderr=log, timeout=60, check=False)


def main():
    stage = STAGE.read_text().strip() if STAGE.exists() else "before"
    tests, following = {"before": (before_reboot.TESTS, "after"), "after": (after_reboot.TESTS, "done")}[stage]
    state = {}
    try:
        for test in tests:
            started = time.monotonic()
            print(f"{test.__doc__.splitlines()[0].rstrip('.')}")
            test(state)
            print(f"    {time.monotonic() - started:.1f} s")
    except Failed as failure:
        print(f"✗ {failure}")
        following = "done"
    except Exception:  # a mistake of the test's own is a failure as well
        print(f"✗ {traceback.format_exc()}")
        following = "done"
    else:
        if following == "done":
            print("finished")
    keep_logs(stage)
    STAGE.write_text(following)
    subprocess.run(["sync"], check=False)
    subprocess.run(["systemctl", "poweroff" if following == "done" else "reboot", "--no-block"], check=False)


main()
