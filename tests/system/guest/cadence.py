# SPDX-License-Identifier: MIT
"""Whether readings went on while something else was broken."""

from report import Failed, check, figure

INTERVAL = 1.0
# What a reading may be late: the machine is emulated, and shares its processors with other machines.
LATE = 2.5


class Cadence:
    """The readings on a topic from a moment on."""

    def __init__(self, bus, topic="room/temp"):
        self._bus = bus
        self._topic = topic
        self._since = bus.position()

    def expect_steady(self, what):
        """No gap since the beginning (or the last call) that is longer than an interval and what is usual here."""
        times = [message.at for message in self._bus.heard(self._since, self._topic)]
        self._since = self._bus.position()
        if len(times) < 3:
            raise Failed(f"{what}: only {len(times)} readings came")
        gap = max(later - earlier for earlier, later in zip(times, times[1:]))
        check(f"{what}: readings go on", gap < INTERVAL + LATE, f"a gap of {gap:.1f} s")
        figure("longest time between two of the readings, at 1 s", f"{gap:.2f} s of {times[-1] - times[0]:.0f} s")
