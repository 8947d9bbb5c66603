# SPDX-License-Identifier: MIT
"""Whether readings went on while something else was broken."""

from datetime import datetime

from report import check, figure, wait_until

INTERVAL = 1.0
# What a reading may be late: the machine is emulated, and shares its processor with a camera that is computed.
LATE = 2.5


class Cadence:
    """The readings of a sensor from a moment on: when they were taken, by their own time. `by_arrival`: when they were heard, where
    the clock is what is broken."""

    def __init__(self, bus, sensor="room", by_arrival=False):
        self._bus = bus
        self._sensor = sensor
        self._by_arrival = by_arrival
        self._since = bus.position()

    def _times(self):
        for message in self._bus.heard(self._since):
            if message.topic.endswith(f"/sensor/{self._sensor}"):
                yield message.at if self._by_arrival else datetime.fromisoformat(message.json["time"]).timestamp()

    def expect_steady(self, what):
        """No gap since the beginning, or the last call, that is longer than an interval and what is usual here; of ten readings or more."""
        wait_until(f"{what}: readings come", lambda: len(list(self._times())) >= 10, 60)
        times = list(self._times())
        self._since = self._bus.position()
        gap = max(later - earlier for earlier, later in zip(times, times[1:]))
        check(f"{what}: readings go on", gap < INTERVAL + LATE, f"a gap of {gap:.1f} s")
        figure("longest time between two of the readings, at 1 s", f"{gap:.2f} s of {times[-1] - times[0]:.0f} s")
