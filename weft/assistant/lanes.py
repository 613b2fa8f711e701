"""What the calls to one model server share: the queue, the breaker, and our own engine's CPU time, split by call."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec

from weft.assistant.breaker import Breaker
from weft.assistant.costs import Spent
from weft.assistant.queue import Queue
from weft.infra.engine.client import cpu_s
from weft.kernel.errors import WeftError

COUNT = struct.Struct("<qdd")
OF_THE_SERVER = frozenset({"model.away", "model.slow", "model.broken", "model.full"})
"""Failures that say that a server is in trouble, and not that it was asked wrongly."""


class CpuCount(msgspec.Struct):
    """Of a process: its CPU time when it was last looked at, and what one call alone would have had of it so far."""

    pid: int = 0
    seen_s: float = 0.0
    one_s: float = 0.0


class CpuShares:
    """Splits the CPU time of a process among the calls that run in it: who runs alone for a while has it all.

    What one call costs while nobody else's does is counted up at each beginning and end of a call; what a call took is
    how far the count came meanwhile.

    Args:
        taken: how many calls have a place, of all processes of this machine; without it those that are counted here.
        folder: where these processes keep their common count.
    """

    def __init__(
        self,
        cpu_s: Callable[[int], float] = cpu_s,
        taken: Callable[[], int] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._cpu_s = cpu_s
        self._running: int = 0
        self._taken = taken or (lambda: self._running)
        self._count = CpuCount()
        self._file = -1 if folder is None else os.open(folder / "cpu", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def counting(self, pid: int, spent: Spent) -> Iterator[None]:
        """Count into ``spent`` while the block runs."""
        began = time.monotonic()
        self._running += 1
        before_s = self._come(pid, new=1)
        try:
            yield
        finally:
            spent.cpu_s += self._come(pid) - before_s
            self._running -= 1
            spent.total_ms = int((time.monotonic() - began) * 1000)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _come(self, pid: int, new: int = 0) -> float:
        """How far the count has come, if all but the new calls shared the process since it was last looked at."""
        if not pid:
            return 0.0
        with self._kept() as count:
            now_s, sharing = self._cpu_s(pid), self._taken() - new
            if pid == count.pid and sharing > 0:
                count.one_s += max(now_s - count.seen_s, 0.0) / sharing
            count.pid, count.seen_s = pid, now_s
        return count.one_s

    @contextmanager
    def _kept(self) -> Iterator[CpuCount]:
        """The count, as it is for all processes; what is changed in it is kept."""
        if self._file < 0:
            yield self._count
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            with suppress(struct.error):
                self._count = CpuCount(*COUNT.unpack(os.pread(self._file, COUNT.size, 0)))
            yield self._count
            os.pwrite(self._file, COUNT.pack(self._count.pid, self._count.seen_s, self._count.one_s), 0)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


class Lane(msgspec.Struct, frozen=True):
    """The calls to one server."""

    queue: Queue
    breaker: Breaker
    cpu: CpuShares

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the breaker know how the block went.

        Raises:
            Unavailable: `model.away` or `model.full`, while the server is left alone.
        """
        self.breaker.begin()
        tell = self.breaker.left
        try:
            yield
            tell = self.breaker.succeeded
        except WeftError as error:
            if error.code in OF_THE_SERVER:
                tell = partial(self.breaker.failed, error.code)
            raise
        finally:
            tell()
