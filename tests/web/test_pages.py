"""The pages: signing in and out, cookies, forms of other sites, mailed links, the owner, and what has access."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from tests.web.site import (
    PASSWORD,
    Site,
    allow,
    asking,
    fetch_token,
    hidden,
    link_in,
    register,
    sign_in,
    site_with,
    submit,
    values_of,
)
from weft.accounts.model import Account, User
from weft.accounts.service import (
    create_invite,
    find_by_handle,
    find_user,
    list_waiting,
    owner_link,
    reject,
    set_state,
    set_user_state,
)
from weft.accounts.sign_up import approve
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of
from weft.web.browser import safe_return
from weft.web.pages import choose_language
from weft.web.texts import LANGUAGES

FORM = {"username": "minh", "email": "minh@example.com", "password": PASSWORD, "agreement": "true"}


@pytest.fixture
async def site(db: Db) -> AsyncIterator[Site]:
    async with site_with(db) as made:
        yield made


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.browser() as made:
        yield made


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


# ------------------------------------------------------------------------------------------------ signing in


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
    assert set(cookies_set(answer)) == {"weft_session", "weft_visit"}
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
        ("//evil.example/", "/auth/access"),
        ("https://evil.example/", "/auth/access"),
        ("/\\evil.example", "/auth/access"),
        ("/\tevil", "/auth/access"),
        ("/é", "/auth/access"),
        ("", "/auth/access"),
        ("/" + "a" * 9000, "/auth/access"),
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


# ------------------------------------------------------------------------------------------------ forms


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


# ------------------------------------------------------------------------------------------------ sign-up and mail


async def test_sign_up_by_page_then_confirm_then_authorise(site: Site, browser: httpx.AsyncClient) -> None:
    assert (await signed_up(browser)).status_code == 303
    assert "minh@example.com" in (await browser.get("/auth/access")).text
    async with site.app() as client:
        app = await register(client)
        held = await browser.get("/oauth/authorize", params=asking(app))
        assert "minh@example.com" in held.text and 'value="allow"' not in held.text
        (mail,) = await site.mail()
        page = await browser.get(link_in(mail))
        assert (await person(site.db, "minh"))[1].state == "unconfirmed"
        assert (await submit(browser, page, "/auth/confirm")).status_code == 200
        assert (await person(site.db, "minh"))[1].state == "active"
        assert (await submit(browser, page, "/auth/confirm")).status_code == 404
        code = values_of((await allow(browser, app)).headers["location"])["code"]
        assert (await fetch_token(client, app, code)).status_code == 200


async def test_a_used_address_is_not_told_and_its_owner_learns_of_it(site: Site) -> None:
    await site.person("ann")
    async with site.browser() as new, site.browser() as used:
        fresh = await signed_up(new, username="one")
        taken = await signed_up(used, username="two", email="ANN@example.com")
        assert fresh.status_code == taken.status_code == 303
        assert fresh.headers["location"] == taken.headers["location"]
    mails = {mail.to: mail.subject for mail in await site.mail()}
    assert mails["minh@example.com"].startswith("Confirm")
    assert mails["ann@example.com"].startswith("You already have")


async def test_without_confirmation_a_used_address_is_told(db: Db) -> None:
    async with site_with(db, confirm_email=False) as site, site.browser() as browser:
        await site.person("ann")
        answer = await signed_up(browser, email="ann@example.com")
        assert answer.status_code == 422 and "Somebody has this already" in answer.text
        assert (await signed_up(browser)).status_code == 303
        assert (await person(db, "minh"))[1].state == "active"


async def test_of_two_who_use_one_address_the_first_to_confirm_has_it(site: Site) -> None:
    async with site.browser() as one, site.browser() as two:
        await signed_up(one, username="one")
        await signed_up(two, username="two")
        first, second = await site.mail()
        assert (await submit(one, await one.get(link_in(first)), "/auth/confirm")).status_code == 200
        assert (await submit(two, await two.get(link_in(second)), "/auth/confirm")).status_code == 422


async def test_a_taken_or_reserved_name_and_a_known_password_are_told(db: Db) -> None:
    said_of = (
        ({"username": "ANN"}, "Somebody has this already"),
        ({"username": "admin"}, "kept for the server"),
        ({"username": "ngõ"}, "does not look right"),
        ({"password": "password1"}, "know this one"),
        ({"password": "short"}, "at least 8 characters"),
        ({"email": "nobody"}, "does not look right"),
        ({"agreement": ""}, "agree to the rules"),
    )
    async with site_with(db, limits=False) as site, site.browser() as browser:
        await site.person("ann")
        for given, said in said_of:
            answer = await signed_up(browser, **given)
            assert answer.status_code == 422 and said in answer.text, given
            assert PASSWORD not in answer.text


async def test_the_mail_is_sent_again_also_to_another_address(site: Site, browser: httpx.AsyncClient) -> None:
    await signed_up(browser)
    (first,) = await site.mail()
    page = await browser.get("/auth/access")
    assert (await submit(browser, page, "/auth/confirm/again", email="right@example.com")).status_code == 200
    (second,) = await site.mail()
    assert second.to == "right@example.com"
    assert (await submit(browser, await browser.get(link_in(first)), "/auth/confirm")).status_code == 404
    assert (await submit(browser, await browser.get(link_in(second)), "/auth/confirm")).status_code == 200
    assert (await person(site.db, "minh"))[1].email == "right@example.com"


async def test_closed_refuses_everybody(db: Db) -> None:
    async with site_with(db, signup="closed") as site, site.browser() as browser:
        assert (await browser.get("/auth/sign_up")).status_code == 403
        page = await browser.get("/auth/sign_in")
        assert (await submit(browser, page, "/auth/sign_up", **FORM)).status_code == 403


async def test_an_invitation_is_used_up_only_by_who_gets_in(db: Db, clock: ManualClock) -> None:
    async with site_with(db, signup="invite", limits=False) as site, site.browser() as browser:
        ann = await site.person("ann")
        invite = await create_invite(db, ann, max_uses=1, lives_s=3600)
        assert "need an invitation" in (await signed_up(browser)).text
        assert "does not exist" in (await signed_up(browser, invite="wrong")).text
        assert (await signed_up(browser, invite=invite.code, username="ann")).status_code == 422
        assert (await signed_up(browser, invite=invite.code)).status_code == 303
        again = await signed_up(browser, invite=invite.code, username="other", email="o@example.com")
        assert "was used up" in again.text
        late = await create_invite(db, ann, max_uses=None, lives_s=60)
        clock.advance(61)
        assert "does not exist" in (await signed_up(browser, invite=late.code, username="other")).text


async def test_approval_queues_until_somebody_decides(db: Db) -> None:
    async with site_with(db, signup="approval", confirm_email=False) as site:
        async with site.browser() as browser:
            assert "fill this in" in (await signed_up(browser)).text
            await signed_up(browser, reason="I garden")
            assert "Waiting for approval" in (await browser.get("/auth/access")).text
        async with site.browser() as browser:
            await signed_up(browser, username="spam", email="s@example.com", reason="buy this")
        async with db.read() as reader:
            first, second = await list_waiting(reader)
        assert {first.username, second.username} == {"minh", "spam"}
        minh, spam = (await person(db, "minh"))[0].id, (await person(db, "spam"))[0].id
        async with db.tx(bucket_of(minh)) as tx:
            await approve(tx, minh)
        await reject(db, spam)
        assert [mail.subject for mail in await site.mail()] == ["Welcome to Weft"]
        assert (await person(db, "minh"))[1].state == "active"
        async with site.browser() as browser:
            again = await signed_up(browser, username="spam", email="s@example.com", reason="sorry")
            assert again.status_code == 303


async def test_a_minimum_age_is_asked_for_and_not_kept(db: Db) -> None:
    async with site_with(db, min_age=16) as site, site.browser() as browser:
        assert "too young" in (await signed_up(browser, date_of_birth="2010-01-02")).text
        assert "does not look right" in (await signed_up(browser, date_of_birth="yesterday")).text
        assert (await signed_up(browser, date_of_birth="2010-01-01")).status_code == 303
        async with db.read() as reader:
            row = await reader.value("SELECT u::text FROM users u")
        assert "2010" not in row and site


# ------------------------------------------------------------------------------------------------ passwords


async def test_a_forgotten_password_is_changed_by_mail_and_ends_all_access(
    site: Site, browser: httpx.AsyncClient, clock: ManualClock
) -> None:
    await site.person("ann")
    async with site.browser() as elsewhere:
        await sign_in(elsewhere)
        page = await browser.get("/auth/password/new")
        told = [
            (await submit(browser, page, "/auth/password", email=email)).text
            for email in ("ann@example.com", "nobody@example.com", "nonsense")
        ]
        assert told[0] == told[1] == told[2]
        (mail,) = await site.mail()
        page = await browser.get(link_in(mail))
        weak = await submit(browser, page, "/auth/password/edit", password="password1")
        assert weak.status_code == 422
        done = await submit(browser, page, "/auth/password/edit", password="another-lake-8")
        assert done.status_code == 200
        assert (await submit(browser, page, "/auth/password/edit", password="third-lake-99")).status_code == 404
        assert (await elsewhere.get("/auth/access")).status_code == 303
    assert (await sign_in(browser, "ann", PASSWORD)).status_code == 422
    assert (await sign_in(browser, "ann", "another-lake-8")).status_code == 303
    assert [mail.subject for mail in await site.mail()] == ["Your password for Weft was changed"]


async def test_a_link_to_change_a_password_lives_an_hour(
    site: Site, browser: httpx.AsyncClient, clock: ManualClock
) -> None:
    await site.person("ann")
    page = await browser.get("/auth/password/new")
    await submit(browser, page, "/auth/password", email="ann@example.com")
    (mail,) = await site.mail()
    clock.advance(3601)
    assert (await browser.get(link_in(mail))).status_code == 404


async def test_changing_the_password_keeps_this_browser_and_nothing_else(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.person("ann")
    async with site.browser() as elsewhere, site.app() as client:
        await sign_in(elsewhere)
        await sign_in(browser)
        app = await register(client)
        code = values_of((await allow(browser, app)).headers["location"])["code"]
        token = (await fetch_token(client, app, code)).json()["access_token"]
        page = await browser.get("/auth/access")
        path, new = "/auth/access/password", "another-lake-8"
        assert (await submit(browser, page, path, password="wrong", new_password=new)).status_code == 422
        assert (await submit(browser, page, path, password=PASSWORD, new_password=new)).status_code == 200
        assert (await browser.get("/auth/access")).status_code == 200
        assert (await elsewhere.get("/auth/access")).status_code == 303
        bearer = {"authorization": f"Bearer {token}"}
        assert (await client.get("/api/v1/apps/verify_credentials", headers=bearer)).status_code == 401


# ------------------------------------------------------------------------------------------------ access and the owner


async def test_apps_and_browsers_are_listed_and_ended_by_their_owner_only(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await site.person("ann")
    await site.person("bob")
    async with site.app() as client, site.browser() as bob:
        await sign_in(browser)
        await sign_in(bob, "bob")
        app = await register(client, client_name="Reader <b>")
        code = values_of((await allow(browser, app)).headers["location"])["code"]
        token = (await fetch_token(client, app, code)).json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        page = await browser.get("/auth/access")
        assert "Reader &lt;b&gt;" in page.text and token not in page.text
        number = hidden(page.text)["token"]
        await submit(bob, await bob.get("/auth/access"), "/auth/access/app", token=number)
        assert (await client.get("/api/v1/apps/verify_credentials", headers=bearer)).status_code == 200
        await submit(browser, page, "/auth/access/app", token=number)
        assert (await client.get("/api/v1/apps/verify_credentials", headers=bearer)).status_code == 401
    async with site.browser() as second, site.browser() as bob:
        await sign_in(second)
        await sign_in(bob, "bob")
        session = hidden((await browser.get("/auth/access")).text)["session"]
        await submit(bob, await bob.get("/auth/access"), "/auth/access/browser", session=session)
        assert (await second.get("/auth/access")).status_code == 200
        await submit(browser, await browser.get("/auth/access"), "/auth/access/browser", session=session)
        assert (await second.get("/auth/access")).status_code == 303


async def test_an_account_is_deleted_with_its_password_only(site: Site, browser: httpx.AsyncClient) -> None:
    await site.person("ann")
    await sign_in(browser)
    page = await browser.get("/auth/access")
    assert (await submit(browser, page, "/auth/access/delete", password="wrong")).status_code == 422
    assert (await submit(browser, page, "/auth/access/delete", password=PASSWORD)).status_code == 200
    assert (await sign_in(browser)).status_code == 422


async def test_a_disabled_login_and_a_suspension_end_the_session(site: Site, browser: httpx.AsyncClient) -> None:
    ann = await site.person("ann")
    await sign_in(browser)
    async with site.db.tx(bucket_of(ann)) as tx:
        await set_user_state(tx, ann, "disabled")
    assert (await browser.get("/auth/access")).status_code == 303
    await sign_in(browser)
    assert "disabled" in (await browser.get("/auth/access")).text
    async with site.db.tx(bucket_of(ann)) as tx:
        await set_state(tx, ann, "suspended")
    assert (await browser.get("/auth/access")).status_code == 303


async def test_the_owner_link_works_once_and_only_on_a_server_without_owner(db: Db) -> None:
    async with site_with(db, signup="closed") as site, site.browser() as browser:
        old = await owner_link(db, site.settings.url)
        link = await owner_link(db, site.settings.url)
        assert old is not None and link is not None
        assert (await browser.get(old)).status_code == 404
        page = await browser.get(link)
        assert page.status_code == 200
        weak = await submit(browser, page, link, **{**FORM, "password": "password1"})
        assert weak.status_code == 422
        assert (await submit(browser, page, link, **FORM)).status_code == 303
        account, user = await person(db, "minh")
        assert (account.role, user.state) == ("owner", "active")
        assert (await submit(browser, await browser.get("/auth/access"), link, **FORM)).status_code == 404
        assert await owner_link(db, site.settings.url) is None
        async with db.read() as reader:
            assert link.rsplit("/", 1)[1] not in str(await reader.rows("SELECT name, value FROM server_values"))


# ------------------------------------------------------------------------------------------------ how pages look


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
