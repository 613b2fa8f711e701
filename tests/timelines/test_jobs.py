from __future__ import annotations

import asyncio

import pytest

from tests.notifications.support import LIMITS, World
from weft.accounts.service import set_state
from weft.infra.db import Db
from weft.kernel.ids import bucket_of, random_bucket
from weft.kernel.paging import Page
from weft.posts.events import PostCreated
from weft.posts.model import Edit
from weft.posts.service import delete_post, edit_post, repost
from weft.relationships.model import Visibility
from weft.timelines.jobs import index_places
from weft.timelines.recent import public_posts, tagged_posts

USES = "SELECT tag, sum(uses)::int FROM tag_days GROUP BY tag ORDER BY tag"


@pytest.fixture
async def world(db: Db) -> World:
    made = World(db)
    for name in ("ann", "bob"):
        await made.join(name)
    return made


async def public(world: World) -> list[int]:
    await world.settle()
    async with world.db.read() as reader:
        return [entry.id for entry in await public_posts(reader, Page(40))]


async def tagged(world: World, tag: str) -> list[int]:
    await world.settle()
    async with world.db.read() as reader:
        return [entry.id for entry in await tagged_posts(reader, tag, Page(40))]


async def test_the_public_timeline_holds_public_posts_that_answer_nobody_else(world: World) -> None:
    first = await world.post("ann")
    own = await world.post("ann", "more", reply_to=first.id)
    await world.post("bob", "answer", reply_to=first.id)
    for visibility in (Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.DIRECT):
        await world.post("ann", "hidden #hidden", visibility=visibility)
    await repost(world.db, await world.account("bob"), first, Visibility.PUBLIC)
    assert await public(world) == [own.id, first.id]
    assert await tagged(world, "hidden") == []


async def test_limited_authors_are_in_no_public_place(world: World) -> None:
    async with world.db.tx(bucket_of(world.ids["ann"])) as tx:
        await set_state(tx, world.ids["ann"], "limited")
    await world.post("ann", "hello #here")
    assert await public(world) == [] and await tagged(world, "here") == []


async def test_a_deleted_post_leaves_every_place(world: World) -> None:
    post = await world.post("ann", "#one #two")
    assert await public(world) == [post.id]
    await delete_post(world.db, world.ids["ann"], post)
    assert await public(world) == [] and await tagged(world, "one") == []


async def test_an_edit_moves_a_post_between_tags(world: World) -> None:
    post = await world.post("ann", "#One #two")
    assert await tagged(world, "one") == [post.id]
    await edit_post(world.db, await world.account("ann"), post, Edit(text="#two #three"), LIMITS)
    assert await tagged(world, "one") == []
    assert await tagged(world, "two") == await tagged(world, "three") == [post.id]


async def test_edits_there_and_back_in_one_batch_leave_the_last_tags(world: World) -> None:
    post = await world.post("ann", "#one")
    for text in ("#two", "#one"):
        await edit_post(world.db, await world.account("ann"), await world.reload(post.id), Edit(text=text), LIMITS)
    assert await tagged(world, "one") == [post.id] and await tagged(world, "two") == []


async def test_uses_of_a_tag_are_counted_once_for_each_post(world: World) -> None:
    post = await world.post("ann", "#one #ONE")
    await world.post("bob", "#one")
    await world.settle()
    await edit_post(world.db, await world.account("ann"), post, Edit(text="#one #two"), LIMITS)
    await world.settle()
    async with world.db.read() as reader:
        assert [tuple(row) for row in await reader.rows(USES)] == [("one", 2), ("two", 1)]
        assert await reader.values("SELECT tag FROM search_tags ORDER BY tag") == ["one", "two"]


async def test_workers_that_count_the_same_tags_do_not_wait_for_each_other_for_ever(db: Db) -> None:
    tags = [f"tag{number}" for number in range(12)]

    async def work(worker: int) -> None:
        author = db.ids.new(random_bucket())
        for batch in range(10):
            names = tags[(worker + batch) % 5 :] + tags[: (worker + batch) % 5]
            events = [
                PostCreated(post_id=db.ids.new(worker), author_id=author, tags=(names[at], names[-1 - at]))  # type: ignore[arg-type]
                for at in range(6)
            ]
            async with db.job() as tx:
                await index_places(tx, events)

    await asyncio.gather(*(work(worker) for worker in range(4)))
    async with db.read() as reader:
        assert await reader.value("SELECT sum(uses) FROM tag_days") == 4 * 10 * 6 * 2
