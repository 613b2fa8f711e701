"""Writing posts: plain, as a thread, as an answer, with a poll or a warning, for later, edited and taken back."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.composer import Composer
from tests.browser.stage import Stage
from tests.support.server import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def arrived(person: Person, text: str) -> dict[str, Any]:
    """The post of somebody that says this, once the app has sent it."""
    for _ in range(100):
        for post in await asyncio.to_thread(person.get, f"/api/v1/accounts/{person.id}/statuses"):
            if text in post["content"]:
                return dict(post)
        await asyncio.sleep(0.1)
    raise AssertionError(f"{text!r} did not arrive")


async def test_a_post_is_written_and_stands_on_top_of_home(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await expect(composer.button("composer.post")).to_be_disabled()
    await composer.write("The kettle sings again. #repaircafe")
    await screen.shot("composer")
    await screen.assert_reads_well()
    await composer.post()
    await expect(screen.post("The kettle sings again.")).to_be_visible()
    await arrived(me, "The kettle sings again.")


async def test_three_posts_go_out_as_one_thread(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("First: open the case.")
    for number, text in ((1, "Second: look for the burnt smell."), (2, "Third: tell nobody it was the fuse.")):
        await composer.button("composer.add_part").click()
        await expect(composer.field(number)).to_be_focused()
        await composer.write(text, number)
    await composer.post("composer.post_all", count=3)
    last = await arrived(me, "Third: tell nobody")
    context = await asyncio.to_thread(me.get, f"/api/v1/statuses/{last['id']}/context")
    assert [re.sub("<.*?>", "", one["content"]) for one in context["ancestors"]] == [
        "First: open the case.",
        "Second: look for the burnt smell.",
    ]


async def test_a_reply_stands_below_the_post_it_answers(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Who has a spare bobbin?")
    await screen.open(f"/@{me.name}/{post['id']}")
    await screen.act("Who has a spare bobbin?", "reply").click()
    composer = Composer(screen)
    await expect(composer.box).to_contain_text("Who has a spare bobbin?")
    await composer.write("I found one under the loom.")
    await composer.post("composer.reply")
    await expect(screen.post("I found one under the loom.")).to_be_visible()
    assert (await arrived(me, "under the loom"))["in_reply_to_id"] == post["id"]


async def test_a_poll_is_asked(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Tea or coffee at the café?")
    await composer.button("composer.poll").click()
    for number, choice in ((1, "Tea"), (2, "Coffee")):
        await composer.box.get_by_label(screen.t("composer.poll_option", number=number), exact=True).fill(choice)
    await composer.button("composer.poll_add").click()
    await composer.box.get_by_label(screen.t("composer.poll_option", number=3), exact=True).fill("Both")
    await composer.post()
    poll = (await arrived(me, "Tea or coffee"))["poll"]
    assert [option["title"] for option in poll["options"]] == ["Tea", "Coffee", "Both"]
    await expect(screen.post("Tea or coffee at the café?")).to_contain_text("Coffee")


async def test_a_poll_with_equal_choices_is_not_sent(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Which?")
    await composer.button("composer.poll").click()
    for number in (1, 2):
        await composer.box.get_by_label(screen.t("composer.poll_option", number=number), exact=True).fill("The same")
    await composer.button("composer.post").click()
    await expect(composer.box.get_by_role("alert")).to_contain_text(screen.t("composer.problem.poll_twice"))


async def test_a_warning_covers_the_words(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("The butler kept the map.")
    await composer.button("composer.warning").click()
    await composer.box.get_by_label(screen.t("composer.warning"), exact=True).first.fill("Chapter nine")
    await composer.post()
    post = await arrived(me, "The butler kept the map.")
    assert post["spoiler_text"] == "Chapter nine" and post["sensitive"]
    await expect(screen.post("Chapter nine")).not_to_contain_text("The butler kept the map.")


async def test_who_may_see_and_who_may_reply_is_chosen(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Only for those who follow.")
    await composer.box.get_by_role(
        "button", name=re.compile(screen.t("composer.audience") + "|" + "Everyone")
    ).first.click()
    sheet = composer.sheet("composer.audience")
    for key in ("composer.see.private", "composer.replies.following"):
        await sheet.get_by_role("radio", name=re.compile("^" + screen.t(key))).first.check(force=True)
    await sheet.get_by_role("button", name=screen.t("composer.done"), exact=True).click()
    await composer.post()
    post = await arrived(me, "Only for those who follow.")
    assert post["visibility"] == "private" and post["weft"]["reply_policy"] == "following"


async def test_the_language_of_a_post_is_chosen(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Đọc bài này nhé")
    await composer.box.get_by_role("button", name=re.compile("^" + screen.t("composer.language", name=""))).click()
    sheet = composer.sheet("composer.language_title")
    await sheet.locator("input").first.fill("Viet")
    await sheet.get_by_text(re.compile("Tiếng Việt|Vietnamese")).first.click()
    await composer.post()
    assert (await arrived(me, "Đọc bài này nhé"))["language"] == "vi"


async def test_a_post_for_later_waits_among_the_scheduled(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Good morning, tomorrow.")
    await composer.button("composer.when").click()
    sheet = composer.sheet("composer.schedule_title")
    await sheet.get_by_role("button", name=screen.t("composer.done"), exact=True).click()
    await composer.post("composer.schedule")
    for _ in range(50):
        waiting = await asyncio.to_thread(me.get, "/api/v1/scheduled_statuses")
        if waiting:
            break
        await asyncio.sleep(0.1)
    assert waiting[0]["params"]["text"] == "Good morning, tomorrow."
    await screen.open("/scheduled")
    await expect(screen.page.locator("#main")).to_contain_text("Good morning, tomorrow.")


async def test_too_long_a_text_is_split_into_a_thread(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("A long story about a short fuse. " * 20)
    await expect(composer.box).to_contain_text(screen.t("composer.problem.too_long"))
    await composer.button("composer.split").click()
    await expect(composer.box.locator("textarea")).to_have_count(2)
    await composer.post("composer.post_all", count=2)
    for _ in range(50):
        parts = await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses")
        if len(parts) == 2:
            break
        await asyncio.sleep(0.1)
    assert [part["in_reply_to_id"] for part in parts] == [parts[1]["id"], None]


async def test_the_end_of_a_word_is_offered_for_names_tags_and_emojis(stage: Stage) -> None:
    screen, me = await stage.newcomer("omar", "ines")
    await screen.open("/")
    composer = await Composer(screen).open()
    choices = screen.page.get_by_role("listbox")
    await composer.field().press_sequentially("Thanks @oma", delay=20)
    await expect(choices.get_by_role("option").first).to_contain_text("@omar")
    await screen.press("Enter")
    await expect(composer.field()).to_have_value("Thanks @omar ")
    await composer.field().press_sequentially("for the #brea", delay=20)
    await expect(choices.get_by_role("option").first).to_contain_text("bread")
    await screen.press("Tab")
    await composer.field().press_sequentially("and :loo", delay=20)
    await expect(choices.get_by_role("option").first).to_contain_text("loom")
    await screen.press("Enter")
    await composer.post()
    assert ":loom:" in (await arrived(me, "for the"))["content"]


async def test_an_edit_is_shown_and_its_history_kept(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "The map room owns 12000 maps.")
    await screen.open(f"/@{me.name}/{post['id']}")
    await screen.act("The map room", "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.edit"), exact=True).click()
    composer = Composer(screen)
    await expect(composer.field()).to_have_value("The map room owns 12000 maps.")
    await composer.write("The map room owns 12004 maps.")
    await composer.post("composer.save")
    await expect(screen.post("12004")).to_be_visible()
    await screen.open(f"/@{me.name}/{post['id']}/history")
    await expect(screen.page.locator("#main")).to_contain_text("12000")


async def test_delete_and_write_anew_brings_the_words_back(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Teh kettle is mended.")
    await screen.open("/")
    await screen.act("Teh kettle", "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.redraft"), exact=True).click()
    composer = Composer(screen)
    ask = screen.page.locator("dialog[open]").get_by_role("button", name=screen.t("postmenu.redraft"), exact=True)
    await ask.or_(composer.box).first.wait_for()
    if await ask.count():
        await ask.click()
    await expect(composer.field()).to_have_value("Teh kettle is mended.")
    await composer.write("The kettle is mended.")
    await composer.post()
    assert (await asyncio.to_thread(me.http.get, f"/api/v1/statuses/{post['id']}")).status_code == 404
    await arrived(me, "The kettle is mended.")


async def test_discarding_asks_when_something_would_be_lost(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Half a thought")
    await composer.button("composer.discard").click()
    ask = composer.sheet("composer.discard_ask")
    await ask.get_by_role("button", name=screen.t("composer.keep"), exact=True).click()
    await expect(composer.field()).to_have_value("Half a thought")
    await composer.button("composer.discard").click()
    await ask.get_by_role("button", name=screen.t("composer.discard"), exact=True).click()
    await expect(composer.box).to_have_count(0)
