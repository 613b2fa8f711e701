"""Takes out of text what no reader should have to see: controls, invisible and direction-changing characters,
towers of marks. `clean_text` is for posts and changes as little as possible; `clean_line` is for names and titles.
"""

from __future__ import annotations

import re
import unicodedata

import regex

from weft.kernel.text.length import CODE_POINTS_PER_GRAPHEME, truncate_graphemes

MAX_MARKS = 4

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_WHITE = re.compile(r"\s+")
_TALL = regex.compile(rf"(\p{{M}}{{{MAX_MARKS}}})\p{{M}}+")

# Letters whose script joins or separates by ZWJ and ZWNJ; in the others these only make look-alike names.
_JOINED_SCRIPT = (
    r"[[\p{L}\p{M}]--[\p{Latin}\p{Greek}\p{Cyrillic}\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}\p{Inherited}]]"
)
_PICTURE = r"[\p{Extended_Pictographic}\uFE0F\U0001F3FB-\U0001F3FF]"
_INVISIBLE = regex.compile(
    rf"(?:(?<={_JOINED_SCRIPT})[\u200c\u200d]|(?<={_PICTURE})\u200d(?=\p{{Extended_Pictographic}})"
    r"|(?<=[\p{So}\p{Sm}\p{Po}\p{Nd}\p{Extended_Pictographic}])[\ufe0e\ufe0f]|(?<=\p{Han})[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    r"|\U0001F3F4[\U000e0020-\U000e007f]{1,8})(*SKIP)(*FAIL)"
    r"|[\p{DI}\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u2800]",
    regex.VERSION1,
)


def is_storable(text: str) -> bool:
    """False for what neither PostgreSQL nor UTF-8 can hold: NUL and lone surrogates."""
    return text.isascii() and "\x00" not in text or _NOT_STORABLE.search(text) is None


def clean_text(text: str) -> str:
    """A post's text as it is stored: LF line ends, no controls but LF and TAB, all else as written."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text)


def clean_line(text: str, limit: int) -> str:
    """A name or title: one line, visible characters, bounded in length and in height."""
    text = _WHITE.sub(" ", text[: max(limit, 0) * CODE_POINTS_PER_GRAPHEME])
    if not text.isascii():
        text = cap_marks(_INVISIBLE.sub("", text))
        text = unicodedata.normalize("NFC", text)
    text = _CONTROLS.sub("", text)
    return truncate_graphemes(_WHITE.sub(" ", text).strip(), limit).strip()


def is_blank(text: str) -> bool:
    """Nothing of it can be seen."""
    return not text.strip() or not text.isascii() and not _INVISIBLE.sub("", text).strip()


def cap_marks(text: str) -> str:
    """At most four marks on one character: every living script manages with that, and Unicode normal forms,
    which sort the marks of a character by insertion, stay fast.
    """
    return _TALL.sub(r"\1", text)


def drop_invisible(text: str) -> str:
    """Without any character that shows nothing, joiners included: for comparing, not for showing."""
    return _NEVER_SHOWN.sub("", text)


_NEVER_SHOWN = regex.compile(r"[\p{DI}\p{C}\p{Zl}\p{Zp}\u2800]")
