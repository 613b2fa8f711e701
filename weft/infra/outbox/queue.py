"""The outbox as rows: what the dispatcher asks of it, how it is shared among workers, and how much is in it."""

from __future__ import annotations

import asyncio

import msgspec

from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.ids import BUCKETS

RANGE_LOCK = 0x6F7578  # the first half of the advisory lock; the second is the range's first bucket

LOCK_RANGE = "SELECT pg_try_advisory_xact_lock($1, $2) -- all buckets"
CLAIM = """
SELECT bucket, id, kind, payload, attempts FROM outbox -- all buckets: of this worker's range, by the primary key
 WHERE bucket BETWEEN $1 AND $2 AND due_ms <= $3
 ORDER BY bucket, id LIMIT $4
   FOR UPDATE SKIP LOCKED
"""
REMOVE = """
DELETE FROM outbox -- all buckets: rows that this transaction has locked
 USING unnest($1::smallint[], $2::bigint[]) AS done (bucket, id)
 WHERE outbox.bucket = done.bucket AND outbox.id = done.id
"""
POSTPONE = """
UPDATE outbox SET attempts = late.attempts, due_ms = late.due_ms -- all buckets: rows that this transaction has locked
  FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bigint[]) AS late (bucket, id, attempts, due_ms)
 WHERE outbox.bucket = late.bucket AND outbox.id = late.id
"""
DONE_BEFORE = """
SELECT outbox_id, handler FROM effects -- all buckets: of rows that this transaction has locked
 WHERE (bucket, outbox_id) IN (SELECT * FROM unnest($1::smallint[], $2::bigint[]))
"""
NOTE_DONE = """
INSERT INTO effects (bucket, outbox_id, handler) -- all buckets: of rows that this transaction has locked
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[]) ON CONFLICT DO NOTHING
"""
FORGET_DONE = """
DELETE FROM effects -- all buckets: of rows that this transaction removes
 WHERE (bucket, outbox_id) IN (SELECT * FROM unnest($1::smallint[], $2::bigint[]))
"""
BURY = """
INSERT INTO dead_letters (bucket, id, kind, payload, handler, error, died_ms) -- all buckets: from this worker's range
SELECT bucket, id, kind, payload, $3, $4, $5 FROM outbox WHERE bucket = $1 AND id = $2
ON CONFLICT DO NOTHING
"""
BACKLOG = "SELECT count(*) FROM outbox -- all buckets"


class Stored(msgspec.Struct):
    """One row of the outbox, and what became of it."""

    bucket: int
    id: int
    kind: str
    attempts: int
    event: Event | None
    failed: dict[str, str] = {}
    """Handler to class of error."""
    done: set[str] = set()


class Buckets(msgspec.Struct, frozen=True):
    """A range of buckets, both ends in it."""

    first: int = 0
    last: int = BUCKETS - 1


def range_of(index: int, workers: int) -> Buckets:
    """The buckets of one worker among several."""
    return Buckets(BUCKETS * index // workers, BUCKETS * (index + 1) // workers - 1)


async def backlog(db: Db) -> int:
    """How many events wait, whoever works on them."""
    async with db.read() as reader:
        return int(await reader.value(BACKLOG))


async def wait_until_empty(db: Db, seconds: float) -> None:
    """Wait for other processes to empty the outbox.

    Raises:
        TimeoutError: it is not empty after that many seconds.
    """
    async with asyncio.timeout(seconds):
        while await backlog(db):  # noqa: ASYNC110 - another process empties it
            await asyncio.sleep(0.1)
