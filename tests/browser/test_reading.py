"""What people read: the front page, home, threads, profiles; as visitors and members, with script and without."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_visitor_reads_the_newest_posts_and_opens_one(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.open("/")
    await screen.assert_reads_well()
    await screen.post("Four hundred loaves").get_by_text("Four hundred loaves").click()
    await expect(screen.page).to_have_url(re.compile(r"/@omar/\d+$"))
    await screen.ready()
    await expect(screen.page.locator("#main")).to_contain_text("You would eat it by the second corner.")


async def test_a_visitor_who_likes_is_led_to_the_sign_in_and_back(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.open("/")
    await screen.act("Four hundred loaves", "like").click()
    await expect(screen.page).to_have_url(re.compile("/auth/sign_in"))
    await screen.page.fill("#login", "jun")
    await screen.page.fill("#password", stage.town.passwords["jun"])
    await screen.page.click("button[type=submit]")
    await screen.ready()
    assert await screen.path() == "/"
    await expect(screen.page.locator("[data-act=like]").first).to_be_visible()


@pytest.mark.parametrize("path", ["/@mai", "/@shuttle", "post"])
async def test_profiles_and_posts_are_read_without_script(stage: Stage, path: str) -> None:
    screen = await stage.screen(java_script_enabled=False)
    wanted = "Hello, neighbours" if path != "/@shuttle" else "The old bridge closes"
    if path == "post":
        path = (await asyncio.to_thread(stage.town.find, wanted))["url"].removeprefix(stage.town.url)
    await screen.page.goto(stage.town.url + path)
    main = screen.page.locator("#main")
    await expect(main).to_contain_text(wanted)
    await expect(main.locator("img").first).to_be_visible()
    assert await screen.page.locator("head meta[property='og:title']").count() == 1


async def test_the_app_takes_over_a_page_that_was_read_without_script(stage: Stage) -> None:
    screen = await stage.screen()
    post = await asyncio.to_thread(stage.town.find, "Council, last night")
    await screen.open(post["url"].removeprefix(stage.town.url))
    await expect(screen.page.locator("#main article.focused")).to_contain_text("Dogs may sit on trams")
    await expect(screen.page.locator("#main article[data-post]")).not_to_have_count(1)


async def test_home_has_three_feeds_and_the_address_says_which(stage: Stage) -> None:
    screen = await stage.screen("mai")
    await screen.open("/")
    feeds = screen.page.get_by_role("navigation", name=screen.t("core.feeds"))
    for name, path in (("core.local", "/local"), ("core.for_you", "/for-you"), ("core.following", "/")):
        await feeds.get_by_role("link", name=screen.t(name), exact=True).click()
        await screen.until(f"location.pathname === '{path}'")
        await screen.ready()
        await expect(screen.page.locator("#main article[data-post]").first).to_be_visible()
    await screen.page.go_back()
    await screen.until("location.pathname === '/for-you'")


async def test_a_thread_shows_what_was_before_then_the_post_then_the_replies_in_order(stage: Stage) -> None:
    screen = await stage.screen("jun")
    post = await asyncio.to_thread(stage.town.find, "The old bridge closes")
    await screen.open(f"/@shuttle/{post['id']}")
    text = await screen.text()
    said = ["The old bridge closes", "Tram 4 turns at the market", "Signals at the market are mine", "1987. I have"]
    assert sorted(said, key=text.index) == said


async def test_a_reply_opens_below_the_posts_it_answers(stage: Stage) -> None:
    screen = await stage.screen("jun")
    root = await asyncio.to_thread(stage.town.find, "The old bridge closes")
    context = stage.town.visitor.get(f"/api/v1/statuses/{root['id']}/context").json()
    deep = next(one for one in context["descendants"] if "1987. I have the uniform" in one["content"])
    await screen.open(f"/@pavel/{deep['id']}")
    posts = screen.page.locator("#main article[data-post]")
    shown = [await posts.nth(at).get_attribute("data-post") for at in range(await posts.count())]
    assert shown[0] == root["id"]
    focused = screen.page.locator("#main article.focused")
    await expect(focused).to_contain_text("1987")
    box = await focused.bounding_box()
    assert box is not None and box["y"] < screen.page.viewport_size["height"], "the post itself is in sight"


async def test_back_finds_the_place_where_one_was(stage: Stage) -> None:
    screen = await stage.screen("mai")
    await screen.open("/local")
    await screen.settle()
    await screen.page.mouse.move(screen.look.width / 2, 400)
    for _ in range(12):
        await screen.page.mouse.wheel(0, 500)
        await asyncio.sleep(0.05)
    await screen.settle()
    top = await screen.page.evaluate("scrollY")
    assert top > 2000
    in_sight = "[...document.querySelectorAll('#main [data-post]')].find((e) => e.getBoundingClientRect().top > 80)"
    seen = await screen.page.evaluate(f"{in_sight}.dataset.post")
    post = screen.page.locator(f"#main article[data-post='{seen}'] .when")
    place = (await post.bounding_box())["y"]
    await post.click()
    await expect(screen.page.locator("#main article.focused")).to_be_visible()
    await screen.page.go_back()
    await screen.until(f"scrollY > {top - 400}")
    await screen.settle()
    back = (await screen.page.locator(f"#main article[data-post='{seen}'] .when").bounding_box())["y"]
    assert abs(back - place) < 120


async def test_a_long_list_keeps_few_elements_on_the_page(stage: Stage) -> None:
    screen = await stage.screen("mai")
    await screen.open("/local")
    await screen.page.mouse.move(screen.look.width / 2, 400)
    most = 0
    for _ in range(40):
        await screen.page.mouse.wheel(0, 900)
        await asyncio.sleep(0.04)
        most = max(most, await screen.page.evaluate("document.querySelectorAll('*').length"))
    assert await screen.page.evaluate("scrollY") > 8000
    assert most <= 1500, most


async def test_a_content_warning_is_opened_and_closed(stage: Stage) -> None:
    screen = await stage.screen("nora")
    post = await asyncio.to_thread(stage.town.find, "He was never the keeper")
    await screen.open(f"/@nora/{post['id']}")
    focused = screen.page.locator("#main article.focused")
    await expect(focused).to_contain_text("The lighthouse book, chapter nine")
    await expect(focused).not_to_contain_text("He was never the keeper")
    await focused.get_by_role("button", name=screen.t("core.show"), exact=True).click()
    await expect(focused).to_contain_text("He was never the keeper")
    await focused.get_by_role("button", name=screen.t("core.hide"), exact=True).click()
    await expect(focused).not_to_contain_text("He was never the keeper")


async def test_pictures_open_large_with_their_words_and_close_by_escape(stage: Stage) -> None:
    screen = await stage.screen("jun")
    post = await asyncio.to_thread(stage.town.find, "Tonight’s count")
    await screen.open(f"/@repair/{post['id']}")
    pictures = screen.page.locator("#main article.focused button:has(img)")
    await expect(pictures).to_have_count(4)
    await pictures.first.click()
    viewer = screen.page.locator("dialog[open]")
    await expect(viewer).to_contain_text("A green bicycle leaning on a brick wall")
    await screen.press("ArrowRight")
    await expect(viewer).to_contain_text("wooden table radio")
    await screen.press("Escape")
    await expect(viewer).to_have_count(0)


async def test_a_film_and_an_animation_are_shown(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/@rosa/media")
    await screen.settle()
    await screen.open("/@rosa")
    await expect(screen.page.locator("#main video").first).to_be_attached()


async def test_names_of_the_right_to_left_stay_in_their_own_direction(stage: Stage) -> None:
    screen = await stage.screen("jun")
    post = await asyncio.to_thread(stage.town.find, "صباح الخير")
    await screen.open(f"/@omar/{post['id']}")
    focused = screen.page.locator("#main article.focused")
    assert await screen.page.evaluate("getComputedStyle(document.documentElement).direction") == "ltr"
    name = focused.locator("bdi, [dir=auto]").filter(has_text="عمر").first
    await expect(name).to_be_visible()
    words = focused.locator("p").filter(has_text="صباح الخير").first
    style = "getComputedStyle(e)"
    assert await words.evaluate(f"(e) => {style}.direction === 'rtl' || {style}.unicodeBidi === 'plaintext'")
    handle = focused.get_by_text("@omar").first
    await expect(handle).to_be_visible()
    await screen.assert_reads_well()
