"""Coming in and going out: joining, signing in, a wrong password, a second account, leaving nothing behind."""

from __future__ import annotations

import os
import re
import time

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_wrong_password_is_said_and_the_right_one_opens_home(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.page.goto(f"{stage.town.url}/auth/sign_in")
    await screen.page.fill("#login", "linh")
    await screen.page.fill("#password", "not the password")
    screen.watch.expect(401, "/auth/sign_in")
    screen.watch.expect(422, "/auth/sign_in")
    await screen.page.click("button[type=submit]")
    await expect(screen.page.get_by_role("alert").or_(screen.page.locator(".wrong, .problem")).first).to_be_visible()
    await screen.page.fill("#login", "linh")
    await screen.page.fill("#password", stage.town.passwords["linh"])
    await screen.page.click("button[type=submit]")
    await screen.ready()
    assert await screen.path() == "/"


async def test_somebody_joins_and_can_write(stage: Stage) -> None:
    screen = await stage.screen()
    name = f"j{os.getpid()}x{time.time_ns() % 10**9}"
    await screen.page.goto(f"{stage.town.url}/auth/sign_up")
    await screen.page.fill("#username", name)
    await screen.page.fill("#email", f"{name}@example.org")
    await screen.page.fill("#password", "a loom in the attic")
    agree = screen.page.locator("input[type=checkbox]")
    if await agree.count():
        await agree.first.check()
    await screen.page.click("button[type=submit]")
    await screen.ready()
    await screen.open("/")
    await screen.press("n")
    await expect(screen.page.locator("[data-composer=sheet] textarea")).to_be_visible()


async def test_a_second_account_is_added_and_switched_to(stage: Stage) -> None:
    screen = await stage.screen("tamar")
    await screen.page.goto(f"{stage.town.url}/auth/sign_in?add=1")
    await screen.fill_sign_in("eunbyeol", stage.town.passwords["eunbyeol"])
    await screen.ready()
    await screen.open("/")
    who = "fetch('/api/weft/v1/session').then((answer) => answer.json()).then((one) => one.account.username)"
    assert await screen.page.evaluate(who) == "eunbyeol"
    menu = screen.t("core.menu") if screen.is_phone else screen.t("core.accounts")
    await screen.page.get_by_role("button", name=re.compile(f"^{menu}")).first.click()
    await screen.page.get_by_role("menuitem", name=re.compile("תמר")).click()
    await screen.until("document.readyState === 'complete'")
    await screen.ready()
    assert await screen.page.evaluate(who) == "tamar"


async def test_signing_out_leaves_no_session_and_nothing_of_the_account(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    assert await screen.page.evaluate("localStorage.getItem('weft.session') !== null")
    menu = screen.t("core.menu") if screen.is_phone else screen.t("core.accounts")
    await screen.page.get_by_role("button", name=re.compile(f"^{menu}")).first.click()
    await screen.page.get_by_role("menuitem", name=re.compile("^" + screen.t("core.sign_out"))).click()
    sheet = screen.page.locator("dialog[open]").last
    await sheet.get_by_role("button", name=re.compile("^" + screen.t("core.sign_out"))).first.click()
    await expect(screen.page.get_by_role("link", name=screen.t("core.sign_in")).first).to_be_visible()
    await screen.ready()
    kept = await screen.page.evaluate("localStorage.getItem('weft.session') ?? '{}'")
    assert '"username"' not in kept
    assert not [one for one in await screen.page.context.cookies() if one["name"] == "weft_session" and one["value"]]
