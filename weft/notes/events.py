"""What other slices learn of notes. Both are signals, never stored: nothing but open pages follows from a note."""

from __future__ import annotations

from weft.accounts.events import OfAccount


class NoteSet(OfAccount):
    """An account has a new note, in the place of any it had."""

    note_id: int


class NoteCleared(OfAccount):
    """A note was taken back, its time is over, or its account is gone."""

    note_id: int
