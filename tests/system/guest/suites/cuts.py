# SPDX-License-Identifier: MIT
"""The machine loses its power while commands are carried out: it prints "cut me", and somebody outside ends it, some time later.
What was answered is kept outside, as a person would remember it."""

import json
import pathlib
import time

from agent import AGENT, online, set_temperature, temperature
from bus import Bus
from ledger import ARCHIVE, Ledger
from report import check, figure, property_of
from setup import BASIC, at_work, wait_for_broker

LEDGER = pathlib.Path("/share/ledger")
TIMES = pathlib.Path("/share/cuts")
STATE = pathlib.Path("/var/lib/pi-edge-agent")


def prepare(state):
    """A machine with the agent at work."""
    at_work(state, BASIC + ARCHIVE)


def entries():
    """The last line may be half of one: its writer was cut off too."""
    if LEDGER.exists():
        for line in LEDGER.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                pass


def work_until_cut(state):
    """Commands until the end."""
    state["bus"].close()
    bus = Bus(f"s{state['stage']}-")
    with open(LEDGER, "a", encoding="utf-8") as file:
        def keep(entry):
            file.write(json.dumps(entry) + "\n")
            file.flush()

        ledger = Ledger(entries(), keep)
        state["next"]()
        print("cut me")
        ledger.talk(bus, lambda: True)


def after_the_cut(state):
    """After a power cut."""
    wait_for_broker()
    set_temperature(23)
    bus = state["bus"] = Bus(f"v{state['stage']}-")
    device = online(bus, 0, 180)
    figure("power cut: from the boot to online", f"{time.monotonic():.1f} s")
    ledger = Ledger(entries())
    ledger.check(bus, device)
    if ledger.expected_publishing() == {"ON"}:
        temperature(bus, bus.position(), 23)
        check("readings come")
    aside = [p.name for p in STATE.glob("*corrupt*")]
    check("no journal was put aside, and the agent started at the first attempt",
          not aside and property_of(AGENT, "NRestarts") == "0", aside)


def stages():
    times = int(TIMES.read_text()) if TIMES.exists() else 0
    return [[prepare, work_until_cut], *[[after_the_cut, work_until_cut] for _ in range(times - 1)], [after_the_cut]]


STAGES = stages()
