"""Streams: who hears of what, at which moment rights end them, and what one post costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.support.streaming import HOME, LIMITS, World
from weft.accounts.events import AccountStateChanged, Notified, UserChanged
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, NotFound, Unavailable
from weft.posts.events import PostCreated
from weft.posts.model import Edit
from weft.posts.service import delete_post, edit_post, repost
from weft.relationships.blocks import block, mute
from weft.relationships.follows import unfollow
from weft.relationships.model import Mute, Visibility
from weft.timelines.connections import QUEUE, STUCK_S, Body, Connection, Delivery
from weft.timelines.events import ConversationChanged
from weft.timelines.interest import Channel
from weft.timelines.service import (
    FilterEdit,
    KeywordEdit,
    ListEdit,
    add_members,
    create_filter,
    create_list,
    follow_tag,
)
from weft.timelines.streams import MOST_CHANNELS, MOST_PER_ACCOUNT, MOST_PER_ADDRESS

PUBLIC = Channel(kind="public", label=("public",))
NOTIFICATIONS = Channel(kind="notifications", label=("user:notification",))
DIRECT = Channel(kind="conversations", label=("direct",))


def tag(name: str) -> Channel:
    return Channel(kind="tag", label=("hashtag", name), tag=name)


@pytest.fixture
async def world(db: Db, clock: ManualClock) -> AsyncIterator[World]:
    made = World(db, clock)
    made.start()
    yield made
    await made.streams.stop()


async def test_home_tells_followers_and_the_author_and_nobody_else(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    await world.follow(bob, ann)
    of_ann, of_bob, of_cyd = [await world.listen(each, HOME) for each in (ann, bob, cyd)]
    await world.say(ann, "hello")
    assert await world.heard(of_ann) == await world.heard(of_bob) == [("post", "hello")]
    assert await world.heard(of_cyd) == []


async def test_a_follow_counts_from_the_next_post_on_and_an_unfollow_too(world: World) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    stream = await world.listen(bob, HOME)
    await world.say(ann, "before")
    await world.settle()
    await world.follow(bob, ann)
    await world.say(ann, "while")
    assert await world.heard(stream) == [("post", "while")]
    await unfollow(world.db, bob.id, ann.id)
    await world.say(ann, "after")
    assert await world.heard(stream) == []


async def test_direct_posts_reach_those_they_mention_and_posts_for_followers_only_followers(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    await world.follow(cyd, ann)
    of_ann, of_bob, of_cyd = [await world.listen(each, HOME, PUBLIC) for each in (ann, bob, cyd)]
    await world.say(ann, "@bob psst", Visibility.DIRECT)
    await world.say(ann, "friends", Visibility.FOLLOWERS)
    assert len(await world.heard(of_ann)) == 2
    assert [("psst" in text) for _, text in await world.heard(of_bob)] == [True]
    assert await world.heard(of_cyd) == [("post", "friends")]


async def test_blocks_mutes_and_hiding_filters_are_asked_at_the_handing_out(world: World) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    stream = await world.listen(bob, PUBLIC)
    await create_filter(
        world.db,
        bob.id,
        FilterEdit(title="no", contexts=("public",), action="hide", keywords=(KeywordEdit(keyword="spoiler"),)),
    )
    await world.say(ann, "a spoiler")
    await world.say(ann, "plain")
    assert await world.heard(stream) == [("post", "plain")]
    await mute(world.db, bob.id, ann.id, Mute())
    await world.say(ann, "muted")
    assert await world.heard(stream) == []
    cyd = await world.person("cyd")
    await block(world.db, cyd.id, bob.id)
    await world.say(cyd, "blocked")
    assert await world.heard(stream) == []


async def test_public_streams_show_no_replies_reposts_or_unlisted_posts(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    stream = await world.listen(cyd, PUBLIC)
    elsewhere = await world.listen(cyd, Channel(kind="public", label=("public:remote",), place="elsewhere"))
    media = await world.listen(cyd, Channel(kind="public", label=("public:media",), only_media=True))
    post = await world.say(ann, "root")
    await world.say(bob, "reply", reply_to=post.id)
    await world.say(ann, "self reply", reply_to=post.id)
    await world.say(ann, "quiet", Visibility.UNLISTED)
    await repost(world.db, bob, post, Visibility.PUBLIC)
    assert await world.heard(stream) == [("post", "root"), ("post", "self reply")]
    assert await world.heard(elsewhere) == await world.heard(media) == []


async def test_tags_reach_tag_streams_and_the_homes_that_follow_them(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    of_bob, of_cyd = await world.listen(bob, HOME), await world.listen(cyd, tag("tea"), tag("coffee"))
    await follow_tag(world.db, bob.id, "tea")
    await world.settle()
    await world.say(ann, "#Tea time")
    await world.say(ann, "nothing")
    assert len(await world.heard(of_bob)) == len(await world.heard(of_cyd)) == 1


async def test_lists_follow_their_members_and_belong_to_their_owner(world: World) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await world.follow(bob, ann)
    listed = await create_list(world.db, bob.id, ListEdit(title="friends"))
    channel = Channel(kind="list", label=("list", str(listed.id)), list_id=listed.id)
    with pytest.raises(NotFound):
        await world.listen(ann, channel)
    stream = await world.listen(bob, channel)
    await world.say(ann, "before")
    assert await world.heard(stream) == []
    await add_members(world.db, bob.id, listed.id, [ann.id])
    await world.settle()
    await world.say(ann, "after")
    assert await world.heard(stream) == [("post", "after")]


async def test_edits_and_deletes_follow_the_post_also_inside_a_repost(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    await world.follow(cyd, bob)
    stream = await world.listen(cyd, HOME)
    post = await world.say(ann, "first")
    await repost(world.db, bob, post, Visibility.PUBLIC)
    assert await world.heard(stream) == [("post", "first")]
    post = await edit_post(world.db, ann, post, Edit(text="second"), LIMITS)
    assert await world.heard(stream) == [("edit", "second")]
    await delete_post(world.db, ann.id, post)
    assert ("delete", str(post.id)) in await world.heard(stream)


async def test_a_delete_is_told_only_to_those_who_could_see_the_post(world: World) -> None:
    ann, bob, cyd = [await world.person(name) for name in ("ann", "bob", "cyd")]
    await world.follow(bob, ann)
    of_bob, of_cyd = await world.listen(bob, HOME), await world.listen(cyd, HOME, PUBLIC, tag("x"))
    post = await world.say(ann, "friends #x", Visibility.FOLLOWERS)
    await delete_post(world.db, ann.id, post)
    assert (await world.heard(of_bob))[-1] == ("delete", str(post.id))
    assert await world.heard(of_cyd) == []


async def test_notifications_and_conversations_reach_their_own_channels(world: World) -> None:
    ann = await world.person("ann")
    home, narrow = await world.listen(ann, HOME), await world.listen(ann, HOME, notifications=False)
    news, direct = await world.listen(ann, NOTIFICATIONS), await world.listen(ann, DIRECT)
    world.signals.publish([Notified(account_id=ann.id, notification_id=7, kind="follow")])
    world.signals.publish([ConversationChanged(account_id=ann.id, conversation_id=8)])
    assert await world.heard(home) == await world.heard(news) == [("notification", '{"id":"7"}')]
    assert await world.heard(direct) == [("conversation", '{"id":"8"}')]
    assert await world.heard(narrow) == []


async def test_a_lost_right_ends_the_streams_at_once(world: World) -> None:
    ann = await world.person("ann")
    first, second = await world.listen(ann, HOME, token_id=1), await world.listen(ann, HOME, token_id=2)
    world.end_access(ann.id, token_id=1)
    assert first.closing == "access" and not second.is_closed()
    await world.say(ann, "after")
    assert await first.take() == []
    world.signals.publish([AccountStateChanged(account_id=ann.id, state="suspended")])
    assert second.closing == "access"
    assert world.streams.open_count == 0


async def test_a_changed_login_or_lost_messages_are_reason_to_ask_for_the_right_again(world: World) -> None:
    ann = await world.person("ann")
    allowed = [True]

    async def still_allowed() -> bool:
        return allowed[0]

    def change_login() -> None:
        world.signals.publish([UserChanged(account_id=ann.id)])

    for doubt in (change_login, world.signals.reset):
        allowed[0] = True
        stream = await world.listen(ann, HOME, still_allowed=still_allowed)
        doubt()
        await world.settle()
        assert not stream.is_closed()
        allowed[0] = False
        doubt()
        await world.settle()
        assert stream.closing == "access"


async def test_behind_a_slow_reader_the_oldest_go_and_a_reader_that_stands_still_is_closed(world: World) -> None:
    ann = await world.person("ann")
    stream = await world.listen(ann, HOME)
    now = asyncio.get_running_loop().time()
    for n in range(QUEUE + 10):
        stream.put(Delivery("delete", ("user",), Body(str(n).encode())), now)
    assert not stream.is_closed()
    taken = await stream.take()
    assert [int(each.body.content) for each in taken] == list(range(10, QUEUE + 10))
    for _ in range(QUEUE):
        stream.put(Delivery("delete", ("user",), Body(b"1")), now + STUCK_S + 1)
    assert not stream.is_closed()
    stream.put(Delivery("delete", ("user",), Body(b"1")), now + STUCK_S + 1)
    assert stream.closing == "stuck"


async def test_channels_and_connections_have_bounds(world: World) -> None:
    ann = await world.person("ann")
    stream = await world.listen(ann, *(tag(f"t{n}") for n in range(MOST_CHANNELS)))
    with pytest.raises(Conflict):
        await world.streams.subscribe(stream, PUBLIC)
    more = [await world.listen(ann) for _ in range(MOST_PER_ACCOUNT)]
    assert stream.is_closed() and not more[0].is_closed()
    assert world.streams.open_count == MOST_PER_ACCOUNT
    others = [await world.person(f"p{n}") for n in range(MOST_PER_ADDRESS // MOST_PER_ACCOUNT - 1)]
    for other in others:
        for _ in range(MOST_PER_ACCOUNT):
            await world.listen(other)
    with pytest.raises(Unavailable):
        await world.listen(await world.person("late"))


async def test_nothing_is_left_of_a_connection_that_closed(world: World) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await world.follow(bob, ann)
    stream = await world.listen(bob, HOME, PUBLIC, tag("x"), NOTIFICATIONS)
    world.streams.close(stream)
    interest = world.streams._interest
    assert not (interest._by_author or interest._by_tag or interest._by_account or interest._public)
    assert not (world.streams._owners or world.streams._by_account or world.streams._by_address)


async def test_draining_closes_everyone_and_takes_nobody(world: World) -> None:
    ann = await world.person("ann")
    stream = await world.listen(ann, HOME)
    closing = asyncio.create_task(world.streams.close_all())
    assert await stream.take() == []
    assert stream.closing == "stopping"
    world.streams.close(stream)
    await closing
    with pytest.raises(Unavailable):
        await world.listen(ann)


async def test_a_post_costs_little_with_a_hundred_homes_and_five_public_streams(db: Db, clock: ManualClock) -> None:
    world = World(db, clock, limited=False)
    world.start()
    ann = await world.person("ann")
    people = [await world.person(f"p{n}") for n in range(100)]
    await world.follow(people[0], ann)
    homes: list[Connection] = [await world.listen(each, HOME) for each in people]
    public = [await world.listen(each, PUBLIC) for each in people[:5]]
    posts = [await world.say(ann, f"a post with one #tag and some words, number {n}") for n in range(50)]
    await world.settle()
    loaded = await world.presenter.load([post.id for post in posts])
    assert len(loaded) == 50
    for stream in (*homes, *public):
        await stream.take(0)
    events = [PostCreated(post_id=post.id, author_id=ann.id, tags=post.tags) for post in posts] * 4
    began = time.process_time()
    for event in events:
        world.streams._note(event)
    noted = time.process_time() - began
    await world.settle()
    spent = time.process_time() - began
    print(
        f"note {noted / 200 * 1e6:.1f} us, note and hand out to 1 home and 5 public {spent / 200 * 1e6:.1f} us a post"
    )
    assert len(await homes[0].take(0)) == 200
    assert [len(await each.take(0)) for each in public] == [200] * 5
    assert await homes[1].take(0) == []
    assert spent / 200 < 0.001
    await world.streams.stop()


async def test_an_idle_stream_hears_of_a_post_within_ten_milliseconds(world: World) -> None:
    ann, bob = await world.person("ann"), await world.person("bob")
    await world.follow(bob, ann)
    stream = await world.listen(bob, HOME)
    await world.say(ann, "warm")
    await stream.take()
    delays = []
    for n in range(20):
        await world.say(ann, f"post {n}")
        began = time.perf_counter()
        assert await stream.take(5)
        delays.append(time.perf_counter() - began)
    print(f"seen after {min(delays) * 1000:.1f} to {max(delays) * 1000:.1f} ms")
    assert min(delays) < 0.01
