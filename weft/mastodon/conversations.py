"""Conversations: direct posts by thread, each member's own list of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import NotFound
from weft.kernel.paging import Page, Paged
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.notification_pages import as_array
from weft.mastodon.pages import MOST_SCANNED, page_of_rows, respond
from weft.timelines.model import Viewer
from weft.timelines.service import (
    Conversation,
    conversation_posts,
    drop_conversation,
    find_conversation,
    find_conversation_with,
    load_conversations,
    set_unread,
)

SHOWN, MOST_SHOWN = 20, 40


class ConversationEntity(msgspec.Struct):
    id: str
    unread: bool
    accounts: list[e.Account]
    last_status: e.Status | None


async def list_all(call: Call[Mastodon, PageParams]) -> Response:
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    paged = await _page(app, viewer, page_from(call.params, SHOWN, MOST_SHOWN))
    return respond(call, as_array(await _present(app, viewer, paged.items)), paged)


async def _page(app: Mastodon, viewer: Viewer, page: Page) -> Paged[Conversation]:
    """Conversations whose last post the viewer may see and wants to; cursors are those posts."""
    assert viewer.id is not None
    found: list[Conversation] = []
    cursor, scanned, ended = page, 0, False
    while not ended and len(found) < page.limit and scanned < MOST_SCANNED:
        async with app.db.read() as reader:
            rows = await load_conversations(reader, viewer.id, cursor)
        seen = await _shown(app, viewer, rows)
        found += reversed(seen) if page.upwards else seen
        scanned += len(rows)
        ended = len(rows) < page.limit
        if rows and page.upwards:
            cursor = msgspec.structs.replace(cursor, after=rows[0].last_post_id)
        elif rows:
            cursor = msgspec.structs.replace(cursor, before=rows[-1].last_post_id)
    cut = len(found) > page.limit
    del found[page.limit :]
    if page.upwards:
        found.reverse()
    if cut or page.upwards:
        return Paged(found, found[-1].last_post_id if found else None, found[0].last_post_id if found else None)
    return Paged(found, None if ended else cursor.before, found[0].last_post_id if found else None)


async def _shown(app: Mastodon, viewer: Viewer, rows: Sequence[Conversation]) -> list[Conversation]:
    entries = {entry.id: entry for entry in await app.presenter.load([row.last_post_id for row in rows])}
    muting = viewer.bounds.muting
    return [
        row
        for row in rows
        if (entry := entries.get(row.last_post_id)) is not None
        and app.presenter.visible(entry, viewer)
        and entry.post.author_id not in muting
    ]


async def _present(app: Mastodon, viewer: Viewer, rows: Sequence[Conversation]) -> list[bytes]:
    assert viewer.id is not None
    presenter = app.presenter
    ids = dict.fromkeys(id_ for row in rows for id_ in (row.participants or (viewer.id,)))
    people = {entry.id: entry for entry in await presenter.load_accounts(ids) if not entry.account.gone}
    loaded = await presenter.load([row.last_post_id for row in rows])
    posts = {entry.id: entry for entry in loaded if presenter.visible(entry, viewer)}
    await presenter.prepare(list(posts.values()), viewer)  # marks of all at once
    bodies = []
    for row in rows:
        members = [people[id_].body for id_ in (row.participants or (viewer.id,)) if id_ in people]
        post = posts.get(row.last_post_id)
        status = await presenter.status(post, viewer) if post is not None else b"null"
        head = b'{"id":"%d","unread":%b,"accounts":[' % (row.id, b"true" if row.unread else b"false")
        bodies.append(b"".join((head, b",".join(members), b'],"last_status":', status, b"}")))
    return bodies


async def conversation_body(app: Mastodon, viewer: Viewer, conversation_id: int) -> bytes | None:
    """What an open stream shows of a conversation with a new post; None where it is gone or not to be seen."""
    assert viewer.id is not None
    async with app.db.read() as reader:
        row = await find_conversation(reader, viewer.id, conversation_id)
    shown = await _shown(app, viewer, [row]) if row is not None else []
    return (await _present(app, viewer, shown))[0] if shown else None


async def posts(call: Call[Mastodon, PageParams]) -> Response:
    """The posts of one conversation, the newest first."""
    app, user_id, conversation_id = call.app, call.user_id, call.id()
    viewer = await app.viewers.get(user_id)
    async with app.db.read() as reader:
        if await find_conversation(reader, user_id, conversation_id) is None:
            raise NotFound("record.absent")

    async def rows(page: Page) -> list[tuple[int, int]]:
        async with app.db.read() as reader:
            return await conversation_posts(reader, user_id, conversation_id, page)

    body, paged = await page_of_rows(app, viewer, rows, page_from(call.params, SHOWN, MOST_SHOWN))
    return respond(call, body, paged)


async def show(call: Call[Mastodon, None]) -> Response:
    """One conversation of the caller's."""
    async with call.app.db.read() as reader:
        row = await find_conversation(reader, call.user_id, call.id())
    return await _show(call, row)


async def show_with(call: Call[Mastodon, None]) -> Response:
    """The newest conversation with just this account, in a list that is empty where there is none."""
    app = call.app
    async with app.db.read() as reader:
        row = await find_conversation_with(reader, call.user_id, (call.id(),))
    rows = [row] if row is not None else []
    return Response(200, as_array(await _present(app, await app.viewers.get(call.user_id), rows)))


async def _show(call: Call[Mastodon, None], row: Conversation | None) -> Response:
    app = call.app
    if row is None:
        raise NotFound("record.absent")
    return Response(200, (await _present(app, await app.viewers.get(call.user_id), [row]))[0])


async def _mark(call: Call[Mastodon, None], *, unread: bool) -> Response:
    app = call.app
    row = await set_unread(app.db, call.user_id, call.id(), unread=unread)
    return Response(200, (await _present(app, await app.viewers.get(call.user_id), [row]))[0])


async def mark_read(call: Call[Mastodon, None]) -> Response:
    return await _mark(call, unread=False)


async def mark_unread(call: Call[Mastodon, None]) -> Response:
    return await _mark(call, unread=True)


async def drop(call: Call[Mastodon, None]) -> Response:
    await drop_conversation(call.app.db, call.user_id, call.id())
    return as_json({})


_ROUTE = partial(Route, auth=Auth.USER, rate=API, tag="conversations")
_write = partial(_ROUTE, scopes=("write:conversations",), body=SMALL_BODY)
_weft = partial(_ROUTE, method="GET", scopes=("read:statuses",), sees=Sees.AUDIENCE, body=0, style=Style.WEFT)
_ALL = "/api/v1/conversations"
_OWN = "/api/weft/v1/conversations"

ROUTES: tuple[Route, ...] = (
    _ROUTE(
        method="GET",
        path=_ALL,
        handler=list_all,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        body=0,
        params=PageParams,
        returns=list[ConversationEntity],
    ),
    _weft(path=f"{_OWN}/:id", handler=show, returns=ConversationEntity, summary="One conversation"),
    _weft(
        path=f"{_OWN}/with/:id", handler=show_with, returns=list[ConversationEntity], summary="The one with an account"
    ),
    _weft(path=f"{_OWN}/:id/posts", handler=posts, params=PageParams, returns=list[e.Status], summary="Its posts"),
    _write(method="DELETE", path=f"{_ALL}/:id", handler=drop, sees=Sees.OWN, returns=e.Empty),
    _write(method="POST", path=f"{_ALL}/:id/read", handler=mark_read, sees=Sees.AUDIENCE, returns=ConversationEntity),
    _write(
        method="POST", path=f"{_ALL}/:id/unread", handler=mark_unread, sees=Sees.AUDIENCE, returns=ConversationEntity
    ),
)
