"""What the demo's drawn pictures share: a grid, the dyes, hills, water, and a grain like paper."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw

from weft.operations.demo.avatars import DYES, INK

SCALE: Final = 2
Point = tuple[float, float]


class Canvas:
    """A picture that is drawn larger and shrunk at the end. Places are in pixels of the finished one."""

    def __init__(self, width: int, height: int, ground: str, seed: int) -> None:
        self.width, self.height = width, height
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), color(ground))
        self.draw = ImageDraw.Draw(self.image)
        self.chance = random.Random(seed)

    def box(self, x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0) -> None:
        corners = self._scaled(x, y, x + width, y + height)
        if radius:
            self.draw.rounded_rectangle(corners, radius * SCALE, fill=color(fill))
        else:
            self.draw.rectangle(corners, fill=color(fill))

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        self.draw.ellipse(self._scaled(x - radius, y - radius, x + radius, y + radius), fill=color(fill))

    def ring(self, x: float, y: float, radius: float, ink: str, width: float) -> None:
        corners = self._scaled(x - radius, y - radius, x + radius, y + radius)
        self.draw.ellipse(corners, outline=color(ink), width=round(width * SCALE))

    def line(self, points: Sequence[Point], ink: str, width: float) -> None:
        flat = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(flat, fill=color(ink), width=round(width * SCALE), joint="curve")
        radius = width * SCALE / 2 - 1
        for x, y in (flat[0], flat[-1]):
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color(ink))

    def shape(self, points: Sequence[Point], fill: str) -> None:
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=color(fill))

    def arch(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """The upper half of an ellipse that stands at y."""
        corners = self._scaled(x, y - height, x + width, y + height)
        self.draw.pieslice(corners, 180, 360, fill=color(fill))

    def sky(self, top: str, bottom: str, until: float) -> None:
        """A soft change of colour from above to ``until``."""
        first, last = _rgb(color(top)), _rgb(color(bottom))
        strip = Image.new("RGB", (1, 256))
        for y in range(256):
            mixed = [round(a + (b - a) * y / 255) for a, b in zip(first, last, strict=True)]
            strip.putpixel((0, y), (mixed[0], mixed[1], mixed[2]))
        self.image.paste(strip.resize((self.width * SCALE, round(until * SCALE))), (0, 0))

    def hills(self, base: float, height: float, fill: str) -> None:
        """A line of hills from edge to edge, down to the bottom."""
        waves = [(self.chance.uniform(0.6, 2.6), self.chance.uniform(0, 6.3), self.chance.random()) for _ in range(3)]
        total = sum(weight for _, _, weight in waves)

        def rise(x: float) -> float:
            angle = x / self.width * math.tau
            return sum(weight * math.sin(angle * pace / 2 + start) for pace, start, weight in waves) / total

        top = [(float(x), base - height * (0.5 + rise(x) / 2)) for x in range(0, self.width + 9, 8)]
        self.shape([(0, self.height), *top, (self.width, self.height)], fill)

    def water(self, top: float, fill: str, glint: str) -> None:
        self.box(0, top, self.width, self.height - top, fill)
        for _ in range(26):
            y = self.chance.uniform(top + 14, self.height - 8)
            length = self.chance.uniform(20, 120) * (0.4 + (y - top) / (self.height - top + 1))
            x = self.chance.uniform(-20, self.width)
            self.line([(x, y), (x + length, y)], glint, 3)

    def tree(self, x: float, y: float, size: float, fill: str) -> None:
        self.line([(x, y), (x, y - size * 0.6)], "walnut", size * 0.09)
        self.disc(x, y - size * 0.85, size * 0.36, fill)
        self.disc(x - size * 0.2, y - size * 0.66, size * 0.25, fill)
        self.disc(x + size * 0.22, y - size * 0.64, size * 0.25, fill)

    def house(self, x: float, y: float, width: float, wall: str, roof: str) -> None:
        height = width * 0.8
        self.box(x, y - height, width, height, wall)
        self.shape([(x - 8, y - height), (x + width / 2, y - height * 1.6), (x + width + 8, y - height)], roof)
        self.box(x + width * 0.15, y - height * 0.72, width * 0.24, height * 0.3, "weld")
        self.box(x + width * 0.58, y - height * 0.5, width * 0.24, height * 0.5, "walnut")

    def small(self) -> Image.Image:
        """The finished size."""
        return self.image.resize((self.width, self.height), Image.Resampling.BOX)

    def jpeg(self) -> bytes:
        small = self.small()
        grain = Image.effect_noise((self.width // 2, self.height // 2), 9).resize(small.size)
        grained = Image.blend(small, Image.merge("RGB", (grain, grain, grain)), 0.045)
        out = io.BytesIO()
        grained.save(out, "JPEG", quality=88)
        return out.getvalue()

    @staticmethod
    def _scaled(*values: float) -> tuple[float, ...]:
        return tuple(value * SCALE for value in values)


def color(name: str) -> str:
    """A dye by its name, or a colour as it is."""
    return name if name.startswith("#") else INK if name == "ink" else DYES[name]


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
