"""Deleting a post: the row stays as an empty mark, so that threads keep their shape; everything it held goes.

What others did with it (likes, reposts, quotes) goes by ``jobs``, in sets.
"""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.media.service import detach_media
from weft.posts.edit import forget_votes
from weft.posts.events import PostDeleted
from weft.posts.model import Post

DELETE = """
WITH gone AS (
    UPDATE posts SET state = 1, text = '', summary = '', media_ids = '{}', has_poll = false
     WHERE bucket = $1 AND id = $2 AND state = 0 RETURNING author_id
), counted AS (
    UPDATE account_counts SET posts = posts - 1
     WHERE bucket = $1 AND account_id IN (SELECT author_id FROM gone) AND slot = 0
), versions AS (
    DELETE FROM post_versions WHERE bucket = $1 AND post_id = $2 AND EXISTS (SELECT 1 FROM gone)
), unpinned AS (
    DELETE FROM pins WHERE bucket = $1 AND account_id IN (SELECT author_id FROM gone) AND post_id = $2
), poll AS (
    DELETE FROM polls WHERE bucket = $1 AND post_id = $2 AND EXISTS (SELECT 1 FROM gone)
)
SELECT count(*) FROM gone
"""


async def delete_post(db: Db, author_id: AccountId, post: Post) -> None:
    """Delete a post of one's own. Its media are kept for a day, so that it may be written anew.

    Raises:
        NotFound: it is somebody else's, or gone already.
    """
    if post.author_id != author_id:
        raise NotFound("record.absent")
    bucket = bucket_of(post.id)
    async with db.tx(bucket) as tx:
        if not await tx.value(DELETE, bucket, post.id):
            raise NotFound("record.absent")
        if post.has_poll:
            await forget_votes(tx, post)
        if post.media_ids:
            await detach_media(tx, author_id, post.id)
        tx.emit(deleted_event(post))


def deleted_event(post: Post) -> PostDeleted:
    return PostDeleted(
        post_id=post.id,
        author_id=post.author_id,
        visibility=post.visibility,
        reply_to=post.reply_to,
        reply_to_account=post.reply_to_account,
        root_id=post.root_id,
        repost_of=post.repost_of,
        repost_author=post.repost_author,
        quote_of=post.quote_of,
        mentions=post.mentions,
        tags=post.tags,
    )
