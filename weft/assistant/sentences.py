"""Cuts a text into its sentences, each a slice of it, so that whatever is quoted stands in the source as it is.

Made for posts in English, Vietnamese and Korean. A cut too few makes a long quote; a cut too many makes half a
sentence say what nobody said. So where a full stop may mean something else, there is no cut.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

import msgspec
import regex

MOST_SENTENCES: Final = 400
MOST_CHARACTERS: Final = 100_000
_LONG_LINE: Final = 60

# What ends a sentence, then what closes with it; white space or the line's end must follow. The converted article
# puts a space before its closing asterisks.
_END = regex.compile(r"(?P<stop>[.!?…。！？]++)(?P<close>[\"'”’»)\]」』]*+(?:[ ]?\*++)?+)(?=\s|$)")
_BLUNT = frozenset("。！？")
_OPENERS: Final = {"“": "”", "«": "»", "(": ")", "「": "」", "『": "』", "[": "]"}
_NEAR: Final = 24
"""How far from a stop its meaning is looked for."""
_LONGEST_ASIDE: Final = 400
_EDGES: Final = " \t\u00a0*_#>-–—•"
_LAST_WORD = regex.compile(r"[\p{L}.]+$")
_NUMBERED = regex.compile(r"\W*\p{N}{1,3}")

ABBREVIATIONS: Final = frozenset(
    """mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie no nos vol fig approx inc ltd co corp dept est jan feb mar apr
    jun jul aug sep sept oct nov dec a.m p.m u.s u.k
    tp ths ts pgs gs bs ks tt q p tr ct đc v.v""".split()
)
# Polite Korean endings close a sentence also where its writer saves the full stop.
_UNMARKED_KOREAN = regex.compile(
    r"(?<=\p{Hangul}(?:습니다|어요|아요|해요|세요|네요|군요|거든요|지요|에요))(?=\s+\p{L})"
)


class Sentence(msgspec.Struct, frozen=True):
    """``text`` is ``source[start:end]``."""

    text: str
    start: int
    end: int
    whole: bool
    """It ends as sentences do; a heading or a fragment does not."""


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of a text in their order, without the space, the asterisks and the bullets around them."""
    found: list[Sentence] = []
    start = 0
    for line in text[:MOST_CHARACTERS].splitlines(keepends=True):
        for begin, end in _cuts(line):
            sentence = _trimmed(text, start + begin, start + end)
            if sentence is not None:
                found.append(sentence)
        start += len(line)
        if len(found) >= MOST_SENTENCES:
            break
    return found[:MOST_SENTENCES]


def _cuts(line: str) -> Iterator[tuple[int, int]]:
    begin = 0
    asides = _asides(line)
    starts = [start for start, _ in asides]
    ends = [match for match in _END.finditer(line) if not _within(match.start(), starts, asides)]
    if not ends and len(line) > _LONG_LINE:
        for match in _UNMARKED_KOREAN.finditer(line):
            yield begin, match.start()
            begin = match.start()
    for match in ends:
        if _is_end(line, begin, match):
            yield begin, match.end()
            begin = match.end()
    yield begin, len(line)


def _within(at: int, starts: list[int], asides: list[tuple[int, int]]) -> bool:
    before = bisect_left(starts, at) - 1
    return before >= 0 and at < asides[before][1]


def _asides(line: str) -> list[tuple[int, int]]:
    """Where quotes and brackets are open, as far as they close on this line and soon: what they hold stays whole."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(line):
        closer = _OPENERS.get(line[at])
        end = line.find(closer, at + 1, at + _LONGEST_ASIDE) if closer else -1
        if line[at] == '"' and (at == 0 or not line[at - 1].isalnum()):
            end = line.find('"', at + 1, at + _LONGEST_ASIDE)
        if end < 0:
            at += 1
            continue
        # A stop right before the closing quote may end the sentence that the quote is the end of.
        inner = end
        while inner > at and line[inner - 1] in ".!?…。！？":
            inner -= 1
        spans.append((at, inner))
        at = end + 1
    return spans


def _is_end(line: str, begin: int, match: regex.Match[str]) -> bool:
    """Whether a stop ends its sentence: what follows begins a new one, and no abbreviation or number goes before it."""
    after = line[match.end() : match.end() + _NEAR].lstrip(_EDGES + "\"'“‘«(「『[")
    if after[:1].islower():
        return False
    if match["stop"] != ".":
        return True
    before = line[max(begin, match.start() - _NEAR) : match.start()]
    if len(before) < _NEAR and _NUMBERED.fullmatch(before):
        return False
    word = _LAST_WORD.search(before)
    if word is None or match["close"]:
        return True
    last = word[0].lower()
    # A Latin letter alone is an initial or an abbreviation: J. Smith, p. 3.
    return last not in ABBREVIATIONS and not (len(last) == 1 and last.isascii() and bool(after))


def _trimmed(text: str, start: int, end: int) -> Sentence | None:
    while start < end and (text[start].isspace() or text[start] in _EDGES):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in "*_"):
        end -= 1
    piece = text[start:end]
    if not any(character.isalnum() for character in piece):
        return None
    return Sentence(piece, start, end, bool(_ENDED.search(piece)))


_ENDED = regex.compile(r"(?:[.!?…。！？][\"'”’»)\]」』]*|\p{Hangul}(?:다|요|죠|까))$")
