"""Push subscriptions: where one token's app, or one signed-in browser, is pushed to, and for which notifications.

What is sent is in ``push_messages``.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

import msgspec

from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import NotFound
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.notification_pages import TYPES
from weft.notifications.service import (
    NewTarget,
    PushPolicy,
    Target,
    Wishes,
    change_wishes,
    drop_target,
    find_target,
    put_target,
    vapid_public_key,
)

__all__ = ["ROUTES", "vapid_public_key"]

ALERTS = tuple(TYPES)


class WebPushSubscription(msgspec.Struct, kw_only=True):
    id: str
    endpoint: str
    standard: bool
    alerts: dict[str, bool]
    policy: str
    server_key: str


class KeysParams(msgspec.Struct):
    p256dh: str = ""
    auth: str = ""


class SubscriptionParams(msgspec.Struct):
    endpoint: str = ""
    keys: KeysParams = msgspec.field(default_factory=KeysParams)
    standard: bool = False


class DataParams(msgspec.Struct):
    alerts: dict[str, bool] = msgspec.field(default_factory=dict)
    policy: PushPolicy = "all"

    def wishes(self) -> Wishes:
        known = {name: wanted for name, wanted in self.alerts.items() if name in ALERTS}
        return Wishes(alerts=known, policy=self.policy)


class ChangeParams(msgspec.Struct):
    data: DataParams = msgspec.field(default_factory=DataParams)
    policy: PushPolicy | None = None
    """Some clients send it beside ``data``."""

    def wishes(self) -> Wishes:
        wishes = self.data.wishes()
        return wishes if self.policy is None else msgspec.structs.replace(wishes, policy=self.policy)


class CreateParams(ChangeParams):
    subscription: SubscriptionParams = msgspec.field(default_factory=SubscriptionParams)


async def create(call: Call[Mastodon, CreateParams]) -> Response:
    """Push to this place; an earlier one of the same token is forgotten."""
    given = call.params.subscription
    new = NewTarget(
        endpoint=given.endpoint,
        key=given.keys.p256dh,
        auth=given.keys.auth,
        standard=given.standard,
        listed=_peer(given.endpoint) in call.app.settings.fetch_allow,
    )
    wishes = call.params.wishes()
    return as_json(_present(call.app, await put_target(call.app.db, call.user_id, _token_id(call), new, wishes)))


async def show(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        target = await find_target(reader, call.user_id, _token_id(call))
    if target is None:
        raise NotFound("record.absent")
    return as_json(_present(call.app, target))


async def change(call: Call[Mastodon, ChangeParams]) -> Response:
    wishes = call.params.wishes()
    return as_json(_present(call.app, await change_wishes(call.app.db, call.user_id, _token_id(call), wishes)))


async def drop(call: Call[Mastodon, None]) -> Response:
    await drop_target(call.app.db, call.user_id, _token_id(call))
    return as_json({})


def _peer(endpoint: str) -> str:
    """``host:port`` as the operator lists it; empty for what is no address."""
    try:
        parts = urlsplit(endpoint)
        return f"{parts.hostname}:{parts.port}" if parts.hostname and parts.port else ""
    except ValueError:
        return ""


def _token_id(call: Call[Mastodon, None] | Call[Mastodon, CreateParams] | Call[Mastodon, ChangeParams]) -> int:
    assert call.grant is not None, "the routes ask for a user"
    return call.grant.token_id


def _present(app: Mastodon, target: Target) -> WebPushSubscription:
    return WebPushSubscription(
        id=str(target.id),
        endpoint=target.endpoint,
        standard=target.standard,
        alerts={name: target.alerts.get(name, False) for name in ALERTS},
        policy=target.policy,
        server_key=app.vapid_key,
    )


_ROUTE = partial(
    Route,
    path="/api/v1/push/subscription",
    auth=Auth.USER,
    scopes=("push",),
    sees=Sees.OWN,
    rate=API,
    tag="push",
    body=SMALL_BODY,
)
_with_one = partial(_ROUTE, returns=WebPushSubscription)

ROUTES: tuple[Route, ...] = (
    _with_one(method="POST", handler=create, params=CreateParams),
    _with_one(method="GET", handler=show),
    _with_one(method="PUT", handler=change, params=ChangeParams),
    _with_one(method="PATCH", handler=change, params=ChangeParams),
    _ROUTE(method="DELETE", handler=drop, returns=e.Empty),
)
