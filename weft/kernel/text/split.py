"""Cuts a long text into the posts of a thread.

Joining the pieces gives the text back byte for byte: what white space lay between two pieces is kept beside them,
since posts are stripped at their ends.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import msgspec

from weft.kernel.text.entities import MAX_URL, find_urls
from weft.kernel.text.length import CODE_POINTS_PER_GRAPHEME, post_length, truncate_graphemes

# A border of a better kind is taken only if the piece fills at least this part of the limit.
LEAST_FILL: Final = 3

# Chinese and Japanese sentences end without a space, so their full stops end a word too.
_WORD = re.compile(r"[^\s。！？]*+[。！？]++[\"'”’」』）)]*+|[^\s。！？]++")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]*]{0,4}+$")


class Piece(msgspec.Struct, frozen=True):
    """One post of a thread. `separator` is the white space after it; `lead`, in the first piece only, the white
    space before the whole text.
    """

    text: str
    separator: str
    lead: str = ""


class _Border(IntEnum):
    INSIDE_WORD = 0
    WORD = 1
    SENTENCE = 2
    LINE = 3
    PARAGRAPH = 4


class _Unit(msgspec.Struct, frozen=True, gc=False):
    """A word, or a part of one that is too long for a post, and the border after it."""

    start: int
    end: int
    cost: int
    gap: int
    border: _Border


def split_thread(text: str, limit: int = 500) -> list[Piece]:
    """Pieces of at most `limit` by `post_length`, none with white space at its ends; none for a blank text.

    Cuts at the best border that fits: paragraph, line, sentence, word, and inside a word only if it is longer than
    a post.
    """
    if limit < 1:
        raise ValueError("a piece needs room for one grapheme")
    units = list(_units(text, limit))
    starts = [0]
    while starts[-1] < len(units):
        starts.append(_next_start(units, starts[-1], limit))
    pieces = []
    for first, after in itertools.pairwise(starts):
        begin, end = units[first].start, units[after - 1].end
        following = units[after].start if after < len(units) else len(text)
        pieces.append(Piece(text[begin:end], text[end:following], text[:begin] if first == 0 else ""))
    return pieces


def join_pieces(pieces: list[Piece]) -> str:
    """The text that was split."""
    return "".join(piece.lead + piece.text + piece.separator for piece in pieces)


def _next_start(units: list[_Unit], first: int, limit: int) -> int:
    """Where the piece that starts at `first` is followed by the next one."""
    fits, best, best_border = first + 1, first + 1, _Border.INSIDE_WORD
    length = units[first].cost
    while True:
        last = units[fits - 1]
        if last.border >= best_border and length * LEAST_FILL >= limit:
            best, best_border = fits, last.border
        if fits == len(units):
            return fits
        length += last.gap + units[fits].cost
        if last.border is _Border.INSIDE_WORD or length > limit:
            return best if best_border > _Border.WORD else fits
        fits += 1


def _units(text: str, limit: int) -> Iterator[_Unit]:
    """Costs of neighbours add up to at least the cost of their text, so a sum within the limit is safe."""
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        following = words[index + 1].start() if index + 1 < len(words) else len(text)
        border = _border(word[0], text[word.end() : following])
        cost = post_length(word[0])
        at = word.start()
        while cost > limit:
            part = _fitting(text[at : min(word.end(), at + _window(limit))], limit)
            yield _Unit(at, at + part, limit, 0, _Border.INSIDE_WORD)
            at += part
            cost = post_length(text[at : word.end()]) if word.end() - at <= _window(limit) else limit + 1
        yield _Unit(at, word.end(), cost, following - word.end(), border)


def _border(word: str, space: str) -> _Border:
    lines = space.count("\n")
    if lines:
        return _Border.PARAGRAPH if lines > 1 else _Border.LINE
    return _Border.SENTENCE if _SENTENCE_END.search(word, max(0, len(word) - 6)) else _Border.WORD


def _window(limit: int) -> int:
    """No piece has more code points than this, except by one long link."""
    return (limit + 1) * CODE_POINTS_PER_GRAPHEME + MAX_URL


def _fitting(word: str, limit: int) -> int:
    """How much of a too long word makes one piece; a link that begins in it is not cut if it can be left out."""
    urls = find_urls(word)
    room = limit
    while True:
        head = truncate_graphemes(word, room)[: limit * CODE_POINTS_PER_GRAPHEME]
        cut = next((url.start for url in urls if 0 < url.start < len(head) < url.end), len(head))
        over = post_length(word[:cut]) - limit
        if over <= 0:
            return cut
        room = max(1, room - over)
