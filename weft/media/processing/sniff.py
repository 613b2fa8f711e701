"""What a file is, by its first bytes alone, and what its header claims, before any decoder sees it.

Names and declared types are never looked at. What is not on these lists (SVG, PDF, HEIC, ...) is not media here.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import Final

from weft.kernel.errors import Invalid

IMAGE_BYTES: Final = 16 * 1024 * 1024
VIDEO_BYTES: Final = 103_809_024
IMAGE_SIDE: Final = 8192
IMAGE_PIXELS: Final = 33_177_600
FRAMES: Final = 1000
ANIMATION_PIXELS: Final = 400_000_000


class Format(StrEnum):
    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"
    AVIF = "AVIF"
    MOV = "mov"
    MATROSKA = "matroska"
    OGG = "ogg"
    MP3 = "mp3"
    WAV = "wav"
    FLAC = "flac"


IMAGES: Final = frozenset({Format.JPEG, Format.PNG, Format.GIF, Format.WEBP, Format.AVIF})
_STARTS: Final = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"\x1aE\xdf\xa3", Format.MATROSKA),
    (b"OggS", Format.OGG),
    (b"fLaC", Format.FLAC),
    (b"ID3", Format.MP3),
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_MOV_BRANDS: Final = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"qt  "}
    | {b"M4A ", b"M4V ", b"M4B ", b"MSNV", b"3gp4", b"3gp5", b"3gp6", b"f4v ", b"XAVC", b"isml"}
)


def detect(start: bytes) -> Format:
    """The format of a file from its first 64 bytes, or a refusal."""
    for prefix, kind in _STARTS:
        if start.startswith(prefix):
            return kind
    kind_inside = _detect_inside(start)
    if kind_inside is None:
        raise Invalid("media.type")
    return kind_inside


def _detect_inside(start: bytes) -> Format | None:
    brand = start[8:12]
    if start.startswith(b"RIFF"):
        return {b"WEBP": Format.WEBP, b"WAVE": Format.WAV}.get(brand)
    if start[4:8] == b"ftyp":
        if brand in _AVIF_BRANDS or (brand == b"mif1" and b"avif" in start[16:64]):
            return Format.AVIF
        return Format.MOV if brand in _MOV_BRANDS else None
    # A bare MPEG frame: eleven set bits, then layer III of version 1 or 2.
    if len(start) > 2 and start[0] == 0xFF and start[1] in (0xFB, 0xFA, 0xF3, 0xF2):
        return Format.MP3
    return None


def check_image(data: bytes, kind: Format) -> None:
    """Refuse by size, claimed dimensions and frames; of JPEG and AVIF the decoder reads those before any pixels."""
    if len(data) > IMAGE_BYTES:
        raise Invalid("media.too_large", limit=IMAGE_BYTES)
    try:
        match kind:
            case Format.PNG:
                width, height = struct.unpack_from(">II", data, 16)
                frames = _apng_frames(data)
            case Format.GIF:
                width, height = struct.unpack_from("<HH", data, 6)
                frames = _gif_frames(data)
            case Format.WEBP:
                width, height = _webp_size(data)
                frames = data.count(b"ANMF") or 1
            case _:
                return
    except (struct.error, IndexError) as error:
        raise Invalid("media.broken") from error
    check_dimensions(width, height, frames)


def check_dimensions(width: int, height: int, frames: int = 1) -> None:
    if width < 1 or height < 1:
        raise Invalid("media.broken")
    if max(width, height) > IMAGE_SIDE or width * height > IMAGE_PIXELS:
        raise Invalid("media.dimensions", limit=IMAGE_PIXELS)
    if frames > FRAMES or width * height * frames > max(ANIMATION_PIXELS, IMAGE_PIXELS):
        raise Invalid("media.dimensions", limit=ANIMATION_PIXELS)


def _webp_size(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = struct.unpack_from("<I", data, 21)[0]
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    raise Invalid("media.broken")


def _apng_frames(data: bytes) -> int:
    """The claim of an `acTL` chunk, which must come before the pixels."""
    place = data.find(b"acTL", 8, max(8, data.find(b"IDAT", 8)))
    return 1 if place < 0 else int(struct.unpack_from(">I", data, place + 4)[0])


def _gif_frames(data: bytes) -> int:
    """Count the pictures by walking the blocks; a file that ends early counts as far as it goes."""
    place = 13 + _table_bytes(data[10])
    frames = 0
    while place < len(data) and frames <= FRAMES:
        if data[place] == 0x2C:
            frames += 1
            place = _skip_blocks(data, place + 11 + _table_bytes(data[place + 9]))
        elif data[place] == 0x21:
            place = _skip_blocks(data, place + 2)
        else:
            break
    return max(frames, 1)


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += data[place] + 1
    return place + 1
