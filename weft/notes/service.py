"""The door of the notes: leave one, take it back, and read those of others."""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.ids import AccountId, bucket_of
from weft.notes.events import NoteCleared, NoteSet
from weft.notes.model import NOTE_MS, Note, NoteAudience, check_note
from weft.notes.queries import drop_note, find_note, load_notes, put_note

__all__ = ["clear_note", "find_note", "load_notes", "set_note"]


async def set_note(db: Db, account_id: AccountId, text: str, audience: NoteAudience) -> Note:
    """Leave a note for a day, in the place of the one there was.

    Raises:
        Invalid: see ``check_note``.
    """
    line, bucket = check_note(text), bucket_of(account_id)
    async with db.once(bucket) as tx:
        now_ms = tx.now_ms
        note = Note(
            id=tx.ids.new(bucket),
            account_id=account_id,
            text=line,
            audience=audience,
            created_ms=now_ms,
            expires_ms=now_ms + NOTE_MS,
        )
        await put_note(tx, note)
        tx.signal(NoteSet(account_id=account_id, note_id=note.id))
    return note


async def clear_note(db: Db, account_id: AccountId) -> None:
    """Take the account's note back, if it has one."""
    async with db.once(bucket_of(account_id)) as tx:
        note_id = await drop_note(tx, account_id)
        if note_id is not None:
            tx.signal(NoteCleared(account_id=account_id, note_id=note_id))
