# SPDX-License-Identifier: MIT
"""A GPIO chip without wires, called as a Raspberry Pi's (kernel: Documentation/admin-guide/gpio/gpio-sim.rst)."""

import pathlib
import time

from report import run


class Chip:
    def __init__(self):
        run("modprobe", "gpio-sim")
        run("mount", "-t", "configfs", "none", "/sys/kernel/config", ok=(0, 32))  # 32: it is there already
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

    def pull(self, number, up):
        """What a wire does to an input."""
        (self._line(number) / "pull").write_text("pull-up" if up else "pull-down")

    def press(self, number):
        """A real button: it bounces when it closes, and when it opens; for longer than a real one's milliseconds, because the machine
        is emulated."""
        for up in (False, True, False, True, False):
            self.pull(number, up)
            time.sleep(0.001)
        time.sleep(1)
        for up in (True, False, True, False, True):
            self.pull(number, up)
            time.sleep(0.001)
