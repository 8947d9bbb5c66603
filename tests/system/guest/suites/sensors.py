# SPDX-License-Identifier: MIT
"""What sensors measure is what is published: chips whose registers are known, behind the kernel's drivers; found by `pi-edge-agent
sensors`, whose text is the configuration."""

import json
import math

from agent import AGENT
from cadence import Cadence
from i2c import Ads1015, Bme280, Bus, Ina219, Sht21, Tsl4531
from report import check, expect_equal, property_of, run, wait_until
from setup import BASIC, at_work, configure, restart

CHIPS = (Bme280, Sht21, Tsl4531, Ads1015, Ina219)
# What the kernel resolves, and half of the last decimal that is published.
TOLERANCE = {"temperature": 0.0055, "humidity": 0.0105, "pressure": 0.0055, "illuminance": 0, "voltage": 0, "current": 0, "power": 0}
UNITS = {"temperature": "°C", "humidity": "%", "pressure": "hPa", "illuminance": "lx", "voltage": "V", "current": "A", "power": "W"}
OFFERED = [("bme280", "temperature"), ("bme280", "humidity"), ("bme280", "pressure"), ("sht21", "temperature"), ("sht21", "humidity"),
           ("tsl4531", "illuminance"), ("ads1015", "voltage"), ("ina219", "voltage"), ("ina219", "current"), ("ina219", "power")]


def offered():
    return json.loads(run("pi-edge-agent", "sensors", "--json"))["sensors"]


def prepare(state):
    """A machine with five chips, of which nothing is configured."""
    bus = Bus(*(chip.ADDRESS for chip in CHIPS))
    chips = state["chips"] = {chip.NAME: chip(bus) for chip in CHIPS}
    set_usual(chips)
    for chip in chips.values():
        chip.plug()
    at_work(state)


def set_usual(chips):
    """Returns what is measured: {(chip, quantity): value}."""
    chips["bme280"].set(*Bme280.EXAMPLE)
    sht21 = chips["sht21"].set(21.5, 48)
    chips["tsl4531"].set(320)
    chips["ads1015"].set(1234)
    chips["ina219"].set(12, 0.253, 3.04)
    celsius, pressure, humidity = Bme280.compensate(*Bme280.EXAMPLE)
    return {("bme280", "temperature"): celsius, ("bme280", "pressure"): pressure, ("bme280", "humidity"): humidity,
            ("sht21", "temperature"): sht21[0], ("sht21", "humidity"): sht21[1], ("tsl4531", "illuminance"): 320,
            ("ads1015", "voltage"): 1.234, ("ina219", "voltage"): 12, ("ina219", "current"): 0.253, ("ina219", "power"): 3.04}


def expect_published(state, wanted, since):
    """The next reading of each sensor in `wanted`, {(chip, quantity): value}, is right; a temperature need not name its quantity."""
    for key, value in wanted.items():
        name = state["names"][key]
        tolerance = TOLERANCE[key[1]] + 1e-9

        def is_right(message, name=name, value=value, tolerance=tolerance):
            return message.topic.endswith(f"/sensor/{name}") and math.isclose(message.json["value"], value, rel_tol=0, abs_tol=tolerance)

        reading = state["bus"].wait(f"{name} {value}", is_right, since).json
        expect_equal(f"{key[0]}, {key[1]}: {value:.4f} {UNITS[key[1]]} is published as {reading['value']}",
                     (reading.get("quantity", "temperature"), reading["unit"]), (key[1], UNITS[key[1]]))


def listed(state):
    """The command lists them with their values, and its text is a configuration."""
    wait_until("all drivers have found their chips",
               lambda: set(OFFERED) <= {(sensor["device"], sensor["quantity"]) for sensor in offered()}, 120)
    wanted = set_usual(state["chips"])
    for key in OFFERED:
        found = [sensor for sensor in offered() if (sensor["device"], sensor["quantity"]) == key]
        # The first voltage of an INA219 is the one at its shunt, the second the supply's.
        sensor = found[1] if key == ("ina219", "voltage") else found[0] if key != ("ads1015", "voltage") else \
            next(sensor for sensor in found if sensor["channel"] == "voltage0")
        check(f"sensors lists {key[0]} {sensor['channel']}: {sensor['value']} {sensor['unit']}",
              abs(sensor["value"] - wanted[key]) <= TOLERANCE[key[1]] + 1e-9, (sensor, wanted[key]))
        name = next(line for line in sensor["config"].splitlines() if line.startswith("name = "))
        state.setdefault("names", {})[key] = json.loads(name.removeprefix("name = "))
    # Every chip has its turn, and the machine is slow: once in two seconds, except for the sensor that shows gaps.
    basic = BASIC.replace('interval = "1s"', 'interval = "2s"').replace('topic = "room/temp"', 'topic = "room/temp"\ninterval = "1s"')
    configure(basic + run("pi-edge-agent", "sensors"))
    restart(state["bus"])
    since, reply = state["bus"].ask("start")
    expect_equal("its text, pasted, is a configuration that works", reply["status"], "ok")
    expect_published(state, wanted, since)


def edges(state):
    """Values at the edge of what is possible, and beyond."""
    bus, chips, names = state["bus"], state["chips"], state["names"]
    since = bus.position()
    chips["bme280"].set(*Bme280.EXAMPLE[:2], 0xFFFF)
    chips["tsl4531"].set(0xFFFF)
    chips["ads1015"].set(-2048)
    chips["ina219"].set(26, -32.768, 0)
    expect_published(state, {("bme280", "humidity"): 100, ("tsl4531", "illuminance"): 65535, ("ads1015", "voltage"): -2.048,
                             ("ina219", "voltage"): 26, ("ina219", "current"): -32.768, ("ina219", "power"): 0}, since)
    for key, act in ((("sht21", "humidity"), lambda: chips["sht21"].set(21.5, 104)),
                     (("bme280", "pressure"), lambda: chips["bme280"].set(Bme280.EXAMPLE[0], 0, 28000))):
        since = bus.position()
        act()
        offline = bus.wait_status(f"sensor/{names[key]}/status", "offline", since)
        wrong = [m.payload for m in bus.heard(since) if m.topic.endswith(f"/sensor/{names[key]}") and m.at > offline]
        check(f"{key[0]}: a {key[1]} that cannot be makes it offline, and none is published", not wrong, wrong)
    since = bus.position()
    expect_published(state, set_usual(chips), since)


def failing(state):
    """A chip is unplugged, a driver unbound, a measurement fails."""
    bus, chips, names = state["bus"], state["chips"], state["names"]
    cadence = Cadence(bus)

    def expect_gone(what, chip, act, undo):
        affected = [name for (owner, _), name in names.items() if owner == chip]
        since = bus.position()
        act()
        for name in affected:
            bus.wait_status(f"sensor/{name}/status", "offline", since)
        check(f"{what}: {', '.join(affected)} offline")
        since = bus.position()
        undo()
        for name in affected:
            bus.wait_status(f"sensor/{name}/status", "online", since)
        wanted = {key: value for key, value in set_usual(chips).items() if key[0] == chip}
        expect_published(state, wanted, since)

    expect_gone("the BME280 is unplugged", "bme280", chips["bme280"].unplug, chips["bme280"].plug)
    expect_gone("the INA219 is unplugged", "ina219", chips["ina219"].unplug, chips["ina219"].plug)
    expect_gone("the TSL4531's driver is unbound", "tsl4531", chips["tsl4531"].unbind, chips["tsl4531"].bind)
    # The driver cannot compensate pressure and humidity without a temperature, either: all three are an I/O error.
    expect_gone("the BME280 did not measure", "bme280", lambda: chips["bme280"].set(Bme280.SKIPPED, *Bme280.EXAMPLE[1:]),
                lambda: chips["bme280"].set(*Bme280.EXAMPLE))
    expect_equal("the agent did not restart", property_of(AGENT, "NRestarts"), "0")
    cadence.expect_steady("other sensors fail, of the room")


TESTS = [prepare, listed, edges, failing]
