"""What notifications ask to be done outside of the database."""

from __future__ import annotations

from weft.infra.events import Event
from weft.kernel.ids import AccountId


class PushWanted(Event):
    """Somebody has a new notification, and one of their browsers or apps asked to be pushed to. An errand sends it."""

    account_id: AccountId
    target_id: int
    notification_id: int
