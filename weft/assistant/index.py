"""The rows by which posts are found by meaning: which posts have one, written in sets, and one worker's copy of them.

The table is derived and only proposes. Whoever asks gets the posts read again, so a copy that lags shows nobody
anything; it must still forget what was edited, deleted or withdrawn with the change, and its handlers do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
import numpy as np

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.assistant.context import unwilling
from weft.assistant.events import AssistantAllowed, AuthorsForgotten, PostsEmbedded
from weft.assistant.vectors import Bytes, Floats, Vectors, quantise
from weft.infra.db import Db, Reader, Tx
from weft.infra.signals import Signals
from weft.kernel.ids import AccountId, bucket_of
from weft.posts.events import PostDeleted, PostEdited
from weft.posts.model import Post
from weft.relationships.model import NOBODY, Visibility, can_see

MOST_ROWS: Final = 200_000
"""How many posts one worker can find by meaning, the newest: 80 MB."""
_READ_AT_ONCE: Final = 10_000


class Embedder(Protocol):
    """What makes vectors of texts. ``model`` names it and the very bytes it runs: vectors of two never meet."""

    @property
    def model(self) -> str: ...

    async def embed(self, texts: Sequence[str], account_id: int) -> Floats:
        """One vector of unit length a text, on this account's budget; account 0 is the community, which can wait.

        Raises:
            Limited: the budget is spent.
            Unavailable: the model cannot answer now.
        """


class Means(msgspec.Struct, frozen=True):
    """By what meaning is understood at this moment: a model, and the languages in which it passed the check."""

    embedder: Embedder | None = None
    languages: frozenset[str] = frozenset()


class Understanding(Protocol):
    """Asked before each use, since the operator may choose another model while the community runs."""

    async def __call__(self) -> Means: ...


async def words_alone() -> Means:
    """No model: finding goes by words."""
    return Means()


class Row(msgspec.Struct, frozen=True):
    """One version of a post as a model sees it."""

    post_id: int
    author_id: int
    version: int
    vector: bytes


def may_be_indexed(post: Post, author: Account | None) -> bool:
    """Whether anybody may find the post: public, no repost, of somebody here who lets themselves be found.

    An author elsewhere counts like one here: their posts are indexed if they say that they may be.
    """
    if author is None or post.repost_of is not None or not author.indexable:
        return False
    return post.visibility == Visibility.PUBLIC and can_see(post.audience(author.gone), NOBODY)


STORE = """
INSERT INTO post_embeddings (bucket, post_id, model, author_id, version, vector)  -- all buckets
SELECT p.bucket, p.id, $1, p.author_id, p.version, given.vector
  FROM unnest($2::smallint[], $3::bigint[], $4::smallint[], $5::bytea[]) AS given (bucket, id, version, vector)
  JOIN posts p ON p.bucket = given.bucket AND p.id = given.id AND p.version = given.version AND p.state = 0
 WHERE NOT EXISTS (SELECT 1 FROM assistant_opt_outs o WHERE o.bucket = p.bucket AND o.account_id = p.author_id)
ON CONFLICT (bucket, post_id, model) DO UPDATE SET version = excluded.version, vector = excluded.vector
"""

WANT = """
INSERT INTO post_embeddings_wanted (bucket, post_id)  -- all buckets
SELECT given.bucket, given.id FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)
ON CONFLICT DO NOTHING
"""

REMOVE = """
WITH given AS (SELECT bucket, id FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)), gone AS (
    DELETE FROM post_embeddings e USING given  -- all buckets
     WHERE e.bucket = given.bucket AND e.post_id = given.id
)
DELETE FROM post_embeddings_wanted w USING given WHERE w.bucket = given.bucket AND w.post_id = given.id
"""

REMOVE_AUTHORS = """
DELETE FROM post_embeddings e USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets
 WHERE e.bucket = given.bucket AND e.author_id = given.id
"""

WANT_AUTHORS = """
INSERT INTO post_embeddings_wanted (bucket, post_id)  -- all buckets
SELECT p.bucket, p.id FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)
  JOIN posts p ON p.bucket = given.bucket AND p.author_id = given.id AND p.state = 0 AND p.repost_of IS NULL
 WHERE p.visibility = 0
   AND NOT EXISTS (SELECT 1 FROM post_embeddings e WHERE e.bucket = p.bucket AND e.post_id = p.id)
ON CONFLICT DO NOTHING
"""


async def store_rows(tx: Tx, model: str, rows: Sequence[Row]) -> None:
    """Write the rows of those posts that are still as the model read them, and may still be read."""
    findable = await _findable(tx, list({row.author_id for row in rows}))
    rows = [row for row in rows if row.author_id in findable]
    ids = [row.post_id for row in rows]
    buckets = [bucket_of(id_) for id_ in ids]
    await tx.execute(STORE, model, buckets, ids, [row.version for row in rows], [row.vector for row in rows])


async def want_posts(tx: Tx, ids: Sequence[int]) -> None:
    """Let these posts be read by a model, when there is time."""
    await tx.execute(WANT, [bucket_of(id_) for id_ in ids], list(ids))


async def remove_posts(tx: Tx, ids: Sequence[int]) -> None:
    await tx.execute(REMOVE, [bucket_of(id_) for id_ in ids], list(ids))


async def review_authors(tx: Tx, ids: Sequence[int]) -> None:
    """Forget the posts of those of the accounts that may not be found any more, and want those of the others."""
    findable = await _findable(tx, ids)
    kept, gone = [id_ for id_ in ids if id_ in findable], [id_ for id_ in ids if id_ not in findable]
    if gone:
        await tx.execute(REMOVE_AUTHORS, [bucket_of(id_) for id_ in gone], gone)
        tx.signal(AuthorsForgotten(account_ids=tuple(map(AccountId, gone))))
    if kept:
        await tx.execute(WANT_AUTHORS, [bucket_of(id_) for id_ in kept], kept)


async def _findable(reader: Reader, ids: Sequence[int]) -> set[int]:
    """Those of the accounts that let themselves be found, and have nothing against the assistant."""
    accounts, out = await load_accounts(reader, ids), await unwilling(reader, ids)
    return {id_ for id_, one in accounts.items() if one.indexable and not one.gone and id_ not in out}


# The newest rows, oldest first: which is the oldest of them is asked of the index alone.
FLOOR = """
SELECT post_id FROM post_embeddings WHERE model = $1  -- all buckets; post_embeddings_newest
 ORDER BY post_id DESC OFFSET $2 LIMIT 1
"""

AFTER = """
SELECT post_id, author_id, vector FROM post_embeddings  -- all buckets; post_embeddings_newest
 WHERE model = $1 AND post_id > $2 ORDER BY post_id LIMIT $3
"""

THESE = """
SELECT e.post_id, e.author_id, e.vector FROM unnest($2::smallint[], $3::bigint[]) AS want (bucket, id)
  JOIN post_embeddings e ON e.bucket = want.bucket AND e.post_id = want.id AND e.model = $1 ORDER BY e.post_id
"""


class Nearness:
    """One worker's copy of the newest rows of one model: read at the first question, kept true by signals."""

    def __init__(self, db: Db, most: int = MOST_ROWS) -> None:
        self._db = db
        self._most = most
        self._vectors = Vectors(most)
        self._model = ""
        self._news: dict[int, None] = {}
        self._reading = asyncio.Lock()
        self._resets = 0

    def listen(self, signals: Signals) -> None:
        signals.on(PostsEmbedded, lambda event: self._news.update(dict.fromkeys(event.post_ids)))
        signals.on(PostDeleted, lambda event: self._forget(event.post_id))
        signals.on(PostEdited, lambda event: self._forget(event.post_id))
        signals.on(AuthorsForgotten, lambda event: self._vectors.remove_authors(event.account_ids))
        signals.on(AssistantAllowed, self._leave)
        signals.on_reset(self.reset)

    def reset(self) -> None:
        """Know nothing: the next question reads the rows again."""
        self._vectors, self._model = Vectors(self._most), ""
        self._news.clear()
        self._resets += 1

    async def nearest(self, reader: Reader, model: str, vector: Floats, limit: int) -> list[int]:
        """Posts whose meaning is nearest to the vector's, the nearest first. Some may be gone since."""
        async with self._reading:
            await self._catch_up(reader, model)
        # Some milliseconds for a large community: not on the loop that answers everybody.
        found = await asyncio.to_thread(self._vectors.nearest, vector, limit)
        return [post_id for post_id, _ in found]

    async def _catch_up(self, reader: Reader, model: str) -> None:
        if self._model != model:
            self.reset()
            await self._read_all(reader, model)
        news, self._news = list(self._news), {}
        if news:
            self._take(await reader.rows(THESE, model, [bucket_of(id_) for id_ in news], news))

    async def _read_all(self, reader: Reader, model: str) -> None:
        resets, last = self._resets, await reader.value(FLOOR, model, self._most) or 0
        while True:
            rows = await reader.rows(AFTER, model, last, _READ_AT_ONCE)
            self._take(rows)
            if len(rows) < _READ_AT_ONCE:
                break
            last = rows[-1][0]
        if resets == self._resets:
            self._model = model

    def _take(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        if rows:
            matrix: Bytes = np.frombuffer(b"".join(row[2] for row in rows), np.int8).reshape(len(rows), -1)
            self._vectors.add([row[0] for row in rows], [row[1] for row in rows], matrix)

    def _forget(self, post_id: int) -> None:
        self._news.pop(post_id, None)
        self._vectors.remove((post_id,))

    def _leave(self, event: AssistantAllowed) -> None:
        if event.out:
            self._vectors.remove_authors((event.account_id,))


def row_of(post: Post, vector: Floats) -> Row:
    return Row(post.id, post.author_id, post.version, quantise(vector[None, :]).tobytes())
