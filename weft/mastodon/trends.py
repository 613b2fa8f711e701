"""What is talked about: trending tags, posts and links."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import clamp_limit
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, as_json
from weft.mastodon import entities as e
from weft.mastodon.cards import trending_link
from weft.mastodon.context import Mastodon
from weft.mastodon.tags import Tag, present_tags
from weft.previews.service import trending_cards
from weft.timelines.service import trending_posts, trending_tags


class TrendParams(msgspec.Struct, kw_only=True):
    limit: int | None = None
    offset: int | None = None


async def tags(call: Call[Mastodon, TrendParams]) -> Response:
    app, start, end = call.app, *_part(call.params, 10, 20)
    viewer = await app.viewers.get(call.viewer_id)
    async with app.db.read() as reader:
        names = await trending_tags(reader, app.clock.now_ms())
    return as_json(await present_tags(app, viewer, names[start:end]))


async def statuses(call: Call[Mastodon, TrendParams]) -> Response:
    app, start, end = call.app, *_part(call.params, 20, 40)
    viewer = await app.viewers.get(call.viewer_id)
    async with app.db.read() as reader:
        trends = await trending_posts(reader, app.clock.now_ms())
    muting = viewer.bounds.muting
    entries = await app.presenter.load([trend.post_id for trend in trends if trend.author_id not in muting])
    shown = [entry for entry in entries if entry.author.account.discoverable and app.presenter.visible(entry, viewer)]
    return Response(200, await app.presenter.statuses(shown[start:end], viewer))


async def links(call: Call[Mastodon, TrendParams]) -> Response:
    app, start, end = call.app, *_part(call.params, 10, 20)
    now_ms = app.clock.now_ms()
    async with app.db.read() as reader:
        trends = await trending_cards(reader, now_ms)
    return as_json([trending_link(trend, app.presenter.addresses, now_ms) for trend in trends[start:end]])


def _part(params: TrendParams, default: int, maximum: int) -> tuple[int, int]:
    start = max(params.offset or 0, 0)
    return start, start + clamp_limit(params.limit, default, maximum)


def _route(path: str, handler: Any, returns: Any, sees: Sees = Sees.PUBLIC) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        auth=Auth.OPTIONAL,
        scopes=("read",),
        sees=sees,
        rate=API,
        body=0,
        params=TrendParams,
        returns=returns,
        tag="trends",
    )


ROUTES = (
    _route("/api/v1/trends", tags, list[Tag]),
    _route("/api/v1/trends/tags", tags, list[Tag]),
    _route("/api/v1/trends/statuses", statuses, list[e.Status], Sees.AUDIENCE),
    _route("/api/v1/trends/links", links, list[e.TrendingLink]),
)
