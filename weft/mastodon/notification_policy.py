"""Whose notifications are kept back, in both versions of the API, and the requests that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import NotFound
from weft.kernel.ids import parse_id
from weft.kernel.paging import Paged, page_of_rows
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.notification_pages import MOST_SHOWN, SHOWN, as_array
from weft.mastodon.pages import respond
from weft.notifications import model
from weft.notifications.service import (
    PolicyEdit,
    accept_requests,
    count_pending,
    dismiss_requests,
    edit_policy,
    find_requests,
    hidden_senders,
    load_policy,
    load_requests,
)
from weft.relationships.model import Audience, Visibility, can_see
from weft.timelines.model import Viewer

MOST_AT_ONCE = 100
Verdict = Literal["accept", "filter", "drop"]


class Summary(msgspec.Struct):
    pending_requests_count: int
    pending_notifications_count: int


class NotificationPolicy(msgspec.Struct, kw_only=True):
    for_not_following: Verdict
    for_not_followers: Verdict
    for_new_accounts: Verdict
    for_private_mentions: Verdict
    for_limited_accounts: Verdict
    summary: Summary


class NotificationPolicyV1(msgspec.Struct, kw_only=True):
    filter_not_following: bool
    filter_not_followers: bool
    filter_new_accounts: bool
    filter_private_mentions: bool
    summary: Summary


class PolicyParams(msgspec.Struct, kw_only=True):
    for_not_following: Verdict | None = None
    for_not_followers: Verdict | None = None
    for_new_accounts: Verdict | None = None
    for_private_mentions: Verdict | None = None
    for_limited_accounts: Verdict | None = None

    def edit(self) -> PolicyEdit:
        return PolicyEdit(
            not_following=self.for_not_following,
            not_followers=self.for_not_followers,
            new_accounts=self.for_new_accounts,
            private_mentions=self.for_private_mentions,
            limited_accounts=self.for_limited_accounts,
        )


class PolicyParamsV1(msgspec.Struct, kw_only=True):
    filter_not_following: bool | None = None
    filter_not_followers: bool | None = None
    filter_new_accounts: bool | None = None
    filter_private_mentions: bool | None = None

    def edit(self) -> PolicyEdit:
        return PolicyEdit(
            not_following=_verdict(self.filter_not_following),
            not_followers=_verdict(self.filter_not_followers),
            new_accounts=_verdict(self.filter_new_accounts),
            private_mentions=_verdict(self.filter_private_mentions),
        )


def _verdict(filtered: bool | None) -> Verdict | None:
    if filtered is None:
        return None
    return "filter" if filtered else "accept"


async def show_policy(call: Call[Mastodon, None]) -> Response:
    return as_json(_entity(await _policy(call.app, call), await _summary(call.app, call)))


async def change_policy(call: Call[Mastodon, PolicyParams]) -> Response:
    policy = await edit_policy(call.app.db, call.user_id, call.params.edit())
    return as_json(_entity(policy, await _summary(call.app, call)))


async def show_policy_v1(call: Call[Mastodon, None]) -> Response:
    return as_json(_entity_v1(await _policy(call.app, call), await _summary(call.app, call)))


async def change_policy_v1(call: Call[Mastodon, PolicyParamsV1]) -> Response:
    policy = await edit_policy(call.app.db, call.user_id, call.params.edit())
    return as_json(_entity_v1(policy, await _summary(call.app, call)))


async def _policy(app: Mastodon, call: Call[Mastodon, None]) -> model.Policy:
    async with app.db.read() as reader:
        return await load_policy(reader, call.user_id)


async def _summary(
    app: Mastodon, call: Call[Mastodon, None] | Call[Mastodon, PolicyParams] | Call[Mastodon, PolicyParamsV1]
) -> Summary:
    viewer = await app.viewers.get(call.user_id)
    async with app.db.read() as reader:
        hidden = hidden_senders(viewer.bounds, app.clock.now_ms())
        return Summary(*await count_pending(reader, call.user_id, hidden))


def _entity(policy: model.Policy, summary: Summary) -> NotificationPolicy:
    return NotificationPolicy(
        for_not_following=policy.not_following,
        for_not_followers=policy.not_followers,
        for_new_accounts=policy.new_accounts,
        for_private_mentions=policy.private_mentions,
        for_limited_accounts=policy.limited_accounts,
        summary=summary,
    )


def _entity_v1(policy: model.Policy, summary: Summary) -> NotificationPolicyV1:
    return NotificationPolicyV1(
        filter_not_following=policy.not_following != "accept",
        filter_not_followers=policy.not_followers != "accept",
        filter_new_accounts=policy.new_accounts != "accept",
        filter_private_mentions=policy.private_mentions != "accept",
        summary=summary,
    )


# ------------------------------------------------------------------------------------------------ requests


class NotificationRequest(msgspec.Struct, kw_only=True):
    id: str
    created_at: str
    updated_at: str
    notifications_count: str
    account: e.Account
    last_status: e.Status | None


class Merged(msgspec.Struct):
    merged: bool


class IdsParams(msgspec.Struct):
    id: list[str] = []

    def ids(self) -> list[int]:
        """The requests that are named; what cannot be an id names none."""
        return [id_ for text in self.id[:MOST_AT_ONCE] if (id_ := parse_id(text)) is not None]


async def list_requests(call: Call[Mastodon, PageParams]) -> Response:
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    async with app.db.read() as reader:
        found = await load_requests(reader, call.user_id, page, hidden_senders(viewer.bounds, app.clock.now_ms()))
    cursors = page_of_rows([request.id for request in found], page)
    return respond(call, as_array(await _present(app, viewer, found)), Paged((), *cursors))


async def _present(app: Mastodon, viewer: Viewer, requests: Sequence[model.Request]) -> list[bytes]:
    presenter = app.presenter
    people = {entry.id: entry for entry in await presenter.load_accounts([one.from_id for one in requests])}
    last = [one.last_post_id for one in requests if one.last_post_id is not None]
    posts = {entry.id: entry for entry in await presenter.load(last) if presenter.visible(entry, viewer)}
    await presenter.prepare(list(posts.values()), viewer)  # marks of all at once
    bodies = []
    for one in requests:
        sender, post = people.get(one.from_id), posts.get(one.last_post_id or 0)
        if sender is None:
            continue
        if not can_see(Audience(sender.id, Visibility.PUBLIC, gone=sender.account.gone), viewer.facts):
            continue
        head = b'{"id":"%d","created_at":"%b","updated_at":"%b","notifications_count":"%d","account":' % (
            one.id,
            rfc3339(one.id >> 16).encode(),
            rfc3339(one.newest_id >> 16).encode(),
            one.count,
        )
        status = await presenter.status(post, viewer) if post is not None else b"null"
        bodies.append(b"".join((head, sender.body, b',"last_status":', status, b"}")))
    return bodies


async def _require(call: Call[Mastodon, None]) -> model.Request:
    """The request that the path names.

    Raises:
        NotFound: nothing is kept back under that id.
    """
    async with call.app.db.read() as reader:
        found = await find_requests(reader, call.user_id, [call.id()])
    if not found:
        raise NotFound("record.absent")
    return found[0]


async def show_request(call: Call[Mastodon, None]) -> Response:
    viewer = await call.app.viewers.get(call.user_id)
    bodies = await _present(call.app, viewer, [await _require(call)])
    if not bodies:
        raise NotFound("record.absent")
    return Response(200, bodies[0])


async def accept_one(call: Call[Mastodon, None]) -> Response:
    await accept_requests(call.app.db, call.user_id, [(await _require(call)).id])
    return as_json({})


async def dismiss_one(call: Call[Mastodon, None]) -> Response:
    await dismiss_requests(call.app.db, call.user_id, [(await _require(call)).id])
    return as_json({})


async def accept_some(call: Call[Mastodon, IdsParams]) -> Response:
    await accept_requests(call.app.db, call.user_id, call.params.ids())
    return as_json({})


async def dismiss_some(call: Call[Mastodon, IdsParams]) -> Response:
    await dismiss_requests(call.app.db, call.user_id, call.params.ids())
    return as_json({})


async def show_merged(call: Call[Mastodon, None]) -> Response:
    """What was accepted is shown in the same transaction: there is never anything left to merge."""
    return as_json(Merged(True))


_ROUTE = partial(Route, auth=Auth.USER, rate=API, tag="notifications")
_get = partial(_ROUTE, method="GET", scopes=("read:notifications",), sees=Sees.AUDIENCE, body=0)
_own = partial(_ROUTE, method="GET", scopes=("read:notifications",), sees=Sees.OWN, body=0)
_write = partial(_ROUTE, scopes=("write:notifications",), sees=Sees.OWN, body=SMALL_BODY)
_post = partial(_write, method="POST", returns=e.Empty)
_V1, _V2 = "/api/v1/notifications/policy", "/api/v2/notifications/policy"
_REQUESTS = "/api/v1/notifications/requests"

ROUTES: tuple[Route, ...] = (
    _own(path=_V2, handler=show_policy, returns=NotificationPolicy),
    *(
        _write(method=method, path=_V2, handler=change_policy, params=PolicyParams, returns=NotificationPolicy)
        for method in ("PATCH", "PUT")
    ),
    _own(path=_V1, handler=show_policy_v1, returns=NotificationPolicyV1),
    *(
        _write(method=method, path=_V1, handler=change_policy_v1, params=PolicyParamsV1, returns=NotificationPolicyV1)
        for method in ("PATCH", "PUT")
    ),
    _get(path=_REQUESTS, handler=list_requests, params=PageParams, returns=list[NotificationRequest]),
    _own(path=f"{_REQUESTS}/merged", handler=show_merged, returns=Merged),
    _get(path=f"{_REQUESTS}/:id", handler=show_request, returns=NotificationRequest),
    _post(path=f"{_REQUESTS}/accept", handler=accept_some, params=IdsParams),
    _post(path=f"{_REQUESTS}/dismiss", handler=dismiss_some, params=IdsParams),
    _post(path=f"{_REQUESTS}/:id/accept", handler=accept_one),
    _post(path=f"{_REQUESTS}/:id/dismiss", handler=dismiss_one),
)
