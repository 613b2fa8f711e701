"""Notes in open streams: only this server's own app hears of them, and only of those it may read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.support.streaming import HOME, World
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.mastodon.stream_frames import socket_frame
from weft.notes.service import clear_note, set_note
from weft.relationships.blocks import mute
from weft.relationships.model import Mute
from weft.timelines.connections import Connection


@pytest.fixture
async def world(db: Db, clock: ManualClock) -> AsyncIterator[World]:
    made = World(db, clock)
    made.start()
    yield made
    await made.streams.stop()


async def notes(world: World, connection: Connection) -> list[tuple[str, bool]]:
    """Text and whether it is one's own, of each note that the connection was told."""
    heard = [msgspec.json.decode(body) for news, body in await world.heard(connection) if news == "note"]
    return [(note["text"], note["mine"]) for note in heard]


async def test_the_author_and_followers_hear_of_a_note_in_the_app_alone(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    await world.follow(bob, ann)
    of_ann, of_bob, of_cyd = [await world.listen(each, HOME, own_app=True) for each in (ann, bob, cyd)]
    other_app = await world.listen(bob, HOME)
    await set_note(world.db, ann.id, "half asleep", "followers")
    assert await notes(world, of_ann) == [("half asleep", True)]
    assert await notes(world, of_bob) == [("half asleep", False)]
    assert await notes(world, of_cyd) == [] == await world.heard(other_app)


async def test_a_note_for_mutual_followers_is_told_to_them_alone(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    for each in (bob, cyd):
        await world.follow(each, ann)
    await world.follow(ann, cyd)
    of_bob, of_cyd = [await world.listen(each, HOME, own_app=True) for each in (bob, cyd)]
    await set_note(world.db, ann.id, "psst", "mutuals")
    assert (await notes(world, of_bob), await notes(world, of_cyd)) == ([], [("psst", False)])


async def test_who_is_muted_is_not_heard_and_a_note_that_went_is_not_told(world: World) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await world.follow(bob, ann)
    stream = await world.listen(bob, HOME, own_app=True)
    await set_note(world.db, ann.id, "one", "followers")
    await clear_note(world.db, ann.id)
    await world.settle()
    await mute(world.db, bob.id, ann.id, Mute())
    await set_note(world.db, ann.id, "two", "followers")
    assert ("two", False) not in await notes(world, stream)


async def test_the_frame_is_named_as_weft_s_own(world: World) -> None:
    ann = await world.person("ann")
    stream = await world.listen(ann, HOME, own_app=True)
    await set_note(world.db, ann.id, "hm", "followers")
    await world.settle()
    (delivery,) = await stream.take(0)
    frame = msgspec.json.decode(socket_frame(delivery))
    assert frame["event"] == "weft.note" and msgspec.json.decode(frame["payload"])["text"] == "hm"
