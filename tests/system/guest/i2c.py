# SPDX-License-Identifier: MIT
"""An LM75 on a simulated I2C bus, behind the kernel's own driver."""

import pathlib

from report import run

ADDRESS = "0x48"


class Lm75:
    def __init__(self):
        run("modprobe", "i2c-dev")
        run("modprobe", "i2c-stub", f"chip_addr={ADDRESS}")
        lines = [line for line in run("i2cdetect", "-l").splitlines() if "stub" in line]
        self._bus = lines[0].split()[0].removeprefix("i2c-")
        self._control = pathlib.Path(f"/sys/bus/i2c/devices/i2c-{self._bus}")

    def plug(self):
        (self._control / "new_device").write_text(f"lm75 {ADDRESS}")

    def unplug(self):
        (self._control / "delete_device").write_text(ADDRESS)

    def set(self, degrees):
        """The register holds 1/256 °C, high byte first; SMBus words are low byte first."""
        value = int(degrees * 256) & 0xFFFF
        run("i2cset", "-f", "-y", self._bus, ADDRESS, "0", hex((value & 0xFF) << 8 | value >> 8), "w")
