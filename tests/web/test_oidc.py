"""Signing up and in with an account elsewhere, against a real OpenID provider."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from tests.web.provider import CLIENT_ID, CLIENT_SECRET, agree, real_provider
from tests.web.site import BASE, PASSWORD, Site, sign_in, site_with, submit, values_of
from weft.accounts.events import AvatarOffered
from weft.accounts.model import Account
from weft.accounts.oidc import Answer, Attempt, Claims, OidcClient, identity_of
from weft.accounts.service import create_invite, find_by_handle, find_user
from weft.infra.db import Db
from weft.infra.http import Fetcher
from weft.kernel.clock import Clock
from weft.kernel.errors import Forbidden, Unavailable
from weft.settings import Settings

REDIRECT = f"{BASE}/auth/oidc/callback"
PEOPLE: dict[str, dict[str, object]] = {
    "minh": {
        "name": "Minh Anh",
        "preferred_username": "minh.anh",
        "email": "minh@example.org",
        "email_verified": True,
        "picture": "https://pictures.example/minh.png",
    },
    "ann": {"name": "Ann", "preferred_username": "ann", "email": "ann@example.com", "email_verified": True},
    "unsure": {"name": "Un Sure", "preferred_username": "unsure", "email": "un@example.org", "email_verified": False},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with real_provider(PEOPLE, REDIRECT) as address:
        yield address


@pytest.fixture
def clock() -> Clock:
    """The provider's times are the system's, so ours are too."""
    return Clock()


@pytest.fixture
def settings(issuer: str) -> Settings:
    return Settings(
        base_url=BASE,
        signup="open",
        oidc_issuer=issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Example",
    )


@pytest.fixture
async def fetcher(issuer: str) -> AsyncIterator[Fetcher]:
    made = Fetcher(frozenset({urlsplit(issuer).netloc}), None, "weft-tests")
    yield made
    await made.aclose()


@pytest.fixture
async def site(db: Db, settings: Settings, fetcher: Fetcher) -> AsyncIterator[Site]:
    async with site_with(db, fetcher=fetcher, **msgspec.structs.asdict(settings)) as made:
        yield made


async def to_provider(browser: httpx.AsyncClient, **given: str) -> str:
    page = await browser.get("/auth/sign_in")
    answer = await submit(browser, page, "/auth/oidc", **given)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(browser: httpx.AsyncClient, person: str, **given: str) -> httpx.Response:
    """To the provider and back, as somebody the provider knows."""
    return await browser.get(await agree(await to_provider(browser, **given), person, REDIRECT))


async def join_as(browser: httpx.AsyncClient, person: str, **given: str) -> httpx.Response:
    answer = await come_back(browser, person)
    assert answer.headers["location"] == "/auth/oidc/join", answer.text
    page = await browser.get("/auth/oidc/join")
    assert page.status_code == 200, page.text
    return await submit(browser, page, "/auth/oidc/join", **{"agreement": "true", "username": person, **given})


async def account_of(db: Db, username: str) -> Account | None:
    async with db.read() as reader:
        return await find_by_handle(reader, username)


async def test_sign_up_carries_name_address_and_picture_over(site: Site) -> None:
    async with site.browser() as browser:
        answer = await come_back(browser, "minh", return_to="/auth/access")
        page = await browser.get(answer.headers["location"])
        assert "Welcome, \u2068Minh Anh" in page.text and 'value="minh_anh"' in page.text
        answer = await submit(browser, page, "/auth/oidc/join", username="minh", agreement="true")
        assert answer.headers["location"] == "/auth/access"
        assert "@minh" in (await browser.get("/auth/access")).text
    account = await account_of(site.db, "minh")
    assert account is not None and account.display_name == "Minh Anh"
    async with site.db.read() as reader:
        user = await find_user(reader, account.id)
    assert user is not None
    assert (user.email, user.state, user.has_password) == ("minh@example.org", "active", False)
    offered = AvatarOffered(account_id=account.id, url="https://pictures.example/minh.png")
    assert offered in site.events


async def test_the_same_identity_signs_in_to_the_account_it_made(site: Site) -> None:
    async with site.browser() as first:
        await join_as(first, "minh")
    async with site.browser() as second:
        answer = await come_back(second, "minh")
        assert answer.headers["location"] == "/"
        assert "@minh" in (await second.get("/auth/access")).text


async def test_an_identity_never_takes_over_an_account_with_the_same_address(site: Site) -> None:
    ann = await site.person("ann")
    async with site.browser() as browser:
        answer = await join_as(browser, "ann", username="ann")
        assert answer.status_code == 422
        page = await browser.get("/auth/oidc/join")
        answer = await submit(browser, page, "/auth/oidc/join", username="annother", agreement="true")
        assert answer.status_code == 303
    made = await account_of(site.db, "annother")
    assert made is not None and made.id != ann
    async with site.db.read() as reader:
        user = await find_user(reader, made.id)
    assert user is not None and user.email == ""


async def test_an_identity_is_attached_only_signed_in_and_with_the_password(site: Site) -> None:
    await site.person("ann")
    async with site.browser() as browser:
        page = await browser.get("/auth/sign_in")
        answer = await submit(browser, page, "/auth/oidc/link", password=PASSWORD)
        assert answer.headers["location"] == "/auth/sign_in"
        await sign_in(browser)
        page = await browser.get("/auth/access")
        assert (await submit(browser, page, "/auth/oidc/link", password="wrong")).status_code == 422
        page = await browser.get("/auth/access")
        answer = await submit(browser, page, "/auth/oidc/link", password=PASSWORD)
        back = await browser.get(await agree(answer.headers["location"], "minh", REDIRECT))
        assert back.headers["location"] == "/auth/access"
    async with site.browser() as other:
        await come_back(other, "minh")
        assert "@ann" in (await other.get("/auth/access")).text


async def test_an_identity_in_use_is_not_attached_to_another_account(site: Site) -> None:
    async with site.browser() as first:
        await join_as(first, "minh")
    await site.person("ann")
    async with site.browser() as browser:
        await sign_in(browser)
        page = await browser.get("/auth/access")
        answer = await submit(browser, page, "/auth/oidc/link", password=PASSWORD)
        back = await browser.get(await agree(answer.headers["location"], "minh", REDIRECT))
        assert back.status_code == 422


async def test_another_browser_cannot_bring_back_what_this_one_asked_for(site: Site) -> None:
    async with site.browser() as victim, site.browser() as attacker:
        address = await agree(await to_provider(attacker), "minh", REDIRECT)
        assert (await victim.get(address)).status_code == 403
        await to_provider(victim)
        assert (await victim.get(address)).status_code == 403
        assert (await attacker.get(address)).status_code == 303
        assert (await attacker.get(address)).status_code == 403


async def test_an_unverified_address_is_asked_about(site: Site) -> None:
    async with site.browser() as browser:
        await join_as(browser, "unsure")
    account = await account_of(site.db, "unsure")
    assert account is not None
    async with site.db.read() as reader:
        user = await find_user(reader, account.id)
    assert user is not None and user.state == "unconfirmed"
    assert [mail.to for mail in await site.mail()] == ["un@example.org"]


async def test_the_four_modes_hold_for_identities(db: Db, settings: Settings, fetcher: Fetcher) -> None:
    async def outcome(mode: str, username: str, **given: str) -> tuple[int, str]:
        values = {**msgspec.structs.asdict(settings), "signup": mode}
        async with site_with(db, fetcher=fetcher, **values) as site, site.browser() as browser:
            back = await come_back(browser, "minh")
            if back.status_code != 303:
                return back.status_code, ""
            page = await browser.get("/auth/oidc/join")
            form = {"username": username, "agreement": "true", **given}
            answer = await submit(browser, page, "/auth/oidc/join", **form)
            account = await account_of(db, username)
            async with db.read() as reader:
                user = await find_user(reader, account.id) if account is not None else None
            return answer.status_code, user.state if user is not None else ""

    invite = await create_invite(db, (await _owner(db)).id)
    assert await outcome("closed", "one") == (403, "")
    assert await outcome("invite", "two") == (422, "")
    assert await outcome("invite", "two", invite="wrong") == (422, "")
    assert await outcome("approval", "three") == (422, "")
    assert await outcome("invite", "four", invite=invite.code) == (303, "active")
    async with db.job() as tx:
        await tx.execute("DELETE FROM directory WHERE kind = 'oidc' -- all buckets")
    assert await outcome("approval", "five", reason="I like it here") == (303, "pending")


async def _owner(db: Db) -> Account:
    from weft.accounts.model import NewAccount
    from weft.accounts.service import create_account

    return await create_account(db, NewAccount(username="boss", role="owner"))


class Outside(Fetcher):
    """The provider's answers, changed on their way: what is outside may lie."""

    def __init__(self, inner: Fetcher, change: Any) -> None:
        self.inner = inner
        self.change = change

    async def get_json(self, url: str, headers: Any = None) -> dict[str, object]:
        return self.change("get", url, await self.inner.get_json(url, headers))  # type: ignore[no-any-return]

    async def post_form(self, url: str, fields: Any, headers: Any = None) -> Any:
        fetched = await self.inner.post_form(url, fields, headers)
        if not fetched.is_success:
            return fetched
        changed = self.change("post", url, json.loads(fetched.body))
        return msgspec.structs.replace(fetched, body=json.dumps(changed).encode())


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def _forged(header: dict[str, str], change: dict[str, object], signature: str = "") -> Any:
    def change_it(way: str, url: str, document: dict[str, Any]) -> dict[str, Any]:
        if way == "post":
            claims = {**_claims(document["id_token"]), **change}
            document["id_token"] = f"{_part(header)}.{_part(claims)}.{signature}"
        return document

    return change_it


def _as_signed(way: str, url: str, document: dict[str, Any]) -> dict[str, Any]:
    return document


@pytest.mark.parametrize(
    ("change", "attempt"),
    [
        (_forged({"alg": "none"}, {}), {}),
        (_forged({"alg": "HS256"}, {}, "x" * 43), {}),
        (_forged({"alg": "RS256"}, {"sub": "ann"}, "x" * 342), {}),
        (_as_signed, {"nonce": "another"}),
        (_as_signed, {"state": "another"}),
        (_as_signed, {"verifier": "w" * 60}),
    ],
    ids=["no signature", "a key of ours", "a wrong signature", "nonce", "state", "verifier"],
)
async def test_a_token_that_is_not_for_this_browser_or_not_signed_is_refused(
    fetcher: Fetcher, settings: Settings, clock: Clock, change: Any, attempt: dict[str, str]
) -> None:
    client = OidcClient(Outside(fetcher, change), clock, settings)
    address, begun = await client.begin("en")
    back = values_of(await agree(address, "minh", REDIRECT))
    changed = msgspec.structs.replace(begun, **attempt)
    with pytest.raises(Forbidden):
        await client.finish(changed, Answer(back["code"], back["state"], back.get("iss", "")))


async def _signed_claims(fetcher: Fetcher, settings: Settings, clock: Clock) -> tuple[OidcClient, Attempt, Answer]:
    client = OidcClient(fetcher, clock, settings)
    address, attempt = await client.begin("en")
    back = values_of(await agree(address, "minh", REDIRECT))
    return client, attempt, Answer(back["code"], back["state"], back.get("iss", ""))


async def test_a_token_for_another_audience_is_refused(fetcher: Fetcher, settings: Settings, clock: Clock) -> None:
    client, attempt, answer = await _signed_claims(fetcher, settings, clock)
    client._client_id, kept = "another", client._client_id
    exchange = client._exchange

    async def with_own_id(*given: Any) -> Any:
        client._client_id = kept
        try:
            return await exchange(*given)
        finally:
            client._client_id = "another"

    client._exchange = with_own_id  # type: ignore[method-assign]
    with pytest.raises(Forbidden):
        await client.finish(attempt, answer)


async def test_a_token_of_another_time_is_refused(fetcher: Fetcher, settings: Settings) -> None:
    late = Clock(offset_s=2 * 3600)
    client, attempt, answer = await _signed_claims(fetcher, settings, late)
    with pytest.raises(Forbidden):
        await client.finish(attempt, answer)


async def test_an_answer_of_another_issuer_is_refused(fetcher: Fetcher, settings: Settings, clock: Clock) -> None:
    client, attempt, answer = await _signed_claims(fetcher, settings, clock)
    with pytest.raises(Forbidden):
        await client.finish(attempt, msgspec.structs.replace(answer, iss="https://evil.example"))


async def test_a_provider_that_calls_itself_otherwise_is_not_used(
    fetcher: Fetcher, settings: Settings, clock: Clock
) -> None:
    other = msgspec.structs.replace(settings, oidc_issuer=settings.oidc_issuer.replace("127.0.0.1", "localhost"))
    allowed = Fetcher(frozenset({urlsplit(other.oidc_issuer).netloc}), None, "weft-tests")
    with pytest.raises(Unavailable):
        await OidcClient(allowed, clock, other).begin("en")
    await allowed.aclose()


async def test_requests_to_the_provider_pass_the_gate(settings: Settings, clock: Clock) -> None:
    closed = Fetcher(frozenset(), None, "weft-tests")
    with pytest.raises(Unavailable):
        await OidcClient(closed, clock, settings).begin("en")
    await closed.aclose()


class Recorded(Fetcher):
    """Answers what was answered before, so that only our own work is left to measure."""

    def __init__(self, inner: Fetcher) -> None:
        self.inner = inner
        self.heard: dict[str, Any] = {}

    async def get_json(self, url: str, headers: Any = None) -> dict[str, object]:
        if url not in self.heard:
            self.heard[url] = await self.inner.get_json(url, headers)
        return dict(self.heard[url])

    async def post_form(self, url: str, fields: Any, headers: Any = None) -> Any:
        if url not in self.heard:
            self.heard[url] = await self.inner.post_form(url, fields, headers)
        return self.heard[url]


async def test_sign_up_costs_little_of_our_own_time(
    db: Db, settings: Settings, fetcher: Fetcher, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    from weft.accounts.service import Joining, create_session, join

    recorded = Recorded(fetcher)
    client, attempt, answer = await _signed_claims(recorded, settings, clock)
    costs = []
    for number in range(30):
        started = time.process_time()
        identity = await client.finish(attempt, answer)
        identity = msgspec.structs.replace(identity, subject=f"minh-{number}", email=f"minh{number}@example.org")
        account = await join(db, settings, identity, Joining(username=f"minh_{number}", agreement=True))
        await create_session(db, account.id, "a browser")
        costs.append(time.process_time() - started)
    costs.sort()
    with capsys.disabled():
        print(f"\nOIDC sign-up: {costs[15] * 1000:.2f} ms of our CPU (median of 30, without PostgreSQL)")
    assert costs[15] < 0.004, "twice the bar, for a machine that is shared"


def test_texts_beyond_their_bounds_are_left_out() -> None:
    identity = identity_of("https://issuer.example", Claims("x", name="n" * 300, picture="p" * 900, email="e" * 300))
    assert (identity.name, identity.picture, identity.email) == ("", "", "")
    with pytest.raises(Forbidden):
        identity_of("https://issuer.example", Claims("s" * 256))
