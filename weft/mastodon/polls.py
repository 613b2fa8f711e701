"""Polls: look and vote. A poll has the id of its post."""

from __future__ import annotations

import msgspec

from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import NotFound
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import PostEntry
from weft.posts.service import vote
from weft.timelines.model import Viewer


class VoteParams(msgspec.Struct, kw_only=True):
    choices: list[int] = []


async def _require(app: Mastodon, id_: int, viewer: Viewer) -> PostEntry:
    entry = await app.presenter.require(id_, viewer)
    if entry.poll is None:
        raise NotFound("record.absent")
    return entry


async def _present(app: Mastodon, id_: int, viewer: Viewer) -> Response:
    entry = await _require(app, id_, viewer)
    await app.presenter.prepare((entry,), viewer)
    assert entry.poll is not None
    own = viewer.id == entry.post.author_id
    return as_json(app.presenter.shaper.poll(entry.poll, viewer, own=own, now_ms=app.clock.now_ms()))


async def show(call: Call[Mastodon, None]) -> Response:
    viewer = await call.app.viewers.get(call.viewer_id)
    return await _present(call.app, call.id(), viewer)


async def give_vote(call: Call[Mastodon, VoteParams]) -> Response:
    viewer = await call.app.viewers.get(call.user_id)
    entry = await _require(call.app, call.id(), viewer)
    await vote(call.app.db, call.user_id, entry.post, call.params.choices)
    return await _present(call.app, entry.id, viewer)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/v1/polls/:id",
        handler=show,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=e.Poll,
        summary="One poll",
        tag="polls",
    ),
    Route(
        method="POST",
        path="/api/v1/polls/:id/votes",
        handler=give_vote,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=SMALL_BODY,
        params=VoteParams,
        returns=e.Poll,
        summary="Vote",
        tag="polls",
    ),
)
