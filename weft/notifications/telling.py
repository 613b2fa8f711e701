"""Writing notifications: gather what decides over a batch of causes, judge each, write the verdicts in one statement.

Also what takes notifications back. Everything here works on sets over all buckets, for the outbox's handler.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.accounts.events import NotificationsChanged, Notified
from weft.infra.db import Row, Tx
from weft.kernel.ids import AccountId, bucket_of
from weft.notifications.events import PushWanted
from weft.notifications.model import Cause, Policy, Standing, group_key, judge
from weft.relationships.model import Audience, Visibility

_AT_ONCE = 2000

_decode_policy = msgspec.json.Decoder(Policy).decode
_NO_POLICY = Policy()

STANDINGS = """
SELECT want.n, u.notification_policy::text, s.state, s.created_ms, s.role,
       EXISTS (SELECT 1 FROM following f
                WHERE f.bucket = want.bucket AND f.account_id = want.account_id AND f.target_id = want.from_id),
       coalesce((SELECT f.id >> 16 FROM followers f
                WHERE f.bucket = want.bucket AND f.account_id = want.account_id AND f.follower_id = want.from_id), 0),
       EXISTS (SELECT 1 FROM blocks b
                WHERE b.bucket = want.bucket AND b.account_id = want.account_id AND b.target_id = want.from_id),
       EXISTS (SELECT 1 FROM blocked_by b
                WHERE b.bucket = want.bucket AND b.account_id = want.account_id AND b.blocker_id = want.from_id),
       EXISTS (SELECT 1 FROM mutes m
                WHERE m.bucket = want.bucket AND m.account_id = want.account_id AND m.target_id = want.from_id
                  AND m.notifications AND (m.until_ms IS NULL OR m.until_ms > $6)),
       EXISTS (SELECT 1 FROM thread_mutes t
                WHERE t.bucket = want.bucket AND t.account_id = want.account_id
                  AND t.root_id = coalesce(p.root_id, p.id)),
       EXISTS (SELECT 1 FROM notification_permissions a
                WHERE a.bucket = want.bucket AND a.account_id = want.account_id AND a.from_id = want.from_id
                  AND a.allowed),
       p.author_id, p.visibility, p.mentions, p.state, coalesce(p.reply_to_account, 0)
  FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[])
       WITH ORDINALITY AS want (bucket, account_id, from_bucket, from_id, post_id, n)  -- all buckets
  JOIN users u ON u.bucket = want.bucket AND u.account_id = want.account_id
  JOIN accounts s ON s.bucket = want.from_bucket AND s.id = want.from_id
  LEFT JOIN posts p ON p.bucket = ((want.post_id >> 6) & 1023)::smallint AND p.id = want.post_id AND want.post_id > 0
"""


async def tell(tx: Tx, causes: Sequence[Cause]) -> None:
    """Write the notifications that these causes deserve, each once, and tell open streams of them."""
    for start in range(0, len(causes), _AT_ONCE):
        some = causes[start : start + _AT_ONCE]
        judged = [(cause, judge(cause, standing, tx.now_ms)) for cause, standing in await _standings(tx, some)]
        await _write(tx, [(cause, verdict == "filter") for cause, verdict in judged if verdict != "drop"])


async def _standings(tx: Tx, causes: Sequence[Cause]) -> list[tuple[Cause, Standing]]:
    """The causes whose both ends exist, the one to be told with a login here, and what decides over each."""
    accounts, senders = [cause.account_id for cause in causes], [cause.from_id for cause in causes]
    ends = [bucket_of(id_) for id_ in accounts], accounts, [bucket_of(id_) for id_ in senders], senders
    rows = await tx.rows(STANDINGS, *ends, [cause.post_id for cause in causes], tx.now_ms)
    return [(causes[row[0] - 1], _standing(row)) for row in sorted(rows, key=lambda row: row[0])]


def _standing(row: Row) -> Standing:
    post = Audience(row[12], Visibility(row[13]), tuple(row[14]), row[15] != 0) if row[12] is not None else None
    return Standing(
        policy=read_policy(row[1]),
        sender_state=row[2],
        sender_created_ms=row[3],
        sender_role=row[4],
        follows=row[5],
        followed_ms=row[6],
        blocking=row[7],
        blocked_by=row[8],
        muted=row[9],
        thread_muted=row[10],
        permitted=row[11],
        post=post,
        reply_to_account=row[16] or 0,
    )


def read_policy(text: str) -> Policy:
    """A policy as its column holds it."""
    return _decode_policy(text) if text != "{}" else _NO_POLICY


# An edit says again what an earlier edit said, a report what an earlier one of the same person said: the newer one
# takes its place. Everything else is told once.
INSERT = """
INSERT INTO notifications AS n (bucket, account_id, id, kind, from_id, post_id, group_key, filtered)
SELECT bucket, account_id, id, kind, from_id, nullif(post_id, 0), group_key, filtered  -- all buckets
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
              $8::boolean[]) AS given (bucket, account_id, id, kind, from_id, post_id, group_key, filtered)
ON CONFLICT (bucket, account_id, coalesce(post_id, 0), kind, from_id) DO UPDATE SET id = excluded.id
 WHERE n.kind IN ('edit', 'quoted_edit', 'report')
RETURNING account_id, id, kind, filtered, EXISTS (
    SELECT 1 FROM push_targets t WHERE t.bucket = n.bucket AND t.account_id = n.account_id)
"""

TARGETS = """
SELECT want.account_id, want.id, t.id FROM unnest($1::smallint[], $2::bigint[], $3::bigint[])
    AS want (bucket, account_id, id)  -- all buckets
  JOIN push_targets t ON t.bucket = want.bucket AND t.account_id = want.account_id AND t.policy <> 'none'
"""


async def _write(tx: Tx, told: Sequence[tuple[Cause, bool]]) -> None:
    if not told:
        return
    now_ms = tx.now_ms
    rows = [
        (
            (bucket := bucket_of(cause.account_id)),
            cause.account_id,
            tx.ids.new(bucket),
            cause.kind,
            cause.from_id,
            cause.post_id,
            group_key(cause, now_ms),
            filtered,
        )
        for cause, filtered in told
    ]
    pushed = []
    for account_id, id_, kind, filtered, is_pushed in await tx.rows(INSERT, *zip(*rows, strict=True)):
        if not filtered:
            tx.signal(Notified(account_id=AccountId(account_id), notification_id=id_, kind=kind))
            if is_pushed:
                pushed.append((bucket_of(account_id), account_id, id_))
    if pushed:
        for account_id, id_, target_id in await tx.rows(TARGETS, *zip(*pushed, strict=True)):
            tx.emit_in(
                bucket_of(account_id), PushWanted(account_id=account_id, target_id=target_id, notification_id=id_)
            )


# ------------------------------------------------------------------------------------------------ taking back

TAKE_BACK = """
DELETE FROM notifications n
 USING unnest($1::smallint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
    AS gone (bucket, account_id, kind, from_id, post_id)  -- all buckets: notifications_once
 WHERE n.bucket = gone.bucket AND n.account_id = gone.account_id AND coalesce(n.post_id, 0) = gone.post_id
   AND n.kind = gone.kind AND n.from_id = gone.from_id
RETURNING n.account_id
"""


async def take_back(tx: Tx, causes: Sequence[Cause]) -> None:
    """Remove what was told of things that are no more: a like, a repost, a follow."""
    if causes:
        rows = [(bucket_of(c.account_id), c.account_id, c.kind, c.from_id, c.post_id) for c in causes]
        _changed(tx, await tx.values(TAKE_BACK, *zip(*rows, strict=True)))


# Who may have been told of a post: those it names, those who asked to hear of its author, those who dealt with it.
FORGET_POSTS = """
WITH gone AS (
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[])
        AS gone (bucket, post_id, author_id)  -- all buckets
), told AS (
    SELECT post_id, author_id AS account_id FROM gone
     UNION SELECT g.post_id, named.id FROM gone g JOIN posts p ON p.bucket = g.bucket AND p.id = g.post_id
     CROSS JOIN LATERAL unnest(p.mentions || p.reply_to_account) AS named (id)
     UNION SELECT g.post_id, q.author_id FROM gone g JOIN posts p ON p.bucket = g.bucket AND p.id = g.post_id
      JOIN posts q ON q.bucket = ((p.quote_of >> 6) & 1023)::smallint AND q.id = p.quote_of
     UNION SELECT g.post_id, f.follower_id FROM gone g
      JOIN followers f ON f.bucket = g.bucket AND f.account_id = g.author_id AND f.notify
     UNION SELECT g.post_id, r.account_id FROM gone g JOIN reposts r ON r.bucket = g.bucket AND r.post_id = g.post_id
     UNION SELECT g.post_id, v.account_id FROM gone g
      JOIN poll_votes v ON v.bucket = g.bucket AND v.post_id = g.post_id
)
DELETE FROM notifications n USING told t
 WHERE n.bucket = ((t.account_id >> 6) & 1023)::smallint AND n.account_id = t.account_id
   AND coalesce(n.post_id, 0) = t.post_id
RETURNING n.account_id
"""


async def forget_posts(tx: Tx, posts: Sequence[tuple[int, int]]) -> None:
    """Remove what was told of deleted posts, given as ``(post, author)``. What stays hides itself when it is read."""
    if posts:
        ids, authors = zip(*posts, strict=True)
        _changed(tx, await tx.values(FORGET_POSTS, [bucket_of(id_) for id_ in ids], ids, authors))


FORGET_SENDERS = """
DELETE FROM notifications n
 USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS gone (bucket, account_id, from_id)  -- all buckets
 WHERE n.bucket = gone.bucket AND n.account_id = gone.account_id AND n.from_id = gone.from_id
RETURNING n.account_id
"""


async def forget_senders(tx: Tx, pairs: Iterable[tuple[int, int]]) -> None:
    """Remove all that accounts were told of others, given as ``(account, sender)``."""
    rows = [(bucket_of(account), account, sender) for account, sender in pairs]
    if rows:
        _changed(tx, await tx.values(FORGET_SENDERS, *zip(*rows, strict=True)))


def _changed(tx: Tx, accounts: Iterable[int]) -> None:
    gone_from = tuple(AccountId(id_) for id_ in dict.fromkeys(accounts))
    if gone_from:
        tx.signal(NotificationsChanged(account_ids=gone_from))
