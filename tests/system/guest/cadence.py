# SPDX-License-Identifier: MIT
"""Checks that readings continue during a fault of something else."""

from datetime import datetime

from report import check, figure, wait_until

INTERVAL = 1.0
# Seconds a reading may be late: the machine is emulated, and the simulated camera uses its processor.
LATE = 2.5


class Cadence:
    """Times of a sensor's readings from now on: their own times, or with `by_arrival`, for tests of the clock, those of their arrival.
    """

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
        """Expects ten or more readings without a gap, beyond the usual delay, since the beginning or the last call."""
        wait_until(f"{what}: readings arrive", lambda: len(list(self._times())) >= 10, 60)
        times = list(self._times())
        self._since = self._bus.position()
        gap = max(later - earlier for earlier, later in zip(times, times[1:]))
        check(f"{what}: readings continue", gap < INTERVAL + LATE, f"a gap of {gap:.1f} s")
        figure("longest time between two of the readings, at 1 s", f"{gap:.2f} s of {times[-1] - times[0]:.0f} s")
