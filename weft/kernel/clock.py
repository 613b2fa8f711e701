"""Time as a value that is passed in, so that tests and drills choose it. Everything is UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The system's time, moved by a fixed offset (``WEFT_CLOCK_OFFSET``)."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self._offset_ms = int(offset_s * 1000)

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + self._offset_ms

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)


class ManualClock(Clock):
    """A clock that stands still until somebody moves it."""

    def __init__(self, start_ms: int) -> None:
        super().__init__()
        self._now_ms = start_ms

    def now_ms(self) -> int:
        return self._now_ms

    def advance(self, seconds: float) -> None:
        self._now_ms += int(seconds * 1000)


def from_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def rfc3339(ms: int) -> str:
    """``2026-01-02T03:04:05.678Z``: UTC with exactly three fraction digits, as the client API wants it."""
    seconds, fraction = divmod(ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{fraction:03d}Z"
