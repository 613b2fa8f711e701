from __future__ import annotations

import pytest

from tests.notifications.support import LIMITS, World
from weft.infra.db import Db
from weft.kernel.errors import NotFound
from weft.kernel.paging import Page
from weft.posts.model import Edit
from weft.posts.service import delete_post, edit_post
from weft.relationships.service import block
from weft.timelines.conversations import (
    Conversation,
    drop_conversation,
    load_conversations,
    set_unread,
)
from weft.timelines.events import ConversationChanged


@pytest.fixture
async def world(db: Db) -> World:
    made = World(db)
    for name in ("ann", "bob", "cat"):
        await made.join(name)
    return made


async def conversations(world: World, name: str) -> list[Conversation]:
    await world.settle()
    async with world.db.read() as reader:
        return await load_conversations(reader, world.ids[name], Page(20))


async def test_a_direct_post_opens_a_conversation_that_is_unread_for_the_others(world: World) -> None:
    post = await world.direct("ann", "@bob psst")
    mine, theirs = await conversations(world, "ann"), await conversations(world, "bob")
    assert mine == [Conversation(post.id, post.id, (world.ids["bob"],), unread=False)]
    assert theirs == [Conversation(post.id, post.id, (world.ids["ann"],), unread=True)]
    assert await conversations(world, "cat") == []
    told = {event.account_id for event in world.signals if isinstance(event, ConversationChanged)}
    assert told == {world.ids["ann"], world.ids["bob"]}


async def test_an_answer_marks_it_read_for_its_author_and_unread_for_the_other(world: World) -> None:
    post = await world.direct("ann", "@bob psst")
    answer = await world.direct("bob", "@ann what", reply_to=post.id)
    (mine,), (theirs,) = await conversations(world, "ann"), await conversations(world, "bob")
    assert (mine.id, mine.last_post_id, mine.unread) == (post.id, answer.id, True)
    assert (theirs.id, theirs.last_post_id, theirs.unread) == (post.id, answer.id, False)


async def test_people_join_a_conversation(world: World) -> None:
    post = await world.direct("ann", "@bob psst")
    await world.direct("bob", "@ann @cat look", reply_to=post.id)
    (mine,), (hers,) = await conversations(world, "ann"), await conversations(world, "cat")
    assert set(mine.participants) == {world.ids["bob"], world.ids["cat"]}
    assert hers.id == post.id and set(hers.participants) == {world.ids["ann"], world.ids["bob"]}


async def test_deleting_the_last_post_steps_back_and_the_only_one_ends_it(world: World) -> None:
    post = await world.direct("ann", "@bob psst")
    second = await world.direct("ann", "@bob hey", reply_to=post.id)
    assert (await conversations(world, "bob"))[0].last_post_id == second.id
    await delete_post(world.db, world.ids["ann"], second)
    assert (await conversations(world, "bob"))[0].last_post_id == post.id
    await delete_post(world.db, world.ids["ann"], post)
    assert await conversations(world, "bob") == [] and await conversations(world, "ann") == []


async def test_an_edit_that_names_somebody_brings_them_in(world: World) -> None:
    post = await world.direct("ann", "@bob psst")
    await world.settle()
    await edit_post(world.db, await world.account("ann"), post, Edit(text="@bob @cat psst"), LIMITS)
    assert [found.id for found in await conversations(world, "cat")] == [post.id]


async def test_blocked_people_open_no_conversation(world: World) -> None:
    await block(world.db, world.ids["bob"], world.ids["ann"])
    await world.direct("ann", "@bob psst")
    assert await conversations(world, "bob") == []


async def test_reading_and_dropping(world: World) -> None:
    post = await world.direct("ann", "@bob psst")
    await world.settle()
    assert not (await set_unread(world.db, world.ids["bob"], post.id, unread=False)).unread
    await drop_conversation(world.db, world.ids["bob"], post.id)
    assert await conversations(world, "bob") == []
    with pytest.raises(NotFound):
        await drop_conversation(world.db, world.ids["bob"], post.id)
    with pytest.raises(NotFound):
        await set_unread(world.db, world.ids["cat"], post.id, unread=True)
    await world.direct("ann", "@bob again", reply_to=post.id)
    assert len(await conversations(world, "bob")) == 1
