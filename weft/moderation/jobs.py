"""What follows in moderation from events elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Tx
from weft.infra.events import Event
from weft.moderation.reports import forget_chats


async def forget_reported_chats(tx: Tx, events: Sequence[Event]) -> None:
    """What a deleted account had passed on of its chats goes with it."""
    gone = [event.account_id for event in events if isinstance(event, AccountStateChanged) and event.state == "deleted"]
    if gone:
        await forget_chats(tx, gone)


HANDLERS = ((AccountStateChanged, "moderation.forget_chats", forget_reported_chats),)
"""Event, stable name, handler: for ``wiring``."""
