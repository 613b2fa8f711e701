"""Settings: what is changed saves itself, says so, and is there the next time."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.composer import choose_files, picture
from tests.browser.screen import Screen
from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def saved(screen: Screen) -> None:
    """The page says that it saved."""
    await expect(screen.page.get_by_role("status").get_by_text(screen.t("settings.saved"), exact=True)).to_be_visible()


async def test_name_and_bio_save_themselves(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/profile")
    await screen.page.get_by_label(screen.t("settings.name"), exact=True).fill("Zoë of the Bridge")
    bio = screen.page.get_by_role("textbox", name=screen.t("settings.bio"))
    await bio.fill("I mend what is broken.")
    await bio.blur()
    await saved(screen)
    account = await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials")
    assert (account["display_name"], account["source"]["note"]) == ("Zoë of the Bridge", "I mend what is broken.")
    await screen.page.reload()
    await screen.ready()
    await expect(bio).to_have_value("I mend what is broken.")


async def test_a_bio_that_is_too_long_says_by_how_much_and_is_not_sent(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/profile")
    bio = screen.page.get_by_role("textbox", name=screen.t("settings.bio"))
    await bio.press("End")  # a key, as whoever writes presses one: that the field grows then is expected
    await bio.fill("가" * 505)
    await bio.blur()
    await expect(screen.page.locator("label").filter(has_text=screen.t("settings.bio"))).to_contain_text("-5")
    await screen.settle()
    assert not (await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials"))["source"]["note"]


async def test_a_picture_is_chosen_described_and_removed(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/profile")
    await choose_files(screen, screen.page.locator("input[type=file]").first, picture("me.png"))
    await saved(screen)
    alt = screen.page.get_by_label(screen.t("settings.avatar_alt"), exact=True)
    await alt.fill("A blue square")
    await alt.blur()
    await screen.settle()
    account = await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials")
    assert account["avatar_description"] == "A blue square" and not account["avatar"].endswith("missing.png")
    await screen.button("settings.remove_picture").click()
    await expect(alt).to_be_disabled()
    await expect(alt).to_have_value("")


async def test_a_field_is_added_and_taken_away(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/profile")
    await screen.button("settings.field_add").click()
    await screen.page.keyboard.type("Place")
    value = screen.page.get_by_label(screen.t("settings.field_value", number=1), exact=True)
    await value.fill("By the bridge")
    await value.blur()
    await saved(screen)
    await screen.settle()
    account = await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials")
    assert [field["value"] for field in account["source"]["fields"]] == ["By the bridge"]
    await screen.button("settings.field_drop", number=1).click()
    await screen.settle()
    assert (await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials"))["source"]["fields"] == []


async def test_changes_are_kept_in_the_order_in_which_they_were_made(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/profile")
    changes: list[Any] = []

    async def hold_the_first(route: Any) -> None:
        changes.append(route.request)
        await asyncio.sleep(1 if len(changes) == 1 else 0)
        await route.continue_()

    await screen.page.route("**/update_credentials", hold_the_first)
    name = screen.page.get_by_label(screen.t("settings.name"), exact=True)
    for words in ("First name", "Second name"):
        await name.fill(words)
        await name.blur()
    await screen.settle()
    assert len(changes) == 2
    assert (await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials"))["display_name"] == "Second name"


async def test_theme_size_and_language_change_at_once_and_stay(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/settings/appearance")
    await screen.page.evaluate("window.same = true")
    await screen.page.get_by_role("radio", name=screen.t("settings.theme.dark"), exact=True).check()
    for size in ("115 %", "130 %"):
        await screen.page.get_by_role("slider").press("ArrowRight")
        await expect(screen.page.get_by_role("slider")).to_have_attribute("aria-valuetext", size)
    await screen.page.get_by_role("radio", name="한국어", exact=True).check()
    screen.language = "ko"
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text(screen.t("settings.appearance"))
    assert await screen.page.evaluate("window.same") is True, "the page was loaded again"
    await screen.page.reload()
    await screen.ready()
    looks = (
        "[document.documentElement.dataset.theme, document.documentElement.dataset.text, document.documentElement.lang]"
    )
    assert await screen.page.evaluate(looks) == ["dark", "130", "ko"]
    await screen.assert_translated()


async def test_new_posts_begin_as_they_were_set(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/privacy")
    await screen.page.get_by_label(screen.t("settings.visibility"), exact=True).select_option("private")
    await saved(screen)
    await screen.page.get_by_role("switch", name=screen.t("settings.locked")).check()
    await screen.settle()
    account = await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials")
    assert account["source"]["privacy"] == "private" and account["locked"]
    await screen.page.reload()
    await screen.ready()
    await expect(screen.page.get_by_label(screen.t("settings.visibility"), exact=True)).to_have_value("private")


async def test_a_refused_change_is_put_back_and_can_be_tried_again(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/settings/privacy")
    screen.watch.expect(500, "update_credentials$")
    await screen.page.route("**/update_credentials", lambda route: route.fulfill(status=500, json={"error": "x"}))
    switch = screen.page.get_by_role("switch", name=screen.t("settings.locked"))
    await switch.click()
    await expect(screen.page.get_by_text(screen.t("core.problem.server"))).to_be_visible()
    await expect(switch).not_to_be_checked()
    await screen.page.unroute("**/update_credentials")
    await screen.button("core.retry").click()
    await saved(screen)
    await expect(switch).to_be_checked()


async def test_a_filter_is_made_changed_and_brought_back(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/filters/new")
    await screen.button("core.save").click()
    await expect(screen.page.get_by_role("alert")).to_have_text(screen.t("settings.filter_needs"))
    await screen.page.get_by_label(screen.t("settings.filter_title"), exact=True).fill("Football")
    await screen.page.get_by_label(screen.t("settings.filter_word", number=1), exact=True).fill("goal")
    await screen.page.get_by_role("radio", name=screen.t("settings.how.hide"), exact=True).check()
    await screen.page.get_by_label(screen.t("settings.filter_until"), exact=True).select_option("86400")
    await screen.button("core.save").click()
    await screen.page.get_by_role("link", name="Football").click()
    await screen.button("settings.add_word").click()
    await screen.page.get_by_label(screen.t("settings.filter_word", number=2), exact=True).fill("match")
    await screen.button("core.save").click()
    await expect(screen.page.get_by_role("link", name="Football")).to_contain_text("2")
    (made,) = await asyncio.to_thread(me.get, "/api/v2/filters")
    assert made["filter_action"] == "hide" and made["expires_at"]
    assert [word["keyword"] for word in made["keywords"]] == ["goal", "match"]
    await screen.page.get_by_role("button", name=f"{screen.t('settings.delete')}: Football").click()
    await screen.button("core.undo").click()
    await expect(screen.page.get_by_role("link", name="Football")).to_be_visible()


async def test_a_block_is_lifted_and_taken_up_again(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    kit = await asyncio.to_thread(me.get, "/api/v1/accounts/lookup", acct="kit")
    await asyncio.to_thread(me.post, f"/api/v1/accounts/{kit['id']}/block")
    await screen.open("/settings/blocks")
    main = screen.page.locator("#main")
    await main.get_by_role("button", name=screen.t("settings.unblock")).click()
    await expect(main.get_by_role("button", name=screen.t("settings.block_again"))).to_be_visible()
    await screen.button("core.undo").click()
    await expect(main.get_by_role("button", name=screen.t("settings.unblock"))).to_be_visible()
    await screen.settle()
    (tie,) = await asyncio.to_thread(me.get, "/api/v1/accounts/relationships", id=kit["id"])
    assert tie["blocking"]


async def test_a_server_is_kept_away(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await screen.open("/settings/blocks/servers")
    await screen.page.get_by_label(screen.t("settings.host_label"), exact=True).fill("Bad.example")
    await screen.button("settings.block_host").click()
    await expect(screen.page.get_by_text("bad.example", exact=True)).to_be_visible()
    assert await asyncio.to_thread(me.get, "/api/v1/domain_blocks") == ["bad.example"]


async def test_a_sheet_is_brought_in_and_says_what_was_not_done(stage: Stage, tmp_path: Path) -> None:
    screen, me = await stage.newcomer()
    sheet = {"name": "following.csv", "buffer": b"mai\nzoe@far.example\n"}
    await screen.open("/settings/portability")
    await choose_files(screen, screen.page.locator("input[type=file]"), sheet)
    await screen.button("settings.bring_go").click()
    failures = screen.page.get_by_role("link", name=screen.t("settings.import_failures", count=1), exact=True)
    await expect(failures).to_be_visible(timeout=20_000)
    assert (await asyncio.to_thread(me.get, "/api/v1/accounts/verify_credentials"))["following_count"] == 1
    async with screen.page.expect_download() as told:
        await failures.click()
    assert "zoe@far.example" in Path(await (await told.value).path()).read_text("utf-8")


async def test_everything_is_taken_along_in_one_file(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await asyncio.to_thread(me.say, "Something to take along")
    await screen.open("/settings/portability")
    await screen.button("settings.archive_ask").click()
    link = screen.page.get_by_role("link", name=screen.t("settings.download"), exact=True)
    await expect(link).to_be_visible(timeout=20_000)
    async with screen.page.expect_download() as told:
        await link.click()
    with zipfile.ZipFile(await (await told.value).path()) as archive:
        assert b"Something to take along" in archive.read("outbox.json")
    screen.watch.expect(409, "/exports$")
    await screen.button("settings.archive_ask").click()
    await expect(screen.page.get_by_role("alert")).to_be_visible()


async def test_settings_are_reached_and_changed_by_keys_alone(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    await screen.open("/settings")
    await screen.tab_to("#main a[href='/settings/appearance']")
    await screen.press("Enter")
    await expect(screen.page.get_by_role("heading", level=1)).to_have_text(screen.t("settings.appearance"))
    await screen.tab_to("#main input[role=switch]")
    await screen.press("Space")
    await saved(screen)
    assert await screen.page.evaluate("document.documentElement.dataset.motion") == "off"
