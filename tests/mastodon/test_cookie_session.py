"""The app's own sign-in over the API: what a cookie may, and what other sites may not make it do. The whole application
runs in this process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.mastodon.tabs import OWN, PASSWORD, tab_of
from tests.security.house import BASE, House, house_on
from weft.accounts.service import Passwords, set_state
from weft.kernel.ids import bucket_of


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def hashed() -> AsyncIterator[str]:
    """The hash of everybody's password."""
    passwords = Passwords()
    yield await passwords.hash(PASSWORD)
    passwords.close()


# ------------------------------------------------------------------------------------------------ what a cookie may


async def test_after_signing_in_the_cookie_opens_the_api(house: House, hashed: str) -> None:
    tab, account_id = await tab_of(house, hashed)
    assert (await tab.http.get("/api/v1/timelines/home")).status_code == 200
    said = await tab.post("/api/v1/statuses", status="by cookie")
    assert said.status_code == 200 and said.json()["account"]["id"] == str(account_id)
    assert (await tab.http.get("/api/v1/push/subscription")).status_code == 404, "it has the scope of push"
    answer = await tab.sign_in("ann")
    assert answer.headers["location"] == "/"


async def test_a_sessions_text_is_no_token_and_a_tokens_no_session(house: House, hashed: str) -> None:
    tab, account_id = await tab_of(house, hashed)
    text = tab.http.cookies["weft_session"]
    bearer = {"authorization": f"Bearer {text}"}
    assert (await house.visitor.get("/api/v1/timelines/home", headers=bearer)).status_code == 401
    token = await house.token(account_id, frozenset({"read", "write"}))
    cookie = {"cookie": f"weft_session={token}", **OWN}
    assert (await house.visitor.get("/api/v1/timelines/home", headers=cookie)).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": BASE}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://evil.example"}, 401),
        ({"origin": "null"}, 401),
        ({"origin": "https://localhost:8000"}, 401),
        ({"origin": "http://localhost:3000"}, 401),
        ({"sec-fetch-site": "cross-site"}, 401),
        ({"sec-fetch-site": "same-site"}, 401),
        ({"sec-fetch-site": "cross-site", "origin": BASE}, 401),
        ({}, 401),
    ],
)
async def test_a_write_needs_the_proof_that_our_own_page_sent_it(
    house: House, hashed: str, headers: dict[str, str], status: int
) -> None:
    tab, _ = await tab_of(house, hashed)
    cookie = {"cookie": f"weft_session={tab.http.cookies['weft_session']}"}
    for sent in ({"json": {"status": "x"}}, {"data": {"status": "x"}}, {"files": {"status": (None, "x")}}):
        answer = await house.visitor.post("/api/v1/statuses", headers={**cookie, **headers}, **sent)
        assert answer.status_code == status, answer.text
    for path in ("/api/weft/v1/session/sign_out", "/api/weft/v1/password", "/api/weft/v1/account/delete"):
        if status != 200:
            answer = await house.visitor.post(path, headers={**cookie, **headers}, json={})
            assert answer.status_code == status


async def test_other_sites_read_nothing_by_the_cookie(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    cookie = {"cookie": f"weft_session={tab.http.cookies['weft_session']}"}
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    ):
        answer = await house.visitor.get("/api/v1/timelines/home", headers={**cookie, **headers})
        assert answer.status_code == 401
        session = await house.visitor.get("/api/weft/v1/session", headers={**cookie, **headers})
        assert session.json()["account"] is None
    answer = await tab.http.get("/api/v1/timelines/home")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    asked = await tab.http.options("/api/v1/timelines/home")
    assert "access-control-allow-credentials" not in asked.headers
    assert "x-weft-account" not in asked.headers.get("access-control-allow-headers", "").lower()


async def test_what_a_page_sends_as_another_account_is_refused(house: House, hashed: str) -> None:
    tab, account_id = await tab_of(house, hashed)
    for believed, status in ((str(account_id), 200), ("1", 409), ("", 409), ("x", 409)):
        answer = await tab.http.post("/api/v1/statuses", json={"status": "x"}, headers={"x-weft-account": believed})
        assert answer.status_code == status
        if status == 409:
            assert answer.json()["weft"]["code"] == "session.changed"
    token = {"authorization": f"Bearer {await house.token(account_id, frozenset({'write'}))}", "x-weft-account": "1"}
    answer = await house.visitor.post("/api/v1/statuses", json={"status": "x"}, headers=token)
    assert answer.status_code == 200, "a token says itself whose it is"


async def test_a_page_whose_session_has_ended_is_not_answered_as_a_visitor(house: House, hashed: str) -> None:
    tab, account_id = await tab_of(house, hashed)
    believes = {"x-weft-account": str(account_id)}
    assert (await tab.http.get("/api/v1/timelines/public", headers=believes)).status_code == 200
    ended = {"cookie": f"weft_session={tab.http.cookies['weft_session']}"}
    assert (await tab.http.post("/api/weft/v1/session/sign_out", json={})).status_code == 200
    for headers in (ended, {}):
        for path in ("/api/v1/timelines/public", "/api/weft/v1/session", "/api/v1/timelines/home"):
            answer = await house.visitor.get(path, headers=headers | believes)
            assert answer.status_code == 401, path
        assert (await house.visitor.get("/api/v1/timelines/public", headers=headers)).status_code == 200


async def test_only_staff_browsers_have_staff_scopes(house: House, hashed: str) -> None:
    for name, role, has in (("mia", "moderator", True), ("ann", "member", False)):
        tab, _ = await tab_of(house, hashed, name, role=role)
        grant = await house.worker.sessions(tab.http.cookies["weft_session"])
        assert grant is not None and ("admin:read" in grant.scopes) is has
        assert (await tab.session())["role"] == role


# ------------------------------------------------------------------------------------------------ the document


async def test_a_visitor_learns_of_the_community_and_nothing_else(house: House) -> None:
    session = (await house.visitor.get("/api/weft/v1/session")).json()
    assert session["account"] is None and session["accounts"] == [] and session["role"] is None
    assert session["login"] is None and session["unread"] == {"notifications": 0, "messages": 0}
    about = session["instance"]
    assert about["signup"] == "open" and about["domain"] == "localhost:8000" and about["max_media"] == 4
    assert "notes" in about["features"] and about["vapid_key"]


async def test_the_session_counts_what_is_new(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    bob = await house.person("bob")
    await bob.say("@ann hello")
    await bob.say("@ann a secret", visibility="direct")
    await house.settle()
    session = await tab.session()
    counted = (await tab.http.get("/api/v1/notifications/unread_count")).json()["count"]
    assert session["unread"] == {"notifications": counted, "messages": 1} and counted > 0
    assert session["account"]["acct"] == "ann" and session["role"] == "member"
    assert session["login"] == {"email": "ann@example.com", "confirmed": True, "has_password": True}
    assert session["preferences"]["visibility"] == "public"


async def test_an_app_learns_of_no_other_account_of_the_machine(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    bob = await house.person("bob")
    cookies = {"cookie": f"weft_session={tab.http.cookies['weft_session']}", **OWN}
    session = (await bob.http.get("/api/weft/v1/session", headers=cookies)).json()
    assert session["account"]["acct"] == "bob" and [one["acct"] for one in session["accounts"]] == ["bob"]


async def test_a_cookie_costs_no_statement_once_it_is_known(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    await tab.session()
    text = tab.http.cookies["weft_session"]
    with house.statements() as statements:
        started = time.perf_counter()
        for _ in range(1000):
            assert await house.worker.sessions.by_cookie({"weft_session": text}) is not None
        each_us = (time.perf_counter() - started) * 1000
    assert not statements
    assert each_us < 20, f"{each_us:.1f} us a look-up"


# ------------------------------------------------------------------------------------------------ streams


class Socket:
    """A browser's socket, spoken to without a network."""

    def __init__(self, house: House, headers: dict[str, str], query: str = "stream=user") -> None:
        raw = [(name.encode(), value.encode()) for name, value in {"host": "localhost:8000", **headers}.items()]
        self._scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/api/v1/streaming",
            "query_string": query.encode(),
            "headers": raw,
            "subprotocols": [],
            "client": ("203.0.113.7", 4711),
            "extensions": {"websocket.http.response": {}},
        }
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self.task = asyncio.create_task(house.worker.asgi(self._scope, self._receive, self.sent.put))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "websocket.connect"}
        await self._gone.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.sent.get()

    async def close(self) -> None:
        self._gone.set()
        await self.task


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": BASE, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin"},
    ],
)
async def test_a_socket_of_another_site_gets_nothing_by_the_cookie(
    house: House, hashed: str, headers: dict[str, str]
) -> None:
    tab, _ = await tab_of(house, hashed)
    socket = Socket(house, {"cookie": f"weft_session={tab.http.cookies['weft_session']}", **headers})
    answer = await socket.next()
    assert answer["type"] == "websocket.http.response.start" and answer["status"] == 401
    await socket.close()


async def test_our_own_pages_socket_hears_until_the_session_ends(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    cookie = {"cookie": f"weft_session={tab.http.cookies['weft_session']}", "origin": BASE}
    socket = Socket(house, cookie, f"stream=user&account={ann}")
    assert (await socket.next())["type"] == "websocket.accept"
    await tab.post("/api/v1/statuses", status="hello, live")
    assert "hello, live" in (await socket.next())["text"]
    assert (await tab.post("/api/weft/v1/session/sign_out")).status_code == 200
    assert (await socket.next())["type"] == "websocket.close"
    await socket.close()


async def test_a_socket_that_believes_to_be_another_account_is_refused(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    cookie = {"cookie": f"weft_session={tab.http.cookies['weft_session']}", "origin": BASE}
    socket = Socket(house, cookie, "stream=user&account=1")
    assert (await socket.next())["status"] == 409
    await socket.close()


async def test_a_suspended_accounts_socket_closes(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    socket = Socket(house, {"cookie": f"weft_session={tab.http.cookies['weft_session']}", "origin": BASE})
    assert (await socket.next())["type"] == "websocket.accept"
    async with house.db.tx(bucket_of(ann)) as tx:
        await set_state(tx, ann, "suspended")
    assert (await socket.next())["type"] == "websocket.close"
    await socket.close()


async def test_event_streams_open_for_our_own_pages_only(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    cookie = {"cookie": f"weft_session={tab.http.cookies['weft_session']}"}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = await house.visitor.get("/api/v1/streaming/user", headers={**cookie, **headers})
        assert answer.status_code == 401
    opened = asyncio.create_task(tab.http.get("/api/v1/streaming/user"))
    for _ in range(100):
        await asyncio.sleep(0.02)
        if house.worker.streams.open_count:
            break
    assert house.worker.streams.open_count == 1
    assert (await tab.post("/api/weft/v1/session/sign_out")).status_code == 200
    async with asyncio.timeout(5):
        assert (await opened).text.startswith(":)")
