"""The hash against a naive reading of the format's description, pixel by pixel."""

import math

import numpy as np
import pytest
from PIL import Image

from weft.media.processing import blurhash

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def light(level: int) -> float:
    value = level / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def shown(value: float) -> int:
    value = max(0.0, min(1.0, value))
    return int((value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055) * 255 + 0.5)


def naive_hash(pixels: np.ndarray, across: int, down: int) -> str:
    height, width, _ = pixels.shape
    factors = []
    for j in range(down):
        for i in range(across):
            sums = [0.0, 0.0, 0.0]
            for y in range(height):
                for x in range(width):
                    wave = math.cos(math.pi * i * x / width) * math.cos(math.pi * j * y / height)
                    for channel in range(3):
                        sums[channel] += wave * light(int(pixels[y, x, channel]))
            scale = (1 if i == j == 0 else 2) / (width * height)
            factors.append([value * scale for value in sums])
    return spelled(factors, across, down)


def spelled(factors: list[list[float]], across: int, down: int) -> str:
    def digits(value: int, length: int) -> str:
        return "".join(DIGITS[value // 83 ** (length - place) % 83] for place in range(1, length + 1))

    loudest = max((abs(value) for factor in factors[1:] for value in factor), default=0.0)
    level = max(0, min(82, math.floor(loudest * 166 - 0.5))) if len(factors) > 1 else 0
    scale = (level + 1) / 166
    red, green, blue = (shown(value) for value in factors[0])
    text = digits(across - 1 + (down - 1) * 9, 1) + digits(level, 1) + digits(red * 65536 + green * 256 + blue, 4)
    for factor in factors[1:]:
        steps = [
            max(0, min(18, math.floor(math.copysign(math.sqrt(abs(value / scale)), value) * 9 + 9.5)))
            for value in factor
        ]
        text += digits(steps[0] * 361 + steps[1] * 19 + steps[2], 2)
    return text


@pytest.mark.parametrize("seed", range(6))
def test_the_hash_is_what_the_description_says(seed: int):
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (int(random.integers(1, 14)), int(random.integers(1, 14)), 3), dtype=np.uint8)
    across, down = (int(side) for side in random.integers(1, 6, 2))
    assert blurhash.encode(pixels, across, down) == naive_hash(pixels, across, down)


def test_a_plain_colour_is_its_own_average():
    text, average = blurhash.summarise(Image.new("RGB", (300, 100), (18, 52, 86)))
    assert average == "#123456"
    assert len(text) == 4 + 2 * 4 * 3
    assert text[0] == DIGITS[3 + 2 * 9]


def test_waves_go_along_the_longer_side():
    assert blurhash.components_for(300, 100) == (4, 3)
    assert blurhash.components_for(100, 300) == (3, 4)
    assert blurhash.components_for(100, 100) == (4, 4)


def test_what_is_see_through_counts_as_white():
    assert blurhash.summarise(Image.new("RGBA", (10, 10), (0, 0, 0, 0)))[1] == "#ffffff"
