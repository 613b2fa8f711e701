"""What is not sent: drafts that survive, and posts that wait for the network and go out once."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.composer import Composer
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.browser.test_composing import arrived
from tests.support.server import Person

# Nothing on the screen says that a word is kept, so the test looks where it is kept.
KEPT = """
new Promise((done) => {
  const asked = indexedDB.open('weft-composing')
  asked.onsuccess = () => {
    const all = asked.result.transaction('kept').objectStore('kept').getAll()
    all.onsuccess = () => {
      asked.result.close()
      done(JSON.stringify(all.result.map((one) => one.draft.parts)).includes('Half a wor'))
    }
  }
})
"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def post_another(screen: Screen, me: Person) -> None:
    """What waited goes out before it: once this is there, nothing else is on its way."""
    composer = await Composer(screen).open()
    await composer.write("And now something else")
    await composer.post()
    await arrived(me, "And now something else")


async def test_a_draft_survives_closing_and_a_reload_and_never_sends_itself(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("To be continued after tea")
    await composer.button("composer.close").click()
    # Until it says so, nothing promises that it is kept.
    await expect(screen.page.get_by_text(screen.t("composer.kept"), exact=True)).to_be_visible()
    await screen.page.reload()
    await screen.ready()
    await screen.open("/drafts")
    await expect(screen.page.locator("#main")).to_contain_text("To be continued after tea")
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []
    await screen.page.locator("#main").get_by_text("To be continued after tea").click()
    await expect(composer.field()).to_have_value("To be continued after tea")


async def test_a_deleted_draft_comes_back_from_the_sheet_in_which_it_was_deleted(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Deleted by mistake")
    await composer.button("composer.close").click()
    await expect(screen.page.get_by_text(screen.t("composer.kept"), exact=True)).to_be_visible()
    await screen.open("/")
    await composer.open()
    await composer.button("composer.drafts_count", count=1).click()
    sheet = composer.sheet("composer.drafts")
    notices = sheet.get_by_role("region", name=screen.t("core.notices"))
    # A screen reader tells what is written into a region that was there before.
    before = await notices.get_by_role("status").element_handle()
    draft = sheet.get_by_role("button", name="Deleted by mistake").first
    remove = sheet.get_by_role("button", name=screen.t("composer.delete_draft", text="Deleted by mistake"), exact=True)
    await remove.click()
    await expect(notices.get_by_role("status")).to_contain_text(screen.t("composer.draft_deleted"))
    assert screen.t("composer.draft_deleted") in await before.inner_text()
    await expect(draft).to_have_count(0)
    await notices.get_by_role("button", name=screen.t("composer.undo"), exact=True).click()
    await expect(draft).to_be_visible()
    await remove.click()
    await screen.tab_to(".act")
    await screen.press("Enter")
    await expect(draft).to_be_visible()
    await remove.click()
    await screen.tab_to(".act")
    await screen.press("Escape")
    await expect(sheet).to_have_count(0)
    # What rested on it is gone with the sheet: the page shows it on, and it goes as any other does.
    outside = screen.page.get_by_role("region", name=screen.t("core.notices"))
    await expect(outside).to_contain_text(screen.t("composer.draft_deleted"))
    await expect(outside).not_to_contain_text(screen.t("composer.draft_deleted"), timeout=12_000)


async def test_a_draft_survives_a_reload_in_the_middle_of_a_word(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.field().press_sequentially("Half a wor", delay=30)
    await screen.until(KEPT)
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
    row = screen.page.locator("article.row").filter(has_text="Sent from the tunnel")
    # Long after the press, so that whatever moves by itself counts.
    await asyncio.sleep(0.6)
    await screen.page.context.set_offline(False)
    await arrived(me, "Sent from the tunnel")
    await expect(row).to_contain_text(screen.t("composer.posted"))
    await screen.page.get_by_role("button", name=screen.t("core.new_posts", count=1)).click()
    await expect(row).to_have_count(0)
    await expect(screen.page.locator("[data-post]").filter(has_text="Sent from the tunnel")).to_have_count(1)
    await post_another(screen, me)
    posts = await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses")
    assert len(posts) == 2
    screen.watch.forgiving_offline = False


async def test_words_that_the_browser_cannot_keep_come_back_to_be_edited(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Nowhere to keep this")
    await screen.page.evaluate("() => { IDBDatabase.prototype.transaction = () => { throw new Error('away') } }")
    screen.watch.may_log("page error: away")
    await composer.button("composer.post").click()
    await expect(composer.box.get_by_role("region", name=screen.t("core.notices"))).to_contain_text(
        screen.t("composer.failed")
    )
    await expect(screen.page.locator("[data-composer=sheet] textarea").first).to_have_value("Nowhere to keep this")
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []


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
    await post_another(screen, me)
    assert len(await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses")) == 1
    screen.watch.forgiving_offline = False
