"""Stops asking a model server that keeps failing, and lets one call try now and then whether it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from weft.kernel.errors import Unavailable

MOST_FAILURES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0

log = structlog.get_logger()


class Breaker:
    """Closed while calls succeed, open after ``MOST_FAILURES`` in a row; each failed try makes the pauses longer."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._pauses = 0
        self._until_s = 0.0
        self._is_tried = False
        self._is_full = False

    @property
    def is_open(self) -> bool:
        return self._pauses > 0

    def check(self) -> None:
        """Refuse a call that would not be made.

        Raises:
            Unavailable: `model.away`, or `model.full` where the server said so last, with `retry_after` in seconds.
        """
        left_s = self._until_s - self._now()
        if self.is_open and (left_s > 0 or self._is_tried):
            raise Unavailable("model.full" if self._is_full else "model.away", retry_after=max(int(left_s) + 1, 1))

    def begin(self) -> None:
        """Before a call; while it is open and its pause is over the first one is the try. Raises as ``check``."""
        self.check()
        self._is_tried = self.is_open

    def succeeded(self) -> None:
        if self.is_open:
            log.info("model.is_back")
        self._failures, self._pauses, self._is_tried = 0, 0, False

    def failed(self, code: str) -> None:
        if self.is_open and not self._is_tried:
            return  # began before the pause
        self._is_full = code == "model.full"
        self._failures += 1
        if self._is_tried or self._failures >= MOST_FAILURES:
            pause_s = min(FIRST_PAUSE_S * 2 ** min(self._pauses, 8), LONGEST_PAUSE_S)
            self._until_s = self._now() + pause_s
            self._pauses += 1
            log.warning("model.keeps_failing", pause_s=pause_s)
        self._is_tried = False

    def left(self) -> None:
        """The call ended without saying anything about the server."""
        self._is_tried = False
