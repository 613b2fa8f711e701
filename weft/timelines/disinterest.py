"""What a reader wants less of: the posts they said so of. *For you* leaves these out and weighs their authors and tags
down; no other timeline asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Db, Reader, Tx
from weft.infra.events import Event
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.text.entities import tag_key
from weft.posts.model import Post
from weft.timelines.events import InterestChanged

KEPT = 500
"""So many are remembered of each reader; the oldest go first."""

ADD = """
INSERT INTO disinterests (bucket, account_id, post_id, id, author_id, tags) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""

TRIM = """
DELETE FROM disinterests d  -- disinterests_by_id
 WHERE d.bucket = $1 AND d.account_id = $2 AND d.id <= (
    SELECT id FROM disinterests WHERE bucket = $1 AND account_id = $2 ORDER BY id DESC OFFSET $3 LIMIT 1)
"""

REMOVE = """
DELETE FROM disinterests WHERE bucket = $1 AND account_id = $2 AND post_id = $3
"""


async def add_disinterest(db: Db, account_id: AccountId, post: Post) -> None:
    """Show the account fewer posts like this one; said twice it is said once."""
    own = bucket_of(account_id)
    tags = sorted({tag_key(name) for name in post.tags})
    async with db.tx(own) as tx:
        if await tx.execute(ADD, own, account_id, post.id, tx.ids.new(own), post.author_id, tags):
            await tx.execute(TRIM, own, account_id, KEPT)
            tx.signal(InterestChanged(account_id=account_id, post_id=post.id, less=True))


async def remove_disinterest(db: Db, account_id: AccountId, post_id: PostId) -> None:
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        await tx.execute(REMOVE, own, account_id, post_id)
        tx.signal(InterestChanged(account_id=account_id, post_id=post_id))


class Disinterest(msgspec.Struct, frozen=True):
    """What one reader wants less of: posts not at all, authors and tags by how often it was said."""

    posts: frozenset[int] = frozenset()
    authors: Counter[int] = msgspec.field(default_factory=Counter)
    tags: Counter[str] = msgspec.field(default_factory=Counter)


ALL = """
SELECT post_id, author_id, tags FROM disinterests WHERE bucket = $1 AND account_id = $2
"""


async def load_disinterest(reader: Reader, account_id: AccountId) -> Disinterest:
    rows = await reader.rows(ALL, bucket_of(account_id), account_id)
    return Disinterest(
        frozenset(row[0] for row in rows),
        Counter(row[1] for row in rows),
        Counter(tag for row in rows for tag in row[2]),
    )


FORGET = """
DELETE FROM disinterests d USING unnest($1::smallint[], $2::bigint[]) AS gone (bucket, account_id)  -- all buckets
 WHERE d.bucket = gone.bucket AND d.account_id = gone.account_id
"""


async def forget_disinterests(tx: Tx, events: Sequence[Event]) -> None:
    """Delete what deleted accounts said they want less of."""
    ids = [event.account_id for event in events if isinstance(event, AccountStateChanged) and event.state == "deleted"]
    if ids:
        await tx.execute(FORGET, [bucket_of(id_) for id_ in ids], ids)
