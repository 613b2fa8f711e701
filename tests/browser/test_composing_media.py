"""Pictures in posts: four with their words, the reminder where words are missing, pasted, dropped out again, and in
their place from the first.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.composer import Composer, picture
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.browser.test_composing import arrived

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASTE = """
([name, bytes]) => {
  const data = new DataTransfer()
  data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }))
  const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data })
  document.querySelector('[data-composer=sheet] textarea').dispatchEvent(event)
}
"""
LETTER = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}


async def test_four_pictures_go_out_with_their_words(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Four colours from one pot")
    colors = ("#3A45B8", "#B93A32", "#E0B548", "#2A7654")
    await composer.attach(*(picture(f"{number}.png", color) for number, color in enumerate(colors)))
    for number in range(1, 5):
        await composer.button("composer.alt_of", number=number).click()
        editor = composer.sheet("composer.alt_title")
        await editor.locator("textarea").fill(f"A plain square in colour {number}")
        await editor.get_by_role("button", name=screen.t("composer.done"), exact=True).click()
        await expect(editor).to_have_count(0)
    await screen.shot("composer-pictures")
    await composer.post()
    media = (await arrived(me, "Four colours"))["media_attachments"]
    assert [one["description"] for one in media] == [f"A plain square in colour {number}" for number in range(1, 5)]
    await expect(screen.post("Four colours").locator("button:has(img)")).to_have_count(4)


async def test_a_picture_without_words_is_asked_about_once(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("No words")
    await composer.attach(picture())
    await composer.button("composer.alt_of", number=1).wait_for()
    await composer.button("composer.post").click()
    ask = composer.sheet("composer.remind_title")
    await expect(ask).to_contain_text(screen.t("composer.remind"))
    await ask.get_by_role("button", name=screen.t("composer.remind_post"), exact=True).click()
    await composer.box.wait_for(state="detached")
    assert len((await arrived(me, "No words"))["media_attachments"]) == 1


async def test_a_picture_is_pasted_and_taken_out_again(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    file = picture("pasted.png")
    # The key is what makes it a person's: a paste that nobody pressed for would be a shift out of the blue.
    await screen.page.keyboard.down("Control")
    await screen.page.evaluate(PASTE, [file["name"], list(file["buffer"])])
    await screen.page.keyboard.up("Control")
    remove = composer.button("composer.media_remove", number=1)
    await remove.wait_for()
    await expect(composer.box.locator("img[src^=blob]")).to_have_count(1)
    await remove.click()
    await expect(remove).to_have_count(0)


async def test_what_is_no_picture_is_refused_with_a_sentence(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.attach(LETTER)
    await expect(screen.page.get_by_text(screen.t("composer.file_type", name="letter.pdf"))).to_be_visible()


class Held:
    """Requests to an address, which go on once they are let go."""

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern)
        self._go = asyncio.Event()

    async def __call__(self, route: Any) -> None:
        await self._go.wait()
        await route.continue_()

    def let_go(self) -> None:
        self._go.set()


async def height(of: Any) -> float:
    box = await of.bounding_box()
    assert box is not None
    return float(box["height"])


async def chosen_too_early(screen: Screen, text: str, file: Any) -> tuple[Composer, Held]:
    """A post being written with a file, before the server has said what it takes."""
    limits = Held(r"/api/v2/instance$")
    await screen.page.route(limits.pattern, limits)
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write(text)
    await composer.attach(file)
    return composer, limits


async def test_a_chosen_picture_has_its_place_before_the_server_says_what_it_takes(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    composer, limits = await chosen_too_early(screen, "A plain blue field", picture())
    await expect(composer.button("composer.media_remove", number=1)).to_be_visible()
    before = await height(composer.box)
    limits.let_go()
    await composer.button("composer.alt_of", number=1).click()
    editor = composer.sheet("composer.alt_title")
    await editor.locator("textarea").fill("A plain blue field")
    await editor.get_by_role("button", name=screen.t("composer.done"), exact=True).click()
    await expect(editor).to_have_count(0)
    assert await height(composer.box) == before
    await composer.post()
    assert len((await arrived(me, "A plain blue field"))["media_attachments"]) == 1


async def test_a_file_chosen_too_early_is_refused_in_its_place(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    composer, limits = await chosen_too_early(screen, "Without a letter", LETTER)
    remove = composer.button("composer.media_remove", number=1)
    await expect(remove).to_be_visible()
    limits.let_go()
    await expect(composer.box.get_by_role("alert")).to_have_text(screen.t("composer.file_type", name="letter.pdf"))
    await expect(composer.button("composer.post")).to_be_disabled()
    await remove.click()
    await composer.post()
    assert (await arrived(me, "Without a letter"))["media_attachments"] == []


async def test_a_picture_on_its_way_is_shown_as_high_as_it_will_be(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    upload = Held(r"/api/v2/media$")
    await screen.open("/")
    composer = await Composer(screen).open()
    await composer.write("Low and wide")
    # While it is written the picture does not get through, so that the server has not said how large it is.
    screen.watch.expect(0, "/api/v2/media$")
    await screen.page.route(upload.pattern, lambda route: route.abort())
    await composer.attach(picture())
    await expect(composer.box).to_contain_text(screen.t("composer.media_waits"))
    await screen.page.unroute(upload.pattern)
    await screen.page.route(upload.pattern, upload)
    await composer.button("composer.post").click()
    ask = composer.sheet("composer.remind_title")
    await ask.get_by_role("button", name=screen.t("composer.remind_post"), exact=True).click()
    shown = screen.post("Low and wide").locator("button:has(img)")
    await expect(shown).to_be_visible()
    before = await height(shown)
    upload.let_go()
    await arrived(me, "Low and wide")
    await expect(screen.post("Low and wide").locator("img[src*='/media/']")).to_be_visible()
    assert abs(await height(shown) - before) <= 1
