"""Cursor paging: which rows a page asks for, and which cursors lead on from it.

Pages go by id, newest first, never by offset. ``min_id`` reads from the oldest end next to the cursor and wins over
``since_id``; both may be combined with ``max_id``. A page that drops what the viewer may not see is refilled by its
source; ``Paged.next_id`` is then the last id *scanned*, not the last shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from weft.kernel.ids import MAX_ID

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True):
    """A request for at most ``limit`` rows with ``after < id < before``."""

    limit: int
    before: int = MAX_ID
    after: int = 0
    upwards: bool = False
    """Take the rows next to ``after`` (``min_id``) instead of the newest ones."""


class Paged(msgspec.Struct, Generic[T]):
    """What a source answers: items newest first, and the cursors around them (None: nothing more that way)."""

    items: Sequence[T]
    next_id: int | None = None
    prev_id: int | None = None


def page_of_rows(ids: Sequence[int], page: Page) -> tuple[int | None, int | None]:
    """``(next, prev)`` cursors for rows that were fetched without any filter: a short page has no next."""
    if not ids:
        return None, None
    more = len(ids) >= page.limit or page.upwards
    return (ids[-1] if more else None), ids[0]
