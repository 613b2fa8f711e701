"""Passwords, and what has access to an account: changed, listed and ended by its owner only. The server's owner."""

from __future__ import annotations

import httpx
import pytest
from markupsafe import escape

from tests.web.site import (
    FORM,
    PASSWORD,
    Site,
    allow,
    fetch_token,
    hidden,
    link_in,
    person,
    register,
    sign_in,
    site_with,
    submit,
    values_of,
)
from weft.accounts.service import (
    owner_link,
    set_state,
    set_user_state,
)
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of


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
        assert "Read everything you can see" in page.text
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


@pytest.mark.parametrize(
    ("calls_itself", "language", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "en", "Firefox on Linux"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "vi", "Firefox trên Linux"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "ko", "Linux의 Firefox"),
        ("Links (2.29; Linux; text)", "en", "Linux"),
        ('"><script>alert(1)</script>', "ko", "알 수 없는 브라우저"),
        ("", "en", "Unknown browser"),
    ],
)
async def test_a_browser_has_the_name_that_people_know(
    site: Site, browser: httpx.AsyncClient, calls_itself: str, language: str, name: str
) -> None:
    await site.person("ann")
    async with site.browser(headers={"user-agent": calls_itself}) as elsewhere:
        await sign_in(elsewhere)
    await sign_in(browser)
    page = (await browser.get("/auth/access", headers={"accept-language": language})).text
    title = f' title="{escape(calls_itself)}"' if calls_itself else ""
    assert f'<strong class="cut"{title}>{name}</strong>' in page and "<script" not in page


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
