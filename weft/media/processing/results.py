"""What processing gives back: files under fixed suffixes, and the facts about them.

The names inside `Meta` are those that client programs expect, so it can be stored and sent as it is.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec


class Kind(StrEnum):
    IMAGE = "image"
    GIFV = "gifv"
    VIDEO = "video"
    AUDIO = "audio"


class Want(StrEnum):
    """What a picture is for; this decides its size, its crop and which variants are made."""

    ATTACHMENT = "attachment"
    AVATAR = "avatar"
    HEADER = "header"
    EMOJI = "emoji"
    JPEG = "jpeg"
    """A still of moderate size for programs that read nothing newer: model servers leave WebP out without a word."""


class Focus(msgspec.Struct, frozen=True):
    """The point that a crop must keep: -1 is left or bottom, 1 is right or top."""

    x: float = 0.0
    y: float = 0.0


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    width: int | None = None
    height: int | None = None
    size: str | None = None
    aspect: float | None = None
    frame_rate: str | None = None
    duration: float | None = None
    bitrate: int | None = None


class Meta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    original: Shape
    small: Shape | None = None
    focus: Focus | None = None


class Rendition(msgspec.Struct, frozen=True):
    """One file to store. A `Path` lies in the scratch folder and belongs to the receiver, who adopts or removes it."""

    content: bytes | Path
    suffix: str


class Processed(msgspec.Struct, frozen=True, kw_only=True):
    """`files` has `original`, mostly `small`, and `static` where a moving avatar or emoji needs a still twin."""

    kind: Kind
    files: dict[str, Rendition]
    meta: Meta
    blurhash: str | None = None
    average: str | None = None


def shape_of(width: int, height: int) -> Shape:
    return Shape(width=width, height=height, size=f"{width}x{height}", aspect=width / height)
