"""The demo's people have read all but the latest of their activity."""

from __future__ import annotations

from tests.notifications.support import World
from weft.infra.db import Db
from weft.notifications.service import last_read
from weft.operations.demo.reading import NEW, look_in, read_activity


async def test_only_the_newest_few_of_what_somebody_was_told_are_new(db: Db) -> None:
    world = World(db)
    for name in ("ann", "bob", "cat"):
        await world.join(name)
    for number in range(NEW + 2):
        await world.post("bob", f"@ann look, number {number}")
    await world.post("ann", "@cat only one thing")
    told = await world.rows("ann")
    await look_in(db, world.ids.values())
    assert await unread(db, world, "ann") == NEW
    assert await unread(db, world, "cat") == 1
    assert len(told) == NEW + 2


async def test_whoever_was_told_nothing_has_read_nothing(db: Db) -> None:
    world = World(db)
    await world.join("ann")
    await read_activity(db, world.ids.values())
    assert await unread(db, world, "ann") == 0


async def unread(db: Db, world: World, name: str) -> int:
    """How many came after where somebody stopped reading."""
    rows = await world.rows(name)
    async with db.read() as reader:
        after = await last_read(reader, world.ids[name])
    return len([row for row in rows if row.id > after])
