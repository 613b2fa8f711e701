"""Keeping others away: blocks of accounts and hosts, and mutes with their end.

A block removes follows and requests both ways. It locks both counter rows first, in the order of the accounts, and
counts up ``blockings``, which a follow under way compares (``follows``).
"""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.errors import Forbidden
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.events import (
    Blocked,
    FollowRequestEnded,
    HostBlocksChanged,
    Muted,
    Unblocked,
    Unfollowed,
    Unmuted,
)
from weft.relationships.follows import end_follow, withdraw_request
from weft.relationships.model import Mute, check_host

LOCK_PAIR = """
SELECT account_id FROM account_counts
 WHERE slot = 0 AND ((bucket = $1 AND account_id = $3) OR (bucket = $2 AND account_id = $4))
 ORDER BY account_id FOR NO KEY UPDATE
"""

BLOCK = """
WITH blocked AS (
    INSERT INTO blocks (bucket, account_id, target_id, id) VALUES ($1, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id
), mirrored AS (
    INSERT INTO blocked_by (bucket, account_id, blocker_id, id) SELECT $2, $4, $3, id FROM blocked
), following_them AS (
    DELETE FROM following WHERE bucket = $1 AND account_id = $3 AND target_id = $4 RETURNING id
), their_follower AS (
    DELETE FROM followers WHERE bucket = $2 AND account_id = $4 AND follower_id = $3
), following_me AS (
    DELETE FROM following WHERE bucket = $2 AND account_id = $4 AND target_id = $3 RETURNING id
), my_follower AS (
    DELETE FROM followers WHERE bucket = $1 AND account_id = $3 AND follower_id = $4
), my_request AS (
    DELETE FROM requested WHERE bucket = $1 AND account_id = $3 AND target_id = $4 RETURNING id
), asked_them AS (
    DELETE FROM follow_requests WHERE bucket = $2 AND account_id = $4 AND requester_id = $3
), their_request AS (
    DELETE FROM requested WHERE bucket = $2 AND account_id = $4 AND target_id = $3 RETURNING id
), asked_me AS (
    DELETE FROM follow_requests WHERE bucket = $1 AND account_id = $3 AND requester_id = $4
), endorsed_them AS (
    DELETE FROM endorsements WHERE bucket = $1 AND account_id = $3 AND target_id = $4
), endorsed_me AS (
    DELETE FROM endorsements WHERE bucket = $2 AND account_id = $4 AND target_id = $3
), own_count AS (
    UPDATE account_counts SET blockings = blockings + 1, following = following - (SELECT count(*) FROM following_them),
           followers = followers - (SELECT count(*) FROM following_me)
     WHERE bucket = $1 AND account_id = $3 AND slot = 0
), their_count AS (
    UPDATE account_counts SET blockings = blockings + 1, following = following - (SELECT count(*) FROM following_me),
           followers = followers - (SELECT count(*) FROM following_them)
     WHERE bucket = $2 AND account_id = $4 AND slot = 0
)
SELECT (SELECT count(*) FROM blocked), (SELECT count(*) FROM following_them), (SELECT count(*) FROM following_me),
       (SELECT count(*) FROM my_request), (SELECT count(*) FROM their_request)
"""


async def block(db: Db, account_id: AccountId, target_id: AccountId) -> None:
    """Keep an account away, with every follow and request between the two.

    Raises:
        Forbidden: it is oneself.
    """
    if account_id == target_id:
        raise Forbidden("action.forbidden")
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    async with db.edge(own, theirs) as tx:
        await tx.rows(LOCK_PAIR, own, theirs, account_id, target_id)
        row = await tx.row(BLOCK, own, theirs, account_id, target_id, tx.ids.new(own))
        assert row is not None
        if row[0]:
            tx.emit(Blocked(account_id=account_id, target_id=target_id))
        if row[1]:
            tx.emit(Unfollowed(account_id=account_id, target_id=target_id))
        if row[2]:
            tx.emit(Unfollowed(account_id=target_id, target_id=account_id))
        if row[3]:
            tx.emit(FollowRequestEnded(account_id=account_id, target_id=target_id))
        if row[4]:
            tx.emit(FollowRequestEnded(account_id=target_id, target_id=account_id))


UNBLOCK = """
WITH mine AS (
    DELETE FROM blocks WHERE bucket = $1 AND account_id = $3 AND target_id = $4 RETURNING id
), theirs AS (
    DELETE FROM blocked_by WHERE bucket = $2 AND account_id = $4 AND blocker_id = $3 AND EXISTS (SELECT 1 FROM mine)
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $5, $6, $7 FROM mine
)
SELECT count(*) FROM mine
"""


async def unblock(db: Db, account_id: AccountId, target_id: AccountId) -> None:
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    event = Unblocked(account_id=account_id, target_id=target_id)
    async with db.once(own, theirs) as tx:
        if not await tx.value(UNBLOCK, own, theirs, account_id, target_id, *tx.sealed(event)):
            tx.withdraw()


# ---------------------------------------------------------------------------------------------------- mutes

MUTE = """
WITH mine AS (
    INSERT INTO mutes AS m (bucket, account_id, target_id, id, notifications, until_ms) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (bucket, account_id, target_id) DO UPDATE
       SET notifications = excluded.notifications, until_ms = excluded.until_ms
     WHERE (m.notifications, m.until_ms) IS DISTINCT FROM (excluded.notifications, excluded.until_ms)
    RETURNING id
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $7, $8, $9 FROM mine
)
SELECT count(*) FROM mine
"""


async def mute(db: Db, account_id: AccountId, target_id: AccountId, wanted: Mute) -> None:
    """Hear no more of an account, for a time or for ever; who mutes already changes how.

    Raises:
        Forbidden: it is oneself.
    """
    if account_id == target_id:
        raise Forbidden("action.forbidden")
    own = bucket_of(account_id)
    event = Muted(account_id=account_id, target_id=target_id)
    async with db.once(own) as tx:
        done = await tx.value(
            MUTE, own, account_id, target_id, db.ids.new(own), wanted.notifications, wanted.until_ms, *tx.sealed(event)
        )  # fmt: skip
        if not done:
            tx.withdraw()


UNMUTE = """
WITH mine AS (
    DELETE FROM mutes WHERE bucket = $1 AND account_id = $2 AND target_id = $3 RETURNING id
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $4, $5, $6 FROM mine
)
SELECT count(*) FROM mine
"""


async def unmute(db: Db, account_id: AccountId, target_id: AccountId) -> None:
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        event = Unmuted(account_id=account_id, target_id=target_id)
        if not await tx.value(UNMUTE, own, account_id, target_id, *tx.sealed(event)):
            tx.withdraw()


LIFT = """
DELETE FROM mutes m USING (  -- all buckets: a job, by the small index mutes_ending
    SELECT bucket, account_id, target_id FROM mutes WHERE until_ms <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) ended
 WHERE m.bucket = ended.bucket AND m.account_id = ended.account_id AND m.target_id = ended.target_id
RETURNING m.bucket, m.account_id, m.target_id
"""
_LIFTED_AT_ONCE = 500


async def lift_ended_mutes(db: Db) -> None:
    """End the mutes whose time is over. A periodic job, about once a minute."""
    while True:
        async with db.job() as tx:
            rows = await tx.rows(LIFT, tx.now_ms, _LIFTED_AT_ONCE)
            for bucket, account_id, target_id in rows:
                tx.emit_in(bucket, Unmuted(account_id=account_id, target_id=target_id))
        if len(rows) < _LIFTED_AT_ONCE:
            return


# ---------------------------------------------------------------------------------------------------- hosts

BLOCK_HOST = """
WITH mine AS (
    INSERT INTO host_blocks (bucket, account_id, host, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $5, $6, $7 FROM mine
)
SELECT count(*) FROM mine
"""

TIES_TO_HOST = """
SELECT f.account_id, f.target_id FROM following f
  JOIN accounts a ON a.bucket = (f.target_id >> 6) & 1023 AND a.id = f.target_id AND a.host = $3
 WHERE f.bucket = $1 AND f.account_id = $2
UNION ALL
SELECT f.follower_id, f.account_id FROM followers f
  JOIN accounts a ON a.bucket = (f.follower_id >> 6) & 1023 AND a.id = f.follower_id AND a.host = $3
 WHERE f.bucket = $1 AND f.account_id = $2
"""

REQUESTS_TO_HOST = """
SELECT r.account_id, r.target_id FROM requested r
  JOIN accounts a ON a.bucket = (r.target_id >> 6) & 1023 AND a.id = r.target_id AND a.host = $3
 WHERE r.bucket = $1 AND r.account_id = $2
UNION ALL
SELECT r.requester_id, r.account_id FROM follow_requests r
  JOIN accounts a ON a.bucket = (r.requester_id >> 6) & 1023 AND a.id = r.requester_id AND a.host = $3
 WHERE r.bucket = $1 AND r.account_id = $2
"""


async def block_host(db: Db, account_id: AccountId, host: str) -> None:
    """Keep everybody of a host away; follows and requests between them and the account end, both ways.

    Raises:
        Invalid: that is no host.
    """
    host = check_host(host)
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        event = HostBlocksChanged(account_id=account_id)
        if not await tx.value(BLOCK_HOST, own, account_id, host, db.ids.new(own), *tx.sealed(event)):
            tx.withdraw()
    async with db.read() as reader:
        ties = await reader.rows(TIES_TO_HOST, own, account_id, host)
        requests = await reader.rows(REQUESTS_TO_HOST, own, account_id, host)
    for follower_id, target_id in ties:
        await end_follow(db, follower_id, target_id)
    for requester_id, target_id in requests:
        await withdraw_request(db, requester_id, target_id)


async def count_host_ties(db: Db, account_id: AccountId, host: str) -> tuple[int, int]:
    """What a host block would end: how many the account follows there, and how many follow it from there."""
    async with db.read() as reader:
        ties = await reader.rows(TIES_TO_HOST, bucket_of(account_id), account_id, check_host(host))
    followed = sum(1 for row in ties if row[0] == account_id)
    return followed, len(ties) - followed


UNBLOCK_HOST = """
WITH mine AS (
    DELETE FROM host_blocks WHERE bucket = $1 AND account_id = $2 AND host = $3 RETURNING id
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $4, $5, $6 FROM mine
)
SELECT count(*) FROM mine
"""


async def unblock_host(db: Db, account_id: AccountId, host: str) -> None:
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        event = HostBlocksChanged(account_id=account_id)
        if not await tx.value(UNBLOCK_HOST, own, account_id, check_host(host), *tx.sealed(event)):
            tx.withdraw()
