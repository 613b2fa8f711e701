"""Lists and who is on them."""

import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.relationships.events import Unfollowed
from weft.relationships.model import FollowOptions
from weft.relationships.service import follow, unfollow
from weft.timelines.service import (
    ListEdit,
    add_members,
    create_list,
    delete_list,
    drop_unfollowed,
    edit_list,
    lists_with,
    load_lists,
    members_page,
    remove_members,
    require_list,
)


@pytest.fixture
async def people(db: Db, clock: ManualClock) -> list[AccountId]:
    """Four accounts; the first follows the next two."""
    made = []
    for name in ("ann", "bob", "carl", "dora"):
        clock.advance(1)
        made.append((await create_account(db, NewAccount(username=name))).id)
    for other in made[1:3]:
        await follow(db, made[0], other, FollowOptions())
    return made


async def test_a_list_is_made_changed_and_deleted_by_its_owner_only(db: Db, people: list[AccountId]) -> None:
    ann, bob, *_ = people
    made = await create_list(db, ann, ListEdit(title=" Friends ", replies_policy="followed", exclusive=True))
    assert (made.title, made.replies_policy, made.exclusive) == ("Friends", "followed", True)
    changed = await edit_list(db, ann, made.id, ListEdit(title="Close friends"))
    assert (changed.title, changed.replies_policy, changed.exclusive) == ("Close friends", "followed", True)
    for refused in (edit_list(db, bob, made.id, ListEdit(title="x")), delete_list(db, bob, made.id)):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(Invalid):
        await create_list(db, ann, ListEdit(title=" "))
    await add_members(db, ann, made.id, [bob])
    await delete_list(db, ann, made.id)
    async with db.read() as reader:
        assert await load_lists(reader, ann) == []
        assert await reader.value("SELECT count(*) FROM list_accounts") == 0


async def test_only_followed_accounts_can_be_on_a_list(db: Db, people: list[AccountId]) -> None:
    ann, bob, carl, dora = people
    made = await create_list(db, ann, ListEdit(title="l"))
    await add_members(db, ann, made.id, [bob, carl, bob, ann])
    with pytest.raises(NotFound):
        await add_members(db, ann, made.id, [bob, dora])
    with pytest.raises(NotFound):
        await add_members(db, bob, made.id, [])
    await remove_members(db, ann, made.id, [ann, dora])
    async with db.read() as reader:
        assert set((await members_page(reader, made.id, Page(10))).items) == {bob, carl}
        assert await lists_with(reader, ann, bob) == [made]
        assert await lists_with(reader, bob, bob) == []
        with pytest.raises(NotFound):
            await require_list(reader, bob, made.id)


async def test_members_are_paged_by_hidden_ids(db: Db, clock: ManualClock, people: list[AccountId]) -> None:
    ann, bob, carl, _ = people
    made = await create_list(db, ann, ListEdit(title="l"))
    for member in (ann, bob, carl):
        clock.advance(1)
        await add_members(db, ann, made.id, [member])
    async with db.read() as reader:
        first = await members_page(reader, made.id, Page(2))
        rest = await members_page(reader, made.id, Page(2, before=first.next_id or 0))
        back = await members_page(reader, made.id, Page(1, after=rest.prev_id or 0, upwards=True))
    assert (first.items, rest.items, back.items) == ([carl, bob], [ann], [bob])


async def test_who_is_no_longer_followed_leaves_the_lists(db: Db, people: list[AccountId]) -> None:
    ann, bob, carl, _ = people
    made = await create_list(db, ann, ListEdit(title="l"))
    await add_members(db, ann, made.id, [bob, carl])
    await unfollow(db, ann, bob)
    late = [Unfollowed(account_id=ann, target_id=bob), Unfollowed(account_id=ann, target_id=carl)]
    for _ in "12":
        async with db.job() as tx:
            await drop_unfollowed(tx, late)
    async with db.read() as reader:
        assert (await members_page(reader, made.id, Page(10))).items == [carl]
