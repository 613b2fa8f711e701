"""The record of the staff's decisions: appended within the transaction that carries a decision out, never changed.

Each entry's hash covers the one before it, so that a changed or missing entry is found and named. Who decided is in the
record and nowhere outside it.
"""

from __future__ import annotations

from weft.infra.db import Reader, Tx
from weft.kernel.ids import AccountId
from weft.moderation.model import Entry, hash_of

# Entries are written one after the other, by any process: the lock ends with the transaction.
LOCK = "SELECT pg_advisory_xact_lock(7306935418532151)  -- shared"

NEWEST = """
SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1  -- shared
"""

APPEND = """
INSERT INTO audit (number, at_ms, actor_id, action, subject, reason, previous, hash)  -- shared
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def record(tx: Tx, actor_id: AccountId, action: str, subject: str, reason: str) -> None:
    """Append a decision. ``subject`` names what it is about, such as ``report:12``."""
    await tx.execute(LOCK)
    newest = await tx.row(NEWEST)
    number, previous = (newest[0] + 1, newest[1]) if newest is not None else (1, b"")
    entry = Entry(
        number=number,
        at_ms=tx.now_ms,
        actor_id=actor_id,
        action=action,
        subject=subject,
        reason=reason,
        previous=previous,
    )
    await tx.execute(APPEND, number, entry.at_ms, actor_id, action, subject, reason, previous, hash_of(entry))


ENTRIES = """
SELECT number, at_ms, actor_id, action, subject, reason, previous, hash FROM audit  -- shared
 WHERE number > $1 ORDER BY number LIMIT 1000
"""


async def find_break(reader: Reader) -> tuple[int, int]:
    """How many entries the record holds, and the number of the first that was changed or is missing; 0 for none."""
    count, previous = 0, b""
    while rows := await reader.rows(ENTRIES, count):
        for row in rows:
            entry = Entry(
                number=row[0],
                at_ms=row[1],
                actor_id=row[2],
                action=row[3],
                subject=row[4],
                reason=row[5],
                previous=row[6],
            )
            if entry.number != count + 1 or entry.previous != previous or hash_of(entry) != row[7]:
                return count, count + 1
            count, previous = entry.number, row[7]
    return count, 0
