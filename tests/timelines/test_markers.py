"""Where somebody stopped reading."""

import asyncio

import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.kernel.errors import Conflict
from weft.kernel.ids import AccountId
from weft.timelines.service import load_markers, save_markers


@pytest.fixture
async def ann(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="ann"))).id


async def test_each_move_of_a_marker_has_the_next_version(db: Db, ann: AccountId) -> None:
    first = await save_markers(db, ann, {"home": 10, "notifications": 5})
    assert {name: (marker.last_read_id, marker.version) for name, marker in first.items()} == {
        "home": (10, 1),
        "notifications": (5, 1),
    }
    await save_markers(db, ann, {"home": 20})
    async with db.read() as reader:
        found = await load_markers(reader, ann, ["home", "notifications"])
        assert await load_markers(reader, AccountId(ann + 64), ["home"]) == {}
    assert (found["home"].last_read_id, found["home"].version, found["notifications"].version) == (20, 2, 1)


async def test_two_devices_at_once_never_lose_a_version(db: Db, ann: AccountId) -> None:
    results = await asyncio.gather(
        *(save_markers(db, ann, {"home": place}) for place in range(1, 9)), return_exceptions=True
    )
    assert all(isinstance(result, (dict, Conflict)) for result in results)
    async with db.read() as reader:
        version = (await load_markers(reader, ann, ["home"]))["home"].version
    assert version == sum(isinstance(result, dict) for result in results) >= 1
