"""Posts that wait: kept, moved, dropped, and published once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.support.town import LIMITS, Person, Town
from weft.posts import scheduled
from weft.posts.service import publish_due

HOUR = 3_600_000


def at(town: Town, ms: int) -> str:
    return datetime.datetime.fromtimestamp((town.clock.now_ms() + ms) / 1000, datetime.UTC).isoformat()


async def test_a_scheduled_post_waits_and_is_published_once(town: Town, ann: Person) -> None:
    media = await town.media(ann)
    waiting = await ann.say("later", scheduled_at=at(town, HOUR), media_ids=[media], visibility="unlisted")
    assert set(waiting) == {"id", "scheduled_at", "params", "media_attachments", "weft"}
    assert waiting["params"]["text"] == "later"
    assert waiting["params"]["visibility"] == "unlisted"
    assert [one["id"] for one in waiting["media_attachments"]] == [media]
    assert await ann.get("scheduled_statuses") == [waiting]
    assert (await ann.refused("POST", "statuses", status="x", media_ids=[media]))[0] == 422
    assert await publish_due(town.db, LIMITS) == 0
    town.clock.advance(HOUR / 1000)
    assert await publish_due(town.db, LIMITS) == 1
    assert await publish_due(town.db, LIMITS) == 0
    posts = await ann.get(f"accounts/{ann.id}/statuses")
    assert [(one["content"], one["visibility"]) for one in posts] == [("<p>later</p>", "unlisted")]
    assert posts[0]["media_attachments"][0]["id"] == media
    assert await ann.get("scheduled_statuses") == []


async def test_a_job_cut_short_publishes_neither_twice_nor_never(
    town: Town, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ann.say("later", scheduled_at=at(town, HOUR), media_ids=[await town.media(ann)])
    town.clock.advance(HOUR / 1000)
    original = scheduled.create_post

    async def cut_before(*args: Any) -> Any:
        raise KeyboardInterrupt

    async def cut_after(*args: Any) -> Any:
        await original(*args)
        raise KeyboardInterrupt

    for cut in (cut_before, cut_after):
        monkeypatch.setattr(scheduled, "create_post", cut)
        with pytest.raises(KeyboardInterrupt):
            await publish_due(town.db, LIMITS)
    monkeypatch.setattr(scheduled, "create_post", original)
    assert await publish_due(town.db, LIMITS) == 0
    assert len(await ann.get(f"accounts/{ann.id}/statuses")) == 1


async def test_what_can_no_longer_be_published_is_dropped(town: Town, ann: Person, bob: Person) -> None:
    parent = await bob.say("answer me")
    await ann.say("re", scheduled_at=at(town, HOUR), in_reply_to_id=parent["id"])
    await ann.say("fine", scheduled_at=at(town, HOUR))
    await bob.remove(f"statuses/{parent['id']}")
    town.clock.advance(HOUR / 1000)
    assert await publish_due(town.db, LIMITS) == 1
    assert await ann.get("scheduled_statuses") == []


async def test_a_scheduled_post_is_moved_and_dropped(town: Town, ann: Person, bob: Person) -> None:
    media = await town.media(ann)
    waiting = await ann.say("later", scheduled_at=at(town, HOUR), media_ids=[media])
    path = f"scheduled_statuses/{waiting['id']}"
    assert (await bob.refused("GET", path))[0] == 404
    assert (await bob.refused("DELETE", path))[0] == 404
    moved = await ann.put(path, scheduled_at=at(town, 2 * HOUR))
    assert moved["scheduled_at"] == "2026-01-01T02:00:00.001Z"
    assert (await ann.refused("PUT", path, scheduled_at=at(town, 60_000)))[0] == 422
    assert await ann.remove(path) == {}
    assert (await ann.refused("GET", path))[0] == 404
    assert (await ann.say("now", media_ids=[media]))["media_attachments"][0]["id"] == media


@pytest.mark.parametrize("when", [0, 299_000, -HOUR])
async def test_a_time_too_near_is_refused(town: Town, ann: Person, when: int) -> None:
    assert (await ann.refused("POST", "statuses", status="x", scheduled_at=at(town, when)))[0] == 422


async def test_at_most_25_wait_for_one_day(town: Town, ann: Person) -> None:
    for number in range(25):
        await ann.say(str(number), scheduled_at=at(town, HOUR))
    assert (await ann.refused("POST", "statuses", status="x", scheduled_at=at(town, HOUR)))[0] == 422
    assert "id" in await ann.say("x", scheduled_at=at(town, 30 * HOUR))
    page = await ann.ask("GET", "scheduled_statuses", params={"limit": 20})
    older = await ann.client.get(page.links["next"]["url"])
    assert len(page.json()) + len(older.json()) == 26


async def test_the_same_key_schedules_once(town: Town, ann: Person) -> None:
    body = {"status": "later", "scheduled_at": at(town, HOUR)}
    answers = [await ann.ask("POST", "statuses", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await ann.get("scheduled_statuses")) == 1


async def test_a_bad_draft_is_refused_when_it_is_scheduled(town: Town, ann: Person) -> None:
    assert (await ann.refused("POST", "statuses", status="", scheduled_at=at(town, HOUR)))[0] == 422
