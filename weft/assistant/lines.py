"""Answers as lines: what the program says itself, what it quotes, and what a model made, each with its posts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from weft.assistant.context import Admitted, Visible
from weft.assistant.extract import Source, quotes_of
from weft.kernel.ids import AccountId
from weft.kernel.text.entities import find_urls
from weft.kernel.text.length import truncate_graphemes
from weft.kernel.text.terms import index_terms

LONGEST_QUOTE: Final = 280


class Asker(msgspec.Struct, frozen=True):
    """Who asks: the account that pays, its role's budget, and the language it is answered in."""

    id: AccountId
    role: str = "member"
    language: str = "en"


class Cite(msgspec.Struct, frozen=True, array_like=True):
    """A post in the version that was read."""

    post_id: int
    version: int


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence of an answer. A quote stands in its post as it is; ``said`` are the program's own words."""

    text: str
    kind: Literal["said", "quote", "made"] = "said"
    cites: tuple[Cite, ...] = ()
    url: str = ""
    """Of what is quoted and is no post: an article."""


class Refused(msgspec.Struct, frozen=True):
    """Why the model did not write; quotes follow."""

    code: str
    retry_after: int = 0
    values: dict[str, object] = {}


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(list[Line]).decode


def cite(post: Visible) -> Cite:
    return Cite(post.post_id, post.version)


def best_quote(post: Visible, question: str) -> str:
    """The sentence of the post that shares most with the question; it stands in the post as it is, or begins so."""
    quotes = [quote.text for quote in quotes_of([post.source])]
    if not quotes:
        first = next((line.strip() for line in post.text.split("\n") if line.strip()), "")
        return shortened(first)
    wanted = set(index_terms(question))
    best = max(quotes, key=lambda text: len(wanted & set(index_terms(text))))
    return shortened(best)


def shortened(text: str) -> str:
    """As much of a quote as is shown: whole words and whole addresses, and a mark where it goes on."""
    cut = truncate_graphemes(text, LONGEST_QUOTE)
    if cut == text:
        return text
    end = next((span.start for span in find_urls(text) if span.start < len(cut) < span.end), len(cut))
    if end == len(cut) and not text[end].isspace() and " " in cut:
        end = cut.rindex(" ")
    return f"{cut[:end].rstrip()}…"


def quote_lines(admitted: Admitted, question: str, count: int) -> list[Line]:
    """A quote of each of the first posts."""
    lines = []
    for post in admitted.posts[:count]:
        if text := best_quote(post, question):
            lines.append(Line(text, "quote", (cite(post),)))
    return lines


def still_shown(lines: Sequence[Line], admitted: Admitted) -> list[Line]:
    """The lines whose posts may all still be shown, unchanged; what the program says itself stays."""
    now = {cite(post) for post in admitted.posts}
    return [line for line in lines if set(line.cites) <= now]


def cited_ids(lines: Sequence[Line]) -> list[int]:
    return list(dict.fromkeys(each.post_id for line in lines for each in line.cites))


def text_of(lines: Sequence[Line], admitted: Admitted) -> str:
    """The answer as one plain text."""
    return "\n".join(shown(line, admitted) for line in lines)


def shown(line: Line, admitted: Admitted) -> str:
    if line.kind != "quote" or not line.cites:
        return line.text
    post = admitted.find(line.cites[0].post_id)
    return f"“{line.text}” — {post.name}" if post is not None else f"“{line.text}”"


def sources_of(admitted: Admitted) -> list[Source]:
    return [post.source for post in admitted.posts]
