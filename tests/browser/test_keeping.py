"""Lists, scheduled posts and tags: what people keep in order for themselves."""

from __future__ import annotations

import asyncio
import datetime

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_list_is_made_filled_read_and_renamed(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai", "ada")
    await screen.open("/lists")
    await screen.button("lists.new").last.click()
    sheet = screen.page.get_by_role("dialog")
    await sheet.get_by_label(screen.t("lists.name"), exact=True).fill("Neighbours")
    await sheet.get_by_role("button", name=screen.t("lists.create"), exact=True).click()
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text("Neighbours")
    await screen.button("lists.add_people").click()
    await sheet.get_by_label(screen.t("lists.members_find"), exact=True).fill("ada")
    await sheet.get_by_role("button", name=screen.t("lists.add_name", name="Ada Miller")).click()
    await sheet.get_by_role("button", name=screen.t("core.close"), exact=True).click()
    # Written by her, or reposted by her.
    await expect(screen.page.locator("#main article").first).to_contain_text("Ada Miller")
    await expect(screen.page.locator("#main article").filter(has_not_text="Ada Miller")).to_have_count(0)
    await screen.button("lists.edit").click()
    await sheet.get_by_label(screen.t("lists.name"), exact=True).fill("The street")
    await sheet.get_by_role("switch", name=screen.t("lists.exclusive")).check()
    await sheet.get_by_role("button", name=screen.t("core.save"), exact=True).click()
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text("The street")
    (made,) = await asyncio.to_thread(me.get, "/api/v1/lists")
    assert made["title"] == "The street" and made["exclusive"]


async def test_a_deleted_list_comes_back_with_its_people(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    mai = await asyncio.to_thread(me.get, "/api/v1/accounts/lookup", acct="mai")
    made = await asyncio.to_thread(me.post, "/api/v1/lists", title="Bakers")
    await asyncio.to_thread(me.post, f"/api/v1/lists/{made['id']}/accounts", account_ids=[mai["id"]])
    await screen.open(f"/lists/{made['id']}")
    await screen.button("lists.edit").click()
    await screen.button("lists.delete").click()
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text(screen.t("lists.title"))
    await expect(screen.button("core.undo")).to_be_visible()
    assert await asyncio.to_thread(me.get, "/api/v1/lists") == []
    await screen.button("core.undo").click()
    await screen.page.get_by_role("link", name="Bakers").click()
    await screen.button("lists.members").click()
    await expect(screen.page.get_by_role("dialog")).to_contain_text("@mai")


async def test_a_scheduled_post_goes_out_at_another_time(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    due = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    await asyncio.to_thread(lambda: me.post("/api/v1/statuses", status="Not yet", scheduled_at=due.isoformat()))
    await screen.open("/scheduled")
    await screen.button("saved.move").click()
    field = screen.page.get_by_label(screen.t("saved.time"), exact=True)
    later = (due + datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    await field.fill(later)
    await screen.button("core.save").click()
    await expect(field).to_have_count(0)
    (moved,) = await asyncio.to_thread(me.get, "/api/v1/scheduled_statuses")
    assert moved["scheduled_at"].startswith(later)


async def test_a_scheduled_post_is_taken_back_into_the_composer_whole(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    due = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    body = {"status": "Words to mend", "scheduled_at": due.isoformat(), "weft": {"reply_policy": "following"}}
    await asyncio.to_thread(lambda: me.post("/api/v1/statuses", **body))
    await screen.open("/scheduled")
    await screen.button("saved.edit").click()
    composer = screen.page.locator("[data-composer=sheet]")
    await expect(composer.locator("textarea")).to_have_value("Words to mend")
    await composer.locator("textarea").fill("Words mended")
    await composer.get_by_role("button", name=screen.t("composer.schedule"), exact=True).last.click()
    await expect(composer).to_have_count(0)
    # It goes by way of the outbox, and says when it is there.
    await expect(screen.page.get_by_text(screen.t("composer.scheduled", at=""))).to_be_visible()
    (waiting,) = await asyncio.to_thread(me.get, "/api/v1/scheduled_statuses")
    assert waiting["params"]["text"] == "Words mended"
    assert waiting["weft"]["reply_policy"] == "following"


async def test_a_deleted_scheduled_post_can_be_had_back(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    due = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    await asyncio.to_thread(lambda: me.post("/api/v1/statuses", status="Or never", scheduled_at=due.isoformat()))
    await screen.open("/scheduled")
    await screen.button("saved.delete").click()
    await expect(screen.page.get_by_text("Or never")).to_have_count(0)
    await screen.button("core.undo").click()
    await expect(screen.page.get_by_text("Or never")).to_be_visible()


async def test_a_tag_is_followed_and_left(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/tags/bridge")
    await screen.button("saved.tag_follow_name", tag="bridge").click()
    await expect(screen.button("saved.tag_unfollow_name", tag="bridge")).to_be_visible()
    await screen.settle()
    assert [tag["name"] for tag in await asyncio.to_thread(me.get, "/api/v1/followed_tags")] == ["bridge"]
    await screen.open("/tags")
    await screen.button("saved.tag_unfollow_name", tag="bridge").click()
    await screen.button("core.undo").click()
    await expect(screen.button("saved.tag_unfollow_name", tag="bridge")).to_be_visible()
