"""Activity: what others did, said in one line each, answered where it stands, and read once."""

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
LIST = re.compile(r"/api/v2/notifications\?")


async def people(stage: Stage, *names: str) -> list[Person]:
    return [await asyncio.to_thread(stage.town.newcomer, shown=name) for name in names]


async def kept_aside(stage: Stage, me: Person) -> None:
    """Somebody whose mention a policy keeps aside."""
    [ada] = await people(stage, "Ada First")
    policy = {"for_not_following": "filter"}
    (await asyncio.to_thread(me.http.patch, "/api/v2/notifications/policy", json=policy)).raise_for_status()
    await asyncio.to_thread(ada.say, f"@{me.name} you do not know me yet")
    for _ in range(150):
        if await asyncio.to_thread(me.get, "/api/v1/notifications/requests"):
            break
        await asyncio.sleep(0.04)
    assert await asyncio.to_thread(me.get, "/api/v1/notifications") == []


async def late(route: Any) -> None:
    await asyncio.sleep(0.7)
    await route.continue_()


async def told(me: Person, count: int) -> list[dict[str, Any]]:
    """The notifications the server has for somebody, once there are so many; the newest first."""
    for _ in range(150):
        found = await asyncio.to_thread(me.get, "/api/v1/notifications")
        if len(found) == count:
            return list(found)
        await asyncio.sleep(0.04)
    raise AssertionError(f"never {count} notifications: {[one['type'] for one in found]}")


async def unread_becomes(me: Person, wanted: int) -> None:
    for _ in range(150):
        found = (await asyncio.to_thread(me.get, "/api/v2/notifications/unread_count"))["count"]
        if found == wanted:
            return
        await asyncio.sleep(0.04)
    raise AssertionError(f"unread: {found}, never {wanted}")


def row(screen: Screen, kind: str) -> Any:
    return screen.page.locator(f"#main [role=feed] article[data-kind={kind}]")


def badge(screen: Screen, count: int) -> Any:
    """The place in the navigation, with what is unread there."""
    name = screen.t("core.unread", place=screen.t("core.activity"), count=count)
    return screen.page.get_by_role("link", name=name, exact=True)


async def test_likes_of_one_post_are_said_in_one_line(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    fans = await people(stage, "Ada First", "Ben Second", "Cy Third")
    post = await asyncio.to_thread(me.say, "A basket for apples")
    for fan in fans:
        await asyncio.to_thread(fan.post, f"/api/v1/statuses/{post['id']}/favourite")
    await told(me, 3)
    await screen.open("/activity")
    line = row(screen, "favourite")
    await expect(line).to_have_count(1)
    words = screen.t("activity.others", count=2, name="Cy Third") + " " + screen.t("activity.favourite")
    await expect(line.locator(".words")).to_contain_text(words)
    await expect(line).to_contain_text("A basket for apples")
    await screen.assert_reads_well()
    others = screen.t("activity.others", count=2, name="").strip()
    await line.get_by_role("button", name=others).click()
    sheet = screen.page.locator("dialog[open]")
    for name in ("Ada First", "Ben Second", "Cy Third"):
        await expect(sheet.get_by_role("link", name=name, exact=True)).to_be_visible()
    await sheet.get_by_role("link", name="Ada First", exact=True).click()
    await screen.until(f"location.pathname === '/@{fans[0].name}'")
    await expect(sheet).to_have_count(0)


async def test_two_likes_name_both(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    fans = await people(stage, "Ada First", "Ben Second")
    post = await asyncio.to_thread(me.say, "A chair of willow")
    for fan in fans:
        await asyncio.to_thread(fan.post, f"/api/v1/statuses/{post['id']}/favourite")
    await told(me, 2)
    await screen.open("/activity")
    words = screen.t("activity.two", name="Ben Second", second="Ada First")
    await expect(row(screen, "favourite").locator(".words")).to_contain_text(words)
    await row(screen, "favourite").locator(".excerpt").click()
    await screen.until(f"location.pathname === '/@{me.name}/{post['id']}'")
    await expect(screen.act("A chair of willow", "like")).to_contain_text("2")


async def test_a_mention_opens_its_thread_and_is_liked_where_it_stands(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    post = await asyncio.to_thread(ada.say, f"@{me.name} have you seen the kingfisher?")
    await told(me, 1)
    await screen.open("/activity")
    line = row(screen, "mention")
    await expect(line).to_contain_text(screen.t("activity.mention"))
    like = line.locator("[data-act=like]")
    await like.click()
    await expect(like).to_have_attribute("aria-pressed", "true")
    await screen.settle()
    assert (await asyncio.to_thread(me.get, f"/api/v1/statuses/{post['id']}"))["favourited"]
    await line.get_by_text("have you seen the kingfisher?").click()
    await screen.until(f"location.pathname === '/@{ada.name}/{post['id']}'")
    await screen.ready()
    await expect(screen.page.locator("#main article.focused")).to_contain_text("have you seen the kingfisher?")
    await screen.page.go_back()
    await screen.until("location.pathname === '/activity'")
    await expect(line).to_be_visible()


async def test_a_new_follower_is_followed_back_from_the_list_of_people(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    await asyncio.to_thread(ada.post, f"/api/v1/accounts/{me.id}/follow")
    await told(me, 1)
    await screen.open("/activity/follows")
    line = row(screen, "follow")
    await expect(line).to_contain_text(screen.t("activity.follow"))
    back = line.get_by_role("button", name=f"{screen.t('core.follow_back')}: Ada First", exact=True)
    await back.click()
    following = line.get_by_role("button", name=screen.t("core.unfollow_name", name="Ada First"), exact=True)
    await expect(following).to_have_text(screen.t("core.is_followed"))
    await screen.settle()
    [tie] = await asyncio.to_thread(me.get, "/api/v1/accounts/relationships", **{"id[]": ada.id})
    assert tie["following"] and tie["followed_by"]
    await screen.assert_reads_well()


async def test_each_kind_of_activity_has_an_address(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    post = await asyncio.to_thread(me.say, "Who comes along?")
    await asyncio.to_thread(ada.say, f"@{me.name} I do!", in_reply_to_id=post["id"])
    await asyncio.to_thread(ada.say, f"Ask @{me.name} about it")
    await asyncio.to_thread(ada.post, f"/api/v1/accounts/{me.id}/follow")
    await asyncio.to_thread(ada.post, f"/api/v1/statuses/{post['id']}/favourite")
    await told(me, 4)
    shown = {"all": 4, "replies": 1, "mentions": 1, "follows": 1}
    kinds = {"replies": "reply", "mentions": "mention", "follows": "follow"}
    await screen.open("/activity")
    tabs = screen.page.get_by_role("navigation", name=screen.t("activity.tabs"))
    rows = screen.page.locator("#main [role=feed] article[data-kind]")
    await expect(rows).to_have_count(shown["all"])
    for tab, kind in kinds.items():
        await tabs.get_by_role("link", name=screen.t(f"activity.{tab}"), exact=True).click()
        await screen.until(f"location.pathname === '/activity/{tab}'")
        await expect(rows).to_have_count(shown[tab])
        await expect(rows).to_have_attribute("data-kind", kind)
    await screen.page.go_back()
    await screen.until("location.pathname === '/activity/mentions'")
    await expect(rows).to_have_attribute("data-kind", "mention")
    await screen.open("/activity/replies")
    await expect(rows).to_contain_text("I do!")
    await expect(tabs.locator("[aria-current=page]")).to_have_text(screen.t("activity.replies"))


async def test_what_is_unread_is_counted_until_it_was_seen(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    post = await asyncio.to_thread(me.say, "Count me")
    await asyncio.to_thread(ada.post, f"/api/v1/statuses/{post['id']}/favourite")
    await told(me, 1)
    await screen.open("/local")
    await expect(badge(screen, 1).first).to_be_visible()
    await asyncio.to_thread(ada.post, f"/api/v1/statuses/{post['id']}/reblog")
    await expect(badge(screen, 2).first).to_be_visible()
    await badge(screen, 2).first.click()
    await expect(row(screen, "reblog")).to_contain_text(screen.t("activity.unread"))
    place = screen.page.get_by_role("link", name=screen.t("core.activity"), exact=True)
    await expect(place.first).to_be_visible()
    await unread_becomes(me, 0)
    await screen.page.reload()
    await screen.ready()
    await expect(row(screen, "reblog")).to_be_visible()
    await expect(row(screen, "reblog")).not_to_contain_text(screen.t("activity.unread"))
    await expect(place.first).to_be_visible()


async def test_what_happens_meanwhile_waits_behind_a_pill(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    post = await asyncio.to_thread(me.say, "Watch this one")
    await screen.open("/activity")
    await expect(screen.page.locator("#main")).to_contain_text(screen.t("activity.empty"))
    await screen.settle()
    await asyncio.to_thread(ada.post, f"/api/v1/statuses/{post['id']}/favourite")
    pill = screen.button("activity.new", count=1)
    await expect(pill).to_be_visible()
    await expect(row(screen, "favourite")).to_have_count(0)
    await pill.click()
    await expect(row(screen, "favourite")).to_contain_text("Watch this one")
    await expect(pill).to_have_count(0)
    await unread_becomes(me, 0)


@pytest.mark.parametrize(("key", "word"), [("accept_of", "accepted"), ("reject_of", "rejected")])
async def test_a_request_to_follow_is_answered_there(stage: Stage, key: str, word: str) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    await asyncio.to_thread(me.http.patch, "/api/v1/accounts/update_credentials", json={"locked": True})
    await asyncio.to_thread(ada.post, f"/api/v1/accounts/{me.id}/follow")
    await told(me, 1)
    await screen.open("/activity")
    await screen.page.locator("#main").get_by_role("button", name=screen.t("activity.requests")).click()
    sheet = screen.page.locator("dialog[open]")
    await sheet.get_by_role("button", name=screen.t(f"activity.{key}", name="Ada First"), exact=True).click()
    said = screen.t(f"activity.{word}", name="Ada First")
    await expect(sheet.get_by_role("status").filter(has_text=said)).to_be_visible()
    await screen.settle()
    [tie] = await asyncio.to_thread(ada.get, "/api/v1/accounts/relationships", **{"id[]": me.id})
    assert tie["following"] is (word == "accepted") and not tie["requested"]
    assert not await asyncio.to_thread(me.get, "/api/v1/follow_requests")
    await screen.press("Escape")
    door = screen.page.locator("#main").get_by_role("button", name=screen.t("activity.requests"))
    await expect(door).to_have_count(0)


async def test_a_request_to_follow_is_answered_in_its_row(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    [ada] = await people(stage, "Ada First")
    await asyncio.to_thread(me.http.patch, "/api/v1/accounts/update_credentials", json={"locked": True})
    await asyncio.to_thread(ada.post, f"/api/v1/accounts/{me.id}/follow")
    await told(me, 1)
    await screen.open("/activity/follows")
    line = row(screen, "follow_request")
    await expect(line).to_contain_text(screen.t("activity.follow_request"))
    await line.get_by_role("button", name=screen.t("activity.accept_of", name="Ada First"), exact=True).click()
    await expect(line.get_by_role("status")).to_contain_text(screen.t("activity.accepted", name="Ada First"))
    await screen.settle()
    [tie] = await asyncio.to_thread(ada.get, "/api/v1/accounts/relationships", **{"id[]": me.id})
    assert tie["following"]


async def test_what_a_policy_keeps_aside_is_let_in(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await kept_aside(stage, me)
    # What stands above the list is known before the list is, and moves nothing.
    await screen.page.route(LIST, late)
    await screen.open("/activity")
    door = screen.page.locator("#main").get_by_role("button", name=screen.t("activity.filtered"))
    await expect(door).to_contain_text(screen.t("activity.filtered_from", count=1))
    await expect(row(screen, "mention")).to_have_count(0)
    await door.click()
    sheet = screen.page.locator("dialog[open]")
    await expect(sheet).to_contain_text("you do not know me yet")
    await sheet.get_by_role("button", name=screen.t("activity.let_in_of", name="Ada First"), exact=True).click()
    await expect(sheet).to_contain_text(screen.t("activity.filtered_none"))
    await screen.press("Escape")
    await told(me, 1)
    await screen.page.reload()
    await screen.ready()
    await expect(row(screen, "mention")).to_contain_text("you do not know me yet")
    await expect(door).to_have_count(0)


async def test_what_stands_above_the_list_stays_while_it_is_tried_again(stage: Stage) -> None:
    screen, me = await stage.newcomer("mai")
    await kept_aside(stage, me)
    answers = asyncio.Event()
    asked = 0

    async def broken_once(route: Any) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await route.fulfill(status=500, json={"error": "broken"})
        else:
            await answers.wait()
            await route.continue_()

    screen.watch.expect(500, "/api/v2/notifications")
    await screen.page.route(LIST, broken_once)
    await screen.page.goto(f"{stage.town.url}/activity")
    main = screen.page.locator("#main")
    door = main.get_by_role("button", name=screen.t("activity.filtered"))
    again = main.get_by_role("button", name=screen.t("core.retry"), exact=True)
    await expect(door).to_be_visible()
    await door.evaluate("(door) => { door.dataset.same = 'yes' }")
    await again.click()
    await expect(main.locator(".skeleton").first).to_be_visible()
    await expect(door).to_have_attribute("data-same", "yes")
    answers.set()
    await screen.ready()
    await expect(main).to_contain_text(screen.t("activity.empty"))
    await expect(door).to_have_attribute("data-same", "yes")
