"""Leaving and being let in: the end of an account, a forgotten password, sessions ended from afar, invitations."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.composer import Composer
from tests.browser.island import Island, island
from tests.browser.screen import Screen
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
    await screen.fill_sign_in(name, password)


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
    elsewhere.watch.expect(401, "/api/")
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
    await told_of_the_end(elsewhere)
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
    there.watch.expect(401, "/api/")
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
    await told_of_the_end(there)
    assert await signed_in_as(there) is None
    assert await signed_in_as(here) == me.name


async def test_everything_else_is_signed_out_at_once(stage: Stage) -> None:
    here, me = await stage.newcomer("mai")
    there = await stage.of(me)
    there.watch.may_log(NO_STREAM)
    there.watch.expect(401, "/api/")
    await there.open("/")
    await here.open("/settings/sessions")
    await here.button("account.end_others").click()
    notices = here.page.get_by_role("region", name=here.t("core.notices"))
    await expect(notices).to_contain_text(here.t("account.ended_others"))
    await told_of_the_end(there)
    assert await signed_in_as(there) is None
    assert await signed_in_as(here) == me.name
    assert me.http.get("/api/v1/accounts/verify_credentials").status_code == 401


async def end_from_afar(screen: Screen) -> None:
    """End the session of this window, as another device does. What it reads meanwhile is refused."""
    screen.watch.expect(401, "/api/")
    screen.watch.may_log(NO_STREAM)
    cookies = {one["name"]: one["value"] for one in await screen.page.context.cookies()}
    headers = {"origin": screen.town.url}
    async with httpx.AsyncClient(base_url=screen.town.url, cookies=cookies, headers=headers) as other:
        answer = await other.post("/api/weft/v1/session/sign_out", json={"all": False})
        assert answer.status_code == 200, answer.text


async def told_of_the_end(screen: Screen) -> Any:
    """The notice that the session has ended: once, and nothing beside it."""
    notice = screen.page.get_by_role("alert")
    await expect(notice).to_contain_text(screen.t("account.over_text"))
    await screen.ready()
    await screen.settle()
    await expect(notice).to_have_count(1)
    await expect(screen.page.get_by_role("region", name=screen.t("core.notices"))).to_have_text("")
    return notice


async def back_in(screen: Screen, name: str) -> None:
    """By the notice's own way."""
    await screen.page.get_by_role("alert").get_by_role("link", name=screen.t("account.over_again")).click()
    await screen.fill_sign_in(name, PASSWORD)
    await screen.ready()


async def test_a_session_that_ends_elsewhere_is_told_once_and_leads_back_to_the_place(stage: Stage) -> None:
    screen = await stage.screen()
    name = await join(screen)
    await screen.open("/settings/profile")
    await screen.settle()
    await end_from_afar(screen)
    await told_of_the_end(screen)
    await screen.assert_reads_well()
    # Whoever sits here next learns nothing of who it was.
    assert name not in await screen.text()
    assert name not in await screen.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    await back_in(screen, name)
    assert await screen.path() == "/settings/profile"
    await expect(screen.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("link", ["core.activity", "core.local"])
async def test_anything_that_is_read_tells_that_the_session_has_ended(stage: Stage, link: str) -> None:
    screen, _ = await stage.newcomer("mai")
    # A stream that stays silent: some networks let none through.
    await screen.page.route_web_socket(re.compile("/api/v1/streaming"), lambda socket: None)
    await screen.open("/")
    await screen.settle()
    await end_from_afar(screen)
    await screen.page.get_by_role("link", name=screen.t(link), exact=True).first.click()
    notice = await told_of_the_end(screen)
    path = await screen.path()
    assert path == {"core.activity": "/activity", "core.local": "/local"}[link]
    await notice.get_by_role("button", name=screen.t("account.over_visit"), exact=True).click()
    await expect(notice).to_have_count(0)
    await expect(screen.page.locator("#main [data-post]").first).to_be_visible()
    assert await screen.path() == path


async def test_an_account_signed_in_beside_does_not_hide_that_one_has_ended(stage: Stage) -> None:
    screen = await stage.screen()
    await join(screen)
    await screen.page.goto(f"{stage.town.url}/auth/sign_in?add=1")
    await screen.fill_sign_in("linh", stage.town.passwords["linh"])
    await screen.ready()
    await screen.open("/activity")
    await screen.settle()
    await end_from_afar(screen)
    await told_of_the_end(screen)


async def test_what_was_being_written_waits_for_its_author_and_for_nobody_else(stage: Stage) -> None:
    screen = await stage.screen()
    name = await join(screen)
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await screen.open(f"/messages/new?with={bea.id}")
    await screen.page.get_by_placeholder(screen.t("messages.write")).fill("Half a question")
    await screen.page.get_by_role("link", name=screen.t("core.home"), exact=True).first.click()
    await screen.until("location.pathname === '/'")
    composer = await Composer(screen).open()
    await composer.write("Half a thought")
    await end_from_afar(screen)
    await told_of_the_end(screen)
    await back_in(screen, name)
    await screen.open("/drafts")
    for text in ("Half a thought", "Half a question"):
        await expect(screen.page.locator("#main")).to_contain_text(text)
    await end_from_afar(screen)
    await told_of_the_end(screen)
    assert await drafts_here(screen) == 2
    await sign_in(screen, "linh", stage.town.passwords["linh"])
    await screen.ready()
    for _ in range(150):
        if not await drafts_here(screen):
            return
        await asyncio.sleep(0.04)
    raise AssertionError("somebody else finds the drafts in the browser")


async def drafts_here(screen: Screen) -> int:
    """How many drafts the browser holds, whosever they are."""
    count = """new Promise((done, failed) => {
      const open = indexedDB.open('weft-composing', 1)
      open.onerror = failed
      open.onsuccess = () => {
        const asked = open.result.transaction('kept').objectStore('kept').count()
        asked.onsuccess = () => { open.result.close(); done(asked.result) }
        asked.onerror = failed
      }
    })"""
    return int(await screen.page.evaluate(count))


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
