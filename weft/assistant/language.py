"""In which language somebody writes, of those that the assistant has rules for: told by letters, not by models.

What a post or a setting says of it is a hint: people write in another language without telling their app.
"""

from __future__ import annotations

from typing import Final

import regex

LANGUAGES: Final = ("en", "vi", "ko")
_A_WORD_OF_MANY: Final = 0.25
"""Below this part of a text its letters are a name or a dish in another language, unless the hint says otherwise."""

_ADDRESSES = regex.compile(r"https?://\S+|@[\w.@-]+")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_HANGUL = regex.compile(r"\p{Hangul}")
_VIETNAMESE = regex.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", regex.IGNORECASE)
# With the marks that Vietnamese shares with others: nearly every sentence of it has them in every other word.
_MARKED = regex.compile(r"[àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", regex.IGNORECASE)


def guess_language(text: str, hint: str = "") -> str:
    """``ko`` and ``vi`` by their letters; else the hint, unless it is one of those two, whose letters are missing.

    Vietnamese that is typed without any marks is taken for English: its words are folded the same in both.
    """
    text = _ADDRESSES.sub(" ", text)
    if _HANGUL.search(text) and (hint == "ko" or _hangul_share(text) >= _A_WORD_OF_MANY):
        return "ko"
    if _VIETNAMESE.search(text) and (hint == "vi" or _marked_share(text) >= _A_WORD_OF_MANY):
        return "vi"
    return hint if hint not in ("", "vi", "ko") else "en"


def _hangul_share(text: str) -> float:
    """A syllable of Hangul says as much as two Latin letters."""
    hangul = 2 * len(_HANGUL.findall(text))
    return hangul / max(1, hangul + sum(letter.isascii() and letter.isalpha() for letter in text))


def _marked_share(text: str) -> float:
    words = _WORD.findall(text)
    return sum(1 for word in words if _MARKED.search(word)) / max(1, len(words))
