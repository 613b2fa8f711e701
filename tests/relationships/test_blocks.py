"""Blocks, mutes with their end, hosts, comments, endorsements, and the pages that show them."""

import pytest

from tests.relationships.support import between, counts, faults_in_mirrors, stored_events
from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Forbidden, Invalid
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.relationships.events import Blocked, HostBlocksChanged, Muted, Unblocked, Unmuted
from weft.relationships.model import FollowOptions, Mute
from weft.relationships.service import (
    block,
    block_host,
    blocks_page,
    count_host_ties,
    endorse,
    endorsed_page,
    follow,
    followers_page,
    friends_of_friends,
    host_blocks_page,
    lift_ended_mutes,
    load_bounds,
    load_familiar,
    mute,
    mutes_page,
    requests_page,
    set_comment,
    unblock,
    unblock_host,
    unendorse,
    unmute,
)

PLAIN = FollowOptions()


async def test_a_block_ends_what_was_between_the_two(
    db: Db, ann: AccountId, bob: AccountId, lock: AccountId, events: list[Event]
) -> None:
    await follow(db, ann, bob, PLAIN)
    await follow(db, bob, ann, PLAIN)
    await follow(db, ann, lock, PLAIN)
    await endorse(db, ann, bob)
    await block(db, bob, ann)
    await block(db, ann, lock)
    seen = await between(db, ann, bob)
    assert seen.blocked_by and not (seen.following or seen.followed_by or seen.endorsed or seen.blocking)
    assert (await between(db, bob, ann)).blocking
    assert not (await between(db, ann, lock)).requested
    assert await counts(db, ann) == (0, 0) and await counts(db, bob) == (0, 0)
    kinds = await stored_events(db)
    assert kinds == [
        *("Blocked", "Blocked", "FollowRequestEnded", "FollowRequested"),
        *("Followed", "Followed", "Unfollowed", "Unfollowed"),
    ]
    assert await faults_in_mirrors(db) == 0


async def test_blocking_and_unblocking_twice_is_the_same_as_once(
    db: Db, ann: AccountId, bob: AccountId, events: list[Event]
) -> None:
    for change in (block, block, unblock, unblock):
        await change(db, ann, bob)
    assert [type(event) for event in events] == [Blocked, Unblocked]
    with pytest.raises(Forbidden):
        await block(db, ann, ann)
    assert await faults_in_mirrors(db) == 0


async def test_a_mute_can_be_changed_and_ends_by_itself(
    db: Db, clock: ManualClock, ann: AccountId, bob: AccountId, lock: AccountId, events: list[Event]
) -> None:
    await mute(db, ann, lock, Mute())
    await mute(db, ann, bob, Mute())
    await mute(db, ann, bob, Mute())
    await mute(db, ann, bob, Mute(notifications=False, until_ms=clock.now_ms() + 60_000))
    seen = await between(db, ann, bob)
    assert (seen.muting, seen.muting_notifications, seen.muting_until_ms) == (True, False, clock.now_ms() + 60_000)
    await lift_ended_mutes(db)
    assert (await between(db, ann, bob)).muting
    clock.advance(61)
    await lift_ended_mutes(db)
    assert not (await between(db, ann, bob)).muting and (await between(db, ann, lock)).muting
    await unmute(db, ann, lock)
    await unmute(db, ann, lock)
    assert [type(event) for event in events] == [Muted, Muted, Muted, Unmuted, Unmuted]
    with pytest.raises(Forbidden):
        await mute(db, ann, ann, Mute())


async def test_a_host_block_ends_follows_with_its_people(
    db: Db, ann: AccountId, bob: AccountId, lock: AccountId, events: list[Event]
) -> None:
    async with db.job() as tx:
        await tx.execute("UPDATE accounts SET host = 'far.example' WHERE id = ANY($1) -- all buckets", [bob, lock])
    await follow(db, ann, bob, PLAIN)
    await follow(db, bob, ann, PLAIN)
    await follow(db, ann, lock, PLAIN)
    assert await count_host_ties(db, ann, "FAR.example") == (1, 1)
    await block_host(db, ann, " Far.Example ")
    await block_host(db, ann, "far.example")
    seen = await between(db, ann, bob)
    assert seen.host_blocking and not seen.following and not seen.followed_by
    assert not (await between(db, ann, lock)).requested
    async with db.read() as reader:
        assert (await load_bounds(reader, ann)).hosts == {"far.example"}
        assert (await host_blocks_page(reader, ann, Page(10))).items == ["far.example"]
    with pytest.raises(Forbidden):
        await follow(db, ann, bob, PLAIN)
    await unblock_host(db, ann, "far.example")
    await unblock_host(db, ann, "far.example")
    assert sum(isinstance(event, HostBlocksChanged) for event in events) == 2
    assert await faults_in_mirrors(db) == 0
    with pytest.raises(Invalid):
        await block_host(db, ann, "no host/at all")


async def test_comments_and_endorsements_are_ones_own(db: Db, ann: AccountId, bob: AccountId) -> None:
    with pytest.raises(Invalid):
        await endorse(db, ann, bob)
    await follow(db, ann, bob, PLAIN)
    await endorse(db, ann, bob)
    await endorse(db, ann, bob)
    await set_comment(db, ann, bob, "met at the fair")
    seen, other = await between(db, ann, bob), await between(db, bob, ann)
    assert (seen.endorsed, seen.comment) == (True, "met at the fair")
    assert (other.endorsed, other.comment) == (False, "")
    async with db.read() as reader:
        assert [entry.account_id for entry in (await endorsed_page(reader, ann, Page(10))).items] == [bob]
    await set_comment(db, ann, bob, "")
    await unendorse(db, ann, bob)
    seen = await between(db, ann, bob)
    assert (seen.endorsed, seen.comment) == (False, "")
    with pytest.raises(Invalid):
        await set_comment(db, ann, bob, "x" * 2001)


async def test_pages_follow_hidden_row_ids_both_ways(db: Db, clock: ManualClock, bob: AccountId) -> None:
    people = [(await create_account(db, NewAccount(username=f"p{n}"))).id for n in range(5)]
    for person in people:
        clock.advance(1)
        await follow(db, person, bob, PLAIN)
    newest_first = people[::-1]
    async with db.read() as reader:
        first = await followers_page(reader, bob, Page(2))
        assert [entry.account_id for entry in first.items] == newest_first[:2]
        second = await followers_page(reader, bob, Page(2, before=first.next_id or 0))
        assert [entry.account_id for entry in second.items] == newest_first[2:4]
        back = await followers_page(reader, bob, Page(2, after=second.prev_id or 0, upwards=True))
        assert [entry.account_id for entry in back.items] == newest_first[:2]
        last = await followers_page(reader, bob, Page(2, before=second.next_id or 0))
        assert ([entry.account_id for entry in last.items], last.next_id) == ([people[0]], None)
        for empty in (requests_page, blocks_page, mutes_page):
            assert (await empty(reader, bob, Page(2))).items == []


async def test_familiar_followers_and_friends_of_friends_come_from_whom_one_follows(
    db: Db, clock: ManualClock, ann: AccountId, bob: AccountId
) -> None:
    carl, dora = [(await create_account(db, NewAccount(username=name))).id for name in ("carl", "dora")]
    for one, other in ((ann, bob), (ann, carl), (bob, dora), (carl, dora), (carl, bob)):
        clock.advance(1)
        await follow(db, one, other, PLAIN)
    async with db.read() as reader:
        assert await load_familiar(reader, [bob, carl], [dora, bob]) == {dora: [carl, bob], bob: [carl]}
        assert await friends_of_friends(reader, ann, [bob, carl], [bob, carl], 10) == [dora]
