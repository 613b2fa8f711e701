"""Hiding a reply: whoever wrote what it answers, or began the thread, may have it folded for everybody. It stays
readable for those who open it, and its own author is not asked.
"""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.errors import Forbidden, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.posts.events import ReplyHidden
from weft.posts.model import Post
from weft.posts.queries import load_posts

SET_HIDDEN = """
UPDATE posts SET hidden = $3 WHERE bucket = $1 AND id = $2 AND state = 0 AND hidden <> $3
"""


async def set_hidden(db: Db, account_id: AccountId, reply: Post, *, on: bool) -> None:
    """Hide a reply to what the account wrote, or show it again; done twice it is done once.

    Raises:
        Forbidden: it answers nothing, or neither what it answers nor the thread is the account's, or it is its own.
        NotFound: it is gone.
    """
    if reply.reply_to is None or reply.author_id == account_id or reply.deleted:
        raise NotFound("record.absent") if reply.deleted else Forbidden("reply.not_yours_to_hide")
    if reply.reply_to_account != account_id and account_id != await _began(db, reply):
        raise Forbidden("reply.not_yours_to_hide")
    bucket = bucket_of(reply.id)
    async with db.once(bucket) as tx:
        if await tx.execute(SET_HIDDEN, bucket, reply.id, on):
            tx.signal(ReplyHidden(account_id=account_id, post_id=reply.id))


async def _began(db: Db, reply: Post) -> AccountId | None:
    """Who wrote the first post of the reply's thread."""
    if reply.root_id is None:
        return None
    async with db.read() as reader:
        root = (await load_posts(reader, (reply.root_id,))).get(reply.root_id)
    return root.author_id if root is not None and not root.deleted else None
