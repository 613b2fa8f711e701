"""Summaries that were made, kept until any of their posts or authors changes, and for at most thirty days.

They are derived: each can be made again. A summary is found only by the very posts that its reader may see now, so
that one is never shown to somebody it was not made for.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.assistant.context import Visible
from weft.assistant.lines import Line, decode, encode
from weft.infra.db import Db, Tx
from weft.kernel.ids import bucket_of

KEEP_MS = 30 * 86_400_000


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary is of, by whom, and for whom."""

    subject: int
    version: bytes
    model: str
    prompt: int
    audience: str


FIND = """
SELECT lines FROM assistant_summaries  -- all buckets: derived
 WHERE subject = $1 AND version = $2 AND model = $3 AND prompt = $4 AND audience = $5
"""

KEEP = """
INSERT INTO assistant_summaries (subject, version, model, prompt, audience, post_ids, author_ids, lines, made_ms)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9  -- all buckets: derived
 WHERE NOT EXISTS (SELECT 1 FROM unnest($7::bigint[]) AS author (id)
                     JOIN assistant_opt_outs o ON o.bucket = (author.id >> 6 & 1023)::smallint
                      AND o.account_id = author.id)
   AND NOT EXISTS (SELECT 1 FROM unnest($6::bigint[], $10::smallint[]) AS read (id, version)
                     LEFT JOIN posts p ON p.bucket = (read.id >> 6 & 1023)::smallint AND p.id = read.id
                      AND p.state = 0 AND p.version = read.version
                    WHERE p.id IS NULL)
ON CONFLICT DO NOTHING
"""

DROP_OF_POSTS = """
DELETE FROM assistant_summaries WHERE post_ids && $1::bigint[]  -- all buckets; assistant_summaries_posts
"""

DROP_OF_AUTHORS = """
DELETE FROM assistant_summaries WHERE author_ids && $1::bigint[]  -- all buckets; assistant_summaries_authors
"""

DROP_OLD = """
DELETE FROM assistant_summaries WHERE made_ms < $1  -- all buckets; assistant_summaries_made
"""


async def find_summary(db: Db, made: Made) -> list[Line] | None:
    async with db.read() as reader:
        found: str | None = await reader.value(FIND, made.subject, made.version, made.model, made.prompt, made.audience)
    return decode(found) if found is not None else None


async def keep_summary(db: Db, made: Made, lines: Sequence[Line], posts: Sequence[Visible] = ()) -> None:
    """Keep it for the next reader. A post that changed while it was made, or an author who opted out, prevents that."""
    key = made.subject, made.version, made.model, made.prompt, made.audience
    ids, versions = [post.post_id for post in posts], [post.version for post in posts]
    authors = list({post.author_id for post in posts})
    async with db.once(bucket_of(made.subject)) as tx:
        await tx.execute(KEEP, *key, ids, authors, encode(list(lines)).decode(), tx.now_ms, versions)


async def drop_of_posts(tx: Tx, post_ids: Sequence[int]) -> None:
    await tx.execute(DROP_OF_POSTS, list(post_ids))


async def drop_of_authors(tx: Tx, account_ids: Sequence[int]) -> None:
    await tx.execute(DROP_OF_AUTHORS, list(account_ids))


async def sweep_summaries(db: Db) -> None:
    async with db.job() as tx:
        await tx.execute(DROP_OLD, tx.now_ms - KEEP_MS)
