"""The app without a pointer: reading and writing by keys alone, and keys that stay silent while somebody types."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage
from tests.browser.test_composing import arrived

pytestmark = pytest.mark.asyncio(loop_scope="session")
AT = "document.activeElement?.closest('[data-post]')?.dataset.post ?? ''"


async def test_posts_are_walked_opened_and_left_by_keys(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/local")
    await screen.press("j")
    first = await screen.page.evaluate(AT)
    await screen.press("j")
    second = await screen.page.evaluate(AT)
    assert first and second and first != second
    await screen.press("k")
    assert await screen.page.evaluate(AT) == first
    await screen.press("Enter")
    await screen.until(f"location.pathname.endsWith('/{first}')")
    await screen.ready()
    await screen.press("g", "h")
    await screen.until("location.pathname === '/'")
    await screen.ready()
    await screen.press("g", "n")
    await screen.until("location.pathname === '/activity'")


async def test_a_post_is_liked_and_saved_by_keys(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Liked by a key")
    await screen.open(f"/@{me.name}/{post['id']}")
    await screen.page.locator("article.focused").focus()
    await screen.press("l")
    await expect(screen.act("Liked by a key", "like")).to_have_attribute("aria-pressed", "true")
    await screen.press("b")
    notices = screen.page.get_by_role("region", name=screen.t("core.notices"))
    await expect(notices).to_contain_text(screen.t("core.saved"))


async def test_a_post_is_written_by_keys_alone(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    await screen.press("n")
    await expect(screen.page.locator("[data-composer=sheet] textarea")).to_be_focused()
    await screen.page.keyboard.type("Typed, never clicked")
    await screen.press("Control+Enter")
    await expect(screen.page.locator("[data-composer=sheet]")).to_have_count(0)
    await arrived(me, "Typed, never clicked")


async def test_a_reply_is_reached_by_tab_alone(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Answer me by Tab")
    await screen.open(f"/@{me.name}/{post['id']}")
    await screen.tab_to("article.focused [data-act=reply]")
    await screen.press("Enter")
    field = screen.page.locator("[data-composer=sheet] textarea")
    await expect(field).to_be_focused()
    await screen.page.keyboard.type("Here it is")
    await screen.press("Control+Enter")
    assert (await arrived(me, "Here it is"))["in_reply_to_id"] == post["id"]


async def test_keys_are_silent_while_somebody_types_or_composes(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/search")
    field = screen.page.locator("#main input[type=search]")
    await field.focus()
    await screen.page.keyboard.type("nj?")
    await expect(field).to_have_value("nj?")
    await expect(screen.page.locator("dialog[open]")).to_have_count(0)
    await screen.open("/local")
    composing = "new KeyboardEvent('keydown', { key: 'n', isComposing: true, keyCode: 229, bubbles: true })"
    await screen.page.evaluate(f"document.body.dispatchEvent({composing})")
    await asyncio.sleep(0.3)
    await expect(screen.page.locator("[data-composer=sheet]")).to_have_count(0)


async def test_a_question_mark_shows_the_keys_and_escape_gives_the_focus_back(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/local")
    await screen.press("j")
    before = await screen.page.evaluate(AT)
    await screen.press("?")
    await expect(screen.page.locator("dialog[open]")).to_contain_text(screen.t("core.keys"))
    await screen.press("Escape")
    await expect(screen.page.locator("dialog[open]")).to_have_count(0)
    assert await screen.page.evaluate(AT) == before


async def test_the_first_stop_of_tab_leads_past_the_frame(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/")
    await screen.press("Tab")
    assert await screen.focused() == screen.t("core.skip")
