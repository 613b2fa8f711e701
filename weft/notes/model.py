"""What a note is: one line that an account shows to its followers for a day. Values and pure rules.

A note is no post: nobody likes or reposts it, no feed and no search holds it, and it leaves nothing behind.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId
from weft.kernel.text.clean import clean_line, is_blank
from weft.kernel.text.length import CODE_POINTS_PER_GRAPHEME, graphemes
from weft.relationships.model import Audience, Visibility

NOTE_LIMIT = 60
"""The most characters of a note, as a reader counts them."""
NOTE_MS = 24 * 60 * 60 * 1000

NoteAudience = Literal["followers", "mutuals"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    text: str
    audience: NoteAudience
    created_ms: int
    expires_ms: int

    def rights(self, *, gone: bool) -> Audience:
        """For whom it is meant. ``gone``: its author is suspended or deleted."""
        return Audience(self.account_id, Visibility.FOLLOWERS, gone=gone, mutual=self.audience == "mutuals")


def check_note(text: str) -> str:
    """The text as it is stored: one line without controls.

    Raises:
        Invalid: nothing of it can be seen, or it is too long.
    """
    text = text.strip()
    if len(text) > NOTE_LIMIT * CODE_POINTS_PER_GRAPHEME:
        raise Invalid("note.too_long", field="text", limit=NOTE_LIMIT)
    # One more than is allowed is kept, so that a long note is refused and not cut.
    line = clean_line(text, NOTE_LIMIT + 1)
    if is_blank(line):
        raise Invalid("note.empty", field="text")
    if graphemes(line) > NOTE_LIMIT:
        raise Invalid("note.too_long", field="text", limit=NOTE_LIMIT)
    return line
