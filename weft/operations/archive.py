"""The file of a backup: a tar of the database's dump, the media, the hub's files and the settings, with a manifest of
them at its end.

Writing is tarfile's; reading is our own, because a backup may have been made by anybody: only the five kinds of names
below are taken, no path comes from the archive, sizes are bounded, and every part must be what the manifest says.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from weft.hub.model import is_hash
from weft.infra.blobs import is_blob_name
from weft.operations.reach import CommandFailed
from weft.operations.sealed import CUT_SHORT, Sink, Source

BLOCK = 512
COPY = 1 << 20
MANIFEST, DUMP, SETTINGS, MEDIA, HUB = "manifest.json", "database.dump", "weft.toml", "media/", "hub/"
MOST_BYTES = {MANIFEST: 512 << 20, SETTINGS: 1 << 20}
SPARE_BYTES = 64 << 20
FORMAT = 1


class Part(msgspec.Struct, frozen=True):
    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    weft: str
    postgres: int
    """The server's major version."""
    migrations: tuple[str, ...]
    made_ms: int
    parts: tuple[Part, ...]


class ArchiveWriter:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._parts: list[Part] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(self._parts)

    def add(self, name: str, file: BinaryIO, size: int) -> None:
        """Write a part of exactly this size.

        Raises:
            CommandFailed: the file became shorter meanwhile.
        """
        self._begin(name, size)
        digest, left = hashlib.sha256(), size
        while left:
            piece = file.read(min(COPY, left))
            if not piece:
                raise CommandFailed(f"{name} changed while it was read; try again.")
            digest.update(piece)
            self._sink.write(piece)
            left -= len(piece)
        self._pad(size)
        self._parts.append(Part(name, size, digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        body = msgspec.json.encode(manifest)
        self._begin(MANIFEST, len(body))
        self._sink.write(body)
        self._pad(len(body))
        self._sink.write(bytes(BLOCK * 2))
        self._sink.finish()

    def _begin(self, name: str, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._sink.write(entry.tobuf(tarfile.GNU_FORMAT))

    def _pad(self, size: int) -> None:
        self._sink.write(bytes(-size % BLOCK))


def unpack(source: Source, folder: Path) -> Manifest:
    """Put the parts of a backup into an empty folder and check every one.

    Raises:
        CommandFailed: it is no backup, is damaged, or does not fit on the disk.
    """
    found: dict[str, Part] = {}
    room = shutil.disk_usage(folder).free - SPARE_BYTES
    for name, size in _entries(source):
        if MANIFEST in found or name in found:
            raise CommandFailed(CUT_SHORT)
        if size > room:
            raise CommandFailed(f"The backup needs more room than {folder.parent} has.")
        room -= size
        place = _place_of(name, folder)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found[name] = Part(name, size, _copy(source, size, place))
        if name.startswith(HUB) and found[name].sha256 != name.removeprefix(HUB):
            raise CommandFailed(f"The backup is damaged: {name} is another file than its name says.")
    if MANIFEST not in found:
        raise CommandFailed(CUT_SHORT)
    del found[MANIFEST]
    return _checked_manifest(folder / MANIFEST, found)


def _entries(source: Source) -> Iterator[tuple[str, int]]:
    """Names and sizes; the caller reads each part before it asks for the next."""
    while True:
        block = source.exactly(BLOCK)
        if not any(block):
            break
        try:
            entry = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError, ValueError):
            raise CommandFailed("This is no backup of Weft, or it is damaged.") from None
        if entry.type != tarfile.REGTYPE or not _is_known(entry.name) or entry.size < 0:
            raise CommandFailed("This is no backup of Weft: it holds what no backup holds.")
        if entry.size > MOST_BYTES.get(entry.name, entry.size):
            raise CommandFailed(f"The backup's {entry.name} is too large.")
        yield entry.name, entry.size
    if any(source.exactly(BLOCK)) or source.read(1):
        raise CommandFailed(CUT_SHORT)


def _is_known(name: str) -> bool:
    if name.startswith(HUB):
        return is_hash(name.removeprefix(HUB))
    return name in (MANIFEST, DUMP, SETTINGS) or (name.startswith(MEDIA) and is_blob_name(name.removeprefix(MEDIA)))


def _place_of(name: str, folder: Path) -> Path:
    """Where a known name goes: made from constants and a checked name."""
    for kind in (MEDIA, HUB):
        if name.startswith(kind):
            file = name.removeprefix(kind)
            return folder / kind.rstrip("/") / file[:2] / file
    return folder / name


def _copy(source: Source, size: int, place: Path) -> str:
    digest, left = hashlib.sha256(), size
    with open(place, "xb") as file:
        place.chmod(0o600)
        while left:
            piece = source.read(min(COPY, left))
            if not piece:
                raise CommandFailed(CUT_SHORT)
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
    source.exactly(-size % BLOCK)
    return digest.hexdigest()


def _checked_manifest(path: Path, found: dict[str, Part]) -> Manifest:
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.DecodeError:
        raise CommandFailed("The backup's manifest cannot be read.") from None
    if manifest.format != FORMAT:
        raise CommandFailed(f"The backup was made by Weft {manifest.weft}, whose backups this program does not know.")
    if {part.name: part for part in manifest.parts} != found or DUMP not in found:
        raise CommandFailed("The backup is damaged: its parts are not those that its manifest names.")
    return manifest
