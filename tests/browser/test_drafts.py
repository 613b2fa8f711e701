"""What is not sent: drafts that survive, and posts that wait for the network and go out once."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.composer import Composer
from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_draft_survives_closing_and_a_reload_and_never_sends_itself(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("To be continued after tea")
    await composer.button("composer.close").click()
    await screen.page.reload()
    await screen.ready()
    await screen.open("/drafts")
    await expect(screen.page.locator("#main")).to_contain_text("To be continued after tea")
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []
    await screen.page.locator("#main").get_by_text("To be continued after tea").click()
    await expect(composer.field()).to_have_value("To be continued after tea")


async def test_a_draft_survives_a_reload_in_the_middle_of_a_word(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.field().press_sequentially("Half a wor", delay=30)
    await asyncio.sleep(0.8)
    await screen.page.reload()
    await screen.ready()
    await screen.open("/drafts")
    await expect(screen.page.locator("#main")).to_contain_text("Half a wor")


async def test_a_post_pressed_offline_waits_and_goes_out_once(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Sent from the tunnel")
    screen.watch.forgiving_offline = True
    await screen.page.context.set_offline(True)
    await composer.post()
    await expect(screen.page.get_by_text(screen.t("composer.waits")).first).to_be_visible()
    await screen.page.context.set_offline(False)
    for _ in range(100):
        posts = await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses")
        if posts:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    posts = await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses")
    assert len(posts) == 1
    screen.watch.forgiving_offline = False


async def test_a_waiting_post_can_be_taken_back(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Better not")
    screen.watch.forgiving_offline = True
    await screen.page.context.set_offline(True)
    await composer.post()
    row = screen.page.locator("article.row").filter(has_text="Better not")
    await row.get_by_role("button", name=screen.t("composer.cancel_send"), exact=True).click()
    await expect(row).to_have_count(0)
    await screen.page.context.set_offline(False)
    await asyncio.sleep(1.5)
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []
    screen.watch.forgiving_offline = False
