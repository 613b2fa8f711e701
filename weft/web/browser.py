"""The browser behind a page: its cookies, the session they prove, and the proof that a form came from our own page.

``weft_visit`` is any browser's; ``weft_session`` a signed-in one's. With https both carry the ``__Host-`` prefix, so no
neighbouring host can set them. A form holds a hash of both cookies, which no other site can know.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import msgspec

from weft.accounts.model import Account, Session, User
from weft.accounts.service import create_session, find_account, find_session, find_user, note_session_use
from weft.infra.routing.table import Call, Response
from weft.kernel.errors import Forbidden
from weft.kernel.ids import AccountId
from weft.settings import Settings
from weft.web.context import Web
from weft.web.looks import look_of
from weft.web.pages import Header

VISIT, SESSION = "weft_visit", "weft_session"
SESSION_S = 60 * 86_400
VISIT_LENGTH = 43


class Browser(msgspec.Struct, frozen=True):
    visit: str
    is_new: bool
    language: str
    session_text: str = ""
    session: Session | None = None
    account: Account | None = None
    user: User | None = None

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
    language = look_of(call, asked_language).language
    known = Browser(secrets.token_urlsafe(32) if is_new else visit, is_new, language)
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
    return f"__Host-{name}" if settings.scheme == "https" else name


def cookie(settings: Settings, name: str, value: str, max_age: int | None = None) -> Header:
    """A cookie that scripts cannot read and other sites' forms do not carry."""
    parts = [f"{cookie_name(settings, name)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if settings.scheme == "https":
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode()


def visit_cookie(call: Call[Web, Any], browser: Browser) -> tuple[Header, ...]:
    """The cookie that a browser needs to send a form, where it has none."""
    return (cookie(call.app.settings, VISIT, browser.visit),) if browser.is_new else ()


def show(call: Call[Web, Any], browser: Browser, template: str, values: dict[str, Any], status: int = 200) -> Response:
    """A page with forms for this browser."""
    given = {"csrf": browser.csrf, "me": browser.account, "error": "", **values}
    headers = visit_cookie(call, browser)
    return call.app.pages.show(template, browser.language, given, status=status, headers=headers)


async def begin_session(call: Call[Web, Any], account_id: AccountId) -> tuple[Header, ...]:
    """Sign a browser in: a new session and a new visit, so that nothing it held before counts."""
    settings = call.app.settings
    agent = call.headers.get(b"user-agent", b"").decode("latin-1")
    text = await create_session(call.app.db, account_id, agent)
    return (
        cookie(settings, SESSION, text, SESSION_S),
        cookie(settings, VISIT, secrets.token_urlsafe(32)),
    )


def forget_cookies(settings: Settings, *names: str) -> tuple[Header, ...]:
    return tuple(cookie(settings, name, "", 0) for name in names)


def redirect(address: str, headers: tuple[Header, ...] = ()) -> Response:
    """Send the browser on with a GET."""
    return Response(303, headers=[(b"location", address.encode("ascii", "ignore")), *headers])


def safe_return(text: str, default: str = "/auth/access") -> str:
    """A path of ours to go on to: never another site, however it is written."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= 8192
    return text if plain and text.startswith("/") and not text.startswith("//") else default
