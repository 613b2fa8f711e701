"""What somebody wants of the assistant, read from their words by rule: three things by name, a question, or else.

The names are those that the app offers, in English, Vietnamese and Korean. A question without a name is looked up
like one to find posts by, and answered only if posts share words with it.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import regex

WishKind = Literal["find", "sum_up", "missed", "question", "other"]
OFFERS: Final = ("find", "sum_up", "missed")


class Wish(msgspec.Struct, frozen=True):
    kind: WishKind
    about: str = ""
    """What is looked for, without the words that said that it is."""


_FIND = regex.compile(
    r"^(?:please\s+|can you\s+|could you\s+|help me\s+)?(?:find|search(?:\s+for)?|look\s+(?:for|up)"
    r"|who (?:wrote|posted|said)"
    r"|what did \w+ (?:say|write|post)|tìm(?:\s+kiếm)?(?:\s+giúp)?|ai (?:đã )?(?:viết|nói))\s*"
    r"(?:me\s+)?(?:(?:the |any |all |a )?(?:posts?|messages?)\s*(?:about|on|that|which|with|from|where)?"
    r"|(?:các |những )?bài(?: viết| đăng)?(?:\s+(?:về|nói về|có))?)?\s*[:：]?\s*",
    regex.IGNORECASE,
)
_FIND_KO = regex.compile(
    r"\s*(?:글을?|게시물을?)?\s*(?:좀\s*)?(?:찾아\s?(?:줘|주세요|줄래|봐)?|검색(?:해\s?(?:줘|주세요))?|찾기)\s*[.?!]*$"
)
_FIND_KO_FIRST = regex.compile(r"^(?:글\s*)?(?:찾기|검색)\s*[:：]?\s+")
_SUM = regex.compile(
    r"\b(?:sum(?:\s+\w+){0,3}\s+up|sum\s+up|summar(?:y|ise|ize)|tl;?dr|recap)\b|tóm\s+tắt|요약", regex.IGNORECASE
)
_MISSED = regex.compile(
    # A question about something new, or about Miss Marple, is another one.
    r"\bwhat\b.{0,15}\b(?:I|we)\b.{0,12}\bmiss(?:ed)?\b|\bdid (?:I|we) miss\b"
    r"|^what(?:'s|’s| is) new\b(?! (?:in|about|with|at)\b)"
    r"|catch me up\b|since my last visit\b|bỏ\s+lỡ|놓친|놓쳤|밀린\s*글",
    regex.IGNORECASE,
)
_ASKS = regex.compile(
    r"[?？]\s*$|^(?:when|where|who|whom|whose|which|what|why|how|is|are|was|were|does|did|has|have)\b"
    r"|(?:khi nào|ở đâu|bao giờ|bao nhiêu|vì sao|tại sao|thế nào|là ai|không)\s*[?？]?\s*$"
    r"|(?:나요|까요|니까|인가요|어디|언제|누구|왜|무엇)",
    regex.IGNORECASE,
)


def read_wish(text: str) -> Wish:
    """What the words ask for. ``about`` is never empty where something is looked for."""
    words = " ".join(text.split())
    for pattern in (_FIND, _FIND_KO_FIRST, _FIND_KO):
        if (found := pattern.search(words)) is not None:
            rest = (words[: found.start()] + words[found.end() :]).strip(" .:?!")
            return Wish("find", rest) if rest else Wish("other")
    if _SUM.search(words):
        return Wish("sum_up")
    if _MISSED.search(words):
        return Wish("missed")
    return Wish("question", words) if _ASKS.search(words) else Wish("other", words)
