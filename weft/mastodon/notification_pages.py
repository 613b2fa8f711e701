"""Notifications on their way out: which of them the viewer may see, and pages that are refilled until they are full.

Rows come from ``notifications``; their senders and posts from the presenter's fragments. A notification whose sender
or post may not be seen any more is left out, whatever the row says.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

import msgspec

from weft.infra.routing.paging import PageParams
from weft.kernel.clock import rfc3339
from weft.kernel.ids import parse_id
from weft.kernel.paging import Page, Paged
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import AccountEntry, PostEntry
from weft.notifications.model import EVERYTHING, KINDS, Kind, Notification, Wanted
from weft.notifications.service import hidden_senders, load_page
from weft.relationships.model import Audience, Visibility, can_see
from weft.timelines.model import NEWEST_TOLD, Viewer

SHOWN, MOST_SHOWN = 40, 80
MOST_SCANNED = 400

TYPES: dict[str, Kind] = {
    "mention": "mention",
    "status": "post",
    "reblog": "repost",
    "follow": "follow",
    "follow_request": "follow_request",
    "favourite": "like",
    "poll": "poll",
    "update": "edit",
    "quote": "quote",
    "quoted_update": "quoted_edit",
    "admin.sign_up": "sign_up",
    "admin.report": "report",
}
"""Mastodon's names of the kinds."""
TYPE_OF: dict[Kind, str] = {kind: name for name, kind in TYPES.items()}


class NotificationParams(PageParams, kw_only=True):
    types: list[str] = msgspec.field(default_factory=list)
    exclude_types: list[str] = msgspec.field(default_factory=list)
    account_id: str | None = None
    include_filtered: bool = False
    supported_types: list[str] = msgspec.field(default_factory=list)
    """Which types the client knows. It gets the others, too: there are none that it could not have known."""


class Shown(msgspec.Struct, gc=False):
    """One notification that the viewer may see, with what it is about."""

    row: Notification
    sender: AccountEntry
    post: PostEntry | None


def wanted_by(app: Mastodon, viewer: Viewer, params: NotificationParams) -> Wanted:
    """What is asked for, without those of whom the viewer wants to hear nothing."""
    hidden = hidden_senders(viewer.bounds, app.clock.now_ms())
    plain = not (params.types or params.exclude_types or params.account_id)
    if plain:
        return Wanted(filtered=params.include_filtered, hidden=hidden)
    return Wanted(
        kinds=_kinds(params.types, params.exclude_types),
        from_id=(parse_id(params.account_id) or 0) if params.account_id else None,
        filtered=params.include_filtered or bool(params.account_id),
        hidden=hidden,
    )


def _kinds(types: Collection[str], excluded: Collection[str]) -> tuple[Kind, ...]:
    asked = {TYPES[name] for name in types if name in TYPES} if types else set(KINDS)
    return tuple(asked - {TYPES[name] for name in excluded if name in TYPES})


async def look(app: Mastodon, viewer: Viewer, rows: Sequence[Notification]) -> list[Shown]:
    """Those of the notifications that the viewer may see, in their order."""
    if not rows:
        return []
    presenter = app.presenter
    known = await presenter.load_accounts({row.from_id for row in rows})
    people = {entry.id: entry for entry in known if can_see(_presence(entry), viewer.facts)}
    ids = {row.post_id for row in rows if row.post_id is not None}
    loaded = await presenter.load(list(ids)) if ids else []
    posts = {entry.id: entry for entry in loaded if presenter.visible(entry, viewer)}
    shown = []
    for row in rows:
        sender, post = people.get(row.from_id), posts.get(row.post_id) if row.post_id is not None else None
        if sender is not None and (post is not None or row.post_id is None):
            shown.append(Shown(row, sender, post))
    return shown


def _presence(sender: AccountEntry) -> Audience:
    return Audience(sender.id, Visibility.PUBLIC, gone=sender.account.gone)


async def page_of_notifications(app: Mastodon, viewer: Viewer, wanted: Wanted, page: Page) -> Paged[Shown]:
    """As many notifications as are asked for and may be seen."""
    found: list[Shown] = []
    cursor, scanned, ended = page, 0, False
    while not ended and len(found) < page.limit and scanned < MOST_SCANNED:
        rows = await load_rows(app, viewer, wanted, cursor)
        seen = await look(app, viewer, rows)
        found += reversed(seen) if page.upwards else seen
        scanned += len(rows)
        ended = len(rows) < page.limit
        cursor = beyond(cursor, rows)
    cut = len(found) > page.limit
    del found[page.limit :]
    if page.upwards:
        found.reverse()
        return Paged(found, *_ends_up(found, cursor, scanned))
    if cut:
        return Paged(found, found[-1].row.id, found[0].row.id)
    return Paged(found, None if ended else cursor.before, found[0].row.id if found else None)


def _ends_up(found: Sequence[Shown], cursor: Page, scanned: int) -> tuple[int | None, int | None]:
    if found:
        return found[-1].row.id, found[0].row.id
    return None, cursor.after if scanned else None


class _Newest:
    """The newest page as it was loaded; ``rows`` is None while it is being loaded."""

    __slots__ = ("limit", "rows")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rows: Sequence[Notification] | None = None


async def load_rows(app: Mastodon, viewer: Viewer, wanted: Wanted, page: Page) -> Sequence[Notification]:
    """A page of rows. The newest page, which apps ask for again and again, stays with the viewer until an event takes
    it away: that saves the one statement of a warm request, 60 us of 230 (measured on two cores)."""
    assert viewer.id is not None
    newest = None
    if wanted == EVERYTHING and page == Page(page.limit):
        newest = viewer.sources.get(NEWEST_TOLD)
        if newest is not None and newest.limit == page.limit and newest.rows is not None:
            return newest.rows  # type: ignore[no-any-return]
        newest = viewer.sources[NEWEST_TOLD] = _Newest(page.limit)
    async with app.db.read() as reader:
        rows = await load_page(reader, viewer.id, wanted, page)
    if newest is not None:
        newest.rows = rows  # nobody finds it where an event came meanwhile
    return rows


def beyond(page: Page, rows: Sequence[Notification]) -> Page:
    """Where to go on after these rows of the page."""
    if not rows:
        return page
    if page.upwards:
        return msgspec.structs.replace(page, after=rows[0].id)
    return msgspec.structs.replace(page, before=rows[-1].id)


async def present(app: Mastodon, viewer: Viewer, shown: Sequence[Shown]) -> list[bytes]:
    """The entity of each notification, encoded."""
    presenter, join = app.presenter, app.presenter.shaper.join
    befriended = await presenter.prepare([one.post for one in shown if one.post is not None], viewer)
    now_ms = app.clock.now_ms()
    bodies = []
    for one in shown:
        row, post = one.row, one.post
        out = [_head(row.id, row.kind, row.group_key, row.filtered), one.sender.body]
        if post is not None:
            out.append(b',"status":')
            join(out, post, viewer, befriended, now_ms)
        out.append(b"}")
        bodies.append(b"".join(out))
    return bodies


@lru_cache(maxsize=8192)
def _head(id_: int, kind: Kind, group_key: str, filtered: bool) -> bytes:
    return b'{"id":"%d","type":"%b","group_key":"%b","created_at":"%b","filtered":%b,"account":' % (
        id_,
        TYPE_OF[kind].encode(),
        (group_key or f"ungrouped-{id_}").encode(),
        rfc3339(id_ >> 16).encode(),
        b"true" if filtered else b"false",
    )


def as_array(bodies: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"
