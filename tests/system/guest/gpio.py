# SPDX-License-Identifier: MIT
"""A simulated GPIO chip with a Raspberry Pi's name (kernel: Documentation/admin-guide/gpio/gpio-sim.rst)."""

import fcntl
import os
import pathlib
import select
import struct
import time

from report import run

WATCH_LINE = 0xC100B406  # GPIO_V2_GET_LINEINFO_WATCH_IOCTL of <linux/gpio.h>
INFO_BYTES = 256         # struct gpio_v2_line_info: names of 2 * 32 bytes, then the offset
CHANGE_BYTES = 288       # struct gpio_v2_line_info_changed: that, a time of 8 bytes, and the event


class LineWatch:
    """Records whenever a line is requested, released or reconfigured, however briefly."""

    def __init__(self, path, number):
        self._chip = os.open(path, os.O_RDONLY)
        fcntl.ioctl(self._chip, WATCH_LINE, bytearray(struct.pack("64xI", number).ljust(INFO_BYTES, b"\0")))

    def events(self):
        """Returns the events since the last call."""
        names = {1: "requested", 2: "released", 3: "reconfigured"}
        found = []
        while select.select([self._chip], [], [], 0)[0]:
            found.append(names[struct.unpack_from("I", os.read(self._chip, CHANGE_BYTES), INFO_BYTES + 8)[0]])
        return found

    def close(self):
        os.close(self._chip)


class Chip:
    def __init__(self):
        run("modprobe", "gpio-sim")
        run("mount", "-t", "configfs", "none", "/sys/kernel/config", ok=(0, 32))  # 32: already mounted
        self._config = pathlib.Path("/sys/kernel/config/gpio-sim/pi")
        (self._config / "bank").mkdir(parents=True)
        (self._config / "bank/num_lines").write_text("54")
        (self._config / "bank/label").write_text("pinctrl-bcm2835")

    def plug(self):
        (self._config / "live").write_text("1")

    def unplug(self):
        (self._config / "live").write_text("0")

    def _line(self, number):
        device = (self._config / "dev_name").read_text().strip()
        chip = (self._config / "bank/chip_name").read_text().strip()
        return pathlib.Path(f"/sys/devices/platform/{device}/{chip}/sim_gpio{number}")

    def read(self, number):
        return int((self._line(number) / "value").read_text())

    def watch(self, number):
        return LineWatch("/dev/" + (self._config / "bank/chip_name").read_text().strip(), number)

    def pull(self, number, up):
        """Drives an input as a wire does."""
        (self._line(number) / "pull").write_text("pull-up" if up else "pull-down")

    def press(self, number):
        """Presses a button that bounces on closing and opening, for longer than a real one, because the machine is emulated."""
        for up in (False, True, False, True, False):
            self.pull(number, up)
            time.sleep(0.001)
        time.sleep(1)
        for up in (True, False, True, False, True):
            self.pull(number, up)
            time.sleep(0.001)
