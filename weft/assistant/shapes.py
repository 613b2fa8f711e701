"""What the assistant's routes answer with: turns, sources and labels, as the app reads them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.assistant.chats import Chat, Turn, TurnRole, TurnState
from weft.assistant.context import Admitted, Visible
from weft.assistant.lines import Line, Refused, best_quote, text_of
from weft.infra.routing.catalogue import sentence_of
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Unavailable
from weft.kernel.ids import ms_of
from weft.ledger.model import BudgetLeft


class SourceAccount(msgspec.Struct, frozen=True):
    acct: str
    display_name: str


class SourceShape(msgspec.Struct, frozen=True):
    post: str
    url: str
    account: SourceAccount
    quote: str


class Label(msgspec.Struct, frozen=True):
    """How an answer came to be; ``generated`` is false where it is quotes alone."""

    generated: bool
    model: str
    sources: int


class TurnShape(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    role: TurnRole
    text: str
    created_at: str
    state: TurnState
    sources: list[SourceShape]
    label: Label
    judged: bool | None
    about_post_id: str | None = None


class ChatShape(msgspec.Struct, frozen=True):
    id: str
    title: str
    created_at: str
    updated_at: str


class AnswerLine(msgspec.Struct, frozen=True):
    text: str
    post: str | None
    url: str
    account: SourceAccount | None = None
    """Who wrote the post."""


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why the model did not write what follows by quotes."""

    code: str
    sentence: str
    retry_after: int | None = None


class Left(msgspec.Struct, frozen=True):
    scope: str
    unit: str
    per: str
    limit: int
    spent: int
    held: int
    resets_at: str


def turn_shape(turn: Turn, admitted: Admitted | None = None) -> TurnShape:
    sources = sources_shape(turn.lines, admitted) if admitted is not None else []
    return TurnShape(
        id=str(turn.id),
        role=turn.role,
        text=text_of(turn.lines, admitted) if admitted is not None and turn.role == "assistant" else turn.text,
        created_at=rfc3339(ms_of(turn.id)),
        state=turn.state,
        sources=sources,
        label=Label(bool(turn.model), turn.model, len(sources)),
        judged=turn.judged,
        about_post_id=str(turn.about_post) if turn.about_post else None,
    )


def sources_shape(lines: Sequence[Line], admitted: Admitted) -> list[SourceShape]:
    """Each post that the lines are from, once, with the first quote of it, or what of it is nearest to the line."""
    found: dict[int, SourceShape] = {}
    for line in lines:
        for each in line.cites:
            post = admitted.find(each.post_id)
            if post is not None and post.post_id not in found:
                quote = line.text if line.kind == "quote" else best_quote(post, line.text)
                found[post.post_id] = source_shape(post, quote)
    return list(found.values())


def source_shape(post: Visible, quote: str) -> SourceShape:
    return SourceShape(str(post.post_id), post.url, SourceAccount(post.handle, post.name), quote)


def lines_shape(lines: Sequence[Line], admitted: Admitted | None = None) -> list[AnswerLine]:
    shown = []
    for line in lines:
        post = admitted.find(line.cites[0].post_id) if admitted is not None and line.cites else None
        if post is None:
            shown.append(AnswerLine(line.text, None, line.url))
        else:
            shown.append(AnswerLine(line.text, str(post.post_id), post.url, SourceAccount(post.handle, post.name)))
    return shown


def chat_shape(chat: Chat) -> ChatShape:
    return ChatShape(str(chat.id), chat.title, rfc3339(ms_of(chat.id)), rfc3339(chat.changed_ms))


def refusal_shape(refused: Refused) -> Refusal:
    sentence = sentence_of(Unavailable(refused.code, **refused.values))
    return Refusal(refused.code, sentence, refused.retry_after or None)


def left_shape(left: BudgetLeft) -> Left:
    return Left(left.scope, left.unit, left.per, left.limit, left.spent, left.held, rfc3339(left.resets_ms))


class Model(msgspec.Struct, frozen=True):
    name: str
    sha256: str


class Capability(msgspec.Struct, frozen=True):
    name: str
    on: bool
    score: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    on: bool
    model: Model | None
    capabilities: list[Capability]
    offers: list[str]
    left: list[Left]
    opted_out: bool
    keep_days: int
    """After how many days without a word a chat is forgotten."""


class Opted(msgspec.Struct, frozen=True):
    opted_out: bool


class Answered(msgspec.Struct, frozen=True):
    text: str
    source: SourceShape


class Sentences(msgspec.Struct, frozen=True):
    sentences: list[Answered]


class FoundPost(msgspec.Struct, frozen=True):
    post: str
    url: str
    account: SourceAccount
    quote: str
    score: float


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    answer: Sentences | None
    quotes: list[FoundPost]
    labels: list[str]
    label: Label
    refused: Refusal | None = None
    error: str | None = None


class SummaryShape(msgspec.Struct, frozen=True, kw_only=True):
    lines: list[AnswerLine]
    made: str
    model: str | None
    cached: bool
    label: str
    posts: int = 0
    refused: Refusal | None = None
    """Why no model wrote it."""
    error: str | None = None


class Suggestions(msgspec.Struct, frozen=True):
    suggestions: list[str]
    sentence: str | None
    model: str | None
