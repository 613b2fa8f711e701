"""Reads the tensors of a safetensors file: eight bytes of length, a JSON header, then raw values.
Every number in the header is checked against the file before anything is read by it; nothing in it is ever run.
"""

from __future__ import annotations

import math
import mmap
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

LONGEST_HEADER = 1 << 20
MOST_TENSORS = 10_000
TYPES: dict[str, np.dtype[np.floating]] = {"F32": np.dtype(np.float32), "F16": np.dtype(np.float16)}


class NotReadable(ValueError):
    """The file is not what it claims to be."""


class Entry(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def read_safetensors(path: Path) -> dict[str, npt.NDArray[np.floating]]:
    """The float tensors by name, as views into the mapped file; integer tensors are left out.

    Raises:
        NotReadable: the header cannot be, or points outside of the file.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(LONGEST_HEADER, size - 8):
            raise NotReadable("the header's length cannot be")
        entries = decode_header(file.read(length))
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = 8 + length
    return {name: view_of(mapped, start, size, entry, name) for name, entry in entries.items() if entry.dtype in TYPES}


def decode_header(raw: bytes) -> dict[str, Entry]:
    try:
        header = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        header.pop("__metadata__", None)
        if len(header) > MOST_TENSORS:
            raise NotReadable("too many tensors")
        return {name: msgspec.json.decode(entry, type=Entry) for name, entry in header.items()}
    except (msgspec.DecodeError, RecursionError):
        raise NotReadable("the header is not its JSON") from None


def view_of(mapped: mmap.mmap, start: int, size: int, entry: Entry, name: str) -> npt.NDArray[np.floating]:
    first, last = entry.data_offsets
    kind = TYPES[entry.dtype]
    if any(side < 0 for side in entry.shape) or not 0 <= first <= last <= size - start:
        raise NotReadable(f"{name} lies outside of the file")
    count = math.prod(entry.shape)
    if count * kind.itemsize != last - first:
        raise NotReadable(f"{name} has another size than its shape says")
    values: npt.NDArray[np.floating] = np.frombuffer(mapped, dtype=kind, count=count, offset=start + first)
    return values.reshape(entry.shape)
