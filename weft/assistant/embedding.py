"""Lets the model read posts, a batch at a time and when nobody else waits for it.

What the model reads of a post is its own words alone. Words of the post it answers brought no question's answer nearer
(docs/assistant.md), and would have to be forgotten in each reply when the post they come from is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from weft.accounts.service import load_accounts
from weft.assistant.context import unwilling
from weft.assistant.events import PostsEmbedded
from weft.assistant.index import Means, Row, may_be_indexed, row_of, store_rows
from weft.assistant.language import guess_language
from weft.infra.db import Db, Reader
from weft.kernel.ids import BUCKETS, PostId, bucket_of
from weft.posts.model import Post
from weft.posts.service import load_polls, load_posts

BATCH: Final = 32
MOST_AT_ONCE: Final = 10
"""Batches of one run: few, since other jobs wait for its turn to end. The next run goes on."""
NOBODY: Final = 0
"""On whose budget posts are read: the community's."""
MOST_CHARACTERS: Final = 1200
"""The model reads about 256 words; more is never sent."""


class Reading(msgspec.Struct, frozen=True):
    """One post, and what the model is given to read of it."""

    post: Post
    text: str


def text_to_embed(post: Post, options: Sequence[str] = ()) -> str:
    """The words of a post that a model reads: warning, text, and what a poll offers."""
    return "\n".join(part for part in (post.summary, post.text, *options) if part)[:MOST_CHARACTERS]


NEWEST_WANTED = """
SELECT post_id FROM post_embeddings_wanted ORDER BY post_id DESC LIMIT $1  -- all buckets; ..._wanted_newest
"""

NOT_WANTED = """
DELETE FROM post_embeddings_wanted w  -- all buckets
 USING unnest($1::smallint[], $2::bigint[], $3::smallint[]) AS given (bucket, id, version)
 WHERE w.bucket = given.bucket AND w.post_id = given.id
   AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.bucket = given.bucket AND p.id = given.id
                      AND p.version > given.version)
"""

WANT_MISSING = """
INSERT INTO post_embeddings_wanted (bucket, post_id)
SELECT p.bucket, p.id FROM posts p
 WHERE p.bucket = $1 AND p.state = 0 AND p.visibility = 0 AND p.repost_of IS NULL
   AND NOT EXISTS (SELECT 1 FROM post_embeddings e WHERE e.bucket = p.bucket AND e.post_id = p.id AND e.model = $2)
ON CONFLICT DO NOTHING
"""

FORGET_OTHERS = """
DELETE FROM post_embeddings WHERE bucket = $1 AND model <> $2
"""

FORGET_WANTED = """
DELETE FROM post_embeddings_wanted  -- all buckets
"""

READ_FOR = """
SELECT value FROM server_values WHERE name = 'assistant.index'  -- shared
"""

NOW_FOR = """
INSERT INTO server_values (name, value) VALUES ('assistant.index', $1)  -- shared
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


async def embed_waiting(db: Db, means: Means) -> int:
    """Let the model read posts that wait; how many it read. Without a model nothing waits.

    Raises:
        Unavailable: the model cannot answer now; what it has read is kept.
    """
    embedder, languages = means.embedder, means.languages
    if embedder is None or not languages:
        await _build_for(db, "", "")
        return 0
    await _build_for(db, embedder.model, f"{embedder.model} {' '.join(sorted(languages))}")
    done = 0
    for _ in range(MOST_AT_ONCE):
        async with db.read() as reader:
            ids = await reader.values(NEWEST_WANTED, BATCH)
            readings = await _readings(reader, ids, languages)
        if not ids:
            break
        rows: list[Row] = []
        if readings:
            vectors = await embedder.embed([reading.text for reading in readings], NOBODY)
            rows = [row_of(reading.post, vector) for reading, vector in zip(readings, vectors, strict=True)]
        await _keep(db, embedder.model, ids, rows)
        done += len(rows)
    return done


async def _readings(reader: Reader, ids: Sequence[int], languages: frozenset[str]) -> list[Reading]:
    """Those of the posts that may be indexed, and are in a language that the model was shown to understand."""
    posts = await load_posts(reader, ids)
    author_ids = list({post.author_id for post in posts.values()})
    authors, out = await load_accounts(reader, author_ids), await unwilling(reader, author_ids)
    kept = [
        post
        for post in posts.values()
        if guess_language(post.text, post.language) in languages and post.author_id not in out
        if may_be_indexed(post, authors.get(post.author_id))
    ]
    polls = await load_polls(reader, [post.id for post in kept if post.has_poll])
    readings = [Reading(post, text_to_embed(post, polls[post.id].options if post.id in polls else ())) for post in kept]
    return [reading for reading in readings if reading.text.strip()]


async def _keep(db: Db, model: str, ids: Sequence[int], rows: Sequence[Row]) -> None:
    """Write what was read. A post that was edited meanwhile goes on waiting."""
    versions = {row.post_id: row.version for row in rows}
    async with db.job() as tx:
        if rows:
            await store_rows(tx, model, rows)
            tx.signal(PostsEmbedded(post_ids=tuple(map(PostId, versions))))
        buckets = [bucket_of(id_) for id_ in ids]
        await tx.execute(NOT_WANTED, buckets, list(ids), [versions.get(id_, 32_767) for id_ in ids])


async def _build_for(db: Db, model: str, wanted: str) -> None:
    """Start the index again if another model, or other languages, are in use than it was made for."""
    async with db.read() as reader:
        known = await reader.value(READ_FOR)
    if (known or "") == wanted and wanted:
        return
    if not wanted:
        async with db.job() as tx:
            await tx.execute(FORGET_WANTED)
            if known:
                await tx.execute(NOW_FOR, "")
        return
    for bucket in range(BUCKETS):
        async with db.tx(bucket) as tx:
            await tx.execute(FORGET_OTHERS, bucket, model)
            await tx.execute(WANT_MISSING, bucket, model)
    async with db.job() as tx:
        await tx.execute(NOW_FOR, wanted)
