"""The assistant's own account: one, however many want it first."""

from __future__ import annotations

import asyncio

from tests.assistant.conftest import Village
from weft.assistant.account import OwnAccount, find_own_id

PATIENCE_S = 8.0
"""Shorter than anybody waits for a connection."""


async def test_many_who_want_it_first_get_the_same_one_and_nobody_waits_for_the_others(village: Village) -> None:
    workers = [OwnAccount(village.db) for _ in range(2)]
    async with asyncio.timeout(PATIENCE_S):
        found = await asyncio.gather(*(workers[n % 2].ensure() for n in range(24)))
    assert len({account.id for account in found}) == 1 and found[0].username == "assistant"
    async with village.db.read() as reader:
        assert await find_own_id(reader) == found[0].id
