"""A file as a parser sees it: bytes in order, never past the end, and never more of them than a header may have.

Every parser of this folder reads through here, so that a length that a file claims is compared with what is there
before anything of that length is made.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Literal, NoReturn

import msgspec

HEADER_BYTES = 192 * 1024 * 1024
"""The most that anything but weights may take; the largest vocabularies seen are under 40 MiB."""

Fault = Literal["format", "truncated", "header", "counts", "nesting", "offsets", "pickle", "large", "complex"]
FAULTS: tuple[Fault, ...] = (
    *("format", "truncated", "header", "counts", "nesting", "offsets", "pickle", "large", "complex"),
)


class Refused(Exception):
    """The file is not what it must be; ``fault`` says in which way, and is the end of a refusal's code."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a file's own header says of it. Claims of whoever made the file: shown, and relied on for nothing."""

    format: Literal["gguf", "safetensors", "json", "text"]
    architecture: str = ""
    parameters: int = 0
    context: int = 0
    adapter: bool = False
    """Only what is added to a model, which has to be there already."""
    tensors: int = 0
    types: dict[str, int] = {}
    """How many tensors there are of each type."""


class Source:
    """Reads a file forward. ``size`` is the whole file's."""

    def __init__(self, file: BinaryIO, size: int, most: int = HEADER_BYTES) -> None:
        self._file = file
        self.size = size
        self.at = 0
        self._most = most

    def take(self, count: int) -> bytes:
        """The next bytes, as many as were asked for.

        Raises:
            Refused: the file is shorter, or the header longer than a header may be.
        """
        if count > self.size - self.at:
            refuse("truncated")
        if self.at + count > self._most:
            refuse("large")
        data = self._file.read(count)
        if len(data) != count:
            refuse("truncated")
        self.at += count
        return data

    def numbers(self, shape: struct.Struct) -> tuple[Any, ...]:
        return shape.unpack(self.take(shape.size))


def refuse(fault: Fault) -> NoReturn:
    raise Refused(fault)
