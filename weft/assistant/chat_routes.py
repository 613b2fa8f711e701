"""``/api/weft/v1/assistant/chats``: one's conversations with the assistant, each answer a stream of events."""

from __future__ import annotations

from functools import partial

import msgspec

from weft.assistant.assistant import Assistant
from weft.assistant.chats import check_words
from weft.assistant.context import Readers
from weft.assistant.shapes import ChatShape, TurnShape, chat_shape, turn_shape
from weft.assistant.sse import streamed
from weft.infra.admit import API, ASSISTANT
from weft.infra.routing.paging import PageParams, link_header, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, parse_id
from weft.kernel.paging import Paged, page_of_rows

SHOWN, MOST_SHOWN = 20, 40


class TitleParams(msgspec.Struct, kw_only=True):
    title: str = ""


class RenameParams(msgspec.Struct, kw_only=True):
    title: str


class SayParams(msgspec.Struct, kw_only=True):
    text: str
    about_post_id: str | None = None


class EditParams(msgspec.Struct, kw_only=True):
    text: str


class JudgedParams(msgspec.Struct, kw_only=True):
    right: bool


async def list_chats(call: Call[Assistant, PageParams]) -> Response:
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    chats = await call.app.chats.page(call.user_id, page)
    next_id, prev_id = page_of_rows([chat.id for chat in chats], page)
    headers = link_header(call, call.app.answers.tools.context.url, Paged(chats, next_id, prev_id))
    return as_json([chat_shape(chat) for chat in chats], headers=headers)


async def create_chat(call: Call[Assistant, TitleParams]) -> Response:
    app = call.app
    await app.asker(call.user_id)
    await app.own.ensure()
    return as_json(chat_shape(await app.chats.create(call.user_id, call.params.title)))


async def show_chat(call: Call[Assistant, None]) -> Response:
    return as_json(chat_shape(await call.app.chats.require(call.user_id, call.id())))


async def rename_chat(call: Call[Assistant, RenameParams]) -> Response:
    return as_json(chat_shape(await call.app.chats.rename(call.user_id, call.id(), call.params.title)))


async def delete_chat(call: Call[Assistant, None]) -> Response:
    await call.app.chats.delete(call.user_id, call.id())
    return as_json({})


async def forget(call: Call[Assistant, None]) -> Response:
    await call.app.chats.forget(call.user_id)
    return as_json({})


async def list_turns(call: Call[Assistant, None]) -> Response:
    app = call.app
    chat = await app.chats.require(call.user_id, call.id())
    turns, admitted = await app.conversing.shown_turns(call.user_id, chat.id)
    return as_json([turn_shape(turn, admitted) for turn in turns])


async def say_turn(call: Call[Assistant, SayParams]) -> Response:
    app, params = call.app, call.params
    chat = await app.chats.require(call.user_id, call.id())
    asker = await app.asker(call.user_id)
    text = check_words(params.text)
    about = await _about(app, call.user_id, params.about_post_id)
    return await streamed(app.conversing.say(asker, chat.id, text, about))


async def _about(app: Assistant, account_id: AccountId, text: str | None) -> int:
    """The post that is on screen, as far as its reader may see it."""
    if not text:
        return 0
    post_id = parse_id(text)
    if post_id is None:
        raise NotFound("record.absent")
    await app.answers.thread(Readers(account_id), post_id)
    return post_id


async def answer_again(call: Call[Assistant, None]) -> Response:
    app = call.app
    turn = await app.turns.require(call.user_id, call.id(), call.id("turn"))
    asker = await app.asker(call.user_id)
    await app.turns.asked(call.user_id, turn)
    return await streamed(app.conversing.again(asker, turn))


async def edit_turn(call: Call[Assistant, EditParams]) -> Response:
    app = call.app
    turn = await app.turns.require(call.user_id, call.id(), call.id("turn"))
    if turn.role != "person":
        raise NotFound("record.absent")
    asker = await app.asker(call.user_id)
    return await streamed(app.conversing.edit(asker, turn, check_words(call.params.text)))


async def judge_turn(call: Call[Assistant, JudgedParams]) -> Response:
    app, account_id = call.app, call.user_id
    turn = await app.turns.require(account_id, call.id(), call.id("turn"))
    await app.turns.judge(account_id, turn, right=call.params.right)
    turn = await app.turns.require(account_id, turn.chat_id, turn.id)
    return as_json(turn_shape(turn, await app.conversing.admitted(account_id, [turn])))


async def delete_turn(call: Call[Assistant, None]) -> Response:
    turn = await call.app.turns.require(call.user_id, call.id(), call.id("turn"))
    await call.app.turns.delete(call.user_id, turn)
    return as_json({})


_CHATS = "/api/weft/v1/assistant/chats"
_CHAT, _TURN = f"{_CHATS}/:id", f"{_CHATS}/:id/turns/:turn"
_route = partial(Route, auth=Auth.USER, style=Style.WEFT, tag="assistant", refusals=(403,))
_own = partial(_route, sees=Sees.OWN, rate=API)
_get = partial(_own, method="GET", scopes=("read",), body=0)
_write = partial(_own, scopes=("write",), body=SMALL_BODY)
_work = partial(_route, sees=Sees.AUDIENCE, rate=ASSISTANT, gives_up=True)
_look = partial(_work, method="GET", scopes=("read",), body=0)
_do = partial(_work, method="POST", scopes=("write",))

ROUTES: tuple[Route, ...] = (
    _get(
        path=_CHATS, handler=list_chats, params=PageParams, returns=list[ChatShape], summary="One's chats, newest first"
    ),
    _write(method="POST", path=_CHATS, handler=create_chat, params=TitleParams, returns=ChatShape),
    _own(method="DELETE", path=_CHATS, handler=forget, scopes=("write",), body=0, summary="Forget every chat"),
    _get(path=_CHAT, handler=show_chat, returns=ChatShape),
    _write(method="PATCH", path=_CHAT, handler=rename_chat, params=RenameParams, returns=ChatShape),
    _own(method="DELETE", path=_CHAT, handler=delete_chat, scopes=("write",), body=0, summary="Forget a chat"),
    _look(
        path=f"{_CHAT}/turns",
        handler=list_turns,
        returns=list[TurnShape],
        summary="What was said, as far as it may still be shown",
    ),
    _do(
        path=f"{_CHAT}/turns",
        handler=say_turn,
        body=SMALL_BODY,
        params=SayParams,
        summary="Say something; the answer is a stream of events",
    ),
    _do(path=f"{_TURN}/again", handler=answer_again, body=0, summary="Answer once more; a stream of events"),
    _work(
        method="PATCH",
        path=_TURN,
        handler=edit_turn,
        scopes=("write",),
        body=SMALL_BODY,
        params=EditParams,
        summary="Say it otherwise; a stream of events",
    ),
    _do(
        path=f"{_TURN}/judged",
        handler=judge_turn,
        body=SMALL_BODY,
        params=JudgedParams,
        returns=TurnShape,
        summary="Say whether an answer was right",
    ),
    _own(method="DELETE", path=_TURN, handler=delete_turn, scopes=("write",), body=0),
)
