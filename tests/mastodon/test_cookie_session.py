"""The app's own sign-in over the API: what a cookie may, what other sites may not make it do, several accounts in one
browser, and how sessions end. The whole application runs in this process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.security.house import BASE, House, house_on
from weft.accounts.service import Passwords, set_state, set_user_state
from weft.infra.db import Tx
from weft.kernel.ids import AccountId, bucket_of

PASSWORD = "mountain-lake-7"
OWN = {"origin": BASE, "sec-fetch-site": "same-origin"}


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(database_url, tmp_path) as made:
        yield made


@pytest.fixture
async def hashed() -> AsyncIterator[str]:
    passwords = Passwords()
    yield await passwords.hash(PASSWORD)
    passwords.close()


class Tab:
    """A browser that is signed in by the server's own pages."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.http = house.client()
        self.http.headers.update(OWN)

    async def sign_in(self, name: str, **more: str) -> httpx.Response:
        page = await self.http.get("/auth/sign_in")
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        form = {"csrf": csrf, "login": name, "password": PASSWORD, **more}
        answer = await self.http.post("/auth/sign_in", data=form)
        assert answer.status_code == 303, answer.text
        return answer

    async def session(self) -> Any:
        return (await self.http.get("/api/weft/v1/session")).json()

    async def post(self, path: str, **values: Any) -> httpx.Response:
        return await self.http.post(path, json=values)

    async def is_in(self) -> bool:
        return (await self.http.get("/api/v1/accounts/verify_credentials")).status_code == 200


async def tab_of(house: House, hashed: str, name: str = "ann", **given: Any) -> tuple[Tab, AccountId]:
    person = await house.person(name, password_hash=hashed, email=f"{name}@example.com", **given)
    tab = Tab(house)
    await tab.sign_in(name)
    return tab, person.account_id


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


# ------------------------------------------------------------------------------------------------ several accounts


async def names(tab: Tab) -> list[str]:
    return [account["acct"] for account in (await tab.session())["accounts"]]


async def test_another_account_is_added_and_switched_to(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    await house.person("bob", password_hash=hashed)
    page = await tab.http.get("/auth/sign_in?add=1")
    assert 'name="add" value="true"' in page.text
    await tab.sign_in("bob", add="true")
    assert await names(tab) == ["bob", "ann"]
    answer = await tab.post("/api/weft/v1/session/switch", account_id=str(ann))
    assert answer.json() == {"account_id": str(ann)}
    assert await names(tab) == ["ann", "bob"]
    for line in answer.headers.get_list("set-cookie"):
        assert "; HttpOnly" in line and "; SameSite=Lax" in line


async def test_without_adding_the_first_is_signed_out(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    old = tab.http.cookies["weft_session"]
    await house.person("bob", password_hash=hashed)
    await tab.sign_in("bob")
    assert await names(tab) == ["bob"]
    assert await house.worker.sessions(old) is None


async def test_nobody_switches_to_an_account_that_is_not_in_the_browser(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    bob = await house.person("bob")
    for other in (bob.id, "1", "x", ""):
        assert (await tab.post("/api/weft/v1/session/switch", account_id=other)).status_code == 404
    answer = await bob.http.post("/api/weft/v1/session/switch", json={"account_id": bob.id}, headers=OWN)
    assert answer.status_code == 403 and answer.json()["weft"]["code"] == "session.needed"


async def test_five_accounts_fit_and_the_oldest_falls_out(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed, "p0")
    first = tab.http.cookies["weft_session"]
    for number in range(1, 6):
        await house.person(f"p{number}", password_hash=hashed)
        await tab.sign_in(f"p{number}", add="true")
    assert await names(tab) == ["p5", "p4", "p3", "p2", "p1"]
    assert await house.worker.sessions(first) is None, "what falls out is signed out"


async def test_the_same_account_twice_is_one(house: House, hashed: str) -> None:
    tab, account_id = await tab_of(house, hashed)
    await tab.sign_in("ann", add="true")
    assert await names(tab) == ["ann"]
    async with house.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM sessions WHERE account_id = $1 -- all buckets", account_id) == 1


async def test_signing_out_goes_on_with_the_next_or_ends_all(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    await house.person("bob", password_hash=hashed)
    await tab.sign_in("bob", add="true")
    bobs = tab.http.cookies["weft_session"]
    assert (await tab.post("/api/weft/v1/session/sign_out")).json() == {"account_id": str(ann)}
    assert await names(tab) == ["ann"] and await house.worker.sessions(bobs) is None
    await tab.sign_in("bob", add="true")
    kept = [tab.http.cookies["weft_session"], tab.http.cookies["weft_others"]]
    answer = await tab.post("/api/weft/v1/session/sign_out", all=True)
    assert answer.json() == {"account_id": None}
    assert all("Max-Age=0" in line for line in answer.headers.get_list("set-cookie"))
    assert [await house.worker.sessions(text) for text in kept] == [None, None]


@pytest.mark.parametrize("others", ["x", ".", "." * 400, "a" * 46, "%00", "é"])
async def test_any_cookie_is_read_or_ignored(house: House, hashed: str, others: str) -> None:
    tab, _ = await tab_of(house, hashed)
    cookie = f"weft_session={tab.http.cookies['weft_session']}; weft_others={others}".encode()
    answer = await house.visitor.get("/api/weft/v1/session", headers=[(b"cookie", cookie)])
    assert [account["acct"] for account in answer.json()["accounts"]] == ["ann"]


# ------------------------------------------------------------------------------------------------ how sessions end


async def change(house: House, account_id: AccountId, what: Any) -> None:
    async def run(tx: Tx) -> None:
        await what(tx)

    async with house.db.tx(bucket_of(account_id)) as tx:
        await run(tx)


async def test_suspension_and_disabling_end_a_session_at_once(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    assert await tab.is_in()
    await change(house, ann, lambda tx: set_state(tx, ann, "suspended"))
    assert not await tab.is_in()
    other, bob = await tab_of(house, hashed, "bob")
    await change(house, bob, lambda tx: set_user_state(tx, bob, "disabled"))
    assert not await other.is_in()


async def test_changing_the_password_ends_all_but_this_browser(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    elsewhere = Tab(house)
    await elsewhere.sign_in("ann")
    app = await house.token(ann, frozenset({"read"}))
    wrong = await tab.post("/api/weft/v1/password", current="wrong", new="another-lake-8")
    assert wrong.status_code == 422 and wrong.json()["weft"] == {"code": "password.wrong", "field": "current"}
    short = await tab.post("/api/weft/v1/password", current=PASSWORD, new="short")
    assert short.status_code == 422 and await elsewhere.is_in()
    assert (await tab.post("/api/weft/v1/password", current=PASSWORD, new="another-lake-8")).status_code == 200
    assert await tab.is_in() and not await elsewhere.is_in()
    bearer = {"authorization": f"Bearer {app}"}
    assert (await house.visitor.get("/api/v1/timelines/home", headers=bearer)).status_code == 401


async def test_guesses_at_the_password_are_limited(database_url: str, tmp_path: Path, hashed: str) -> None:
    async with house_on(database_url, tmp_path, limits=True) as house:
        tab, _ = await tab_of(house, hashed)
        for _ in range(10):
            await tab.post("/api/weft/v1/password", current="wrong", new="another-lake-8")
        right = await tab.post("/api/weft/v1/password", current=PASSWORD, new="another-lake-8")
    assert right.status_code == 422


async def test_browsers_and_apps_are_listed_and_ended_one_by_one(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    elsewhere = Tab(house)
    elsewhere.http.headers["user-agent"] = "Elsewhere/1"
    await elsewhere.sign_in("ann")
    listed = (await tab.http.get("/api/weft/v1/sessions")).json()
    assert [one["current"] for one in listed if one["kind"] == "browser"].count(True) == 1
    other = next(one for one in listed if one["name"] == "Elsewhere/1")
    app = next(one for one in listed if one["kind"] == "app")
    assert app["name"] == "Tests" and "read" in app["scopes"]
    bob, _ = await tab_of(house, hashed, "bob")
    for one in (other, app):
        assert (await bob.http.delete(f"/api/weft/v1/sessions/{one['id']}")).status_code == 404
        assert (await tab.http.delete(f"/api/weft/v1/sessions/{one['id']}")).status_code == 200
        assert (await tab.http.delete(f"/api/weft/v1/sessions/{one['id']}")).status_code == 404
    assert not await elsewhere.is_in() and await tab.is_in()
    assert len((await tab.http.get("/api/weft/v1/sessions")).json()) == 1
    assert ann


async def test_all_others_end_with_one_press(house: House, hashed: str) -> None:
    tab, _ = await tab_of(house, hashed)
    elsewhere = Tab(house)
    await elsewhere.sign_in("ann")
    assert (await tab.http.delete("/api/weft/v1/sessions")).status_code == 200
    assert await tab.is_in() and not await elsewhere.is_in()
    assert [one["kind"] for one in (await tab.http.get("/api/weft/v1/sessions")).json()] == ["browser"]


async def test_deleting_the_account_takes_its_password_and_goes_on_with_the_next(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    await house.person("bob", password_hash=hashed)
    await tab.sign_in("bob", add="true")
    assert (await tab.post("/api/weft/v1/account/delete", password="wrong")).status_code == 422
    answer = await tab.post("/api/weft/v1/account/delete", password=PASSWORD)
    assert answer.json() == {"account_id": str(ann)}
    assert await names(tab) == ["ann"]
    assert (await house.visitor.get("/api/v1/accounts/lookup", params={"acct": "bob"})).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/weft/v1/sessions"),
        ("DELETE", "/api/weft/v1/sessions"),
        ("DELETE", "/api/weft/v1/sessions/1"),
        ("POST", "/api/weft/v1/password"),
        ("POST", "/api/weft/v1/account/delete"),
        ("POST", "/api/weft/v1/session/sign_out"),
    ],
)
async def test_no_app_can_lock_its_user_out(house: House, method: str, path: str) -> None:
    ann = await house.person()
    body = {"current": "x", "new": "y"} if path.endswith("password") else {"password": "x"}
    given = body if method == "POST" and "sign_out" not in path else None
    answer = await ann.http.request(method, path, json=given)
    assert answer.status_code == 403 and answer.json()["weft"]["code"] == "session.needed"


async def test_a_session_left_alone_ends_also_in_memory(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    assert await tab.is_in()
    entry = house.worker.sessions._entries[tab.http.cookies["weft_session"]]
    entry.used_day -= 61
    async with house.db.tx(bucket_of(ann)) as tx:
        await tx.execute("UPDATE sessions SET used_ms = used_ms - 5300000000 WHERE bucket = $1", bucket_of(ann))
    assert not await tab.is_in()


async def test_use_is_noted_and_keeps_a_session_alive(house: House, hashed: str) -> None:
    tab, ann = await tab_of(house, hashed)
    assert await tab.is_in()
    entry = house.worker.sessions._entries[tab.http.cookies["weft_session"]]
    entry.used_day -= 1
    async with house.db.tx(bucket_of(ann)) as tx:
        await tx.execute("UPDATE sessions SET used_ms = 0 WHERE bucket = $1", bucket_of(ann))
    await house.worker.sessions.note_use()
    async with house.db.read() as reader:
        assert await reader.value("SELECT min(used_ms) FROM sessions -- all buckets") > 0


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
    await change(house, ann, lambda tx: set_state(tx, ann, "suspended"))
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
