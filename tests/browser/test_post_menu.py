"""The menu of a post and what stands behind it: by pointer and by keyboard, with undo where it was promised."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.screen import Screen
from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def choose(screen: Screen, post: str, choice: str, **values: Any) -> None:
    """Open the menu of a post and take a choice."""
    await screen.act(post, "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t(f"postmenu.{choice}", **values), exact=True).click()


def notice(screen: Screen) -> Any:
    return screen.page.get_by_role("region", name=screen.t("core.notices"))


async def test_the_menu_is_walked_by_keyboard_and_gives_the_focus_back(stage: Stage) -> None:
    screen = await stage.screen("jun")
    post = await asyncio.to_thread(stage.town.find, "The teapot of this year")
    await screen.open(f"/@yuki/{post['id']}")
    more = screen.act("The teapot of this year", "more")
    await more.focus()
    await screen.page.keyboard.press("Enter")
    menu = screen.page.get_by_role("menu")
    first = menu.get_by_role("menuitem").first
    await expect(first).to_be_focused()
    await screen.page.keyboard.press("End")
    await expect(menu.get_by_role("menuitem").last).to_be_focused()
    await screen.page.keyboard.press("ArrowDown")
    await expect(first).to_be_focused()
    await screen.page.keyboard.press("r")
    await expect(menu.get_by_role("menuitem", name=screen.t("postmenu.report"))).to_be_focused()
    await screen.assert_reads_well()
    await screen.page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(more).to_be_focused()


async def test_a_deleted_post_comes_back_by_undo_and_else_goes_when_one_leaves(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Said too soon")
    path = f"/api/v1/statuses/{post['id']}"
    await screen.open("/")
    await choose(screen, "Said too soon", "delete")
    await expect(screen.post("Said too soon")).to_have_count(0)
    await notice(screen).get_by_role("button", name=screen.t("core.undo"), exact=True).click()
    await expect(screen.post("Said too soon")).to_be_visible()
    assert (await asyncio.to_thread(me.get, path))["id"] == post["id"], "the server was not told yet"
    await choose(screen, "Said too soon", "delete")
    await expect(screen.post("Said too soon")).to_have_count(0)
    await screen.page.goto("about:blank")
    for _ in range(50):
        if (await asyncio.to_thread(me.http.get, path)).status_code == 404:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("leaving the page did not delete it")


async def test_an_author_hides_a_reply_and_everybody_finds_it_folded(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    other = await asyncio.to_thread(stage.town.newcomer)
    root = await asyncio.to_thread(me.say, "A question for all")
    await asyncio.to_thread(lambda: other.say("A rude answer", in_reply_to_id=root["id"]))
    await screen.open(f"/@{me.name}/{root['id']}")
    await choose(screen, "A rude answer", "hide")
    folded = screen.t("core.hidden_replies", count=1)
    await expect(screen.page.get_by_role("button", name=folded)).to_be_visible()
    await expect(screen.post("A rude answer")).to_have_count(0)
    reader = await stage.screen()
    await reader.open(f"/@{me.name}/{root['id']}")
    await expect(reader.post("A rude answer")).to_have_count(0)
    await reader.page.get_by_role("button", name=folded).click()
    await expect(reader.post("A rude answer")).to_be_visible()
    await notice(screen).get_by_role("button", name=screen.t("core.undo"), exact=True).click()
    await expect(screen.post("A rude answer")).to_be_visible()


async def test_a_report_reaches_the_staff_who_close_it_with_a_reason(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    offender = await asyncio.to_thread(stage.town.newcomer)
    post = await asyncio.to_thread(offender.say, "Buy my cheap watches")
    await screen.open(f"/@{offender.name}/{post['id']}")
    await choose(screen, "cheap watches", "report")
    sheet = screen.page.locator("dialog[open]")
    await screen.assert_reads_well()
    await sheet.get_by_role("button", name=re.compile(re.escape(screen.t("moderation.spam")))).click()
    await expect(sheet.get_by_role("checkbox").first).to_be_checked()
    await sheet.get_by_role("button", name=screen.t("moderation.next"), exact=True).click()
    await sheet.get_by_role("textbox").fill("The same every day.")
    await sheet.get_by_role("button", name=screen.t("moderation.send"), exact=True).click()
    await expect(sheet.get_by_role("heading", name=screen.t("moderation.thanks"))).to_be_visible()

    staff = await asyncio.to_thread(lambda: stage.town.person(role="moderator"))
    desk = await stage.of(staff)
    await desk.open("/reports")
    card = desk.page.locator("#main article").filter(has_text=f"@{offender.name}").first
    await expect(card).to_contain_text("The same every day.")
    await expect(card).to_contain_text("Buy my cheap watches")
    await desk.assert_reads_well()
    await card.get_by_role("button", name=desk.t("moderation.resolve"), exact=True).click()
    await card.get_by_role("textbox").fill("Spam; the post is gone.")
    await card.get_by_role("button", name=desk.t("moderation.resolve"), exact=True).click()
    await expect(desk.page.locator("#main")).not_to_contain_text("The same every day.")
    await desk.open("/reports?state=resolved")
    await expect(desk.page.locator("#main")).to_contain_text("Spam; the post is gone.")


async def test_the_queue_is_for_the_staff(stage: Stage) -> None:
    screen = await stage.screen("jun")
    await screen.open("/reports")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("moderation.only_staff"))


async def test_what_one_dislikes_is_muted_without_a_report(stage: Stage) -> None:
    screen, _ = await stage.newcomer()
    other = await asyncio.to_thread(stage.town.newcomer)
    post = await asyncio.to_thread(other.say, "Pineapple on everything")
    await screen.open(f"/@{other.name}/{post['id']}")
    await choose(screen, "Pineapple", "report")
    sheet = screen.page.locator("dialog[open]")
    await sheet.get_by_role("button", name=re.compile(re.escape(screen.t("moderation.dislike")))).click()
    await sheet.get_by_role("button", name=screen.t("moderation.also_mute", name=f"@{other.name}"), exact=True).click()
    await expect(notice(screen)).to_contain_text(screen.t("core.muted", name=other.name.title()))


async def test_for_you_says_why_and_listens_to_not_interested(stage: Stage) -> None:
    screen, me = await stage.newcomer()
    friend, far = await asyncio.to_thread(stage.town.newcomer), await asyncio.to_thread(stage.town.newcomer)
    await asyncio.to_thread(friend.post, f"/api/v1/accounts/{far.id}/follow")
    await asyncio.to_thread(me.post, f"/api/v1/accounts/{friend.id}/follow")
    view = await asyncio.to_thread(lambda: far.say("A view from far away", visibility="public"))
    for _ in range(5):  # liked enough to stand above what the town likes
        fan = await asyncio.to_thread(stage.town.newcomer)
        await asyncio.to_thread(fan.post, f"/api/v1/statuses/{view['id']}/favourite")
    await asyncio.to_thread(stage.town.settle)
    await screen.open("/for-you")
    post = screen.post("A view from far away")
    await expect(post).to_contain_text(screen.t("core.reason.followed_by", name=friend.name.title()))
    await choose(screen, "A view from far away", "less")
    folded = screen.page.get_by_text(screen.t("core.less"))
    await expect(folded).to_be_visible()
    await (
        screen.page.locator("#main article")
        .filter(has_text=screen.t("core.less"))
        .get_by_role("button", name=screen.t("core.undo"), exact=True)
        .click()
    )
    await expect(post).to_be_visible()


async def test_the_code_to_embed_a_post_comes_with_a_preview(stage: Stage) -> None:
    screen = await stage.screen("jun", permissions=["clipboard-read", "clipboard-write"])
    # The page for other sites has no script and allows none; the one that is stopped is the watch's own.
    screen.watch.may_log(r"Blocked script execution in '[^']*/embed' because the document's frame is sandboxed")
    post = await asyncio.to_thread(stage.town.find, "The teapot of this year")
    await screen.open(f"/@yuki/{post['id']}")
    await choose(screen, "The teapot of this year", "embed")
    sheet = screen.page.locator("dialog[open]")
    await expect(sheet.get_by_role("textbox")).to_have_value(re.compile(rf"<iframe .*/@yuki/{post['id']}/embed"))
    await expect(sheet.frame_locator("iframe").get_by_text("The teapot of this year")).to_be_visible()
    assert "<script" not in (await asyncio.to_thread(stage.town.visitor.get, f"/@yuki/{post['id']}/embed")).text
    await sheet.get_by_role("button", name=screen.t("postmenu.copy"), exact=True).click()
    assert "<iframe" in await screen.page.evaluate("navigator.clipboard.readText()")


async def test_the_history_shows_what_came_and_what_went(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Tea at four in the garden")
    path = f"/api/v1/statuses/{post['id']}"
    await asyncio.to_thread(lambda: me.http.put(path, json={"status": "Tea at five in the garden"}))
    await screen.open(f"/@{me.name}/{post['id']}")
    await choose(screen, "Tea at five", "history")
    versions = screen.page.locator("#main article")
    await expect(versions).to_have_count(2)
    await expect(versions.first.locator("ins")).to_contain_text("five")
    await expect(versions.first.locator("del")).to_contain_text("four")
    await screen.assert_reads_well()


async def test_who_may_answer_is_changed_afterwards(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    post = await asyncio.to_thread(me.say, "Only for a few")
    await screen.open(f"/@{me.name}/{post['id']}")
    await choose(screen, "Only for a few", "policy")
    sheet = screen.page.locator("dialog[open]")
    await sheet.get_by_role("radio", name=screen.t("postmenu.mentioned"), exact=True).check()
    await expect(sheet.get_by_role("status").filter(has_text=screen.t("postmenu.policy_saved"))).to_be_visible()
    seen = await asyncio.to_thread(me.get, f"/api/v1/statuses/{post['id']}")
    assert seen["weft"]["reply_policy"] == "mentioned"
    assert seen["quote_approval"]["automatic"] == ["public"], "the other choice stays"


async def test_a_post_with_reactions_asks_before_it_is_written_anew(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    fan = await asyncio.to_thread(stage.town.newcomer)
    post = await asyncio.to_thread(me.say, "Nearly right words")
    await asyncio.to_thread(fan.post, f"/api/v1/statuses/{post['id']}/favourite")
    await screen.open(f"/@{me.name}/{post['id']}")
    await choose(screen, "Nearly right words", "redraft")
    ask = screen.page.locator("dialog[open]")
    await expect(ask).to_contain_text(screen.t("postmenu.redraft_hint"))
    await ask.get_by_role("button", name=screen.t("postmenu.redraft"), exact=True).click()
    composer = screen.page.locator("[data-composer=sheet]")
    await expect(composer.locator("textarea").first).to_have_value("Nearly right words")
    assert (await asyncio.to_thread(me.http.get, f"/api/v1/statuses/{post['id']}")).status_code == 404


async def test_a_blocked_person_is_gone_and_comes_back_by_undo(stage: Stage) -> None:
    other = await asyncio.to_thread(stage.town.newcomer)
    screen, _ = await stage.newcomer(other.name)
    await asyncio.to_thread(other.say, "A loud opinion")
    await screen.open("/")
    await choose(screen, "A loud opinion", "block", name=f"@{other.name}")
    await expect(screen.post("A loud opinion")).to_have_count(0)
    await notice(screen).get_by_role("button", name=screen.t("core.undo"), exact=True).click()
    await expect(screen.post("A loud opinion")).to_be_visible()
