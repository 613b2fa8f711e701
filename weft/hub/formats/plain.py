"""JSON and plain text that belong to a model: configurations, vocabularies, licences, cards.

What a program could run on opening is not text: pickles are refused in each of their forms, the readable one too.
"""

from __future__ import annotations

import io
import pickletools
from typing import Final

import msgspec

from weft.hub.formats.safetensors import check_depth
from weft.hub.formats.source import Facts, Source, refuse

JSON_BYTES: Final = 96 * 1024 * 1024
TEXT_BYTES: Final = 32 * 1024 * 1024
DEEPEST: Final = 64
_RUNS: Final = frozenset({"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"})
_MOST_STEPS: Final = 1_000_000
_ALLOWED_CONTROLS: Final = frozenset("\t\n\r\f")

_json: Final = msgspec.json.Decoder(msgspec.Raw)


def read_json(source: Source) -> Facts:
    """The facts of a JSON file.

    Raises:
        Refused: it is too large, too deep, or no JSON.
    """
    data = _whole(source, JSON_BYTES)
    _text_of(data)
    check_depth(data, DEEPEST)
    try:
        _json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        refuse("header")
    return Facts(format="json")


def read_text(source: Source) -> Facts:
    """The facts of a text: UTF-8 without control characters.

    Raises:
        Refused: it is something else.
    """
    data = _whole(source, TEXT_BYTES)
    text = _text_of(data)
    if any(ord(mark) < 32 and mark not in _ALLOWED_CONTROLS for mark in set(text)):
        refuse("format")
    if is_pickle(data):
        refuse("pickle")
    return Facts(format="text")


def is_pickle(data: bytes) -> bool:
    """Whether it reads as a pickle up to its end mark and calls something on the way. Nothing is run."""
    runs = False
    try:
        for step, (operation, _, _) in enumerate(pickletools.genops(io.BytesIO(data))):
            runs = runs or operation.name in _RUNS
            if operation.name == "STOP" or step > _MOST_STEPS:
                return runs
    except (ValueError, IndexError, KeyError, EOFError, OverflowError, UnicodeError, AttributeError):
        return False
    return False


def _whole(source: Source, most: int) -> bytes:
    if source.size > most:
        refuse("large")
    return source.take(source.size)


def _text_of(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        refuse("format")
    if "\0" in text:
        refuse("format")
    return text
