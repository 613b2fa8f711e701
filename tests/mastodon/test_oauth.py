"""OAuth as apps see it: registration, the way through the browser, tokens, their end, and every way to go wrong."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.web.site import (
    CALLBACK,
    PASSWORD,
    Site,
    allow,
    asking,
    fetch_token,
    hidden,
    register,
    sign_in,
    site_with,
    values_of,
)
from weft.infra.db import Db
from weft.kernel.clock import ManualClock

VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PROOF = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@pytest.fixture
async def site(db: Db) -> AsyncIterator[Site]:
    async with site_with(db) as made:
        yield made


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.app() as made:
        yield made


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which Ann is signed in."""
    await site.person()
    async with site.browser() as made:
        answer = await sign_in(made)
        assert answer.status_code == 303, answer.text
        yield made


async def code_for(browser: httpx.AsyncClient, app: dict[str, Any], **given: str) -> str:
    answer = await allow(browser, app, **given)
    assert answer.status_code == 303, answer.text
    return values_of(answer.headers["location"])["code"]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_an_app_registers_and_knows_itself(client: httpx.AsyncClient) -> None:
    app = await register(client, website="https://app.example", redirect_uris=[CALLBACK, "reader://back"])
    assert app["redirect_uris"] == [CALLBACK, "reader://back"]
    assert app["redirect_uri"] == f"{CALLBACK}\nreader://back"
    assert app["client_secret_expires_at"] == 0
    answer = await client.post(
        "/oauth/token",
        json={
            "grant_type": "client_credentials",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "redirect_uri": CALLBACK,
        },
    )
    token = answer.json()
    assert token["token_type"] == "Bearer" and token["scope"] == "read" and type(token["created_at"]) is int
    seen = await client.get("/api/v1/apps/verify_credentials", headers=bearer(token["access_token"]))
    assert seen.json()["name"] == "Reader" and "client_secret" not in seen.json()


@pytest.mark.parametrize(
    "given",
    [
        {"client_name": ""},
        {"client_name": "x" * 61},
        {"redirect_uris": ""},
        {"redirect_uris": "not a uri"},
        {"redirect_uris": "javascript:alert(1)"},
        {"redirect_uris": "data:text/html,x"},
        {"redirect_uris": "https://app.example/#part"},
        {"redirect_uris": "https://user@app.example/"},
        {"redirect_uris": "//app.example/"},
        {"redirect_uris": "https://[bad/"},
        {"redirect_uris": "https://app.example/\u0000"},
        {"scopes": "read everything"},
        {"website": "javascript:alert(1)"},
    ],
)
async def test_an_app_that_cannot_be_is_refused(client: httpx.AsyncClient, given: dict[str, str]) -> None:
    fields = {"client_name": "Reader", "redirect_uris": CALLBACK, **given}
    answer = await client.post("/api/v1/apps", data=fields)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["error"]


async def test_the_whole_way_with_pkce(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    answer = await allow(browser, app, state="a state & more", **PROOF)
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    back = values_of(answer.headers["location"])
    assert back["state"] == "a state & more"
    issued = await fetch_token(client, app, back["code"], code_verifier=VERIFIER)
    assert issued.status_code == 200, issued.text
    assert issued.json()["scope"] == "follow read write"
    seen = await client.get("/api/v1/apps/verify_credentials", headers=bearer(issued.json()["access_token"]))
    assert seen.status_code == 200
    assert issued.headers["access-control-allow-origin"] == "*"
    assert issued.headers["cache-control"] == "private, no-store"


async def test_a_code_works_once(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    code = await code_for(browser, app)
    assert (await fetch_token(client, app, code)).status_code == 200
    again = await fetch_token(client, app, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert again.json()["error_description"]


@pytest.mark.parametrize("given", [{}, {"code_verifier": "w" * 50}, {"code_verifier": "short"}])
async def test_a_sent_challenge_must_be_met(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, given: dict[str, str]
) -> None:
    app = await register(client)
    code = await code_for(browser, app, **PROOF)
    answer = await fetch_token(client, app, code, **given)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    # The wrong proof used the code up: whoever guesses has one try.
    assert (await fetch_token(client, app, code, code_verifier=VERIFIER)).status_code == 400


async def test_a_verifier_without_a_challenge_is_refused(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    code = await code_for(browser, app)
    assert (await fetch_token(client, app, code, code_verifier=VERIFIER)).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": VERIFIER},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge_method": "S256"},
    ],
)
async def test_other_challenges_than_s256_are_refused(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, given: dict[str, str]
) -> None:
    app = await register(client)
    answer = await browser.get("/oauth/authorize", params=asking(app, state="s", **given))
    assert answer.status_code == 303
    assert values_of(answer.headers["location"]) == {"error": "invalid_request", "state": "s"}


async def test_without_its_secret_an_app_needs_the_proof(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    public = {**app, "client_secret": ""}
    bare = await fetch_token(client, public, await code_for(browser, app))
    assert bare.json()["error"] == "invalid_grant"
    proved = await fetch_token(client, public, await code_for(browser, app, **PROOF), code_verifier=VERIFIER)
    assert proved.status_code == 200


async def test_a_code_is_for_one_app_and_one_redirect_uri(
    client: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    app = await register(client, redirect_uris=[CALLBACK, f"{CALLBACK}2"])
    other = await register(client)
    code = await code_for(browser, app)
    assert (await fetch_token(client, other, code)).json()["error"] == "invalid_grant"
    assert (await fetch_token(client, app, code)).status_code == 200
    code = await code_for(browser, app)
    wrong = await fetch_token(client, app, code, redirect_uri=f"{CALLBACK}2")
    assert wrong.json()["error"] == "invalid_grant"


async def test_a_code_lives_a_minute_and_an_out_of_band_one_ten(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, clock: ManualClock
) -> None:
    app = await register(client, redirect_uris=f"{CALLBACK} {OUT_OF_BAND}")
    code = await code_for(browser, app)
    clock.advance(61)
    assert (await fetch_token(client, app, code)).status_code == 400
    page = await allow(browser, app, redirect_uri=OUT_OF_BAND)
    assert page.status_code == 200
    shown = page.text.split('class="code"')[1].split('value="')[1].split('"')[0]
    clock.advance(599)
    assert (await fetch_token(client, app, shown, redirect_uri=OUT_OF_BAND)).status_code == 200


@pytest.mark.parametrize("uri", ["reader://back", "reader:/back", "com.example.reader://oauth?from=weft"])
async def test_an_app_of_the_system_gets_its_code_by_its_own_scheme(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, uri: str
) -> None:
    app = await register(client, redirect_uris=uri)
    answer = await allow(browser, app)
    location = answer.headers["location"]
    assert location.startswith(f"{uri}{'&' if '?' in uri else '?'}code=")
    assert "form-action" not in answer.headers["content-security-policy"] or answer.status_code == 303
    assert (await fetch_token(client, app, values_of(location)["code"], redirect_uri=uri)).status_code == 200


@pytest.mark.parametrize(
    "uri",
    [f"{CALLBACK}/", f"{CALLBACK}?x=1", "https://app.example", "http://app.example/back", "https://evil.example/", ""],
)
async def test_redirect_uris_match_exactly_or_nobody_is_sent_anywhere(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, uri: str
) -> None:
    app = await register(client)
    answer = await browser.get("/oauth/authorize", params={**asking(app), "redirect_uri": uri})
    assert answer.status_code == 422
    assert "location" not in answer.headers


async def test_an_unknown_app_is_shown_and_not_sent_anywhere(browser: httpx.AsyncClient) -> None:
    app = {"client_id": "nobody", "redirect_uri": CALLBACK}
    answer = await browser.get("/oauth/authorize", params=asking(app))
    assert answer.status_code == 422 and "location" not in answer.headers


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"scope": "admin:write"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_an_app_is_told_what_is_wrong_with_its_request(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, given: dict[str, str], error: str
) -> None:
    app = await register(client)
    answer = await browser.get("/oauth/authorize", params=asking(app, **given))
    assert values_of(answer.headers["location"])["error"] == error


async def test_refusing_tells_the_app(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    answer = await allow(browser, app, answer="deny", state="s")
    assert values_of(answer.headers["location"]) == {"error": "access_denied", "state": "s"}


async def test_a_trailing_slash_is_tolerated(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    assert (await browser.get("/oauth/authorize/", params=asking(app))).status_code == 200


async def test_basic_authentication_of_the_app(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client)
    code = await code_for(browser, app)
    answer = await client.post(
        "/oauth/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
        auth=(app["client_id"], app["client_secret"]),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"scope": "write:statuses admin:read"}, 400, "invalid_scope"),
        ({"scope": "nonsense"}, 400, "invalid_scope"),
        ({"grant_type": "password", "username": "ann", "password": PASSWORD}, 400, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "000" + "é" * 43}, 400, "invalid_grant"),
    ],
)
async def test_token_requests_that_are_refused(
    client: httpx.AsyncClient, given: dict[str, str], status: int, error: str
) -> None:
    app = await register(client)
    fields = {
        "grant_type": "client_credentials",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        **given,
    }
    answer = await client.post("/oauth/token", data=fields)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


async def test_an_app_ends_its_token(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app, other = await register(client), await register(client)
    token = (await fetch_token(client, app, await code_for(browser, app))).json()["access_token"]
    keys = {"client_id": app["client_id"], "client_secret": app["client_secret"], "token": token}
    foreign = await client.post(
        "/oauth/revoke", data={**keys, "client_id": other["client_id"], "client_secret": other["client_secret"]}
    )
    assert (foreign.status_code, foreign.json()["error"]) == (403, "unauthorized_client")
    wrong = await client.post("/oauth/revoke", data={**keys, "client_secret": "wrong"})
    assert wrong.status_code == 403
    assert (await client.get("/api/v1/apps/verify_credentials", headers=bearer(token))).status_code == 200
    done = await client.post("/oauth/revoke", json=keys)
    assert (done.status_code, done.json()) == (200, {})
    assert (await client.get("/api/v1/apps/verify_credentials", headers=bearer(token))).status_code == 401
    unknown = await client.post("/oauth/revoke", data=keys)
    assert unknown.status_code == 200


async def test_user_info_needs_its_scope_and_a_user(client: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    app = await register(client, scopes="profile read")
    token = (await fetch_token(client, app, await code_for(browser, app, scope="profile"))).json()["access_token"]
    claims = (await client.get("/oauth/userinfo", headers=bearer(token))).json()
    assert claims["preferred_username"] == "ann"
    assert claims["iss"] == "http://localhost:8000" and claims["sub"] == "http://localhost:8000/users/ann"
    assert claims["picture"].startswith("http://localhost:8000/")
    reader = (await fetch_token(client, app, await code_for(browser, app, scope="read"))).json()["access_token"]
    assert (await client.get("/oauth/userinfo", headers=bearer(reader))).status_code == 403


async def test_the_metadata_names_every_endpoint(client: httpx.AsyncClient) -> None:
    metadata = (await client.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["app_registration_endpoint"] == "http://localhost:8000/api/v1/apps"
    assert "password" not in metadata["grant_types_supported"]
    assert "read:statuses" in metadata["scopes_supported"]


async def test_the_password_grant_works_only_where_it_is_allowed_and_is_limited(db: Db) -> None:
    async with site_with(db, password_grant=True) as site, site.app() as client:
        await site.person()
        app = await register(client)
        fields = {
            "grant_type": "password",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "username": "ann@example.com",
            "password": PASSWORD,
            "scope": "read write",
        }
        issued = await client.post("/oauth/token", data=fields)
        assert issued.status_code == 200 and issued.json()["scope"] == "read write"
        wrong = await client.post("/oauth/token", data={**fields, "password": "wrong"})
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
        absent = await client.post("/oauth/token", data={**fields, "username": "nobody", "password": "wrong"})
        assert absent.json() == wrong.json()
        tries = [await client.post("/oauth/token", data={**fields, "password": "no"}) for _ in range(12)]
        assert tries[-1].status_code == 429


async def test_posting_consent_from_another_site_has_no_effect(
    client: httpx.AsyncClient, browser: httpx.AsyncClient, db: Db
) -> None:
    app = await register(client)
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    page = await browser.get("/oauth/authorize", params=asking(app))
    fields = {**hidden(page.text), "answer": "allow"}
    assert (await browser.post("/oauth/authorize", data=fields, headers=foreign)).status_code == 403
    assert (await browser.post("/oauth/authorize", data={**fields, "csrf": "0" * 64})).status_code == 403
    assert (await browser.get("/oauth/authorize", params={**asking(app), "answer": "allow"})).status_code == 200
    async with db.read() as reader:
        assert await reader.value("SELECT count(*) FROM oauth_codes") == 0
