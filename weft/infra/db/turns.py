"""One at a time per key, in this process: for writes that would only push each other aside in the database."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """``async with turns.of(key)``: whoever comes first goes first. Keys that nobody uses are forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: int) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
