"""Reads of a GGUF file what its tokenizer takes for more than text. Every count and length is checked against the file
before anything is read by it; whether the file as a whole holds is found out where it is added.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from weft.infra.engine.gguf import FORMS, MAGIC, Kind
from weft.infra.engine.safetensors import NotReadable

VERSIONS = (2, 3)
MOST_PAIRS, MOST_ITEMS = 4096, 4_000_000
LONGEST_NAME = 1 << 16
LONGEST_WORD = 256
"""Characters of a token that is worth knowing."""
WORDS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4
"""Types of tokens that stand for themselves wherever their text stands; the numbers are the format's."""
SPECIAL = frozenset({UNKNOWN, CONTROL, USER_DEFINED})


def read_special_words(path: Path) -> tuple[str, ...]:
    """The text of every token that is no plain piece of text to the model, in the order of its vocabulary.

    Takes up to half a second for the largest vocabularies.

    Raises:
        NotReadable: the header cannot be, or names no tokens.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise NotReadable("the file is empty") from None
        with mapped:
            return _Header(mapped).special_words()


class _Header:
    def __init__(self, raw: mmap.mmap) -> None:
        self._raw = raw
        self._at = 0
        self._items = 0

    def special_words(self) -> tuple[str, ...]:
        words, types = self._found()
        if not words or len(words) != len(types):
            raise NotReadable("the file does not say which token is of which type")
        special = [word for word, type_ in zip(words, types, strict=True) if type_ in SPECIAL]
        return tuple(word.decode("utf-8", "replace") for word in special if 0 < len(word) <= LONGEST_WORD)

    def _found(self) -> tuple[list[bytes], tuple[int, ...]]:
        """The vocabulary and its types; what else the header says is passed over."""
        if self._raw[:4] != MAGIC:
            raise NotReadable("this is no GGUF file")
        self._at = 4
        version, _, pairs = self._numbers("<IQQ")
        if version not in VERSIONS or pairs > MOST_PAIRS:
            raise NotReadable("the header's version or counts cannot be")
        words: list[bytes] = []
        types: tuple[int, ...] = ()
        for _ in range(pairs):
            name = self._text(LONGEST_NAME)
            (kind,) = self._numbers("<I")
            if name == WORDS.encode():
                words = self._words(kind)
            elif name == TYPES.encode():
                types = self._types(kind)
            else:
                self._skip(kind)
        return words, types

    def _words(self, kind: int) -> list[bytes]:
        inner, count = self._list(kind)
        if inner != Kind.TEXT:
            raise NotReadable("tokens are no texts")
        return [self._text(len(self._raw)) for _ in range(count)]

    def _types(self, kind: int) -> tuple[int, ...]:
        inner, count = self._list(kind)
        if inner not in (Kind.I32, Kind.U32):
            raise NotReadable("types of tokens are no numbers")
        return self._numbers(f"<{count}{FORMS[Kind(inner)]}")

    def _list(self, kind: int) -> tuple[int, int]:
        if kind != Kind.ARRAY:
            raise NotReadable("what has to be a list is none")
        inner, count = self._numbers("<IQ")
        self._items += count
        if self._items > MOST_ITEMS:
            raise NotReadable("the lists are too long")
        return inner, count

    def _skip(self, kind: int) -> None:
        if kind == Kind.TEXT:
            self._text(len(self._raw))
        elif kind == Kind.ARRAY:
            inner, count = self._list(kind)
            if inner in FORMS:
                self._take(count * struct.calcsize(f"<{FORMS[Kind(inner)]}"))
            elif inner == Kind.TEXT:
                for _ in range(count):
                    self._text(len(self._raw))
            else:
                raise NotReadable("lists of lists are in no model")
        elif kind in FORMS:
            self._take(struct.calcsize(f"<{FORMS[Kind(kind)]}"))
        else:
            raise NotReadable("the header holds a value of no known kind")

    def _text(self, most: int) -> bytes:
        (length,) = self._numbers("<Q")
        if length > most:
            raise NotReadable("a text is longer than it can be")
        return self._take(length)

    def _numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self._take(struct.calcsize(form)))

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._raw):
            raise NotReadable("the file ends before its header does")
        taken = self._raw[self._at : end]
        self._at = end
        return taken
