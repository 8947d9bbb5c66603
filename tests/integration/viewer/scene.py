# SPDX-License-Identifier: MIT
"""Frames that look like photographs: a garden at a window, drawn and blurred as a small camera sees it. As a program it writes a
series in which clouds drift and a cat walks by, for the camera backend "replay": scene.py FOLDER."""

import functools
import io
import math
import pathlib
import random
import sys

from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 480)
FRAMES = 80  # of a series
SKY = (960, 480)  # wider than a frame, so that the clouds have somewhere to come from


def blend(above, below, part):
    return tuple(round(a + (b - a) * part) for a, b in zip(above, below))


def hill(draw, base, height, length, phase, colour):
    ridge = [(x, base - height * math.sin(x / length + phase) - height / 3 * math.sin(x / length * 2.7)) for x in range(0, SIZE[0] + 8, 8)]
    draw.polygon([*ridge, (SIZE[0], SIZE[1]), (0, SIZE[1])], fill=colour)


def leaves(draw, chance, centre, spread, count, colours):
    for _ in range(count):
        x, y, r = chance.gauss(centre[0], spread[0]), chance.gauss(centre[1], spread[1]), chance.uniform(2, 6)
        draw.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=chance.choice(colours))


@functools.cache
def sky():
    image = Image.new("RGB", SKY)
    draw = ImageDraw.Draw(image)
    for y in range(SKY[1]):
        draw.line((0, y, SKY[0], y), fill=blend((104, 152, 205), (238, 224, 200), min(1, y / 260)))
    for x, y, width in ((120, 70, 90), (190, 84, 120), (470, 50, 140), (560, 66, 80), (740, 92, 110)):
        draw.ellipse((x, y, x + width, y + 22), fill=(236, 238, 240))
    return image.filter(ImageFilter.GaussianBlur(9))


@functools.cache
def landscape(seed):
    """Everything below the sky, with the sky transparent."""
    chance = random.Random(seed)
    image = Image.new("RGBA", SIZE, (200, 208, 210, 0))
    draw = ImageDraw.Draw(image)
    hill(draw, 230, 26, 110, 0.4, (126, 146, 158))
    hill(draw, 262, 20, 80, 2.2, (96, 122, 102))
    image = image.filter(ImageFilter.GaussianBlur(2.2))
    draw = ImageDraw.Draw(image)
    hill(draw, 306, 7, 150, 1.0, (98, 132, 62))
    for _ in range(9000):  # grass
        y = chance.uniform(298, 480)
        x, shade = chance.uniform(0, 640), chance.uniform(0.65, 1.15) * (0.75 + (y - 298) / 520)
        draw.line((x, y, x + chance.uniform(-2, 2), y - (y - 270) / 24), fill=tuple(round(c * shade) for c in (96, 138, 58)))
    for x in range(20, 640, 46):  # fence
        draw.rectangle((x, 268, x + 9, 330), fill=(150, 124, 96))
        draw.line((x + 9, 268, x + 9, 330), fill=(104, 84, 64), width=2)
    for y in (284, 310):
        draw.rectangle((0, y, 640, y + 5), fill=(138, 112, 86))
    draw.polygon(((472, 330), (486, 330), (481, 190), (475, 190)), fill=(86, 66, 50))
    leaves(draw, chance, (480, 170), (52, 36), 1500, ((58, 92, 40), (76, 116, 50), (98, 140, 62), (46, 76, 36)))
    leaves(draw, chance, (466, 152), (40, 26), 350, ((128, 168, 80), (112, 152, 70)))
    draw.rectangle((60, 372, 300, 442), fill=(112, 78, 54))  # raised bed
    draw.rectangle((60, 372, 300, 384), fill=(58, 42, 32))
    for x in range(76, 296, 22):
        leaves(draw, chance, (x, 362), (9, 11), 90, ((84, 138, 56), (66, 112, 44), (112, 164, 70)))
    for x, y in ((96, 352), (164, 344), (208, 356), (272, 350)):
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=(196, 46, 34))
    return image


def cat(draw, x, step):
    """A cat that walks to the right, with its nose at `x`."""
    fur, dark = (188, 128, 70), (150, 96, 50)
    swing = 5 * math.sin(step)
    for place, phase in ((-58, swing), (-50, -swing), (-22, -swing), (-15, swing)):
        draw.line((x + place, 410, x + place + phase, 432), fill=dark, width=6)
    draw.ellipse((x - 66, 394, x - 8, 418), fill=fur)
    draw.line((x - 62, 402, x - 78, 388 + swing / 2, x - 82, 370 + swing), fill=dark, width=5, joint="curve")
    draw.ellipse((x - 20, 382, x + 2, 402), fill=fur)
    draw.polygon(((x - 18, 386), (x - 16, 374), (x - 10, 383)), fill=dark)
    draw.polygon(((x - 8, 383), (x - 3, 374), (x - 1, 386)), fill=dark)


@functools.cache
def lens():
    return Image.radial_gradient("L").resize(SIZE).point(lambda v: 255 - v // 4)


def garden(light=1.0, seed=1, drift=0, walk=None):
    """A JPEG; `light` from 0 (night) to 1 (noon) tells pictures of a day apart, `drift` is how far the clouds are, and `walk`, from
    0 to 1, how far the cat is."""
    image = Image.new("RGB", SIZE)
    for x in (-drift % SKY[0] - SKY[0], -drift % SKY[0]):
        image.paste(sky(), (x, 0))
    image.paste(landscape(seed), mask=landscape(seed))
    if walk is not None:
        cat(ImageDraw.Draw(image), walk * (SIZE[0] + 90), walk * 60)
    image = Image.composite(image, Image.new("RGB", SIZE), lens()).filter(ImageFilter.GaussianBlur(0.7))
    noise = Image.effect_noise(SIZE, 14).convert("RGB")
    image = Image.blend(image, noise, 0.05).point(lambda v: min(255, round(v * (0.25 + 0.8 * light))))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def write_series(folder):
    for frame in range(FRAMES):
        part = frame / FRAMES
        light = 0.92 + 0.08 * math.cos(2 * math.pi * part)  # a cloud before the sun
        jpeg = garden(light, drift=round(part * SKY[0]), walk=part)
        pathlib.Path(folder, f"{frame:03}.jpg").write_bytes(jpeg)


if __name__ == "__main__":
    write_series(sys.argv[1])
