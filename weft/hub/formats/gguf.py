"""The header of a GGUF file, versions 2 and 3: every count, length, type and offset is checked against the file.

Layout: magic, version, two counts, the metadata's pairs, the tensors' descriptions, and at the next multiple of the
alignment the weights. Source: docs/gguf.md of the ggml project; sizes of the quantised types from its constants.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from typing import Final

from weft.hub.formats.source import Facts, Source, refuse

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
MOST_PAIRS: Final = 4096
MOST_TENSORS: Final = 65_536
MOST_ITEMS: Final = 4_000_000
"""Items of all arrays together."""
LONGEST_NAME: Final = 256
LONGEST_TEXT: Final = 4 * 1024 * 1024
LONGEST_SHOWN: Final = 64
MOST_DIMENSIONS: Final = 4
MOST_WEIGHTS: Final = 1 << 50
DEEPEST: Final = 3
MOST_ALIGNMENT: Final = 65_536
DEFAULT_ALIGNMENT: Final = 32

_HEAD: Final = struct.Struct("<IQQ")
_U32: Final = struct.Struct("<I")
_U64: Final = struct.Struct("<Q")
_ARRAY: Final = struct.Struct("<IQ")
_TEXT, _LIST = 8, 9
_NUMBERS: Final = {
    kind: struct.Struct(f"<{code}")
    for kind, code in ((0, "B"), (1, "b"), (2, "H"), (3, "h"), (4, "I"), (5, "i"), (6, "f"), (7, "?"), (10, "Q"))
} | {11: struct.Struct("<q"), 12: struct.Struct("<d")}

# Number of a tensor's type -> its name, how many weights a block has, how many bytes.
TYPES: Final[dict[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip


def read_gguf(source: Source) -> Facts:
    """The facts of a GGUF file whose magic was read already.

    Raises:
        Refused: something in it does not hold.
    """
    return _Reading(source).whole()


class _Reading:
    """One file. Items of arrays are counted over the whole header."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._items = 0
        self._kept: dict[str, object] = {}

    def whole(self) -> Facts:
        version, tensors, pairs = self._source.numbers(_HEAD)
        if version not in VERSIONS:
            refuse("header")
        if tensors > MOST_TENSORS or pairs > MOST_PAIRS:
            refuse("counts")
        names: set[str] = set()
        for _ in range(pairs):
            name = self._name()
            if name in names:
                refuse("header")
            names.add(name)
            self._kept[name] = self._value(self._source.numbers(_U32)[0], 0)
        return self._tensors(tensors)

    def _tensors(self, count: int) -> Facts:
        alignment = self._alignment()
        spans: list[tuple[int, int]] = []
        kinds: Counter[str] = Counter()
        names: set[str] = set()
        parameters = 0
        for _ in range(count):
            name = self._name()
            if name in names:
                refuse("header")
            names.add(name)
            kind, weights, span = self._tensor(alignment)
            kinds[kind] += 1
            parameters += weights
            spans.append(span)
        start = -(-self._source.at // alignment) * alignment
        _check_spans(spans, self._source.size - start)
        architecture = self._kept.get("general.architecture")
        is_shown = isinstance(architecture, str) and architecture.isprintable()  # it reaches an operator's terminal
        family = str(architecture)[:LONGEST_SHOWN] if is_shown else ""
        context = self._kept.get(f"{family}.context_length")
        return Facts(
            format="gguf",
            architecture=family,
            parameters=parameters,
            context=context if isinstance(context, int) and 0 < context < 1 << 40 else 0,
            adapter=self._kept.get("general.type") == "adapter",
            tensors=count,
            types=dict(kinds),
        )

    def _tensor(self, alignment: int) -> tuple[str, int, tuple[int, int]]:
        """Type, number of weights, and where they lie: from an offset, so many bytes."""
        (dimensions,) = self._source.numbers(_U32)
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            refuse("counts")
        weights, row = 1, 0
        for place in range(dimensions):
            (length,) = self._source.numbers(_U64)
            weights *= length
            row = length if place == 0 else row
            if not 0 < weights <= MOST_WEIGHTS:
                refuse("counts")
        kind, offset = self._source.numbers(_KIND_AND_OFFSET)
        if kind not in TYPES:
            refuse("header")
        name, block, size = TYPES[kind]
        if row % block or offset % alignment:
            refuse("offsets")
        return name, weights, (offset, weights // block * size)

    def _alignment(self) -> int:
        given = self._kept.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(given, int) or not 1 <= given <= MOST_ALIGNMENT or given & (given - 1):
            refuse("header")
        return given

    def _name(self) -> str:
        return self._text(LONGEST_NAME)

    def _text(self, most: int) -> str:
        (length,) = self._source.numbers(_U64)
        if length > most:
            refuse("counts" if length <= self._source.size else "truncated")
        # Vocabularies hold pieces of characters: what is no UTF-8 is not refused.
        return self._source.take(length).decode("utf-8", "replace")

    def _value(self, kind: int, depth: int) -> object:
        """A number or a text; lists are walked over, and only their place in the file is believed."""
        if kind in _NUMBERS:
            return self._source.numbers(_NUMBERS[kind])[0]
        if kind == _TEXT:
            return self._text(LONGEST_TEXT)
        if kind != _LIST:
            refuse("header")
        if depth >= DEEPEST:
            refuse("nesting")
        inner, count = self._source.numbers(_ARRAY)
        self._items += count
        if self._items > MOST_ITEMS:
            refuse("counts")
        if inner in _NUMBERS:
            self._source.take(count * _NUMBERS[inner].size)
            return None
        step: Callable[[], object] = (
            (lambda: self._text(LONGEST_TEXT)) if inner == _TEXT else lambda: self._value(inner, depth + 1)
        )
        for _ in range(count):
            step()
        return None


_KIND_AND_OFFSET: Final = struct.Struct("<IQ")


def _check_spans(spans: list[tuple[int, int]], room: int) -> None:
    """All weights lie in the file, and none in another's place."""
    end = 0
    for offset, size in sorted(spans):
        if offset < end:
            refuse("offsets")
        end = offset + size
    if end > max(room, 0):
        refuse("truncated")
