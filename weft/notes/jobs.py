"""How notes end by themselves: after a day, and with their account."""

from __future__ import annotations

from collections.abc import Sequence

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.kernel.ids import AccountId
from weft.notes.events import NoteCleared
from weft.notes.queries import drop_notes, sweep_notes

SWEPT_AT_ONCE = 500


async def forget_notes(tx: Tx, events: Sequence[Event]) -> None:
    """Delete the notes of deleted accounts."""
    ids = [event.account_id for event in events if isinstance(event, AccountStateChanged) and event.state == "deleted"]
    if ids:
        _announce(tx, await drop_notes(tx, ids))


async def end_notes(db: Db) -> None:
    """Delete the notes whose day is over, some at a time, until none is left."""
    swept = SWEPT_AT_ONCE
    while swept == SWEPT_AT_ONCE:
        async with db.job() as tx:
            gone = await sweep_notes(tx, tx.now_ms, SWEPT_AT_ONCE)
            _announce(tx, gone)
        swept = len(gone)


def _announce(tx: Tx, gone: Sequence[tuple[AccountId, int]]) -> None:
    for account_id, note_id in gone:
        tx.signal(NoteCleared(account_id=account_id, note_id=note_id))


JOBS = [Job("notes.end_notes", 60.0, end_notes)]

HANDLERS = ((AccountStateChanged, "notes.forget_notes", forget_notes),)
"""Event, stable name, handler: for ``wiring``."""
