"""Mastodon.py as an app on somebody's telephone: registered, let in through the real pages, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import requests
from mastodon import Mastodon
from PIL import Image

from tests.support.postgres import run
from tests.support.server import LiveServer, Person
from weft.accounts.model import NewAccount
from weft.accounts.service import Passwords, create_account
from weft.infra.db import open_db
from weft.kernel.clock import Clock

T = TypeVar("T")
PASSWORD = "mountain-lake-7"
SCOPES = ["read", "write", "follow", "push"]
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class Proving(requests.Session):
    """A session that adds the PKCE verifier, which Mastodon.py does not send by itself."""

    def __init__(self, verifier: str) -> None:
        super().__init__()
        self.verifier = verifier

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        if url.endswith("/oauth/token"):
            kwargs["data"] = {**(kwargs.get("data") or {}), "code_verifier": self.verifier}
        return super().request(method, url, *args, **kwargs)


def app_of(server: LiveServer, person: Person) -> Mastodon:
    """The client of somebody who is let in already."""
    return Mastodon(access_token=person.token, api_base_url=server.url, ratelimit_method="throw", request_timeout=20)


def registered(server: LiveServer, redirect: str = OUT_OF_BAND, session: requests.Session | None = None) -> Mastodon:
    """A client that no one has let in yet."""
    id_, secret = Mastodon.create_app("Reader", scopes=SCOPES, redirect_uris=redirect, api_base_url=server.url)
    return Mastodon(client_id=id_, client_secret=secret, api_base_url=server.url, session=session)


def with_password(server: LiveServer, name: str) -> None:
    """Somebody who can sign in on the pages."""

    async def make() -> None:
        passwords = Passwords()
        db = await open_db(server.database_url, Clock(), size=1)
        try:
            hashed = await passwords.hash(PASSWORD)
            await create_account(db, NewAccount(username=name, email=f"{name}@example.com", password_hash=hashed))
        finally:
            await db.close()
            passwords.close()

    run(make())


def proof() -> tuple[str, dict[str, str]]:
    """A verifier, and what of it goes into the address."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return verifier, {"code_challenge": challenge, "code_challenge_method": "S256"}


class Browser:
    """Follows links and fills in forms, like the browser that an app opens to be let in."""

    def __init__(self, server: LiveServer) -> None:
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": server.url}
        self.http = httpx.Client(base_url=server.url, headers=headers, timeout=20)

    def open(self, url: str) -> httpx.Response:
        """A page, after the redirects that stay on this server."""
        page = self.http.get(url)
        while page.is_redirect and page.headers["location"].startswith("/"):
            page = self.http.get(page.headers["location"])
        assert page.status_code == 200, page.text
        return page

    def submit(self, page: httpx.Response, **given: str) -> httpx.Response:
        """Send the page's last form that takes these fields."""
        forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page.text, re.DOTALL)
        action, form = next(each for each in reversed(forms) if all(f'name="{name}"' in each[1] for name in given))
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        hidden = {name: value.replace("&amp;", "&") for name, value in fields}
        return self.http.post(action, data={**hidden, **given})

    def let_in(self, url: str, login: str) -> httpx.Response:
        """Sign in where asked to, and agree; what the app is told."""
        page = self.open(url)
        if 'name="password"' in page.text:
            answer = self.submit(page, login=login, password=PASSWORD)
            assert answer.status_code == 303, answer.text
            page = self.open(answer.headers["location"])
        return self.submit(page, answer="allow")


def code_in(answer: httpx.Response) -> str:
    """The code that a redirect or the page for reading it off carries."""
    if answer.is_redirect:
        address = answer.headers["location"]
        if "code=" in address:
            return parse_qs(urlsplit(address).query)["code"][0]
    found = re.search(r'class="code"[^>]*value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def picture(width: int = 64, height: int = 48, colour: str = "teal") -> bytes:
    """A PNG."""
    made = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(made, "PNG")
    return made.getvalue()


def eventually(ask: Callable[[], T], what: Callable[[T], object] = bool, seconds: float = 10) -> T:
    """The answer once it is as wanted: for effects that another part of the server brings about."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if what(answer):
            return answer
        assert time.monotonic() < deadline, f"still {answer!r}"
        time.sleep(0.03)
