"""Words of any script in one folded form, and the pairs that stand for words where scripts have no spaces.

The common ground of indexing (`terms`) and queries (`query`), so that both fold alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

import regex

from weft.kernel.text.clean import cap_marks, drop_invisible

MAX_TERM: Final = 64
MAX_INPUT: Final = 100_000
EXACT: Final = "="

_PAIRED = r"\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー々"
_PAIRED_RUN = rf"[{_PAIRED}](?:[{_PAIRED}]|\p{{M}})*+"
_SPACED_RUN = rf"(?:(?![{_PAIRED}])[\p{{L}}\p{{N}}])(?:(?![{_PAIRED}])[\p{{L}}\p{{N}}\p{{M}}])*+"
_WORD = regex.compile(rf"(?P<paired>{_PAIRED_RUN})|(?P<spaced>{_SPACED_RUN})", regex.VERSION0)
_ASCII_WORD = regex.compile("[a-z0-9]++")
_LATIN_MARKS = regex.compile(r"(?<=\p{Latin})\p{M}+")
_WORD_START = regex.compile(rf"(?![{_PAIRED}])[\p{{L}}\p{{N}}]")
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "n"}
)


def fold(text: str) -> str:
    """The folded words of a text with one space between them: phrases are verified on this."""
    return " ".join(fold_marks(word) for word, _ in words(text))


def contains_phrase(folded: str, phrase: str) -> bool:
    """Whether a folded phrase stands in a folded text, at the borders of words where words have borders."""
    if not phrase:
        return False
    if _WORD_START.match(phrase):
        phrase = " " + phrase
    if _WORD_START.match(phrase[-1]):
        phrase += " "
    return phrase in f" {folded} "


def words(text: str) -> Iterator[tuple[str, bool]]:
    """The normalised words with their marks; True for a run of a script that is searched by pairs."""
    if text.isascii():  # the same words, in a third of the time
        for word in _ASCII_WORD.findall(normalise(text)):
            yield word, False
        return
    for match in _WORD.finditer(normalise(text)):
        yield match[0], match.lastgroup == "paired"


def normalise(text: str) -> str:
    """One form for what differs only by width, case, composition or invisible characters."""
    text = text[:MAX_INPUT]
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", cap_marks(drop_invisible_but_breaks(text)))
    return unicodedata.normalize("NFKC", cap_marks(text.casefold()))


def drop_invisible_but_breaks(text: str) -> str:
    """Line ends and tabs separate words, so they become spaces before invisible characters go."""
    return drop_invisible(" ".join(text.split()))


def fold_marks(word: str) -> str:
    """Without the marks of Latin letters; other scripts keep theirs, where they are letters of their own."""
    if word.isascii():
        return word
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def word_terms(word: str) -> list[str]:
    """The folded term of a word and, where folding lost something, the exact one."""
    folded = fold_marks(word)[:MAX_TERM]
    return [folded] if folded == word[:MAX_TERM] else [folded, EXACT + word[: MAX_TERM - 1]]


def pairs(run: str) -> list[str]:
    """Neighbouring characters of a run, marks counted as characters; a run of one is its own term."""
    return [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
