"""Without a network, after a new version, and by push: what the service worker is for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.island import Island, island
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.support.postgres import Servers
from tests.support.push_service import Browser, PushService, push_service

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAKE_PUSH = """([endpoint, p256dh, auth]) => {
  const subscription = {
    endpoint, options: {}, toJSON: () => ({ endpoint, keys: { p256dh, auth } }), unsubscribe: async () => true,
  }
  PushManager.prototype.subscribe = async () => (subscription.made = subscription)
  PushManager.prototype.getSubscription = async () => subscription.made ?? null
}"""
"""A browser's own push service is outside, so the test's takes its place: a subscription with the test's keys."""
NOTE_SHOWN = """() => {
  const show = ServiceWorkerRegistration.prototype.showNotification
  self.shown = new Promise((resolve) => {
    ServiceWorkerRegistration.prototype.showNotification = async function (...given) {
      await show.apply(this, given)
      resolve()
    }
  })
}"""
"""The worker's `shown` tells when a notification is. Chromium forgets one that is asked for while it is being shown: of
300 that were read in that time 140 were lost, of 300 that were not, none."""
WHOLE = r"""(async () => {
  const cache = await caches.open((await caches.keys()).find((name) => name.startsWith('app-')))
  const kept = new Set((await cache.keys()).map((request) => new URL(request.url).pathname))
  const named = (await (await fetch('/sw.js')).text()).match(/\/app\/[\w.-]+/g)
  return ['/~shell', ...named].every((file) => kept.has(file))
})()"""
"""Whether the worker's cache holds every file that it names."""


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture
def own(
    chromium: str, servers: Servers, service: PushService, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Island]:
    kind = str(request.config.getoption("--postgres"))
    with (
        servers.database(kind, migrated=True) as url,
        island(tmp_path, url, {"WEFT_FETCH_ALLOW": service.peer}) as running,
    ):
        if 'id="main"' not in running.visitor.get("/").text:
            pytest.skip("the web app is not built, so there is nothing to look at")
        yield running


async def with_worker(screen: Screen) -> None:
    """Until the worker runs and has the whole app."""
    await screen.until("navigator.serviceWorker.controller !== null")
    await screen.until(WHOLE)


async def member(shore: Stage, name: str, **options: Any) -> tuple[Screen, Any]:
    person = await asyncio.to_thread(shore.town.person, name)
    return await shore.of(person, service_workers="allow", **options), person


async def test_the_last_timeline_reads_without_the_server_and_goes_on_with_it(shore: Stage, own: Island) -> None:
    screen, me = await member(shore, "nora")
    post = await asyncio.to_thread(me.say, "Written while there was a network")
    await screen.open("/")
    await with_worker(screen)
    await screen.page.reload()
    await screen.ready()
    await screen.open(f"/@{me.name}/{post['id']}")
    await screen.settle()
    screen.watch.forgiving_offline = True
    screen.watch.may_log("ERR_CONNECTION_REFUSED|WebSocket")
    await asyncio.to_thread(own.leave)
    await screen.page.goto(own.url + "/", wait_until="domcontentloaded")
    await screen.ready()
    await expect(screen.post("Written while there was a network")).to_be_visible()
    line = screen.page.get_by_role("status").filter(has_text=re.compile(screen.t("core.offline")[:12]))
    await expect(line).to_contain_text(re.compile(r"\d:\d\d"))
    await screen.assert_fits()
    await screen.assert_translated()
    await screen.shot("offline")
    await screen.post("Written while there was a network").click(position={"x": 120, "y": 30})
    await expect(screen.page.locator("#main article.focused")).to_contain_text("Written while")
    await asyncio.to_thread(own.come_back)
    await screen.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(line).to_have_count(0)


async def test_what_was_missed_while_the_server_was_away_waits_to_be_shown(shore: Stage, own: Island) -> None:
    screen, me = await member(shore, "lena")
    await asyncio.to_thread(me.say, "Before the storm")
    await screen.open("/")
    await expect(screen.post("Before the storm")).to_be_visible()
    await with_worker(screen)
    screen.watch.forgiving_offline = True
    screen.watch.may_log("ERR_CONNECTION_REFUSED|WebSocket")
    await asyncio.to_thread(own.leave)
    await asyncio.to_thread(own.come_back)
    await asyncio.to_thread(me.say, "Said in the storm")
    await screen.page.evaluate("dispatchEvent(new Event('online'))")
    pill = screen.page.get_by_role("button", name=screen.t("core.new_posts", count=1), exact=True)
    await expect(pill).to_be_visible()
    await expect(screen.post("Said in the storm")).to_have_count(0)
    await pill.click()
    await expect(screen.post("Said in the storm")).to_be_visible()


@pytest.mark.widths(1280)
async def test_signing_out_leaves_nothing_to_read(shore: Stage, own: Island) -> None:
    screen, me = await member(shore, "olga")
    await asyncio.to_thread(me.say, "Only for now")
    await screen.open("/")
    await with_worker(screen)
    await screen.page.reload()
    await screen.ready()
    await screen.settle()
    kept = f"caches.has('data-{me.id}')"
    await screen.until(kept)
    await screen.page.get_by_role("button", name=re.compile(f"@{me.name}$")).first.click()
    await screen.page.get_by_text(f"{screen.t('core.sign_out')} · @{me.name}").click()
    async with screen.page.expect_navigation():
        await screen.page.get_by_role("dialog").get_by_role("button", name=screen.t("core.sign_out")).first.click()
    await screen.ready()
    assert not await screen.page.evaluate(kept)
    assert me.id not in (await screen.page.evaluate("localStorage.getItem('weft.session')") or "")


async def test_a_version_that_runs_keeps_its_parts_and_the_new_one_waits_to_be_asked(shore: Stage, own: Island) -> None:
    screen, _ = await member(shore, "petra")
    await screen.open("/")
    await with_worker(screen)
    await screen.page.reload()
    await screen.ready()
    before = await screen.page.evaluate("document.querySelector('script[type=module]').src")
    await asyncio.to_thread(own.release)
    await screen.page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
    banner = screen.page.get_by_role("status").filter(has_text=screen.t("core.update"))
    await expect(banner).to_be_visible()
    await screen.page.evaluate("document.querySelector('a[href=\"/settings\"]')?.click()")
    await screen.ready()
    await screen.shot("update")
    async with screen.page.expect_navigation():
        await banner.get_by_role("button", name=screen.t("core.reload")).click()
    await screen.ready()
    assert await screen.page.evaluate("document.querySelector('script[type=module]').src") != before
    await expect(banner).to_have_count(0)


async def test_a_missing_part_says_that_there_is_a_new_version(shore: Stage, own: Island) -> None:
    person = await asyncio.to_thread(own.person, "quinn")
    screen = await shore.of(person)
    screen.watch.expect(404, "/app/")
    screen.watch.may_log("dynamically imported module|/app/|preload")
    await screen.open("/")
    await asyncio.to_thread(own.release)
    await screen.page.evaluate("history.pushState({}, '', '/settings'); dispatchEvent(new PopStateEvent('popstate'))")
    banner = screen.page.get_by_role("status").filter(has_text=screen.t("core.update"))
    await expect(banner).to_be_visible()
    assert (await screen.text()).strip()
    await banner.get_by_role("button", name=screen.t("core.reload")).click()
    await screen.ready()
    await expect(screen.page.get_by_role("heading", level=1)).to_contain_text(screen.t("settings.title"))


async def test_a_push_goes_from_the_settings_through_the_service_to_the_worker(
    shore: Stage, own: Island, service: PushService
) -> None:
    screen, me = await member(shore, "rosa", permissions=["notifications"])
    keys = Browser()
    address = f"/{me.id}"
    given = keys.subscription(service.url + address)
    values = [given["endpoint"], given["keys"]["p256dh"], given["keys"]["auth"]]
    await screen.page.add_init_script(f"({FAKE_PUSH})({values!r})")
    await screen.open("/settings/notifications")
    await with_worker(screen)
    on = screen.page.get_by_role("switch").first
    await on.check()
    await expect(screen.page.get_by_role("switch")).not_to_have_count(1)
    await screen.assert_reads_well()
    await screen.shot("settings-notifications")
    friend = await asyncio.to_thread(own.person, "sam")
    post = await asyncio.to_thread(friend.say, f"@{me.name} come over")
    (message,) = await asyncio.to_thread(service.wait, address)
    data = keys.open(message.body, message.headers).decode()
    (worker,) = screen.page.context.service_workers
    await worker.evaluate(NOTE_SHOWN)
    await deliver(screen, own, data)
    await asyncio.wait_for(worker.evaluate("() => self.shown"), 15)
    told = "(await registration.getNotifications()).map((one) => [one.title, one.body, one.data.path])"
    assert await worker.evaluate(f"async () => {told}") == [
        ["sam mentioned you", f"@{me.name} come over", f"/@sam/{post['id']}"]
    ]
    press = "new NotificationEvent('notificationclick', { notification: (await registration.getNotifications())[0] })"
    await worker.evaluate(f"async () => void self.dispatchEvent({press})")
    await expect(screen.page).to_have_url(re.compile(f"/@sam/{post['id']}$"))
    await screen.page.goto(own.url + "/settings/notifications")
    await screen.ready()


async def deliver(screen: Screen, own: Island, data: str) -> None:
    """Hand a message to the worker as the browser's own push service would, by DevTools."""
    devtools = await screen.page.context.new_cdp_session(screen.page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def registered(event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            if not found.done() and one["scopeURL"].startswith(own.url):
                found.set_result(one["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", registered)
    await devtools.send("ServiceWorker.enable")
    sent = {"origin": own.url, "registrationId": await found, "data": data}
    await devtools.send("ServiceWorker.deliverPushMessage", sent)
