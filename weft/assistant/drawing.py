"""Draws the golden set's pictures as PNG, so that no picture of anybody has to come along."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from weft.assistant.golden_set import Picture, Shape

SIDE: Final = 224
_PARTS: Final = 16
_COLOURS: Final = {"red": (214, 30, 36), "blue": (30, 70, 220), "green": (24, 150, 60), "black": (12, 12, 12)}


def picture_url(picture: Picture) -> str:
    """The picture as a `data:` address, as a model gets it."""
    return "data:image/png;base64," + base64.b64encode(png_of(draw(picture))).decode()


def draw(picture: Picture) -> NDArray[np.uint8]:
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for shape in picture.shapes:
        canvas[_covered(shape)] = _COLOURS[shape.colour]
    return canvas


def _covered(shape: Shape) -> NDArray[np.bool_]:
    left, top, right, bottom = (part * SIDE / _PARTS for part in shape.at)
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    # Both from -1 to 1 across the shape.
    across = (2 * x - left - right) / (right - left)
    down = (2 * y - top - bottom) / (bottom - top)
    covered: NDArray[np.bool_]
    match shape.kind:
        case "circle":
            covered = across**2 + down**2 <= 1
        case "square":
            covered = (abs(across) <= 1) & (abs(down) <= 1)
        case "triangle":
            covered = (abs(down) <= 1) & (abs(across) <= (down + 1) / 2)
    return covered


def png_of(canvas: NDArray[np.uint8]) -> bytes:
    """The pixels as a PNG of eight bits a colour (W3C PNG, third edition, sections 5 and 11)."""
    height, width, _ = canvas.shape
    lines = b"".join(b"\0" + row.tobytes() for row in canvas)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
