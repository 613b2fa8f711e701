"""What happens elsewhere arrives by itself, quietly, and two people talk."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_post_of_one_browser_waits_behind_a_pill_in_the_other(stage: Stage) -> None:
    author, ann = await stage.newcomer("mai")
    reader, bob = await stage.newcomer("mai")
    await asyncio.to_thread(bob.post, f"/api/v1/accounts/{ann.id}/follow")
    await reader.open("/")
    await reader.settle()
    await author.open("/")
    await author.press("n")
    composer = author.page.locator("[data-composer=sheet]")
    await composer.locator("textarea").fill("Fresh from the other window")
    await composer.get_by_role("button", name=author.t("composer.post"), exact=True).click()
    pill = reader.page.get_by_role("button", name=reader.t("core.new_posts", count=1), exact=True)
    await expect(pill).to_be_visible()
    await expect(reader.post("Fresh from the other window")).to_have_count(0)
    await pill.click()
    await expect(reader.post("Fresh from the other window")).to_be_visible()
    await expect(pill).to_have_count(0)


async def test_two_people_write_messages_to_each_other(stage: Stage) -> None:
    one, ann = await stage.newcomer("mai")
    other, bob = await stage.newcomer("mai")
    await asyncio.to_thread(ann.say, f"@{bob.name} are you there?", visibility="direct")
    await other.open("/messages")
    await other.page.locator("#main").get_by_text("are you there?").first.click()
    await other.ready()
    field = other.page.get_by_placeholder(other.t("messages.write"))
    await field.fill("Since the tea was hot.")
    await other.page.get_by_role("button", name=other.t("messages.send"), exact=True).click()
    await expect(other.page.locator("#main")).to_contain_text("Since the tea was hot.")
    await one.open("/messages")
    await expect(one.page.locator("#main")).to_contain_text("Since the tea was hot.")
    await other.assert_reads_well()


async def test_a_note_is_left_and_followers_see_it(stage: Stage) -> None:
    screen, me = await stage.newcomer("jun")
    await screen.open("/")
    tray = screen.page.get_by_role("toolbar", name=screen.t("notes.title"))
    await tray.get_by_role("button", name=screen.t("notes.leave"), exact=True).click()
    sheet = screen.page.locator("dialog[open]")
    await sheet.get_by_placeholder(screen.t("notes.placeholder")).fill("warping the loom")
    await sheet.get_by_role("button", name=screen.t("notes.share"), exact=True).click()
    await expect(sheet).to_have_count(0)
    mine = tray.get_by_role("button", name=screen.t("notes.mine_is", text="warping the loom"))
    await expect(mine).to_be_visible()
    notes = await asyncio.to_thread(me.get, "/api/weft/v1/notes")
    assert notes[0]["text"] == "warping the loom" and notes[0]["mine"]


async def test_a_like_is_told_to_the_author(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    fan = await asyncio.to_thread(stage.town.newcomer)
    post = await asyncio.to_thread(me.say, "A lamp for the east side")
    await asyncio.to_thread(fan.post, f"/api/v1/statuses/{post['id']}/favourite")
    await asyncio.to_thread(stage.town.settle)
    await screen.open("/activity")
    main = screen.page.locator("#main")
    await expect(main).to_contain_text("A lamp for the east side")
    await expect(main).to_contain_text(re.compile(re.escape(screen.t("activity.favourite"))))
