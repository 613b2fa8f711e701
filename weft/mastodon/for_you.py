"""*For you*, and what a reader wants less of. The order is made by ``timelines``; whether the reader may see each post
and wants to is asked here, page by page, as for every other timeline.

A page's cursor is the time at which the list was made and a place in it, in one number that only the server reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import clamp_limit
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.ids import PostId, parse_id
from weft.kernel.paging import Paged
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import PostEntry
from weft.mastodon.pages import hides, respond
from weft.timelines.model import Viewer
from weft.timelines.service import Ranking, Reason, add_disinterest, remove_disinterest, wants_language

SHOWN, MOST_SHOWN = 20, 40
_PLACES = 1 << 16
_WEFT = b'"weft":{'
_encode = msgspec.json.Encoder().encode


class ForYouParams(msgspec.Struct, kw_only=True):
    max_id: str | None = None
    """Where the page before said that the next one begins; no post's id."""
    limit: int | None = None


async def for_you(call: Call[Mastodon, ForYouParams]) -> Response:
    """Posts chosen for the caller, each with the reason. The order is a plain formula: see the page about it."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    limit = clamp_limit(call.params.limit, SHOWN, MOST_SHOWN)
    cursor = (parse_id(call.params.max_id) or 0) if call.params.max_id is not None else 0
    made_ms, start = cursor // _PLACES, cursor % _PLACES
    ranking = await app.timelines.for_you.ranking(viewer, app.clock.now_ms(), made_ms)
    shown, end = await _fill(app, viewer, ranking, start, limit)
    body = await _with_reasons(app, viewer, ranking, shown)
    more = end < len(ranking.ids)
    return respond(call, body, Paged((), ranking.made_ms * _PLACES + end if more else None))


async def _fill(
    app: Mastodon, viewer: Viewer, ranking: Ranking, start: int, limit: int
) -> tuple[list[tuple[int, PostEntry]], int]:
    """Posts from the given place on, with their places, until the page is full; and where the next one begins."""
    shown: list[tuple[int, PostEntry]] = []
    now_ms, at = app.clock.now_ms(), start
    while at < len(ranking.ids):
        places = range(at, min(at + limit + 4, len(ranking.ids)))
        loaded = {entry.id: entry for entry in await app.presenter.load([ranking.ids[place] for place in places])}
        for at in places:
            entry = loaded.get(ranking.ids[at])
            if entry is None or entry.id in ranking.without or not app.presenter.visible(entry, viewer):
                continue
            if _wanted(viewer, entry, now_ms):
                shown.append((at, entry))
                if len(shown) == limit:
                    return shown, at + 1
        at = places.stop
    return shown, at


def _wanted(viewer: Viewer, entry: PostEntry, now_ms: int) -> bool:
    """Whether it is to be shown unasked: mutes and filters count, and who does not want to be found is not."""
    author = entry.author.account
    if author.id in viewer.bounds.muting or hides(viewer, entry, "home", now_ms):
        return False
    if author.id in viewer.following:
        return wants_language(viewer, author.id, entry.post.language)
    return author.discoverable and not entry.author.limited


async def _with_reasons(
    app: Mastodon, viewer: Viewer, ranking: Ranking, shown: Sequence[tuple[int, PostEntry]]
) -> bytes:
    """The statuses as a JSON array, each saying why it is here."""
    presenter = app.presenter
    befriended = await presenter.prepare([entry for _, entry in shown], viewer)
    reasons = [ranking.reasons[place] for place, _ in shown]
    people = await presenter.load_accounts({reason.account_id for reason in reasons if reason.account_id})
    names = {int(one.id): (one.account.display_name or one.account.username, one.account.handle) for one in people}
    whole, now_ms = presenter.shaper.whole, app.clock.now_ms()
    bodies = []
    for (_, entry), reason in zip(shown, reasons, strict=True):
        # The viewer's part ends a status, so the last object of this name is the outermost one's.
        before, name, after = whole(entry, viewer, befriended, now_ms).rpartition(_WEFT)
        bodies.append(b'%b%b"reason":%b,%b' % (before, name, _encode(_present(reason, names)), after))
    return b"[%b]" % b",".join(bodies)


def _present(reason: Reason, names: Mapping[int, tuple[str, str]]) -> e.WeftReason:
    name, handle = names.get(reason.account_id, (reason.tag, "")) if reason.account_id else (reason.tag, "")
    return e.WeftReason(reason.kind, name, handle)


async def want_less(call: Call[Mastodon, None]) -> Response:
    """Show the caller fewer posts like this one."""
    viewer = await call.app.viewers.get(call.user_id)
    entry = await call.app.presenter.require(call.id(), viewer)
    await add_disinterest(call.app.db, call.user_id, (entry.inner or entry).post)
    return as_json({})


async def want_again(call: Call[Mastodon, None]) -> Response:
    """Take that back."""
    viewer = await call.app.viewers.get(call.user_id)
    entry = await call.app.presenter.require(call.id(), viewer)
    await remove_disinterest(call.app.db, call.user_id, PostId((entry.inner or entry).id))
    return as_json({})


def _less(method: str, handler: object, summary: str) -> Route:
    return Route(
        method=method,
        path="/api/weft/v1/posts/:id/not_interested",
        handler=handler,  # type: ignore[arg-type]
        auth=Auth.USER,
        scopes=("write:mutes",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=SMALL_BODY,
        returns=e.Empty,
        style=Style.WEFT,
        summary=summary,
        tag="for_you",
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/weft/v1/timelines/for_you",
        handler=for_you,
        auth=Auth.USER,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=ForYouParams,
        returns=list[e.Status],
        style=Style.WEFT,
        summary="Posts chosen for the caller, each with the reason",
        tag="for_you",
    ),
    _less("POST", want_less, "Show fewer posts like this one"),
    _less("DELETE", want_again, "Take back that fewer are wanted"),
)
