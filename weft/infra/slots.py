"""Places of which only so many are taken at the same time, by all processes that use one folder. A place is a file that
is locked (flock(2)), so whoever dies leaves it free. Taking one costs two system calls; whoever must wait looks again.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from weft.infra.postgres.lock import try_lock

LOOK_S = 0.005
"""How often somebody who waits for another process looks whether a place is free."""
GIVE_WAY_S = 2 * LOOK_S


class Slots:
    """The places of one thing, as one process sees them. Without a folder they are this process's alone."""

    def __init__(self, count: int, folder: Path | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.count = count
        self._now = now
        self._free = list(range(count))
        self._files: list[int] = []
        self._wanted = -1
        self._wants = False
        self._waits_until = 0.0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files = [_open(folder / f"place-{number}") for number in range(count)]
            self._wanted = _open(folder / "wanted")

    @property
    def free_here(self) -> int:
        """Places that this process has not taken; another one may have."""
        return len(self._free)

    def take(self) -> int | None:
        """A place, or None where none is free or another process is to have the next one: look again after LOOK_S."""
        if not self._files:
            return self._free.pop() if self._free else None
        if self._now() < self._waits_until:
            return None
        for number in self._free:
            if try_lock(self._files[number], fcntl.LOCK_EX):
                self._free.remove(number)
                self.want(False)
                return number
        if self._free:
            self.want(True)
        return None

    @property
    def taken(self) -> int:
        """Places that are taken, by whichever process."""
        return self.count - len(self._free) + sum(not self._is_free(number) for number in self._free if self._files)

    def _is_free(self, number: int) -> bool:
        if not try_lock(self._files[number], fcntl.LOCK_SH):
            return False
        fcntl.flock(self._files[number], fcntl.LOCK_UN)
        return True

    def want(self, wants: bool) -> None:
        """Say to the other processes whether somebody waits here for a place that one of them holds."""
        if wants and not self._wants:
            self._wants = try_lock(self._wanted, fcntl.LOCK_SH)
        elif self._wants and not wants:
            fcntl.flock(self._wanted, fcntl.LOCK_UN)
            self._wants = False

    def free(self, number: int) -> None:
        """Give a place back. If another process waits it comes first, or the one that is faster would keep them all."""
        self._free.append(number)
        if self._files:
            fcntl.flock(self._files[number], fcntl.LOCK_UN)
            if self._others_want():
                self._waits_until = self._now() + GIVE_WAY_S

    def _others_want(self) -> bool:
        is_alone = try_lock(self._wanted, fcntl.LOCK_EX)
        if self._wants:
            # Its own lock became a stronger one, or was lost in the attempt.
            self._wants = try_lock(self._wanted, fcntl.LOCK_SH)
        elif is_alone:
            fcntl.flock(self._wanted, fcntl.LOCK_UN)
        return not is_alone

    def close(self) -> None:
        """Let go of everything, taken places included."""
        for descriptor in (*self._files, self._wanted):
            if descriptor >= 0:
                os.close(descriptor)
        self._files, self._wanted = [], -1
        self._free, self._wants = [], False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
