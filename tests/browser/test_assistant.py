"""The assistant in the app: asking, stopping, forgetting, staying out of it, and summing up a thread. The community is
one of its own, with a scripted server as the model that passed the check.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.screen import Look, Screen
from tests.browser.stage import Stage
from tests.browser.town import Town
from tests.support.postgres import Servers
from tests.support.scripted_model import ScriptedModel, scripted_model
from tests.support.server import Person, running_server
from weft.assistant.bars import BARS
from weft.assistant.capabilities import identity_of, store_result
from weft.assistant.check import Result
from weft.assistant.golden_set import LANGUAGES, load_golden
from weft.infra.engine.places import Endpoints, Place
from weft.infra.engine.process import LocalEngines
from weft.infra.signals import publish_now
from weft.kernel.clock import Clock
from weft.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHOIR = "The choir rehearses on Tuesday at seven in the old bakery."
WHEN = "When does the choir rehearse?"
API = "/api/weft/v1/assistant"


class Parlour(Town):
    """The community, and the model behind its assistant."""

    model: ScriptedModel


@pytest.fixture(scope="module")
def rows(servers: Servers) -> Iterator[str]:
    """The database of this community."""
    with servers.database("embedded", migrated=True) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def parlour(chromium: str, rows: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parlour]:
    async with scripted_model() as model:
        environ = {"WEFT_AI_CHAT_URL": model.url, "WEFT_AI_CHAT_MODEL": "plain", "WEFT_SIGNUP": "open"}
        running = running_server(rows, environ)
        server = await asyncio.to_thread(running.__enter__)
        try:
            told = {"url": server.url, "database": rows, "data": str(server.data), "passwords": {}}
            town = Parlour(told | {"folder": str(tmp_path_factory.mktemp("parlour"))})
            town.model = model
            await pass_check(town, Place("plain", is_own=False, slots=2, lane=lane(model)))
            yield town
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


def lane(model: ScriptedModel) -> str:
    settings = Settings(ai_chat_url=model.url, ai_chat_model="plain")
    place = Endpoints(settings, LocalEngines(Path(), Clock())).place("chat")
    assert place is not None
    return place.lane


async def pass_check(town: Town, place: Place) -> None:
    """Write down that the model passed the check for what is tried here, in every language."""
    db, signals = await town._open()
    try:
        for feature, part in BARS:
            if feature not in ("ask", "reword"):
                continue
            for language in LANGUAGES:
                result = Result(
                    capability=feature,
                    part=part,
                    language=language,
                    model=place.name,
                    sha256=identity_of(place),
                    golden=load_golden().version,
                    right=10,
                    asked=10,
                    items=10,
                    faults={},
                )
                await store_result(db, result)
    finally:
        await db.close()
    await publish_now(town.database_url, signals, town.data)


@pytest_asyncio.fixture(loop_scope="session")
async def room(parlour: Parlour, browser: Any, look: Look) -> AsyncIterator[Stage]:
    """Windows of people of this community; at the end the model is as it was."""
    model = parlour.model
    model.say, model.behave, model.pause_s = lambda body: "It is on Tuesday at seven [1].", None, 0.2
    model.calls.clear()
    opened = Stage(parlour, browser, look)
    yield opened
    await asyncio.sleep(0.05)
    problems = opened.problems()
    await opened.close()
    assert not problems, "\n".join(problems)


async def enter(room: Stage, language: str = "en") -> tuple[Screen, Person, Person]:
    """Somebody who looks, and somebody who wrote of the choir."""
    ann = await asyncio.to_thread(room.town.newcomer, shown="Ann Weaver")
    await asyncio.to_thread(ann.say, CHOIR, visibility="public", language="en")
    await asyncio.to_thread(room.town.settle)
    screen, me = await room.newcomer(language=language)
    return screen, me, ann


async def ask(screen: Screen, text: str) -> None:
    await screen.page.get_by_role("textbox", name=screen.t("assistant.ask")).fill(text)
    await screen.page.get_by_role("button", name=screen.t("assistant.send"), exact=True).click()


def answer(screen: Screen) -> Any:
    """The last answer on the screen."""
    return screen.page.get_by_role("article", name=screen.t("assistant.title"), exact=True).last


async def choose(screen: Screen, within: Any, label: str, choice: str) -> None:
    """Open a menu and take a choice."""
    await within.get_by_role("button", name=label, exact=True).click()
    await screen.page.get_by_role("menuitem", name=screen.t(choice), exact=True).click()


async def chats(person: Person) -> list[Any]:
    return list(await asyncio.to_thread(person.get, f"{API}/chats"))


async def turns(person: Person) -> list[Any]:
    [chat] = await chats(person)
    return list(await asyncio.to_thread(person.get, f"{API}/chats/{chat['id']}/turns"))


async def test_an_answer_comes_with_its_label_and_its_source(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant")
    for offer in ("find", "missed", "sum_up"):
        await expect(screen.page.get_by_text(screen.t(f"assistant.offer.{offer}"), exact=True)).to_be_visible()
    await screen.assert_reads_well()
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await expect(answer(screen)).to_contain_text(screen.t("assistant.made_label", count=1, model="plain"))
    await expect(screen.page.locator("[aria-live=polite]", has_text="It is on Tuesday at seven")).to_have_count(1)
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


async def test_an_answer_is_stopped_and_asked_for_again(room: Stage) -> None:
    screen, me, _ = await enter(room)
    model = room.town.model  # type: ignore[attr-defined]
    model.say = lambda body: "It is on Tuesday at seven [1]. " * 30
    model.behave = lambda body: "slow"
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(screen.page.get_by_role("article", name=screen.t("assistant.you"), exact=True)).to_have_text(WHEN)
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


async def test_what_was_asked_is_said_otherwise(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    mine = screen.page.get_by_role("article", name=screen.t("assistant.you"), exact=True)
    await choose(screen, mine, screen.t("assistant.more"), "assistant.edit")
    await mine.get_by_role("textbox").fill("Where does the choir rehearse?")
    room.town.model.say = lambda body: "In the old bakery [1]."  # type: ignore[attr-defined]
    await mine.get_by_role("button", name=screen.t("assistant.resend"), exact=True).click()
    await expect(answer(screen)).to_contain_text("In the old bakery")
    await expect(mine).to_have_text("Where does the choir rehearse?")
    assert [turn["text"] for turn in await turns(me)] == ["Where does the choir rehearse?", "In the old bakery."]


async def test_an_answer_becomes_a_post_only_by_its_reader(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/assistant/new")
    await ask(screen, WHEN)
    await expect(answer(screen)).to_contain_text("It is on Tuesday at seven")
    await choose(screen, answer(screen), screen.t("assistant.more"), "assistant.share")
    composer = screen.page.locator("[data-composer=sheet]")
    await expect(composer.locator("textarea").first).to_have_value(re.compile("^It is on Tuesday at seven"))
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []


async def test_mark_up_of_a_model_is_only_text(room: Stage) -> None:
    screen, _, _ = await enter(room)
    bad = "It is <b>on</b> Tuesday <img src=x onerror=alert(1)> at seven [1]."
    room.town.model.say = lambda body: bad  # type: ignore[attr-defined]
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


async def test_whoever_stays_out_is_left_alone(room: Stage) -> None:
    screen, me, _ = await enter(room)
    await screen.open("/settings/privacy")
    switch = screen.page.get_by_role("switch", name=screen.t("assistant.opt_out"))
    await expect(switch).to_be_enabled()
    await switch.click()
    await expect(screen.page.locator("#main").get_by_text(screen.t("settings.saved"), exact=True)).to_be_visible()
    assert (await asyncio.to_thread(me.get, API))["opted_out"] is True
    consent = screen.page.get_by_role("switch", name=screen.t("assistant.consent"))
    await consent.click()
    for _ in range(100):
        if (await asyncio.to_thread(me.get, f"{API}/training_consent"))["agreed"]:
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError("the consent was not kept")
    await screen.assert_reads_well()
    await screen.open("/assistant")
    await expect(screen.page.get_by_text(screen.t("assistant.you_opted_out"))).to_be_visible()
    await screen.open("/local")
    await screen.act(CHOIR, "more").click()
    menu = screen.page.get_by_role("menu")
    await expect(menu.get_by_role("menuitem", name=screen.t("postmenu.link"), exact=True)).to_be_visible()
    await expect(menu.get_by_role("menuitem", name=screen.t("postmenu.summary"), exact=True)).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "vi", "ko"])
async def test_a_thread_is_summed_up_by_quotes(room: Stage, language: str) -> None:
    screen, _, ann = await enter(room, language)
    post = await asyncio.to_thread(ann.say, "The pool opens on the first of May.", visibility="public", language="en")
    for text in ("It costs four euros for children.", "I will bring the lanes and the ropes on Friday."):
        answered = {"status": text, "visibility": "public", "language": "en", "in_reply_to_id": post["id"]}
        await asyncio.to_thread(ann.http.post, "/api/v1/statuses", json=answered)
    await asyncio.to_thread(room.town.settle)
    await screen.open(f"/@{ann.name}/{post['id']}")
    await screen.page.locator("#main [data-act=more]").first.click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.summary"), exact=True).click()
    sheet = screen.page.get_by_role("dialog", name=screen.t("assistant.summary"), exact=True)
    await expect(sheet.get_by_role("link").first).to_contain_text(screen.t("assistant.to_post"))
    said = "".join(await sheet.get_by_role("link").all_inner_texts())
    assert "The pool opens on the first of May." in said
    await expect(sheet).to_contain_text(screen.t("assistant.quotes_label", count=3).split("·")[0].strip())
    await screen.assert_reads_well()
    await sheet.get_by_role("link", name=screen.t("assistant.ask_about"), exact=True).click()
    await screen.until("location.pathname === '/assistant/new'")
    await screen.page.get_by_role("list", name=screen.t("assistant.questions")).get_by_role("button").first.click()
    await expect(answer(screen)).to_contain_text("The pool opens on the first of May.")


async def test_the_community_is_asked_and_a_full_model_leaves_the_quotes(room: Stage) -> None:
    screen, _, _ = await enter(room)
    await screen.open(f"/search?type=ask&q={WHEN}")
    await expect(screen.page.get_by_role("region", name=screen.t("assistant.answer"))).to_contain_text(
        "It is on Tuesday at seven"
    )
    await expect(screen.page.locator("#main ul a").first).to_contain_text(CHOIR)
    await screen.assert_reads_well()
    room.town.model.behave = lambda body: "full"  # type: ignore[attr-defined]
    screen.watch.expect(429, "/assistant/ask")
    await screen.open(f"/search?type=ask&q={WHEN}")
    await expect(screen.page.locator("#main ul a").first).to_contain_text(CHOIR)
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("assistant.refused.busy"))


async def test_tags_and_a_kinder_wording_are_offered_and_never_posted(room: Stage) -> None:
    screen, me, ann = await enter(room)
    await asyncio.to_thread(ann.say, "Choir again on Tuesday #singing", visibility="public", language="en")
    await asyncio.to_thread(room.town.settle)
    room.town.model.say = lambda body: "The choir could be a little quieter."  # type: ignore[attr-defined]
    await screen.open("/")
    await screen.press("n")
    composer = screen.page.locator("[data-composer=sheet]")
    await composer.locator("textarea").first.fill("The choir on Tuesday is too loud")
    await composer.get_by_role("button", name=screen.t("composer.suggest"), exact=True).click()
    sheet = screen.page.get_by_role("dialog", name=screen.t("assistant.suggest"), exact=True)
    await sheet.get_by_role("button", name=screen.t("assistant.suggest_tags"), exact=True).click()
    await sheet.get_by_role("button", name="#singing", exact=True).click()
    await sheet.get_by_role("button", name=screen.t("assistant.suggest_kinder"), exact=True).click()
    await expect(sheet).to_contain_text("The choir could be a little quieter.")
    await screen.assert_reads_well()
    await expect(composer.locator("textarea").first).to_have_value("The choir on Tuesday is too loud #singing")
    await sheet.get_by_role("button", name=screen.t("assistant.use"), exact=True).click()
    await expect(composer.locator("textarea").first).to_have_value("The choir could be a little quieter.")
    assert await asyncio.to_thread(me.get, f"/api/v1/accounts/{me.id}/statuses") == []
