# SPDX-License-Identifier: MIT
"""Decodes a JPEG: its size, and the colours of the virtual camera's bars."""

import subprocess

from report import Failed

BARS = ["white", "yellow", "cyan", "green", "magenta", "red", "blue", "black"]


class Picture:
    """The decoded pixels. Fails if the JPEG is damaged in any way."""

    def __init__(self, jpeg):
        if jpeg[:2] != b"\xff\xd8" or jpeg[-2:] != b"\xff\xd9":
            raise Failed("received data is not a complete JPEG")
        done = subprocess.run(["djpeg", "-pnm"], input=jpeg, capture_output=True, check=False)
        if done.returncode != 0 or done.stderr:
            raise Failed(f"the JPEG cannot be decoded: {done.stderr.decode().strip()}")
        kind, size, depth, self._pixels = done.stdout.split(b"\n", 3)
        if kind != b"P6" or depth != b"255":
            raise Failed(f"the JPEG is not in colour: {kind!r}")
        self.width, self.height = (int(n) for n in size.split())

    def mean(self, left, top, width, height):
        """The mean red, green and blue of a rectangle."""
        sums = [0, 0, 0]
        for y in range(top, top + height):
            row = self._pixels[3 * (y * self.width + left):3 * (y * self.width + left + width)]
            for channel in range(3):
                sums[channel] += sum(row[channel::3])
        return [value // (width * height) for value in sums]

    def bars(self):
        """Returns the colours of the eight vertical bars, left to right, from the middle of each, at the bottom: the camera writes its
        clock above, larger in a smaller picture."""
        bar = self.width // 8
        return [self.mean(i * bar + bar // 3, self.height * 9 // 10, bar // 3, self.height // 16) for i in range(8)]


def name(colour):
    """Returns the colour's name: which of red, green and blue are on."""
    names = {(1, 1, 1): "white", (1, 1, 0): "yellow", (0, 1, 1): "cyan", (0, 1, 0): "green", (1, 0, 1): "magenta",
             (1, 0, 0): "red", (0, 0, 1): "blue", (0, 0, 0): "black"}
    # Bars are at 75 %: a channel below 1/6 is off, above 1/2 on; a colour with values between has no name.
    parts = tuple(1 if value > 128 else 0 if value < 44 else None for value in colour)
    return names.get(parts, f"rgb{tuple(colour)}")
