"""Files that are served: pictures, videos and whatever else lies in a folder instead of a row.

A name is 128 random bits and a suffix of ours, so knowing the name is the right to the file, and the suffix alone
decides the content type. A name appears only when its bytes are on disk, and is never reused.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

CONTENT_TYPES: Final = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "glb": "model/gltf-binary",
    "bin": "application/octet-stream",
}
_NAME: Final = re.compile(r"[0-9a-f]{32}\.(?:" + "|".join(CONTENT_TYPES) + r")", re.ASCII)
_FOLDER: Final = re.compile(r"[0-9a-f]{2}", re.ASCII)


class Blobs:
    """A folder of blobs, safe for several processes: names are drawn, never counted, and files appear by rename."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._temporary = root / "tmp"

    @property
    def scratch(self) -> Path:
        """Where half-made files lie, on the same file system, so that `adopt` is a rename."""
        self._temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._temporary

    async def put(self, data: bytes, suffix: str) -> str:
        name = _draw_name(suffix)
        await asyncio.to_thread(self._write, data, name)
        return name

    async def adopt(self, temporary: Path, suffix: str) -> str:
        """Take over a finished file, which then no longer exists under its old path."""
        name = _draw_name(suffix)
        await asyncio.to_thread(self._take, temporary, name)
        return name

    async def delete(self, names: Iterable[str]) -> int:
        """End the names; says how many there were. A name that was never one of ours is passed over."""
        return await asyncio.to_thread(self._unlink, list(names))

    def path(self, name: str) -> Path | None:
        """The file of a name, or None: a malformed name and an ended one look alike."""
        if _NAME.fullmatch(name) is None:
            return None
        path = self._place(name)
        return path if path.is_file() else None

    def names(self) -> Iterator[str]:
        """Every name there is, in no order: for backups and for finding what no row mentions."""
        if not self._root.is_dir():
            return
        for folder in self._root.iterdir():
            if _FOLDER.fullmatch(folder.name) is not None:
                yield from (entry.name for entry in folder.iterdir() if _NAME.fullmatch(entry.name) is not None)

    async def sweep(self, before: float) -> int:
        """Remove half-made files that were last touched before a POSIX time; says how many."""
        return await asyncio.to_thread(self._sweep, before)

    def _place(self, name: str) -> Path:
        return self._root / name[:2] / name

    def _write(self, data: bytes, name: str) -> None:
        temporary = self.scratch / f"{name}.part"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._publish(temporary, name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _take(self, temporary: Path, name: str) -> None:
        # O_NOFOLLOW and the checks: a program that was given a folder to work in may have left a link in it.
        descriptor = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
                raise ValueError("only a plain file with one name can become a blob")
            if state.st_uid != os.geteuid():
                os.fchown(descriptor, os.geteuid(), os.getegid())
            os.fchmod(descriptor, 0o600)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._publish(temporary, name)

    def _publish(self, temporary: Path, name: str) -> None:
        place = self._place(name)
        if not place.parent.is_dir():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._root)
        os.rename(temporary, place)
        _sync_folder(place.parent)

    def _unlink(self, names: list[str]) -> int:
        ended = 0
        folders: set[Path] = set()
        for name in names:
            path = self.path(name)
            if path is not None:
                path.unlink(missing_ok=True)
                folders.add(path.parent)
                ended += 1
        for folder in folders:
            _sync_folder(folder)
        return ended

    def _sweep(self, before: float) -> int:
        stale = [entry for entry in self.scratch.iterdir() if entry.lstat().st_mtime < before]
        for entry in stale:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        return len(stale)


def is_blob_name(name: str) -> bool:
    """Whether a blob could have this name; whoever reads names from outside asks first."""
    return _NAME.fullmatch(name) is not None


def content_type(name: str) -> str:
    """The type that a blob is served with; it follows from the suffix alone, never from the bytes."""
    return CONTENT_TYPES[name.rpartition(".")[2]]


def _draw_name(suffix: str) -> str:
    if suffix not in CONTENT_TYPES:
        raise ValueError(f"no content type is known for {suffix!r}")
    return f"{secrets.token_hex(16)}.{suffix}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
