"""Writes GGUF files, the container that llama.cpp reads: typed metadata, then tensors, each aligned.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3, little-endian. What we
read of such files is in `gguf_reading`.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

MAGIC, VERSION = b"GGUF", 3
ALIGNMENT = 32
MOST_DIMENSIONS = 4
BLOCK = 32
"""Values that share one scale in Q8_0."""


class Kind(IntEnum):
    """What a metadata value is."""

    U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, ARRAY, U64, I64, F64 = range(13)


FORMS = {
    Kind.U8: "B",
    Kind.I8: "b",
    Kind.U16: "H",
    Kind.I16: "h",
    Kind.U32: "I",
    Kind.I32: "i",
    Kind.F32: "f",
    Kind.BOOL: "?",
    Kind.U64: "Q",
    Kind.I64: "q",
    Kind.F64: "d",
}


class Type(IntEnum):
    """How a tensor's values are stored: those that are written here, by the numbers that the file holds."""

    F32 = 0
    F16 = 1
    Q8_0 = 8


BYTES_PER_BLOCK = {Type.F32: (1, 4), Type.F16: (1, 2), Type.Q8_0: (BLOCK, 2 + BLOCK)}

Scalar = bool | int | float | str


class Typed(msgspec.Struct, frozen=True):
    """A value whose kind the reader insists on; plain values become BOOL, U32, F32, TEXT or an ARRAY of those."""

    kind: Kind
    value: Scalar | Sequence[Scalar]
    """A sequence becomes an ARRAY of that kind."""


Value = Scalar | Sequence[Scalar] | Typed


class Tensor(msgspec.Struct, frozen=True):
    name: str
    values: npt.NDArray[np.floating]
    """Rows first, as numpy has them; the file names the dimensions the other way round."""
    type: Type = Type.F32


def write_gguf(path: Path, metadata: Mapping[str, Value], tensors: Sequence[Tensor]) -> None:
    """Write the file beside its place and put it there whole; a crash leaves no half of one.

    `general.alignment` need not be given. One tensor is encoded at a time.

    Raises:
        ValueError: a tensor that its type cannot hold, or the same name twice.
    """
    check_tensors(tensors)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            write_head(file, metadata, tensors)
            for tensor in tensors:
                file.write(encode(tensor))
                pad(file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def check_tensors(tensors: Iterable[Tensor]) -> None:
    seen: set[str] = set()
    for tensor in tensors:
        shape = tensor.values.shape
        block, _ = BYTES_PER_BLOCK[tensor.type]
        if not 1 <= len(shape) <= MOST_DIMENSIONS or 0 in shape or shape[-1] % block:
            raise ValueError(f"{tensor.name} of shape {shape} cannot be stored as {tensor.type.name}")
        if tensor.name in seen or not 0 < len(tensor.name.encode()) < 64:
            raise ValueError(f"{tensor.name!r} is no name for a tensor, or is there twice")
        seen.add(tensor.name)


def write_head(file: BinaryIO, metadata: Mapping[str, Value], tensors: Sequence[Tensor]) -> None:
    file.write(MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata)))
    for key, value in metadata.items():
        file.write(packed_text(key) + packed(value))
    offset = 0
    for tensor in tensors:
        shape = tensor.values.shape[::-1]
        file.write(packed_text(tensor.name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape))
        file.write(struct.pack("<IQ", tensor.type, offset))
        offset += aligned(size_of(tensor))
    pad(file)


def packed(value: Value) -> bytes:
    """A value with its kind before it."""
    if isinstance(value, Typed):
        kind, plain = value.kind, value.value
    else:
        kind, plain = kind_of(value), value
    if isinstance(plain, str) or not isinstance(plain, Sequence):
        return struct.pack("<I", kind) + packed_scalar(kind, plain)
    head = struct.pack("<IIQ", Kind.ARRAY, kind, len(plain))
    if kind is Kind.TEXT:
        return head + b"".join(packed_text(str(item)) for item in plain)
    return head + struct.pack(f"<{len(plain)}{FORMS[kind]}", *plain)


def kind_of(value: Scalar | Sequence[Scalar]) -> Kind:
    match value:
        case bool():
            return Kind.BOOL
        case int():
            return Kind.U32 if value >= 0 else Kind.I32
        case float():
            return Kind.F32
        case str():
            return Kind.TEXT
        case _ if value:
            return kind_of(value[0])
    raise ValueError("an empty array has no kind; give it one with Typed")


def packed_scalar(kind: Kind, value: Scalar) -> bytes:
    return packed_text(str(value)) if kind is Kind.TEXT else struct.pack(f"<{FORMS[kind]}", value)


def packed_text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def size_of(tensor: Tensor) -> int:
    block, size = BYTES_PER_BLOCK[tensor.type]
    return math.prod(tensor.values.shape) // block * size


def aligned(number: int) -> int:
    return -(-number // ALIGNMENT) * ALIGNMENT


def pad(file: BinaryIO) -> None:
    place = file.tell()
    file.write(bytes(aligned(place) - place))


def encode(tensor: Tensor) -> bytes:
    match tensor.type:
        case Type.F32:
            return tensor.values.astype("<f4").tobytes()
        case Type.F16:
            return tensor.values.astype("<f2").tobytes()
        case Type.Q8_0:
            return quantise(tensor.values)


def quantise(values: npt.NDArray[np.floating]) -> bytes:
    """Q8_0: of each 32 values the scale as a half float, then the values as signed bytes of it."""
    rows = values.astype(np.float32).reshape(-1, BLOCK)
    scale = np.abs(rows).max(axis=1, keepdims=True) / np.float32(127)
    # Below the smallest normal number its inverse has no place; such a block is nothing.
    is_some = scale >= np.finfo(np.float32).tiny
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=is_some)
    blocks = np.empty(len(rows), dtype=[("scale", "<f2"), ("values", "i1", BLOCK)])
    blocks["scale"] = scale[:, 0]
    blocks["values"] = np.rint(rows * inverse)
    return blocks.tobytes()
