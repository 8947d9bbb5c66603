# SPDX-License-Identifier: MIT
"""A fresh machine: install, configure, use, break, upgrade."""

import glob
import json
import pathlib
import time

from agent import (AGENT, CAMERA, CONFIG, SOCKET, capture, change_config, check_no_listener, expect_sandbox, online,
                   processes, set_temperature, temperature, wait_active)
from bus import Bus
from clock import health_of_clock, mark_synchronised, set_clock
from report import check, expect_equal, figure, property_of, run, wait_until


def packages(pattern="/share/pi-edge-*.deb"):
    return sorted(glob.glob(pattern))


def install(state):
    """Installing the packages."""
    wait_until("the machine is up", lambda: run("systemctl", "is-active", "mosquitto", ok=(0, 3)) == "active", 120)
    run("dpkg", "-i", *packages(), timeout=300)
    check("dpkg -i installs both packages")
    for unit in (AGENT, SOCKET):
        wait_active(unit)
        expect_equal(f"{unit} is active, and enabled for the next boot", property_of(unit, "UnitFileState"), "enabled")
    groups = {user: set(run("id", "-nG", user).split()) for user in ("pi-edge-agent", "pi-edge-camera")}
    expect_equal("the two users are in the groups of their devices, and in no other", groups,
                 {"pi-edge-agent": {"pi-edge-agent", "gpio"}, "pi-edge-camera": {"pi-edge-camera", "video", "render"}})
    for unit, limit in ((AGENT, "15"), (CAMERA, "12")):
        run("systemd-analyze", "security", "--no-pager", f"--threshold={limit}", unit)
        check(f"systemd-analyze security: {unit} is exposed at most {int(limit) / 10}")


def connect(state):
    """The agent and its broker."""
    bus = state["bus"] = Bus()
    device = state["device"] = online(bus)
    check(f"edge/{device}/status is 'online'", device.startswith("edgepi-"), device)
    info = bus.wait("info", lambda m: m.topic == f"edge/{device}/info").json
    expect_equal("the info names the device", info.get("id"), device)


def configure(state):
    """Changing the configuration."""
    bus, device = state["bus"], state["device"]
    change_config('type = "w1" ', 'type = "thermal" ')
    run("pi-edge-agent", "check-config", str(CONFIG))
    check("check-config accepts a sensor of another type")
    since = bus.position()
    run("systemctl", "reload", AGENT)
    bus.wait("the sensor is online", lambda m: m.topic == f"edge/{device}/sensor/room/status" and m.payload == b"online", since)
    check("reload takes it over: the sensor is online, without a restart")
    expect_equal("… the process is the same", property_of(AGENT, "NRestarts"), "0")

    change_config("\n[telemetry]\n", "\n[telemetry]\ninterval = 3\n")
    said = run("pi-edge-agent", "check-config", str(CONFIG), ok=(78,))
    line = CONFIG.read_text().split("interval = 3\n")[0].count("\n") + 1
    check("a mistake is told with file and line, exit status 78", f"{CONFIG}:{line}: telemetry.interval" in said, said)
    run("systemctl", "restart", AGENT, ok=(0, 1))
    wait_until("the unit fails", lambda: property_of(AGENT, "ActiveState") == "failed", 30)
    time.sleep(7)  # longer than RestartSec
    expect_equal("… with it the unit fails, and does not try again and again",
                 (property_of(AGENT, "ActiveState"), property_of(AGENT, "ExecMainStatus"), property_of(AGENT, "NRestarts")),
                 ("failed", "78", "0"))
    change_config("interval = 3\n", "")
    since = bus.position()
    run("systemctl", "start", AGENT)
    online(bus, since)
    check("… mended, it is online again")


def readings(state):
    """Readings."""
    bus = state["bus"]
    set_temperature(30)
    since, reply = bus.ask("start")
    expect_equal("start: the reply is ok", (reply["status"], reply["command"]), ("ok", "start"))
    temperature(bus, since, 30)
    check("room/temp is the thermal zone's temperature, as a bare integer: 30")
    for degrees in (42, -5):
        since = bus.position()
        set_temperature(degrees)
        temperature(bus, since, degrees)
        check(f"… it follows the zone: {degrees}")
    set_temperature(23)


def pictures(state):
    """Pictures."""
    bus = state["bus"]
    first = capture(bus, "bars-640x480")
    second = capture(bus, "bars-320x240", width=320, height=240, quality=60)
    check("a picture's exposure begins later than that of the one before", first["time"] < second["time"], (first, second))
    size = pathlib.Path("/share/results/bars-320x240.jpg").stat().st_size
    expect_equal("the description's size is the JPEG's", second.get("bytes"), size)
    expect_sandbox(AGENT, "pi-edge-agent")
    expect_sandbox(CAMERA, "pi-edge-camera")
    check_no_listener()


def settings(state):
    """Settings and the doctor over MQTT, inside the sandbox."""
    bus, device = state["bus"], state["device"]
    expected = {"camera.motion.cool_down": {"value": "30s", "configured": "10s"}}
    _, reply = bus.ask({"command": "set", "values": {"camera.motion.cool_down": "30s"}})
    expect_equal("set is answered with what differs", reply.get("data"), expected)
    capture(bus, "with-settings")
    since = bus.position()
    run("systemctl", "restart", AGENT)
    online(bus, since)
    bus.wait("the settings", lambda m: m.topic == f"edge/{device}/settings" and m.json == expected, since)
    check("… it is in force after a restart")
    reply, seconds = bus.reply_to(bus.request("doctor"), 260)
    findings = reply.get("data", {}).get("findings", [])
    check("doctor: the reply is its report", reply["status"] == "ok" and findings, reply)
    figure("seconds of the doctor", round(seconds))
    wrong = [finding for finding in findings
             if finding["severity"] == "error" and finding["check"] in ("configuration", "broker", "camera")]
    expect_equal("… configuration, broker and camera are good from inside", wrong, [])
    _, reply = bus.ask({"command": "set", "values": {"camera.motion.cool_down": None}})
    expect_equal("null returns to the file", reply.get("data"), {})


def clock(state):
    """The clock."""
    bus, device = state["bus"], state["device"]
    health_of_clock(bus, device, "unsynchronised", 10)
    mark_synchronised()
    health_of_clock(bus, device, "synchronised", 120)
    check("health tells when the clock is synchronised, though the sandbox does not let the agent ask the kernel")
    # The agent looks every ten minutes now, and when somebody sets the clock: which also tells the kernel that it is not right.
    set_clock(time.time() + 3)
    health_of_clock(bus, device, "unsynchronised", 30)
    check("… and at once when somebody sets it")


def journal(state):
    """The journal."""
    group = int(run("getent", "group", "pi-edge-agent").split(":")[2])
    lines = run("pi-edge-agent", "journal", "--json", user=65534, group=group).splitlines()
    rows = [json.loads(line) for line in lines]
    text = json.dumps(rows)
    check("a member of the agent's group reads the journal, which has the commands",
          all(f'"{word}"' in text or word in text for word in ("start", "capture", "bars-640x480")), lines[-10:])
    said = run("pi-edge-agent", "journal", "--json", user=65534, group=65534, ok=(1,))
    check("… anybody else does not", "ermission denied" in said or "allowed" in said or "group" in said, said)
    logged = run("journalctl", "--no-pager", "--unit", AGENT, "--unit", CAMERA, "--output", "cat")
    check("systemd's log has lines of both programs", "camera" in logged and "broker" in logged.lower() or "mqtt" in logged,
          logged[-2000:])


def accidents(state):
    """What goes wrong."""
    bus, device = state["bus"], state["device"]
    since = bus.position()
    run("systemctl", "kill", "--signal=KILL", CAMERA)
    wait_until("the camera program is gone", lambda: not processes(CAMERA), 20)
    capture(bus, "after-a-kill")
    check("the camera program is killed: the next picture comes from a new one")

    since = bus.position()
    pathlib.Path("/sys/bus/platform/drivers/vimc/unbind").write_text("vimc.0")
    bus.wait("the camera is offline", lambda m: m.topic == f"edge/{device}/camera/status" and m.payload == b"offline", since, 120)
    _, reply = bus.ask({"command": "capture", "timeout": "20s"}, 60)
    expect_equal("the camera is pulled out: its status is offline, capture is answered camera_unavailable",
                 (reply["status"], reply.get("code")), ("error", "camera_unavailable"))
    temperature(bus, bus.position(), 23)
    check("… readings continue")
    since = bus.position()
    pathlib.Path("/sys/bus/platform/drivers/vimc/bind").write_text("vimc.0")
    bus.wait("the camera is online", lambda m: m.topic == f"edge/{device}/camera/status" and m.payload == b"online", since, 180)
    capture(bus, "plugged-in-again")
    check("… it is plugged in again: pictures come")

    since = bus.position()
    run("systemctl", "kill", "--signal=KILL", AGENT)
    bus.wait("offline", lambda m: m.topic == f"edge/{device}/status" and m.payload == b"offline", since)
    online(bus, since)
    temperature(bus, bus.position(), 23)
    check("the agent is killed: 'offline' comes, systemd starts it again, and it continues publishing")


def restart(state):
    """Restart and upgrade."""
    bus, device = state["bus"], state["device"]
    since = bus.position()
    started = time.monotonic()
    run("systemctl", "restart", AGENT)
    bus.wait("offline", lambda m: m.topic == f"edge/{device}/status" and m.payload == b"offline", since)
    online(bus, since)
    temperature(bus, bus.position(), 23)
    check("restart: 'offline', 'online', and publishing continues without a command")
    check("… within 15 s", time.monotonic() - started < 15, time.monotonic() - started)

    edited = CONFIG.read_text()
    before = starts()
    upgrade()
    expect_equal("an upgrade restarts the service once", starts() - before, 1)
    expect_equal("upgrade to a version with another agent.toml: no question, the edited one is kept", CONFIG.read_text(), edited)
    since = bus.position()
    online(bus)
    temperature(bus, since, 23)
    check("… publishing continues")
    capture(bus, "upgraded")


def starts():
    """How often systemd has started the agent (SD_MESSAGE_UNIT_STARTED)."""
    return len(run("journalctl", "--unit", AGENT, "MESSAGE_ID=39f53479d3a045ac8e11786248231fbf", "--output", "cat").splitlines())


def upgrade():
    """Installs what a next version could be: the same programs, with another shipped configuration."""
    for file in packages():
        tree = pathlib.Path("/var/tmp/next") / pathlib.Path(file).stem
        tree.parent.mkdir(exist_ok=True)
        run("dpkg-deb", "-R", file, str(tree))
        control = tree / "DEBIAN/control"
        version = run("dpkg-deb", "-f", file, "Version")
        control.write_text(control.read_text().replace(version, version + ".1"))
        shipped = tree / "usr/share/pi-edge-agent/agent.toml"
        if shipped.exists():
            shipped.write_text(shipped.read_text() + "\n# a line that an older version did not have\n")
        run("dpkg-deb", "-b", "-Znone", str(tree), f"{tree}.deb")
    run("dpkg", "-i", *packages("/var/tmp/next/*.deb"), timeout=300)


TESTS = [install, connect, configure, readings, pictures, settings, clock, journal, accidents, restart]
