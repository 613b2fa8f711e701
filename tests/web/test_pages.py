"""The pages: signing in and out, cookies, forms of other sites, languages, and what browsers are told."""

from __future__ import annotations

import time

import httpx
import msgspec
import pytest

from tests.web.site import (
    FORM,
    PASSWORD,
    Site,
    asking,
    cookies_set,
    hidden,
    link_in,
    person,
    register,
    sign_in,
    signed_up,
    site_with,
    submit,
    values_of,
)
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.web.browser import safe_return
from weft.web.looks import choose_language
from weft.web.texts import LANGUAGES


async def test_signing_in_by_handle_or_address_in_any_case(site: Site) -> None:
    await site.person("ann")
    for login in ("ann", "ANN", "@ann", " ann ", "ann@example.com", "Ann@EXAMPLE.com"):
        async with site.browser() as browser:
            assert (await sign_in(browser, login)).status_code == 303
            assert "@ann" in (await browser.get("/auth/access")).text


async def test_a_wrong_password_and_an_unknown_name_look_alike(site: Site, browser: httpx.AsyncClient) -> None:
    await site.person("ann")

    async def answer_to(login: str) -> tuple[int, str, float]:
        page = await browser.get("/auth/sign_in")
        started = time.perf_counter()
        answer = await submit(browser, page, "/auth/sign_in", login=login, password="wrong-password")
        return answer.status_code, answer.text.replace(login, "X"), time.perf_counter() - started

    known, unknown = await answer_to("ann"), await answer_to("bob")
    assert known[:2] == unknown[:2] and known[0] == 422
    assert unknown[2] > 0.005, "an unknown name is refused in the time of a hash"


async def test_guesses_at_one_account_are_limited_wherever_they_come_from(site: Site) -> None:
    await site.person("ann")
    statuses = []
    for _ in range(12):
        async with site.browser() as browser:
            statuses.append((await sign_in(browser, "ann", "wrong-password")).status_code)
    assert statuses[0] == 422 and statuses[-1] == 429


@pytest.mark.parametrize("state", ["suspended", "deleted"])
async def test_nobody_signs_in_to_an_account_that_is_gone(site: Site, browser: httpx.AsyncClient, state: str) -> None:
    account_id = await site.person("ann")
    await sign_in(browser)
    async with site.db.job() as tx:
        await tx.execute("UPDATE accounts SET state = $1 -- all buckets", state)
    assert (await browser.get("/auth/access")).status_code == 303
    async with site.browser() as other:
        assert (await sign_in(other)).status_code == 422
    assert account_id


async def test_session_cookies_are_out_of_reach_and_new_at_each_sign_in(site: Site) -> None:
    await site.person("ann")
    async with site.browser() as browser:
        await browser.get("/auth/sign_in")
        visit = browser.cookies["weft_visit"]
        first = cookies_set(await sign_in(browser))
        assert browser.cookies["weft_visit"] != visit
        second = cookies_set(await sign_in(browser))
    for line in (first["weft_session"], second["weft_session"], first["weft_visit"]):
        assert "; HttpOnly" in line and "; SameSite=Lax" in line and "; Path=/" in line
        assert "Secure" not in line and "Domain" not in line
    assert first["weft_session"].split(";")[0] != second["weft_session"].split(";")[0]
    async with site.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM sessions") == 1


async def test_with_https_cookies_belong_to_this_host_alone(db: Db) -> None:
    async with site_with(db, base_url="https://weft.example") as site, site.browser() as browser:
        await site.person("ann")
        lines = cookies_set(await sign_in(browser))
        assert "; Secure" in lines["__Host-weft_session"]
        assert "; Secure" in lines["__Host-weft_visit"]
        assert "weft_session" not in lines


async def test_signing_out_clears_everything(site: Site, browser: httpx.AsyncClient) -> None:
    await site.person("ann")
    await sign_in(browser)
    kept = dict(browser.cookies)
    page = await browser.get("/auth/access")
    answer = await submit(browser, page, "/auth/sign_out")
    assert all("Max-Age=0" in line for line in cookies_set(answer).values())
    assert set(cookies_set(answer)) == {"weft_session", "weft_others", "weft_visit"}
    async with site.browser(cookies=kept) as thief:
        assert (await thief.get("/auth/access")).status_code == 303


async def test_a_session_left_alone_for_sixty_days_ends_and_one_in_use_does_not(
    site: Site, browser: httpx.AsyncClient, clock: ManualClock
) -> None:
    await site.person("ann")
    await sign_in(browser)
    for _ in range(3):
        clock.advance(40 * 86400)
        assert (await browser.get("/auth/access")).status_code == 200
    clock.advance(61 * 86400)
    assert (await browser.get("/auth/access")).status_code == 303


@pytest.mark.parametrize(
    ("given", "gone_to"),
    [
        ("/oauth/authorize?client_id=x", "/oauth/authorize?client_id=x"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\tevil", "/"),
        ("/é", "/"),
        ("", "/"),
        ("/" + "a" * 9000, "/"),
    ],
)
def test_signing_in_never_leads_to_another_site(given: str, gone_to: str) -> None:
    assert safe_return(given) == gone_to


async def test_force_login_asks_again_and_then_goes_on(site: Site, browser: httpx.AsyncClient) -> None:
    await site.person("ann")
    async with site.app() as client:
        app = await register(client)
    await sign_in(browser)
    page = await browser.get("/oauth/authorize", params=asking(app, force_login="true", state="s"))
    assert 'name="password"' in page.text
    answer = await submit(browser, page, "/auth/sign_in", login="ann", password=PASSWORD)
    consent = await browser.get(answer.headers["location"])
    assert 'value="allow"' in consent.text
    done = await submit(browser, consent, "/oauth/authorize", answer="allow")
    assert values_of(done.headers["location"])["state"] == "s"


@pytest.mark.parametrize("path", ["/auth/sign_in", "/auth/sign_up", "/auth/password", "/auth/sign_out"])
async def test_a_form_of_another_site_has_no_effect(site: Site, browser: httpx.AsyncClient, path: str) -> None:
    await site.person("ann")
    page = await browser.get("/auth/sign_in")
    fields = {**hidden(page.text), **FORM, "username": "eve", "login": "ann", "password": PASSWORD}
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await browser.post(path, data=fields, headers=foreign)).status_code == 403
    assert (await browser.post(path, data={**fields, "csrf": ""})).status_code == 403
    assert (await browser.post(path, data={**fields, "csrf": "é"})).status_code == 403
    async with site.browser() as other:
        await other.get("/auth/sign_in")
        assert (await other.post(path, data=fields)).status_code == 403
    async with site.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM sessions") == 0
        assert await reader.value("SELECT count(*) FROM accounts") == 1


async def test_reading_pages_changes_nothing(site: Site, browser: httpx.AsyncClient) -> None:
    async with site.app() as client:
        app = await register(client)
    await site.person("ann")
    await sign_in(browser)
    await signed_up(browser)
    (mail,) = await site.mail()
    statements: list[str] = []
    site.db.recorder = lambda sql, args: statements.append(sql)
    for path in ("/auth/sign_in", "/auth/sign_up", "/auth/password/new", "/auth/access", link_in(mail)):
        await browser.get(path)
    await browser.get("/oauth/authorize", params=asking(app, answer="allow", csrf="x"))
    for path in ("/auth/sign_out", "/auth/access/delete", "/auth/oidc"):
        assert (await browser.get(path)).status_code == 405
    site.db.recorder = None
    assert not [sql for sql in statements if not sql.lstrip().upper().startswith("SELECT")]


async def test_clients_cannot_set_what_belongs_to_the_server(site: Site, browser: httpx.AsyncClient) -> None:
    given = {"role": "owner", "state": "active", "by_command": "true", "confirmed_ms": "1", "id": "7"}
    assert (await signed_up(browser, **given)).status_code == 303
    account, user = await person(site.db, "minh")
    assert (account.role, user.state, user.by_command, user.confirmed_ms) == ("member", "unconfirmed", False, None)


async def test_pages_carry_a_strict_policy_and_no_script(site: Site, browser: httpx.AsyncClient) -> None:
    await site.person("ann")
    for path in ("/auth/sign_in", "/auth/sign_up", "/auth/password/new", "/oauth/authorize", "/auth/nothing"):
        answer = await browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "<script" not in answer.text and " style=" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    # Browsers apply form-action to the redirects after a form too, which lead to apps from these two.
    assert "form-action" not in (await browser.get("/auth/sign_in")).headers["content-security-policy"]
    assert "form-action 'self'" in (await browser.get("/auth/password/new")).headers["content-security-policy"]


async def test_assets_are_kept_for_ever_under_the_name_of_their_bytes(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/auth/sign_in")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await browser.get(address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    for path in ("/assets/pages.css", "/assets/..%2fpages.py", "/assets/x"):
        assert (await browser.get(path)).status_code == 404


async def test_what_people_typed_is_escaped(site: Site, browser: httpx.AsyncClient) -> None:
    evil = '"><script>alert(1)</script>'
    answer = await signed_up(browser, username=evil, email=evil, reason=evil)
    assert "<script>" not in answer.text
    async with site.app() as client:
        app = await register(client, client_name="<script>x</script>")
    await site.person("ann")
    await sign_in(browser)
    consent = await browser.get("/oauth/authorize", params=asking(app, state=evil))
    assert "<script>" not in consent.text and "&lt;script&gt;" in consent.text


def test_every_language_has_every_text_and_names_the_same_values() -> None:
    import string

    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english = LANGUAGES["en"]
    for texts in LANGUAGES.values():
        assert set(texts) == set(english)
        assert {key: values(text) for key, text in texts.items()} == {
            key: values(text) for key, text in english.items()
        }


def test_pages_speak_the_language_that_is_asked_for() -> None:
    assert choose_language("vi-VN", b"en") == "vi"
    assert choose_language("", b"fr-FR, ko;q=0.8, en") == "ko"
    assert choose_language("xx", b"") == "en"


async def test_the_lang_of_an_authorisation_is_spoken(site: Site, browser: httpx.AsyncClient) -> None:
    async with site.app() as client:
        app = await register(client)
    page = await browser.get("/oauth/authorize", params=asking(app, lang="ko"))
    assert '<html lang="ko">' in page.text and msgspec.json.encode(app)


async def test_the_front_page_says_where_to_go(site: Site, browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert "/auth/sign_in" in page.text and "localhost:8000" in page.text
    await site.person("ann")
    await sign_in(browser)
    assert "signed in as @ann" in (await browser.get("/")).text
