"""How late the event loop is: what waits for it notices every delay, so that work that can wait makes room in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LATE_MS = 20.0
LONG_S = 5.0
SAMPLE_S = 0.1
WINDOW_S = 1.0


class Lag:
    """Whether the loop was late for so long that it matters; once it is, until it was punctual for as long.

    A second counts as late where its samples are late by more than ``late_ms`` on average.
    """

    def __init__(self, late_ms: float = LATE_MS, long_s: float = LONG_S) -> None:
        self.is_high = False
        self.mean_ms = 0.0
        """Of the last second."""
        self._late_ms = late_ms
        self._long_s = long_s
        self._is_late = False
        self._since_s: float | None = None
        self._window_s = 0.0
        self._samples: list[float] = []
        self._calm: list[Callable[[], None]] = []

    def on_calm(self, tell: Callable[[], None]) -> None:
        """Call this each time the loop has become punctual again."""
        self._calm.append(tell)

    def note(self, now_s: float, late_ms: float) -> None:
        """One sample: a sleep that ended now, so much too late."""
        if self._since_s is None:
            self._since_s = self._window_s = now_s
        self._samples.append(late_ms)
        if now_s - self._window_s < WINDOW_S:
            return
        self.mean_ms = sum(self._samples) / len(self._samples)
        is_late = self.mean_ms > self._late_ms
        if is_late != self._is_late:
            self._is_late, self._since_s = is_late, self._window_s
        self._window_s = now_s
        self._samples.clear()
        if is_late != self.is_high and now_s - self._since_s >= self._long_s:
            self._turn(is_late)

    def _turn(self, is_high: bool) -> None:
        self.is_high = is_high
        if not is_high:
            for tell in self._calm:
                tell()

    async def sample_for_ever(self) -> None:
        while True:
            slept_from = time.monotonic()
            await asyncio.sleep(SAMPLE_S)
            now = time.monotonic()
            self.note(now, max(now - slept_from - SAMPLE_S, 0.0) * 1000)
