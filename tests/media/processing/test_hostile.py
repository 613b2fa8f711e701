"""Files that were made to hurt: refused by name of the reason, and the next job works."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from weft.kernel.errors import Invalid
from weft.media.processing import sniff
from weft.media.processing.pool import MediaPool

CODES = {"media.broken", "media.type", "media.dimensions", "media.too_complex", "media.no_ffmpeg"}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes, *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int) -> bytes:
    """Frames of one pixel each on a canvas of any size: twenty bytes a frame."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    table = b"\x00\x00\x00\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + table + frame * frames + b"\x3b"


async def refusal(pool: MediaPool, data: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        await pool.process_attachment(data)
    if caught.value.code in {"media.dimensions", "media.too_large"}:
        assert caught.value.values["limit"]
    return caught.value.code


@pytest.fixture(scope="session")
def honest(encoded) -> bytes:
    return encoded(Image.new("RGB", (100, 100), "green"), "PNG")


async def test_bombs_are_refused_by_their_header(pool: MediaPool):
    bomb = zlib.compress(bytes(1_000_000), 9)
    assert await refusal(pool, png(60_000, 60_000, bomb)) == "media.dimensions"
    assert await refusal(pool, png(8192, 8192, bomb)) == "media.dimensions"
    assert await refusal(pool, png(100, 20_000, bomb)) == "media.dimensions"
    assert await refusal(pool, png(0, 10, bomb)) == "media.broken"
    assert await refusal(pool, gif(65_535, 65_535, 1)) == "media.dimensions"


async def test_a_webp_with_a_huge_canvas_is_refused_before_it_is_allocated(pool: MediaPool, moving):
    data = bytearray(moving("WEBP"))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xfe\x3f\x00\xfe\x3f\x00"
    assert await refusal(pool, bytes(data)) == "media.dimensions"


async def test_a_bomb_in_text_or_profile_is_refused_or_ignored(pool: MediaPool, honest: bytes):
    bomb = zlib.compress(bytes(200_000_000), 9)
    for extra in (chunk(b"zTXt", b"a\0\0" + bomb), chunk(b"iCCP", b"a\0\0" + bomb)):
        data = png(10, 10, zlib.compress(bytes(310)), extra)
        try:
            await pool.process_attachment(data)
        except Invalid as refused:
            assert refused.code in CODES
    await pool.process_attachment(honest)


async def test_too_many_frames_are_refused(pool: MediaPool, moving):
    assert await refusal(pool, gif(10, 10, 10_000)) == "media.dimensions"
    assert await refusal(pool, gif(4000, 4000, 100)) == "media.dimensions"
    lying = moving("PNG").replace(b"acTL" + struct.pack(">I", 6), b"acTL" + struct.pack(">I", 2_000_000_000))
    assert await refusal(pool, lying) == "media.dimensions"


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
async def test_files_that_end_early_are_refused(pool: MediaPool, photo, encoded, name: str, honest: bytes):
    whole = encoded(photo(200, 150), name)
    for length in (3, 12, 13, 30, 64, len(whole) // 2):
        assert await refusal(pool, whole[:length]) in {"media.broken", "media.type"}
    await pool.process_attachment(honest)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
async def test_damaged_files_are_refused_or_repaired_but_never_passed_on(pool: MediaPool, photo, encoded, name: str):
    whole = encoded(photo(64, 64), name)
    dice = random.Random(11)
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 12)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            made = await pool.process_attachment(bytes(damaged))
        except Invalid as refused:
            assert refused.code in CODES, refused.code
        else:
            content = made.files["original"].content
            assert isinstance(content, bytes)
            Image.open(io.BytesIO(content)).load()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"MZ\x90\x00" + bytes(60),
        b"\x7fELF" + bytes(60),
        b"II*\0" + bytes(60),
        b"BM" + bytes(60),
        b"8BPS" + bytes(60),
        bytes(4) + b"ftypheic" + bytes(50),
        b"PK\x03\x04" + bytes(60),
    ],
    ids=lambda data: repr(data[:12]),
)
async def test_other_formats_are_refused_whatever_they_are_called(pool: MediaPool, data: bytes):
    assert await refusal(pool, data) == "media.type"


async def test_only_the_picture_of_a_file_that_is_two_things_survives(pool: MediaPool, photo, encoded):
    script = b"<html><script>alert(document.cookie)</script></html>PK\x03\x04"
    for name in ("JPEG", "PNG", "GIF", "WEBP"):
        data = encoded(photo(100, 100), name) + script
        made = await pool.process_attachment(data)
        assert all(b"script" not in file.content for file in made.files.values())
    commented = encoded(photo(100, 100), "JPEG", comment=script)
    made = await pool.process_attachment(commented)
    assert all(b"script" not in file.content for file in made.files.values())


async def test_the_name_of_a_file_means_nothing(pool: MediaPool, honest: bytes, tmp_path):
    disguised = tmp_path / "holiday.mp4"
    disguised.write_bytes(honest)
    made = await pool.process_attachment(disguised)
    assert made.files["original"].suffix == "webp"
    assert disguised.read_bytes() == honest


async def test_what_is_too_large_is_refused_unread(pool: MediaPool, honest: bytes, tmp_path):
    assert await refusal(pool, honest + bytes(sniff.IMAGE_BYTES)) == "media.too_large"
    film = tmp_path / "film"
    with film.open("wb") as file:
        file.write(b"\x1aE\xdf\xa3")
        file.truncate(sniff.VIDEO_BYTES + 1)
    with pytest.raises(Invalid, match=r"media\.too_large"):
        await pool.process_attachment(film)
    assert pool.worker_pids() == []


async def test_films_are_refused_by_name_when_there_is_no_ffmpeg(pool: MediaPool):
    for start in (b"\x1aE\xdf\xa3", b"\0\0\0\x20ftypisom", b"OggS", b"ID3\x04", b"fLaC", b"RIFF\0\0\0\0WAVE"):
        assert await refusal(pool, start + bytes(100)) == "media.no_ffmpeg"
