"""Threads in memory say what the store says, whatever comes while they are read."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.town import Person, Town
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import PostId
from weft.posts.events import PostCreated
from weft.posts.model import Post
from weft.posts.service import USERS_REACH, load_context, load_posts
from weft.timelines.threads import Threads


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def ann(town: Town) -> Person:
    return await town.person("ann")


async def post_of(db: Db, id_: str) -> Post:
    async with db.read() as reader:
        return (await load_posts(reader, [int(id_)]))[PostId(int(id_))]


async def stored(db: Db, post: Post) -> tuple[list[int], list[int]]:
    async with db.read() as reader:
        return await load_context(reader, post, USERS_REACH)


async def test_a_kept_thread_takes_new_replies_in_without_being_read_again(db: Db, town: Town, ann: Person) -> None:
    threads = town.app.timelines.threads
    root = await ann.say("root")
    post = await post_of(db, root["id"])
    assert await threads.around(post, USERS_REACH) == ([], [])
    one = await ann.say("one", in_reply_to_id=root["id"])
    two = await ann.say("two", in_reply_to_id=root["id"])
    deep = await ann.say("deep", in_reply_to_id=one["id"])
    below = [int(one["id"]), int(deep["id"]), int(two["id"])]
    assert await threads.around(post, USERS_REACH) == await stored(db, post) == ([], below)
    last = await post_of(db, deep["id"])
    assert await threads.around(last, USERS_REACH) == ([int(root["id"]), int(one["id"])], [])
    town.app.signals.reset()
    assert await threads.around(post, USERS_REACH) == ([], below)


async def test_a_load_that_a_reply_overtook_is_not_kept(db: Db, ann: Person) -> None:
    root = await ann.say("root")
    post = await post_of(db, root["id"])
    threads = Threads(db)
    loading = asyncio.create_task(threads.around(post, USERS_REACH))
    await asyncio.sleep(0)
    late = PostId(post.id + (1 << 20))
    threads.created(PostCreated(post_id=late, author_id=post.author_id, reply_to=post.id, root_id=post.id))
    await loading
    one = await ann.say("one", in_reply_to_id=root["id"])  # of this the cache hears nothing
    assert await threads.around(post, USERS_REACH) == ([], [int(one["id"])])


async def test_a_reply_that_comes_twice_or_out_of_turn_stands_where_it_was_written(db: Db, ann: Person) -> None:
    root = await ann.say("root")
    post = await post_of(db, root["id"])
    threads = Threads(db)
    assert await threads.around(post, USERS_REACH) == ([], [])
    replies = [await post_of(db, (await ann.say("re", in_reply_to_id=root["id"]))["id"]) for _ in range(3)]
    for reply in (*reversed(replies), *replies):
        threads.created(
            PostCreated(post_id=reply.id, author_id=reply.author_id, reply_to=reply.reply_to, root_id=reply.root_id)
        )
        found = (await threads.around(post, USERS_REACH))[1]
        assert found == sorted(found)
    assert await threads.around(post, USERS_REACH) == ([], [reply.id for reply in replies])


async def test_the_oldest_threads_go_when_there_are_too_many(db: Db, ann: Person) -> None:
    posts = [await post_of(db, (await ann.say("root"))["id"]) for _ in range(6)]
    threads = Threads(db, most=4)
    for post in posts:
        await threads.around(post, USERS_REACH)
    assert len(threads) == 4
