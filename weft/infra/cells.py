"""Which event last concerned an account: a mapped file that all processes of a machine share.

A process numbers its events; a cell holds the last event of the accounts that share it, and the last one of another
process before that. A word is ``process (24 bits) | n (40 bits)``, written at once, so that no reader sees halves.
Reading two words takes 0.2 us; asking PostgreSQL or another process would take a hundred times that on each read.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from pathlib import Path

CELLS = 65_536
WORKER_SLOTS = 64
COMMAND_SLOTS = 64
N_BITS = 40
FILE_NAME = "signals.cells"

# The version is part of the magic: a file of another layout is replaced.
_MAGIC = int.from_bytes(b"WEFTCEL1", "little")
_LAST_PROCESS, _SLOTS = 1, 2
_SLOT_WORDS = 2  # the last word noted, the process id
_FIRST_CELL = _SLOTS + (WORKER_SLOTS + COMMAND_SLOTS) * _SLOT_WORDS
_FILE_BYTES = (_FIRST_CELL + CELLS * 2) * 8
_PROCESSES = (1 << 24) - 1


class Cells:
    """The mapped words, and this process's slot among them."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._map = mmap.mmap(-1, _FILE_BYTES) if path is None else _open_map(path)
        self.words: memoryview = memoryview(self._map).cast("Q")
        self._slot = 0
        self.base = 0

    def join(self, index: int | None) -> bool:
        """Take a process number and a slot: the worker's own, or any for a command.

        Returns whether whoever held the slot before left it as one should.
        """
        with _Lock(self._path):
            process = self.words[_LAST_PROCESS] % _PROCESSES + 1
            self.words[_LAST_PROCESS] = process
            number = index if index is not None else self._free_command_slot()
            self._slot = _SLOTS + number * _SLOT_WORDS
            left_well = self.words[self._slot] == 0
            self.base = process << N_BITS
            self.words[self._slot] = self.base
            self.words[self._slot + 1] = os.getpid()
        return left_well

    def leave(self) -> None:
        """Say that everything this process noted was also sent."""
        if self._slot:
            self.words[self._slot] = 0
            self.words[self._slot + 1] = 0
            self._slot = 0

    def note_write(self, accounts: tuple[int, ...], word: int) -> None:
        """Note the event `word` of this process for each account, before anyone is told that the write is done."""
        words = self.words
        words[self._slot] = word
        for account in accounts:
            place = place_of(account)
            last = words[place]
            if last >> N_BITS != word >> N_BITS:
                words[place + 1] = last
            words[place] = word

    def noted(self) -> tuple[int, dict[int, int]]:
        """The newest process number, and the last word noted by each process that has a slot."""
        slots = range(_SLOTS, _FIRST_CELL, _SLOT_WORDS)
        newest = self.words[_LAST_PROCESS]
        return newest, {word >> N_BITS: word for word in (self.words[slot] for slot in slots) if word}

    def is_gone(self, process: int) -> bool:
        """Whether no living process has this number: what it did not send will never come."""
        for slot in range(_SLOTS, _FIRST_CELL, _SLOT_WORDS):
            if self.words[slot] >> N_BITS == process:
                return not _alive(self.words[slot + 1])
        return True

    def close(self) -> None:
        self.words.release()
        self._map.close()

    def _free_command_slot(self) -> int:
        numbers = range(WORKER_SLOTS, WORKER_SLOTS + COMMAND_SLOTS)
        for number in numbers:
            slot = _SLOTS + number * _SLOT_WORDS
            if self.words[slot] == 0 or not _alive(self.words[slot + 1]):
                self.words[slot] = 0
                return number
        return numbers[-1]  # sixty-four commands at once: two may share a slot, and a reader asks SQL once more


def place_of(account: int) -> int:
    """The first word of the account's cell: ids differ in the bucket and the low bits of the time above it."""
    return _FIRST_CELL + ((account >> 6) & (CELLS - 1)) * 2


class _Lock:
    """Holds the kernel's lock on the file while a slot is taken; memory of one process needs none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> None:
        if self._path is not None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _open_map(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with _Lock(path):  # on a descriptor of its own: the map keeps a copy of the one it was made from
            right_size = os.fstat(descriptor).st_size == _FILE_BYTES
            if not right_size or os.pread(descriptor, 8, 0) != _MAGIC.to_bytes(8, "little"):
                os.ftruncate(descriptor, 0)
                os.ftruncate(descriptor, _FILE_BYTES)
                os.pwrite(descriptor, _MAGIC.to_bytes(8, "little"), 0)
        return mmap.mmap(descriptor, _FILE_BYTES)
    finally:
        os.close(descriptor)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0
