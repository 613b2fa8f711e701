"""The app's own session: who is signed in in this browser, what they start with, switching between accounts and
signing out. Everything that changes which account is in use is for browsers only: an app's token has no cookies.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from weft.accounts.model import Account as Person
from weft.accounts.model import User
from weft.accounts.service import Jar, end_session, find_user, read_jar
from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import Forbidden, NotFound
from weft.kernel.ids import AccountId, bucket_of, parse_id
from weft.mastodon import entities as e
from weft.mastodon.addresses import VISIBILITIES
from weft.mastodon.context import Mastodon
from weft.mastodon.credentials import credentials
from weft.mastodon.instance import Rule, rules
from weft.mastodon.notifications import unread_notifications
from weft.media.model import MAX_ATTACHMENTS
from weft.timelines.service import count_unread_conversations

FEATURES = ("notes", "for_you")
"""What the app may show beyond the Mastodon API; the assistant where it is on, worlds when they are built."""


class SessionPreferences(msgspec.Struct, frozen=True):
    visibility: str = "public"
    sensitive: bool = False
    language: str | None = None
    expand_media: str = "default"
    expand_warnings: bool = False


class Unread(msgspec.Struct, frozen=True):
    notifications: int = 0
    messages: int = 0


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """The private side, for the account's own settings."""

    email: str
    confirmed: bool
    has_password: bool


class Community(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    domain: str
    url: str
    description: str
    signup: str
    oidc: str | None
    max_characters: int
    max_media: int
    languages: list[str]
    vapid_key: str
    features: list[str]
    rules: list[Rule]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    account: e.CredentialAccount | None
    accounts: list[e.Account]
    """All that are signed in in this browser, the one in use first."""
    role: str | None
    login: Login | None
    preferences: SessionPreferences
    unread: Unread
    instance: Community


class SwitchParams(msgspec.Struct):
    account_id: str


class SignOutParams(msgspec.Struct):
    all: bool = False
    """Every account of this browser, not only the one in use."""


class SignedOut(msgspec.Struct):
    account_id: str | None
    """Who is in use from now on; null where nobody is left."""


def community(app: Mastodon) -> Community:
    settings = app.settings
    return Community(
        title=settings.title,
        domain=settings.domain,
        url=settings.url,
        description=settings.description,
        signup=settings.signup,
        oidc=settings.oidc_name if settings.oidc_issuer else None,
        max_characters=settings.max_characters,
        max_media=MAX_ATTACHMENTS,
        languages=list(settings.languages),
        vapid_key=app.vapid_key,
        features=[*FEATURES, *(("assistant",) if settings.assistant else ())],
        rules=rules(settings),
    )


async def show(call: Call[Mastodon, None]) -> Response:
    return as_json(await session_of(call))


async def session_of(call: Call[Mastodon, Any]) -> Session:
    """What the app starts with, for whoever asks."""
    app, viewer_id = call.app, call.viewer_id
    present = await present_accounts(call)
    if viewer_id is None:
        return _session(app, None, present)
    account = await credentials(app, call)
    async with app.db.read() as reader:
        user = await find_user(reader, viewer_id)
        messages = await count_unread_conversations(reader, viewer_id)
    unread = Unread(await unread_notifications(app, viewer_id), messages)
    person = await app.presenter.account(viewer_id)
    return _session(app, account, present, person=person, user=user, unread=unread)


def _session(
    app: Mastodon,
    account: e.CredentialAccount | None,
    present: Sequence[e.Account],
    *,
    person: Person | None = None,
    user: User | None = None,
    unread: Unread | None = None,
) -> Session:
    login, preferences = None, SessionPreferences()
    if user is not None:
        login = Login(email=user.email, confirmed=user.confirmed_ms is not None, has_password=user.has_password)
        visibility = VISIBILITIES[user.post_visibility]
        preferences = SessionPreferences(visibility, user.post_sensitive, user.post_language or None)
    return Session(
        account=account,
        accounts=list(present),
        role=person.role if person is not None else None,
        login=login,
        preferences=preferences,
        unread=unread or Unread(),
        instance=community(app),
    )


async def present_accounts(call: Call[Mastodon, Any]) -> list[e.Account]:
    """The accounts of this browser. A token's is alone: apps learn nothing of who else uses the machine."""
    app, grant = call.app, call.grant
    ids = [grant.account_id] if grant is not None and grant.account_id is not None else []
    if grant is None or grant.cookie:
        ids += [account_id for account_id, _ in await _sessions_in(call) if account_id not in ids]
    entries = await app.presenter.load_accounts(ids)
    return [app.presenter.shaper.account(entry) for entry in entries]


async def _sessions_in(call: Call[Mastodon, Any]) -> list[tuple[AccountId, str]]:
    """Whose sessions the browser's cookies hold; without those that have ended."""
    found = []
    for text in read_jar(call.cookies, call.app.settings.scheme).all:
        grant = await call.app.sessions(text)
        if grant is not None and grant.account_id is not None:
            found.append((grant.account_id, text))
    return found


def require_browser(call: Call[Mastodon, Any]) -> Jar:
    """The cookies of a signed-in browser.

    Raises:
        Forbidden: an app asks, by token.
    """
    if call.grant is None or not call.grant.cookie:
        raise Forbidden("session.needed")
    return read_jar(call.cookies, call.app.settings.scheme)


async def switch(call: Call[Mastodon, SwitchParams]) -> Response:
    """Use another account of this browser."""
    jar, wanted = require_browser(call), parse_id(call.params.account_id)
    text = next((text for account_id, text in await _sessions_in(call) if account_id == wanted), None)
    if text is None:
        raise NotFound("account.absent")
    headers = jar.with_active(text).cookies(call.app.settings.scheme)
    return as_json(SignedOut(call.params.account_id), headers=headers)


async def sign_out(call: Call[Mastodon, SignOutParams]) -> Response:
    """End the session in use, or all of this browser's: on the server, so that no copy of a cookie opens anything."""
    jar = require_browser(call)
    return await leave(call, jar.all if call.params.all else (jar.active,))


async def leave(call: Call[Mastodon, Any], texts: Sequence[str]) -> Response:
    """End these sessions of the browser and go on with who is left."""
    app, jar = call.app, require_browser(call)
    for text in texts:
        grant = await app.sessions(text)
        if grant is not None and grant.account_id is not None:
            async with app.db.tx(bucket_of(grant.account_id)) as tx:
                await end_session(tx, grant.account_id, grant.token_id)
    known = await _sessions_in(call)
    left = jar.without(*(text for text in jar.all if text in texts or text not in {held for _, held in known}))
    now = next((str(account_id) for account_id, text in known if text == left.active), None)
    return as_json(SignedOut(now), headers=left.cookies(app.settings.scheme))


_PATH = "/api/weft/v1/session"
_post = partial(
    Route,
    method="POST",
    auth=Auth.USER,
    scopes=("write:accounts",),
    sees=Sees.OWN,
    rate=API,
    body=SMALL_BODY,
    style=Style.WEFT,
    tag="session",
    returns=SignedOut,
)

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_PATH,
        handler=show,
        auth=Auth.OPTIONAL,
        scopes=("profile", "read:accounts"),
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=Session,
        style=Style.WEFT,
        summary="Who is signed in, and what the app starts with",
        tag="session",
    ),
    _post(path=f"{_PATH}/switch", handler=switch, params=SwitchParams, summary="Use another account of this browser"),
    _post(path=f"{_PATH}/sign_out", handler=sign_out, params=SignOutParams, summary="Sign this browser out"),
)
