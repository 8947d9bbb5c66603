# SPDX-License-Identifier: MIT
"""What hardware does to a program: it is pulled out, hangs, lies, is held by somebody else, and comes back. Readings go on, every
command is answered in its time, and nobody has to do anything afterwards."""

import glob
import json
import os
import pathlib
import signal
import subprocess
import time

from agent import AGENT, CAMERA, CONFIG as AGENT_CONFIG, capture, change_config, expect_sandbox, online, processes, temperature
from cadence import Cadence
from gpio import Chip
from i2c import Bus as I2cBus, Lm75
from picture import BARS, Picture
from report import Failed, check, expect_equal, figure, property_of, run, wait_until
from setup import BASIC, at_work

RELAY, LED, BUTTON = 17, 18, 27
CONFIG = BASIC + f"""
[[sensor]]
name = "board"
type = "hwmon"
device = "lm75"
format = "decimal"
topic = "board/temp"
[[gpio.output]]
name = "relay"
line = {RELAY}
role = ""
[[gpio.output]]
name = "lamp"
line = {LED}
role = "status"
[[gpio.input]]
name = "button"
line = {BUTTON}
bias = "pull-up"
active_low = true
debounce = "200ms"
action = "capture"
"""
VIMC = pathlib.Path("/sys/bus/platform/drivers/vimc")
PARAMETERS = pathlib.Path("/sys/module/fake_thermal/parameters")
TIMEOUT = 30
LARGE = {"width": 3840, "height": 2160, "timeout": f"{TIMEOUT}s"}
NO_PICTURE = ("camera_unavailable", "capture_timeout")


def prepare(state):
    """A machine with a camera, two sensors, a button, a relay and a lamp."""
    state["lm75"], state["chip"] = Lm75(I2cBus(Lm75.ADDRESS)), Chip()
    state["lm75"].plug()
    state["lm75"].set(21.5)
    state["chip"].plug()
    at_work(state, CONFIG)


def has_open(pid, kind):
    """Whether a process has a device open."""
    try:
        return any(kind in os.readlink(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False  # closed, or ended, meanwhile


def wait_opened():
    """Until the camera program has the camera's devices open. Returns its process id."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for pid in processes(CAMERA):
            if has_open(pid, "/dev/video"):
                return pid
        time.sleep(0.02)  # the machine has one processor, which others need too
    raise Failed("the camera program does not open the camera")


def in_a_capture(bus, act):
    """Does `act(pid)` while the camera program is taking a picture, of a size for which the virtual camera needs about a second.
    A picture that was ready before is no such case: then once more. Returns the request, its reply and how long that took."""
    for _ in range(10):
        run("systemctl", "stop", CAMERA)
        request = bus.request("capture", **LARGE)
        act(wait_opened())
        reply, seconds = bus.reply_to(request, TIMEOUT + 30)
        if reply["status"] != "ok":
            return request, reply, seconds
        plug_in(bus)
    raise Failed("no picture could be disturbed")


def plug_in(bus):
    """The virtual camera is there, whatever was done to it."""
    if not (VIMC / "vimc.0").exists():
        (VIMC / "bind").write_text("vimc.0")
    wait_for_picture(bus)


def check_refused(reply, seconds, what, codes=NO_PICTURE):
    check(f"{what}: the capture is answered {' or '.join(codes)}", (reply["status"], reply.get("code")) in
          [("error", code) for code in codes], reply)
    check("… within its timeout", seconds < TIMEOUT + 5, seconds)
    figure(f"{what}: answered after", f"{seconds:.1f} s, {reply['code']}: {reply['error']}")


def check_answered(reply, seconds, what):
    """With the picture of another camera program, where that can be had within the capture's timeout."""
    check(f"{what}: the capture is answered within its timeout", seconds < TIMEOUT + 5 and
          (reply["status"] == "ok" or reply["code"] in NO_PICTURE), (seconds, reply))
    figure(f"{what}: answered after", f"{seconds:.1f} s, {reply.get('code', 'ok')}")


def wait_for_picture(bus):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        reply, _ = bus.reply_to(bus.request("capture", timeout="20s"), 60)
        if reply["status"] == "ok":
            return
    raise Failed(f"no picture within two minutes: {reply}")


def expect_pictures(bus, name, since=None):
    """Within two minutes and without help there are pictures again. `since`: a moment to measure from."""
    wait_for_picture(bus)
    if since is not None:
        figure(f"{name}: the first picture came after", f"{time.monotonic() - since:.1f} s")
    capture(bus, name)


def controls(state):
    """Controls of one picture; a wrong name is an error."""
    bus = state["bus"]
    capture(bus, "settled", settle=True)
    since, reply = bus.ask({"command": "capture", "width": 640, "height": 480, "timeout": "60s", "controls": {"Brightness": 0.5}}, 90)
    expect_equal("a capture with a brightness of its own is answered", reply["status"], "ok")
    black = Picture(bus.heard(since, "jpeg")[0].payload).bars()[BARS.index("black")]
    check("… its black is grey", min(black) > 44, black)
    # vimc has no algorithms that begin afresh: its driver keeps what it was told.
    capture(bus, "usual-brightness", controls={"Brightness": 0.0})
    _, reply = bus.ask({"command": "capture", "controls": {"Brightnes": 0.5}}, 90)
    expect_equal("a control that the camera does not have is refused", (reply["status"], reply["code"]), ("error", "invalid_option"))


def unplugged_in_a_capture(state):
    """The camera is pulled out while a picture is being taken."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    request, *answer = in_a_capture(bus, lambda pid: (VIMC / "unbind").write_text("vimc.0"))
    check_refused(*answer, "unplugged in a capture")
    bus.wait_status("camera/status", "offline", request.since)
    check("… its status is offline")
    since, plugged = bus.position(), time.monotonic()
    (VIMC / "bind").write_text("vimc.0")
    online = bus.wait_status("camera/status", "online", since, 180)
    figure("plugged in: online after", f"{online - plugged:.1f} s")
    expect_pictures(bus, "plugged-in-after-a-capture")
    cadence.expect_steady("unplugged in a capture")


def unplugged_in_a_series(state):
    """The camera is pulled out in the middle of a series, and plugged in again."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    request = bus.request("capture", count=1000, every="1s", timeout="5s", width=320, height=240)
    wait_until("three pictures came", lambda: len(bus.heard(request.since, "jpeg")) >= 3)
    (VIMC / "unbind").write_text("vimc.0")
    bus.wait_status("camera/status", "offline", request.since)
    check("the camera is pulled out in a series: its status is offline")
    before, since, plugged = len(bus.heard(request.since, "jpeg")), bus.position(), time.monotonic()
    (VIMC / "bind").write_text("vimc.0")
    again = bus.wait("a picture", lambda m: m.topic == "jpeg", since, 180).at
    check(f"… plugged in again, the series continues after {before} pictures")
    figure("unplugged in a series: the next picture came after plugging in by", f"{again - plugged:.1f} s")
    bus.reply_to(bus.request("cancel"))
    reply, _ = bus.reply_to(request)
    taken = len(bus.heard(request.since, "jpeg"))
    expect_equal("… ended by cancel, its one reply says how many pictures there were",
                 (reply["status"], reply["code"], reply["data"]), ("error", "cancelled", {"taken": taken, "count": 1000}))
    cadence.expect_steady("unplugged in a series")


def stopped(state):
    """The camera program hangs."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    wait_for_picture(bus)  # from now on it is warm: the next picture is asked of this very process
    pid = processes(CAMERA)[0]
    os.kill(pid, signal.SIGSTOP)
    hung = time.monotonic()
    reply, seconds = bus.reply_to(bus.request("capture", timeout=f"{TIMEOUT}s"), TIMEOUT + 30)
    check_answered(reply, seconds, "the camera program is stopped")
    wait_until("systemd's watchdog ends it", lambda: pid not in processes(CAMERA), 60)
    expect_pictures(bus, "after-a-hang", hung)
    cadence.expect_steady("the camera program hangs")


def killed(state):
    """The camera program dies in the middle of a picture."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    run("systemctl", "stop", CAMERA)
    request = bus.request("capture", **LARGE)
    os.kill(wait_opened(), signal.SIGKILL)
    died = time.monotonic()
    check_answered(*bus.reply_to(request, TIMEOUT + 30), "the camera program is killed")
    expect_pictures(bus, "after-a-kill", died)
    cadence.expect_steady("the camera program dies")


def without_permission(state):
    """The camera's devices may not be opened."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    run("systemctl", "stop", CAMERA)
    devices = glob.glob("/dev/video*") + glob.glob("/dev/media*") + glob.glob("/dev/v4l-subdev*")
    for device in devices:
        os.chmod(device, 0o600)
        os.chown(device, 0, 0)
    reply, seconds = bus.reply_to(bus.request("capture", timeout=f"{TIMEOUT}s"), TIMEOUT + 30)
    check_refused(reply, seconds, "no permission", ("camera_unavailable",))
    check("… which says that it is the permission", "may not be used by this user" in reply["error"], reply)
    run("udevadm", "trigger", "--action=add", "--settle", "--subsystem-match=video4linux", "--subsystem-match=media")
    for device in devices:
        os.chmod(device, 0o660)
    expect_pictures(bus, "permitted-again", time.monotonic())
    cadence.expect_steady("no permission")


def held(state):
    """Another program holds the camera."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    run("systemctl", "stop", CAMERA)
    with subprocess.Popen(["cam", "--camera", "1", "--capture"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            wait_until("the other has it", lambda: has_open(other.pid, "/dev/video"))
            reply, seconds = bus.reply_to(bus.request("capture", timeout=f"{TIMEOUT}s"), TIMEOUT + 30)
        finally:
            other.kill()
    check_refused(reply, seconds, "held by another", ("camera_unavailable",))
    check("… which says that another program may have it", "other program" in reply["error"], reply)
    expect_pictures(bus, "released", time.monotonic())
    cadence.expect_steady("held by another program")


def without_libcamera(state):
    """The system's libcamera goes away, as an upgrade to another one takes it."""
    bus, cadence = state["bus"], Cadence(state["bus"])
    run("systemctl", "stop", CAMERA)
    library = next(path for path in pathlib.Path("/usr/lib").glob("*/libcamera.so.*") if not path.is_symlink())
    library.rename(library.with_name("gone"))
    try:
        reply, seconds = bus.reply_to(bus.request("capture", timeout=f"{TIMEOUT}s"), TIMEOUT + 30)
    finally:
        library.with_name("gone").rename(library)
    check_refused(reply, seconds, "without libcamera", ("camera_unavailable",))
    check("… which names the library, and says what to install", "libcamera.so" in reply["error"] and "install" in reply["error"], reply)
    expect_pictures(bus, "libcamera-again", time.monotonic())
    cadence.expect_steady("without libcamera")


def bad_zone(state):
    """The thermal zone fails, lies and sleeps."""
    bus = state["bus"]
    cadence = Cadence(bus, "board")

    def expect_fault(what, parameter, value, good):
        since = bus.position()
        (PARAMETERS / parameter).write_text(str(value))
        offline = bus.wait_status("sensor/room/status", "offline", since)
        check(f"{what}: the sensor is offline")
        after = [m.payload for m in bus.heard(since, "room/temp") if m.at > offline]
        check("… and not one reading of it is published", not after, after)
        since = bus.position()
        (PARAMETERS / parameter).write_text(str(good))
        bus.wait_status("sensor/room/status", "online", since)
        temperature(bus, since, 23)
        check("… it is back by itself")

    expect_fault("the zone cannot be read (EIO)", "error", 5, 0)
    expect_fault("the zone says 2147 °C", "millidegrees", 2147000, 23000)
    expect_fault("the zone says -200 °C", "millidegrees", -200000, 23000)
    expect_fault("the zone does not answer", "delay_ms", 20000, 0)
    expect_equal("the agent did not restart", property_of(AGENT, "NRestarts"), "0")
    cadence.expect_steady("one sensor fails, of the other")


def hwmon(state):
    """A chip on the I2C bus."""
    bus, lm75 = state["bus"], state["lm75"]
    for degrees in (30, -12.5):
        since = bus.position()
        lm75.set(degrees)
        bus.wait(f"board/temp {degrees}", lambda m: m.topic == "board/temp" and float(m.payload) == degrees, since)
        check(f"hwmon: board/temp follows the LM75: {degrees}")
    since = bus.position()
    lm75.unplug()
    bus.wait_status("sensor/board/status", "offline", since)
    check("hwmon: unplugged, the sensor is offline")
    since = bus.position()
    lm75.plug()
    bus.wait_status("sensor/board/status", "online", since)
    bus.wait("board/temp", lambda m: m.topic == "board/temp", since)
    check("hwmon: plugged in, readings come again")


def button(state):
    """A button that bounces."""
    bus, chip = state["bus"], state["chip"]
    for press in (1, 2):
        since = bus.position()
        chip.press(BUTTON)
        bus.wait("the picture", lambda m: m.topic.endswith("/image"), since, 60)
        bus.wait_status("gpio/button", "OFF", since)
        bus.reply_to(bus.request("status"))
        expect_equal(f"press {press}: one ON, one OFF, one picture",
                     ([m.payload for m in bus.heard(since) if m.topic.endswith("/gpio/button")],
                      len(bus.heard(since, "jpeg"))), ([b"ON", b"OFF"], 1))
    rows = run("pi-edge-agent", "journal", "--kind", "command", "--json").splitlines()
    check("the journal says that the button did it", sum('"gpio:button"' in row for row in rows) == 2, rows[-4:])


def outputs(state):
    """A relay and the status lamp."""
    bus, chip, device = state["bus"], state["chip"], state["device"]
    for word, level in (("ON", 1), ("OFF", 0), ("TOGGLE", 1)):
        since = bus.position()
        bus.send(f"edge/{device}/gpio/relay/set", word)
        bus.wait_status("gpio/relay", "ON" if level else "OFF", since)
        expect_equal(f"{word}: the line reads {level}, and the topic says so", chip.read(RELAY), level)
    wait_until("the lamp is on", lambda: chip.read(LED) == 1)
    wait_until("the lamp blinks", lambda: chip.read(LED) == 0, 10)
    check("the lamp is on while connected, and blinks with the readings")
    since = bus.position()
    run("systemctl", "stop", "mosquitto")
    # Off, and not only for the tenth of a second of a blink.
    wait_until("the lamp is off", lambda: not any(chip.read(LED) or time.sleep(0.05) for _ in range(10)), 30)
    check("… it is off without a broker")
    run("systemctl", "start", "mosquitto")
    wait_until("the lamp is on again", lambda: chip.read(LED) == 1, 60)
    online(bus, since)
    check("… and on again with it")


def chip_removed(state):
    """The GPIO chip goes away and comes back."""
    bus, chip = state["bus"], state["chip"]
    cadence = Cadence(bus)
    since = bus.position()
    chip.unplug()
    bus.wait("health names the lines", lambda m: m.topic.endswith("/health") and
             sum("error" in line for line in m.json["gpio"]) == 3, since, 120)
    check("the chip is removed: health has an error for each line")
    _, reply = bus.ask("start")
    expect_equal("… commands are carried out", reply["status"], "ok")
    plugged = time.monotonic()
    chip.plug()
    # The relay was ON: it is set again as soon as the chip is found.
    wait_until("the relay is on again", lambda: chip.read(RELAY) == 1, 90)
    figure("the chip is back: its output has its state again after", f"{time.monotonic() - plugged:.1f} s")
    since = bus.position()
    chip.press(BUTTON)
    bus.wait("a picture", lambda m: m.topic == "jpeg", since)
    check("… relay and button work again, without help")
    cadence.expect_steady("the GPIO chip is removed")


def reload(state):
    """systemctl reload leaves alone what did not change: a line that is released becomes an input on a Pi, and its output glitches."""
    bus, chip = state["bus"], state["chip"]
    applied = f"read {AGENT_CONFIG} again"

    def change(replace, by):
        before = run("journalctl", "-u", AGENT).count(applied)
        change_config(replace, by)
        run("systemctl", "reload", AGENT)
        wait_until("the reload is applied", lambda: run("journalctl", "-u", AGENT).count(applied) > before, 60)

    bus.send(f"edge/{state['device']}/gpio/relay/set", b"ON")
    wait_until("the relay is on", lambda: chip.read(RELAY) == 1, 60)
    since = bus.position()
    relay, lamp = chip.watch(RELAY), chip.watch(LED)
    change('format = "decimal"', 'format = "integer"')
    change('debounce = "200ms"', 'debounce = "250ms"')
    change('name = "relay"', 'name = "pump"')
    bus.wait_status("gpio/pump", "ON", since)
    change('name = "pump"', 'name = "relay"')
    expect_equal("reload: the kernel saw nothing happen to the output's line", relay.events(), [])
    expect_equal("… nor to the status lamp's", lamp.events(), [])
    change(f"line = {LED}", f"line = {LED + 1}")
    expect_equal("… a line that another takes the place of is released", lamp.events(), ["released"])
    expect_equal("… and only that one", relay.events(), [])
    change(f"line = {LED + 1}", f"line = {LED}")
    expect_equal("… an output stays as it was", chip.read(RELAY), 1)
    statuses = [m.payload for m in bus.heard(since) if m.topic.endswith("/status") and m.topic.count("/") == 2]
    check("… no 'offline' in between", b"offline" not in statuses)
    relay.close()
    lamp.close()


def diagnosis():
    """What the doctor says: {check: [(severity, text and remedy)]}."""
    found = {}
    for entry in json.loads(run("pi-edge-agent", "doctor", "--json", ok=(0, 1, 3), timeout=300))["findings"]:
        found.setdefault(entry["check"], []).append((entry["severity"], f"{entry['text']} {entry.get('remedy', '')}"))
    return found


def expect_told(found, name, severity, *parts):
    check(f"doctor: {severity} of {name}: {' … '.join(parts)}",
          any(how == severity and all(part in text for part in parts) for how, text in found.get(name, [])), found.get(name))


def second_agent(state):
    """A second agent, with another virtual camera."""
    bus, first = state["bus"], state["device"]
    folder = AGENT_CONFIG.parent / "back"
    config = folder / "agent.toml"
    units = ("pi-edge-camera@back.socket", "pi-edge-agent@back.service")
    folder.mkdir()
    config.write_text('[topics]\ncommand = ""\n[camera]\nbackend = "pattern"\n[image]\ntopic = "edge/{id}/jpeg"\n')
    second = run("pi-edge-agent", "print-id", "--config", str(config))
    expect_equal("the second agent's id is the first one's and its name", second, f"{first}-back")
    since = bus.position()
    run("systemctl", "enable", "--now", *units)
    bus.wait("the second agent is online", lambda m: m.topic == f"edge/{second}/status" and m.payload == b"online", since, 120)
    check("it is online beside the first")

    since = bus.position()
    for device in (first, second):
        bus.send(f"edge/{device}/command", json.dumps({"command": "capture", "timeout": "60s"}))
    for device, topic in ((first, "jpeg"), (second, f"edge/{second}/jpeg")):
        reply = bus.wait(f"the reply of {device}", lambda m, device=device: m.topic == f"edge/{device}/response", since, 90).json
        expect_equal(f"a picture of both at once: {device}", (reply["status"], len(bus.heard(since, topic))), ("ok", 1))
    expect_equal("each has a camera program of its own",
                 [len(processes(f"pi-edge-camera{name}.service")) for name in ("", "@back")], [1, 1])
    expect_sandbox("pi-edge-agent@back.service", "pi-edge-agent")
    expect_sandbox("pi-edge-camera@back.service", "pi-edge-camera")
    check("it has a journal of its own", pathlib.Path("/var/lib/pi-edge-agent/back/journal.db").exists())

    run("systemctl", "disable", "--now", *units, "pi-edge-camera@back.service")
    expect_equal("the first stays", property_of(AGENT, "ActiveState"), "active")


def doctor(state):
    """The doctor finds nothing where nothing is wrong, and everything that is."""
    lm75, chip = state["lm75"], state["chip"]
    well = diagnosis()
    expect_told(well, "camera", "fine", "a picture of")
    expect_told(well, "sensor", "fine", "board")
    expect_told(well, "gpio", "fine", "in use by the agent")
    expect_told(well, "broker", "fine", "connected with MQTT 5")
    expect_told(well, "service", "fine", AGENT, "active")
    errors = [(name, text) for name, all_ in well.items() for severity, text in all_ if severity == "error"]
    expect_equal("doctor: no error on a machine that works", errors, [])

    run("systemctl", "stop", AGENT)
    (VIMC / "unbind").write_text("vimc.0")
    lm75.unplug()
    chip.unplug()
    ill = diagnosis()
    expect_told(ill, "camera", "error", "no camera is connected")
    expect_told(ill, "camera", "error", "no picture")
    expect_told(ill, "sensor", "error", "board")
    expect_told(ill, "gpio", "error", "relay")
    expect_told(ill, "service", "warning", AGENT, "start it")
    lm75.plug()
    lm75.set(21.5)
    chip.plug()
    since = state["bus"].position()
    run("systemctl", "start", AGENT)
    online(state["bus"], since)
    plug_in(state["bus"])


TESTS = [prepare, controls, unplugged_in_a_capture, unplugged_in_a_series, stopped, killed, without_permission, held, without_libcamera,
         bad_zone, hwmon, button, outputs, chip_removed, reload, second_agent, doctor]
