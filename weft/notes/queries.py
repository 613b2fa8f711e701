"""The statements of notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.infra.db import Reader, Row, Tx
from weft.kernel.ids import AccountId, bucket_of, ms_of
from weft.notes.model import Note, NoteAudience

PUT = """
INSERT INTO notes (bucket, account_id, id, text, audience, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (bucket, account_id) DO UPDATE SET id = $3, text = $4, audience = $5, expires_ms = $6
"""


async def put_note(tx: Tx, note: Note) -> None:
    bucket = bucket_of(note.account_id)
    await tx.execute(PUT, bucket, note.account_id, note.id, note.text, note.audience, note.expires_ms)


DROP = """
DELETE FROM notes WHERE bucket = $1 AND account_id = $2 RETURNING id
"""


async def drop_note(tx: Tx, account_id: AccountId) -> int | None:
    """The id of the note that went; None where there was none."""
    found: int | None = await tx.value(DROP, bucket_of(account_id), account_id)
    return found


DROP_OF = """
DELETE FROM notes USING unnest($1::smallint[], $2::bigint[]) AS gone (bucket, account_id)  -- all buckets: each its own
 WHERE notes.bucket = gone.bucket AND notes.account_id = gone.account_id RETURNING notes.account_id, notes.id
"""


async def drop_notes(tx: Tx, account_ids: Sequence[int]) -> list[tuple[AccountId, int]]:
    """``(account, note)`` of each that went."""
    rows = await tx.rows(DROP_OF, [bucket_of(id_) for id_ in account_ids], list(account_ids))
    return [(row[0], row[1]) for row in rows]


SWEEP = """
WITH due AS (
    SELECT bucket, account_id FROM notes WHERE expires_ms <= $1  -- all buckets: a small table, read once a minute
     LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM notes USING due WHERE notes.bucket = due.bucket AND notes.account_id = due.account_id
RETURNING notes.account_id, notes.id
"""


async def sweep_notes(tx: Tx, now_ms: int, limit: int) -> list[tuple[AccountId, int]]:
    """Delete some of the notes whose time is over; ``(account, note)`` of each."""
    return [(row[0], row[1]) for row in await tx.rows(SWEEP, now_ms, limit)]


BY_ID = """
SELECT id, account_id, text, audience, expires_ms FROM notes  -- notes_by_id
 WHERE bucket = $1 AND id = $2 AND expires_ms > $3
"""


async def find_note(reader: Reader, note_id: int, now_ms: int) -> Note | None:
    row = await reader.row(BY_ID, bucket_of(note_id), note_id, now_ms)
    return _of_row(row) if row is not None else None


OF_ACCOUNTS = """
SELECT n.id, n.account_id, n.text, n.audience, n.expires_ms  -- all buckets: each account's own, in one statement
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, account_id)
  JOIN notes n ON n.bucket = want.bucket AND n.account_id = want.account_id
 WHERE n.expires_ms > $3 AND n.id < $4 ORDER BY n.id DESC LIMIT $5
"""


async def load_notes(reader: Reader, account_ids: Iterable[int], now_ms: int, before: int, limit: int) -> list[Note]:
    """Notes of these accounts that still run and are older than ``before``, the newest first."""
    wanted = list(account_ids)
    buckets = [bucket_of(id_) for id_ in wanted]
    return [_of_row(row) for row in await reader.rows(OF_ACCOUNTS, buckets, wanted, now_ms, before, limit)]


def _of_row(row: Row) -> Note:
    audience: NoteAudience = "mutuals" if row[3] == "mutuals" else "followers"
    return Note(
        id=row[0], account_id=row[1], text=row[2], audience=audience, created_ms=ms_of(row[0]), expires_ms=row[4]
    )
