from __future__ import annotations

from tests.notifications.support import LIMITS, World
from weft.kernel.clock import ManualClock
from weft.posts.model import Edit, PollDraft
from weft.posts.service import (
    delete_post,
    edit_post,
    end_polls,
    like_post,
    repost,
    set_thread_mute,
    unlike_post,
    unrepost,
    vote,
)
from weft.relationships.model import Mute, Visibility
from weft.relationships.service import block, mute, unfollow


async def test_who_is_mentioned_is_told_once(world: World) -> None:
    await world.post("ann", "@bob and again @bob")
    assert await world.told("bob") == [("mention", "ann")]
    assert await world.told("ann") == []
    assert world.streamed() == [("mention", "bob")]


async def test_the_author_of_a_post_hears_of_a_reply_that_names_nobody(world: World) -> None:
    post = await world.post("ann")
    await world.post("bob", "yes", reply_to=post.id)
    assert await world.told("ann") == [("mention", "bob")]


async def test_nobody_hears_of_themselves(world: World) -> None:
    post = await world.post("ann", "@ann")
    await world.post("ann", "more", reply_to=post.id)
    await like_post(world.db, world.ids["ann"], post)
    assert await world.told("ann") == []


async def test_a_like_is_told_until_it_is_taken_back(world: World) -> None:
    post = await world.post("ann")
    await like_post(world.db, world.ids["bob"], post)
    assert await world.told("ann") == [("like", "bob")]
    await unlike_post(world.db, world.ids["bob"], post)
    assert await world.told("ann") == []


async def test_of_likes_and_unlikes_in_one_batch_the_last_counts(world: World) -> None:
    post = await world.post("ann")
    await like_post(world.db, world.ids["bob"], post)
    assert await world.told("ann") == [("like", "bob")]
    await unlike_post(world.db, world.ids["bob"], post)
    await like_post(world.db, world.ids["bob"], post)
    assert await world.told("ann") == [("like", "bob")]
    await like_post(world.db, world.ids["cat"], post)
    await unlike_post(world.db, world.ids["cat"], post)
    assert await world.told("ann") == [("like", "bob")]


async def test_a_repost_is_told_about_the_post_until_it_is_taken_back(world: World) -> None:
    post = await world.post("ann")
    await repost(world.db, await world.account("bob"), post, Visibility.PUBLIC)
    assert [(row.kind, row.post_id) for row in await world.rows("ann")] == [("repost", post.id)]
    await unrepost(world.db, world.ids["bob"], post)
    assert await world.told("ann") == []


async def test_a_follow_is_told_until_it_ends(world: World) -> None:
    await world.follow("bob", "ann")
    assert await world.told("ann") == [("follow", "bob")]
    await unfollow(world.db, world.ids["bob"], world.ids["ann"])
    assert await world.told("ann") == []


async def test_a_request_to_follow_is_told_until_it_is_withdrawn(world: World) -> None:
    await world.join("dan", locked=True)
    await world.follow("bob", "dan")
    assert await world.told("dan") == [("follow_request", "bob")]
    await unfollow(world.db, world.ids["bob"], world.ids["dan"])
    assert await world.told("dan") == []


async def test_followers_who_asked_hear_of_posts_but_not_of_replies_to_others(world: World) -> None:
    await world.follow("bob", "ann", notify=True)
    await world.follow("cat", "ann")
    await world.settle()
    other = await world.post("cat")
    await world.post("ann", "news")
    await world.post("ann", "answer", reply_to=other.id)
    await world.direct("ann", "@cat psst")
    await repost(world.db, await world.account("ann"), other, Visibility.PUBLIC)
    assert await world.told("bob") == [("post", "ann")]


async def test_the_quoted_author_hears_of_the_quote_and_the_quoter_of_its_edit(world: World) -> None:
    post = await world.post("ann")
    quote = await world.post("bob", "look", quote_of=post.id)
    assert [(row.kind, row.post_id) for row in await world.rows("ann")] == [("quote", quote.id)]
    await world.settle()
    await edit_post(world.db, await world.account("ann"), post, Edit(text="changed"), LIMITS)
    assert [(row.kind, row.post_id) for row in await world.rows("bob")] == [("quoted_edit", quote.id)]


async def test_reposters_hear_of_the_latest_edit_only(world: World) -> None:
    post = await world.post("ann")
    await repost(world.db, await world.account("bob"), post, Visibility.PUBLIC)
    await edit_post(world.db, await world.account("ann"), post, Edit(text="changed"), LIMITS)
    first = await world.rows("bob")
    await edit_post(world.db, await world.account("ann"), await world.reload(post.id), Edit(text="again"), LIMITS)
    second = await world.rows("bob")
    assert [row.kind for row in second] == ["edit"]
    assert second[0].id > first[0].id


async def test_who_is_named_by_an_edit_is_told_and_nobody_twice(world: World) -> None:
    post = await world.post("ann", "@bob hello")
    await world.settle()
    await edit_post(world.db, await world.account("ann"), post, Edit(text="@bob @cat hello"), LIMITS)
    assert await world.told("bob") == [("mention", "ann")]
    assert await world.told("cat") == [("mention", "ann")]


async def test_voters_and_author_hear_that_a_poll_ended(world: World, clock: ManualClock) -> None:
    poll = PollDraft(options=("a", "b"), expires_in_s=300)
    post = await world.post("ann", "?", poll=poll)
    await vote(world.db, world.ids["bob"], post, [1])
    clock.advance(301)
    await end_polls(world.db)
    assert await world.told("ann") == [("poll", "ann")]
    assert await world.told("bob") == [("poll", "ann")]
    assert await world.told("cat") == []


async def test_staff_hears_of_new_accounts(world: World) -> None:
    await world.join("eve", role="moderator")
    await world.settle()
    await world.join("dan")
    assert await world.told("eve") == [("sign_up", "dan")]
    assert await world.told("ann") == []


async def test_deleting_a_post_removes_what_was_told_of_it(world: World) -> None:
    post = await world.post("ann", "@bob hello")
    await like_post(world.db, world.ids["cat"], post)
    quote = await world.post("bob", "look", quote_of=post.id)
    assert len(await world.rows("ann")) == 2 and len(await world.rows("bob")) == 1
    await delete_post(world.db, world.ids["bob"], quote)
    assert await world.told("ann") == [("like", "cat")]
    await delete_post(world.db, world.ids["ann"], post)
    assert await world.told("ann") == [] and await world.told("bob") == []


async def test_blocked_and_muted_people_and_muted_threads_are_not_heard(world: World) -> None:
    await block(world.db, world.ids["ann"], world.ids["bob"])
    await mute(world.db, world.ids["ann"], world.ids["cat"], Mute())
    post = await world.post("ann")
    await like_post(world.db, world.ids["cat"], post)
    await world.post("bob", "@ann")
    await world.follow("cat", "ann")
    assert await world.told("ann") == []
    await world.join("dan")
    await set_thread_mute(world.db, world.ids["ann"], post, on=True)
    await like_post(world.db, world.ids["dan"], post)
    await world.post("dan", "@ann well", reply_to=post.id)
    assert await world.told("ann") == []


async def test_a_mute_that_leaves_notifications_leaves_them(world: World) -> None:
    await mute(world.db, world.ids["ann"], world.ids["bob"], Mute(notifications=False))
    await world.post("bob", "@ann")
    assert await world.told("ann") == [("mention", "bob")]


async def test_a_block_removes_and_a_mute_hides_what_was_told_before(world: World) -> None:
    await world.post("bob", "@ann")
    await world.post("cat", "@ann")
    await world.settle()
    await mute(world.db, world.ids["ann"], world.ids["cat"], Mute())
    await block(world.db, world.ids["ann"], world.ids["bob"])
    assert await world.told("ann") == []
    async with world.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM notifications") == 1


async def test_likes_of_one_half_day_share_a_group(world: World, clock: ManualClock) -> None:
    post = await world.post("ann")
    for name in ("bob", "cat"):
        await like_post(world.db, world.ids[name], post)
    await world.join("dan")
    await world.settle()
    clock.advance(12 * 3600)
    await like_post(world.db, world.ids["dan"], post)
    keys = [row.group_key for row in await world.rows("ann")]
    assert keys[1] == keys[2] and keys[0] != keys[1]
