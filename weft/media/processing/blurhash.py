"""A BlurHash: a picture's broad colours in about thirty characters, by the published description of the format.

The cosine transform is two matrix products over a picture that was shrunk first; detail does not survive anyway.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_SAMPLE: Final = 32

Floats = npt.NDArray[np.float64]


def components_for(width: int, height: int) -> tuple[int, int]:
    """How many waves each side gets: more along the longer side."""
    if width >= height * 1.2:
        return 4, 3
    return (3, 4) if height >= width * 1.2 else (4, 4)


def encode(pixels: npt.NDArray[np.uint8], across: int, down: int) -> str:
    """The hash of an array of shape (height, width, 3)."""
    factors = _transform(_linear(pixels), across, down).reshape(-1, 3)
    average, waves = factors[0], factors[1:]
    loudest = float(np.abs(waves).max()) if len(waves) else 0.0
    level = max(0, min(82, int(loudest * 166 - 0.5)))
    scale = (level + 1) / 166 if len(waves) else 1.0
    parts = [_digits((across - 1) + (down - 1) * 9, 1), _digits(level, 1), _digits(_packed_colour(average), 4)]
    parts += [_digits(_packed_wave(wave / scale), 2) for wave in waves]
    return "".join(parts)


def summarise(picture: Image.Image) -> tuple[str, str]:
    """The hash of a picture and its average colour as ``#rrggbb``; what is transparent counts as white."""
    across, down = components_for(picture.width, picture.height)
    sample = picture.resize((min(_SAMPLE, picture.width), min(_SAMPLE, picture.height)), Image.Resampling.BOX)
    if sample.mode == "RGBA":
        backdrop = Image.new("RGBA", sample.size, "white")
        sample = Image.alpha_composite(backdrop, sample)
    pixels = np.asarray(sample.convert("RGB"))
    average = _packed_colour(_linear(pixels).mean(axis=(0, 1)))
    return encode(pixels, across, down), f"#{average:06x}"


def _transform(light: Floats, across: int, down: int) -> Floats:
    height, width, _ = light.shape
    waves_x = np.cos(np.pi * np.outer(np.arange(across), np.arange(width)) / width)
    waves_y = np.cos(np.pi * np.outer(np.arange(down), np.arange(height)) / height)
    factors: Floats = np.einsum("jy,ix,yxc->jic", waves_y, waves_x, light, optimize=True) * (2 / (width * height))
    factors[0, 0] /= 2
    return factors


def _linear(pixels: npt.NDArray[np.uint8]) -> Floats:
    value = pixels.astype(np.float64) / 255
    light: Floats = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light


def _packed_colour(light: Floats) -> int:
    clipped = np.clip(light, 0, 1)
    shown = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    red, green, blue = (int(part) for part in shown * 255 + 0.5)
    return (red << 16) + (green << 8) + blue


def _packed_wave(wave: Floats) -> int:
    steps = np.clip(np.floor(np.copysign(np.sqrt(np.abs(wave)), wave) * 9 + 9.5), 0, 18)
    red, green, blue = (int(step) for step in steps)
    return (red * 19 + green) * 19 + blue


def _digits(value: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        value, rest = divmod(value, 83)
        digits = _DIGITS[rest] + digits
    return digits
