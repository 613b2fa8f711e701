"""Messages: beginning with somebody, what is unread, what is taken off the list, and notes as a beginning."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.support.server import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def talks(person: Person, count: int) -> list[dict[str, Any]]:
    """The conversations the server lists for somebody, once there are so many."""
    for _ in range(150):
        found = await asyncio.to_thread(person.get, "/api/v1/conversations")
        if len(found) == count:
            return list(found)
        await asyncio.sleep(0.04)
    raise AssertionError(f"never {count} conversations: {found}")


async def unread_becomes(person: Person, wanted: bool) -> None:
    for _ in range(150):
        [found] = await asyncio.to_thread(person.get, "/api/v1/conversations")
        if found["unread"] is wanted:
            return
        await asyncio.sleep(0.04)
    raise AssertionError(f"unread never became {wanted}")


def with_(screen: Screen, name: str) -> str:
    """What a conversation is called; names stand in their own direction."""
    return screen.t("messages.with", names=f"\u2068{name}\u2069")


def row(screen: Screen, name: str) -> Any:
    """A conversation in the list."""
    return (
        screen.page.get_by_role("list", name=screen.t("messages.list"))
        .get_by_role("listitem")
        .filter(has=screen.page.get_by_role("link", name=with_(screen, name), exact=True))
    )


def log(screen: Screen, name: str) -> Any:
    return screen.page.get_by_role("log", name=with_(screen, name))


async def write(screen: Screen, text: str) -> None:
    await screen.page.get_by_placeholder(screen.t("messages.write")).fill(text)
    await screen.page.get_by_role("button", name=screen.t("messages.send"), exact=True).click()


async def find(screen: Screen, words: str, name: str) -> None:
    """Choose somebody in the sheet that asks to whom."""
    sheet = screen.page.locator("dialog[open]")
    await sheet.get_by_placeholder(screen.t("messages.find")).fill(words)
    await sheet.get_by_role("list").get_by_role("button", name=re.compile(re.escape(name))).first.click()
    await expect(sheet.get_by_role("button", name=screen.t("messages.take_off", name=name), exact=True)).to_be_visible()


async def test_a_conversation_begins_with_somebody_never_written_to(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await screen.open("/messages")
    await screen.button("messages.new").first.click()
    await find(screen, bea.name, "Bea Spinner")
    await screen.page.locator("dialog[open]").get_by_role("button", name=screen.t("messages.next"), exact=True).click()
    await screen.until("location.pathname === '/messages/new'")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("messages.start"))
    await write(screen, "Have you got wool to spare?")
    await expect(log(screen, "Bea Spinner")).to_contain_text("Have you got wool to spare?")
    await screen.until("/^\\/messages\\/\\d+$/.test(location.pathname)")
    [mine], [theirs] = await talks(me, 1), await talks(bea, 1)
    assert await screen.path() == f"/messages/{mine['id']}"
    assert [one["id"] for one in mine["accounts"]] == [bea.id]
    assert "wool to spare" in theirs["last_status"]["content"]
    assert theirs["last_status"]["visibility"] == "direct"
    await screen.page.reload()
    await screen.ready()
    await expect(log(screen, "Bea Spinner")).to_contain_text("Have you got wool to spare?")
    await screen.assert_reads_well()


async def test_a_conversation_with_pavel_begins_and_is_found_again(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    account = await asyncio.to_thread(me.get, "/api/v1/accounts/lookup", acct="pavel")
    name = account["display_name"]
    for text in ("The first word", "The second word"):
        await screen.open("/messages")
        await screen.button("messages.new").first.click()
        await find(screen, "pavel", name)
        sheet = screen.page.locator("dialog[open]")
        await sheet.get_by_role("button", name=screen.t("messages.next"), exact=True).click()
        await expect(sheet).to_have_count(0)
        await screen.until("location.pathname.startsWith('/messages/')")
        await write(screen, text)
        await expect(log(screen, name)).to_contain_text(text)
        await screen.until("/^\\/messages\\/\\d+$/.test(location.pathname)")
    await expect(log(screen, name)).to_contain_text("The first word")
    await talks(me, 1)


async def test_the_address_of_a_new_conversation_opens_by_itself(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    account = await asyncio.to_thread(me.get, "/api/v1/accounts/lookup", acct="pavel")
    await screen.open(f"/messages/new?with={account['id']}")
    await write(screen, "Straight from a link")
    await expect(log(screen, account["display_name"])).to_contain_text("Straight from a link")
    [mine] = await talks(me, 1)
    assert "Straight from a link" in mine["last_status"]["content"]


async def test_several_people_talk_together(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea, cem = [await asyncio.to_thread(stage.town.newcomer, shown=name) for name in ("Bea Spinner", "Cem Dyer")]
    await screen.open("/messages")
    await screen.button("messages.new").first.click()
    await find(screen, bea.name, "Bea Spinner")
    await find(screen, cem.name, "Cem Dyer")
    await screen.page.locator("dialog[open]").get_by_role("button", name=screen.t("messages.next"), exact=True).click()
    await screen.until("location.pathname === '/messages/new'")
    await write(screen, "Supper on Friday?")
    await expect(screen.page.locator("#main [role=log]")).to_contain_text("Supper on Friday?")
    for person in (bea, cem):
        [theirs] = await talks(person, 1)
        assert len(theirs["accounts"]) == 2
        assert "Supper on Friday?" in theirs["last_status"]["content"]
    [mine] = await talks(me, 1)
    assert {one["id"] for one in mine["accounts"]} == {bea.id, cem.id}


async def test_what_is_unread_is_marked_until_it_is_read_and_can_be_marked_again(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await asyncio.to_thread(bea.say, f"@{me.name} your parcel is here", visibility="direct")
    await talks(me, 1)
    await screen.open("/")
    place = screen.t("core.unread", place=screen.t("core.messages"), count=1)
    await screen.page.get_by_role("link", name=place, exact=True).first.click()
    await expect(row(screen, "Bea Spinner")).to_contain_text(screen.t("messages.unread"))
    await expect(row(screen, "Bea Spinner")).to_contain_text("your parcel is here")
    await screen.assert_reads_well()
    await row(screen, "Bea Spinner").get_by_role("link").click()
    await expect(log(screen, "Bea Spinner")).to_contain_text("your parcel is here")
    await unread_becomes(me, False)
    await (
        screen.page.get_by_role("button", name=screen.t("core.back"), exact=True)
        .or_(screen.page.get_by_role("link", name=screen.t("core.back"), exact=True))
        .click()
    )
    await expect(row(screen, "Bea Spinner")).not_to_contain_text(screen.t("messages.unread"))
    await expect(screen.page.get_by_role("link", name=place, exact=True)).to_have_count(0)
    await row(screen, "Bea Spinner").get_by_role("button", name=screen.t("messages.more"), exact=True).click()
    await screen.page.get_by_role("menuitem", name=screen.t("messages.unread_again"), exact=True).click()
    await expect(row(screen, "Bea Spinner")).to_contain_text(screen.t("messages.unread"))
    await unread_becomes(me, True)


async def test_a_message_arrives_while_one_looks_elsewhere_and_while_one_looks_at_it(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await screen.open("/local")
    await screen.settle()
    await asyncio.to_thread(bea.say, f"@{me.name} knock knock", visibility="direct")
    place = screen.t("core.unread", place=screen.t("core.messages"), count=1)
    link = screen.page.get_by_role("link", name=place, exact=True).first
    await expect(link).to_be_visible()
    await link.click()
    await row(screen, "Bea Spinner").get_by_role("link").click()
    await expect(log(screen, "Bea Spinner")).to_contain_text("knock knock")
    [mine] = await talks(me, 1)
    last = mine["last_status"]["id"]
    await asyncio.sleep(0.6)  # what moves within half a second of a press is taken for an answer to it
    await asyncio.to_thread(bea.say, f"@{me.name} are you in?", visibility="direct", in_reply_to_id=last)
    await expect(log(screen, "Bea Spinner")).to_contain_text("are you in?")
    await unread_becomes(me, False)


async def test_a_conversation_is_taken_off_the_list_and_comes_back_with_a_message(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    said = await asyncio.to_thread(bea.say, f"@{me.name} old news", visibility="direct")
    await talks(me, 1)
    await screen.open("/messages")
    await row(screen, "Bea Spinner").get_by_role("button", name=screen.t("messages.more"), exact=True).click()
    await screen.page.get_by_role("menuitem", name=screen.t("messages.remove"), exact=True).click()
    await expect(row(screen, "Bea Spinner")).to_have_count(0)
    notices = screen.page.get_by_role("region", name=screen.t("core.notices"))
    await expect(notices).to_contain_text(screen.t("messages.removed"))
    await talks(me, 0)
    await talks(bea, 1)
    await asyncio.to_thread(bea.say, f"@{me.name} fresh news", visibility="direct", in_reply_to_id=said["id"])
    await expect(row(screen, "Bea Spinner")).to_contain_text("fresh news")
    await talks(me, 1)


async def test_a_message_that_was_not_sent_stays_and_is_sent_once(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await asyncio.to_thread(bea.say, f"@{me.name} hello", visibility="direct")
    [mine] = await talks(me, 1)
    await screen.open(f"/messages/{mine['id']}")
    screen.watch.expect(500, "/api/v1/statuses$")
    await screen.page.route("**/api/v1/statuses", lambda route: route.fulfill(status=500, json={"error": "broken"}))
    await write(screen, "Said on a bad line")
    await expect(log(screen, "Bea Spinner")).to_contain_text(screen.t("messages.failed"))
    await screen.page.unroute("**/api/v1/statuses")
    await log(screen, "Bea Spinner").get_by_role("button", name=screen.t("messages.again"), exact=True).click()
    await expect(log(screen, "Bea Spinner")).not_to_contain_text(screen.t("messages.failed"))
    await expect(log(screen, "Bea Spinner").get_by_text("Said on a bad line")).to_have_count(1)
    await expect(log(screen, "Bea Spinner")).not_to_contain_text(screen.t("messages.sending"))
    await asyncio.to_thread(stage.town.settle)
    [theirs] = await talks(bea, 1)
    assert "Said on a bad line" in theirs["last_status"]["content"]


@pytest.mark.widths(768, 1280)
async def test_a_message_is_written_by_keys_alone(stage: Stage) -> None:
    screen, _ = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await screen.open("/messages")
    await screen.tab_to(f'[aria-label="{screen.t("messages.new")}"]')
    await screen.press("Enter")
    sheet = screen.page.locator("dialog[open]")
    await expect(sheet.get_by_placeholder(screen.t("messages.find"))).to_be_focused()
    await screen.page.keyboard.type(bea.name)
    await screen.press("Enter")
    await expect(sheet.get_by_role("button", name=screen.t("messages.take_off", name="Bea Spinner"))).to_be_visible()
    await screen.press("Enter")
    await expect(sheet).to_have_count(0)
    await screen.tab_to("#main textarea")
    await screen.page.keyboard.type("No pointer")
    await screen.press("Shift+Enter")
    await screen.page.keyboard.type("was needed")
    await screen.press("Enter")
    await expect(log(screen, "Bea Spinner")).to_contain_text("was needed")
    await expect(screen.page.locator("#main textarea")).to_be_focused()
    [theirs] = await talks(bea, 1)
    assert "No pointer<br" in theirs["last_status"]["content"]


async def test_an_answer_to_a_note_becomes_a_message(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await asyncio.to_thread(stage.town.newcomer, shown="Bea Spinner")
    await asyncio.to_thread(me.post, f"/api/v1/accounts/{bea.id}/follow")
    note = {"text": "spinning by the window", "audience": "followers"}
    (await asyncio.to_thread(bea.http.put, "/api/weft/v1/notes", json=note)).raise_for_status()
    await screen.open("/messages")
    tray = screen.page.get_by_role("toolbar", name=screen.t("notes.title"))
    await tray.get_by_role("button", name=screen.t("notes.of", name="Bea Spinner", text=note["text"])).click()
    sheet = screen.page.locator("dialog[open]")
    await expect(sheet).to_contain_text("spinning by the window")
    await sheet.get_by_placeholder(screen.t("notes.reply", name="Bea Spinner")).fill("Is there a free chair?")
    await sheet.get_by_role("button", name=screen.t("notes.send"), exact=True).click()
    await expect(sheet).to_have_count(0)
    [theirs] = await talks(bea, 1)
    assert "Is there a free chair?" in theirs["last_status"]["content"]
    assert theirs["last_status"]["visibility"] == "direct"
    await row(screen, "Bea Spinner").get_by_role("link").click()
    await expect(log(screen, "Bea Spinner")).to_contain_text("Is there a free chair?")
    await expect(log(screen, "Bea Spinner")).to_contain_text("spinning by the window")
