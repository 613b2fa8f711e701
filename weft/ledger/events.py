"""What other slices learn of the ledger."""

from __future__ import annotations

from weft.infra.events import Event
from weft.ledger.model import Period, Scope, Unit


class BudgetReached(Event):
    """So many percent of a budget are spent: 80 is a warning, 100 the end until it begins anew. Told once a period."""

    scope: Scope
    subject: str
    """An account's id, a role, a segment; empty for the instance."""
    unit: Unit
    per: Period
    percent: int
    resets_ms: int
