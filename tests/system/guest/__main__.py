# SPDX-License-Identifier: MIT
"""Runs as root in the virtual machine at every boot. A suite is a list of stages with a boot between them: /share/suite has its name,
/share/stage the number of the next stage."""

import pathlib
import subprocess
import sys
import time
import traceback

from report import Failed
from suites import after_reboot, before_reboot, board, cuts, hardware, kills, live, machine, sensors, timing, tutorial

SHARE = pathlib.Path("/share")
STAGE = SHARE / "stage"
SUITES = {
    "service": [before_reboot.TESTS, after_reboot.TESTS],
    "hardware": [hardware.TESTS],
    "sensors": [sensors.TESTS],
    "machine": [machine.TESTS, machine.WITHOUT_A_CLOCK],
    "kills": [kills.TESTS],
    "cuts": cuts.STAGES,
    "board": [board.TESTS],
    "timing": [timing.TESTS],
    "live": [live.TESTS],
    "tutorial": [tutorial.TESTS],
}


def keep_logs(stage):
    """Saves logs for later reading; if one fails, the others are still saved."""
    for name, command in {
        "journal": ["journalctl", "--boot", "--no-pager", "--output", "short-precise"],
        "broker": ["tail", "-c", "4000000", "/var/log/mosquitto/mosquitto.log"],
        "units": ["systemctl", "status", "--no-pager", "--lines", "0", "pi-edge-*"],
    }.items():
        with open(SHARE / "results" / f"{name}-{stage}.log", "wb") as log:
            subprocess.run(command, stdout=log, stderr=log, timeout=60, check=False)


def set_stage(stage):
    STAGE.write_text(f"{stage}\n")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    stages = SUITES[(SHARE / "suite").read_text().strip()]
    stage = int(STAGE.read_text()) if STAGE.exists() else 0
    is_last = stage == len(stages) - 1
    state = {"stage": stage, "next": lambda: set_stage(stage + 1)}
    try:
        for test in stages[stage]:
            started = time.monotonic()
            print(f"{test.__doc__.splitlines()[0].rstrip('.')}")
            test(state)
            print(f"    {time.monotonic() - started:.1f} s")
    except Failed as failure:
        print(f"✗ {failure}")
        is_last = True
    except Exception:  # a bug of the test is a failure too
        print(f"✗ {traceback.format_exc()}")
        is_last = True
    else:
        if is_last:
            print("finished")
    keep_logs(stage)
    set_stage(stage + 1)
    subprocess.run(["sync"], check=False)
    subprocess.run(["systemctl", "poweroff" if is_last else "reboot", "--no-block"], check=False)


main()
