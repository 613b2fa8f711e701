"""What people do with a post, and who did: like, repost, bookmark, pin, mute its thread, quote.

The id of a repost stands for the post it repeats, but where the repost itself is meant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from weft.infra.admit import API, DELETE, POST
from weft.infra.db import Reader
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees
from weft.kernel.errors import Invalid
from weft.kernel.ids import PostId
from weft.kernel.paging import Page, Paged, page_of_rows
from weft.mastodon import entities as e
from weft.mastodon import pages
from weft.mastodon.addresses import VISIBILITIES
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import PostEntry
from weft.mastodon.post_requests import VisibilityName, WeftParams, author_of, user_of
from weft.posts.model import QuotePolicy
from weft.posts.service import (
    like_post,
    likers,
    quoting_posts,
    repost,
    reposters,
    revoke_quote,
    set_bookmark,
    set_pin,
    set_policies,
    set_thread_mute,
    unlike_post,
    unrepost,
)
from weft.relationships.model import Visibility
from weft.timelines.model import Viewer

LISTED, MOST_LISTED = 40, 80


class RepostParams(msgspec.Struct, kw_only=True):
    visibility: VisibilityName | None = None


class PolicyParams(msgspec.Struct, kw_only=True):
    quote_approval_policy: QuotePolicy | None = None
    weft: WeftParams | None = None


async def _seen(call: Call[Mastodon, Any], name: str = "id") -> tuple[PostEntry, Viewer]:
    """The post acted on: of a repost what it repeats."""
    viewer = await call.app.viewers.get(call.viewer_id)
    entry = await call.app.presenter.require(call.id(name), viewer)
    return entry.inner or entry, viewer


async def _shown(call: Call[Mastodon, Any], id_: int, viewer: Viewer) -> Response:
    return Response(200, await call.app.presenter.show(id_, viewer))


async def favourite(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    known, marked, counted = viewer.marks.get(entry.id), viewer.changes, entry.changes
    hot = call.app.heat.note(entry.post.id, call.app.clock.now_ms())
    if await like_post(call.app.db, call.user_id, entry.post, hot=hot):
        call.app.presenter.count_like(entry, counted)
        if known is not None and viewer.changes == marked + 1:  # nothing but this like was told meanwhile
            viewer.marks[entry.id] = msgspec.structs.replace(known, liked=True)
    return await _shown(call, entry.id, viewer)


async def unfavourite(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await unlike_post(call.app.db, call.user_id, entry.post)
    return await _shown(call, entry.id, viewer)


async def reblog(call: Call[Mastodon, RepostParams]) -> Response:
    """Repost; the answer is the repost, an earlier one if there is one."""
    app = call.app
    entry, viewer = await _seen(call)
    wanted = call.params.visibility
    number = VISIBILITIES.index(wanted) if wanted is not None else (await user_of(app, viewer)).post_visibility
    author = await author_of(app, call.user_id)
    repost_id = await repost(app.db, author, entry.post, Visibility(number))
    return await _shown(call, repost_id, viewer)


async def unreblog(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await unrepost(call.app.db, call.user_id, entry.post)
    return await _shown(call, entry.id, viewer)


async def bookmark(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await set_bookmark(call.app.db, call.user_id, PostId(entry.id), on=True)
    return await _shown(call, entry.id, viewer)


async def unbookmark(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await set_bookmark(call.app.db, call.user_id, PostId(entry.id), on=False)
    return await _shown(call, entry.id, viewer)


async def mute(call: Call[Mastodon, None]) -> Response:
    """Hear no more of the thread."""
    entry, viewer = await _seen(call)
    await set_thread_mute(call.app.db, call.user_id, entry.post, on=True)
    return await _shown(call, entry.id, viewer)


async def unmute(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await set_thread_mute(call.app.db, call.user_id, entry.post, on=False)
    return await _shown(call, entry.id, viewer)


async def pin(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await set_pin(call.app.db, call.user_id, entry.post, on=True)
    return await _shown(call, entry.id, viewer)


async def unpin(call: Call[Mastodon, None]) -> Response:
    entry, viewer = await _seen(call)
    await set_pin(call.app.db, call.user_id, entry.post, on=False)
    return await _shown(call, entry.id, viewer)


# -------------------------------------------------------------------------------------------------------------- who did

People = Callable[[Reader, PostId, Page], Awaitable[list[tuple[int, int]]]]


async def _people(call: Call[Mastodon, PageParams], rows: People) -> Response:
    """A page of those who did something with a post; the cursor is the hidden row."""
    app = call.app
    entry, viewer = await _seen(call)
    page = page_from(call.params, LISTED, MOST_LISTED)
    async with app.db.read() as reader:
        found = await rows(reader, PostId(entry.id), page)
    away = viewer.bounds.blocking | viewer.bounds.blocked_by
    body = await app.presenter.accounts([account_id for _, account_id in found if account_id not in away])
    next_id, prev_id = page_of_rows([row_id for row_id, _ in found], page)
    return pages.respond(call, body, Paged((), next_id, prev_id))


async def favourited_by(call: Call[Mastodon, PageParams]) -> Response:
    return await _people(call, likers)


async def reblogged_by(call: Call[Mastodon, PageParams]) -> Response:
    return await _people(call, reposters)


async def quotes(call: Call[Mastodon, PageParams]) -> Response:
    """The posts that quote one, newest first."""
    app = call.app
    entry, viewer = await _seen(call)

    async def rows(page: Page) -> list[tuple[int, int]]:
        async with app.db.read() as reader:
            return await quoting_posts(reader, PostId(entry.id), page)

    body, paged = await pages.page_of_rows(app, viewer, rows, page_from(call.params, 20, 40))
    return pages.respond(call, body, paged)


async def revoke(call: Call[Mastodon, None]) -> Response:
    """Take one's post out of another that quotes it; the answer is the other."""
    app = call.app
    entry, viewer = await _seen(call)
    quoting = await app.presenter.require(call.id("quoting_id"), viewer)
    await revoke_quote(app.db, call.user_id, entry.post, quoting.post)
    return await _shown(call, quoting.id, viewer)


async def interaction_policy(call: Call[Mastodon, PolicyParams]) -> Response:
    """Say anew who may quote one's post, and with ``weft.reply_policy`` who may answer it."""
    entry, viewer = await _seen(call)
    params = call.params
    replies = params.weft.reply_policy if params.weft is not None else None
    if params.quote_approval_policy is None and replies is None:
        raise Invalid("param.missing", field="quote_approval_policy")
    await set_policies(call.app.db, call.user_id, entry.post, params.quote_approval_policy, replies)
    return await _shown(call, entry.id, viewer)


def _action(name: str, handler: Callable[[Call[Mastodon, Any]], Awaitable[Response]], scope: str, **more: Any) -> Route:
    values: dict[str, Any] = {"rate": API, "body": SMALL_BODY, "returns": e.Status, "tag": "statuses"}
    return Route(
        method="POST",
        path=f"/api/v1/statuses/:id/{name}",
        handler=handler,
        auth=Auth.USER,
        scopes=(scope,),
        sees=Sees.AUDIENCE,
        **(values | more),
    )


ROUTES: tuple[Route, ...] = (
    _action("favourite", favourite, "write:favourites", summary="Like a post"),
    _action("unfavourite", unfavourite, "write:favourites", summary="Take a like back"),
    _action("reblog", reblog, "write:statuses", rate=POST, params=RepostParams, summary="Repost a post"),
    _action("unreblog", unreblog, "write:statuses", rate=DELETE, summary="Take a repost back"),
    _action("bookmark", bookmark, "write:bookmarks", summary="Bookmark a post"),
    _action("unbookmark", unbookmark, "write:bookmarks", summary="Drop a bookmark"),
    _action("mute", mute, "write:mutes", summary="Mute a thread"),
    _action("unmute", unmute, "write:mutes", summary="Unmute a thread"),
    _action("pin", pin, "write:accounts", summary="Pin a post to one's profile"),
    _action("unpin", unpin, "write:accounts", summary="Unpin a post"),
    _action("quotes/:quoting_id/revoke", revoke, "write:statuses", summary="Take one's post out of a quote"),
    Route(
        method="PUT",
        path="/api/v1/statuses/:id/interaction_policy",
        handler=interaction_policy,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=SMALL_BODY,
        params=PolicyParams,
        returns=e.Status,
        summary="Who may quote and answer a post",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id/quotes",
        handler=quotes,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=PageParams,
        returns=list[e.Status],
        summary="The posts that quote a post",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id/favourited_by",
        handler=favourited_by,
        auth=Auth.OPTIONAL,
        scopes=("read:accounts",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=PageParams,
        returns=list[e.Account],
        summary="Who likes a post",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id/reblogged_by",
        handler=reblogged_by,
        auth=Auth.OPTIONAL,
        scopes=("read:accounts",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=PageParams,
        returns=list[e.Account],
        summary="Who reposted a post",
        tag="statuses",
    ),
)
