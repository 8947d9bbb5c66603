# SPDX-License-Identifier: MIT
"""A DHT22 as the kernel's driver shows it (drivers/iio/humidity/dht11.c), in a mount namespace of the agent's own."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from support import AGENT, BASE, AgentCase, decoded

TEMPERATURE = f"{BASE}/sensor/temperature"
HUMIDITY = f"{BASE}/sensor/humidity"


class Dht(AgentCase):
    # A failed read is repeated after a quarter of the interval, twice.
    EXTRA = "".join(f'\n[[sensor]]\nname = "{quantity}"\ntype = "iio"\ndevice = "dht11"\nquantity = "{quantity}"\ninterval = "6s"\n'
                    for quantity in ("temperature", "humidity"))

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="edge-sys-")
        self.addCleanup(shutil.rmtree, self.root)
        self.chip = f"{self.root}/devices/platform/dht11@11/iio:device0"
        os.makedirs(self.chip)
        os.makedirs(f"{self.root}/bus/iio/devices")
        os.symlink(self.chip, f"{self.root}/bus/iio/devices/iio:device0")
        self.give("name", "dht11@11")
        self.give("in_temp_input", 21500)
        self.give("in_humidityrelative_input", 48200)
        namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
        self.WITHIN = [*namespace, "sh", "-c", 'mount --bind "$0" /sys/bus && exec "$@"', f"{self.root}/bus"]
        super().setUp()

    def give(self, attribute, text):
        with open(f"{self.root}/new", "w", encoding="ascii") as file:
            file.write(f"{text}\n")
        os.rename(file.name, f"{self.chip}/{attribute}")

    def fail_to_read(self, attribute):
        """With EIO, as after a wrong checksum: nothing is mapped at address 0."""
        os.symlink("/proc/self/mem", f"{self.root}/new")
        os.rename(f"{self.root}/new", f"{self.chip}/{attribute}")

    def offered(self):
        """What `pi-edge-agent sensors` says of the chip, by quantity."""
        text = subprocess.run([*self.WITHIN, AGENT, "sensors", "--json"], check=True, capture_output=True, timeout=60).stdout
        return {sensor["quantity"]: sensor for sensor in json.loads(text)["sensors"] if sensor["device"] == "dht11"}

    def read_now(self):
        """Returns when both channels were read, the temperature first; not what came of it."""
        before = len(self.client.on(HUMIDITY))
        self.client.publish(f"{BASE}/command", "start")
        self.client.wait(HUMIDITY, count=before + 1)

    def values(self, topic):
        return [decoded(message)["value"] for message in self.client.on(topic)]

    def problem(self, health):
        return next(sensor for sensor in decoded(health)["sensors"] if sensor["name"] == "temperature").get("error", "")

    def test_both_quantities_are_published(self):
        self.read_now()
        reading = decoded(self.client.wait(TEMPERATURE))
        self.assertEqual((reading["value"], reading["unit"], reading["quantity"]), (21.5, "°C", "temperature"))
        reading = decoded(self.client.wait(HUMIDITY))
        self.assertEqual((reading["value"], reading["unit"], reading["quantity"]), (48.2, "%", "humidity"))

    def test_an_error_is_retried_within_the_interval(self):
        self.read_now()
        self.fail_to_read("in_temp_input")
        self.read_now()
        self.give("in_temp_input", 22300)
        self.client.wait(TEMPERATURE, lambda m: decoded(m)["value"] == 22.3)
        self.assertEqual(self.values(TEMPERATURE), [21.5, 22.3])
        self.assertEqual(len(self.client.on(HUMIDITY)), 2, "within the interval")
        self.assertEqual(self.client.on(f"{TEMPERATURE}/status", lambda m: m.payload == b"offline"), [])

    def test_errors_that_go_on_are_a_fault_and_no_value_is_repeated(self):
        self.read_now()
        self.fail_to_read("in_temp_input")
        self.read_now()
        self.client.wait(f"{TEMPERATURE}/status", lambda m: m.payload == b"offline")
        before = len(self.client.on(HUMIDITY))
        self.client.wait(HUMIDITY, count=before + 2)
        self.assertEqual(self.values(TEMPERATURE), [21.5])
        self.client.wait(f"{BASE}/health", lambda m: "Input/output error" in self.problem(m))
        self.give("in_temp_input", 22300)
        self.client.wait(TEMPERATURE, lambda m: decoded(m)["value"] == 22.3)
        self.assertEqual(self.client.on(f"{TEMPERATURE}/status")[-1].payload, b"online")
        self.assertEqual(self.values(TEMPERATURE), [21.5, 22.3])

    def test_the_list_of_sensors_has_it_with_its_value_or_error(self):
        offered = self.offered()
        self.assertEqual({quantity: sensor["value"] for quantity, sensor in offered.items()}, {"temperature": 21.5, "humidity": 48.2})
        self.assertIn('device = "dht11"\n', offered["humidity"]["config"])
        self.assertIn('interval = "5s"\n', offered["humidity"]["config"], "the driver repeats a measurement for 2 s")
        self.fail_to_read("in_humidityrelative_input")
        broken = self.offered()["humidity"]
        self.assertIsNone(broken["value"])
        self.assertIn("Input/output error", broken["error"])


if __name__ == "__main__":
    unittest.main()
