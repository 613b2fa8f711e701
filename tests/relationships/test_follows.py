"""Following, asking to follow, and what ends it."""

import asyncio
import contextlib
from collections.abc import Awaitable

import pytest

from tests.relationships.support import between, counts, faults_in_mirrors, stored_events
from weft.accounts.model import ProfileEdit
from weft.accounts.service import edit_profile, set_state
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.errors import Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.blocks import BLOCK, LOCK_PAIR
from weft.relationships.events import FollowChanged, Followed, FollowRequested, FollowRequestEnded, Unfollowed
from weft.relationships.model import FollowOptions
from weft.relationships.service import (
    accept_request,
    block,
    endorse,
    follow,
    followers_among,
    load_following,
    reject_request,
    remove_follower,
    unblock,
    unfollow,
)

PLAIN = FollowOptions()


async def test_a_follow_stands_at_both_ends_and_is_counted(
    db: Db, ann: AccountId, bob: AccountId, events: list[Event]
) -> None:
    assert await follow(db, ann, bob, PLAIN) == "followed"
    seen = await between(db, ann, bob)
    assert (seen.following, seen.reposts, seen.notify, seen.requested) == (True, True, False, False)
    assert (await between(db, bob, ann)).followed_by
    assert await counts(db, ann) == (1, 0)
    assert await counts(db, bob) == (0, 1)
    assert [type(event) for event in events] == [Followed]
    assert await stored_events(db) == ["Followed"]
    async with db.read() as reader:
        assert await followers_among(reader, bob, [ann, bob]) == {ann}
    assert await faults_in_mirrors(db) == 0


async def test_a_second_follow_changes_only_the_options_that_are_given(
    db: Db, ann: AccountId, bob: AccountId, events: list[Event]
) -> None:
    await follow(db, ann, bob, FollowOptions(reposts=False))
    assert await follow(db, ann, bob, FollowOptions(notify=True, languages=("en", "ko"))) == "kept"
    assert await follow(db, ann, bob, FollowOptions(notify=True)) == "kept"
    async with db.read() as reader:
        kept = (await load_following(reader, ann))[bob]
    assert (kept.reposts, kept.notify, kept.languages) == (False, True, ("en", "ko"))
    assert [type(event) for event in events] == [Followed, FollowChanged]
    assert await faults_in_mirrors(db) == 0


async def test_nobody_follows_themselves_or_nobody(db: Db, ann: AccountId) -> None:
    with pytest.raises(Forbidden):
        await follow(db, ann, ann, PLAIN)
    with pytest.raises(NotFound):
        await follow(db, ann, AccountId(12345), PLAIN)
    with pytest.raises(Invalid):
        await follow(db, ann, AccountId(12345), FollowOptions(languages=("not a language",)))


async def test_a_suspended_account_cannot_be_followed(db: Db, ann: AccountId, bob: AccountId) -> None:
    async with db.tx(bucket_of(bob)) as tx:
        await set_state(tx, bob, "suspended")
    with pytest.raises(NotFound):
        await follow(db, ann, bob, PLAIN)


async def test_an_unfollow_takes_both_ends_and_the_endorsement_away(
    db: Db, ann: AccountId, bob: AccountId, events: list[Event]
) -> None:
    await follow(db, ann, bob, PLAIN)
    await endorse(db, ann, bob)
    assert await unfollow(db, ann, bob)
    assert not await unfollow(db, ann, bob)
    seen = await between(db, ann, bob)
    assert not seen.following and not seen.endorsed
    assert await counts(db, ann) == (0, 0) and await counts(db, bob) == (0, 0)
    assert [type(event) for event in events] == [Followed, Unfollowed]
    assert await faults_in_mirrors(db) == 0


async def test_a_follower_can_be_taken_away(db: Db, ann: AccountId, bob: AccountId, events: list[Event]) -> None:
    await follow(db, ann, bob, PLAIN)
    assert await remove_follower(db, bob, ann)
    assert not (await between(db, bob, ann)).followed_by
    assert events[-1] == Unfollowed(account_id=ann, target_id=bob)
    assert await faults_in_mirrors(db) == 0


async def test_a_locked_account_is_asked_and_its_yes_keeps_the_options(
    db: Db, ann: AccountId, lock: AccountId, events: list[Event]
) -> None:
    assert await follow(db, ann, lock, FollowOptions(notify=True)) == "requested"
    assert await follow(db, ann, lock, FollowOptions(reposts=False)) == "kept"
    seen = await between(db, ann, lock)
    assert seen.requested and not seen.following
    assert (await between(db, lock, ann)).requested_by
    assert await counts(db, lock) == (0, 0)
    await accept_request(db, lock, ann)
    seen = await between(db, ann, lock)
    assert (seen.following, seen.requested, seen.notify, seen.reposts) == (True, False, True, False)
    assert await counts(db, ann) == (1, 0) and await counts(db, lock) == (0, 1)
    assert {type(event) for event in events} == {FollowRequested, FollowRequestEnded, Followed}
    assert await stored_events(db) == ["FollowRequestEnded", "FollowRequested", "Followed"]
    assert await faults_in_mirrors(db) == 0
    with pytest.raises(NotFound):
        await accept_request(db, lock, ann)


async def test_a_request_can_be_withdrawn_or_rejected(
    db: Db, ann: AccountId, bob: AccountId, lock: AccountId, events: list[Event]
) -> None:
    await follow(db, ann, lock, PLAIN)
    await follow(db, bob, lock, PLAIN)
    assert await unfollow(db, ann, lock)
    await reject_request(db, lock, bob)
    with pytest.raises(NotFound):
        await reject_request(db, lock, bob)
    assert not (await between(db, ann, lock)).requested and not (await between(db, bob, lock)).requested
    assert events[-1] == FollowRequestEnded(account_id=bob, target_id=lock)
    assert await faults_in_mirrors(db) == 0


async def test_unlocking_accepts_nobody_but_asking_again_then_follows(db: Db, ann: AccountId, lock: AccountId) -> None:
    await follow(db, ann, lock, PLAIN)
    async with db.tx(bucket_of(lock)) as tx:
        await edit_profile(tx, lock, ProfileEdit(locked=False))
    assert (await between(db, ann, lock)).requested
    assert await follow(db, ann, lock, PLAIN) == "followed"
    seen = await between(db, ann, lock)
    assert seen.following and not seen.requested
    assert await faults_in_mirrors(db) == 0


async def test_a_limited_account_can_only_ask(db: Db, ann: AccountId, bob: AccountId) -> None:
    async with db.tx(bucket_of(ann)) as tx:
        await set_state(tx, ann, "limited")
    assert await follow(db, ann, bob, PLAIN) == "requested"


async def test_who_blocks_or_is_blocked_cannot_follow(db: Db, ann: AccountId, bob: AccountId) -> None:
    await block(db, bob, ann)
    for one, other in ((ann, bob), (bob, ann)):
        with pytest.raises(Forbidden) as refused:
            await follow(db, one, other, PLAIN)
        assert refused.value.code == "action.forbidden"
    await unblock(db, bob, ann)
    assert await follow(db, ann, bob, PLAIN) == "followed"


async def test_follows_blocks_and_unfollows_at_once_leave_whole_edges(
    db: Db, ann: AccountId, bob: AccountId, lock: AccountId
) -> None:
    async def quietly(change: Awaitable[object]) -> None:
        with contextlib.suppress(Forbidden, NotFound):
            await change

    for _ in range(12):
        await asyncio.gather(
            quietly(follow(db, ann, bob, PLAIN)),
            quietly(follow(db, bob, ann, PLAIN)),
            quietly(block(db, bob, ann)),
            quietly(follow(db, ann, lock, PLAIN)),
            quietly(accept_request(db, lock, ann)),
            quietly(block(db, lock, ann)),
            quietly(unfollow(db, ann, bob)),
            quietly(unblock(db, bob, ann)),
            quietly(unblock(db, lock, ann)),
        )
        assert await faults_in_mirrors(db) == 0


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_a_follow_that_waited_for_a_block_is_refused(db: Db, ann: AccountId, bob: AccountId) -> None:
    own, theirs = bucket_of(bob), bucket_of(ann)
    async with db.edge(own, theirs) as tx:
        await tx.rows(LOCK_PAIR, own, theirs, bob, ann)
        late = asyncio.create_task(follow(db, ann, bob, PLAIN))
        async with db.read() as reader:
            while not await reader.value(WAITING):
                assert not late.done()
        await tx.row(BLOCK, own, theirs, bob, ann, db.ids.new(own))
    with pytest.raises(Forbidden):
        await late
    assert await faults_in_mirrors(db) == 0 and (await between(db, bob, ann)).blocking


async def test_two_who_follow_each_other_at_once_both_do(db: Db, ann: AccountId, bob: AccountId) -> None:
    for _ in range(10):
        await asyncio.gather(*(follow(db, one, other, PLAIN) for one, other in ((ann, bob), (bob, ann)) for _ in "12"))
        assert await counts(db, ann) == (1, 1) and await counts(db, bob) == (1, 1)
        await asyncio.gather(unfollow(db, ann, bob), unfollow(db, bob, ann), unfollow(db, ann, bob))
        assert await counts(db, ann) == (0, 0) and await counts(db, bob) == (0, 0)
