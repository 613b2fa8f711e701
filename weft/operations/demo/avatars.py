"""Draws the faces of the demo's people: a head, hair and cloth in the colours of natural dyes, each one different.

Shapes are large and few, so that a face is still somebody at 20 pixels. Communities get a woven emblem instead.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

from weft.operations.demo.people import Face

SIZE: Final = 400
_SCALE: Final = 3  # drawn larger and shrunk: Pillow's shapes have hard edges
_FULL: Final = SIZE * _SCALE

DYES: Final = {
    "indigo": "#3A45B8",
    "midnight": "#262C66",
    "sky": "#9FB4CF",
    "madder": "#B93A32",
    "rose": "#DDA893",
    "weld": "#E0B548",
    "ochre": "#9A7209",
    "saffron": "#D98A2B",
    "woad": "#2A7654",
    "sage": "#A3B48E",
    "walnut": "#5B4636",
    "plum": "#6B3F63",
    "linen": "#EBE4D4",
    "slate": "#4A5560",
}
SKIN: Final = ("#F3D3B8", "#E6B78F", "#CF9468", "#A86E48", "#7C4D30", "#5A3724")
HAIR: Final = {
    "black": "#1D1B20",
    "brown": "#4B3022",
    "chestnut": "#7A4424",
    "copper": "#B4562A",
    "blond": "#D9B36A",
    "grey": "#A9A7A2",
    "white": "#E8E5DE",
}

Draw = ImageDraw.ImageDraw
INK: Final = "#1D1B20"


def draw_avatar(face: Face) -> bytes:
    """The picture of one person, as PNG."""
    image = Image.new("RGB", (_FULL, _FULL), DYES[face.ground])
    draw = ImageDraw.Draw(image)
    if face.emblem:
        _weave(draw, face)
        EMBLEMS[face.emblem](draw, DYES[face.cloth])
    else:
        _person(draw, face)
    out = io.BytesIO()
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def draw_emoji(emblem: str, dye: str) -> bytes:
    """An emblem alone, on nothing, as a small PNG."""
    image = Image.new("RGBA", (_FULL, _FULL), (0, 0, 0, 0))
    EMBLEMS[emblem](ImageDraw.Draw(image), DYES[dye])
    out = io.BytesIO()
    image.resize((128, 128), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _at(*values: float) -> tuple[float, ...]:
    """Places on a grid of 100."""
    return tuple(value * _FULL / 100 for value in values)


def _weave(draw: Draw, face: Face) -> None:
    """A plain weave behind an emblem: strands over and under."""
    dark = _shade(DYES[face.ground], 0.9)
    for row in range(10):
        for column in range(10):
            if (row + column) % 2:
                x, y = column * 10, row * 10
                draw.rounded_rectangle(_at(x + 0.6, y + 1.6, x + 9.4, y + 8.4), _at(3)[0], fill=dark)


def _shade(color: str, factor: float) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{min(255, round(part * factor)):02X}" for part in (red, green, blue))


# ---------------------------------------------------------------------------------------------------------- a person


def _person(draw: Draw, face: Face) -> None:
    skin, hair = SKIN[face.skin], HAIR[face.hair_color]
    if face.sun:
        draw.ellipse(_at(56, 8, 96, 48), fill=DYES[face.sun])
    BEHIND.get(face.hair, _nothing)(draw, hair)
    _body(draw, face)
    draw.rounded_rectangle(_at(42, 58, 58, 80), _at(7)[0], fill=_shade(skin, 0.88))
    draw.pieslice(_at(40, 69, 60, 87), 0, 180, fill=_shade(skin, 0.88))
    for x in (27.5, 66.5):  # ears
        draw.ellipse(_at(x, 42, x + 6, 53), fill=_shade(skin, 0.93))
    draw.ellipse(_at(30, 20, 70, 71), fill=skin)
    _features(draw, face, skin)
    FRONT.get(face.hair, _nothing)(draw, hair)
    if face.extra:
        EXTRAS[face.extra](draw, face)


def _nothing(draw: Draw, color: str) -> None:
    """Nothing of this kind."""


def _body(draw: Draw, face: Face) -> None:
    cloth, thread = DYES[face.cloth], DYES[face.thread]
    shoulders = _at(12, 76, 88, 140)
    draw.ellipse(shoulders, fill=cloth)
    mask = Image.new("L", (_FULL, _FULL), 0)
    ImageDraw.Draw(mask).ellipse(shoulders, fill=255)
    pattern = Image.new("RGB", (_FULL, _FULL), cloth)
    lines = ImageDraw.Draw(pattern)
    chance = random.Random(face.seed)
    match face.pattern:
        case "stripes":
            for x in range(0, 100, 7):
                lines.rectangle(_at(x, 70, x + 2.6, 100), fill=thread)
        case "bands":
            for y in range(80, 100, 6):
                lines.rectangle(_at(0, y, 100, y + 2.4), fill=thread)
        case "dots":
            for x in range(6, 100, 9):
                for y in range(78, 102, 8):
                    lines.ellipse(_at(x + y % 3, y, x + y % 3 + 3.2, y + 3.2), fill=thread)
        case "woven":
            for x in range(0, 100, 6):
                for y in range(72, 102, 6):
                    if (x + y) // 6 % 2:
                        lines.rectangle(_at(x, y, x + 6, y + 6), fill=thread)
        case _:
            lines.rectangle(_at(0, 97 - chance.random() * 3, 100, 100), fill=thread)
    draw._image.paste(pattern, (0, 0), mask)


def _features(draw: Draw, face: Face, skin: str) -> None:
    dark = INK if face.skin < 4 else "#120D0B"
    for x in (41.5, 58.5):
        draw.ellipse(_at(x - 2.1, 44.4, x + 2.1, 49.4), fill=dark)
        draw.line(_at(x - 4.2, 39.4, x + 4.2, 39.4), fill=_shade(HAIR[face.hair_color], 0.8), width=18)
    draw.arc(_at(47, 46, 53, 56), 20, 160, fill=_shade(skin, 0.78), width=16)
    cheek = _shade(skin, 0.94)
    for x in (35.5, 58.5):
        draw.ellipse(_at(x, 51, x + 6.5, 56), fill=cheek)
    match face.mouth:
        case "open":
            draw.pieslice(_at(43, 53, 57, 65), 0, 180, fill="#7E2B26")
            draw.rectangle(_at(45, 59, 55, 60.6), fill="#FCFBF8")
        case "calm":
            draw.line(_at(45, 60.4, 55, 60.4), fill="#7E2B26", width=18)
        case _:
            draw.arc(_at(42.5, 51, 57.5, 62.5), 25, 155, fill="#7E2B26", width=20)


# -------------------------------------------------------------------------------------------------------------- hair


def _cap(draw: Draw, hair: str) -> None:
    draw.pieslice(_at(28, 15, 72, 66), 180, 360, fill=hair)


def _short(draw: Draw, hair: str) -> None:
    draw.chord(_at(28.5, 16, 71.5, 66), 188, 352, fill=hair)


def _side(draw: Draw, hair: str) -> None:
    draw.chord(_at(28.5, 15.5, 71.5, 66), 196, 350, fill=hair)
    draw.polygon(_at(29, 40, 30, 26, 60, 19, 40, 36), fill=hair)


def _fringe(draw: Draw, hair: str) -> None:
    draw.chord(_at(28, 15, 72, 66), 180, 360, fill=hair)
    draw.rectangle(_at(31, 30, 69, 37), fill=hair)


def _parted(draw: Draw, hair: str) -> None:
    draw.pieslice(_at(27.5, 14.5, 72.5, 68), 182, 272, fill=hair)
    draw.pieslice(_at(27.5, 14.5, 72.5, 68), 268, 358, fill=hair)
    draw.polygon(_at(50, 22, 41, 42, 59, 42), fill=None)


def _long_behind(draw: Draw, hair: str) -> None:
    draw.rounded_rectangle(_at(24, 15, 76, 92), _at(25)[0], fill=hair)


def _bob_behind(draw: Draw, hair: str) -> None:
    draw.rounded_rectangle(_at(23.5, 15, 76.5, 68), _at(22)[0], fill=hair)


def _bun_behind(draw: Draw, hair: str) -> None:
    draw.ellipse(_at(38, 3, 62, 26), fill=hair)


def _tail_behind(draw: Draw, hair: str) -> None:
    draw.ellipse(_at(62, 22, 90, 74), fill=hair)


def _braids_behind(draw: Draw, hair: str) -> None:
    for x in (21, 69):
        for y in range(46, 84, 9):
            draw.ellipse(_at(x, y, x + 10, y + 12), fill=hair)


def _cloud_behind(draw: Draw, hair: str) -> None:
    draw.ellipse(_at(19, 5, 81, 66), fill=hair)


def _curls(draw: Draw, hair: str) -> None:
    for x, y in ((29, 27), (33, 18), (42, 13), (51, 13), (59, 18), (63, 27)):
        draw.ellipse(_at(x - 5, y - 2, x + 12, y + 15), fill=hair)


def _sides(draw: Draw, hair: str) -> None:
    for x in (26.5, 66):
        draw.ellipse(_at(x, 28, x + 7.5, 50), fill=hair)


def _spikes(draw: Draw, hair: str) -> None:
    for x in range(30, 68, 7):
        draw.polygon(_at(x - 2, 33, x + 3.5, 10 + abs(49 - x) / 3, x + 9, 33), fill=hair)
    draw.chord(_at(29, 19, 71, 66), 196, 344, fill=hair)


BEHIND: Final[dict[str, Callable[[Draw, str], None]]] = {
    "long": _long_behind,
    "fringe": _bob_behind,
    "bob": _bob_behind,
    "bun": _bun_behind,
    "tail": _tail_behind,
    "braids": _braids_behind,
    "cloud": _cloud_behind,
}
FRONT: Final[dict[str, Callable[[Draw, str], None]]] = {
    "short": _short,
    "side": _side,
    "fringe": _fringe,
    "bob": _side,
    "long": _short,
    "bun": _short,
    "tail": _side,
    "braids": _short,
    "cloud": _short,
    "curls": _curls,
    "spikes": _spikes,
    "bald": _nothing,
    "ring": _sides,
}


# ------------------------------------------------------------------------------------------------------------ extras


def _glasses(draw: Draw, face: Face) -> None:
    frame = INK if face.skin < 4 else DYES["weld"]
    for x in (35, 52):
        draw.ellipse(_at(x, 40.5, x + 13, 53.5), outline=frame, width=18)
    draw.line(_at(48, 46.5, 52, 46.5), fill=frame, width=16)


def _beard(draw: Draw, face: Face) -> None:
    hair, skin = HAIR[face.hair_color], SKIN[face.skin]
    draw.chord(_at(30, 26, 70, 75), 8, 172, fill=hair)
    draw.ellipse(_at(42, 52.5, 58, 62.5), fill=skin)
    draw.arc(_at(43, 50, 57, 61), 25, 155, fill="#7E2B26", width=18)


def _moustache(draw: Draw, face: Face) -> None:
    draw.pieslice(_at(40, 52, 60, 63), 180, 360, fill=HAIR[face.hair_color])


def _scarf(draw: Draw, face: Face) -> None:
    color, skin = DYES[face.thread], SKIN[face.skin]
    draw.rounded_rectangle(_at(26, 11, 74, 92), _at(24)[0], fill=color)
    draw.polygon(_at(26, 70, 74, 70, 80, 88, 50, 98, 20, 88), fill=color)
    draw.ellipse(_at(32.5, 24, 67.5, 70), fill=skin)
    _features(draw, face, skin)


def _beanie(draw: Draw, face: Face) -> None:
    color = DYES[face.thread]
    draw.pieslice(_at(27, 8, 73, 62), 180, 360, fill=color)
    draw.rounded_rectangle(_at(25.5, 29, 74.5, 38), _at(4)[0], fill=_shade(color, 0.82))


def _straw(draw: Draw, face: Face) -> None:
    color = DYES["weld"]
    draw.polygon(_at(50, 4, 88, 34, 12, 34), fill=color)
    draw.ellipse(_at(12, 30, 88, 38), fill=_shade(color, 0.86))


def _cap_with_peak(draw: Draw, face: Face) -> None:
    color = DYES[face.thread]
    draw.pieslice(_at(28, 12, 72, 58), 180, 360, fill=color)
    draw.rounded_rectangle(_at(46, 31, 84, 38), _at(3)[0], fill=_shade(color, 0.82))


def _earrings(draw: Draw, face: Face) -> None:
    for x in (28.5, 68):
        draw.ellipse(_at(x, 53, x + 4, 58), fill=DYES["weld"])


def _flower(draw: Draw, face: Face) -> None:
    for dx, dy in ((-4, 0), (4, 0), (0, -4), (0, 4)):
        draw.ellipse(_at(66 + dx, 22 + dy, 73 + dx, 29 + dy), fill=DYES["madder"])
    draw.ellipse(_at(67, 23, 72, 28), fill=DYES["weld"])


EXTRAS: Final[dict[str, Callable[[Draw, Face], None]]] = {
    "glasses": _glasses,
    "beard": _beard,
    "moustache": _moustache,
    "scarf": _scarf,
    "beanie": _beanie,
    "straw": _straw,
    "cap": _cap_with_peak,
    "earrings": _earrings,
    "flower": _flower,
}


# ----------------------------------------------------------------------------------------------------------- emblems


def _bridge(draw: Draw, color: str) -> None:
    draw.rectangle(_at(12, 42, 88, 50), fill=color)
    for x in (14, 39, 64):
        draw.arc(_at(x, 50, x + 22, 86), 180, 360, fill=color, width=60)
    draw.rectangle(_at(12, 68, 88, 73), fill=DYES["sky"])


def _book(draw: Draw, color: str) -> None:
    draw.polygon(_at(50, 34, 18, 27, 18, 70, 50, 77), fill=color)
    draw.polygon(_at(50, 34, 82, 27, 82, 70, 50, 77), fill=_shade(color, 0.88))
    for y in (40, 48, 56):
        draw.line(_at(25, y, 43, y + 4), fill=DYES["slate"], width=20)
        draw.line(_at(57, y + 4, 75, y), fill=DYES["slate"], width=20)


def _wrench(draw: Draw, color: str) -> None:
    draw.line(_at(32, 68, 68, 32), fill=color, width=130)
    draw.ellipse(_at(56, 18, 82, 44), fill=color)
    draw.polygon(_at(66, 30, 92, 12, 86, 8, 78, 6), fill=DYES["woad"])
    draw.ellipse(_at(20, 56, 44, 80), fill=color)
    draw.ellipse(_at(27, 63, 37, 73), fill=DYES["woad"])


def _ball(draw: Draw, color: str) -> None:
    draw.ellipse(_at(20, 20, 80, 80), fill=color)
    draw.regular_polygon((_FULL / 2, _FULL / 2, _FULL * 0.12), 5, fill=INK)
    for x, y in ((50, 22), (76, 42), (66, 74), (34, 74), (24, 42)):
        draw.line(_at(50, 50, x, y), fill=INK, width=16)
        draw.regular_polygon((x * _FULL / 100, y * _FULL / 100, _FULL * 0.05), 5, fill=INK)


def _paper(draw: Draw, color: str) -> None:
    draw.rectangle(_at(22, 20, 78, 82), fill=color)
    draw.rectangle(_at(28, 27, 72, 35), fill=INK)
    draw.rectangle(_at(28, 41, 48, 59), fill=DYES["madder"])
    for y in (42, 48, 54, 64, 70, 76):
        draw.line(_at(52 if y < 60 else 28, y, 72, y), fill=DYES["slate"], width=18)


def _sun(draw: Draw, color: str) -> None:
    draw.ellipse(_at(28, 22, 66, 60), fill=DYES["weld"])
    for x, y, size in ((22, 54, 26), (38, 46, 32), (56, 54, 26)):
        draw.ellipse(_at(x, y, x + size, y + size), fill=color)
    draw.rectangle(_at(34, 66, 70, 80), fill=color)


def _loom(draw: Draw, color: str) -> None:
    for x in range(24, 78, 9):
        draw.line(_at(x, 18, x, 82), fill=color, width=34)
    for number, y in enumerate(range(34, 70, 10)):
        for at, x in enumerate(range(24, 78, 9)):
            if (number + at) % 2:
                draw.rectangle(_at(x - 5, y - 3, x + 5, y + 3), fill=DYES["madder"])
            else:
                draw.rectangle(_at(x - 5, y - 3, x - 2, y + 3), fill=DYES["madder"])
                draw.rectangle(_at(x + 2, y - 3, x + 5, y + 3), fill=DYES["madder"])


def _tram(draw: Draw, color: str) -> None:
    draw.line(_at(38, 22, 50, 8, 62, 22), fill=DYES["slate"], width=30)
    draw.rounded_rectangle(_at(14, 22, 86, 78), _at(10)[0], fill=color)
    for x in (22, 43, 64):
        draw.rounded_rectangle(_at(x, 32, x + 15, 52), _at(2)[0], fill="#FCFBF8")
    draw.rectangle(_at(14, 62, 86, 67), fill=DYES["weld"])
    for x in (30, 70):
        draw.ellipse(_at(x - 9, 72, x + 9, 90), fill=DYES["slate"])


EMBLEMS: Final[dict[str, Callable[[Draw, str], None]]] = {
    "bridge": _bridge,
    "tram": _tram,
    "book": _book,
    "wrench": _wrench,
    "ball": _ball,
    "paper": _paper,
    "sun": _sun,
    "loom": _loom,
}
