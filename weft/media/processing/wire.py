"""What travels between the server and a worker: length-prefixed MessagePack over pipes.

A worker may have been taken over by what it decoded, so its answers are parsed into bounded types like any input.
"""

from __future__ import annotations

import struct
from typing import Annotated, Final, Literal

import msgspec

from weft.media.processing.results import Focus, Want
from weft.media.processing.sandbox import Walls

PREFIX: Final = struct.Struct(">I")
LARGEST_FRAME: Final = 64 * 1024 * 1024

Side = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Code = Literal["media.broken", "media.dimensions", "media.too_large", "media.type", "media.too_complex"]


class Job(msgspec.Struct, frozen=True, kw_only=True, tag="job"):
    """`originals` may leave out the full-size file where a film takes its place: of moving pictures, or of all."""

    data: bytes
    want: Want = Want.ATTACHMENT
    focus: Focus | None = None
    originals: Literal["all", "still", "none"] = "all"
    cpu_seconds: int = 20


class PictureFile(msgspec.Struct, frozen=True):
    data: bytes
    suffix: Literal["webp", "png", "jpg"]
    width: Side
    height: Side


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    files: dict[Literal["original", "small", "static"], PictureFile]
    moving: bool
    blurhash: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,170}$")]
    average: Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    code: Code


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """A worker's first words: the walls around it."""

    walls: Walls


job_decoder: Final = msgspec.msgpack.Decoder(Job)
_answers: Final[msgspec.msgpack.Decoder[Done | Refused | Ready]] = msgspec.msgpack.Decoder(Done | Refused | Ready)
encoder: Final = msgspec.msgpack.Encoder()


def pack(message: Job | Done | Refused | Ready) -> bytes:
    body = encoder.encode(message)
    return PREFIX.pack(len(body)) + body


def unpack_answer(body: bytes) -> Done | Refused | Ready:
    return _answers.decode(body)
