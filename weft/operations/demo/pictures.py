"""Draws what the demo's people photograph: bridges, hills, bicycles, maps, charts, looms. A seed varies each.

Each picture is asked for by name, seed and shape, as ``bridge 3 tall``; the words are in the conversations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from weft.operations.demo.canvas import Canvas

SHAPES: Final = {"": (1200, 800), "tall": (900, 1200), "square": (1000, 1000), "wide": (1500, 500), "film": (480, 320)}
SKIES: Final = (
    ("#F6C98F", "#F9EBD3"),
    ("#9FB4CF", "#EFE9DC"),
    ("#E9A58C", "#F7E2C4"),
    ("#BFD0DE", "#F5F0E3"),
    ("#5F6FA8", "#E7B79A"),
)
CLOTHS: Final = ("madder", "indigo", "weld", "woad", "saffron", "plum", "rose", "sky")


def draw_picture(words: str) -> bytes:
    """The picture of ``NAME SEED [SHAPE]`` as JPEG."""
    name, seed, *shape = words.split()
    width, height = SHAPES[shape[0] if shape else ""]
    canvas = Canvas(width, height, "linen", int(seed))
    PICTURES[name](canvas, int(seed))
    return canvas.jpeg()


def _bridge(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky(*SKIES[seed % len(SKIES)], h * 0.72)
    c.disc(w * (0.2 + seed % 4 * 0.18), h * 0.34, h * 0.09, "#FBF3DF")
    c.hills(h * 0.62, h * 0.2, "#B9C2BE")
    c.hills(h * 0.66, h * 0.12, "#8FA294")
    c.water(h * 0.68, "#7C93AC", "#A9BBCB")
    deck, arches = h * 0.5, 3 + seed % 3
    c.box(0, deck, w, h * 0.24, "#6A5A55")
    step = w / arches
    for number in range(arches):
        x = number * step + step * 0.09
        c.arch(x, h * 0.76, step * 0.82, h * 0.19, "#8FA7BC")
        c.box(x, h * 0.76, step * 0.82, h * 0.05, "#7C93AC")
    c.box(0, deck - h * 0.012, w, h * 0.03, "#7F6D66")
    for x in range(40, w, round(w / 14)):
        c.line([(x, deck - h * 0.01), (x, deck - h * 0.08)], "#4B403D", 4)
        c.disc(x, deck - h * 0.085, 7, "weld")
    c.box(0, h * 0.82, w, h * 0.18, "#7C93AC")
    for number in range(9):
        y = h * (0.83 + number * 0.018)
        c.line([(c.chance.uniform(0, w * 0.8), y), (c.chance.uniform(w * 0.2, w), y)], "#90A6BC", 3)


def _hills(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky(*SKIES[(seed + 1) % len(SKIES)], h)
    c.disc(w * (0.25 + seed % 3 * 0.22), h * 0.3, h * 0.1, "#F7E3B5" if seed % 2 else "#E7785C")
    greens = ("#C3CCBB", "#A3B48E", "#7F9A78", "#55806A", "#2A6550")
    for number, green in enumerate(greens):
        c.hills(h * (0.56 + number * 0.11), h * (0.26 - number * 0.03), green)
    for _ in range(16):
        x, near = c.chance.uniform(0, w), c.chance.random()
        c.tree(x, h * (0.86 + near * 0.14), h * (0.08 + near * 0.09), ("#2A7654", "#9A7209", "#B9623A")[seed % 3])


def _bicycle(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    wall = ("#D9B7A0", "#A9BBCB", "#D8C48E", "#B7C3A6")[seed % 4]
    c.box(0, 0, w, h * 0.78, wall)
    for row in range(7):
        for column in range(-1, 8):
            if c.chance.random() < 0.35:
                x = (column + row % 2 / 2) * w / 7
                c.box(x + 6, row * h * 0.11 + 6, w / 7 - 12, h * 0.1 - 6, _mix(wall, 0.95), radius=4)
    c.box(0, h * 0.78, w, h * 0.22, "#8A8580")
    frame = CLOTHS[seed % len(CLOTHS)]
    radius, y = h * 0.2, h * 0.68
    left, right = w * 0.5 - h * 0.33, w * 0.5 + h * 0.33
    for x in (left, right):
        c.ring(x, y, radius, "ink", h * 0.018)
        for number in range(14):
            angle = number * math.tau / 14
            c.line([(x, y), (x + math.cos(angle) * radius * 0.93, y + math.sin(angle) * radius * 0.93)], "#7A7670", 2)
    seat, head, crank = (w * 0.5 - h * 0.15, h * 0.36), (w * 0.5 + h * 0.24, h * 0.38), (w * 0.5 - h * 0.05, y)
    tube = h * 0.024
    for start, end in ((seat, crank), (crank, head), (seat, head), ((left, y), seat), ((left, y), crank)):
        c.line([start, end], frame, tube)
    c.line([head, (right, y)], frame, tube)
    c.line([(seat[0] - h * 0.015, h * 0.3), seat], "ink", tube * 0.8)
    c.line([(seat[0] - h * 0.08, h * 0.295), (seat[0] + h * 0.06, h * 0.29)], "walnut", h * 0.035)
    c.line([head, (head[0] - h * 0.02, h * 0.29), (head[0] + h * 0.09, h * 0.27)], "ink", tube * 0.8)
    c.ring(*crank, h * 0.045, "ink", 6)
    basket = head[0] + h * 0.05
    c.shape(
        [
            (basket, h * 0.33),
            (basket + h * 0.2, h * 0.33),
            (basket + h * 0.17, h * 0.47),
            (basket + h * 0.03, h * 0.47),
        ],
        "ochre",
    )
    for number, bloom in enumerate(("madder", "weld", "linen", "plum")):
        c.disc(basket + h * (0.03 + number * 0.045), h * (0.31 - number % 2 * 0.02), h * 0.03, bloom)


def _map(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#EFE8D8")
    for _ in range(6):
        x, y = c.chance.uniform(0, w), c.chance.uniform(0, h)
        c.box(x, y, c.chance.uniform(120, 300), c.chance.uniform(80, 200), "#C9D2B8", radius=30)
    for axis in range(-2, 16):
        slope = c.chance.uniform(-60, 60)
        x = axis * w / 13
        c.line([(x, 0), (x + slope, h)], "#FCFBF8", 9)
        y = axis * h / 10
        c.line([(0, y), (w, y + slope)], "#FCFBF8", 9)
    bend = [(x, h * (0.5 + 0.18 * math.sin(x / w * 5 + seed))) for x in range(-20, w + 40, 20)]
    c.line(bend, "#A9C0D6", h * 0.1)
    route = [(w * 0.08, h * 0.85)]
    for number in range(1, 9):
        route.append((w * (0.08 + number * 0.1), h * (0.82 - number * 0.075 + c.chance.uniform(-0.05, 0.05))))
    c.line(route, "madder", 10)
    for x, y in route[1:-1:2]:
        c.disc(x, y, 13, "#FCFBF8")
        c.ring(x, y, 13, "madder", 5)
    for place, ink in ((route[0], "indigo"), (route[-1], "woad")):
        x, y = place
        c.shape([(x - 22, y - 44), (x + 22, y - 44), (x, y)], ink)
        c.disc(x, y - 50, 25, ink)
        c.disc(x, y - 50, 10, "#FCFBF8")


def _chart(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#FCFBF8")
    left, bottom = w * 0.08, h * 0.86
    for number in range(5):
        y = bottom - number * h * 0.17
        c.line([(left, y), (w * 0.94, y)], "#E4E0D6", 3)
    columns = 9
    heights = [0.1 + 0.42 * abs(math.sin(number * 0.45 + seed)) + c.chance.uniform(0, 0.1) for number in range(columns)]
    step = (w * 0.86) / columns
    for number, value in enumerate(heights):
        ink = "madder" if value == max(heights) else "#9FA6DE"
        c.box(left + number * step + step * 0.2, bottom - value * h, step * 0.6, value * h, ink, radius=8)
    trend = [(left + (number + 0.5) * step, bottom - value * h - h * 0.06) for number, value in enumerate(heights)]
    c.line(trend, "indigo", 7)
    for x, y in trend:
        c.disc(x, y, 11, "indigo")
    c.line([(left, bottom), (w * 0.94, bottom)], "ink", 5)
    c.box(left, h * 0.05, w * 0.34, h * 0.035, "ink", radius=8)
    c.box(left, h * 0.105, w * 0.22, h * 0.02, "#A5A29B", radius=6)


def _garden(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky(*SKIES[3], h * 0.4)
    c.hills(h * 0.42, h * 0.1, "#A3B48E")
    c.box(0, h * 0.4, w, h * 0.6, "#7A5F48")
    c.house(w * 0.76, h * 0.44, w * 0.13, "linen", "madder")
    for row in range(5):
        y = h * (0.5 + row * 0.115)
        size = h * (0.045 + row * 0.012)
        c.box(0, y + size * 0.4, w, size * 0.5, "#694F3B")
        for number in range(18 - row * 2):
            x = (number + 0.5) * w / (18 - row * 2)
            leaf = ("woad", "sage", "#4F8A4B", "#7FA25B", "#2F6B3D")[(row + seed) % 5]
            for tilt in (-0.8, 0, 0.8):
                c.line([(x, y + size * 0.5), (x + tilt * size, y - size * (1.1 - abs(tilt) * 0.4))], leaf, size * 0.34)
            if (row + seed) % 3 == 0:
                c.disc(x, y - size * 0.4, size * 0.34, "madder")


def _harbour(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky(*SKIES[(seed + 3) % len(SKIES)], h * 0.6)
    x = -30.0
    while x < w:
        width = c.chance.uniform(70, 120)
        roof = ("madder", "walnut", "slate")[round(x) % 3]
        c.house(x, h * 0.56, width, ("linen", "rose", "#D8C48E", "sky")[round(width) % 4], roof)
        x += width + 12
    c.water(h * 0.56, "#5E7E93", "#86A3B3")
    for number in range(3):
        x, y = w * (0.18 + number * 0.3), h * (0.72 + number % 2 * 0.1)
        c.shape([(x - 90, y), (x + 90, y), (x + 62, y + 38), (x - 66, y + 38)], CLOTHS[(seed + number) % 8])
        c.line([(x, y), (x, y - h * 0.24)], "walnut", 6)
        c.shape([(x + 8, y - h * 0.23), (x + 84, y - 14), (x + 8, y - 14)], "#FCFBF8")
        c.shape([(x - 8, y - h * 0.2), (x - 62, y - 14), (x - 8, y - 14)], "linen")


def _loom(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, ("#EBE4D4", "#DCCBB4", "#D5DBDD")[seed % 3])
    colors = [CLOTHS[(seed + number * 3) % 8] for number in range(4)]
    size, top = 26, h * 0.3
    for x in range(0, w + size, size):
        c.line([(x, 0), (x, h)], "#F8F4EA", 9)
    rows = round((h - top) / size) + 1
    for row in range(rows):
        ink = colors[(row // (3 + seed % 3)) % 4]
        y = top + row * size
        for column in range(w // size + 2):
            wave = (column + row + (row // 4) * (seed % 2)) % 2
            if wave or (column // 4 + row // 4 + seed) % 5 == 0:
                c.box(column * size - size / 2 + 1, y + 2, size - 2, size - 4, ink, radius=7)
    c.box(0, top - 34, w, 18, "walnut", radius=8)
    c.shape(
        [
            (w * 0.3, top - 60),
            (w * 0.56, top - 60),
            (w * 0.62, top - 48),
            (w * 0.56, top - 36),
            (w * 0.3, top - 36),
            (w * 0.24, top - 48),
        ],
        "ochre",
    )


def _pitch(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky(*SKIES[(seed + 1) % 5], h * 0.4)
    c.box(0, h * 0.3, w, h * 0.12, "#6D6A70")
    for _ in range(240):
        c.disc(c.chance.uniform(0, w), c.chance.uniform(h * 0.31, h * 0.41), 7, CLOTHS[c.chance.randrange(8)])
    for stripe in range(8):
        c.box(stripe * w / 8, h * 0.42, w / 8, h * 0.58, "#4F8A4B" if stripe % 2 else "#5D9A57")
    c.line([(0, h * 0.5), (w, h * 0.5)], "#FCFBF8", 6)
    c.ring(w / 2, h * 0.76, h * 0.16, "#FCFBF8", 6)
    c.line([(w / 2, h * 0.5), (w / 2, h)], "#FCFBF8", 6)
    for number in range(9):
        x, y = c.chance.uniform(w * 0.06, w * 0.94), c.chance.uniform(h * 0.56, h * 0.9)
        shirt, size = ("madder" if number % 2 else "indigo"), h * (0.05 + (y / h - 0.5) * 0.06)
        c.box(x - size * 0.4, y - size * 1.6, size * 0.8, size * 1.1, shirt, radius=size * 0.3)
        c.line([(x - size * 0.2, y - size * 0.6), (x - size * 0.35, y)], "ink", size * 0.22)
        c.line([(x + size * 0.2, y - size * 0.6), (x + size * 0.4, y - size * 0.05)], "ink", size * 0.22)
        c.disc(x, y - size * 1.95, size * 0.34, ("#E6B78F", "#7C4D30", "#CF9468")[number % 3])
    c.disc(w * 0.56, h * 0.8, h * 0.016, "#FCFBF8")


def _night(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky("#171B3D", "#4A4F86", h)
    for _ in range(210):
        c.disc(c.chance.uniform(0, w), c.chance.uniform(0, h * 0.75), c.chance.choice((1.2, 1.6, 2.4, 3.2)), "#F4EBD0")
    c.disc(w * (0.2 + seed % 4 * 0.2), h * 0.24, h * 0.075, "#F2E2AE")
    c.disc(w * (0.2 + seed % 4 * 0.2) + h * 0.035, h * 0.225, h * 0.065, "#262B58")
    c.hills(h * 0.84, h * 0.16, "#1B2140")
    c.hills(h * 0.95, h * 0.12, "#101429")
    for number in range(7):
        c.box(w * (0.08 + number * 0.13), h * (0.88 + number % 3 * 0.03), 12, 12, "weld")


def _mural(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#CFC7B8")
    for number in range(7):
        base = h * (0.22 + number * 0.12)
        points = [(x, base + math.sin(x / w * 7 + number + seed) * h * 0.06) for x in range(0, w + 20, 20)]
        c.line([(float(x), float(y)) for x, y in points], CLOTHS[(number + seed) % 8], h * 0.085)
    for number in range(5):
        x, y = w * (0.12 + number * 0.19), h * (0.3 + number % 3 * 0.2)
        c.shape([(x - 70, y), (x - 20, y - 34), (x + 50, y), (x - 20, y + 34)], "linen")
        c.shape([(x + 40, y), (x + 86, y - 30), (x + 86, y + 30)], "linen")
        c.disc(x - 40, y - 6, 6, "ink")
    c.box(0, h * 0.93, w, h * 0.07, "#6D6A70")


def _bakery(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h * 0.62, ("#E8D3B4", "#B7C3A6", "#D9B7A0")[seed % 3])
    for number in range(5):
        x = (number + 0.5) * w / 5
        c.line([(x, 0), (x, h * 0.16)], "ink", 4)
        c.arch(x - 46, h * 0.22, 92, h * 0.08, "madder")
        c.disc(x, h * 0.225, 16, "#FBF3DF")
    c.box(0, h * 0.62, w, h * 0.38, "#7A5236")
    c.box(0, h * 0.6, w, h * 0.05, "#94673F")
    for row in range(2):
        for number in range(5):
            x, y = w * (0.13 + number * 0.185) + row * 40, h * (0.62 + row * 0.2)
            c.arch(x - 92, y, 184, h * 0.13, ("#B9743A", "#C9853F", "#A8652F")[(number + row + seed) % 3])
            c.box(x - 90, y - 3, 180, 16, "#8F5528", radius=8)
            for cut in (-40, 0, 40):
                c.line([(x + cut - 14, y - h * 0.035), (x + cut + 14, y - h * 0.085)], "#F0DCB8", 8)


def _market(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.sky(*SKIES[(seed + 2) % 5], h * 0.7)
    c.box(0, h * 0.66, w, h * 0.34, "#B5AA98")
    for stall in range(3):
        x, width = w * (0.04 + stall * 0.325), w * 0.28
        for post in (x + 10, x + width - 10):
            c.line([(post, h * 0.32), (post, h * 0.8)], "walnut", 9)
        for number in range(8):
            piece = width / 8
            ink = CLOTHS[(stall * 2 + seed) % 8] if number % 2 else "#FCFBF8"
            c.box(x + number * piece, h * 0.24, piece, h * 0.12, ink)
            c.disc(x + (number + 0.5) * piece, h * 0.36, piece / 2, ink)
        c.box(x, h * 0.6, width, h * 0.2, "#8C6A47", radius=6)
        for number in range(22):
            fruit = ("madder", "saffron", "weld", "#4F8A4B", "plum")[(number // 5 + stall + seed) % 5]
            c.disc(x + width * (0.06 + number % 11 * 0.088), h * (0.6 - number // 11 * 0.035), 17, fruit)


def _pots(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#DDD5C6")
    for shelf in range(2):
        base = h * (0.46 + shelf * 0.42)
        c.box(0, base, w, h * 0.035, "walnut")
        for number in range(5):
            x, size = w * (0.12 + number * 0.19), h * c.chance.uniform(0.07, 0.11)
            glaze = ("sky", "slate", "linen", "woad", "rose", "ochre")[(number + shelf * 2 + seed) % 6]
            tall = c.chance.uniform(1.4, 2.6)
            c.box(x - size, base - size * tall, size * 2, size * tall, glaze, radius=size * 0.7)
            c.box(x - size * 0.55, base - size * (tall + 0.35), size * 1.1, size * 0.5, glaze, radius=8)
            c.box(x - size, base - size * tall * 0.6, size * 2, size * 0.24, "#FCFBF8")


def _library(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#6B513C")
    for shelf in range(4):
        top, x = h * shelf / 4, 12.0
        c.box(0, top, w, h / 4 - 16, "#4B382A")
        while x < w - 20:
            width, tall = c.chance.uniform(18, 46), c.chance.uniform(0.55, 0.86) * h / 4
            if c.chance.random() < 0.93:
                ink = (*CLOTHS, "linen", "walnut")[c.chance.randrange(10)]
                c.box(x, top + h / 4 - 16 - tall, width, tall, ink, radius=3)
                c.box(x + 4, top + h / 4 - 16 - tall * 0.8, width - 8, 7, "weld")
            x += width + 3


def _school(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#C9A36B")
    c.box(w * 0.05, h * 0.07, w * 0.9, h * 0.78, "#2F5B49", radius=10)
    chalk = "#E9EDE6"
    for number in range(4):
        x, y, size = w * (0.18 + number * 0.2), h * 0.32, h * 0.1
        turns = 3 + (number + seed) % 5
        corners = [
            (x + size * math.cos(math.tau * at / turns - 1.57), y + size * math.sin(math.tau * at / turns - 1.57))
            for at in range(turns + 1)
        ]
        c.line(corners, chalk, 7)
    for row in range(2):
        for number in range(7):
            x = w * 0.12 + number * w * 0.1 + c.chance.uniform(0, 10)
            c.line([(x, h * (0.58 + row * 0.12)), (x + w * 0.07, h * (0.575 + row * 0.12))], chalk, 6)
    c.box(w * 0.3, h * 0.86, w * 0.1, h * 0.03, "#FCFBF8", radius=6)
    c.box(w * 0.42, h * 0.865, w * 0.06, h * 0.025, "rose", radius=6)


def _newsroom(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, "#D5DBDD")
    for page in range(4):
        x, y = w * (0.05 + page * 0.235), h * (0.12 + (page + seed) % 2 * 0.06)
        c.box(x, y, w * 0.205, h * 0.74, "#FCFBF8", radius=4)
        c.box(x + 20, y + 24, w * 0.205 - 40, h * 0.06, "ink", radius=3)
        ink = CLOTHS[(page + seed) % 8]
        c.box(x + 20, y + h * 0.14, w * 0.205 - 40, h * 0.2, ink, radius=3)
        for line in range(9):
            short = 60 if line % 4 == 3 else 0
            c.line(
                [(x + 24, y + h * (0.39 + line * 0.035)), (x + w * 0.205 - 24 - short, y + h * (0.39 + line * 0.035))],
                "#A5A29B",
                6,
            )


def _radio(c: Canvas, seed: int) -> None:
    w, h = c.width, c.height
    c.box(0, 0, w, h, ("#B7C3A6", "#D9B7A0", "#A9BBCB")[seed % 3])
    c.box(0, h * 0.76, w, h * 0.24, "#94673F")
    c.box(w * 0.17, h * 0.26, w * 0.66, h * 0.54, "#7A4A2C", radius=46)
    c.box(w * 0.205, h * 0.31, w * 0.34, h * 0.44, "#E4D5B5", radius=22)
    for number in range(12):
        y = h * (0.345 + number * 0.034)
        c.line([(w * 0.23, y), (w * 0.52, y)], "#A98F63", 6)
    c.disc(w * 0.69, h * 0.45, h * 0.115, "#F3E7C9")
    c.ring(w * 0.69, h * 0.45, h * 0.115, "weld", 8)
    c.line([(w * 0.69, h * 0.45), (w * 0.735, h * 0.385)], "madder", 6)
    for x in (0.62, 0.76):
        c.disc(w * x, h * 0.67, h * 0.045, "weld")
        c.disc(w * x, h * 0.67, h * 0.02, "ochre")
    c.line([(w * 0.76, h * 0.26), (w * 0.88, h * 0.06)], "slate", 6)


def _mix(color: str, factor: float) -> str:
    return "#" + "".join(f"{round(int(color[at : at + 2], 16) * factor):02X}" for at in (1, 3, 5))


PICTURES: Final[dict[str, Callable[[Canvas, int], None]]] = {
    "bridge": _bridge,
    "hills": _hills,
    "bicycle": _bicycle,
    "map": _map,
    "chart": _chart,
    "garden": _garden,
    "harbour": _harbour,
    "loom": _loom,
    "pitch": _pitch,
    "night": _night,
    "mural": _mural,
    "bakery": _bakery,
    "market": _market,
    "pots": _pots,
    "library": _library,
    "school": _school,
    "newsroom": _newsroom,
    "radio": _radio,
}
