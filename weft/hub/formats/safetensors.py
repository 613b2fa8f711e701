"""The header of a safetensors file: the length, a JSON object that names each tensor's type, shape and place.

The places must cover what follows the header exactly, without holes and overlaps, as the format wants it: so nothing
else can be carried in such a file.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections import Counter
from typing import Any, Final

import msgspec

from weft.hub.formats.source import Facts, Source, refuse

HEADER_BYTES: Final = 100_000_000
"""The format's own limit."""
MOST_TENSORS: Final = 100_000
MOST_DIMENSIONS: Final = 16
DEEPEST: Final = 4
_LENGTH: Final = struct.Struct("<Q")
METADATA: Final = "__metadata__"
# A string without its end is taken up to the end of the text, so that no place is looked at twice.
_MARKS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)

BITS: Final = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
    "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4,
    "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def read_safetensors(source: Source) -> Facts:
    """The facts of a safetensors file.

    Raises:
        Refused: something in it does not hold.
    """
    (length,) = source.numbers(_LENGTH)
    if length > HEADER_BYTES:
        refuse("large" if length <= source.size else "truncated")
    header = source.take(length)
    if not header.startswith(b"{"):
        refuse("header")
    check_depth(header, DEEPEST)
    tensors = _tensors(header)
    _check_places(tensors, source.size - source.at)
    return Facts(
        format="safetensors",
        parameters=sum(math.prod(tensor.shape) for tensor in tensors),
        tensors=len(tensors),
        types=dict(Counter(tensor.dtype for tensor in tensors)),
    )


def _tensors(header: bytes) -> list[Tensor]:
    try:
        named = json.loads(header, object_pairs_hook=_once)
        if len(named) > MOST_TENSORS + 1:
            refuse("counts")
        msgspec.convert(named.pop(METADATA, {}), dict[str, str])
        tensors = msgspec.convert(list(named.values()), list[Tensor])
    except (ValueError, RecursionError, msgspec.ValidationError):
        refuse("header")
    for tensor in tensors:
        _check_tensor(tensor)
    return tensors


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice would be read one way by one program and another way by the next."""
    found = dict(pairs)
    if len(found) != len(pairs):
        refuse("header")
    return found


def _check_tensor(tensor: Tensor) -> None:
    begin, end = tensor.data_offsets
    if tensor.dtype not in BITS:
        refuse("header")
    if len(tensor.shape) > MOST_DIMENSIONS or any(not 0 <= length < 1 << 48 for length in tensor.shape):
        refuse("counts")
    bits = math.prod(tensor.shape) * BITS[tensor.dtype]
    if begin < 0 or end < begin or bits % 8 or bits // 8 != end - begin:
        refuse("offsets")


def _check_places(tensors: list[Tensor], room: int) -> None:
    at = 0
    for begin, end in sorted(tensor.data_offsets for tensor in tensors):
        if begin != at:
            refuse("offsets")
        at = end
    if at != room:
        refuse("truncated" if at > room else "offsets")


def check_depth(text: bytes, deepest: int) -> None:
    """Refuse JSON that is nested deeper, before any parser follows it down. Brackets within strings do not count."""
    depth = 0
    for mark in _MARKS.finditer(text):
        first = text[mark.start()]
        if first in b"{[":
            depth += 1
            if depth > deepest:
                refuse("nesting")
        elif first in b"}]":
            depth -= 1
