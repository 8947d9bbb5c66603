# SPDX-License-Identifier: MIT
"""The agent is killed at random moments, while commands are carried out."""

import os
import pathlib
import random
import signal
import statistics
import threading
import time

from agent import AGENT, online
from ledger import ARCHIVE, Ledger
from report import check, expect_equal, figure, property_of, run, wait_until
from setup import BASIC, at_work, drop_in, restart

KILLS = pathlib.Path("/share/kills")


def prepare(state):
    """A machine whose agent is started again at once."""
    at_work(state, BASIC + ARCHIVE)
    drop_in(AGENT, "[Service]\nRestartSec=100ms\n")
    restart(state["bus"])


def main_process(last):
    """The agent's process id, 0 while there is none, or still the one that was killed."""
    pid = int(property_of(AGENT, "MainPID"))
    return 0 if pid == last else pid


def kill(state):
    """Killed again and again."""
    bus = state["bus"]
    times, seed = int(KILLS.read_text()), time.time_ns()
    figure("seed", seed)
    moments = random.Random(seed)
    ledger, ending, away = Ledger(), threading.Event(), []
    talking = threading.Thread(target=ledger.talk, args=(bus, lambda: not ending.is_set()), daemon=True)
    talking.start()
    last = 0
    for number in range(times):
        # Not any process of the unit: systemd has helpers of its own in it while it starts.
        pid = wait_until("the agent is started", lambda: main_process(last), 60)
        # Every third while it starts; the others live long enough for some commands.
        time.sleep(moments.uniform(0, 0.5 if number % 3 == 0 else 5))
        since, killed = bus.position(), time.monotonic()
        os.kill(pid, signal.SIGKILL)
        last = pid
        if number % 10 == 9:
            online(bus, since, 60)
            away.append(time.monotonic() - killed)
    ending.set()
    talking.join(60)
    restarts = int(property_of(AGENT, "NRestarts"))
    wait_until("the last one is started", lambda: property_of(AGENT, "ActiveState") == "active", 60)
    since = bus.position()
    device = state["device"]
    check(f"killed {times} times, started again {restarts} times", restarts >= times - 1, restarts)
    figure("from a kill to online: median, longest", f"{statistics.median(away):.1f} s, {max(away):.1f} s")
    reply, _ = bus.reply_to(bus.request("status"), 60)
    expect_equal("it answers", reply["status"], "ok")
    ledger.check(bus, device)
    images = [m.json for m in bus.heard(0) if m.topic.endswith("/image")]
    pictures = [image["transaction"] for image in images if "transaction" in image]
    twice = {t for t in pictures if pictures.count(t) > 1}
    check(f"no capture was carried out twice: {len(pictures)} pictures", not twice, twice)
    aside = [p.name for p in pathlib.Path("/var/lib/pi-edge-agent").glob("*corrupt*")]
    check("no journal was put aside", not aside, aside)
    run("journalctl", "--sync")


TESTS = [prepare, kill]
