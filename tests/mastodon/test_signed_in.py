"""Several accounts in one browser, what has access to one, and how sessions end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.mastodon.tabs import OWN, PASSWORD, Tab, names, tab_of
from tests.security.house import House, house_on
from weft.accounts.service import Passwords, set_state, set_user_state
from weft.infra.db import Tx
from weft.kernel.ids import AccountId, bucket_of


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


# ------------------------------------------------------------------------------------------------ several accounts


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
    elsewhere.http.headers["user-agent"] = "Elsewhere/1 (iPhone) FxiOS/1"
    await elsewhere.sign_in("ann")
    listed = (await tab.http.get("/api/weft/v1/sessions")).json()
    assert [one["current"] for one in listed if one["kind"] == "browser"].count(True) == 1
    other = next(one for one in listed if one["name"] == "Elsewhere/1 (iPhone) FxiOS/1")
    assert (other["browser"], other["system"], other["phone"]) == ("Firefox", "iPhone", True)
    app = next(one for one in listed if one["kind"] == "app")
    assert app["name"] == "Tests" and "read" in app["scopes"]
    assert (app["browser"], app["system"], app["phone"]) == ("", "", False)
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
    assert (await ann.http.delete(f"/api/weft/v1/sessions/{await _token_id(house, ann.account_id)}")).status_code == 404


async def _token_id(house: House, account_id: AccountId) -> int:
    async with house.db.read() as reader:
        found: int = await reader.value(
            "SELECT id FROM tokens WHERE bucket = $1 AND account_id = $2", bucket_of(account_id), account_id
        )
    return found


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
