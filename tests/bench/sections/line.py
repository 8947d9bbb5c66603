# SPDX-License-Identifier: MIT
"""A connection slower than the camera, as on Wi-Fi: scripts/bench creates it in a network namespace."""

import statistics

from report import Table
from sections.captures import MAKERS

ROUNDS, MORE = 3, 5


def line(bench):
    """The first picture of a connection, while its kernel buffer is still small, and the following ones."""
    table = Table("A picture of 4608x2592, over 20 Mbit/s there and on to its receiver", ["the first, ms", "the next, ms"])
    first = {name: [] for name in MAKERS}
    more = {name: [] for name in MAKERS}
    for _ in range(ROUNDS):
        for name, make in MAKERS.items():
            candidate = make(bench, 4608, 2592)
            first[name].append(candidate.capture())
            more[name] += [candidate.capture() for _ in range(MORE)]
            candidate.end()
    for name in MAKERS:
        table.add(name, [statistics.median(first[name]) * 1000, statistics.median(more[name]) * 1000], against="floor")
    table.print()
