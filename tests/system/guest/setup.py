# SPDX-License-Identifier: MIT
"""Sets up a machine with a running agent, for the suites that inject faults."""

import glob
import pathlib

from agent import AGENT, CONFIG, online, set_temperature, temperature
from bus import Bus
from report import check, run, wait_until

# One reading a second, so that a gap shows; everything else is the default.
BASIC = """
[telemetry]
interval = "1s"
[[sensor]]
name = "room"
type = "thermal"
topic = "room/temp"
[camera]
timeout = "30s"
"""


def wait_for_broker():
    wait_until("the broker is up", lambda: run("systemctl", "is-active", "mosquitto", ok=(0, 3)) == "active", 180)


def install():
    wait_for_broker()
    run("dpkg", "-i", *sorted(glob.glob("/share/pi-edge-*.deb")), timeout=600)


def configure(text):
    """Replaces the configuration file; the caller restarts the agent."""
    CONFIG.write_text(text)
    run("pi-edge-agent", "check-config", str(CONFIG))


def drop_in(unit, text):
    folder = pathlib.Path(f"/etc/systemd/system/{unit}.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test.conf").write_text(text)
    run("systemctl", "daemon-reload")


def undo_drop_in(unit):
    pathlib.Path(f"/etc/systemd/system/{unit}.d/test.conf").unlink()
    run("systemctl", "daemon-reload")


def restart(bus):
    """Restarts the agent and returns when it is online."""
    since = bus.position()
    run("systemctl", "restart", AGENT)
    return online(bus, since, 120)


def at_work(state, config=BASIC):
    """Installs, configures and starts the agent. Sets `bus` and `device` in the state."""
    install()
    configure(config)
    set_temperature(23)
    state["bus"] = bus = Bus()
    state["device"] = restart(bus)
    since, reply = bus.ask("start")
    check("the agent is installed, online and publishing", reply["status"] == "ok", reply)
    temperature(bus, since, 23)
