"""Sign-up from an app: the token it gives, what it refuses and how, and the mail that makes the token work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.web.site import PASSWORD, Site, link_in, register, site_with, submit
from weft.accounts.service import create_invite
from weft.infra.db import Db

FORM: dict[str, Any] = {
    "username": "minh",
    "email": "minh@example.com",
    "password": PASSWORD,
    "agreement": True,
    "locale": "vi",
}


@pytest.fixture
async def site(db: Db) -> AsyncIterator[Site]:
    async with site_with(db) as made:
        yield made


async def app_client(site: Site, scopes: str = "read write") -> httpx.AsyncClient:
    async with site.app() as client:
        app = await register(client, scopes=scopes)
        keys = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
        answer = await client.post("/oauth/token", data={"grant_type": "client_credentials", "scope": scopes, **keys})
    client = site.app()
    client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


async def test_the_token_works_once_the_address_is_confirmed(site: Site) -> None:
    async with await app_client(site) as client, site.browser() as browser:
        answer = await client.post("/api/v1/accounts", json=FORM)
        assert answer.status_code == 200, answer.text
        token = answer.json()
        assert token["token_type"] == "Bearer" and token["scope"] == "read write"
        bearer = {"authorization": f"Bearer {token['access_token']}"}
        blocked = await client.get("/oauth/userinfo", headers=bearer)
        assert blocked.status_code == 403
        waiting = await client.get("/api/v1/emails/check_confirmation", headers=bearer)
        assert waiting.json() is False
        (mail,) = await site.mail()
        assert mail.subject.startswith("Xác nhận")
        again = await client.post("/api/v1/emails/confirmations", headers=bearer)
        assert again.json() == {}
        assert len(await site.mail()) == 1
        await submit(browser, await browser.get(link_in(mail)), "/auth/confirm")
        assert (await client.get("/api/v1/emails/check_confirmation", headers=bearer)).json() is True
        assert (await client.post("/api/v1/emails/confirmations", headers=bearer)).status_code == 403
        # A user's token makes no accounts.
        other = await client.post("/api/v1/accounts", json={**FORM, "username": "two"}, headers=bearer)
        assert other.status_code == 403


async def test_an_unconfirmed_login_is_told_why(site: Site) -> None:
    async with await app_client(site, "profile read write") as client:
        token = (await client.post("/api/v1/accounts", json=FORM)).json()["access_token"]
        answer = await client.get("/oauth/userinfo", headers={"authorization": f"Bearer {token}"})
        assert answer.json()["error"] == "Your login is missing a confirmed e-mail address"


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"username": ""}, "username", "ERR_BLANK"),
        ({"username": "a b"}, "username", "ERR_INVALID"),
        ({"username": "x" * 31}, "username", "ERR_TOO_LONG"),
        ({"username": "admin"}, "username", "ERR_RESERVED"),
        ({"username": "4nn"}, "username", ""),
        ({"email": "nobody"}, "email", "ERR_INVALID"),
        ({"email": ""}, "email", "ERR_BLANK"),
        ({"password": "short"}, "password", "ERR_TOO_SHORT"),
        ({"password": "password1"}, "password", "ERR_INVALID"),
        ({"agreement": False}, "agreement", "ERR_ACCEPTED"),
        ({"reason": "x" * 501}, "reason", "ERR_TOO_LONG"),
    ],
)
async def test_what_is_wrong_is_told_by_field(site: Site, given: dict[str, Any], field: str, code: str) -> None:
    async with await app_client(site) as client:
        answer = await client.post("/api/v1/accounts", json={**FORM, **given})
        if not code:
            assert answer.status_code == 200
            return
        assert answer.status_code == 422
        body = answer.json()
        assert body["error"].startswith("Validation failed: ")
        assert [detail["error"] for detail in body["details"][field]] == [code]
        assert body["details"][field][0]["description"]


async def test_a_taken_name_is_told_and_a_taken_address_only_without_confirmation(db: Db) -> None:
    async with site_with(db, confirm_email=False) as site, await app_client(site) as client:
        await site.person("ann")
        answer = await client.post("/api/v1/accounts", data={**FORM, "username": "Ann", "email": "ann@example.com"})
        assert answer.json()["details"]["username"][0]["error"] == "ERR_TAKEN"
        assert answer.json()["details"]["email"][0]["error"] == "ERR_TAKEN"
        assert answer.json()["error"].startswith("Validation failed: Username has already been taken")


async def test_modes_hold_for_apps_too(db: Db) -> None:
    async with site_with(db, signup="closed") as site, await app_client(site) as client:
        assert (await client.post("/api/v1/accounts", json=FORM)).status_code == 403
    async with site_with(db, signup="invite", limits=False) as site, await app_client(site) as client:
        ann = await site.person("ann")
        assert (await client.post("/api/v1/accounts", json=FORM)).status_code == 403
        invite = await create_invite(db, ann)
        assert (await client.post("/api/v1/accounts", json={**FORM, "invite_code": invite.code})).status_code == 200


async def test_sign_up_needs_the_scope_and_is_limited(site: Site) -> None:
    async with await app_client(site, "read") as reader:
        assert (await reader.post("/api/v1/accounts", json=FORM)).status_code == 403
    async with await app_client(site) as client:
        answers = [await client.post("/api/v1/accounts", json={**FORM, "username": f"n{n}"}) for n in range(7)]
        assert answers[0].status_code == 200 and answers[-1].status_code == 429
