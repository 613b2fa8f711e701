"""Words one does not want to read: what has them is folded or gone, wherever it would stand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.support.server import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def two(stage: Stage) -> tuple[Screen, Person, Person]:
    """Somebody who reads, and somebody they follow."""
    screen, me = await stage.newcomer()
    ada = await asyncio.to_thread(stage.town.newcomer, shown="Ada First")
    await asyncio.to_thread(me.post, f"/api/v1/accounts/{ada.id}/follow")
    return screen, me, ada


async def make(screen: Screen, title: str, word: str, how: str) -> None:
    """A filter, made as people make it."""
    await screen.open("/settings/filters/new")
    await screen.page.get_by_label(screen.t("settings.filter_title"), exact=True).fill(title)
    await screen.page.get_by_label(screen.t("settings.filter_word", number=1), exact=True).fill(word)
    await screen.page.get_by_role("radio", name=screen.t(f"settings.how.{how}"), exact=True).check()
    await screen.button("core.save").click()
    await expect(screen.page.get_by_role("link", name=title)).to_be_visible()


async def on_home(me: Person, post: Any) -> None:
    for _ in range(150):
        if post["id"] in [one["id"] for one in await asyncio.to_thread(me.get, "/api/v1/timelines/home")]:
            return
        await asyncio.sleep(0.04)
    raise AssertionError("the post never came")


async def test_a_post_with_the_word_is_folded_on_home_and_in_a_thread(stage: Stage) -> None:
    screen, me, ada = await two(stage)
    asked = await asyncio.to_thread(me.say, "What happened on Sunday?")
    said = await asyncio.to_thread(ada.say, "The derby was wild, three penalties")
    answer = await asyncio.to_thread(ada.say, f"@{me.name} a derby, of course", in_reply_to_id=asked["id"])
    await on_home(me, said)
    await make(screen, "Football", "derby", "warn")
    folded = screen.t("core.filtered", title="Football")
    await screen.open("/")
    post = screen.page.locator(f"#main article[data-post='{said['id']}']")
    await expect(post).to_contain_text(folded)
    await expect(post).not_to_contain_text("three penalties")
    await screen.assert_reads_well()
    await post.get_by_role("button", name=screen.t("core.show"), exact=True).click()
    await expect(post).to_contain_text("three penalties")
    await screen.open(f"/@{me.name}/{asked['id']}")
    reply = screen.page.locator(f"#main article[data-post='{answer['id']}']")
    await expect(reply).to_contain_text(folded)
    await expect(reply).not_to_contain_text("of course")


async def test_a_post_with_the_word_is_gone_from_home_and_from_a_thread(stage: Stage) -> None:
    screen, me, ada = await two(stage)
    asked = await asyncio.to_thread(me.say, "What is for supper?")
    said = await asyncio.to_thread(ada.say, "Liver again, with onions")
    other = await asyncio.to_thread(ada.say, "Bread and soup at six")
    await asyncio.to_thread(ada.say, f"@{me.name} liver I fear", in_reply_to_id=asked["id"])
    await asyncio.to_thread(ada.say, f"@{me.name} or soup", in_reply_to_id=asked["id"])
    await on_home(me, said)
    await on_home(me, other)
    await make(screen, "Food", "liver", "hide")
    await screen.open("/")
    await expect(screen.post("Bread and soup at six")).to_be_visible()
    await expect(screen.page.locator("#main")).not_to_contain_text("Liver again")
    await screen.open(f"/@{me.name}/{asked['id']}")
    await expect(screen.post("or soup")).to_be_visible()
    await expect(screen.page.locator("#main")).not_to_contain_text("liver I fear")


async def test_what_comes_later_is_filtered_too(stage: Stage) -> None:
    screen, _, ada = await two(stage)
    await make(screen, "Food", "liver", "hide")
    await screen.open("/")
    await screen.settle()
    await asyncio.to_thread(ada.say, "Liver, fresh from the butcher")
    await asyncio.to_thread(ada.say, "Soup, fresh from the pot")
    await screen.button("core.new_posts", count=1).click()
    await expect(screen.post("Soup, fresh from the pot")).to_be_visible()
    await expect(screen.page.locator("#main")).not_to_contain_text("fresh from the butcher")
