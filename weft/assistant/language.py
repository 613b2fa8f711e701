"""In which language somebody writes, of those that the assistant has rules for: told by letters, not by models.

What a post or a setting says of it is a hint: people write in another language without telling their app.
"""

from __future__ import annotations

from typing import Final

import regex

LANGUAGES: Final = ("en", "vi", "ko")

_HANGUL = regex.compile(r"\p{Hangul}")
_VIETNAMESE = regex.compile(r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", regex.IGNORECASE)


def guess_language(text: str, hint: str = "") -> str:
    """``ko`` and ``vi`` by their letters; else the hint, unless it is one of those two, whose letters are missing.

    Vietnamese that is typed without any marks is taken for English: its words are folded the same in both.
    """
    if _HANGUL.search(text):
        return "ko"
    if _VIETNAMESE.search(text):
        return "vi"
    return hint if hint not in ("", "vi", "ko") else "en"
