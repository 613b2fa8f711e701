"""Author rings against a naive oracle: whatever was posted and removed, a page is what sorting all posts gives."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.postgres import Servers, run
from weft.infra.db import Db, open_db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import MAX_ID, AccountId, PostId, make_id
from weft.posts.events import PostCreated, PostDeleted
from weft.timelines.rings import MEDIA, REPLY, REPOST, RING, AuthorRings, newer_posts, older_posts

INSERT = """
INSERT INTO posts (bucket, id, author_id, text, visibility) SELECT $1, id, $2, '', 0 FROM unnest($3::bigint[]) AS id
"""
DELETE = """
UPDATE posts SET state = 1 WHERE bucket = $1 AND id = $2
"""
AUTHORS = 5


def author(number: int) -> AccountId:
    return AccountId(make_id(1000, number * 7, number))


def post(number: int, at: int) -> PostId:
    return PostId(make_id(2000 + at, number * 7, number))


class World:
    """The same posts three times: in rows, in rings, and in a plain dictionary."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.rings = AuthorRings(db, authors=2)
        self.all: dict[int, int] = {}
        self.at = 0

    async def write(self, number: int, count: int) -> None:
        ids = []
        for _ in range(count):
            self.at += 1
            ids.append(post(number, self.at))
        async with self.db.tx(number * 7) as tx:
            await tx.execute(INSERT, number * 7, author(number), ids)
        for id_ in ids:
            self.all[id_] = author(number)
            self.rings.created(PostCreated(post_id=PostId(id_), author_id=author(number)))

    async def remove(self, pick: int) -> None:
        if not self.all:
            return
        id_ = sorted(self.all)[pick % len(self.all)]
        owner = self.all.pop(id_)
        async with self.db.tx((id_ >> 6) & 1023) as tx:
            await tx.execute(DELETE, (id_ >> 6) & 1023, id_)
        self.rings.deleted(PostDeleted(post_id=PostId(id_), author_id=AccountId(owner)))

    async def check(self, numbers: list[int], before: int, after: int, count: int, *, upwards: bool) -> None:
        wanted = {author(number) for number in numbers}
        slots = await self.rings.slots(sorted(wanted))
        page = await self.rings.page(slots, before, after, count, upwards=upwards)
        ids = sorted((id_ for id_, owner in self.all.items() if owner in wanted and after < id_ < before), reverse=True)
        assert [entry.id for entry in page] == (ids[-count:] if upwards else ids[:count])
        assert all(self.all[entry.id] == entry.author_id for entry in page)


Step = st.one_of(
    st.tuples(st.just("write"), st.integers(1, AUTHORS), st.integers(1, 3 * RING // 2)),
    st.tuples(st.just("remove"), st.integers(0, 10_000), st.just(0)),
    st.tuples(st.just("read"), st.integers(1, 2**AUTHORS - 1), st.integers(1, 50)),
    st.tuples(st.just("reset"), st.just(0), st.just(0)),
)


async def _play(url: str, steps: list[tuple[str, int, int]], seed: int) -> None:
    db = await open_db(url, ManualClock(10_000), size=2)
    chance = random.Random(seed)
    try:
        async with db.job() as tx:
            await tx.execute("DELETE FROM posts  -- all buckets")
        world = World(db)
        for kind, first, second in steps:
            match kind:
                case "write":
                    await world.write(first, second)
                case "remove":
                    await world.remove(first)
                case "reset":
                    world.rings.reset()
                case _:
                    numbers = [number for number in range(1, AUTHORS + 1) if first >> (number - 1) & 1]
                    cursors = [0, MAX_ID, *world.all]
                    low, high = sorted((chance.choice(cursors), chance.choice(cursors)))
                    await world.check(numbers, MAX_ID, 0, second, upwards=False)
                    await world.check(numbers, high, 0, second, upwards=False)
                    await world.check(numbers, high, low, second, upwards=False)
                    await world.check(numbers, high, low, second, upwards=True)
    finally:
        await db.close()


def test_a_page_from_rings_is_what_sorting_everything_gives(servers: Servers) -> None:
    with servers.database("embedded", migrated=True) as url:

        @settings(max_examples=50, deadline=None)
        @given(st.lists(Step, min_size=1, max_size=25), st.integers(0, 1000))
        def play(steps: list[tuple[str, int, int]], seed: int) -> None:
            run(_play(url, steps, seed))

        play()


async def test_a_post_that_comes_while_its_author_is_loaded_is_not_lost(db: Db) -> None:
    world = World(db)
    await world.write(1, 3)
    loading = asyncio.create_task(world.rings.slots([author(1)]))
    await asyncio.sleep(0)
    await world.write(1, 2)
    await loading
    await world.check([1], MAX_ID, 0, 10, upwards=False)


KINDS = """
INSERT INTO posts (bucket, id, author_id, text, visibility, reply_to, reply_to_account, repost_of, repost_author,
                   media_ids)
VALUES ($1, $2, $3, '', 0, $4, $4, $5, $5, $6)
"""


async def test_a_loaded_post_is_of_the_same_kind_as_one_that_was_told(db: Db) -> None:
    """Reply, repost and media, alone and together: home asks these flags whether it shows a post."""
    who, flags = author(1), {}
    async with db.tx(7) as tx:
        for at, (reply, repost, media) in enumerate([(0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (9, 0, 9)], 1):
            id_ = post(1, at)
            await tx.execute(KINDS, 7, id_, who, reply or None, repost or None, [media] if media else [])
            flags[id_] = (REPLY if reply else 0) | (REPOST if repost else 0) | (MEDIA if media else 0)
    async with db.read() as reader:
        for found in (await older_posts(reader, [who], MAX_ID, 9), await newer_posts(reader, [who], 0, 9)):
            assert {entry.id: entry.flags for entry in found} == flags
