"""Which posts the assistant's own posts are made of.

A reply goes with its question, and with the first of them that is deleted, edited so that it does not say any more what
is quoted of it, or whose author wants nothing to do with the assistant any more.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.assistant.context import Admitted, Context, Readers
from weft.assistant.lines import Line
from weft.infra.db import Db, Reader, Tx
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.posts.model import Post
from weft.posts.service import load_posts


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply has of a post: quotes, or where there are none sentences of a model that rest on it."""

    post_id: int
    version: int
    quotes: tuple[str, ...]
    readers: Readers

    def stands_in(self, admitted: Admitted) -> bool:
        post = admitted.find(self.post_id)
        if post is None:
            return False
        return post.version == self.version or bool(self.quotes) and all(text in post.text for text in self.quotes)


KEEP = """
INSERT INTO assistant_quoted (bucket, post_id, reply_id, author_id, version, quotes, asker_id, everybody)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)  -- all buckets: of the posts that are quoted
ON CONFLICT DO NOTHING
"""

LOAD = """
SELECT post_id, version, quotes, asker_id, everybody FROM assistant_quoted
 WHERE reply_id = $1  -- all buckets; assistant_quoted_reply
"""

OF_POSTS = """
SELECT DISTINCT q.reply_id FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets
  JOIN assistant_quoted q ON q.bucket = given.bucket AND q.post_id = given.id
"""

OF_AUTHORS = """
SELECT DISTINCT q.reply_id FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets
  JOIN assistant_quoted q ON q.bucket = given.bucket AND q.author_id = given.id
"""

FORGET = """
DELETE FROM assistant_quoted WHERE reply_id = ANY($1::bigint[])  -- all buckets; assistant_quoted_reply
"""


async def keep_quoted(db: Db, reply_id: PostId, asked: Post, lines: Sequence[Line], admitted: Admitted) -> None:
    """Write down of which posts a reply is made, the question among them. Twice is once."""
    readers = admitted.readers
    rows: list[tuple[int, int, int, list[str]]] = [(asked.id, asked.author_id, asked.version, [])]
    for post in admitted.posts:
        own = [line for line in lines if any(each.post_id == post.post_id for each in line.cites)]
        quotes = [line.text for line in own] if all(line.kind == "quote" for line in own) else []
        if own:
            rows.append((post.post_id, post.author_id, post.version, quotes))
    async with db.job() as tx:
        for post_id, *rest in rows:
            place = bucket_of(post_id), post_id, reply_id
            await tx.execute(KEEP, *place, *rest, readers.asker_id, readers.everybody)


async def still_stands(db: Db, context: Context, reply: Post) -> bool:
    """Whether what a reply answers is there, and everything that it has of posts may still be shown to its readers."""
    async with db.read() as reader:
        rows = await reader.rows(LOAD, reply.id)
        asked = (await load_posts(reader, (reply.reply_to or 0,))).get(reply.reply_to or 0)
    if asked is None or asked.deleted:
        return False
    parts = [
        Quoted(post_id=row[0], version=row[1], quotes=tuple(row[2]), readers=Readers(AccountId(row[3]), row[4]))
        for row in rows
        if row[0] != asked.id
    ]
    if not parts:
        return True
    admitted = await context.admit(parts[0].readers, [part.post_id for part in parts])
    return all(part.stands_in(admitted) for part in parts)


async def replies_of_posts(reader: Reader, ids: Sequence[int]) -> list[PostId]:
    """Replies that have something of these posts."""
    return [PostId(id_) for id_ in await reader.values(OF_POSTS, [bucket_of(id_) for id_ in ids], list(ids))]


async def replies_of_authors(reader: Reader, ids: Sequence[int]) -> list[PostId]:
    """Replies that have something of these authors' posts."""
    return [PostId(id_) for id_ in await reader.values(OF_AUTHORS, [bucket_of(id_) for id_ in ids], list(ids))]


async def forget_replies(tx: Tx, ids: Sequence[int]) -> None:
    await tx.execute(FORGET, list(ids))
