"""Taking back that one's post is quoted."""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.posts.events import CountsChanged, QuoteStateChanged
from weft.posts.model import Post

REVOKE = """
UPDATE posts SET quote_state = 'revoked' WHERE bucket = $1 AND id = $2 AND quote_of = $3 AND quote_state = 'accepted'
"""

UNQUOTE = """
WITH gone AS (
    DELETE FROM quotes WHERE bucket = $1 AND quoted_id = $2 AND post_id = $3 RETURNING bucket, quoted_id
)
UPDATE post_counts SET quotes = quotes - 1 FROM gone
 WHERE post_counts.bucket = gone.bucket AND post_counts.post_id = gone.quoted_id AND post_counts.slot = 0
"""


async def revoke_quote(db: Db, account_id: AccountId, quoted: Post, quoting: Post) -> None:
    """Take one's own post out of another post that quotes it; done twice it is done once.

    Raises:
        NotFound: the post is not the account's own, or the other does not quote it.
    """
    if quoted.author_id != account_id or quoting.quote_of != quoted.id:
        raise NotFound("record.absent")
    here, there = bucket_of(quoted.id), bucket_of(quoting.id)
    async with db.edge(here, there) as tx:
        if not await tx.execute(REVOKE, there, quoting.id, quoted.id):
            return
        await tx.execute(UNQUOTE, here, quoted.id, quoting.id)
        tx.emit(QuoteStateChanged(post_id=quoting.id, quoted_id=quoted.id, state="revoked"))
        tx.signal(CountsChanged(post_id=quoted.id))
