"""What has access to one's account, and one's password: lists of browsers and apps, ending them, deleting the account.
For the browser only: an app that was let in can neither lock its user out nor look at other apps.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import msgspec

from weft.accounts.model import SessionListing, TokenListing
from weft.accounts.service import (
    delete_account,
    end_access,
    end_session,
    find_password_hash,
    find_session,
    list_sessions,
    list_tokens,
    revoke_token,
    set_password,
)
from weft.infra.admit import API, SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import bucket_of
from weft.kernel.text.agents import agent_of
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.weft_session import SignedOut, leave, require_browser

DAY_MS = 86_400_000


class Access(msgspec.Struct, kw_only=True):
    """A browser that is signed in, or an app that was let in."""

    id: str
    kind: Literal["browser", "app"]
    name: str
    """The app's name; of a browser what it calls itself."""
    browser: str = ""
    """Which browser it is, for people; empty where it does not tell, and for apps."""
    system: str = ""
    """What it runs on; empty likewise."""
    phone: bool = False
    website: str | None
    scopes: list[str]
    created_at: str
    last_used_at: str
    current: bool


class PasswordParams(msgspec.Struct):
    current: str
    new: str


class DeleteParams(msgspec.Struct):
    password: str


def of_session(found: SessionListing, present_id: int) -> Access:
    agent = agent_of(found.user_agent)
    return Access(
        id=str(found.id),
        kind="browser",
        name=found.user_agent,
        browser=agent.browser,
        system=agent.system,
        phone=agent.is_phone,
        website=None,
        scopes=[],
        created_at=rfc3339(found.created_ms),
        last_used_at=rfc3339(found.used_ms),
        current=found.id == present_id,
    )


def of_token(found: TokenListing) -> Access:
    return Access(
        id=str(found.id),
        kind="app",
        name=found.app_name,
        website=found.app_website or None,
        scopes=list(found.scopes),
        created_at=rfc3339(found.created_ms),
        last_used_at=rfc3339(max(found.used_day * DAY_MS, found.created_ms)),
        current=False,
    )


async def show_all(call: Call[Mastodon, None]) -> Response:
    """Browsers first, then apps."""
    require_browser(call)
    async with call.app.db.read() as reader:
        sessions = await list_sessions(reader, call.user_id)
        tokens = await list_tokens(reader, call.user_id)
    present_id = call.grant.token_id if call.grant is not None else 0
    return as_json([*(of_session(found, present_id) for found in sessions), *map(of_token, tokens)])


async def end_one(call: Call[Mastodon, None]) -> Response:
    """Sign a browser out, or end an app's access. For this browser there is signing out. For apps nothing is here."""
    account_id, id_ = call.user_id, call.id()
    if call.grant is None or not call.grant.cookie:
        raise NotFound("record.absent")
    async with call.app.db.tx(bucket_of(account_id)) as tx:
        ended = await end_session(tx, account_id, id_) or await revoke_token(tx, account_id, id_)
    if not ended:
        raise NotFound("record.absent")
    return as_json({})


async def _present_hash(call: Call[Mastodon, Any]) -> bytes:
    """The hash of this browser's session, which stays when all else ends."""
    text = require_browser(call).active
    async with call.app.db.read() as reader:
        session = await find_session(reader, text, call.app.clock.now_ms())
    return session.hash if session is not None else b""


async def end_others(call: Call[Mastodon, None]) -> Response:
    """Sign out everywhere but here; apps need to be let in again."""
    keep, account_id = await _present_hash(call), call.user_id
    async with call.app.db.tx(bucket_of(account_id)) as tx:
        await end_access(tx, account_id, keep_session=keep)
    return as_json({})


async def _check_password(call: Call[Mastodon, Any], password: str, field: str) -> None:
    """Refuse without the account's present password. Guesses are counted like those at sign-in.

    Raises:
        Invalid: it is another, there is none, or too many were tried.
    """
    app, account_id = call.app, call.user_id
    allowed = app.admit.check(SIGN_IN_ACCOUNT, account_id).allowed
    async with app.db.read() as reader:
        hashed = await find_password_hash(reader, account_id)
    if not allowed or not await app.passwords.verify(hashed, password):
        raise Invalid("password.wrong", field=field)
    app.admit.forgive(SIGN_IN_ACCOUNT, account_id)


async def change_password(call: Call[Mastodon, PasswordParams]) -> Response:
    """Change it; this browser stays signed in and nothing else does."""
    keep, app, params = await _present_hash(call), call.app, call.params
    await _check_password(call, params.current, "current")
    app.passwords.check_password(params.new)
    hashed = await app.passwords.hash(params.new)
    async with app.db.tx(bucket_of(call.user_id)) as tx:
        await set_password(tx, call.user_id, hashed, keep_session=keep)
    return as_json({})


async def delete(call: Call[Mastodon, DeleteParams]) -> Response:
    """Delete the account, with its password as proof; the browser goes on with who is left in it."""
    jar = require_browser(call)
    await _check_password(call, call.params.password, "password")
    await delete_account(call.app.db, call.user_id)
    return await leave(call, (jar.active,))


_own = partial(Route, auth=Auth.USER, sees=Sees.OWN, style=Style.WEFT, tag="session")
_read = partial(_own, method="GET", scopes=("read:accounts",), rate=API, body=0)
_write = partial(_own, scopes=("write:accounts",), rate=API, body=SMALL_BODY)

ROUTES: tuple[Route, ...] = (
    _read(path="/api/weft/v1/sessions", handler=show_all, returns=list[Access], summary="What has access"),
    _write(
        method="DELETE",
        path="/api/weft/v1/sessions",
        handler=end_others,
        returns=e.Empty,
        summary="End all but this browser",
    ),
    _write(
        method="DELETE",
        path="/api/weft/v1/sessions/:id",
        handler=end_one,
        returns=e.Empty,
        summary="End one browser's or app's access",
    ),
    _write(
        method="POST",
        path="/api/weft/v1/password",
        handler=change_password,
        params=PasswordParams,
        rate=SIGN_IN_ADDRESS,
        returns=e.Empty,
        summary="Change one's password",
    ),
    _write(
        method="POST",
        path="/api/weft/v1/account/delete",
        handler=delete,
        params=DeleteParams,
        rate=SIGN_IN_ADDRESS,
        returns=SignedOut,
        summary="Delete one's account",
    ),
)
