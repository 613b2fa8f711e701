"""``/api/weft/v1/assistant``: chats, questions to the community, summaries, suggestions, and staying out of it."""

from __future__ import annotations

from functools import partial

import msgspec

from weft.assistant import chat_routes
from weft.assistant.answers import Summary
from weft.assistant.assistant import Assistant
from weft.assistant.chats import MOST_TEXT, check_words
from weft.assistant.context import Readers
from weft.assistant.lines import Asker, Line, Refused, best_quote, still_shown
from weft.assistant.opt_outs import opt_out, opted_out
from weft.assistant.shapes import (
    Answered,
    Asked,
    Capability,
    FoundPost,
    Label,
    Model,
    Opted,
    Sentences,
    Standing,
    Suggestions,
    SummaryShape,
    left_shape,
    lines_shape,
    refusal_shape,
    source_shape,
)
from weft.assistant.suggesting import Want, describe, suggest
from weft.assistant.texts import say
from weft.assistant.training import routes as training_routes
from weft.infra.admit import API, ASSISTANT
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import MediaId, parse_id


class OptParams(msgspec.Struct, kw_only=True):
    out: bool


class AskParams(msgspec.Struct, kw_only=True):
    q: str = ""


class SuggestParams(msgspec.Struct, kw_only=True):
    text: str = ""
    want: Want
    media_id: str | None = None
    """The picture that words are wanted for."""


# ---------------------------------------------------------------------------------------------------- standing


async def show(call: Call[Assistant, None]) -> Response:
    """What the assistant can do here, and what is left of one's budgets."""
    app, account_id = call.app, call.user_id
    async with app.db.read() as reader:
        out = bool(await opted_out(reader, (account_id,)))
    name, sha256 = app.answers.tools.abilities.model()
    on = app.on and not out
    asker = await app.asker(account_id) if on else Asker(account_id)
    left = await app.left(account_id, asker.role) if on else ()
    return as_json(
        Standing(
            on=app.on,
            model=Model(name, sha256) if name and app.on else None,
            capabilities=[Capability(*each) for each in app.answers.tools.abilities.listed()] if app.on else [],
            offers=app.offers(asker.language) if on else [],
            left=[left_shape(each) for each in left],
            opted_out=out,
            keep_days=app.keep_days,
        )
    )


async def set_opt_out(call: Call[Assistant, OptParams]) -> Response:
    await opt_out(call.app.db, call.user_id, call.params.out)
    return as_json(Opted(call.params.out))


# ---------------------------------------------------------------------------------------------------- features


async def ask(call: Call[Assistant, AskParams]) -> Response:
    """Ask the community: posts that may answer, and a model's sentences where it may make some."""
    app = call.app
    asker = await app.asker(call.user_id)
    text = check_words(call.params.q)
    readers = Readers(asker.id)
    admitted, found = await app.answers.find(asker, readers, text)
    lines: list[Line] = []
    refused: Refused | None = None
    async for piece in app.answers.written(asker, admitted, "ask", text):
        if isinstance(piece, Refused):
            refused = piece
        else:
            lines.append(piece)
    still = await app.answers.tools.context.still(admitted)
    sentences = [
        Answered(line.text, source_shape(post, ""))
        for line in still_shown(lines, still)
        if (post := still.find(line.cites[0].post_id)) is not None
    ]
    quotes = []
    for post in still.posts:
        shape = source_shape(post, best_quote(post, text))
        quotes.append(FoundPost(shape.post, shape.url, shape.account, shape.quote, found[post.post_id].score))
    model = app.answers.tools.abilities.model()[0] if sentences else ""
    label = Label(bool(sentences), model, len(quotes))
    answer = Sentences(sentences) if sentences else None
    words = say("quotes_label", asker.language)
    if sentences:
        words = say("made_label", asker.language, model=model, count=len(quotes))
    body = Asked(answer=answer, quotes=quotes, labels=[words], label=label)
    return _or_busy(body, refused)


def _or_busy(body: Asked | SummaryShape, refused: Refused | None) -> Response:
    """Quotes alone where the model had no room: 429, and when to come again."""
    if refused is None:
        return as_json(body)
    shape = refusal_shape(refused)
    body = msgspec.structs.replace(body, refused=shape, error=shape.sentence)
    if not refused.retry_after:
        return as_json(body)
    return as_json(body, 429, [(b"retry-after", str(refused.retry_after).encode())])


async def sum_up(call: Call[Assistant, None]) -> Response:
    app = call.app
    asker = await app.asker(call.user_id)
    summary = await app.answers.summary(asker, Readers(asker.id), call.id())
    return _or_busy(_summary(summary, asker.language), summary.refused)


def _summary(summary: Summary, language: str) -> SummaryShape:
    label = say("quotes_label", language)
    if summary.model:
        label = say("made_label", language, model=summary.model, count=summary.posts)
    return SummaryShape(
        lines=lines_shape(summary.lines, summary.admitted),
        made="model" if summary.model else "quotes",
        model=summary.model or None,
        cached=summary.cached,
        label=label,
        posts=summary.posts,
    )


async def sum_up_article(call: Call[Assistant, None]) -> Response:
    app = call.app
    asker = await app.asker(call.user_id)
    lines, cached = await app.articles.summary(asker.id, call.id())
    label = say("article", asker.language)
    return as_json(SummaryShape(lines=lines_shape(lines), made="quotes", model=None, cached=cached, label=label))


async def missed(call: Call[Assistant, None]) -> Response:
    asker = await call.app.asker(call.user_id)
    return as_json(_summary(await call.app.answers.missed(asker), asker.language))


async def related(call: Call[Assistant, None]) -> Response:
    asker = await call.app.asker(call.user_id)
    return as_json([str(id_) for id_ in await call.app.answers.related(asker, call.id())])


async def questions(call: Call[Assistant, None]) -> Response:
    asker = await call.app.asker(call.user_id)
    return as_json(await call.app.answers.questions(asker, call.id()))


async def suggest_for(call: Call[Assistant, SuggestParams]) -> Response:
    app, params = call.app, call.params
    asker = await app.asker(call.user_id)
    if params.want == "alt":
        made = await describe(app.answers, asker, params.text[:MOST_TEXT], _media_id(params.media_id))
    else:
        made = await suggest(app.answers, asker, check_words(params.text), params.want)
    return as_json(Suggestions(made.suggestions, made.sentence or None, made.model or None))


def _media_id(given: str | None) -> MediaId:
    if not given:
        raise Invalid("param.missing", field="media_id")
    found = parse_id(given)
    if found is None:
        raise NotFound("record.absent")
    return MediaId(found)


_BASE = "/api/weft/v1/assistant"
_route = partial(Route, auth=Auth.USER, style=Style.WEFT, tag="assistant", refusals=(403,))
_own = partial(_route, sees=Sees.OWN, rate=API)
_get = partial(_own, method="GET", scopes=("read",), body=0)
_write = partial(_own, scopes=("write",), body=SMALL_BODY)
_work = partial(_route, sees=Sees.AUDIENCE, rate=ASSISTANT, gives_up=True)
_look = partial(_work, method="GET", scopes=("read",), body=0)
_do = partial(_work, method="POST", scopes=("write",))

ROUTES: tuple[Route, ...] = (
    *chat_routes.ROUTES,
    _get(path=_BASE, handler=show, returns=Standing, summary="What the assistant can do here, and what is left"),
    _write(
        method="POST",
        path=f"{_BASE}/opt_out",
        handler=set_opt_out,
        params=OptParams,
        returns=Opted,
        summary="Keep one's posts from the assistant, or let it have them",
    ),
    _look(
        path=f"{_BASE}/ask",
        handler=ask,
        params=AskParams,
        returns=Asked,
        summary="Ask the community: posts that may answer, with quotes",
    ),
    _do(path=f"{_BASE}/posts/:id/summary", handler=sum_up, body=0, returns=SummaryShape, summary="Sum up a thread"),
    _do(
        path=f"{_BASE}/posts/:id/article",
        handler=sum_up_article,
        body=0,
        returns=SummaryShape,
        refusals=(403, 503),
        summary="Sum up the article that a post links to",
    ),
    _look(path=f"{_BASE}/missed", handler=missed, returns=SummaryShape, summary="What came home since the last visit"),
    _look(path=f"{_BASE}/posts/:id/related", handler=related, returns=list[str], summary="Ids of posts about the same"),
    _look(
        path=f"{_BASE}/posts/:id/questions",
        handler=questions,
        returns=list[str],
        summary="What could be asked about a thread",
    ),
    _do(
        path=f"{_BASE}/suggest",
        handler=suggest_for,
        body=SMALL_BODY,
        params=SuggestParams,
        returns=Suggestions,
        refusals=(403, 503),
        summary="Suggest tags, a kinder wording or words for a picture",
    ),
    *training_routes.ROUTES,
)
