# SPDX-License-Identifier: MIT
"""What a machine does to a program: its clock jumps, its disk is full, its threads hang; and it starts without a clock."""

import json
import pathlib
import re
import subprocess
import time

from agent import AGENT, online, set_temperature, temperature
from bus import Bus
from cadence import Cadence
from clock import health_of_clock, mark_synchronised, set_clock
from report import check, expect_equal, figure, property_of, run, wait_until
from setup import BASIC, at_work, drop_in, restart, undo_drop_in, wait_for_broker
from suites import sandbox, tls

STATE = pathlib.Path("/var/lib/pi-edge-agent")
DELAY = pathlib.Path("/sys/module/fake_thermal/parameters/delay_ms")
WATCHDOG = 10
REMEMBERED = pathlib.Path("/share/real-time")  # what a battery-backed clock would have told after the reboot


def prepare(state):
    """A machine with the agent at work."""
    at_work(state, BASIC + '[journal]\nflush = "1s"\n')


def journal_of(bus, device):
    """What health says of the journal."""
    since, _ = bus.ask("status")
    return bus.wait("health", lambda m: m.topic == f"edge/{device}/health", since).json["journal"]


def wait_journal(bus, device, status, seconds):
    wait_until(f"health says that the journal is {status}", lambda: journal_of(bus, device)["status"] == status, seconds)


def clock_jumps(state):
    """Somebody sets the clock, forwards and back."""
    bus = state["bus"]
    rows = len(run("pi-edge-agent", "journal", "--kind", "command", "--json").splitlines())
    cadence, real, started = Cadence(bus, by_arrival=True), time.time(), time.monotonic()
    for name, jump in (("an hour forwards", 3600), ("two hours back", -7200), ("to 1970", -time.time()), ("to 2037", 2.13e9),
                       ("to what it is", None)):
        set_clock(real + time.monotonic() - started if jump is None else max(time.time() + jump, 3600) if jump < 1e9 else jump)
        since = bus.position()
        for _ in range(3):
            since = temperature_after(bus, since)
        check(f"the clock is set {name}: readings continue")
        _, reply = bus.ask({"command": "capture", "timeout": "30s"}, 60)
        expect_equal("… and a picture is taken", reply["status"], "ok")
    cadence.expect_steady("the clock is set five times")
    now = len(run("pi-edge-agent", "journal", "--kind", "command", "--json").splitlines())
    check("the journal has forgotten nothing", now >= rows + 5, (rows, now))


def temperature_after(bus, since):
    temperature(bus, since, 23, 10)
    return bus.position()


def disk_full(state):
    """The disk is full."""
    bus, device = state["bus"], state["device"]
    run("systemctl", "stop", AGENT)
    run("truncate", "-s", "4M", "/var/tmp/state.img")
    run("mke2fs", "-q", "-t", "ext4", "-m", "0", "/var/tmp/state.img")
    run("mount", "-o", "loop", "/var/tmp/state.img", str(STATE))
    run("chown", "pi-edge-agent:pi-edge-agent", str(STATE))
    restart(bus)
    cadence = Cadence(bus)
    bus.ask("start")
    with open(STATE / "fill", "wb", buffering=0) as fill:
        try:
            while True:
                fill.write(bytes(1024))
        except OSError:
            pass
    for number in range(60):  # what is allocated already is used up first
        _, reply = bus.ask({"command": "start", "transaction": f"full-{number}-{'x' * 100}"})
        if reply["status"] != "ok" or journal_of(bus, device)["status"] == "degraded":
            break
    expect_equal("the disk is full: commands are carried out and answered", reply["status"], "ok")
    health = journal_of(bus, device)
    expect_equal("… health says that the journal is degraded", health["status"], "degraded")
    figure("the disk is full: health", health.get("error"))
    (STATE / "fill").unlink()
    freed = time.monotonic()
    wait_journal(bus, device, "ok", 90)
    figure("there is space again: the journal is written after", f"{time.monotonic() - freed:.1f} s")
    rows = run("pi-edge-agent", "journal", "--kind", "command", "--json")
    check("… and it has what came while there was none", f'"full-{number}-' in rows)
    cadence.expect_steady("the disk is full")


def read_only(state):
    """The disk turns read-only: its file system has found an error."""
    bus, device = state["bus"], state["device"]
    cadence = Cadence(bus)
    run("mount", "-o", "remount,abort,errors=remount-ro", str(STATE))
    _, reply = bus.ask({"command": "start", "transaction": "read-only"})
    expect_equal("the disk is read-only: commands are carried out and answered", reply["status"], "ok")
    wait_journal(bus, device, "degraded", 30)
    check("… health says that the journal is degraded")
    cadence.expect_steady("the disk is read-only")
    restart(bus)
    since, reply = bus.ask("start")
    temperature(bus, since, 23)
    check("… started on a read-only disk, it is online and at work")
    wait_journal(bus, device, "degraded", 30)
    check("… and says that the journal is degraded")
    run("systemctl", "stop", AGENT)
    run("umount", str(STATE))
    run("e2fsck", "-f", "-y", "/var/tmp/state.img", ok=(0, 1))
    run("mount", "-o", "loop", "/var/tmp/state.img", str(STATE))
    restart(bus)
    wait_journal(bus, device, "ok", 30)
    rows = run("pi-edge-agent", "journal", "--kind", "command", "--json")
    check("… mended, the journal has what it had", '"full-0-' in rows)
    run("systemctl", "stop", AGENT)
    run("umount", str(STATE))
    restart(bus)


# Stops one thread and no other, as a debugger does: PTRACE_SEIZE, PTRACE_INTERRUPT. Then it waits for the thread's end, which
# nobody else is told of while there is a debugger.
DEBUGGER = """
import ctypes, os, sys
libc, thread = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
for request in (0x4206, 0x4207):
    if libc.ptrace(request, thread, None, None) != 0: sys.exit(os.strerror(ctypes.get_errno()))
print("stopped", flush=True)
while True:
    _, status = os.waitpid(thread, 0x40000000)
    if os.WIFEXITED(status) or os.WIFSIGNALED(status): break
"""


def freeze(thread):
    debugger = subprocess.Popen(["python3", "-c", DEBUGGER, str(thread)], stdout=subprocess.PIPE, text=True)
    check("(a thread is stopped)", debugger.stdout.readline() == "stopped\n")


def watchdog(state):
    """A thread of the agent hangs."""
    bus = state["bus"]
    drop_in(AGENT, f"[Service]\nWatchdogSec={WATCHDOG}\nTimeoutAbortSec=5\n")
    restart(bus)
    bus.ask("start")
    for what, hang, limit in (("the loop hangs", lambda: freeze(int(property_of(AGENT, "MainPID"))), WATCHDOG + 30),
                              # a strand may take a minute for one thing before it counts as hung
                              ("a sensor's driver hangs", lambda: DELAY.write_text("600000"), 60 + WATCHDOG + 40)):
        before = int(property_of(AGENT, "NRestarts"))
        since, hung = bus.position(), time.monotonic()
        hang()
        wait_until(f"{what}: systemd starts the agent again", lambda: int(property_of(AGENT, "NRestarts")) > before, limit)
        DELAY.write_text("0")
        online(bus, since, 60)
        figure(f"{what}: online again after", f"{time.monotonic() - hung:.0f} s")
        temperature(bus, bus.position(), 23)
        check(f"{what}: systemd starts the agent again, which continues publishing")
        expect_equal("… once", int(property_of(AGENT, "NRestarts")), before + 1)
    undo_drop_in(AGENT)


def without_a_clock(state):
    """(The machine's clock stops with its power.)"""
    REMEMBERED.write_text(json.dumps({"real": time.time(), "uptime": time.monotonic()}))
    pathlib.Path("/etc/adjtime").unlink(missing_ok=True)
    run("hwclock", "--set", "--utc", "--date", "2001-01-01 00:00:00")
    # What systemd remembers between boots, so as not to go back.
    pathlib.Path("/var/lib/systemd/timesync/clock").unlink(missing_ok=True)


def started_without_a_clock(state):
    """A boot without a clock, with TLS."""
    wait_for_broker()
    set_temperature(23)
    real = json.loads(REMEMBERED.read_text())["real"]
    check("the machine believes that it is earlier than it is", time.time() < real - 86400, time.ctime())
    said = wait_until("the log says why there is no connection", lambda: re.search(
        r".*certificate.*clock.*", run("journalctl", "--boot", "--no-pager", "--unit", AGENT, "--output", "cat")), 180)
    check("the broker's certificate is not valid yet: the log says so, and that it may be the clock", "not valid" in said[0], said[0])
    expect_equal("… the agent is active all the same", property_of(AGENT, "ActiveState"), "active")

    def kept():
        return len(run("pi-edge-agent", "journal", "--kind", "reading", "--json").splitlines())

    wait_until("readings are taken and kept", lambda: kept() >= 5, 60)
    check("… readings are taken, and kept in the journal")

    bus = Bus()
    booted = real - time.monotonic()  # at the latest: the reboot itself took time too
    set_clock(real + 60)
    mark_synchronised()
    right = time.monotonic()
    device = online(bus, 0, 150)
    figure("the clock is set: online after", f"{time.monotonic() - right:.1f} s")
    late = bus.wait("backlog", lambda m: m.topic.endswith("/room/backlog"), 0, 60).json
    check("readings of before come late, with the time that it was", late["time"] >= time.strftime(
        "%Y-%m-%dT%H:%M", time.gmtime(booted - 60)), (late, time.ctime(booted)))
    health_of_clock(bus, device, "synchronised", 60)
    check("… and health says that the clock is synchronised")


TESTS = [prepare, sandbox.devices, sandbox.camera, clock_jumps, disk_full, read_only, watchdog, tls.connect, sandbox.secrets,
         without_a_clock]
WITHOUT_A_CLOCK = [started_without_a_clock]
