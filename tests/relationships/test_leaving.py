from __future__ import annotations

from tests.relationships.support import counts, faults_in_mirrors
from weft.accounts.events import AccountStateChanged
from weft.accounts.service import delete_account
from weft.infra.db import Db
from weft.kernel.ids import AccountId
from weft.relationships.jobs import Leaving
from weft.relationships.model import FollowOptions
from weft.relationships.service import count_follow_requests, follow


async def test_nobody_counts_a_deleted_account(db: Db, ann: AccountId, bob: AccountId, lock: AccountId) -> None:
    await follow(db, ann, bob, FollowOptions())
    await follow(db, bob, ann, FollowOptions())
    await follow(db, ann, lock, FollowOptions())
    await delete_account(db, ann)
    for _ in range(2):  # told twice, done once
        await Leaving(db).end(AccountStateChanged(account_id=ann, state="deleted"))
    assert await counts(db, bob) == (0, 0)
    assert await faults_in_mirrors(db) == 0
    async with db.read() as reader:
        assert await count_follow_requests(reader, lock) == 0


async def test_a_suspended_account_keeps_its_ties_for_the_day_it_comes_back(
    db: Db, ann: AccountId, bob: AccountId
) -> None:
    await follow(db, ann, bob, FollowOptions())
    await Leaving(db).end(AccountStateChanged(account_id=ann, state="suspended"))
    assert sum(await counts(db, bob)) == 1
