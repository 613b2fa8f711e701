"""What goes with a deleted account: its follows and requests in both directions, so that nobody counts it any more."""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.follows import unfollow

_BATCH = 500

TARGETS = """
SELECT target_id FROM following WHERE bucket = $1 AND account_id = $2
UNION
SELECT target_id FROM requested WHERE bucket = $1 AND account_id = $2
 LIMIT $3
"""

SOURCES = """
SELECT follower_id FROM followers WHERE bucket = $1 AND account_id = $2
UNION
SELECT requester_id FROM follow_requests WHERE bucket = $1 AND account_id = $2
 LIMIT $3
"""


async def end_ties(db: Db, account_id: AccountId) -> None:
    """End every follow of and by an account, each at both ends; cut short anywhere, the next run goes on."""
    own = bucket_of(account_id)
    ended = True
    while ended:
        async with db.read() as reader:
            targets = await reader.values(TARGETS, own, account_id, _BATCH)
            sources = await reader.values(SOURCES, own, account_id, _BATCH)
        ended = False
        for target_id in targets:
            ended |= await unfollow(db, account_id, target_id)
        for source_id in sources:
            ended |= await unfollow(db, source_id, account_id)
