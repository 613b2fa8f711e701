"""Reads a base model's GGUF with numpy alone: its metadata as it stands, and any tensor as numbers.

Knows the four forms that bases come in here; every number of the file is checked before anything is read by it.
Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3.
"""

from __future__ import annotations

import math
import mmap
import struct
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from weft.infra.engine.gguf import FORMS, Kind, Typed

Floats = npt.NDArray[np.float32]

MOST_TENSORS: Final = 10_000
MOST_KEYS: Final = 4096
MOST_ITEMS: Final = 4_000_000
LONGEST_TEXT: Final = 1 << 20
BLOCK: Final = 32
F32, F16, Q4_1, Q8_0 = 0, 1, 3, 8
SIZES: Final = {F32: (1, 4), F16: (1, 2), Q4_1: (BLOCK, 20), Q8_0: (BLOCK, 34)}
"""Values of a block, and its bytes."""


class NotReadable(ValueError):
    """The file is not what it claims to be, or in a form that is not read here."""


class Stored(msgspec.Struct, frozen=True):
    """Where a tensor lies. `shape` as numpy has it."""

    shape: tuple[int, ...]
    type: int
    first: int


class _Head:
    """A place in the file that only moves forward, and never past its end."""

    def __init__(self, raw: mmap.mmap) -> None:
        self._raw = raw
        self.place = 0

    def take(self, form: str) -> tuple[int | float | bool, ...]:
        size = struct.calcsize(f"<{form}")
        if self.place + size > len(self._raw):
            raise NotReadable("the file ends within its head")
        values: tuple[int | float | bool, ...] = struct.unpack_from(f"<{form}", self._raw, self.place)
        self.place += size
        return values

    def number(self, form: str, most: int) -> int:
        value = int(self.take(form)[0])
        if value > most:
            raise NotReadable(f"{value} where at most {most} can be")
        return value

    def text(self) -> str:
        size = self.number("Q", min(LONGEST_TEXT, len(self._raw)))
        first, self.place = self.place, self.place + size
        if self.place > len(self._raw):
            raise NotReadable("the file ends within a text")
        return self._raw[first : self.place].decode("utf-8", "replace")

    def value(self) -> Typed:
        kind = Kind(self.number("I", max(Kind)))
        if kind is not Kind.ARRAY:
            return Typed(kind, self.text() if kind is Kind.TEXT else self.take(FORMS[kind])[0])
        inner = Kind(self.number("I", max(Kind)))
        count = self.number("Q", MOST_ITEMS)
        if inner is Kind.ARRAY:
            raise NotReadable("an array of arrays")
        if inner is Kind.TEXT:
            return Typed(inner, [self.text() for _ in range(count)])
        return Typed(inner, list(self.take(f"{count}{FORMS[inner]}")))


class Weights:
    """An open GGUF. The file is mapped, not read: a tensor costs memory while somebody holds it."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            NotReadable: the head cannot be, or points outside of the file.
        """
        with path.open("rb") as file:
            self._raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        head = _Head(self._raw)
        if self._raw[:4] != b"GGUF" or (head.take("I"), head.number("I", 3))[1] != 3:
            raise NotReadable("no GGUF of version 3")
        tensors, keys = head.number("Q", MOST_TENSORS), head.number("Q", MOST_KEYS)
        self.metadata: dict[str, Typed] = {head.text(): head.value() for _ in range(keys)}
        entries = [self._entry(head) for _ in range(tensors)]
        alignment = self.number("general.alignment", 32)
        start = -(-head.place // alignment) * alignment
        self.tensors = {name: self._placed(name, entry, start) for name, entry in entries}

    def _entry(self, head: _Head) -> tuple[str, Stored]:
        name = head.text()
        sides = tuple(head.number("Q", 1 << 40) for _ in range(head.number("I", 4)))
        return name, Stored(sides[::-1], head.number("I", 64), head.number("Q", len(self._raw)))

    def _placed(self, name: str, entry: Stored, start: int) -> Stored:
        if entry.type not in SIZES:
            raise NotReadable(f"{name} is stored in a form that is not read here ({entry.type})")
        block, size = SIZES[entry.type]
        count = math.prod(entry.shape)
        if not entry.shape or count < 1 or entry.shape[-1] % block or entry.first % 4:
            raise NotReadable(f"{name} of shape {entry.shape} cannot be")
        if start + entry.first + count // block * size > len(self._raw):
            raise NotReadable(f"{name} lies outside of the file")
        return msgspec.structs.replace(entry, first=start + entry.first)

    def number(self, key: str, otherwise: int = 0) -> int:
        """A whole number of the metadata.

        Raises:
            NotReadable: it is something else, or not above zero.
        """
        found = self.metadata.get(key)
        value = otherwise if found is None else found.value
        if not isinstance(value, int) or value < 1:
            raise NotReadable(f"{key} is {value!r}")
        return value

    def text(self, key: str) -> str:
        found = self.metadata.get(key)
        return found.value if found is not None and isinstance(found.value, str) else ""

    def tensor(self, name: str) -> Floats:
        """The numbers of a tensor.

        Raises:
            NotReadable: there is no such tensor.
        """
        entry = self.tensors.get(name)
        if entry is None:
            raise NotReadable(f"there is no {name}")
        block, size = SIZES[entry.type]
        count = math.prod(entry.shape) // block * size
        raw = np.frombuffer(self._raw, np.uint8, count, entry.first)
        return decoded(raw, entry.type).reshape(entry.shape)


def decoded(raw: npt.NDArray[np.uint8], kind: int) -> Floats:
    """Stored bytes as numbers, in one row."""
    if kind == F32:
        return raw.view("<f4").astype(np.float32)
    if kind == F16:
        return raw.view("<f2").astype(np.float32)
    if kind == Q8_0:
        eights = raw.view([("scale", "<f2"), ("values", "i1", BLOCK)])
        return (eights["values"].astype(np.float32) * eights["scale"].astype(np.float32)[:, None]).reshape(-1)
    # Q4_1: scale, smallest value, then 16 bytes whose low halves are the first 16 values.
    fours = raw.view([("scale", "<f2"), ("least", "<f2"), ("values", "u1", BLOCK // 2)])
    halves = np.concatenate([fours["values"] & 15, fours["values"] >> 4], axis=1).astype(np.float32)
    made = halves * fours["scale"].astype(np.float32)[:, None] + fours["least"].astype(np.float32)[:, None]
    return made.reshape(-1).astype(np.float32, copy=False)
