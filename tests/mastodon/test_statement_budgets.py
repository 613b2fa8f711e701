"""A page costs a bounded number of statements, however long it is: no statement per post."""

from __future__ import annotations

import pytest

from tests.support.town import Person, Town
from weft.infra.db import Db
from weft.kernel.clock import ManualClock

MOST = 24


@pytest.fixture
async def town(db: Db, clock: ManualClock) -> Town:
    """Two people and forty posts: plain ones, polls, quotes, replies, mentions and reposts."""
    town = Town(db, clock)
    town.ann, town.bob = await town.person("ann"), await town.person("bob")  # type: ignore[attr-defined]
    ann, bob = people_of(town)
    await town.follow(bob, ann)
    first = await ann.say("the root")
    for number in range(10):
        await ann.say(f"@bob plain {number}", in_reply_to_id=first["id"])
        await ann.say("choose", poll={"options": ["a", "b"], "expires_in": 3600})
        quoted = await bob.say(f"quoted {number}", in_reply_to_id=first["id"])
        await ann.say("look #tag", quoted_status_id=quoted["id"])
        await ann.post(f"statuses/{quoted['id']}/reblog")
    town.root = first["id"]  # type: ignore[attr-defined]
    await town.work()
    return town


def people_of(town: Town) -> tuple[Person, Person]:
    return town.ann, town.bob  # type: ignore[attr-defined]


async def cost(town: Town, path: str, limit: int) -> tuple[int, int]:
    """How many statements a page takes with everything forgotten, and how many posts it shows."""
    _, bob = people_of(town)
    town.presenter.forget_all()
    town.viewers.reset()
    town.timelines.reset()
    statements: list[str] = []
    town.db.recorder = lambda sql, args: statements.append(sql)
    answer = await bob.get(path, limit=limit)
    town.db.recorder = None
    shown = answer if isinstance(answer, list) else answer["descendants"]
    return len(statements), len(shown)


@pytest.mark.parametrize(
    "path", ["timelines/home", "timelines/public", "timelines/tag/tag", "accounts/{ann}/statuses", "favourites"]
)
async def test_a_longer_page_takes_no_more_statements(town: Town, path: str) -> None:
    ann, bob = people_of(town)
    if path == "favourites":
        for status in await bob.get("timelines/home", limit=40):
            await bob.post(f"statuses/{status['id']}/favourite")
    path = path.format(ann=ann.id)
    few, shown_few = await cost(town, path, 2)
    many, shown_many = await cost(town, path, 40)
    assert shown_many > shown_few
    assert many <= few + 8  # what the longer page holds may be of more kinds: polls, quotes
    assert many <= MOST


async def test_a_thread_takes_few_statements(town: Town) -> None:
    statements, shown = await cost(town, f"statuses/{town.root}/context", 40)  # type: ignore[attr-defined]
    assert shown == 20
    assert statements <= MOST


async def test_a_warm_page_takes_none(town: Town) -> None:
    _, bob = people_of(town)
    town.clock.advance(1)  # clear of what the town wrote last
    plain = [await bob.say(f"plain {number}") for number in range(5)]
    await bob.get("timelines/home", limit=5)
    statements: list[str] = []
    town.db.recorder = lambda sql, args: statements.append(sql)
    assert [status["id"] for status in await bob.get("timelines/home", limit=5)] == [s["id"] for s in plain[::-1]]
    town.db.recorder = None
    assert statements == []
