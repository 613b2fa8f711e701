"""Conversations with the assistant in the app: asking, stopping, asking otherwise, judging, sharing, forgetting; by
hand, by keyboard, and by what a screen reader is told.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.parlour import API, CHOIR, WHEN, Parlour, answer, ask, asked, chats, choose, enter, turns
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.support.server import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_comes_with_its_label_and_its_source(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant")
    for offer in ("find", "missed", "sum_up", "reword", "translate", "alt_text"):
        await expect(screen.page.get_by_text(screen.t(f"assistant.offer.{offer}"), exact=True)).to_be_visible()
    await screen.assert_reads_well()
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await expect(answer(screen)).to_contain_text(screen.t("assistant.made_label", count=1, model="plain"))
    source = answer(screen).get_by_role("link")
    await expect(source).to_contain_text(CHOIR)
    await expect(source).to_contain_text("Ann Weaver")
    await screen.until("/^\\/assistant\\/\\d+$/.test(location.pathname)")
    await answer(screen).get_by_role("button", name=screen.t("assistant.right"), exact=True).click()
    await expect(answer(screen).get_by_role("button", name=screen.t("assistant.right"), exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert [turn["judged"] for turn in await turns(me)] == [None, True]
    await screen.assert_reads_well()
    await screen.page.reload()
    await screen.ready()
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await answer(screen).get_by_role("link").first.click()
    await screen.until("/^\\/@[^/]+\\/\\d+$/.test(location.pathname)")
    await expect(screen.page.locator("#main")).to_contain_text("in the old bakery")


async def test_a_screen_reader_hears_an_answer_once_and_whole(room: Stage, parlour: Parlour) -> None:
    screen, _, _ = await enter(room)
    parlour.model.say = lambda body: "It is on Tuesday at seven [1]. It is in the old bakery [1]."
    parlour.model.behave = lambda body: "slow"
    await screen.open("/assistant/new")
    told = screen.page.locator("#main [aria-live=polite]")
    await expect(told).to_have_text("")
    await screen.page.evaluate("""
      window.told = []
      const line = document.querySelector('#main [aria-live=polite]')
      const all = { childList: true, characterData: true, subtree: true }
      new MutationObserver(() => window.told.push(line.textContent)).observe(line, all)
    """)
    await ask(screen, WHEN)
    await expect(screen.page.get_by_role("log")).to_have_attribute("aria-busy", "true")
    await expect(told).to_contain_text("in the old bakery")
    label = screen.t("assistant.made_label", count=1, model="plain")
    said = "It is on Tuesday at seven. It is in the old bakery."
    heard = [re.sub(r"\s+", " ", line) for line in await screen.page.evaluate("window.told")]
    assert heard == [screen.t("assistant.looking"), f"{said} {label}"]
    await expect(screen.page.get_by_role("log")).to_have_attribute("aria-live", "off")


async def test_a_full_model_says_when_to_come_again_and_leaves_the_quotes(room: Stage, parlour: Parlour) -> None:
    screen, me, _ = await enter(room)
    # A model that did nothing but refuse for several tests would not be asked any more.
    await asyncio.to_thread(me.post, f"{API}/suggest", text="Too loud", want="kinder")
    parlour.model.behave = lambda body: "full"
    screen.watch.expect(429, "/turns$")
    await screen.open("/assistant/new")
    async with screen.page.expect_response(re.compile("/turns$")) as response:
        await ask(screen, WHEN)
    assert (await response.value).status == 429
    await expect(answer(screen)).to_contain_text(CHOIR)
    await expect(answer(screen)).to_contain_text(screen.t("assistant.quotes_label", count=3).partition("·")[0])
    why = f"{screen.t('assistant.refused.busy')} {screen.t('assistant.again_in', when='7 seconds')}"
    await expect(screen.page.locator("#main .notice")).to_have_text(why)
    await expect(screen.page.locator("#main [aria-live=polite]")).to_contain_text(why)
    await screen.assert_reads_well()
    assert [turn["state"] for turn in await turns(me)] == ["done", "done"]


async def test_the_budget_is_shown_and_its_end_leaves_the_quotes(room: Stage, parlour: Parlour) -> None:
    screen, me, _ = await enter(room)
    await asyncio.to_thread(parlour.allow, me, 100_000)
    await screen.open("/assistant/new")
    await expect(screen.page.get_by_text(screen.t("assistant.left_day", share="100%"))).to_be_visible()
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await asyncio.to_thread(parlour.allow, me, 1)
    screen.watch.expect(429, "/turns$")
    await ask(screen, "Where does the choir rehearse?")
    await expect(answer(screen)).to_contain_text(CHOIR)
    await expect(screen.page.locator("#main .notice")).to_contain_text(screen.t("assistant.refused.budget"))
    await expect(screen.page.get_by_text(screen.t("assistant.left_day", share="0%"))).to_be_visible()


async def test_an_answer_is_stopped_and_asked_for_again(room: Stage, parlour: Parlour) -> None:
    screen, me, _ = await enter(room)
    model = parlour.model
    model.say = lambda body: "It is on Tuesday at seven [1]. " * 30
    model.behave = lambda body: "slow"
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(asked(screen)).to_have_text(WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await screen.button("assistant.stop").click()
    await expect(answer(screen)).to_contain_text(screen.t("assistant.stopped"))
    for _ in range(100):
        if model.calls[-1].ended:
            break
        await asyncio.sleep(0.05)
    assert model.calls[-1].ended == "gone", "the model went on writing for nobody"
    assert [turn["state"] for turn in await turns(me)] == ["done", "stopped"]
    model.say, model.behave = lambda body: "Every Tuesday at seven [1].", None
    await answer(screen).get_by_role("button", name=screen.t("assistant.again"), exact=True).click()
    await expect(answer(screen)).to_contain_text("Every Tuesday at seven")
    assert [turn["text"] for turn in await turns(me)] == [WHEN, "Every Tuesday at seven."]


async def test_what_was_asked_is_said_otherwise(room: Stage, parlour: Parlour) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    mine = asked(screen)
    await choose(screen, mine, screen.t("assistant.more"), "assistant.edit")
    await mine.get_by_role("textbox").fill("Where does the choir rehearse?")
    parlour.model.say = lambda body: "In the old bakery [1]."
    await mine.get_by_role("button", name=screen.t("assistant.resend"), exact=True).click()
    await expect(answer(screen)).to_contain_text("In the old bakery")
    await expect(mine).to_have_text("Where does the choir rehearse?")
    assert [turn["text"] for turn in await turns(me)] == ["Where does the choir rehearse?", "In the old bakery."]


async def test_what_could_not_be_said_otherwise_is_not_lost(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await choose(screen, asked(screen), screen.t("assistant.more"), "assistant.edit")
    await asked(screen).get_by_role("textbox").fill("Where does it sing?")
    screen.watch.expect(0, "/turns/")
    await screen.page.route("**/turns/*", lambda route: route.abort())
    await asked(screen).get_by_role("button", name=screen.t("assistant.resend"), exact=True).click()
    await expect(screen.page.get_by_role("alert")).to_contain_text(screen.t("core.problem.offline"))
    await expect(asked(screen).get_by_role("textbox")).to_have_value("Where does it sing?")
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    assert (await turns(me))[0]["text"] == WHEN


async def test_an_answer_is_copied_and_becomes_a_post_only_by_its_reader(room: Stage) -> None:
    screen, me, _ = await enter(room, permissions=["clipboard-read", "clipboard-write"])
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await choose(screen, answer(screen), screen.t("assistant.more"), "assistant.copy")
    await expect(screen.page.get_by_text(screen.t("core.copied"), exact=True)).to_be_visible()
    assert (await screen.page.evaluate("navigator.clipboard.readText()")).startswith("It is on Tuesday at seven")
    await choose(screen, answer(screen), screen.t("assistant.more"), "assistant.share")
    composer = screen.page.locator("[data-composer=sheet]")
    hint = screen.t("assistant.share_hint")
    await expect(composer.get_by_text(hint, exact=True)).to_be_visible()
    await expect(composer).to_have_accessible_description(hint)
    await screen.assert_reads_well()
    label = re.escape(screen.t("assistant.made_label", count=1, model="plain"))
    await expect(composer.locator("textarea").first).to_have_value(
        re.compile(f"^It is on Tuesday at seven.*{label}", re.S)
    )
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []


async def test_mark_up_of_a_model_is_only_text(room: Stage, parlour: Parlour) -> None:
    screen, _, _ = await enter(room)
    bad = "It is <b>on</b> Tuesday <img src=x onerror=alert(1)> at seven [1]."
    parlour.model.say = lambda body: bad
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_have_attribute("aria-label", screen.t("assistant.title"))
    await expect(answer(screen).get_by_role("button", name=screen.t("assistant.again"), exact=True)).to_be_visible()
    assert await answer(screen).locator("img, b:not(.cut)").count() == 0


async def test_conversations_are_renamed_and_forgotten(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await choose(screen, answer(screen), screen.t("assistant.more"), "assistant.forget_this")
    await expect(answer(screen)).to_have_count(0)
    assert [turn["role"] for turn in await turns(me)] == ["person"]
    await expect(screen.page.get_by_text(screen.t("assistant.unanswered"))).to_be_visible()
    await screen.button("assistant.resend").click()
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    assert [turn["role"] for turn in await turns(me)] == ["person", "assistant"]
    await screen.open("/assistant")
    row = screen.page.get_by_role("listitem").filter(has=screen.page.get_by_role("link", name=WHEN))
    await choose(screen, row, screen.t("assistant.more_about", title=WHEN), "assistant.rename")
    sheet = screen.page.get_by_role("dialog")
    await sheet.get_by_role("textbox").fill("The choir")
    await sheet.get_by_role("button", name=screen.t("core.save"), exact=True).click()
    await expect(screen.page.get_by_role("link", name="The choir")).to_be_visible()
    assert [chat["title"] for chat in await chats(me)] == ["The choir"]
    await choose(screen, screen.page.locator("header"), screen.t("assistant.more"), "assistant.forget_all")
    await screen.assert_reads_well()
    await (
        screen.page.get_by_role("dialog")
        .get_by_role("button", name=screen.t("assistant.forget_all"), exact=True)
        .click()
    )
    await expect(screen.page.get_by_text(screen.t("assistant.empty"))).to_be_visible()
    assert await chats(me) == []
    await screen.page.locator("header").get_by_role("button", name=screen.t("assistant.more"), exact=True).click()
    await expect(screen.page.get_by_role("menuitem", name=screen.t("assistant.settings"), exact=True)).to_be_visible()
    await expect(screen.page.get_by_role("menuitem", name=screen.t("assistant.forget_all"), exact=True)).to_have_count(
        0
    )


async def test_a_conversation_is_forgotten_only_by_who_means_it(room: Stage) -> None:
    screen, me, _ = await enter(room)
    for _ in range(2):
        await asyncio.to_thread(me.post, f"{API}/chats")
    first, second = await chats(me)
    await screen.open("/assistant")
    rows = screen.page.locator("#main .chat")
    forget = screen.t("assistant.forget_chat")
    for name, left in ((screen.t("core.cancel"), 2), (forget, 1)):
        label = screen.t("assistant.more_about", title=screen.t("assistant.untitled"))
        await choose(screen, rows.first, label, "assistant.forget_chat")
        sheet = screen.page.get_by_role("dialog", name=forget)
        await expect(sheet).to_contain_text(screen.t("assistant.forget_chat_hint"))
        await sheet.get_by_role("button", name=name, exact=True).click()
        await expect(rows).to_have_count(left)
    await screen.until(f"document.activeElement?.getAttribute('href') === '/assistant/{second['id']}'")
    assert [chat["id"] for chat in await chats(me)] == [second["id"]] != [first["id"]]


async def test_an_answer_that_loses_its_connection_says_so_and_is_asked_for_again(
    room: Stage, parlour: Parlour
) -> None:
    screen, me, _ = await enter(room)
    parlour.model.say = lambda body: "It is on Tuesday at seven [1]. Bring a chair [1]."

    async def cut(route: Any) -> None:
        whole = await route.fetch()
        said = (await whole.body()).partition(b"event: sources")[0]
        await route.fulfill(response=whole, body=said)

    await screen.open("/assistant/new")
    await screen.page.route("**/turns", cut)
    await ask(screen, WHEN)
    await expect(screen.page.get_by_role("alert")).to_contain_text(screen.t("core.problem.offline"))
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await expect(answer(screen)).to_contain_text(screen.t("assistant.broken"))
    await expect(answer(screen)).to_contain_text(screen.t("assistant.unknown_label"))
    await screen.assert_reads_well()
    await screen.page.unroute("**/turns")
    parlour.model.say = lambda body: "Every Tuesday at seven [1]."
    await screen.button("core.retry").click()
    await expect(answer(screen)).to_contain_text("Every Tuesday at seven")
    await expect(answer(screen)).to_contain_text(screen.t("assistant.made_label", count=1, model="plain"))
    await expect(screen.page.get_by_role("alert")).to_have_count(0)
    assert [turn["text"] for turn in await turns(me)] == [WHEN, "Every Tuesday at seven."]


async def test_a_conversation_has_its_address_while_its_first_answer_arrives(room: Stage, parlour: Parlour) -> None:
    screen, _, _ = await enter(room)
    parlour.model.say = lambda body: "It is on Tuesday at seven [1]. " * 30
    parlour.model.behave = lambda body: "slow"
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await screen.until("/^\\/assistant\\/\\d+$/.test(location.pathname)")
    await expect(screen.button("assistant.stop")).to_be_visible()
    await screen.page.reload()
    await screen.ready()
    await expect(asked(screen)).to_have_text(WHEN)
    # Nobody pressed anything: leaving stopped it.
    await expect(answer(screen)).to_contain_text(screen.t("assistant.stopped"))


async def test_a_long_question_is_counted_and_never_cut(room: Stage) -> None:
    screen, _, _ = await enter(room)
    await screen.open("/assistant/new")
    field = screen.page.get_by_role("textbox", name=screen.t("assistant.ask"))
    send = screen.page.get_by_role("button", name=screen.t("assistant.send"), exact=True)
    # A person pastes it by a key: what moves after one moves because of it.
    await field.press("Control+v")
    await field.fill("x" * 2003)
    await expect(field).to_have_accessible_description(screen.t("assistant.characters_over", count=3))
    await expect(send).to_be_disabled()
    await screen.assert_reads_well()
    await field.press("Control+z")
    await field.fill("x" * 1999)
    await expect(field).to_have_accessible_description(screen.t("assistant.characters_left", count=1))
    await expect(send).to_be_enabled()
    assert len(await field.input_value()) == 1999


async def back_to(screen: Screen, name: str) -> None:
    """Go back by Shift+Tab alone until what has this name has the focus."""
    for _ in range(20):
        await screen.press("Shift+Tab")
        if await screen.focused() == name:
            return
    raise AssertionError(f"{name} is not reached")


async def take(screen: Screen, *keys: str) -> None:
    """Open the menu that has the focus, go to a choice and take it."""
    await screen.press("Enter")
    await screen.until("document.activeElement?.getAttribute('role') === 'menuitem'")
    await screen.press(*keys, "Enter")


@pytest.mark.widths(768, 1280)
async def test_a_conversation_is_had_by_keyboard_alone(room: Stage, parlour: Parlour) -> None:
    screen, me, _ = await enter(room)
    field, more = screen.t("assistant.ask"), screen.t("assistant.more")
    await screen.open("/assistant/new")
    await screen.until("document.activeElement?.tagName === 'TEXTAREA'")
    parlour.model.behave, parlour.model.say = lambda body: "slow", lambda body: "It is on Tuesday at seven [1]. " * 30
    await screen.page.keyboard.type(WHEN)
    await screen.press("Enter")
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await screen.press("Tab")
    assert await screen.focused() == screen.t("assistant.stop")
    await screen.press("Enter")
    await expect(answer(screen)).to_contain_text(screen.t("assistant.stopped"))
    assert await screen.focused() == field
    parlour.model.behave, parlour.model.say = None, lambda body: "Every Tuesday at seven [1]."
    await back_to(screen, screen.t("assistant.again"))
    await screen.press("Enter")
    await expect(answer(screen)).to_contain_text("Every Tuesday at seven")
    assert await screen.focused() == field
    # It can be judged when it is whole.
    await expect(screen.button("assistant.wrong")).to_be_visible()
    await back_to(screen, screen.t("assistant.wrong"))
    await screen.press(" ")
    await expect(answer(screen).get_by_role("button", name=screen.t("assistant.wrong"), exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    await back_to(screen, more)
    await take(screen, "ArrowDown")
    assert await screen.focused() == screen.t("assistant.edit")
    await screen.press("Escape")
    assert await screen.focused() == more
    await screen.tab_to(f"[aria-label='{screen.t('assistant.again')}']")
    await screen.press("Tab")
    assert await screen.focused() == more
    await take(screen, "End")
    await expect(answer(screen)).to_have_count(0)
    await screen.until(f"document.activeElement?.getAttribute('aria-label') === '{field}'")
    assert [turn["role"] for turn in await turns(me)] == ["person"]


async def test_whoever_stays_out_is_left_alone_until_they_come_back(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await screen.open("/settings/privacy")
    switch = screen.page.get_by_role("switch", name=screen.t("assistant.opt_out"))
    await expect(switch).to_be_enabled()
    await switch.click()
    await expect(screen.page.locator("#main").get_by_text(screen.t("settings.saved"), exact=True)).to_be_visible()
    assert (await asyncio.to_thread(me.get, API))["opted_out"] is True
    consent = screen.page.get_by_role("switch", name=screen.t("assistant.consent"))
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("assistant.consent_terms"))
    await expect(consent).not_to_be_checked()
    await consent.click()
    await agreed(me, True)
    await consent.click()
    await agreed(me, False)
    await screen.assert_reads_well()
    await screen.open("/assistant")
    await expect(screen.page.get_by_text(screen.t("assistant.you_opted_out"))).to_be_visible()
    await expect(screen.page.get_by_role("textbox", name=screen.t("assistant.ask"))).to_have_count(0)
    await expect(screen.page.get_by_role("link", name=WHEN)).to_be_visible()
    await screen.open("/local")
    await screen.act(CHOIR, "more").click()
    menu = screen.page.get_by_role("menu")
    await expect(menu.get_by_role("menuitem", name=screen.t("postmenu.link"), exact=True)).to_be_visible()
    for choice in ("summary", "ask", "related"):
        await expect(menu.get_by_role("menuitem", name=screen.t(f"postmenu.{choice}"), exact=True)).to_have_count(0)
    await screen.open("/settings/privacy")
    await expect(switch).to_be_checked()
    await switch.click()
    await screen.open("/assistant")
    await expect(screen.page.get_by_text(screen.t("assistant.offer.find"), exact=True)).to_be_visible()


async def agreed(person: Person, wanted: bool) -> None:
    """Until the consent to training is kept so."""
    for _ in range(100):
        if (await asyncio.to_thread(person.get, f"{API}/training_consent"))["agreed"] is wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the consent was not kept")
