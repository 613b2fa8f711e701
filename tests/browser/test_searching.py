"""Search: results as one types, in the languages people write here, by keys alone, and kept when one comes back."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.browser.screen import Screen
from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


def field(screen: Screen) -> Any:
    return screen.page.locator("#main").get_by_role("searchbox", name=screen.t("search.placeholder"))


def kinds(screen: Screen) -> Any:
    return screen.page.get_by_role("navigation", name=screen.t("search.kinds"))


async def asked(screen: Screen, query: str) -> None:
    """Until the address says what was asked."""
    await screen.until(f"new URL(location.href).searchParams.get('q') === {query!r}")


async def test_people_posts_and_tags_come_while_one_types(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    word = f"w{me.id[-9:]}"
    ada = await asyncio.to_thread(stage.town.newcomer, shown=f"Ada {word}")
    await asyncio.to_thread(me.say, f"Yarn of {word}", visibility="public")
    await asyncio.to_thread(ada.say, f"Wool #{word}", visibility="public")
    await asyncio.to_thread(stage.town.settle)
    await screen.open("/search")
    await field(screen).press_sequentially(word, delay=20)
    await asked(screen, word)
    main = screen.page.locator("#main")
    await expect(main.get_by_role("link", name=f"Ada {word}", exact=True).first).to_be_visible()
    await expect(main.get_by_role("link", name=re.compile(f"^#{word}")).first).to_be_visible()
    await expect(screen.post(f"Yarn of {word}")).to_be_visible()
    await expect(field(screen)).to_be_focused()
    await screen.assert_reads_well()

    await kinds(screen).get_by_role("link", name=screen.t("search.accounts"), exact=True).click()
    await expect(main.get_by_role("link", name=f"Ada {word}", exact=True).first).to_be_visible()
    await expect(screen.post(f"Yarn of {word}")).to_have_count(0)
    await kinds(screen).get_by_role("link", name=screen.t("search.statuses"), exact=True).click()
    await expect(screen.post(f"Yarn of {word}")).to_be_visible()
    await kinds(screen).get_by_role("link", name=screen.t("search.hashtags"), exact=True).click()
    await expect(screen.post(f"Yarn of {word}")).to_have_count(0)
    await main.get_by_role("link", name=re.compile(f"^#{word}")).first.click()
    await screen.until(f"location.pathname === '/tags/{word}'")
    await expect(screen.post("Wool")).to_be_visible()


async def test_what_nobody_says_is_answered_by_a_sentence(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/search")
    await field(screen).fill("zzqqxxyy")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("search.nothing", query="zzqqxxyy"))
    await screen.assert_reads_well()
    await field(screen).fill("")
    await expect(screen.page.get_by_role("heading", name=screen.t("search.trends")).first).to_be_visible()


@pytest.mark.parametrize(
    ("language", "query", "says"),
    [
        ("ko", "도서관", "도서관 난방"),
        ("vi", "sao chổi", "dễ hiểu về sao chổi"),
        ("en", "radiator", "radiator is hiding"),
    ],
)
async def test_words_are_found_in_the_languages_of_the_town(stage: Stage, language: str, query: str, says: str) -> None:
    screen, _ = await stage.newcomer("mai", language=language)
    await screen.open("/search")
    await field(screen).fill(query)
    await expect(screen.post(says)).to_be_visible()
    await screen.assert_reads_well()


async def test_a_name_is_found_without_its_marks(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await asyncio.to_thread(stage.town.newcomer, shown=f"Đặng Hữu {me.name}")
    await asyncio.to_thread(stage.town.settle)
    await screen.open("/search")
    await field(screen).fill(f"dang huu {me.name}")
    found = screen.page.locator("#main").get_by_role("link", name=f"Đặng Hữu {me.name}", exact=True)
    await expect(found.first).to_be_visible()


async def test_the_field_is_reached_and_a_result_opened_by_keys(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/local")
    await screen.press("/")
    await screen.until("document.activeElement?.type === 'search'")
    await screen.page.keyboard.type("teapot")
    await screen.press("Enter")
    await asked(screen, "teapot")
    await expect(screen.post("The teapot of this year")).to_be_visible()
    await screen.tab_to("#main article[data-post]")
    await screen.press("Enter")
    await screen.until("/^\\/@\\w+\\/\\d+$/.test(location.pathname)")


async def test_coming_back_finds_the_query_and_its_results(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/search")
    await field(screen).fill("teapot")
    await screen.post("The teapot of this year").locator("time").first.click()
    await screen.until("/^\\/@yuki\\/\\d+$/.test(location.pathname)")
    await screen.ready()
    await screen.page.go_back()
    await asked(screen, "teapot")
    await expect(field(screen)).to_have_value("teapot")
    await expect(screen.post("The teapot of this year")).to_be_visible()
    await screen.page.reload()
    await screen.ready()
    await expect(field(screen)).to_have_value("teapot")
    await expect(screen.post("The teapot of this year")).to_be_visible()


async def test_an_address_with_a_query_shows_what_is_found(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open(f"/search?q={quote('도서관')}&type=statuses")
    await expect(field(screen)).to_have_value("도서관")
    await expect(screen.post("도서관 난방")).to_be_visible()
    current = kinds(screen).locator("[aria-current=page]")
    await expect(current).to_have_text(screen.t("search.statuses"))


async def test_an_empty_field_shows_what_is_talked_about_and_whom_to_follow(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/search")
    main = screen.page.locator("#main")
    await expect(main.get_by_role("heading", name=screen.t("search.trends"))).to_be_visible()
    await expect(main.get_by_role("link", name=re.compile("^#bridge"))).to_be_visible()
    people = main.locator("section").filter(has=screen.page.get_by_role("heading", name=screen.t("search.suggestions")))
    follow = people.get_by_role("button", name=re.compile(f"^{screen.t('core.follow')}: ")).first
    name = str(await follow.get_attribute("aria-label")).partition(": ")[2]
    await follow.click()
    await expect(
        people.get_by_role("button", name=screen.t("core.unfollow_name", name=name), exact=True)
    ).to_be_visible()
    await screen.settle()
    following = await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/following")
    assert name in [one["display_name"] or one["username"] for one in following]
    await main.get_by_role("link", name=re.compile("^#bridge")).click()
    await screen.until("location.pathname === '/tags/bridge'")


async def test_a_visitor_searches_people_and_tags(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.open("/search")
    await field(screen).fill("bridge")
    await expect(screen.page.locator("#main").get_by_role("link", name=re.compile("^#bridge")).first).to_be_visible()
    await screen.assert_reads_well()
