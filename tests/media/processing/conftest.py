"""A pool with its own scratch folder, and pictures made on the spot."""

import io
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from weft.media.processing.pool import MediaPool, PoolSettings

MakePicture = Callable[..., bytes]


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[MediaPool]:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o700)
    pool = MediaPool(scratch, PoolSettings(use_ffmpeg=False))
    await pool.start()
    yield pool
    await pool.close()
    assert list(scratch.iterdir()) == []


@pytest.fixture(scope="session")
def photo() -> Callable[[int, int], Image.Image]:
    """A picture with many colours and no repetition, as a camera makes it."""

    @cache
    def make_once(width: int, height: int) -> Image.Image:
        random = np.random.default_rng(7)
        coarse = (random.random((12, 16, 3)) * 255).astype(np.uint8)
        picture = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
        noise = random.integers(-4, 5, (height, width, 1))
        return Image.fromarray(np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8))

    return lambda width, height: make_once(width, height).copy()


@pytest.fixture(scope="session")
def encoded() -> MakePicture:
    def encode(picture: Image.Image, name: str, **options: object) -> bytes:
        file = io.BytesIO()
        picture.save(file, name, **options)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def moving(encoded: MakePicture) -> MakePicture:
    """A picture that moves: as many frames as asked, each another grey."""

    def make(name: str, frames: int = 6, size: tuple[int, int] = (120, 80)) -> bytes:
        pictures = [Image.new("RGB", size, (40 * number % 256, 20, 90)) for number in range(frames)]
        return encoded(pictures[0], name, save_all=True, append_images=pictures[1:], duration=80, loop=0)

    return make
