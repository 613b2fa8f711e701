"""What people do with posts: it shows at once, and a refusal puts it back and says why."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_like_shows_at_once_and_is_kept(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "A post to like")
    await screen.open(f"/@{me.name}/{post['id']}")
    like = screen.act("A post to like", "like")
    await like.click()
    await expect(like).to_have_attribute("aria-pressed", "true")
    await expect(like).to_contain_text("1")
    await screen.settle()
    await screen.page.reload()
    await screen.ready()
    await expect(screen.act("A post to like", "like")).to_have_attribute("aria-pressed", "true")
    await screen.act("A post to like", "like").click()
    await expect(screen.act("A post to like", "like")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(("act", "path"), [("like", "favourite"), ("repost", "reblog")])
async def test_a_refused_act_is_put_back_with_a_sentence(stage: Stage, act: str, path: str) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Nobody can do this")
    await screen.open(f"/@{me.name}/{post['id']}")
    screen.watch.expect(500, f"/{path}$")
    await screen.page.route(f"**/{path}", lambda route: route.fulfill(status=500, json={"error": "broken"}))
    button = screen.act("Nobody can do this", act)
    await button.click()
    await expect(screen.page.get_by_role("region", name=screen.t("core.notices"))).to_contain_text(
        re.compile(r"\w{3,}")
    )
    await expect(button).to_have_attribute("aria-pressed", "false")


async def test_a_repost_counts_and_is_taken_back(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Worth saying twice")
    await screen.open(f"/@{me.name}/{post['id']}")
    button = screen.act("Worth saying twice", "repost")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await screen.settle()
    assert (await asyncio.to_thread(me.get, f"/api/v1/statuses/{post['id']}"))["reblogs_count"] == 1
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")


async def test_a_right_press_on_repost_offers_to_quote(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(stage.town.find, "Six years of maintaining")
    await screen.open(f"/@dev/{post['id']}")
    await screen.act("Six years", "repost").click(button="right")
    composer = screen.page.locator("[data-composer=sheet]")
    await composer.locator("textarea").fill("Bring him soup, as Mai says.")
    await composer.get_by_role("button", name=screen.t("composer.post"), exact=True).click()
    await expect(composer).to_have_count(0)
    await screen.settle()
    await screen.open(f"/@{me.name}")
    mine = screen.post("Bring him soup, as Mai says.")
    await expect(mine).to_contain_text("Six years of maintaining")


async def test_a_vote_shows_what_others_chose(stage: Stage) -> None:
    screen, _ = await stage.newcomer("library")
    post = await asyncio.to_thread(stage.town.find, "We can keep one more evening open")
    await screen.open(f"/@library/{post['id']}")
    focused = screen.page.locator("#main article.focused")
    await focused.get_by_text("Thursday", exact=True).click()
    await focused.get_by_role("button", name=screen.t("core.vote"), exact=True).click()
    await expect(focused).to_contain_text("%")
    await expect(focused.get_by_role("button", name=screen.t("core.vote"), exact=True)).to_have_count(0)


async def test_a_saved_post_lies_with_the_saved_ones(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    post = await asyncio.to_thread(stage.town.find, "The teapot of this year")
    await screen.open(f"/@yuki/{post['id']}")
    await screen.act("The teapot of this year", "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.save"), exact=True).click()
    notices = screen.page.get_by_role("region", name=screen.t("core.notices"))
    await expect(notices).to_contain_text(screen.t("core.saved"))
    await screen.open("/saved")
    await expect(screen.post("The teapot of this year")).to_be_visible()


async def test_a_post_of_ones_own_is_deleted_and_gone_everywhere(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await asyncio.to_thread(me.say, "Said too early")
    await screen.open("/")
    await screen.act("Said too early", "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.delete"), exact=True).click()
    confirm = screen.page.locator("dialog[open]").get_by_role("button", name=screen.t("postmenu.delete"), exact=True)
    if await confirm.count():
        await confirm.click()
    await expect(screen.post("Said too early")).to_have_count(0)


async def test_who_liked_and_who_quoted_can_be_read(stage: Stage) -> None:
    screen = await stage.screen("jun")
    post = await asyncio.to_thread(stage.town.find, "Six years of maintaining")
    await screen.open(f"/@dev/{post['id']}/likes")
    await expect(screen.page.locator("#main")).to_contain_text("@")
    await screen.assert_reads_well()
    await screen.open(f"/@dev/{post['id']}/quotes")
    await expect(screen.page.locator("#main")).to_contain_text("Bring him soup.")


async def test_the_address_of_a_post_is_copied(stage: Stage) -> None:
    screen = await stage.screen("jun", permissions=["clipboard-read", "clipboard-write"])
    post = await asyncio.to_thread(stage.town.find, "The teapot of this year")
    await screen.open(f"/@yuki/{post['id']}")
    await screen.act("The teapot of this year", "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.link"), exact=True).click()
    await expect(screen.page.get_by_text(screen.t("core.copied"), exact=True)).to_be_visible()
    assert (await screen.page.evaluate("navigator.clipboard.readText()")).endswith(f"/@yuki/{post['id']}")
