from __future__ import annotations

import asyncio

from tests.notifications.support import World
from weft.accounts.events import Notified
from weft.infra.db import Db
from weft.infra.events import Event
from weft.notifications.jobs import notify
from weft.notifications.service import PolicyEdit, edit_policy, vapid_private_key, vapid_public_key
from weft.posts.events import PostCreated
from weft.posts.service import like_post
from weft.relationships.events import Followed
from weft.timelines.conversations import index_conversations
from weft.timelines.jobs import index_places

ROWS = """
SELECT (SELECT array_agg(n::text ORDER BY n::text) FROM notifications n),
       (SELECT array_agg(m::text ORDER BY m::text) FROM conversation_members m),
       (SELECT array_agg(t::text ORDER BY t::text) FROM tag_days t)
"""


async def test_running_a_batch_twice_changes_nothing(world: World) -> None:
    public = await world.post("ann", "@bob #tag")
    direct = await world.direct("ann", "@bob psst")
    await like_post(world.db, world.ids["bob"], public)
    events: list[Event] = [event for event in world.signals if isinstance(event, PostCreated | Followed)]
    assert {event.post_id for event in events if isinstance(event, PostCreated)} == {public.id, direct.id}
    await world.settle()
    async with world.db.read() as reader:
        before = await reader.row(ROWS)
    world.signals.clear()
    async with world.db.job() as tx:
        for handle in (notify, index_places, index_conversations):
            await handle(tx, events)
    async with world.db.read() as reader:
        assert await reader.row(ROWS) == before
    assert not [event for event in world.signals if isinstance(event, Notified)]


async def test_what_is_kept_back_is_not_streamed(world: World) -> None:
    await edit_policy(world.db, world.ids["ann"], PolicyEdit(not_following="filter"))
    await world.post("bob", "@ann")
    assert await world.told("ann") == []
    assert await world.told("ann", filtered=True) == [("mention", "bob")]
    assert world.streamed() == []


async def test_a_batch_for_many_is_told_in_the_order_of_time(world: World) -> None:
    post = await world.post("ann")
    names = [f"fan{number}" for number in range(12)]
    for name in names:
        await world.join(name)
        world.db.clock.advance(0.01)  # type: ignore[attr-defined]
        await like_post(world.db, world.ids[name], post)
    assert [sender for _, sender in await world.told("ann")] == names


async def test_all_processes_get_the_same_key(db: Db) -> None:
    keys = await asyncio.gather(*(vapid_public_key(db) for _ in range(4)))
    assert len(set(keys)) == 1 and len(keys[0]) == 87
    assert (await vapid_private_key(db)).curve.name == "secp256r1"
