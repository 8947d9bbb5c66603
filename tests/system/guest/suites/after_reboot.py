# SPDX-License-Identifier: MIT
"""After a reboot everything continues by itself; at the end, the packages are removed."""

import pathlib

from agent import AGENT, CAMERA, SOCKET, capture, online, set_temperature, temperature
from bus import Bus
from report import check, expect_equal, property_of, run, wait_until


def resume(state):
    """After the reboot."""
    set_temperature(37)
    wait_until("the broker is up", lambda: run("systemctl", "is-active", "mosquitto", ok=(0, 3)) == "active", 120)
    bus = state["bus"] = Bus()
    online(bus)
    temperature(bus, bus.position(), 37)
    check("nobody sent a command: the agent is online, and publishes as before the reboot")
    capture(bus, "rebooted")
    since, reply = bus.ask("stop")
    expect_equal("stop: the reply is ok", reply["status"], "ok")
    bus.wait("publishing OFF", lambda m: m.topic.endswith("/publishing") and m.payload == b"OFF", since)
    since = bus.position()
    _, reply = bus.ask("status")  # a whole exchange later
    expect_equal("… no reading comes any more", bus.heard(since, "room/temp"), [])


def remove(state):
    """Removing the packages."""
    bus = state["bus"]
    since = bus.position()
    run("dpkg", "-r", "pi-edge-camera", "pi-edge-agent", timeout=300)
    bus.wait("offline", lambda m: m.topic.endswith("/status") and m.payload == b"offline", since)
    check("dpkg -r: 'offline', both programs are gone", not run("pgrep", "pi-edge", ok=(0, 1)))
    check("… configuration and journal are still there",
          pathlib.Path("/etc/pi-edge-agent/agent.toml").exists() and pathlib.Path("/var/lib/pi-edge-agent/journal.db").exists())
    run("dpkg", "-P", "pi-edge-camera", "pi-edge-agent", timeout=300)
    left = run("find", "/", "-xdev", "(", "-path", "/var/tmp", "-o", "-path", "/share", "-o", "-path", "/proc", ")", "-prune",
               "-o", "-name", "*pi-edge*", "-print").splitlines()
    left += run("find", "/run", "/dev", "-name", "*pi-edge*").splitlines()
    left += [line for file in ("/etc/passwd", "/etc/group", "/etc/shadow", "/var/lib/ucf/hashfile", "/var/lib/ucf/registry")
             if pathlib.Path(file).exists()
             for line in pathlib.Path(file).read_text().splitlines() if "pi-edge" in line and "gpio" not in line]
    check("dpkg -P leaves no file, no user and no record", not left, left)
    for unit in (AGENT, CAMERA, SOCKET):
        expect_equal(f"… and no {unit}", property_of(unit, "LoadState"), "not-found")


TESTS = [resume, remove]
