"""Viewers are loaded once, and what changed meanwhile is never missed."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.town import Person, Town
from weft.infra.db import Db
from weft.kernel.clock import ManualClock


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def ann(town: Town) -> Person:
    return await town.person("ann")


async def test_a_waiter_that_gives_up_leaves_the_load_to_the_others(town: Town, ann: Person) -> None:
    town.viewers.reset()
    first = asyncio.create_task(town.viewers.get(ann.account.id))
    await asyncio.sleep(0)
    second = asyncio.create_task(town.viewers.get(ann.account.id))
    third = asyncio.create_task(town.viewers.get(ann.account.id))
    await asyncio.sleep(0)
    second.cancel()
    assert await first is await third
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_a_follow_while_many_load_is_known_to_whoever_reads_next(town: Town, ann: Person) -> None:
    bob = await town.person("bob")
    for _ in range(20):
        town.viewers.drop(ann.account.id)
        readers = [asyncio.create_task(town.viewers.get(ann.account.id)) for _ in range(5)]
        for _ in range(3):
            await asyncio.sleep(0)
            town.viewers.drop(ann.account.id)
        await asyncio.gather(*readers)
    loading = [asyncio.create_task(town.viewers.get(ann.account.id)) for _ in range(5)]
    await town.follow(ann, bob)
    await asyncio.gather(*loading)
    assert bob.account.id in (await town.viewers.get(ann.account.id)).following
