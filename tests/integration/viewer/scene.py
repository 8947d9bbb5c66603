# SPDX-License-Identifier: MIT
"""A frame that looks like a photograph: a garden at a window, drawn and blurred as a small camera sees it."""

import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (640, 480)


def blend(above, below, part):
    return tuple(round(a + (b - a) * part) for a, b in zip(above, below))


def hill(draw, base, height, length, phase, colour):
    ridge = [(x, base - height * math.sin(x / length + phase) - height / 3 * math.sin(x / length * 2.7)) for x in range(0, SIZE[0] + 8, 8)]
    draw.polygon([*ridge, (SIZE[0], SIZE[1]), (0, SIZE[1])], fill=colour)


def leaves(draw, chance, centre, spread, count, colours):
    for _ in range(count):
        x, y, r = chance.gauss(centre[0], spread[0]), chance.gauss(centre[1], spread[1]), chance.uniform(2, 6)
        draw.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=chance.choice(colours))


def garden(light=1.0, seed=1):
    """A JPEG; `light` from 0 (night) to 1 (noon) tells pictures of a day apart."""
    chance = random.Random(seed)
    image = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(image)
    for y in range(SIZE[1]):
        draw.line((0, y, SIZE[0], y), fill=blend((104, 152, 205), (238, 224, 200), min(1, y / 260)))
    for x, y, width in ((120, 70, 90), (190, 84, 120), (470, 50, 140), (560, 66, 80)):
        draw.ellipse((x, y, x + width, y + 22), fill=(236, 238, 240))
    image = image.filter(ImageFilter.GaussianBlur(9))
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
    shade = Image.radial_gradient("L").resize(SIZE).point(lambda v: 255 - v // 4)  # the lens
    image = Image.composite(image, Image.new("RGB", SIZE), shade).filter(ImageFilter.GaussianBlur(0.7))
    noise = Image.effect_noise(SIZE, 14).convert("RGB")
    image = Image.blend(image, noise, 0.05).point(lambda v: round(v * (0.25 + 0.8 * light)) if v * (0.25 + 0.8 * light) < 255 else 255)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()
