"""Notifications one by one: list, show, count, dismiss, clear. Groups of them are in ``notification_groups``."""

from __future__ import annotations

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from weft.infra.admit import API
from weft.infra.routing.paging import clamp_limit, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.notification_pages import (
    MOST_SHOWN,
    SHOWN,
    NotificationParams,
    as_array,
    load_rows,
    look,
    page_of_notifications,
    present,
    wanted_by,
)
from weft.mastodon.pages import hides, respond
from weft.notifications.service import clear, dismiss, find_notification, hidden_senders, last_read
from weft.timelines.model import Viewer

COUNTED, MOST_COUNTED = 100, 1000


class Notification(msgspec.Struct, kw_only=True):
    id: str
    type: str
    group_key: str
    created_at: str
    filtered: bool
    account: e.Account
    status: e.Status | UnsetType = UNSET


class Count(msgspec.Struct):
    count: int


async def list_all(call: Call[Mastodon, NotificationParams]) -> Response:
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    paged = await page_of_notifications(app, viewer, wanted_by(app, viewer, call.params), page)
    return respond(call, as_array(await present(app, viewer, paged.items)), paged)


async def show(call: Call[Mastodon, None]) -> Response:
    body = await _find_body(call.app, await call.app.viewers.get(call.user_id), call.id())
    if body is None:
        raise NotFound("record.absent")
    return Response(200, body)


async def _find_body(app: Mastodon, viewer: Viewer, id_: int) -> bytes | None:
    assert viewer.id is not None
    async with app.db.read() as reader:
        row = await find_notification(reader, viewer.id, id_)
    shown = await look(app, viewer, [row]) if row is not None else []
    return (await present(app, viewer, shown))[0] if shown else None


async def notification_body(app: Mastodon, viewer: Viewer, notification_id: int) -> bytes | None:
    """What an open stream shows of a new notification; None for one that is kept back or not to be seen."""
    assert viewer.id is not None
    async with app.db.read() as reader:
        row = await find_notification(reader, viewer.id, notification_id)
    now_ms = app.clock.now_ms()
    if row is None or row.filtered or row.from_id in hidden_senders(viewer.bounds, now_ms):
        return None
    shown = await look(app, viewer, [row])
    if not shown:
        return None
    post = shown[0].post
    if post is not None and hides(viewer, post, "notifications", now_ms):
        return None
    return (await present(app, viewer, shown))[0]


async def count_unread(call: Call[Mastodon, NotificationParams]) -> Response:
    """How many came after the marker, up to a limit."""
    limit = clamp_limit(call.params.limit, COUNTED, MOST_COUNTED)
    return as_json(Count(await unread_notifications(call.app, call.user_id, call.params, limit)))


async def unread_notifications(
    app: Mastodon, account_id: AccountId, params: NotificationParams | None = None, limit: int = COUNTED
) -> int:
    """How many of these, or of all, came after the marker, up to a limit."""
    viewer = await app.viewers.get(account_id)
    async with app.db.read() as reader:
        after = await last_read(reader, account_id)
    wanted = wanted_by(app, viewer, params or NotificationParams())
    return len(await look(app, viewer, await load_rows(app, viewer, wanted, Page(limit, after=after))))


async def dismiss_one(call: Call[Mastodon, None]) -> Response:
    await dismiss(call.app.db, call.user_id, call.id())
    return as_json({})


async def clear_all(call: Call[Mastodon, None]) -> Response:
    await clear(call.app.db, call.user_id)
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
_post = partial(
    Route,
    method="POST",
    auth=Auth.USER,
    scopes=("write:notifications",),
    sees=Sees.OWN,
    rate=API,
    body=SMALL_BODY,
    returns=e.Empty,
    tag="notifications",
)
_ALL = "/api/v1/notifications"

ROUTES: tuple[Route, ...] = (
    _get(path=_ALL, handler=list_all, params=NotificationParams, returns=list[Notification]),
    _get(path=f"{_ALL}/unread_count", handler=count_unread, params=NotificationParams, returns=Count),
    _get(path=f"{_ALL}/:id", handler=show, returns=Notification),
    _post(path=f"{_ALL}/clear", handler=clear_all),
    _post(path=f"{_ALL}/:id/dismiss", handler=dismiss_one),
)
