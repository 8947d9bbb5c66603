# SPDX-License-Identifier: MIT
"""A Raspberry Pi 3B or 2B: the main job with the board's own thermal zone and GPIO chip, and what it takes."""

import os
import pathlib
import time

from agent import AGENT, CAMERA, CONFIG, SOCKET, capture, expect_sandbox, online, processes, temperature, wait_active
from bus import Bus
from processes import cpu_seconds, pss_mib
from report import check, expect_equal, figure, property_of, run
from setup import install, wait_for_broker

LINE = 17
PICTURES = 10
SETTINGS = f"""
[[sensor]]
name = "cpu"
type = "thermal"
device = "cpu-thermal"
topic = "room/temp"
[camera]
timeout = "60s"
[[gpio.output]]
name = "relay"
line = {LINE}
role = ""
"""


def prepare(state):
    """The packages on a Raspberry Pi."""
    wait_for_broker()
    model = pathlib.Path("/sys/firmware/devicetree/base/model").read_text().rstrip("\0")
    check(f"the machine is a {model}, {os.uname().machine}", model.startswith(("Raspberry Pi 3 Model B", "Raspberry Pi 2 Model B")), model)
    install()
    for unit in (AGENT, SOCKET):
        wait_active(unit)
    check("dpkg -i installs both packages, and they run")
    CONFIG.write_text(SETTINGS)
    run("pi-edge-agent", "check-config", str(CONFIG))
    bus = state["bus"] = Bus()
    since, begun = bus.position(), time.monotonic()
    run("systemctl", "restart", AGENT)
    state["device"] = online(bus, since, 180)
    figure("from systemctl restart to online", f"{time.monotonic() - begun:.1f} s")
    info = bus.wait("info", lambda m: m.topic.endswith("/info"), since).json
    expect_equal("the info names the board", info["model"], model)


def readings(state):
    """The board's own thermal zone."""
    bus = state["bus"]
    zone = int(pathlib.Path("/sys/class/thermal/thermal_zone0/temp").read_text())
    figure("the agent alone, idle: PSS", f"{pss_mib(processes(AGENT)):.1f} MiB")
    since, reply = bus.ask("start")
    expect_equal("start: the reply is ok", reply["status"], "ok")
    temperature(bus, since, round(zone / 1000))
    check(f"room/temp is the board's cpu-thermal zone, {zone / 1000} °C, as an integer")


def health(state):
    """The board's own health."""
    bus = state["bus"]
    since, _ = bus.ask("status")
    board = bus.wait("health", lambda m: m.topic.endswith("/health"), since, 120).json["board"]
    zone = int(pathlib.Path("/sys/class/thermal/thermal_zone0/temp").read_text()) / 1000
    check(f"health has the board's temperature, {board['cpu_temperature_c']} °C", abs(board["cpu_temperature_c"] - zone) <= 1, board)
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    check("… its free memory, in KiB", total / 4 < board["memory_available_kib"] < total, board)
    disk = os.statvfs("/var/lib")
    free = disk.f_bavail * disk.f_frsize / 1024
    check(f"… its free disk, {board['disk_free_kib']} KiB", abs(board["disk_free_kib"] - free) < free / 10, (board, free))
    check("… its load", 0 < board["load_1m"] < 100, board)
    told = any(pathlib.Path("/sys/devices/platform/soc").glob("*firmware/get_throttled"))
    expect_equal("… undervoltage and throttling as the kernel tells them", {key in board for key in ("undervoltage", "throttled")}, {told})


def pictures(state):
    """Pictures."""
    bus = state["bus"]
    capture(bus, "board-640x480", 120)
    expect_sandbox(AGENT, "pi-edge-agent")
    expect_sandbox(CAMERA, "pi-edge-camera")
    before = {unit: cpu_seconds(processes(unit)) for unit in (AGENT, CAMERA)}
    for number in range(PICTURES):
        reply, _ = bus.reply_to(bus.request("capture", timeout="60s"), 120)
        check(f"picture {number + 1} of {PICTURES}", reply["status"] == "ok", reply)
    for unit in (AGENT, CAMERA):
        spent = (cpu_seconds(processes(unit)) - before[unit]) / PICTURES
        figure(f"{unit}: processor time a picture of 640x480, emulated; PSS", f"{spent:.3f} s; {pss_mib(processes(unit)):.1f} MiB")


def output(state):
    """The board's own GPIO chip."""
    bus, device = state["bus"], state["device"]
    for word in ("ON", "OFF"):
        since = bus.position()
        bus.send(f"edge/{device}/gpio/relay/set", word)
        bus.wait_status("gpio/relay", word, since)
        said = pathlib.Path("/sys/kernel/debug/gpio").read_text()
        line = next((text for text in said.splitlines() if "pi-edge-agent:relay" in text), "")
        check(f"{word}: the board's line GPIO{LINE} follows, by the kernel's own account",
              f"GPIO{LINE} " in line and ("out hi" if word == "ON" else "out lo") in line, said)


def after_a_restart(state):
    """A restart."""
    bus = state["bus"]
    since = bus.position()
    run("systemctl", "restart", AGENT)
    online(bus, since, 180)
    temperature(bus, bus.position(), 25)
    check("after a restart it continues publishing by itself")
    rows = run("pi-edge-agent", "journal", "--kind", "command", "--json")
    check("the journal has the commands", '"start"' in rows and '"capture"' in rows, rows[-2000:])
    expect_equal("nothing crashed", property_of(AGENT, "NRestarts"), "0")


TESTS = [prepare, readings, health, pictures, output, after_a_restart]
