"""What follows from posts in other buckets: reply and quote counters, and the traces of what was deleted.

A handler's effects and the removal of its events from the outbox are one transaction, so an event counts once: plain
increments are exact here. Everything is done in sets, one statement for a batch, in the order of the keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.kernel.ids import bucket_of
from weft.posts.drafting import Limits
from weft.posts.events import CountsChanged, PostCreated, PostDeleted, PurgeWanted, QuoteStateChanged, VotesReset
from weft.posts.polls import end_polls
from weft.posts.purge import purge_accounts
from weft.posts.scheduled import publish_due
from weft.relationships.model import Visibility

# -------------------------------------------------------------------------------------------------------------- replies

COUNT_REPLIES = """
INSERT INTO post_counts (bucket, post_id, slot, replies)  -- all buckets
SELECT bucket, post_id, 0, change FROM unnest($1::smallint[], $2::bigint[], $3::int[]) AS new (bucket, post_id, change)
ON CONFLICT (bucket, post_id, slot) DO UPDATE SET replies = post_counts.replies + excluded.replies
"""


async def count_replies(tx: Tx, events: Sequence[Event]) -> None:
    """Count replies to what is not the root of its thread (the root's were counted with the reply), and fewer again."""
    changes: Counter[int] = Counter()
    for event in events:
        if not isinstance(event, PostCreated | PostDeleted) or event.visibility == Visibility.DIRECT:
            continue
        if event.reply_to is None:
            continue
        if isinstance(event, PostDeleted):
            changes[event.reply_to] -= 1
        elif event.reply_to != event.root_id:
            changes[event.reply_to] += 1
    changed = sorted((bucket_of(id_), id_, change) for id_, change in changes.items() if change)
    if changed:
        buckets, ids, numbers = zip(*changed, strict=True)
        await tx.execute(COUNT_REPLIES, buckets, ids, numbers)
        _recount(tx, ids)


def _recount(tx: Tx, ids: Iterable[int]) -> None:
    for id_ in sorted(set(ids)):
        tx.signal(CountsChanged(post_id=id_))  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------------------- quotes

ADD_QUOTES = """
WITH new AS (
    INSERT INTO quotes (bucket, quoted_id, post_id, account_id)  -- all buckets
    SELECT want.quoted_bucket, want.quoted_id, p.id, p.author_id
      FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[])
           AS want (quoted_bucket, quoted_id, bucket, post_id)
      JOIN posts p ON p.bucket = want.bucket AND p.id = want.post_id
     WHERE p.state = 0 AND p.quote_state = 'accepted' ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING RETURNING bucket, quoted_id
)
INSERT INTO post_counts (bucket, post_id, slot, quotes)
SELECT bucket, quoted_id, 0, count(*)::int FROM new GROUP BY bucket, quoted_id ORDER BY bucket, quoted_id
ON CONFLICT (bucket, post_id, slot) DO UPDATE SET quotes = post_counts.quotes + excluded.quotes
RETURNING post_id
"""

DROP_QUOTES = """
WITH gone AS (
    DELETE FROM quotes  -- all buckets
     USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS want (bucket, quoted_id, post_id)
     WHERE quotes.bucket = want.bucket AND quotes.quoted_id = want.quoted_id AND quotes.post_id = want.post_id
    RETURNING quotes.bucket, quotes.quoted_id
)
UPDATE post_counts SET quotes = quotes - changed.number
  FROM (SELECT bucket, quoted_id, count(*)::int AS number FROM gone GROUP BY bucket, quoted_id) AS changed
 WHERE post_counts.bucket = changed.bucket AND post_counts.post_id = changed.quoted_id AND post_counts.slot = 0
RETURNING post_counts.post_id
"""


async def keep_quotes(tx: Tx, events: Sequence[Event]) -> None:
    """Note and count who quotes whom, and forget it with the quoting post."""
    new = [(e.quote_of, e.post_id) for e in events if isinstance(e, PostCreated) and e.quote_of is not None]
    if new:
        quoted, posts = zip(*sorted(new), strict=True)
        there, here = [bucket_of(id_) for id_ in quoted], [bucket_of(id_) for id_ in posts]
        _recount(tx, await tx.values(ADD_QUOTES, there, quoted, here, posts))
    old = [(e.quote_of, e.post_id) for e in events if isinstance(e, PostDeleted) and e.quote_of is not None]
    if old:
        quoted, posts = zip(*sorted(old), strict=True)
        _recount(tx, await tx.values(DROP_QUOTES, [bucket_of(id_) for id_ in quoted], quoted, posts))


# ------------------------------------------------------------------------------------------------------------ deletions

DROP_LIKES = """
WITH gone AS (
    DELETE FROM likes USING unnest($1::smallint[], $2::bigint[]) AS want (bucket, post_id)  -- all buckets
     WHERE likes.bucket = want.bucket AND likes.post_id = want.post_id RETURNING likes.post_id, likes.account_id
)
DELETE FROM my_likes USING gone
 WHERE my_likes.bucket = (gone.account_id >> 6 & 1023)::smallint
   AND my_likes.account_id = gone.account_id AND my_likes.post_id = gone.post_id
"""

DROP_REPOSTS = """
WITH gone AS (
    DELETE FROM reposts USING unnest($1::smallint[], $2::bigint[]) AS want (bucket, post_id)  -- all buckets
     WHERE reposts.bucket = want.bucket AND reposts.post_id = want.post_id
    RETURNING reposts.post_id, reposts.account_id, reposts.repost_id
), mine AS (
    DELETE FROM my_reposts USING gone
     WHERE my_reposts.bucket = (gone.account_id >> 6 & 1023)::smallint
       AND my_reposts.account_id = gone.account_id AND my_reposts.post_id = gone.post_id
), counted AS (
    UPDATE account_counts SET posts = posts - less.number
      FROM (SELECT account_id, count(*)::int AS number FROM gone GROUP BY account_id) AS less
     WHERE account_counts.bucket = (less.account_id >> 6 & 1023)::smallint
       AND account_counts.account_id = less.account_id AND account_counts.slot = 0
)
UPDATE posts SET state = 1 FROM gone
 WHERE posts.bucket = (gone.repost_id >> 6 & 1023)::smallint AND posts.id = gone.repost_id AND posts.state = 0
RETURNING posts.id, posts.author_id, posts.visibility, posts.repost_of, posts.repost_author
"""

DROP_QUOTED = """
DELETE FROM quotes USING unnest($1::smallint[], $2::bigint[]) AS want (bucket, post_id)  -- all buckets
 WHERE quotes.bucket = want.bucket AND quotes.quoted_id = want.post_id RETURNING quotes.post_id, quotes.quoted_id
"""

DROP_COUNTS = """
DELETE FROM post_counts USING unnest($1::smallint[], $2::bigint[]) AS want (bucket, post_id)  -- all buckets
 WHERE post_counts.bucket = want.bucket AND post_counts.post_id = want.post_id
"""

TAKE_BACK = """
WITH want AS (
    SELECT bucket, post_id, account_id, repost_id
      FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])
           AS given (bucket, post_id, account_id, repost_id)
), mine AS (
    DELETE FROM my_reposts USING want  -- all buckets
     WHERE my_reposts.bucket = (want.account_id >> 6 & 1023)::smallint AND my_reposts.account_id = want.account_id
       AND my_reposts.post_id = want.post_id AND my_reposts.repost_id = want.repost_id
), gone AS (
    DELETE FROM reposts USING want
     WHERE reposts.bucket = want.bucket AND reposts.post_id = want.post_id
       AND reposts.account_id = want.account_id AND reposts.repost_id = want.repost_id
    RETURNING reposts.bucket, reposts.post_id
)
UPDATE post_counts SET reposts = reposts - changed.number
  FROM (SELECT bucket, post_id, count(*)::int AS number FROM gone GROUP BY bucket, post_id) AS changed
 WHERE post_counts.bucket = changed.bucket AND post_counts.post_id = changed.post_id AND post_counts.slot = 0
RETURNING post_counts.post_id
"""


async def clear_deleted(tx: Tx, events: Sequence[Event]) -> None:
    """Remove what others did with deleted posts; their reposts are posts and are deleted in turn."""
    deleted = [event for event in events if isinstance(event, PostDeleted)]
    back = [(e.repost_of, e.author_id, e.post_id) for e in deleted if e.repost_of is not None]
    if back:  # nothing is left to do where the repost was taken back by its author
        posts, accounts, reposts = zip(*sorted(back), strict=True)
        _recount(tx, await tx.values(TAKE_BACK, [bucket_of(id_) for id_ in posts], posts, accounts, reposts))
    ids = sorted(event.post_id for event in deleted if event.repost_of is None)
    if not ids:
        return
    buckets = [bucket_of(id_) for id_ in ids]
    await tx.execute(DROP_LIKES, buckets, ids)
    for id_, author_id, visibility, repost_of, repost_author in await tx.rows(DROP_REPOSTS, buckets, ids):
        gone = PostDeleted(
            post_id=id_, author_id=author_id, visibility=visibility, repost_of=repost_of, repost_author=repost_author
        )
        tx.emit_in(bucket_of(id_), gone)
    for post_id, quoted_id in await tx.rows(DROP_QUOTED, buckets, ids):
        tx.signal(QuoteStateChanged(post_id=post_id, quoted_id=quoted_id, state="deleted"))
    await tx.execute(DROP_COUNTS, buckets, ids)


FORGET_VOTES = """
DELETE FROM my_votes USING unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])  -- all buckets
       AS want (bucket, account_id, post_id, before_id)
 WHERE my_votes.bucket = want.bucket AND my_votes.account_id = want.account_id AND my_votes.post_id = want.post_id
   AND my_votes.id < want.before_id
   AND NOT EXISTS (SELECT 1 FROM poll_votes v WHERE v.bucket = (want.post_id >> 6 & 1023)::smallint
                      AND v.post_id = want.post_id AND v.account_id = want.account_id)
"""


async def forget_votes(tx: Tx, events: Sequence[Event]) -> None:
    """Drop the voters' own copies of votes that count no more."""
    resets = [event for event in events if isinstance(event, VotesReset)]
    rows = [(bucket_of(voter), voter, e.post_id, e.before_id) for e in resets for voter in e.voters]
    if rows:
        await tx.execute(FORGET_VOTES, *(list(column) for column in zip(*sorted(rows), strict=True)))
        for event in resets:
            tx.signal(event)


# --------------------------------------------------------------------------------------------------------------- sweeps

OLD_KEYS = """
DELETE FROM idempotency WHERE created_ms < $1  -- all buckets
"""
KEYS_KEPT_MS = 3_600_000


async def sweep_keys(db: Db) -> int:
    """Forget idempotency keys that are over."""
    async with db.job() as tx:
        return await tx.execute(OLD_KEYS, tx.now_ms - KEYS_KEPT_MS)


async def end_polls_due(db: Db) -> None:
    await end_polls(db)


async def sweep_old_keys(db: Db) -> None:
    await sweep_keys(db)


def jobs(limits: Limits) -> list[Job]:
    """Posts whose time has come, polls that end, keys that are over."""

    async def publish(db: Db) -> None:
        await publish_due(db, limits)

    return [
        Job("posts.publish_due", 1.0, publish),
        Job("posts.end_polls", 5.0, end_polls_due),
        Job("posts.sweep_keys", 600.0, sweep_old_keys),
    ]


HANDLERS = (
    (PostCreated, "posts.count_replies", count_replies),
    (PostDeleted, "posts.count_replies", count_replies),
    (PostCreated, "posts.keep_quotes", keep_quotes),
    (PostDeleted, "posts.keep_quotes", keep_quotes),
    (PostDeleted, "posts.clear_deleted", clear_deleted),
    (VotesReset, "posts.forget_votes", forget_votes),
    (AccountStateChanged, "posts.purge_accounts", purge_accounts),
    (PurgeWanted, "posts.purge_accounts", purge_accounts),
)
"""Event, stable name, handler: for ``wiring``."""
