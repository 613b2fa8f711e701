from __future__ import annotations

from tests.support.town import Person, Town
from weft.kernel.ids import PostId, bucket_of
from weft.posts.heat import HOT_RATE, Heat
from weft.posts.service import like_post, load_counts, load_posts, unlike_post

POST = PostId(7)
SLOTS = "SELECT slot FROM post_counts WHERE bucket = $1 AND post_id = $2 ORDER BY slot"


def test_a_post_is_hot_beyond_so_many_changes_a_second_and_in_the_next_one() -> None:
    heat = Heat()
    assert [heat.note(POST, 1000) for _ in range(HOT_RATE + 1)] == [False] * HOT_RATE + [True]
    assert heat.note(PostId(8), 1500) is False
    assert heat.note(POST, 2000) is True
    assert heat.note(POST, 3000) is False


def test_a_post_that_was_hot_long_ago_is_not() -> None:
    heat = Heat()
    for _ in range(HOT_RATE + 1):
        heat.note(POST, 1000)
    assert heat.note(POST, 9000) is False


async def test_likes_of_a_hot_post_are_spread_and_all_counted(town: Town, ann: Person, bob: Person) -> None:
    id_ = int((await ann.say("everyone likes this"))["id"])
    async with town.db.read() as reader:
        post = (await load_posts(reader, [id_]))[id_]
    eve = await town.person("eve")
    for who in (eve, bob):
        town.clock.advance(0.001)
        await like_post(town.db, who.account.id, post, hot=True)
    async with town.db.read() as reader:
        assert 0 not in await reader.values(SLOTS, bucket_of(id_), id_)
        assert (await load_counts(reader, [id_]))[id_].likes == 2
    await town.delete(eve)  # whose likes are purged
    await town.work()
    async with town.db.read() as reader:
        assert (await load_counts(reader, [id_]))[id_].likes == 1
    await unlike_post(town.db, bob.account.id, post)
    async with town.db.read() as reader:
        assert (await load_counts(reader, [id_]))[id_].likes == 0
