"""The days and quarters of budgets, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from weft.kernel.clock import from_ms, to_ms

Period = Literal["day", "quarter"]
PERIODS: tuple[Period, ...] = ("day", "quarter")
MINUTE_MS = 60_000
DAY_MS = 86_400_000


def minute_of(ms: int) -> int:
    return ms - ms % MINUTE_MS


def start_of(period: Period, ms: int) -> int:
    """When the period that holds this moment began."""
    if period == "day":
        return ms - ms % DAY_MS
    moment = from_ms(ms)
    return to_ms(datetime(moment.year, (moment.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC))


def end_of(period: Period, ms: int) -> int:
    """When the next one begins."""
    start = start_of(period, ms)
    return start + DAY_MS if period == "day" else start_of("quarter", start + 95 * DAY_MS)
