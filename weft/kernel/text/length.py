"""How long a text is for a reader: graphemes, with links and remote handles counted short.

The same numbers are shown by the web app while typing, so the rules here are few and fixed.
"""

from __future__ import annotations

import re
from itertools import islice

import regex

from weft.kernel.text.entities import Entities, find_entities

URL_LENGTH = 23
CODE_POINTS_PER_GRAPHEME = 16

# Every character of these blocks is one grapheme whatever its neighbours are: Latin, common punctuation, kana,
# Han and Hangul syllables. CR is left out because CRLF is one grapheme.
_ALL_SINGLE = re.compile(
    "[\x00-\x0c\x0e-\u02ff\u1e00-\u1eff\u2010-\u2027\u3001-\u3029\u3041-\u3096\u309b-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]*+"
)
# `\X` alone looks back over a whole run of flag letters at each step: taking them in pairs keeps the run linear.
_GRAPHEME = regex.compile(
    r"\p{GCB=Regional_Indicator}{1,2}+[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X",
    regex.DOTALL,
)


def graphemes(text: str) -> int:
    """Count what a reader sees as characters."""
    if _ALL_SINGLE.fullmatch(text):
        return len(text)
    return sum(1 for _ in _GRAPHEME.finditer(text))


def truncate_graphemes(text: str, limit: int) -> str:
    """The longest beginning of `text` with at most `limit` graphemes."""
    if limit <= 0:
        return ""
    if len(text) <= limit:
        return text
    if _ALL_SINGLE.fullmatch(text):
        return text[:limit]
    end = 0
    for match in islice(_GRAPHEME.finditer(text), limit):
        end = match.end()
    return text[:end]


def post_length(text: str, entities: Entities | None = None) -> int:
    """Length against the post limit: a URL counts 23, a remote mention only its `@user`.

    A grapheme may hold any number of code points, so 16 of them count at least one: otherwise a megabyte of
    joined emoji would be "one character".
    """
    if "@" in text or "://" in text:
        text = _counted_form(text, entities or find_entities(text))
    return max(graphemes(text), -(-len(text) // CODE_POINTS_PER_GRAPHEME))


def _counted_form(text: str, entities: Entities) -> str:
    spans = [(url.start, url.end, "x" * URL_LENGTH) for url in entities.urls]
    spans += [(name.start, name.end, "@" + name.username) for name in entities.mentions if name.host is not None]
    if not spans:
        return text
    spans.sort()
    parts: list[str] = []
    at = 0
    for start, end, counted in spans:
        parts += (text[at:start], counted)
        at = end
    parts.append(text[at:])
    return "".join(parts)
