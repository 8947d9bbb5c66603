# SPDX-License-Identifier: MIT
"""Helpers for the installed agent."""

import pathlib
import re

from picture import BARS, Picture, name
from report import Failed, check, expect_equal, property_of, run, wait_until

CONFIG = pathlib.Path("/etc/pi-edge-agent/agent.toml")
PICTURES = pathlib.Path("/share/results")
ZONE = pathlib.Path("/sys/module/fake_thermal/parameters/millidegrees")
AGENT = "pi-edge-agent.service"
CAMERA = "pi-edge-camera.service"
SOCKET = "pi-edge-camera.socket"


def set_temperature(degrees):
    ZONE.write_text(str(degrees * 1000))


def temperature(bus, since, degrees, seconds=60):
    """Waits for the plain reading, which must be an integer."""
    return bus.wait(f"room/temp {degrees}", lambda m: m.topic == "room/temp" and m.payload == str(degrees).encode(), since,
                    seconds)


def change_config(replace, by):
    """Replaces the only occurrence of a text in the configuration."""
    text = CONFIG.read_text()
    if text.count(replace) != 1:
        raise Failed(f"{CONFIG} contains {replace!r} {text.count(replace)} times, not once")
    CONFIG.write_text(text.replace(replace, by))


def online(bus, since=0, seconds=60):
    """Waits for `online`, and returns the device's id."""
    found = bus.wait("online", lambda m: re.fullmatch("edge/[^/]+/status", m.topic) and m.payload == b"online", since, seconds)
    return found.topic.split("/")[1]


def processes(unit):
    """Returns the process ids of a unit."""
    group = pathlib.Path("/sys/fs/cgroup/system.slice")
    if "@" in unit:  # the instances of a template have a slice
        group /= "system-" + unit.split("@")[0].replace("-", "\\x2d") + ".slice"
    try:
        return [int(pid) for pid in (group / unit / "cgroup.procs").read_text().split()]
    except OSError:  # no process, no group
        return []


def capture(bus, file, seconds=90, **options):
    """Requests a picture and checks reply, JPEG, description and colour bars. Returns the description."""
    width, height = options.get("width", 640), options.get("height", 480)
    since, reply = bus.ask({"command": "capture", "timeout": "60s", "transaction": file, **options}, seconds)
    check(f"capture {width}x{height}: the reply is ok, with the transaction",
          (reply["status"], reply.get("command"), reply.get("transaction")) == ("ok", "capture", file), reply)
    description = bus.wait("the description", lambda m: m.topic.endswith("/image"), since).json
    pictures = bus.heard(since, "jpeg")
    expect_equal("… one picture on the topic jpeg", len(pictures), 1)
    (PICTURES / f"{file}.jpg").write_bytes(pictures[0].payload)
    picture = Picture(pictures[0].payload)
    expect_equal("… it decodes to the requested size", (picture.width, picture.height), (width, height))
    expect_equal("… its description has the right size, bytes, quality and transaction",
                 [description.get(key) for key in ("width", "height", "bytes", "quality", "transaction")],
                 [width, height, len(pictures[0].payload), options.get("quality", 90), file])
    bars = picture.bars()
    expect_equal(f"… it shows the virtual camera's bars: {', '.join(BARS)}", [name(bar) for bar in bars], BARS)
    return description


def expect_sandbox(unit, user):
    """Checks user, capabilities and system call filter of a running unit in /proc."""
    pids = processes(unit)
    check(f"{unit} has a process", len(pids) == 1, pids)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pids[0]}/status").read_text().splitlines()
                  if ":\t" in line)
    owner = run("id", "-nu", status["Uid"].split()[0])
    expect_equal(f"… it runs as {user}, without capabilities, with its system calls filtered",
                 (owner, int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"], status["Seccomp"]),
                 (user, 0, 0, "1", "2"))


def check_no_listener():
    lines = [line for line in run("ss", "-Hltnup").splitlines() if "pi-edge" in line]
    check("neither program listens on the network", not lines, lines)


def wait_active(unit):
    return wait_until(f"{unit} is active", lambda: property_of(unit, "ActiveState") == "active", 60)
