"""The browser behind a page: its cookies, the session they prove, and the proof that a form came from our own page.

``weft_visit`` is any browser's; ``weft_session`` a signed-in one's, ``weft_others`` the accounts' beside it. With https
they carry the ``__Host-`` prefix, so no neighbouring host can set them. A form holds a hash of the first two, which no
other site can know.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from weft.accounts.model import Account, Session, User
from weft.accounts.service import (
    Jar,
    create_session,
    end_session,
    find_account,
    find_session,
    find_user,
    note_session_use,
    read_jar,
)
from weft.infra.routing import cookies
from weft.infra.routing.cookies import SESSION as SESSION
from weft.infra.routing.cookies import VISIT as VISIT
from weft.infra.routing.table import Call, Response
from weft.kernel.errors import Forbidden
from weft.kernel.ids import AccountId, bucket_of
from weft.settings import Settings
from weft.web.context import Web
from weft.web.looks import Look, look_of
from weft.web.pages import Header

VISIT_LENGTH = 43


class Browser(msgspec.Struct, frozen=True):
    visit: str
    is_new: bool
    look: Look
    session_text: str = ""
    session: Session | None = None
    account: Account | None = None
    user: User | None = None

    @property
    def language(self) -> str:
        return self.look.language

    @property
    def csrf(self) -> str:
        """What a form must hold to be believed."""
        return hashlib.sha256(f"form|{self.visit}|{self.session_text}".encode()).hexdigest()

    def check_form(self, csrf: str) -> None:
        if self.is_new or not hmac.compare_digest(self.csrf.encode(), csrf.encode("utf-8", "replace")):
            raise Forbidden("form.expired")

    @property
    def is_signed_in(self) -> bool:
        return self.account is not None


async def browser_of(call: Call[Web, Any], asked_language: str = "") -> Browser:
    """Who looks at the page."""
    web = call.app
    visit = call.cookies.get(cookie_name(web.settings, VISIT), "")
    is_new = len(visit) != VISIT_LENGTH or not visit.isascii()
    known = Browser(secrets.token_urlsafe(32) if is_new else visit, is_new, look_of(call, asked_language))
    text = call.cookies.get(cookie_name(web.settings, SESSION), "")
    if not text:
        return known
    async with web.db.read() as reader:
        session = await find_session(reader, text, web.db.clock.now_ms())
        if session is None:
            return known
        account = await find_account(reader, session.account_id)
        user = await find_user(reader, session.account_id)
    await note_session_use(web.db, session)
    return msgspec.structs.replace(known, session_text=text, session=session, account=account, user=user)


def cookie_name(settings: Settings, name: str) -> str:
    return cookies.cookie_name(settings.scheme, name)


def cookie(settings: Settings, name: str, value: str, max_age: int | None = None) -> Header:
    return cookies.set_cookie(settings.scheme, name, value, max_age)


def visit_cookie(call: Call[Web, Any], browser: Browser) -> tuple[Header, ...]:
    """The cookie that a browser needs to send a form, where it has none."""
    return (cookie(call.app.settings, VISIT, browser.visit),) if browser.is_new else ()


def show(call: Call[Web, Any], browser: Browser, template: str, values: dict[str, Any], status: int = 200) -> Response:
    """A page with forms for this browser."""
    given = {
        "csrf": browser.csrf,
        "me": browser.account,
        "error": "",
        **values,
    }
    headers = visit_cookie(call, browser)
    return call.app.pages.show(template, browser.look, given, status=status, headers=headers)


async def begin_session(call: Call[Web, Any], account_id: AccountId, *, beside: bool = False) -> tuple[Header, ...]:
    """Sign a browser in: a new session and a new visit, so that nothing it held before counts. The account that it was
    signed in to is signed out, or with ``beside`` kept for switching to."""
    web = call.app
    agent = call.headers.get(b"user-agent", b"").decode("latin-1")
    text = await create_session(web.db, account_id, agent)
    jar = read_jar(call.cookies, web.settings.scheme)
    kept = jar if beside else Jar("", jar.others)
    ended = [old for old in jar.all if old not in kept.all]
    for old in kept.all:
        session = await _session_of(web, old)
        if session is None or session.account_id == account_id:
            ended.append(old)
    kept = kept.without(*ended).with_active(text)
    await end_sessions(web, [old for old in jar.all if old not in kept.all])
    return (*kept.cookies(web.settings.scheme), cookie(web.settings, VISIT, secrets.token_urlsafe(32)))


async def _session_of(web: Web, text: str) -> Session | None:
    async with web.db.read() as reader:
        return await find_session(reader, text, web.db.clock.now_ms())


async def end_sessions(web: Web, texts: Sequence[str]) -> None:
    """Sign these out on the server, where they still are anything."""
    for text in texts:
        session = await _session_of(web, text)
        if session is not None:
            async with web.db.tx(bucket_of(session.account_id)) as tx:
                await end_session(tx, session.account_id, session.id)


async def leave_account(call: Call[Web, Any]) -> tuple[Header, ...]:
    """Sign the browser out of the account in use; the next of those beside it takes its place."""
    web = call.app
    jar = read_jar(call.cookies, web.settings.scheme)
    await end_sessions(web, [jar.active] if jar.active else [])
    left = jar.without(jar.active)
    return (*left.cookies(web.settings.scheme), *forget_cookies(web.settings, VISIT))


def forget_cookies(settings: Settings, *names: str) -> tuple[Header, ...]:
    return tuple(cookies.forget_cookie(settings.scheme, name) for name in names)


def redirect(address: str, headers: tuple[Header, ...] = ()) -> Response:
    """Send the browser on with a GET."""
    return Response(303, headers=[(b"location", address.encode("ascii", "ignore")), *headers])


def safe_return(text: str, default: str = "/") -> str:
    """A path of ours to go on to: never another site, however it is written."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= 8192
    return text if plain and text.startswith("/") and not text.startswith("//") else default


async def way_on(call: Call[Web, Any], account_id: AccountId, return_to: str) -> str:
    """Where somebody goes who has just signed in: on, unless the login cannot be used yet; then to the page that says
    why."""
    async with call.app.db.read() as reader:
        user = await find_user(reader, account_id)
    waits = user is not None and user.state != "active"
    return "/auth/access" if waits and return_to in ("/", FIRST_STEPS) else return_to


FIRST_STEPS = "/start"


def first_page(web: Web, return_to: str) -> str:
    """Where a new account begins: with the app's first steps, unless it came for something else."""
    asked = safe_return(return_to)
    return FIRST_STEPS if asked == "/" and web.build.exists else asked
