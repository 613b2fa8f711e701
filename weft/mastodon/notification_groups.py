"""Notifications in groups (the second version of the API): what many did with one post is one line.

A page is cut between groups; a group that goes on below the page comes again on the next one, as Mastodon has it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, clamp_limit, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import NotFound
from weft.kernel.ids import parse_id
from weft.kernel.paging import Page, Paged, page_of_rows
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import AccountEntry, PostEntry
from weft.mastodon.notification_pages import (
    MOST_SHOWN,
    SHOWN,
    TYPE_OF,
    TYPES,
    NotificationParams,
    Shown,
    beyond,
    load_rows,
    look,
    wanted_by,
)
from weft.mastodon.notifications import COUNTED, MOST_COUNTED, Count
from weft.mastodon.pages import respond
from weft.notifications.model import GROUPABLE, Group, Kind, Wanted, read_group_key
from weft.notifications.model import Notification as Row
from weft.notifications.service import (
    dismiss,
    dismiss_group,
    find_notification,
    hidden_senders,
    last_read,
    load_grouped,
    load_groups,
)
from weft.timelines.model import Viewer

MOST_SCANNED = 2000
_CHUNK = 100
_ALONE = "ungrouped-"

_encode = msgspec.json.Encoder().encode


class GroupParams(NotificationParams, kw_only=True):
    grouped_types: list[str] | None = None
    expand_accounts: Literal["full", "partial_avatars"] = "full"

    def kinds(self) -> tuple[Kind, ...]:
        """The kinds to be shown together."""
        if self.grouped_types is None:
            return GROUPABLE
        return tuple(TYPES[name] for name in self.grouped_types if name in TYPES and TYPES[name] in GROUPABLE)


class PartialAccount(msgspec.Struct):
    id: str
    acct: str
    url: str
    avatar: str
    avatar_static: str
    locked: bool
    bot: bool


class NotificationGroup(msgspec.Struct, kw_only=True):
    group_key: str
    notifications_count: int
    type: str
    most_recent_notification_id: str
    page_min_id: str | UnsetType = UNSET
    page_max_id: str | UnsetType = UNSET
    latest_page_notification_at: str | UnsetType = UNSET
    sample_account_ids: list[str]
    status_id: str | UnsetType = UNSET


class GroupedNotificationsResults(msgspec.Struct, kw_only=True):
    accounts: list[e.Account]
    partial_accounts: list[PartialAccount] | UnsetType = UNSET
    statuses: list[e.Status]
    notification_groups: list[NotificationGroup]


async def list_groups(call: Call[Mastodon, GroupParams]) -> Response:
    app, params = call.app, call.params
    viewer = await app.viewers.get(call.user_id)
    wanted = wanted_by(app, viewer, params)
    paged = await _page(app, viewer, wanted, page_from(params, SHOWN, MOST_SHOWN), params.kinds())
    groups = await _groups(app, viewer, paged.items, wanted, params.kinds())
    partly = params.expand_accounts == "partial_avatars"
    return respond(call, await _results(app, viewer, paged.items, groups, partly=partly), paged)


async def _page(app: Mastodon, viewer: Viewer, wanted: Wanted, page: Page, grouped: Iterable[Kind]) -> Paged[Shown]:
    """The notifications of as many groups as are asked for, newest first."""
    together = frozenset(grouped)
    found: list[Shown] = []
    keys: set[str] = set()
    cursor, scanned, ended = msgspec.structs.replace(page, limit=max(_CHUNK, page.limit)), 0, False
    while not ended and scanned < MOST_SCANNED:
        rows = await load_rows(app, viewer, wanted, cursor)
        seen = await look(app, viewer, rows)
        for one in reversed(seen) if page.upwards else seen:
            key = _key(one.row, together)
            if key not in keys and len(keys) == page.limit:
                return _cut(found, upwards=page.upwards)
            keys.add(key)
            found.append(one)
        scanned += len(rows)
        ended = len(rows) < cursor.limit
        cursor = beyond(cursor, rows)
    if page.upwards:
        return _cut(found, upwards=True)
    return Paged(found, None if ended else cursor.before, found[0].row.id if found else None)


def _cut(found: list[Shown], *, upwards: bool) -> Paged[Shown]:
    """A page that more follows on."""
    if upwards:
        found.reverse()
    return Paged(found, found[-1].row.id, found[0].row.id) if found else Paged(found)


def _key(row: Row, together: frozenset[Kind]) -> str:
    return row.group_key if row.group_key and row.kind in together else f"{_ALONE}{row.id}"


async def _groups(
    app: Mastodon, viewer: Viewer, shown: Sequence[Shown], wanted: Wanted, grouped: Iterable[Kind]
) -> list[Group]:
    if not shown:
        return []
    assert viewer.id is not None
    rows = [one.row for one in shown]
    async with app.db.read() as reader:
        return await load_groups(reader, viewer.id, rows, wanted, grouped)


async def _results(
    app: Mastodon, viewer: Viewer, shown: Sequence[Shown], groups: Sequence[Group], *, partly: bool
) -> bytes:
    """The answer: each account and each status once, and the groups that name them."""
    ids = dict.fromkeys(id_ for group in groups for id_ in group.senders)
    known = await app.presenter.load_accounts(ids)
    people: dict[int, AccountEntry] = {entry.id: entry for entry in known if not entry.account.gone}
    posts: dict[int, PostEntry] = {one.post.id: one.post for one in shown if one.post is not None}
    entities = [_entity(group, people) for group in groups]
    full, part = people, dict[int, AccountEntry]()
    if partly:
        first = {int(entity.sample_account_ids[0]) for entity in entities if entity.sample_account_ids}
        full = {id_: entry for id_, entry in people.items() if id_ in first}
        part = {id_: entry for id_, entry in people.items() if id_ not in first}
    pieces = [b'{"accounts":[', b",".join(entry.body for entry in full.values()), b"]"]
    if partly:
        pieces += [b',"partial_accounts":', _encode([_partial(app, entry) for entry in part.values()])]
    pieces += [b',"statuses":', await app.presenter.statuses(list(posts.values()), viewer)]
    pieces += [b',"notification_groups":', _encode(entities), b"}"]
    return b"".join(pieces)


def _entity(group: Group, people: dict[int, AccountEntry]) -> NotificationGroup:
    return NotificationGroup(
        group_key=group.key or f"{_ALONE}{group.newest_id}",
        notifications_count=group.count,
        type=TYPE_OF[group.kind],
        most_recent_notification_id=str(group.newest_id),
        page_min_id=str(group.page_min_id),
        page_max_id=str(group.page_max_id),
        latest_page_notification_at=rfc3339(group.page_max_id >> 16),
        sample_account_ids=[str(id_) for id_ in group.senders if id_ in people],
        status_id=str(group.post_id) if group.post_id is not None else UNSET,
    )


def _partial(app: Mastodon, entry: AccountEntry) -> PartialAccount:
    whole = app.presenter.shaper.account(entry)
    return PartialAccount(whole.id, whole.acct, whole.url, whole.avatar, whole.avatar_static, whole.locked, whole.bot)


async def count_unread(call: Call[Mastodon, GroupParams]) -> Response:
    """How many groups have something after the marker, up to a limit."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    limit = clamp_limit(call.params.limit, COUNTED, MOST_COUNTED)
    async with app.db.read() as reader:
        after = await last_read(reader, call.user_id)
    wanted, kinds = wanted_by(app, viewer, call.params), frozenset(call.params.kinds())
    paged = await _page(app, viewer, wanted, Page(limit, after=after), kinds)
    return as_json(Count(len({_key(one.row, kinds) for one in paged.items})))


# ------------------------------------------------------------------------------------------------ one group


async def _load_group(app: Mastodon, viewer: Viewer, key: str, page: Page) -> tuple[list[Row], list[Shown]]:
    """A group's notifications: the page of rows, and which of them may be seen.

    Raises:
        NotFound: there is nothing of it that the viewer may see.
    """
    assert viewer.id is not None
    rows: list[Row] = []
    hidden = hidden_senders(viewer.bounds, app.clock.now_ms())
    async with app.db.read() as reader:
        if key.startswith(_ALONE):
            row = await find_notification(reader, viewer.id, parse_id(key.removeprefix(_ALONE)) or 0)
            rows = [row] if row is not None else []
        elif (named := read_group_key(key)) is not None:
            rows = await load_grouped(reader, viewer.id, (key, *named), page, hidden)
    shown = await look(app, viewer, rows)
    if not shown:
        raise NotFound("record.absent")
    return rows, shown


async def show_group(call: Call[Mastodon, None]) -> Response:
    app, key = call.app, call.path["group_key"]
    viewer = await app.viewers.get(call.user_id)
    _, shown = await _load_group(app, viewer, key, Page(SHOWN))
    hidden = hidden_senders(viewer.bounds, app.clock.now_ms())
    kinds = () if key.startswith(_ALONE) else GROUPABLE
    groups = await _groups(app, viewer, shown, Wanted(hidden=hidden), kinds)
    return Response(200, await _results(app, viewer, shown, groups, partly=False))


async def list_accounts(call: Call[Mastodon, PageParams]) -> Response:
    """Everybody in a group, newest first."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    rows, shown = await _load_group(app, viewer, call.path["group_key"], page)
    body = b"[" + b",".join(one.sender.body for one in shown) + b"]"
    return respond(call, body, Paged((), *page_of_rows([row.id for row in rows], page)))


async def dismiss_whole(call: Call[Mastodon, None]) -> Response:
    """Remove a group. One that is gone already is no fault."""
    key = call.path["group_key"]
    named = read_group_key(key)
    if key.startswith(_ALONE):
        with contextlib.suppress(NotFound):
            await dismiss(call.app.db, call.user_id, parse_id(key.removeprefix(_ALONE)) or 0)
    elif named is not None:
        await dismiss_group(call.app.db, call.user_id, key, *named)
    return as_json({})


_get = partial(
    Route,
    method="GET",
    auth=Auth.USER,
    scopes=("read:notifications",),
    sees=Sees.AUDIENCE,
    rate=API,
    body=0,
    tag="notifications",
)
_ALL = "/api/v2/notifications"
_ONE = f"{_ALL}/:group_key"

ROUTES: tuple[Route, ...] = (
    _get(path=_ALL, handler=list_groups, params=GroupParams, returns=GroupedNotificationsResults),
    _get(path=f"{_ALL}/unread_count", handler=count_unread, params=GroupParams, returns=Count),
    _get(path=_ONE, handler=show_group, returns=GroupedNotificationsResults),
    _get(path=f"{_ONE}/accounts", handler=list_accounts, params=PageParams, returns=list[e.Account]),
    Route(
        method="POST",
        path=f"{_ONE}/dismiss",
        handler=dismiss_whole,
        auth=Auth.USER,
        scopes=("write:notifications",),
        sees=Sees.OWN,
        rate=API,
        body=SMALL_BODY,
        returns=e.Empty,
        tag="notifications",
    ),
)
