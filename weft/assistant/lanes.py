"""What the calls to one model server share: the queue, the breaker, and our own engine's CPU time, split by call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from weft.assistant.breaker import Breaker
from weft.assistant.costs import Spent
from weft.assistant.queue import Queue
from weft.infra.engine.client import cpu_s
from weft.kernel.errors import WeftError

OF_THE_SERVER = frozenset({"model.away", "model.slow", "model.broken", "model.full"})
"""Failures that say that a server is in trouble, and not that it was asked wrongly."""


class CpuShares:
    """Splits the CPU time of a process among the calls that run in it: who runs alone for a while has it all.

    Calls of other processes of this machine are not known of, and are counted with those here.
    """

    def __init__(self, cpu_s: Callable[[int], float] = cpu_s) -> None:
        self._cpu_s = cpu_s
        self._pid = 0
        self._seen_s = 0.0
        self._running: list[Spent] = []

    @contextmanager
    def counting(self, pid: int, spent: Spent) -> Iterator[None]:
        """Count into ``spent`` while the block runs."""
        began = time.monotonic()
        self._split(pid)
        self._running.append(spent)
        try:
            yield
        finally:
            self._split(pid)
            self._running = [other for other in self._running if other is not spent]
            spent.total_ms = int((time.monotonic() - began) * 1000)

    def _split(self, pid: int) -> None:
        now_s = self._cpu_s(pid)
        if pid == self._pid and self._running:
            share_s = max(now_s - self._seen_s, 0.0) / len(self._running)
            for spent in self._running:
                spent.cpu_s += share_s
        self._pid, self._seen_s = pid, now_s


class Lane(msgspec.Struct, frozen=True):
    """The calls to one server."""

    queue: Queue
    breaker: Breaker
    cpu: CpuShares

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the breaker know how the block went.

        Raises:
            Unavailable: `model.away`, while the server is left alone.
        """
        self.breaker.begin()
        tell = self.breaker.left
        try:
            yield
            tell = self.breaker.succeeded
        except WeftError as error:
            if error.code in OF_THE_SERVER:
                tell = self.breaker.failed
            raise
        finally:
            tell()
