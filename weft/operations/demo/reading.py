"""Lets the demo's people have read their activity, so that only the latest of it is new, as where people come by
daily.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Final

from weft.infra.db import Db
from weft.infra.outbox import wait_until_empty
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.notifications.model import EVERYTHING
from weft.notifications.service import load_page
from weft.timelines.service import save_markers

NEW: Final = 3
TOLD_S: Final = 30.0
"""How long the server may take to tell people of all that happened."""


async def look_in(db: Db, people: Iterable[AccountId]) -> None:
    """Read the activity once the server, which runs beside, has told of what happened."""
    # Where it is still telling, a little more is new: no reason to keep anybody waiting.
    with contextlib.suppress(TimeoutError):
        await wait_until_empty(db, TOLD_S)
    await read_activity(db, people)


async def read_activity(db: Db, people: Iterable[AccountId]) -> None:
    """All but the newest few of what each of them was told so far."""
    for account_id in people:
        async with db.read() as reader:
            newest = await load_page(reader, account_id, EVERYTHING, Page(NEW + 1))
        if len(newest) > NEW:
            await save_markers(db, account_id, {"notifications": newest[NEW].id})
