"""Leaving and being let in: the end of an account, a forgotten password, sessions ended from afar, invitations."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.island import Island, island
from tests.browser.screen import Look, Screen
from tests.browser.stage import Stage
from tests.support.postgres import Servers

pytestmark = pytest.mark.asyncio(loop_scope="session")
PASSWORD = "a loom in the attic"
NO_STREAM = r"WebSocket connection .* failed"
"""Browsers write this by themselves where a window's session has ended and it asks for news."""
LINK = re.compile(r"https?://[^\s\"\\]+/auth/password/edit\?[^\s\"\\]+")


@pytest.fixture
def own(chromium: str, servers: Servers, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Island]:
    """A server of the test's own, where people join by invitation."""
    kind = str(request.config.getoption("--postgres"))
    settings = {"WEFT_SIGNUP": "invite", "WEFT_CONFIRM_EMAIL": "off"}
    with servers.database(kind, migrated=True) as url, island(tmp_path, url, settings) as running:
        if 'id="main"' not in running.visitor.get("/").text:
            pytest.skip("the web app is not built, so there is nothing to look at")
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def shore(own: Island, browser: Any, look: Look) -> AsyncIterator[Stage]:
    opened = Stage(own, browser, look)
    yield opened
    problems = opened.problems()
    await opened.close()
    assert not problems, "\n".join(problems)


def new_name() -> str:
    return f"l{os.getpid()}x{time.time_ns() % 10**9}"


async def join(screen: Screen, path: str = "/auth/sign_up") -> str:
    """Sign up as people do; the name."""
    name = new_name()
    await screen.page.goto(screen.town.url + path)
    await screen.page.fill("#username", name)
    await screen.page.fill("#email", f"{name}@example.org")
    await screen.page.fill("#password", PASSWORD)
    agree = screen.page.locator("input[type=checkbox]")
    if await agree.count():
        await agree.first.check()
    await screen.page.click("button[type=submit]")
    await screen.ready()
    return name


async def sign_in(screen: Screen, name: str, password: str) -> None:
    await screen.page.goto(f"{screen.town.url}/auth/sign_in")
    await screen.page.fill("#login", name)
    await screen.page.fill("#password", password)
    await screen.page.click("button[type=submit]")


async def signed_in_as(screen: Screen) -> str | None:
    """Whom the server takes this browser for."""
    answer = await screen.page.context.request.get(f"{screen.town.url}/api/weft/v1/session")
    account = (await answer.json())["account"]
    return str(account["username"]) if account else None


async def link_to_change(screen: Screen, after: int) -> str:
    """The link of the letter; without a mail server the operator reads letters in the log."""
    log = screen.town.folder / "server.log"
    for _ in range(150):
        found = LINK.search(log.read_text()[after:])
        if found:
            return found[0]
        await asyncio.sleep(0.04)
    raise AssertionError("no letter was written")


async def test_an_account_ends_with_its_password_only(stage: Stage) -> None:
    screen = await stage.screen()
    name = await join(screen)
    await screen.open("/settings/account")
    await screen.button("account.delete").click()
    sheet = screen.page.locator("dialog[open]")
    await expect(sheet).to_contain_text(screen.t("account.delete_ask", handle=f"@{name}"))
    await screen.assert_reads_well()
    end = sheet.get_by_role("button", name=screen.t("account.delete_now"), exact=True)
    password = sheet.get_by_label(screen.t("account.current"), exact=True)
    await expect(end).to_be_disabled()
    screen.watch.expect(422, "/api/weft/v1/account/delete$")
    screen.watch.expect(403, "/api/weft/v1/account/delete$")
    await password.fill("not the password")
    await end.click()
    await expect(sheet).to_contain_text(screen.t("account.problem.wrong"))
    assert await signed_in_as(screen) == name
    await password.fill(PASSWORD)
    await end.click()
    await expect(screen.page.get_by_role("link", name=screen.t("core.sign_in")).first).to_be_visible()
    assert await signed_in_as(screen) is None
    kept = await screen.page.evaluate("localStorage.getItem('weft.session') ?? '{}'")
    assert name not in kept
    gone = await asyncio.to_thread(httpx.get, f"{stage.town.url}/api/v1/accounts/lookup", params={"acct": name})
    assert gone.status_code in (404, 410)
    screen.watch.expect(401, "/auth/sign_in")
    screen.watch.expect(422, "/auth/sign_in")
    await sign_in(screen, name, PASSWORD)
    await expect(screen.page.locator("#login")).to_be_visible()
    assert await signed_in_as(screen) is None


async def test_a_forgotten_password_is_changed_by_the_link_in_a_letter(stage: Stage) -> None:
    elsewhere = await stage.screen()
    elsewhere.watch.may_log(NO_STREAM)
    name = await join(elsewhere)
    screen = await stage.screen()
    after = len((stage.town.folder / "server.log").read_text())
    await screen.page.goto(f"{stage.town.url}/auth/sign_in")
    await screen.page.locator("a[href^='/auth/password/new']").click()
    await screen.page.fill("#email", f"{name}@example.org")
    await screen.page.click("button[type=submit]")
    await expect(screen.page.locator("h1")).to_have_text("Look into your mail")
    link = await link_to_change(screen, after)
    await screen.page.goto(link)
    await screen.page.fill("#password", "three boats at noon")
    await screen.page.click("button[type=submit]")
    await expect(screen.page.locator("h1")).to_have_text("Password changed")
    assert await signed_in_as(elsewhere) is None
    screen.watch.expect(404, "/auth/password/edit")
    answer = await screen.page.goto(link)
    assert answer is not None and answer.status == 404
    screen.watch.expect(401, "/auth/sign_in")
    screen.watch.expect(422, "/auth/sign_in")
    await sign_in(screen, name, PASSWORD)
    await expect(screen.page.get_by_role("alert").or_(screen.page.locator(".wrong, .problem")).first).to_be_visible()
    await sign_in(screen, name, "three boats at noon")
    await screen.ready()
    assert await signed_in_as(screen) == name


async def test_another_browser_is_signed_out_from_the_settings(stage: Stage) -> None:
    here, me = await stage.newcomer("mai")
    there = await stage.of(me)
    there.watch.may_log(NO_STREAM)
    await there.open("/")
    assert await signed_in_as(there) == me.name
    await here.open("/settings/sessions")
    rows = here.page.locator("#main").get_by_role("listitem")
    await expect(rows.filter(has_text=here.t("account.this_browser"))).to_have_count(1)
    others = rows.filter(has_not_text=here.t("account.this_browser"))
    await here.assert_reads_well()
    await others.get_by_role("button", name=re.compile(f"^{here.t('account.end')}:")).click()
    notices = here.page.get_by_role("region", name=here.t("core.notices"))
    await expect(notices).to_contain_text(here.t("account.ended", name="").strip())
    await here.settle()
    assert await signed_in_as(there) is None
    assert await signed_in_as(here) == me.name


async def test_everything_else_is_signed_out_at_once(stage: Stage) -> None:
    here, me = await stage.newcomer("mai")
    there = await stage.of(me)
    there.watch.may_log(NO_STREAM)
    await there.open("/")
    await here.open("/settings/sessions")
    await here.button("account.end_others").click()
    notices = here.page.get_by_role("region", name=here.t("core.notices"))
    await expect(notices).to_contain_text(here.t("account.ended_others"))
    assert await signed_in_as(there) is None
    assert await signed_in_as(here) == me.name
    assert me.http.get("/api/v1/accounts/verify_credentials").status_code == 401


async def test_a_tab_whose_session_ended_elsewhere_says_so(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Still here?")
    await screen.open(f"/@{me.name}/{post['id']}")
    await screen.settle()
    screen.watch.expect(401, "/api/")
    screen.watch.may_log(NO_STREAM)
    cookies = {one["name"]: one["value"] for one in await screen.page.context.cookies()}
    headers = {"x-weft-account": me.id, "origin": stage.town.url}
    async with httpx.AsyncClient(base_url=stage.town.url, cookies=cookies, headers=headers) as other:
        answer = await other.post("/api/weft/v1/session/sign_out", json={"all": False})
        assert answer.status_code == 200, answer.text
    like = screen.act("Still here?", "like")
    await like.click()
    notices = screen.page.get_by_role("region", name=screen.t("core.notices"))
    await expect(notices).to_contain_text(screen.t("core.problem.signed_out"))
    await expect(like).to_have_attribute("aria-pressed", "false")


async def test_a_link_lets_one_person_in_where_people_join_by_invitation(shore: Stage) -> None:
    await asyncio.to_thread(shore.town.person, "owner", role="owner")
    host = await asyncio.to_thread(shore.town.person, new_name())
    screen = await shore.of(host, permissions=["clipboard-read", "clipboard-write"])
    await screen.open("/settings/invites")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("account.invite_none"))
    async with screen.page.expect_response(re.compile("/api/weft/v1/invites$")) as asked:
        await screen.button("account.invite_make").click()
    url = (await (await asked.value).json())["url"]
    await expect(screen.page.locator("#main")).to_contain_text(url.partition("://")[2])
    used = screen.t("account.invite_used", count=0, most=1)
    await expect(screen.page.locator("#main")).to_contain_text(used)
    await screen.assert_reads_well()

    guest = await shore.screen()
    name = await join(guest, url.removeprefix(shore.town.url))
    assert await signed_in_as(guest) == name
    await guest.open("/")
    await guest.press("n")
    await expect(guest.page.locator("[data-composer=sheet] textarea")).to_be_visible()

    await screen.page.reload()
    await screen.ready()
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("account.invite_none"))
    late = await shore.screen()
    late.watch.expect(422, "/auth/sign_up")
    late.watch.expect(403, "/auth/sign_up")
    late.watch.expect(404, "/auth/sign_up")
    await late.page.goto(url)
    if await late.page.locator("#username").count():
        second = new_name()
        for field, value in (("username", second), ("email", f"{second}@example.org"), ("password", PASSWORD)):
            await late.page.fill(f"#{field}", value)
        agree = late.page.locator("input[type=checkbox]")
        if await agree.count():
            await agree.first.check()
        await late.page.click("button[type=submit]")
    await expect(late.page.locator("#main, main, body").first).to_contain_text(re.compile("invitation", re.I))
    assert await signed_in_as(late) is None
