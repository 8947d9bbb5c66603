# SPDX-License-Identifier: MIT
"""Chips on a simulated I2C bus, behind the kernel's own drivers. What is set is what their registers hold."""

import pathlib
import struct

from report import run


class Bus:
    def __init__(self, *addresses):
        """The chips that can be plugged in: i2c-stub takes them when it is loaded."""
        run("modprobe", "i2c-dev")
        run("modprobe", "i2c-stub", "chip_addr=" + ",".join(hex(address) for address in addresses))
        lines = [line for line in run("i2cdetect", "-l").splitlines() if "stub" in line]
        self.number = lines[0].split()[0].removeprefix("i2c-")
        self.control = pathlib.Path(f"/sys/bus/i2c/devices/i2c-{self.number}")

    def set(self, address, register, *values, size):
        """`size`: b (byte), w (word, low byte first) or i (bytes of consecutive registers)."""
        run("i2cset", "-f", "-y", self.number, hex(address), hex(register), *map(hex, values), size)


class Chip:
    """One with registers of 16 bits, high byte first, unless it says otherwise."""

    DRIVER = NAME = ""
    ADDRESS = 0

    def __init__(self, bus):
        self._bus = bus

    @property
    def device(self):
        """Its name on the bus, as drivers know it."""
        return f"{self._bus.number}-{self.ADDRESS:04x}"

    def plug(self):
        (self._bus.control / "new_device").write_text(f"{self.NAME} {self.ADDRESS:#x}")

    def unplug(self):
        (self._bus.control / "delete_device").write_text(f"{self.ADDRESS:#x}")

    def bind(self, action="bind"):
        pathlib.Path(f"/sys/bus/i2c/drivers/{self.DRIVER}/{action}").write_text(self.device)

    def unbind(self):
        self.bind("unbind")

    def write(self, register, value):
        """SMBus words are low byte first."""
        value &= 0xFFFF
        self._bus.set(self.ADDRESS, register, (value & 0xFF) << 8 | value >> 8, size="w")

    def write_bytes(self, register, values):
        self._bus.set(self.ADDRESS, register, *values, size="i")


class Lm75(Chip):
    DRIVER = NAME = "lm75"
    ADDRESS = 0x48

    def set(self, degrees):
        self.write(0, int(degrees * 256))


class Bme280(Chip):
    """By Bosch's data sheet BST-BME280-DS002: registers in section 5.3, calibration in 4.2.2, the formulas in 8.1. The calibration of
    temperature and pressure, and the ADC values of 25.08 °C and 1006.53 hPa, are those of the example in the BMP280's data sheet
    (BST-BMP280-DS001, 3.12)."""

    DRIVER, NAME = "bmp280", "bme280"
    ADDRESS = 0x76
    T = (27504, 26435, -1000)
    P = (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
    H = (75, 362, 0, 313, 50, 30)
    EXAMPLE = (519888, 415148, 28000)
    SKIPPED = 0x80000  # a temperature or pressure that was not measured

    def __init__(self, bus):
        super().__init__(bus)
        _, h2, h3, h4, h5, h6 = self.H
        self.write_bytes(0xD0, [0x60])
        self.write_bytes(0x88, struct.pack("<Hhh H8h", *self.T, *self.P))
        self.write_bytes(0xA1, self.H[:1])
        self.write_bytes(0xE1, struct.pack("<hBBBBb", h2, h3, h4 >> 4, h4 & 0xF | (h5 & 0xF) << 4, h5 >> 4, h6))

    def set(self, temperature, pressure, humidity):
        """The values of its three ADCs: 20, 20 and 16 bits."""
        measured = b"".join((value << 4).to_bytes(3, "big") for value in (pressure, temperature)) + humidity.to_bytes(2, "big")
        self.write_bytes(0xF7, measured)

    @classmethod
    def compensate(cls, temperature, pressure, humidity):
        """Returns (°C, hPa, %) for the values of the ADCs."""
        t1, t2, t3 = cls.T
        fine = (temperature / 16384 - t1 / 1024) * t2 + (temperature / 131072 - t1 / 8192) ** 2 * t3
        p1, p2, p3, p4, p5, p6, p7, p8, p9 = cls.P
        a = fine / 2 - 64000
        b = (a * a * p6 / 32768 + a * p5 * 2) / 4 + p4 * 65536
        a = (1 + (p3 * a * a / 524288 + p2 * a) / 524288 / 32768) * p1
        p = (1048576 - pressure - b / 4096) * 6250 / a
        p += (p9 * p * p / 2147483648 + p * p8 / 32768 + p7) / 16
        h1, h2, h3, h4, h5, h6 = cls.H
        x = fine - 76800
        h = (humidity - (h4 * 64 + h5 / 16384 * x)) * h2 / 65536 * (1 + h6 / 67108864 * x * (1 + h3 / 67108864 * x))
        h *= 1 - h1 * h / 524288
        return fine / 5120, p / 100, min(max(h, 0), 100)


class Sht21(Chip):
    """By Sensirion's data sheet, sections 6.1 and 6.2. The two lowest bits are a status."""

    DRIVER = NAME = "sht21"
    ADDRESS = 0x40

    def set(self, degrees, percent):
        """Returns what it then measures: the values of its 14 bits."""
        ticks = [int((degrees + 46.85) / 175.72 * 65536) & ~3, int((percent + 6) / 125 * 65536) & ~3]
        for register, value in zip((0xE3, 0xE5), ticks):
            self.write(register, value | 2)
        return -46.85 + 175.72 * ticks[0] / 65536, -6 + 125 * ticks[1] / 65536


class Tsl4531(Chip):
    """A count is one lux at the integration time that the driver sets."""

    DRIVER = NAME = "tsl4531"
    ADDRESS = 0x29

    def __init__(self, bus):
        super().__init__(bus)
        self._bus.set(self.ADDRESS, 0x8A, 0xB0, size="b")  # its part number

    def set(self, lux):
        self._bus.set(self.ADDRESS, 0x84, lux, size="w")


class Ads1015(Chip):
    """12 bits at the top of a word; the driver sets a range of ±2.048 V. All channels have the same voltage here."""

    DRIVER = NAME = "ads1015"
    ADDRESS = 0x49

    def set(self, millivolts):
        self.write(0, millivolts << 4)


class Ina219(Chip):
    """By TI's data sheet, with the shunt of 10 mΩ that its driver assumes: 4 mV, 1 mA and 20 mW a bit."""

    DRIVER, NAME = "ina2xx", "ina219"
    ADDRESS = 0x44

    def set(self, volts, amperes, watts):
        self.write(2, round(volts / 0.004) << 3)
        self.write(3, round(watts / 0.02))
        self.write(4, round(amperes / 0.001))
