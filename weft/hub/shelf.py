"""The files themselves, in the data folder under their hash: written beside, read by a walled process, then renamed.

A file that two models name lies here once. What no row names any more is removed by a sweep, a day later.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from weft.hub.inspection import inspect
from weft.hub.model import File, check_file_name, is_hash
from weft.kernel.errors import Conflict, Invalid, TooLarge, Unavailable

FOLDER: Final = "hub"
PIECE: Final = 1024 * 1024
MOST_BYTES: Final = 512 * 1024**3


class Shelf:
    """One folder, safe for several processes: a file appears under its hash only when it is whole and was read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._beside = folder / "tmp"

    def path(self, sha256: str) -> Path | None:
        """Where the file of a hash lies, if it does."""
        if not is_hash(sha256):
            return None
        path = self._place(sha256)
        return path if path.is_file() else None

    def hashes(self) -> Iterator[str]:
        """Of every file there is, in no order: for backups."""
        for path in self._folder.glob("??/*") if self._folder.is_dir() else ():
            if is_hash(path.name) and path.parent.name == path.name[:2]:
                yield path.name

    async def take(self, source: Path, name: str) -> File:
        """Copy a file in.

        Raises:
            Invalid: its name, format or content cannot be accepted.
        """
        check_file_name(name)
        part = await asyncio.to_thread(self._new_part)
        try:
            with await asyncio.to_thread(source.open, "rb") as opened:
                sha256 = await asyncio.to_thread(_copy, opened, part)
            return await self._accept(part, name, sha256)
        finally:
            part.unlink(missing_ok=True)

    # ------------------------------------------------------------------------------------------ uploads in pieces

    async def add_piece(self, model_id: int, name: str, offset: int, data: bytes) -> int:
        """Append to an upload, or with ``offset`` 0 begin it anew; how much of it is here now.

        Raises:
            Conflict: that is not where it ends.
            TooLarge: it would be larger than any file may be.
        """
        part = self._part_of(model_id, check_file_name(name))
        if offset + len(data) > MOST_BYTES:
            raise TooLarge("body.too_large", limit=MOST_BYTES)
        return await asyncio.to_thread(self._append, part, offset, data)

    async def finish(self, model_id: int, name: str, sha256: str) -> File:
        """Accept an upload whose pieces are all here.

        Raises:
            Invalid: there is none, it has another hash, or it cannot be accepted. It is gone then.
        """
        part = await asyncio.to_thread(self._claim, self._part_of(model_id, check_file_name(name)))
        if part is None:
            raise Invalid("hub.file.absent", field="file", name=name)
        try:
            found = await asyncio.to_thread(_hash_of, part)
            if found != sha256:
                raise Invalid("hub.file.hash", field="sha256", name=name)
            return await self._accept(part, name, found)
        finally:
            part.unlink(missing_ok=True)

    # ------------------------------------------------------------------------------------------ the sweep

    async def sweep(self, named: Iterable[str], before_s: float) -> int:
        """Remove files that no row names, and parts, last touched before a time; says how many."""
        return await asyncio.to_thread(self._sweep, frozenset(named), before_s)

    def _sweep(self, named: frozenset[str], before_s: float) -> int:
        gone = 0
        for path in self._folder.glob("*/*") if self._folder.is_dir() else ():
            is_ours = is_hash(path.name) or path.parent == self._beside
            if is_ours and path.name not in named and path.lstat().st_mtime < before_s:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    # ------------------------------------------------------------------------------------------ within

    async def _accept(self, part: Path, name: str, sha256: str) -> File:
        size = (await asyncio.to_thread(part.stat)).st_size
        if not size:
            raise Invalid("hub.file.empty", field="file", name=name)
        facts = await inspect(part, name)
        await asyncio.to_thread(self._publish, part, sha256)
        return File(name=name, sha256=sha256, size=size, facts=facts)

    def _publish(self, part: Path, sha256: str) -> None:
        place = self._place(sha256)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.rename(part, place)
        os.utime(place)  # the sweep counts from here, also where the file was old
        _sync(place.parent)

    def _new_part(self) -> Path:
        self._beside.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._beside / f"{secrets.token_hex(16)}.part"

    def _part_of(self, model_id: int, name: str) -> Path:
        return self._beside / f"{model_id}-{name}.part"

    def _claim(self, part: Path) -> Path | None:
        """Take an upload out of reach: a piece that comes now begins another, and one under way is waited for."""
        own = self._new_part()
        try:
            os.rename(part, own)
        except FileNotFoundError:
            return None
        with own.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
        return own

    def _append(self, part: Path, offset: int, data: bytes) -> int:
        self._beside.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file.fileno()).st_size
            if offset not in (0, size) or not _is_at(file, part):
                raise Conflict("hub.file.offset", size=size)
            file.truncate(offset)
            file.seek(offset)
            _write(file, data)
        return offset + len(data)

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is still the one of this name: it may have been taken away while its lock was waited for."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


def _copy(source: BinaryIO, part: Path) -> str:
    """Copy and hash in one go, so that what is hashed is what is kept."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        while piece := source.read(PIECE):
            digest.update(piece)
            _write(file, piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _hash_of(part: Path) -> str:
    digest = hashlib.sha256()
    with part.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _write(file: BinaryIO, data: bytes) -> None:
    try:
        file.write(data)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("hub.no_room") from error
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
