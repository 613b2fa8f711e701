"""Profiles: following and letting follow, keeping people away, notes and lists about them, and the parts of one."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.composer import picture
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.support.server import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def somebody(stage: Stage, shown: str) -> Person:
    return await asyncio.to_thread(stage.town.newcomer, shown=shown)


async def tie(me: Person, other: Person) -> dict[str, Any]:
    """What the server says is between two people."""
    found = await asyncio.to_thread(me.get, "/api/v1/accounts/relationships", **{"id[]": other.id})
    return dict(found[0])


async def tie_becomes(me: Person, other: Person, **wanted: Any) -> None:
    for _ in range(150):
        found = await tie(me, other)
        if all(found[name] == value for name, value in wanted.items()):
            return
        await asyncio.sleep(0.04)
    raise AssertionError(f"{wanted} never became so: {found}")


def follow(screen: Screen, key: str, name: str) -> Any:
    """The button to follow, by the word on it."""
    label = screen.t(key) + ": " + name if key != "core.unfollow_name" else screen.t(key, name=name)
    return screen.page.locator("#main").get_by_role("button", name=label, exact=True)


def followers(screen: Screen, count: int) -> Any:
    words = f"{count} {screen.t('profile.followers_count', count=count)}"
    return screen.page.locator("#main .counts").get_by_role("link", name=words, exact=True)


def notices(screen: Screen) -> Any:
    return screen.page.get_by_role("region", name=screen.t("core.notices"))


async def choose(screen: Screen, key: str, **values: Any) -> None:
    """One thing of the profile's menu."""
    await screen.page.locator(".topbar").get_by_role("button", name=screen.t("core.more"), exact=True).click()
    await screen.page.get_by_role("menuitem", name=screen.t(key, **values), exact=True).click()


async def test_following_shows_and_counts_at_once_and_can_be_undone(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines = await somebody(stage, "Ines Weaver")
    await screen.open(f"/@{ines.name}")
    await expect(followers(screen, 0)).to_be_visible()
    held = asyncio.Event()

    async def hold(route: Any) -> None:
        await held.wait()
        await route.continue_()

    await screen.page.route("**/follow", hold)
    await follow(screen, "core.follow", "Ines Weaver").click()
    unfollow = follow(screen, "core.unfollow_name", "Ines Weaver")
    await expect(unfollow).to_have_text(screen.t("core.is_followed"))
    await expect(followers(screen, 1)).to_be_visible()
    held.set()
    await tie_becomes(me, ines, following=True)
    await screen.page.reload()
    await screen.ready()
    await expect(followers(screen, 1)).to_be_visible()
    await unfollow.click()
    await expect(follow(screen, "core.follow", "Ines Weaver")).to_be_visible()
    await expect(followers(screen, 0)).to_be_visible()
    await tie_becomes(me, ines, following=False)
    await notices(screen).get_by_role("button", name=screen.t("core.undo"), exact=True).click()
    await expect(unfollow).to_be_visible()
    await tie_becomes(me, ines, following=True)


async def test_a_refused_follow_is_put_back_with_a_sentence(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines = await somebody(stage, "Ines Weaver")
    await screen.open(f"/@{ines.name}")
    screen.watch.expect(500, "/follow$")
    await screen.page.route("**/follow", lambda route: route.fulfill(status=500, json={"error": "broken"}))
    button = follow(screen, "core.follow", "Ines Weaver")
    await button.click()
    await expect(notices(screen)).to_contain_text(re.compile(r"\w{3,}"))
    await expect(button).to_be_visible()
    await expect(followers(screen, 0)).to_be_visible()
    assert not (await tie(me, ines))["following"]


async def test_a_message_opens_the_conversation_that_one_has_with_somebody(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    bea = await somebody(stage, "Bea Spinner")
    log = screen.page.get_by_role("log", name=re.compile("Bea Spinner"))
    for text in ("Have you got wool to spare?", "And a spindle?"):
        await screen.open(f"/@{bea.name}")
        await choose(screen, "profile.message", name="Bea Spinner")
        await screen.until("location.pathname.startsWith('/messages/')")
        await screen.page.get_by_placeholder(screen.t("messages.write")).fill(text)
        await screen.page.get_by_role("button", name=screen.t("messages.send"), exact=True).click()
        await expect(log).to_contain_text(text)
        await screen.until("/^\\/messages\\/\\d+$/.test(location.pathname)")
    await expect(log).to_contain_text("Have you got wool to spare?")
    await expect(screen.page.locator("[data-composer=sheet]")).to_have_count(0)
    await screen.settle()
    [talk] = await asyncio.to_thread(me.get, "/api/v1/conversations")
    assert [one["id"] for one in talk["accounts"]] == [bea.id] and "spindle" in talk["last_status"]["content"]
    assert await screen.path() == f"/messages/{talk['id']}"


async def test_somebody_who_accepts_followers_is_asked_and_lets_one_in(stage: Stage) -> None:
    asker, me = await stage.newcomer("mai")
    locked = await somebody(stage, "Kept Close")
    await asyncio.to_thread(locked.http.patch, "/api/v1/accounts/update_credentials", json={"locked": True})
    await asker.open(f"/@{locked.name}")
    await expect(asker.page.locator("#main .name")).to_contain_text(asker.t("profile.locked"))
    await follow(asker, "core.follow", "Kept Close").click()
    button = follow(asker, "core.unfollow_name", "Kept Close")
    await expect(button).to_have_text(asker.t("core.requested"))
    await tie_becomes(me, locked, requested=True, following=False)

    owner = await stage.of(locked)
    await owner.open("/requests")
    name = me.name.title()
    await expect(owner.page.get_by_role("list", name=owner.t("profile.requests"))).to_contain_text(name)
    await owner.button("profile.accept_name", name=name).click()
    await expect(notices(owner)).to_contain_text(owner.t("profile.accepted", name=name))
    await expect(owner.page.locator("#main")).to_contain_text(owner.t("profile.no_requests"))
    await tie_becomes(me, locked, requested=False, following=True)
    await asker.page.reload()
    await asker.ready()
    await expect(button).to_have_text(asker.t("core.is_followed"))


async def test_a_request_that_is_declined_leaves_no_follower(stage: Stage) -> None:
    me = await asyncio.to_thread(stage.town.newcomer)
    locked = await somebody(stage, "Kept Close")
    await asyncio.to_thread(locked.http.patch, "/api/v1/accounts/update_credentials", json={"locked": True})
    await asyncio.to_thread(me.post, f"/api/v1/accounts/{locked.id}/follow")
    owner = await stage.of(locked)
    await owner.open("/requests")
    await owner.button("profile.reject", name=me.name.title()).click()
    await expect(notices(owner)).to_contain_text(owner.t("profile.rejected"))
    await tie_becomes(me, locked, requested=False, following=False)
    await owner.assert_reads_well()


async def test_somebody_is_blocked_from_the_profile_and_let_back(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    loud = await somebody(stage, "Loud Neighbour")
    await asyncio.to_thread(loud.say, "Drums at midnight")
    await screen.open(f"/@{loud.name}")
    await expect(screen.post("Drums at midnight")).to_be_visible()
    await choose(screen, "profile.block", name="Loud Neighbour")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("profile.blocking", name="Loud Neighbour"))
    await expect(screen.post("Drums at midnight")).to_have_count(0)
    await expect(notices(screen)).to_contain_text(screen.t("core.blocked", name="Loud Neighbour"))
    await tie_becomes(me, loud, blocking=True)
    await notices(screen).get_by_role("button", name=screen.t("core.undo"), exact=True).click()
    await expect(screen.post("Drums at midnight")).to_be_visible()
    await tie_becomes(me, loud, blocking=False)


async def test_who_is_blocked_is_told_nothing_but_that_posts_are_not_for_them(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    other = await somebody(stage, "Quiet One")
    await asyncio.to_thread(other.say, "Behind a closed door")
    await asyncio.to_thread(other.post, f"/api/v1/accounts/{me.id}/block")
    await screen.open(f"/@{other.name}")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("profile.blocked_by"))
    await expect(screen.post("Behind a closed door")).to_have_count(0)
    await expect(follow(screen, "core.follow", "Quiet One")).to_have_count(0)


async def test_somebody_is_muted_for_a_day_and_unmuted(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    chatty = await somebody(stage, "Chatty Friend")
    await screen.open(f"/@{chatty.name}")
    await choose(screen, "profile.mute", name="Chatty Friend")
    sheet = screen.page.locator("dialog[open]")
    await sheet.get_by_role("radio", name=re.compile(r"^(1 day|24 hours)$")).check()
    await sheet.get_by_role("button", name=screen.t("profile.mute_short"), exact=True).click()
    await expect(sheet).to_have_count(0)
    await expect(screen.page.locator("#main .handle")).to_contain_text(screen.t("profile.muted"))
    await tie_becomes(me, chatty, muting=True, muting_notifications=True)
    [muted] = await asyncio.to_thread(me.get, "/api/v1/mutes")
    left = datetime.fromisoformat(muted["mute_expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    await choose(screen, "profile.unmute", name="Chatty Friend")
    await expect(screen.page.locator("#main .handle")).not_to_contain_text(screen.t("profile.muted"))
    await tie_becomes(me, chatty, muting=False)


async def test_a_note_about_somebody_keeps_itself_and_stays_ones_own(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines = await somebody(stage, "Ines Weaver")
    await screen.open(f"/@{ines.name}/about")
    note = screen.page.get_by_label(screen.t("profile.note"), exact=True)
    await note.fill("Lent her the blue shuttle")
    await screen.press("Tab")
    await expect(screen.page.locator("#main .about").get_by_role("status")).to_have_text(screen.t("profile.note_kept"))
    assert (await tie(me, ines))["note"] == "Lent her the blue shuttle"
    await screen.page.reload()
    await screen.ready()
    await expect(note).to_have_value("Lent her the blue shuttle")
    await screen.assert_reads_well()
    theirs = await stage.of(ines)
    await theirs.open(f"/@{ines.name}/about")
    assert "blue shuttle" not in await theirs.text()


async def test_who_follows_and_who_is_followed_are_read_and_followed_there(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines, fan, hero = [await somebody(stage, name) for name in ("Ines Weaver", "Faithful Fan", "Old Hero")]
    await asyncio.to_thread(fan.post, f"/api/v1/accounts/{ines.id}/follow")
    await asyncio.to_thread(ines.post, f"/api/v1/accounts/{hero.id}/follow")
    await screen.open(f"/@{ines.name}")
    await followers(screen, 1).click()
    await screen.until(f"location.pathname === '/@{ines.name}/followers'")
    fans = screen.page.get_by_role("list", name=screen.t("profile.followers"))
    await expect(fans).to_contain_text("Faithful Fan")
    await expect(fans).not_to_contain_text("Old Hero")
    await follow(screen, "core.follow", "Faithful Fan").click()
    await expect(follow(screen, "core.unfollow_name", "Faithful Fan")).to_be_visible()
    await tie_becomes(me, fan, following=True)
    await screen.page.locator("#main").get_by_role("link", name=screen.t("profile.following"), exact=True).click()
    heroes = screen.page.get_by_role("list", name=screen.t("profile.following"))
    await expect(heroes).to_contain_text("Old Hero")
    await expect(heroes).not_to_contain_text("Faithful Fan")
    await screen.page.go_back()
    await expect(fans).to_contain_text("Faithful Fan")
    await screen.assert_reads_well()


@pytest.mark.widths(1280)
async def test_a_pointer_that_rests_on_a_name_is_told_who_that_is(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines = await somebody(stage, "Ines Weaver")
    await asyncio.to_thread(
        ines.http.patch, "/api/v1/accounts/update_credentials", json={"note": "Weaves by the canal."}
    )
    post = await asyncio.to_thread(ines.say, "A shawl is done")
    await screen.open(f"/@{ines.name}/{post['id']}")
    await screen.post("A shawl is done").get_by_role("link", name="Ines Weaver").first.hover()
    card = screen.page.locator("[data-hovercard]")
    await expect(card).to_contain_text("Weaves by the canal.")
    await expect(card).to_contain_text(f"@{ines.name}")
    await card.get_by_role("button", name=f"{screen.t('core.follow')}: Ines Weaver").click()
    await expect(card.get_by_role("button", name=screen.t("core.unfollow_name", name="Ines Weaver"))).to_be_visible()
    await tie_becomes(me, ines, following=True)
    await screen.page.mouse.move(2, 2)
    await expect(card).to_have_count(0)


async def test_the_parts_of_a_profile_have_addresses_of_their_own(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines = await somebody(stage, "Ines Weaver")
    mine = await asyncio.to_thread(me.say, "Does anybody weave?")
    await asyncio.to_thread(ines.say, "A first post")
    await asyncio.to_thread(ines.say, f"@{me.name} I do, daily", in_reply_to_id=mine["id"])
    file = picture()
    made = await asyncio.to_thread(
        lambda: ines.http.post(
            "/api/v2/media",
            files={"file": (file["name"], file["buffer"], file["mimeType"])},
            data={"description": "A loom"},
        ).json()
    )
    await asyncio.to_thread(ines.say, "The loom itself", media_ids=[made["id"]])
    base = f"/@{ines.name}"
    await screen.open(base)
    await expect(screen.post("A first post")).to_be_visible()
    await expect(screen.post("I do, daily")).to_have_count(0)
    tabs = screen.page.get_by_role("navigation", name=screen.t("profile.parts"))

    await tabs.get_by_role("link", name=screen.t("profile.replies"), exact=True).click()
    await screen.until(f"location.pathname === '{base}/replies'")
    await expect(screen.post("I do, daily")).to_be_visible()
    await tabs.get_by_role("link", name=screen.t("profile.media"), exact=True).click()
    await screen.until(f"location.pathname === '{base}/media'")
    grid = screen.page.get_by_role("list", name=screen.t("profile.media"))
    await expect(grid.get_by_role("link", name=screen.t("core.picture_of", text="A loom"))).to_be_visible()
    await tabs.get_by_role("link", name=screen.t("profile.about"), exact=True).click()
    await screen.until(f"location.pathname === '{base}/about'")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("profile.joined"))
    await expect(tabs.locator("[aria-current=page]")).to_have_text(screen.t("profile.about"))

    await screen.page.go_back()
    await screen.until(f"location.pathname === '{base}/media'")
    await screen.open(f"{base}/replies")
    await expect(screen.post("I do, daily")).to_be_visible()
    await screen.assert_reads_well()


async def test_a_pinned_post_stands_first_on_the_profile(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    old = await asyncio.to_thread(me.say, "Who I am and what I weave")
    await asyncio.to_thread(me.say, "Newer and smaller")
    await screen.open(f"/@{me.name}/{old['id']}")
    await screen.act("Who I am", "more").click()
    await screen.page.get_by_role("menuitem", name=screen.t("postmenu.pin"), exact=True).click()
    for _ in range(150):
        if (await asyncio.to_thread(me.get, f"/api/v1/statuses/{old['id']}"))["pinned"]:
            break
        await asyncio.sleep(0.04)
    reader = await stage.screen()
    await reader.open(f"/@{me.name}")
    await expect(reader.page.locator("#main .pinned")).to_have_text(reader.t("profile.pinned"))
    await expect(reader.page.locator("#main article[data-post]").first).to_contain_text("Who I am and what I weave")


async def test_somebody_is_put_into_a_list_from_the_profile(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    ines = await somebody(stage, "Ines Weaver")
    await asyncio.to_thread(me.post, f"/api/v1/accounts/{ines.id}/follow")
    weavers = await asyncio.to_thread(me.post, "/api/v1/lists", title="Weavers")
    await screen.open(f"/@{ines.name}")
    await choose(screen, "profile.add_to_lists")
    box = screen.page.locator("dialog[open]").get_by_role("checkbox", name="Weavers", exact=True)
    await expect(box).not_to_be_checked()
    await box.check()
    await screen.settle()
    listed = await asyncio.to_thread(me.get, f"/api/v1/lists/{weavers['id']}/accounts")
    assert [one["id"] for one in listed] == [ines.id]
    await screen.press("Escape")
    await expect(screen.page.locator("dialog[open]")).to_have_count(0)
    await screen.open(f"/@{ines.name}/about")
    await screen.page.locator("#main").get_by_role("link", name="Weavers", exact=True).click()
    await screen.until(f"location.pathname === '/lists/{weavers['id']}'")
