"""The rows of posts that the judge has yet to look at, and of those of the last day, among which it finds copies.

A row goes with its post, or with its author's wish to be left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from weft.assistant.copies import WINDOW_MS, Written
from weft.assistant.lessons import unit_of
from weft.assistant.vectors import Floats
from weft.infra.db import Reader, Tx
from weft.kernel.ids import bucket_of, make_id

MOST_COMPARED: Final = 5000
"""The newest posts of the last day with which a new one is compared: 2 MB."""

WANT = """
INSERT INTO assistant_judged (bucket, post_id, author_id)  -- all buckets
SELECT given.bucket, given.id, given.author
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS given (bucket, id, author)
ON CONFLICT (bucket, post_id) DO UPDATE SET seen = false, mark = '', vector = ''
"""

FORGET = """
DELETE FROM assistant_judged j USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets
 WHERE j.bucket = given.bucket AND j.post_id = given.id
"""

FORGET_AUTHORS = """
DELETE FROM assistant_judged j USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets
 WHERE j.bucket = given.bucket AND j.author_id = given.id
"""

FORGET_ALL = """
DELETE FROM assistant_judged  -- all buckets
"""

SWEEP = """
DELETE FROM assistant_judged WHERE seen AND post_id < $1  -- all buckets; assistant_judged_newest
"""

WAITING = """
SELECT post_id FROM assistant_judged WHERE NOT seen  -- all buckets; assistant_judged_waiting
 ORDER BY post_id DESC LIMIT $1
"""

WINDOW = """
SELECT post_id, author_id, is_new, mark, vector FROM assistant_judged  -- all buckets; assistant_judged_newest
 WHERE seen AND mark <> '' AND post_id >= $1 ORDER BY post_id DESC LIMIT $2
"""

SUGGESTED = """
SELECT count(*) FROM assistant_judged WHERE seen AND suggested AND post_id >= $1  -- all buckets
"""

# An edit that came meanwhile keeps the post waiting.
SEE = """
UPDATE assistant_judged j  -- all buckets
   SET seen = true, is_new = given.is_new, mark = given.mark, vector = given.vector
  FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::boolean[], $5::bytea[], $6::bytea[])
       AS given (bucket, id, version, is_new, mark, vector)
  JOIN posts p ON p.bucket = given.bucket AND p.id = given.id AND p.version = given.version
 WHERE j.bucket = given.bucket AND j.post_id = given.id
"""

SUGGEST = """
UPDATE assistant_judged j SET suggested = true  -- all buckets
  FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)
 WHERE j.bucket = given.bucket AND j.post_id = given.id
"""


class Seen(msgspec.Struct, frozen=True):
    """One version of a post, as the judge saw it; ``vector`` is empty where no model read it."""

    written: Written
    version: int
    vector: bytes = b""


class Window(msgspec.Struct, frozen=True):
    """Posts of the last day, the newest first, with a unit vector each; zeros where there is none."""

    posts: list[Written]
    vectors: Floats


async def want_judging(tx: Tx, posts: Sequence[tuple[int, int]]) -> None:
    """Let the judge look at these posts, given with their authors, when there is time."""
    ids = [post_id for post_id, _ in posts]
    await tx.execute(WANT, [bucket_of(id_) for id_ in ids], ids, [author_id for _, author_id in posts])


async def forget_judged(tx: Tx, post_ids: Sequence[int]) -> None:
    await tx.execute(FORGET, [bucket_of(id_) for id_ in post_ids], list(post_ids))


async def forget_authors(tx: Tx, account_ids: Sequence[int]) -> None:
    await tx.execute(FORGET_AUTHORS, [bucket_of(id_) for id_ in account_ids], list(account_ids))


async def load_waiting(reader: Reader, limit: int) -> list[int]:
    return await reader.values(WAITING, limit)


async def load_window(reader: Reader, now_ms: int, more: Sequence[Seen]) -> Window:
    """What was seen in the last day, and ``more`` before it."""
    rows = await reader.rows(WINDOW, make_id(now_ms - WINDOW_MS, 0), MOST_COMPARED)
    new = {one.written.post_id for one in more}
    kept = [row for row in rows if row[0] not in new]
    posts = [one.written for one in more] + [Written(row[0], row[1], row[2], row[3]) for row in kept]
    return Window(posts, _matrix([one.vector for one in more] + [row[4] for row in kept]))


def _matrix(rows: Sequence[bytes]) -> Floats:
    """Rows of another model's length are as if nobody had read them."""
    width = next((len(row) for row in rows if row), 0)
    found: Floats = np.zeros((len(rows), width), np.float32)
    for at, row in enumerate(rows):
        if row and len(row) == width:
            found[at] = unit_of(row)
    return found


async def count_suggested(reader: Reader, now_ms: int) -> int:
    """Posts of the last day that were suggested."""
    return int(await reader.value(SUGGESTED, make_id(now_ms - WINDOW_MS, 0)))


async def keep_seen(tx: Tx, ids: Sequence[int], seen: Sequence[Seen], suggested: Sequence[int]) -> None:
    """Write down what was looked at; those of ``ids`` that were not may not be, and are forgotten."""
    found = [one.written for one in seen]
    buckets = [bucket_of(one.post_id) for one in found]
    post_ids, versions = [one.post_id for one in found], [one.version for one in seen]
    marks, vectors = [one.mark for one in found], [one.vector for one in seen]
    await tx.execute(SEE, buckets, post_ids, versions, [one.is_new for one in found], marks, vectors)
    await forget_judged(tx, [id_ for id_ in ids if id_ not in set(post_ids)])
    await tx.execute(SUGGEST, [bucket_of(id_) for id_ in suggested], list(suggested))


async def sweep_judged(tx: Tx, now_ms: int) -> None:
    await tx.execute(SWEEP, make_id(now_ms - WINDOW_MS, 0))


async def forget_all(tx: Tx) -> None:
    await tx.execute(FORGET_ALL)
