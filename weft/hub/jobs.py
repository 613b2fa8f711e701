"""What goes on by itself: requests that ended long ago are removed, and files that no model names any more."""

from __future__ import annotations

from weft.hub import queries
from weft.hub.model import DAY_MS
from weft.hub.shelf import Shelf
from weft.infra.db import Db
from weft.infra.periodic import Job

_SWEEP_S = 3600.0


def jobs(shelf: Shelf, keep_days: int) -> list[Job]:
    """``keep_days``: how long what somebody wrote in a form is kept after the request ended."""

    async def sweep(db: Db) -> None:
        now_ms = db.clock.now_ms()
        async with db.job() as tx:
            await tx.execute(queries.DROP_ENDED, now_ms - keep_days * DAY_MS)
        async with db.read() as reader:
            named = await reader.values(queries.HASHES)
        # A day's grace: a publication copies its files before it names them.
        await shelf.sweep(named, (now_ms - DAY_MS) / 1000)

    return [Job("hub.sweep", _SWEEP_S, sweep)]
