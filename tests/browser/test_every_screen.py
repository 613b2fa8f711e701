"""Each screen of the app: nothing cut off, untranslated, moving by itself or hard to read, also at twice the text."""

from __future__ import annotations

import asyncio

import pytest

from tests.browser.places import PLACES, Place, path_of
from tests.browser.screen import LOOKS
from tests.browser.stage import LOCALES, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")
LANGUAGES = tuple(LOCALES)


async def test_a_screen_reads_well(stage: Stage, place: Place) -> None:
    """In one of the three languages: over the six looks each place is seen twice in each."""
    path = await asyncio.to_thread(path_of, stage.town, place)
    turn = PLACES.index(place) // len(LOOKS) + LOOKS.index(stage.look)
    screen = await stage.at(place, language=LANGUAGES[turn % len(LANGUAGES)])
    await screen.open(path)
    await screen.settle()
    await screen.assert_reads_well()
    screen.watch.forgiving_shifts = True
    await screen.page.evaluate("document.documentElement.dataset.text = '200'")
    await screen.settle()
    await screen.assert_fits()


async def test_nothing_moves_where_movement_is_not_wanted(stage: Stage) -> None:
    screen = await stage.screen("mai", reduced_motion="reduce")
    await screen.open("/")
    await screen.act("Six years", "like").click()
    moving = (
        "document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getTiming().duration > 1)"
    )
    assert await screen.page.evaluate(f"{moving}.length") == 0
    await screen.act("Six years", "like").click()
