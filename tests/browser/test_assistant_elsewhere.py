"""The assistant where people read and write: threads and articles summed up, questions suggested, posts translated, the
community asked, pictures described, words made kinder; and what the staff is shown of it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.composer import Composer, picture
from tests.browser.parlour import CHOIR, WHEN, Parlour, answer, ask, choose, enter
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.hub.town import publish
from tests.support.server import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")
ARTICLE = """
<html lang="en"><head><title>The new pool</title></head><body><article>
<p>The town council decided on Monday to build a new swimming pool beside the river.</p>
<p>The pool will cost four million euros and will open in the spring of next year.</p>
<p>Many people had asked the council for a swimming pool since the old pool was closed.</p>
<p>The council will pay for the pool with money from the sale of the old station.</p>
</article></body></html>
"""


async def more(screen: Screen, text: str) -> Any:
    """The open menu of the post that says this."""
    await screen.act(text, "more").click()
    menu = screen.page.get_by_role("menu")
    await expect(menu.get_by_role("menuitem", name=screen.t("postmenu.link"), exact=True)).to_be_visible()
    return menu


async def take(screen: Screen, text: str, choice: str) -> None:
    """Choose something of the menu of the post that says this."""
    menu = await more(screen, text)
    await menu.get_by_role("menuitem", name=screen.t(choice), exact=True).click()


async def pool(ann: Person, room: Stage) -> Any:
    """A thread about the pool; its first post."""
    post = await asyncio.to_thread(ann.say, "The pool opens on the first of May.", visibility="public", language="en")
    for text in ("It costs four euros for children.", "I will bring the lanes and the ropes on Friday."):
        answered = {"status": text, "visibility": "public", "language": "en", "in_reply_to_id": post["id"]}
        await asyncio.to_thread(ann.http.post, "/api/v1/statuses", json=answered)
    await asyncio.to_thread(room.town.settle)
    return post


@pytest.mark.parametrize("language", ["en", "vi", "ko"])
async def test_a_thread_is_summed_up_by_quotes(room: Stage, language: str) -> None:
    screen, _, ann = await enter(room, language)
    post = await pool(ann, room)
    await screen.open(f"/@{ann.name}/{post['id']}")
    await screen.page.locator("#main [data-act=more]").first.click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.summary"), exact=True).click()
    sheet = screen.page.get_by_role("dialog", name=screen.t("assistant.summary"), exact=True)
    await expect(sheet.get_by_role("link").first).to_contain_text("Ann Weaver")
    said = "".join(await sheet.get_by_role("link").all_inner_texts())
    assert "The pool opens on the first of May." in said
    await expect(sheet).to_contain_text(screen.t("assistant.quotes_label", count=3).split("·")[0].strip())
    await screen.assert_reads_well()
    await sheet.get_by_role("link", name=screen.t("assistant.ask_about"), exact=True).click()
    await screen.until("location.pathname === '/assistant/new'")
    await screen.page.get_by_role("list", name=screen.t("assistant.questions")).get_by_role("button").first.click()
    await expect(answer(screen)).to_contain_text("The pool opens on the first of May.")


async def test_questions_are_suggested_for_the_thread_on_screen_until_one_asks_of_all(room: Stage) -> None:
    screen, _, ann = await enter(room)
    post = await pool(ann, room)
    await screen.open(f"/@{ann.name}/{post['id']}")
    await take(screen, "The pool opens", "postmenu.ask")
    await screen.until("location.pathname === '/assistant/new'")
    questions = screen.page.get_by_role("list", name=screen.t("assistant.questions"))
    await expect(questions.get_by_role("button").first).to_be_visible()
    await expect(screen.page.get_by_text(screen.t("assistant.about_thread"), exact=True)).to_be_visible()
    await screen.assert_reads_well()
    await screen.button("assistant.about_all").click()
    await expect(questions).to_have_count(0)
    await screen.page.get_by_role("textbox", name=screen.t("assistant.ask")).fill(WHEN)
    await screen.button("assistant.send").click()
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")


async def test_an_article_is_summed_up_and_says_that_it_is_not_the_whole(room: Stage, parlour: Parlour) -> None:
    screen, _, ann = await enter(room)
    url = parlour.site.put(f"/pool/{time.monotonic_ns()}", ARTICLE)
    post = await asyncio.to_thread(ann.say, f"Good news: {url}", visibility="public", language="en")
    for _ in range(200):
        if (await asyncio.to_thread(ann.get, f"/api/v1/statuses/{post['id']}"))["card"]:
            break
        await asyncio.sleep(0.05)
    await screen.open("/local")
    await take(screen, "Good news", "postmenu.article")
    sheet = screen.page.get_by_role("dialog", name=screen.t("assistant.article"), exact=True)
    await expect(sheet).to_contain_text(screen.t("assistant.article_label"))
    link = sheet.get_by_role("link", name=screen.t("assistant.to_article"), exact=True)
    await expect(link).to_have_attribute("href", url)
    for line in await sheet.get_by_role("listitem").all_inner_texts():
        assert line.strip() in ARTICLE, line
    await screen.assert_reads_well()
    await screen.page.keyboard.press("Escape")
    await screen.open(f"/@{ann.name}/{post['id']}")
    await screen.page.get_by_role("button", name=screen.t("core.sum_up_article"), exact=True).click()
    await expect(sheet).to_contain_text(screen.t("assistant.article_label"))


async def test_a_post_is_translated_beside_its_original(room: Stage, parlour: Parlour) -> None:
    screen, _, ann = await enter(room)
    original = "합창단은 오늘 저녁 일곱 시에 연습해요."
    vietnamese = "Dàn hợp xướng tập vào tối thứ Ba."
    await asyncio.to_thread(ann.say, original, visibility="public", language="ko")
    await asyncio.to_thread(ann.say, vietnamese, visibility="public", language="vi")
    await asyncio.to_thread(room.town.settle)
    parlour.model.say = lambda body: "The choir rehearses tonight at <b>seven</b>."
    await screen.open("/local")
    for text in (CHOIR, vietnamese):  # nothing to translate, and a direction that did not pass
        menu = await more(screen, text)
        await expect(menu.get_by_role("menuitem", name=screen.t("postmenu.translate"), exact=True)).to_have_count(0)
        await screen.press("Escape")
    await take(screen, original, "postmenu.translate")
    translated = screen.post("The choir rehearses tonight")
    assert await translated.locator(".words b").count() == 0, "what a model writes is plain text"
    await expect(translated).to_contain_text(screen.t("assistant.translated", by="plain", language="Korean"))
    await screen.assert_reads_well()
    await translated.get_by_role("button", name=screen.t("assistant.see_original"), exact=True).click()
    await expect(screen.post(original)).to_be_visible()
    parlour.model.behave = lambda body: "full"
    again = "합창단은 내일 아침 여덟 시에 연습해요."
    await asyncio.to_thread(ann.say, again, visibility="public", language="ko")
    await asyncio.to_thread(room.town.settle)
    await screen.open("/local")
    screen.watch.expect(503, "/translate$")
    await take(screen, again, "postmenu.translate")
    await expect(screen.page.get_by_text(screen.t("assistant.none.busy"))).to_be_visible()
    await expect(screen.post(again)).to_be_visible()


async def test_the_community_is_asked_and_a_full_model_leaves_the_quotes(room: Stage, parlour: Parlour) -> None:
    screen, _, _ = await enter(room)
    await screen.open(f"/search?type=ask&q={WHEN}")
    await expect(screen.page.get_by_role("region", name=screen.t("assistant.answer"))).to_contain_text(
        "It is on Tuesday at seven"
    )
    await expect(screen.page.locator("#main ul a").first).to_contain_text(CHOIR)
    await screen.assert_reads_well()
    parlour.model.behave = lambda body: "full"
    screen.watch.expect(429, "/assistant/ask")
    await screen.open(f"/search?type=ask&q={WHEN}")
    await expect(screen.page.locator("#main ul a").first).to_contain_text(CHOIR)
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("assistant.refused.busy"))


async def test_tags_and_a_kinder_wording_are_offered_and_never_posted(room: Stage, parlour: Parlour) -> None:
    screen, me, ann = await enter(room)
    # Of nothing that other tests of this community speak of: only the nearest few posts are asked for their tags.
    await asyncio.to_thread(ann.say, "Brass band again in June #marching", visibility="public", language="en")
    await asyncio.to_thread(room.town.settle)
    parlour.model.say = lambda body: "The band could be a little quieter."
    await screen.open("/")
    await screen.press("n")
    composer = screen.page.locator("[data-composer=sheet]")
    await composer.locator("textarea").first.fill("The brass band is too loud")
    await composer.get_by_role("button", name=screen.t("composer.suggest"), exact=True).click()
    sheet = screen.page.get_by_role("dialog", name=screen.t("assistant.suggest"), exact=True)
    await sheet.get_by_role("button", name=screen.t("assistant.suggest_tags"), exact=True).click()
    await sheet.get_by_role("button", name="#marching", exact=True).click()
    await sheet.get_by_role("button", name=screen.t("assistant.suggest_kinder"), exact=True).click()
    await expect(sheet).to_contain_text("The band could be a little quieter.")
    await screen.assert_reads_well()
    await expect(composer.locator("textarea").first).to_have_value("The brass band is too loud #marching")
    await sheet.get_by_role("button", name=screen.t("assistant.use"), exact=True).click()
    await expect(composer.locator("textarea").first).to_have_value("The band could be a little quieter.")
    await screen.assert_reads_well()
    await sheet.get_by_role("button", name=screen.t("core.undo"), exact=True).click()
    await expect(composer.locator("textarea").first).to_have_value("The brass band is too loud #marching")
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []


async def describing(screen: Screen) -> Any:
    """The sheet of a composer in which its picture is described."""
    composer = await Composer(screen).open()
    await composer.write("Look at this")
    await composer.attach(picture())
    await composer.button("composer.alt_of", number=1).click()
    return composer.sheet("composer.alt_title")


async def test_a_picture_is_described_for_its_author_to_edit(room: Stage, parlour: Parlour) -> None:
    screen, me, _ = await enter(room)
    parlour.model.say = lambda body: "A plain blue field."
    sent: list[str] = []
    screen.page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    await screen.open("/")
    sheet = await describing(screen)
    field = sheet.get_by_role("textbox")
    suggest = sheet.get_by_role("button", name=screen.t("assistant.suggest_alt"), exact=True)
    undo = sheet.get_by_role("button", name=screen.t("core.undo"), exact=True)
    await suggest.click()
    await expect(field).to_have_value("A plain blue field.")
    await expect(field).to_be_focused()
    await expect(sheet.locator("p[role=status]")).to_have_text(screen.t("assistant.alt_label", model="plain"))
    await expect(undo).to_have_count(0)
    await screen.assert_reads_well()
    await field.fill("My own words")
    await suggest.click()
    await expect(field).to_have_value("A plain blue field.")
    await undo.click()
    await expect(field).to_have_value("My own words")
    assert not [line for line in sent if line.startswith("PUT")]
    parlour.model.behave = lambda body: "full"
    screen.watch.expect(503, "/suggest$")
    await suggest.click()
    await expect(sheet.locator("p[role=status]")).to_contain_text(screen.t("assistant.none.busy"))
    await expect(field).to_have_value("My own words")
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []


async def test_where_no_model_sees_pictures_nobody_is_offered_a_description(stage: Stage) -> None:
    screen, _ = await stage.newcomer()
    await screen.open("/")
    sheet = await describing(screen)
    await expect(sheet.get_by_role("textbox")).to_be_visible()
    await screen.settle()
    name = screen.t("assistant.suggest_alt")
    await expect(sheet.get_by_role("button", name=name, exact=True)).to_have_count(0)


async def test_the_staff_sees_what_waits_and_what_the_models_can(room: Stage) -> None:
    town = room.town
    reporter = await asyncio.to_thread(town.newcomer)
    # Words of this reporter's own: what is like it makes one group, also of what another run of this test reported.
    cheap, watches, buy, now = (f"{word}{reporter.name}" for word in ("cheap", "watches", "buy", "now"))
    for words in (f"{cheap} {watches}, {buy} {cheap} {watches} {now}", f"{buy} {cheap} {watches} {now}, {cheap}"):
        seller = await asyncio.to_thread(town.newcomer)
        post = await asyncio.to_thread(seller.say, words, visibility="public", language="en")
        told: dict[str, Any] = {"account_id": seller.id, "status_ids": [post["id"]], "category": "spam"}
        await asyncio.to_thread(reporter.post, "/api/v1/reports", **told)
    await asyncio.to_thread(town.settle)
    screen = await room.of(await asyncio.to_thread(town.person, role="moderator"))
    await screen.open("/reports")
    await screen.page.get_by_role("link", name=screen.t("moderation.digest"), exact=True).click()
    groups = screen.page.get_by_role("region", name=screen.t("moderation.alike"), exact=True)
    alike = groups.get_by_role("listitem").filter(has_text=f"{cheap} {watches}").first
    await expect(alike).to_contain_text(screen.t("moderation.report_count", count=2))
    await screen.assert_reads_well()
    await alike.get_by_role("button", name=screen.t("core.show"), exact=True).click()
    await expect(alike.get_by_role("button", name=screen.t("moderation.resolve"), exact=True)).to_have_count(2)
    report = alike.get_by_role("article").filter(
        has=screen.page.get_by_role("button", name=screen.t("moderation.resolve"))
    )
    await report.first.get_by_role("button", name=screen.t("moderation.resolve"), exact=True).click()
    await report.first.get_by_role("radio", name=screen.t("moderation.outcome.upheld"), exact=True).check()
    await report.first.get_by_role("textbox").fill("It sells watches")
    await screen.assert_reads_well()
    await report.first.get_by_role("button", name=screen.t("moderation.resolve"), exact=True).click()
    await expect(screen.page.get_by_text(screen.t("moderation.done"), exact=True)).to_be_visible()
    await screen.open("/reports?state=resolved")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("moderation.outcome.upheld"))
    await screen.open("/reports?state=scores")
    answers = screen.page.get_by_role("region", name=screen.t("moderation.ability.ask"))
    await expect(answers).to_contain_text(screen.t("moderation.on_in", languages="English, Korean, Vietnamese"))
    await expect(answers.get_by_role("row")).to_have_count(10)
    await expect(answers.get_by_role("row").nth(1)).to_contain_text("100%")
    summaries = screen.page.get_by_role("region", name=screen.t("moderation.ability.summary"))
    await expect(summaries).to_contain_text(screen.t("moderation.unchecked"))
    await screen.assert_reads_well()
    member, _ = await room.newcomer()
    await member.open("/reports?state=digest")
    await expect(member.page.get_by_text(member.t("moderation.only_staff"), exact=True)).to_be_visible()


async def test_the_way_to_the_hub_is_shown_where_models_are_published(room: Stage, stage: Stage) -> None:
    await asyncio.to_thread(publish, room.town)
    screen, _, _ = await enter(room)
    for path in ("/settings/about", "/assistant"):
        await screen.open(path)
        await expect(screen.page.get_by_role("link", name=screen.t("assistant.hub"))).to_be_visible()
    await screen.page.get_by_role("link", name=screen.t("assistant.hub")).click()
    await screen.page.wait_for_url(lambda url: url.endswith("/hub"))
    elsewhere, _ = await stage.newcomer()
    await elsewhere.open("/assistant")
    await elsewhere.settle()
    await expect(elsewhere.page.get_by_role("link", name=elsewhere.t("assistant.hub"))).to_have_count(0)


async def test_an_answer_is_reported_and_the_staff_sees_it_alone(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await choose(screen, answer(screen), screen.t("assistant.more"), "assistant.report")
    sheet = screen.page.get_by_role("dialog", name=screen.t("assistant.report_title"))
    await expect(sheet).to_contain_text(screen.t("assistant.report_hint"))
    await screen.assert_reads_well()
    note = f"It is on Wednesday, says {me.name}."
    await sheet.get_by_role("textbox").fill(note)
    await sheet.get_by_role("button", name=screen.t("assistant.report_send"), exact=True).click()
    await expect(screen.page.get_by_text(screen.t("assistant.reported"), exact=True)).to_be_visible()
    staff = await room.of(await asyncio.to_thread(room.town.person, role="moderator"))
    await staff.open("/reports")
    report = staff.page.get_by_role("article").filter(has_text=note)
    await expect(report).to_contain_text(WHEN)
    await expect(report).to_contain_text("It is on Tuesday at seven.")
    await expect(report).to_contain_text(staff.t("moderation.chat_answered", model="plain"))
    await staff.assert_reads_well()
