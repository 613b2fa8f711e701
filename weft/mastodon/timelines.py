"""Timelines: home, public, tag, list, and the caller's own collections: likes, bookmarks, direct posts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import Auth, Call, Response, Route, Sees
from weft.kernel.paging import Page
from weft.kernel.text.entities import tag_key
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.pages import page_of_rows, page_of_statuses, respond
from weft.mastodon.presenter import Presenter
from weft.posts.service import bookmarked_posts, liked_posts
from weft.timelines.service import Chunk, Source, require_list

SHOWN, MOST_SHOWN = 20, 40
MOST_TAGS = 4
"""How many further tags one tag timeline may name, of each kind."""
_EMPTY = b"[]"


class PublicParams(PageParams, kw_only=True):
    local: bool = False
    remote: bool = False
    only_media: bool = False


class TagParams(PublicParams, kw_only=True):
    any: list[str] = msgspec.field(default_factory=list)
    all: list[str] = msgspec.field(default_factory=list)
    none: list[str] = msgspec.field(default_factory=list)


class LinkParams(PageParams, kw_only=True):
    url: str = ""


async def home(call: Call[Mastodon, PageParams]) -> Response:
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    body, paged = await page_of_statuses(app, viewer, app.timelines.home(viewer), page, "home")
    return respond(call, body, paged)


async def public(call: Call[Mastodon, PublicParams]) -> Response:
    """Everybody's public posts. All of them are local: there are no others yet."""
    app, params = call.app, call.params
    if params.remote and not params.local:
        return Response(200, _EMPTY)
    viewer = await app.viewers.get(call.viewer_id)
    source = app.timelines.public(viewer, only_media=params.only_media)
    body, paged = await page_of_statuses(app, viewer, source, page_from(params, SHOWN, MOST_SHOWN), "public")
    return respond(call, body, paged)


async def tagged(call: Call[Mastodon, TagParams]) -> Response:
    app, params = call.app, call.params
    if params.remote and not params.local:
        return Response(200, _EMPTY)
    viewer = await app.viewers.get(call.viewer_id)
    tags = [_key(call.path["hashtag"]), *_keys(params.any)]
    source = app.timelines.tag(viewer, dict.fromkeys(tags), only_media=params.only_media)
    every, none = _keys(params.all), _keys(params.none)
    if every or none:
        source = _WithTags(app.presenter, source, frozenset(every), frozenset(none))
    body, paged = await page_of_statuses(app, viewer, source, page_from(params, SHOWN, MOST_SHOWN), "public")
    return respond(call, body, paged)


def _key(name: str) -> str:
    return tag_key(name.strip().removeprefix("#"))


def _keys(names: Iterable[str]) -> list[str]:
    return [key for name in names if (key := _key(name))][:MOST_TAGS]


class _WithTags:
    """Of a tag timeline what carries all of some tags and none of others."""

    def __init__(self, presenter: Presenter, source: Source, every: frozenset[str], none: frozenset[str]) -> None:
        self._presenter = presenter
        self._source = source
        self._every = every
        self._none = none

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        chunk = await self._source.chunk(before, after, count, upwards=upwards)
        entries = await self._presenter.load([one.id for one in chunk.found])
        tags = {entry.id: {tag_key(name) for name in entry.post.tags} for entry in entries}
        found = [
            one
            for one in chunk.found
            if one.id in tags and self._every <= tags[one.id] and not self._none & tags[one.id]
        ]
        return Chunk(found, chunk.scanned)


async def listed(call: Call[Mastodon, PageParams]) -> Response:
    """The members of one of the caller's lists."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    async with app.db.read() as reader:
        wanted = await require_list(reader, call.user_id, call.id())
    source = await app.timelines.members(viewer, wanted)
    body, paged = await page_of_statuses(app, viewer, source, page_from(call.params, SHOWN, MOST_SHOWN), "home")
    return respond(call, body, paged)


async def direct(call: Call[Mastodon, PageParams]) -> Response:
    """Direct posts of the caller's conversations."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    body, paged = await page_of_statuses(app, viewer, app.timelines.direct(viewer), page, "home")
    return respond(call, body, paged)


async def link(call: Call[Mastodon, LinkParams]) -> Response:
    """Posts that link a trending page: no links trend yet."""
    return Response(200, _EMPTY)


async def favourites(call: Call[Mastodon, PageParams]) -> Response:
    """What the caller likes, the last liked first."""
    app, user_id = call.app, call.user_id

    async def rows(page: Page) -> list[tuple[int, int]]:
        async with app.db.read() as reader:
            return await liked_posts(reader, user_id, page)

    return await _own_rows(call, rows)


async def bookmarks(call: Call[Mastodon, PageParams]) -> Response:
    """What the caller bookmarked, the last one first."""
    app, user_id = call.app, call.user_id

    async def rows(page: Page) -> list[tuple[int, int]]:
        async with app.db.read() as reader:
            return await bookmarked_posts(reader, user_id, page)

    return await _own_rows(call, rows)


async def _own_rows(call: Call[Mastodon, PageParams], rows: Any) -> Response:
    viewer = await call.app.viewers.get(call.user_id)
    body, paged = await page_of_rows(call.app, viewer, rows, page_from(call.params, SHOWN, MOST_SHOWN))
    return respond(call, body, paged)


def _timeline(path: str, handler: Any, auth: Auth, scope: str, params: type[msgspec.Struct] = PageParams) -> Route:
    return Route(
        method="GET",
        path=f"/api/v1/{path}",
        handler=handler,
        auth=auth,
        scopes=(scope,),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=params,
        returns=list[e.Status],
        summary=(handler.__doc__ or "The caller's home").split("\n")[0].rstrip("."),
        tag="timelines",
    )


ROUTES: tuple[Route, ...] = (
    _timeline("timelines/home", home, Auth.USER, "read:statuses"),
    _timeline("timelines/public", public, Auth.OPTIONAL, "read:statuses", PublicParams),
    _timeline("timelines/tag/:hashtag", tagged, Auth.OPTIONAL, "read:statuses", TagParams),
    _timeline("timelines/list/:id", listed, Auth.USER, "read:lists"),
    _timeline("timelines/direct", direct, Auth.USER, "read:statuses"),
    _timeline("timelines/link", link, Auth.OPTIONAL, "read:statuses", LinkParams),
    _timeline("favourites", favourites, Auth.USER, "read:favourites"),
    _timeline("bookmarks", bookmarks, Auth.USER, "read:bookmarks"),
)
