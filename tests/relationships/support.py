"""What the tests of relationships look at: both mirrors of every edge, the counters, the outbox."""

from __future__ import annotations

from weft.accounts.service import load_account_counts
from weft.infra.db import Db
from weft.kernel.ids import AccountId
from weft.relationships.model import Relationship
from weft.relationships.service import load_relationships

MIRRORS = """
SELECT (SELECT count(*) FROM (
          SELECT account_id, target_id, id, notify FROM following
          EXCEPT SELECT follower_id, account_id, id, notify FROM followers) one)
     + (SELECT count(*) FROM (
          SELECT follower_id, account_id, id, notify FROM followers
          EXCEPT SELECT account_id, target_id, id, notify FROM following) two)
     + (SELECT count(*) FROM (
          SELECT account_id, target_id, id FROM requested
          EXCEPT SELECT requester_id, account_id, id FROM follow_requests) three)
     + (SELECT count(*) FROM (
          SELECT requester_id, account_id, id FROM follow_requests
          EXCEPT SELECT account_id, target_id, id FROM requested) four)
     + (SELECT count(*) FROM (
          SELECT account_id, target_id, id FROM blocks
          EXCEPT SELECT blocker_id, account_id, id FROM blocked_by) five)
     + (SELECT count(*) FROM (
          SELECT blocker_id, account_id, id FROM blocked_by
          EXCEPT SELECT account_id, target_id, id FROM blocks) six)
     + (SELECT count(*) FROM account_counts c
         WHERE c.following <> (SELECT count(*) FROM following f WHERE f.account_id = c.account_id)
            OR c.followers <> (SELECT count(*) FROM followers f WHERE f.account_id = c.account_id))
     + (SELECT count(*) FROM blocks b JOIN following f
          ON (f.account_id, f.target_id) IN ((b.account_id, b.target_id), (b.target_id, b.account_id)))
"""


async def faults_in_mirrors(db: Db) -> int:
    """Rows without their mirror, counters that are wrong, and follows beside a block."""
    async with db.read() as reader:
        return int(await reader.value(MIRRORS))


async def between(db: Db, viewer: AccountId, other: AccountId) -> Relationship:
    async with db.read() as reader:
        return (await load_relationships(reader, viewer, [other]))[0]


async def counts(db: Db, account_id: AccountId) -> tuple[int, int]:
    """``(following, followers)``"""
    async with db.read() as reader:
        found = (await load_account_counts(reader, [account_id]))[account_id]
    return found.following, found.followers


async def stored_events(db: Db) -> list[str]:
    """Kinds in alphabetical order: rows of one millisecond have no other."""
    async with db.read() as reader:
        return await reader.values("SELECT kind FROM outbox WHERE kind <> 'AccountCreated' ORDER BY kind")
