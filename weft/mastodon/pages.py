"""Pages of statuses: candidates from a source, loaded, kept if the viewer may see them, refilled until they are full.

Every timeline goes through here. The first pass nearly always fills the page, so it is kept short.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from weft.infra.routing.paging import link_header
from weft.infra.routing.table import Call, Response
from weft.kernel.paging import Page, Paged
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import PostEntry, words_of
from weft.relationships.model import Visibility
from weft.timelines.model import FilterContext, Viewer
from weft.timelines.service import Source, filter_hits, wants_language

MOST_SCANNED = 400
"""How many candidates are looked at for one page."""
_SPARE = 4
"""Asked for beyond the limit, so that a few invisible ones cost no second pass."""


async def page_of_statuses(
    app: Mastodon, viewer: Viewer, source: Source, page: Page, context: FilterContext
) -> tuple[bytes, Paged[PostEntry]]:
    """A JSON array and its cursors. Filters that hide take posts out of home; elsewhere they only flag."""
    if page.upwards:
        return await _page_up(app, viewer, source, page, context)
    limit, before, after = page.limit, page.before, page.after
    presenter = app.presenter
    visible, load = presenter.visible, presenter.load
    wanted = _wanted(app, viewer, context)
    shown: list[PostEntry] = []
    scanned = 0
    while True:
        chunk = await source.chunk(before, after, limit + _SPARE, upwards=False)
        if not chunk.scanned:
            return await _answer(app, viewer, shown, None)
        for entry in await load([found.id for found in chunk.found]):
            if visible(entry, viewer) and (wanted is None or wanted(entry)):
                shown.append(entry)
                if len(shown) == limit:
                    return await _answer(app, viewer, shown, entry.id)
        if chunk.ended:
            return await _answer(app, viewer, shown, None)
        before = chunk.scanned[-1].id
        scanned += len(chunk.scanned)
        if scanned >= MOST_SCANNED:
            return await _answer(app, viewer, shown, before)


async def _page_up(
    app: Mastodon, viewer: Viewer, source: Source, page: Page, context: FilterContext
) -> tuple[bytes, Paged[PostEntry]]:
    """The posts next above a cursor. Older ones than the page's are there, at least the cursor's own."""
    limit, after = page.limit, page.after
    visible, wanted = app.presenter.visible, _wanted(app, viewer, context)
    shown: list[PostEntry] = []
    scanned = 0
    while len(shown) < limit and scanned < MOST_SCANNED:
        chunk = await source.chunk(page.before, after, limit + _SPARE, upwards=True)
        if not chunk.scanned:
            break
        for entry in reversed(await app.presenter.load([found.id for found in chunk.found])):
            if visible(entry, viewer) and (wanted is None or wanted(entry)):
                shown.append(entry)
                if len(shown) == limit:
                    break
        after = chunk.scanned[0].id
        scanned += len(chunk.scanned)
    shown.reverse()
    body, paged = await _answer(app, viewer, shown, shown[-1].id if shown else None)
    if not shown and scanned:
        paged.prev_id = after  # all that was looked at is hidden: go on from there
    return body, paged


async def _answer(
    app: Mastodon, viewer: Viewer, shown: Sequence[PostEntry], next_id: int | None
) -> tuple[bytes, Paged[PostEntry]]:
    return await app.presenter.statuses(shown, viewer), Paged(shown, next_id, shown[0].id if shown else None)


def respond(call: Call[Mastodon, Any], body: bytes, paged: Paged[Any]) -> Response:
    """The answer of a list route, with its ``Link`` header."""
    return Response(200, body, headers=link_header(call, call.app.presenter.addresses.base, paged))


# ------------------------------------------------------------------------------------------------- wishes of the viewer


def _wanted(app: Mastodon, viewer: Viewer, context: FilterContext) -> Callable[[PostEntry], bool] | None:
    """What else must hold for a post to be shown, or None where nothing does: the usual case."""
    if context == "public":
        return _is_listed
    if context != "home" or not (viewer.filters or viewer.followed_tags or _choosy(viewer)):
        return None
    now_ms = app.clock.now_ms()
    return lambda entry: (
        not hides(viewer, entry, context, now_ms)
        and wants_language(viewer, entry.post.author_id, (entry.inner or entry).post.language)
        and (_is_listed(entry) or _is_met(entry, viewer))
    )


def _is_listed(entry: PostEntry) -> bool:
    """Whether public places show the author; the indexes keep what a limited one wrote before."""
    return not entry.author.limited


def _is_met(entry: PostEntry, viewer: Viewer) -> bool:
    """Whether the viewer reads the author anyway, not because of a tag."""
    author = entry.post.author_id
    return author == viewer.id or author in viewer.following or entry.post.visibility == Visibility.DIRECT


def hides(viewer: Viewer, entry: PostEntry, context: FilterContext, now_ms: int) -> bool:
    """Whether a filter of the viewer takes the post out of this context."""
    if not viewer.filters or entry.post.author_id == viewer.id:
        return False
    parts = entry.parts()
    hits = filter_hits(viewer, words_of(parts), tuple(one.post.id for one in parts), now_ms)
    return any(hit.filter.action == "hide" and context in hit.filter.contexts for hit in hits)


def _choosy(viewer: Viewer) -> bool:
    """Whether the viewer follows anybody in some languages only; kept with the viewer's facts."""
    known: bool | None = viewer.sources.get("choosy")
    if known is None:
        known = viewer.sources["choosy"] = any(follow.languages for follow in viewer.following.values())
    return known


# ------------------------------------------------------------------------------------------------------- hidden cursors

Rows = Callable[[Page], Awaitable[list[tuple[int, int]]]]
"""``(row, post)`` of a page, newest row first: the row's id is the cursor."""


async def page_of_rows(app: Mastodon, viewer: Viewer, rows: Rows, page: Page) -> tuple[bytes, Paged[PostEntry]]:
    """Statuses in the order of something hidden, such as when they were liked."""
    shown: list[tuple[int, PostEntry]] = []
    cursor, scanned, ended = page, 0, False
    while len(shown) < page.limit and scanned < MOST_SCANNED and not ended:
        found = await rows(cursor)
        ended = len(found) < page.limit
        if not found:
            break
        entries = {entry.id: entry for entry in await app.presenter.load([post_id for _, post_id in found])}
        for row_id, post_id in reversed(found) if page.upwards else found:
            entry = entries.get(post_id)
            scanned += 1
            cursor = _beyond(cursor, row_id)
            if entry is not None and app.presenter.visible(entry, viewer):
                shown.append((row_id, entry))
                if len(shown) == page.limit:
                    ended = ended and row_id == found[0 if page.upwards else -1][0]
                    break
    if page.upwards:
        shown.reverse()
    body = await app.presenter.statuses([entry for _, entry in shown], viewer)
    if page.upwards:
        next_id = shown[-1][0] if shown else None
    else:
        next_id = cursor.before if scanned and not ended else None
    return body, Paged((), next_id, shown[0][0] if shown else None)


def _beyond(page: Page, row_id: int) -> Page:
    if page.upwards:
        return msgspec.structs.replace(page, after=row_id)
    return msgspec.structs.replace(page, before=row_id)
