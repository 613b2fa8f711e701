"""What goes with a deleted account: its posts, its likes and its marks, a bounded number at a time.

Each deleted post is announced like any other, so that whoever keeps something of it lets go.
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Tx
from weft.infra.events import Event
from weft.kernel.ids import AccountId, bucket_of
from weft.media.service import detach_media
from weft.posts.deletion import deleted_event
from weft.posts.events import CountsChanged, PurgeWanted
from weft.posts.queries import load_posts

PURGE_BATCH = 500

SOME_POSTS = """
SELECT id FROM posts WHERE bucket = $1 AND author_id = $2 AND state = 0 ORDER BY id LIMIT $3  -- posts_author
"""

EMPTY_POSTS = """
WITH gone AS (
    UPDATE posts SET state = 1, text = '', summary = '', media_ids = '{}', has_poll = false
     WHERE bucket = $1 AND id = ANY($2::bigint[]) AND state = 0 RETURNING id
), versions AS (
    DELETE FROM post_versions WHERE bucket = $1 AND post_id = ANY($2::bigint[])
), polls AS (
    DELETE FROM polls WHERE bucket = $1 AND post_id = ANY($2::bigint[])
), votes AS (
    DELETE FROM poll_votes WHERE bucket = $1 AND post_id = ANY($2::bigint[])
), pins AS (
    DELETE FROM pins WHERE bucket = $1 AND account_id = $3
), counted AS (
    UPDATE account_counts SET posts = 0 WHERE bucket = $1 AND account_id = $3
)
SELECT id FROM gone
"""

UNLIKE_SOME = """
WITH mine AS (
    DELETE FROM my_likes WHERE bucket = $1 AND account_id = $2 AND post_id IN (
        SELECT post_id FROM my_likes WHERE bucket = $1 AND account_id = $2 LIMIT $3) RETURNING post_id
), gone AS (
    DELETE FROM likes USING mine
     WHERE likes.bucket = (mine.post_id >> 6 & 1023)::smallint
       AND likes.post_id = mine.post_id AND likes.account_id = $2
    RETURNING likes.bucket, likes.post_id
)
INSERT INTO post_counts (bucket, post_id, slot, likes)
SELECT bucket, post_id, 0, -1 FROM gone ORDER BY bucket, post_id
ON CONFLICT (bucket, post_id, slot) DO UPDATE SET likes = post_counts.likes - 1
RETURNING post_id
"""

DROP_MARKS = """
WITH marks AS (
    DELETE FROM bookmarks WHERE bucket = $1 AND account_id = $2
), mutes AS (
    DELETE FROM thread_mutes WHERE bucket = $1 AND account_id = $2
), votes AS (
    DELETE FROM my_votes WHERE bucket = $1 AND account_id = $2
)
DELETE FROM scheduled_posts WHERE bucket = $1 AND account_id = $2
"""


async def purge_accounts(tx: Tx, events: Sequence[Event]) -> None:
    """Delete what deleted accounts posted and liked, a bounded number at a time."""
    wanted = {
        event.account_id
        for event in events
        if isinstance(event, PurgeWanted) or (isinstance(event, AccountStateChanged) and event.state == "deleted")
    }
    for account_id in sorted(wanted):
        if await _purge_some(tx, account_id):
            tx.emit_in(bucket_of(account_id), PurgeWanted(account_id=account_id))


async def _purge_some(tx: Tx, account_id: AccountId) -> bool:
    """Whether there is more."""
    bucket = bucket_of(account_id)
    ids = await tx.values(SOME_POSTS, bucket, account_id, PURGE_BATCH)
    posts = await load_posts(tx, ids)
    for id_ in await tx.values(EMPTY_POSTS, bucket, ids, account_id):
        post = posts[id_]
        if post.media_ids:
            await detach_media(tx, account_id, post.id)
        tx.emit_in(bucket, deleted_event(post))
    unliked = await tx.values(UNLIKE_SOME, bucket, account_id, PURGE_BATCH)
    for post_id in sorted(unliked):
        tx.signal(CountsChanged(post_id=post_id))
    await tx.execute(DROP_MARKS, bucket, account_id)
    return len(ids) == PURGE_BATCH or len(unliked) == PURGE_BATCH
