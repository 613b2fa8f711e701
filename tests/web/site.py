"""A server of the pages and of OAuth, asked in the same process: the real routes, store and limits, without sockets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from weft.accounts.events import MailWanted
from weft.accounts.model import Account, NewAccount, User
from weft.accounts.service import (
    Authenticator,
    OidcClient,
    Passwords,
    Seal,
    create_account,
    find_by_handle,
    find_user,
    send_mail,
)
from weft.infra.admit import Admit
from weft.infra.db import Db
from weft.infra.events import Event
from weft.infra.http import Fetcher
from weft.infra.mail import Mail, Mailer
from weft.infra.routing.application import Application, Serving
from weft.kernel.ids import AccountId
from weft.mastodon import apps, oauth, sign_up
from weft.mastodon.addresses import Addresses
from weft.settings import Settings
from weft.web.build import Build
from weft.web.context import Web
from weft.web.pages import Pages
from weft.web.routes import ROUTES

BASE = "http://localhost:8000"
PASSWORD = "mountain-lake-7"
CALLBACK = "https://app.example/back"


class Box(Mailer):
    """A mail server outside: it keeps what would be sent."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)


class Site:
    """The application, what people and apps do with it, and what it said to its signals."""

    def __init__(self, db: Db, settings: Settings, fetcher: Fetcher | None = None) -> None:
        self.db = db
        self.settings = settings
        self.events: list[Event] = []
        self.authenticator = Authenticator(db)
        db.publish = self._publish
        self.admit = Admit(None, db.clock, settings.limits)
        self.passwords = Passwords()
        self.box = Box()
        oidc = OidcClient(fetcher, db.clock, settings) if fetcher is not None and settings.oidc_issuer else None
        web = Web(
            settings=settings,
            db=db,
            admit=self.admit,
            passwords=self.passwords,
            pages=Pages(settings),
            build=Build(settings.app or "no build"),
            seal=Seal(b"a key of the tests"),
            oidc=oidc,
        )
        mastodon = SimpleNamespace(
            settings=settings,
            db=db,
            admit=self.admit,
            passwords=self.passwords,
            presenter=SimpleNamespace(addresses=Addresses(settings)),
            vapid_key="a key for push",
        )
        serving = Serving(
            authenticate=self.authenticator,
            admit=self.admit,
            clock=db.clock,
            base_url=settings.url,
            render_error=web.pages.error,
        )
        api = [*oauth.ROUTES, *apps.ROUTES, *sign_up.ROUTES]
        self.application = Application(api, mastodon, serving, [(ROUTES, web)])

    def _publish(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            account_id = getattr(event, "account_id", None)
            if type(event).__name__ in ("AccessEnded", "UserChanged", "AccountStateChanged") and account_id:
                self.authenticator._drop_account(account_id)

    def browser(self, **given: Any) -> httpx.AsyncClient:
        """A browser of its own; it says where its forms come from, as browsers do."""
        headers = {"origin": self.settings.url, "sec-fetch-site": "same-origin", "accept": "text/html"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application, raise_app_exceptions=True),
            base_url=self.settings.url,
            headers={**headers, **given.pop("headers", {})},
            **given,
        )

    def app(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.application), base_url=self.settings.url)

    async def person(self, username: str = "ann", **given: Any) -> AccountId:
        hashed = await self.passwords.hash(PASSWORD)
        new = NewAccount(username=username, email=f"{username}@example.com", password_hash=hashed)
        return (await create_account(self.db, msgspec.structs.replace(new, **given))).id

    async def mail(self) -> list[Mail]:
        """Write what is wanted by now, as the outbox would."""
        async with self.db.read() as reader:
            rows = await reader.rows("SELECT payload FROM outbox WHERE kind = 'MailWanted' ORDER BY id")
        self.box.mails.clear()
        for row in rows:
            event = msgspec.json.decode(row["payload"], type=MailWanted)
            await send_mail(self.db, self.box, self.settings, event)
        async with self.db.job() as tx:
            await tx.execute("DELETE FROM outbox WHERE kind = 'MailWanted' -- all buckets")
        return list(self.box.mails)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value.replace("&amp;", "&") for name, value in found}


def link_in(mail: Mail) -> str:
    return next(line for line in mail.text.splitlines() if line.startswith("http"))


def values_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def submit(browser: httpx.AsyncClient, page: httpx.Response, path: str, **given: str) -> httpx.Response:
    """Send the form of a page."""
    return await browser.post(path, data={**hidden(page.text), **given})


async def sign_in(browser: httpx.AsyncClient, login: str = "ann", password: str = PASSWORD) -> httpx.Response:
    page = await browser.get("/auth/sign_in")
    return await submit(browser, page, "/auth/sign_in", login=login, password=password)


async def register(client: httpx.AsyncClient, **given: Any) -> dict[str, Any]:
    """An app, registered as apps do."""
    fields = {"client_name": "Reader", "redirect_uris": CALLBACK, "scopes": "read write follow push", **given}
    answer = await client.post("/api/v1/apps", json=fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def asking(app: dict[str, Any], **given: str) -> dict[str, str]:
    """The parameters of ``/oauth/authorize`` for an app."""
    return {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": app["redirect_uri"].split()[0],
        "scope": "read write follow",
        **given,
    }


async def allow(browser: httpx.AsyncClient, app: dict[str, Any], answer: str = "allow", **given: str) -> httpx.Response:
    """Agree, in a browser that is signed in."""
    page = await browser.get("/oauth/authorize", params=asking(app, **given))
    assert page.status_code == 200, page.text
    return await submit(browser, page, "/oauth/authorize", answer=answer)


async def fetch_token(client: httpx.AsyncClient, app: dict[str, Any], code: str, **given: str) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": app["redirect_uri"].split()[0],
        "code": code,
        **given,
    }
    return await client.post("/oauth/token", data={name: value for name, value in fields.items() if value})


@asynccontextmanager
async def site_with(db: Db, **given: Any) -> AsyncIterator[Site]:
    fetcher = given.pop("fetcher", None)
    made = Site(db, msgspec.structs.replace(Settings(base_url=BASE, signup="open"), **given), fetcher)
    yield made
    made.passwords.close()
    made.admit.close()


FORM = {"username": "minh", "email": "minh@example.com", "password": PASSWORD, "agreement": "true"}


async def person(db: Db, username: str) -> tuple[Account, User]:
    async with db.read() as reader:
        account = await find_by_handle(reader, username)
        assert account is not None
        user = await find_user(reader, account.id)
    assert user is not None
    return account, user


async def signed_up(browser: httpx.AsyncClient, **given: str) -> httpx.Response:
    page = await browser.get("/auth/sign_up")
    return await submit(browser, page, "/auth/sign_up", **{**FORM, **given})


def cookies_set(answer: httpx.Response) -> dict[str, str]:
    lines = answer.headers.get_list("set-cookie")
    return {line.partition("=")[0]: line for line in lines}
