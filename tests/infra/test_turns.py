"""Turns: one at a time per key, and nothing kept of keys that nobody uses."""

from __future__ import annotations

import asyncio
import gc

from weft.infra.db.turns import Turns


async def test_one_key_is_held_by_one_at_a_time_in_the_order_of_coming() -> None:
    turns, order, inside = Turns(), list[int](), 0

    async def work(number: int) -> None:
        nonlocal inside
        async with turns.of(7):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_another_key_does_not_wait() -> None:
    turns = Turns()
    async with turns.of(1), asyncio.timeout(1), turns.of(2):
        pass


async def test_a_key_that_nobody_uses_is_forgotten() -> None:
    turns = Turns()
    async with turns.of(1):
        assert len(turns._locks) == 1
    gc.collect()
    assert len(turns._locks) == 0
