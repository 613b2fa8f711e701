"""Where one writes: in its place on wide screens, in a sheet on phones."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.stage import Stage
from tests.browser.test_composing import arrived

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.widths(768, 1280)
async def test_a_wide_screen_opens_the_composer_in_its_place(stage: Stage) -> None:
    screen, me = await stage.newcomer()
    await screen.open("/")
    await screen.button("core.whats_new").click()
    inline = screen.page.locator("#main [data-composer=inline]")
    field = inline.locator("textarea")
    await expect(field).to_be_focused()
    await expect(screen.page.locator("[data-composer=sheet]")).to_have_count(0)
    await field.fill("Written where I stood")
    await screen.assert_reads_well()
    await inline.get_by_role("button", name=screen.t("composer.post"), exact=True).click()
    await expect(inline).to_have_count(0)
    await expect(screen.button("core.whats_new")).to_be_focused()
    await expect(screen.post("Written where I stood")).to_be_visible()
    await arrived(me, "Written where I stood")


@pytest.mark.widths(390)
async def test_a_phone_opens_the_composer_as_a_sheet(stage: Stage) -> None:
    screen, me = await stage.newcomer()
    await screen.open("/")
    await screen.button("core.whats_new").click()
    sheet = screen.page.locator("[data-composer=sheet]")
    await expect(sheet.locator("textarea")).to_be_focused()
    await expect(screen.page.locator("[data-composer=inline]")).to_have_count(0)
    await sheet.locator("textarea").fill("Written on the way")
    await sheet.get_by_role("button", name=screen.t("composer.post"), exact=True).click()
    await expect(sheet).to_have_count(0)
    await expect(screen.post("Written on the way")).to_be_visible()
    await arrived(me, "Written on the way")
