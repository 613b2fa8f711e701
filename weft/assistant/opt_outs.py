"""Who wants nothing to do with the assistant: their posts enter no index, no prompt and no training set."""

from __future__ import annotations

from collections.abc import Iterable

from weft.assistant.events import AssistantAllowed
from weft.infra.db import Db, Reader
from weft.kernel.ids import AccountId, bucket_of

# The index forgets the author's posts in the statement that writes the wish down.
OPT_OUT = """
WITH gone AS (
    DELETE FROM post_embeddings WHERE bucket = $1 AND author_id = $2
), unwanted AS (
    DELETE FROM post_embeddings_wanted w USING posts p
     WHERE w.bucket = $1 AND p.bucket = $1 AND p.id = w.post_id AND p.author_id = $2
)
INSERT INTO assistant_opt_outs (bucket, account_id, since_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""

OPT_IN = """
DELETE FROM assistant_opt_outs WHERE bucket = $1 AND account_id = $2
"""

OPTED_OUT = """
SELECT o.account_id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN assistant_opt_outs o ON o.bucket = want.bucket AND o.account_id = want.id
"""


async def opt_out(db: Db, account_id: AccountId, out: bool) -> None:
    """Keep the account's posts from the assistant from now on, or let it have them again. Twice is once."""
    bucket = bucket_of(account_id)
    async with db.tx(bucket) as tx:
        if out:
            changed = await tx.execute(OPT_OUT, bucket, account_id, tx.now_ms)
        else:
            changed = await tx.execute(OPT_IN, bucket, account_id)
        if changed:
            tx.emit(AssistantAllowed(account_id=account_id, out=out))


async def opted_out(reader: Reader, ids: Iterable[int]) -> frozenset[int]:
    """Those of the accounts that want nothing to do with the assistant."""
    wanted = list(set(ids))
    if not wanted:
        return frozenset()
    return frozenset(await reader.values(OPTED_OUT, [bucket_of(id_) for id_ in wanted], wanted))
