"""Secrets are told once: only hashes are stored, no address of ours holds one, and a right ends with its token."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.security.house import BASE, House, house_on

PASSWORD = "mountain-lake-7"
CALLBACK = "https://app.example/back"
BROWSER = {"origin": BASE, "sec-fetch-site": "same-origin", "accept": "text/html"}


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value.replace("&amp;", "&") for name, value in found}


async def submit(browser: httpx.AsyncClient, page: str, path: str, **given: str) -> httpx.Response:
    return await browser.post(path, data={**hidden(page), **given}, headers=BROWSER)


async def everything(house: House) -> str:
    """Every row of every table as text, as a dump holds it."""
    async with house.db.read() as reader:
        names = await reader.values("SELECT tablename FROM pg_tables WHERE schemaname = 'public' -- shared")
        # The names come from the catalogue, not from anybody's input.
        texts = [await reader.values(f"SELECT t::text FROM {name} t -- all buckets") for name in names]
    return "\n".join(row for rows in texts for row in rows)


async def secrets_of_a_life(house: House) -> dict[str, str]:
    """Everything secret that one person and their app are told, from sign-up to a token."""
    browser = house.client()
    page = (await browser.get("/auth/sign_up")).text
    form = {"username": "minh", "email": "minh@example.com", "password": PASSWORD, "agreement": "true"}
    assert (await submit(browser, page, "/auth/sign_up", **form)).status_code == 303
    app = (await house.visitor.post("/api/v1/apps", json={"client_name": "Reader", "redirect_uris": CALLBACK})).json()
    asked = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": CALLBACK, "scope": "read"}
    consent = (await browser.get("/oauth/authorize", params=asked)).text
    answer = await submit(browser, consent, "/oauth/authorize", answer="allow")
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    fields |= {name: app[name] for name in ("client_id", "client_secret")}
    unused = await submit(browser, consent, "/oauth/authorize", answer="allow")
    token = (await house.visitor.post("/oauth/token", data=fields)).json()["access_token"]
    fields["grant_type"] = "client_credentials"
    app_token = (await house.visitor.post("/oauth/token", data=fields)).json()["access_token"]
    return {
        "password": PASSWORD,
        "session": browser.cookies["weft_session"],
        "visit": browser.cookies["weft_visit"],
        "secret of the app": app["client_secret"],
        "code": parse_qs(urlsplit(unused.headers["location"]).query)["code"][0],
        "token": token,
        "token of the app": app_token,
    }


@pytest.fixture
async def unconfirmed(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A server where people are in without a mail."""
    async with house_on(database_url, tmp_path, confirm_email=False) as made:
        yield made


async def test_what_is_stored_opens_nothing(unconfirmed: House) -> None:
    house = unconfirmed
    secrets = await secrets_of_a_life(house)
    mails = house.client()
    page = (await mails.get("/auth/password/new")).text
    await submit(mails, page, "/auth/password", email="minh@example.com")
    stored = await everything(house)
    assert "minh@example.com" in stored  # the search finds what is there
    for name, secret in secrets.items():
        for form in (secret, secret.encode().hex()):
            assert form not in stored, name


async def test_tokens_are_long_and_never_alike(house: House) -> None:
    ann = await house.person()
    tokens = [await house.token(ann.account_id, frozenset({"read"})) for _ in range(50)]
    assert len(set(tokens)) == 50
    assert all(len(token) >= 43 for token in tokens)
    beginnings = {token[8:30] for token in tokens}
    assert len(beginnings) == 50


async def test_no_address_of_ours_holds_a_token(house: House) -> None:
    """Pages lead on with the parameters that were sent, but for a token somebody put among them."""
    ann = await house.person()
    for number in range(3):
        await ann.say(f"number {number}")
    for name in ("access_token", "access%5Ftoken", "%61ccess_token"):
        answer = await ann.http.get(f"/api/v1/timelines/home?limit=1&{name}={ann.token}&local=true")
        assert ann.token not in str(answer.headers) and ann.token not in answer.text
        assert "limit=1" in answer.headers["link"] and "local=true" in answer.headers["link"]
    redirects = [
        await house.visitor.get(f"/auth/access?access_token={ann.token}"),
        await house.visitor.get(f"/?access_token={ann.token}"),
    ]
    assert all(ann.token not in str(answer.headers) + answer.text for answer in redirects)


async def test_a_token_in_the_query_opens_nothing_but_streams(house: House) -> None:
    ann = await house.person()
    answer = await house.visitor.get("/api/v1/timelines/home", params={"access_token": ann.token})
    assert answer.status_code == 401


async def test_a_session_opens_our_own_pages_and_nothing_for_other_sites(unconfirmed: House) -> None:
    """A reader's cookies go with whatever another site asks for: none of it is answered by them."""
    secrets = await secrets_of_a_life(unconfirmed)
    visitor = unconfirmed.visitor
    cookie = {"cookie": f"weft_session={secrets['session']}; weft_visit={secrets['visit']}"}
    assert (await visitor.get("/auth/access", headers=cookie)).status_code == 200
    for origin, status in (("https://evil.example", 401), (BASE, 200)):
        headers = {"origin": origin, **cookie}
        assert (await visitor.get("/api/v1/timelines/home", headers=headers)).status_code == status
    evil = {"origin": "https://evil.example", **cookie}
    assert (await visitor.get("/api/v1/streaming/user", headers=evil)).status_code == 401


async def test_a_reset_does_not_tell_whether_an_account_exists(unconfirmed: House) -> None:
    """The same page after the same statements, for an address that somebody has and for one that nobody has."""
    house = unconfirmed
    await secrets_of_a_life(house)
    browser = house.client()
    page = (await browser.get("/auth/password/new")).text
    seen: list[tuple[int, str, list[str]]] = []
    for email in ("minh@example.com", "nobody@example.com"):
        with house.statements() as statements:
            answer = await submit(browser, page, "/auth/password", email=email)
        seen.append((answer.status_code, answer.text, statements))
    assert seen[0] == seen[1]


async def test_passwords_are_hashed_as_they_should_be(house: House) -> None:
    hashed = await house.worker.ports.passwords.hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hashed != await house.worker.ports.passwords.hash(PASSWORD)
