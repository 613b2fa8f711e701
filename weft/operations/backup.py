"""`weft backup` and `weft restore`: a community as one file, and a community from one.

The dump is PostgreSQL's own and one moment of the database; media and the hub's files are copied after it, so that
everything the database names is there. A restore first checks the whole file in a folder beside the new one, and only
then begins.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

import asyncpg

from weft import __version__
from weft.hub.service import Shelf
from weft.infra.blobs import Blobs
from weft.infra.db.migrate import MigrationFailed, migrate, read_migrations
from weft.infra.postgres import PostgresFailed, dump, find_client, restore
from weft.infra.postgres.layout import existing_place
from weft.kernel.clock import Clock
from weft.operations.archive import DUMP, FORMAT, HUB, MEDIA, SETTINGS, ArchiveWriter, Manifest, unpack
from weft.operations.reach import CommandFailed, database_of, notice
from weft.operations.sealed import PlainSink, SealedSink, SealedSource, Sink, Source, is_sealed
from weft.settings import Settings

Answer = dict[str, object]
SERVER_MAJOR = "SELECT current_setting('server_version_num')::int / 10000  -- shared"
MIGRATIONS = "SELECT name FROM schema_migrations ORDER BY number  -- shared"
TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace  -- shared"
NOT_ENCRYPTED = (
    "The backup is not encrypted: whoever can read it can read every message in it. Keep it safe, or use --key-file."
)
# What a dump of Weft's own schema holds; a function or trigger in it would run with the database's rights.
ENTRIES = frozenset({"TABLE", "TABLE DATA", "CONSTRAINT", "FK CONSTRAINT", "INDEX", "SCHEMA", "COMMENT"})
ENTRY = re.compile(r"^\d+; \d+ \d+ ([A-Z][A-Z ]*[A-Z]) (\S+) ")


def back_up(settings: Settings, file: str, key_file: str | None) -> Answer:
    """Write one file; it appears under its name only when it is whole."""
    target = Path(file).absolute()
    if target.exists():
        raise CommandFailed(f"{target} exists already; a backup overwrites nothing.")
    if not settings.database and existing_place(settings.folder) is None:
        raise CommandFailed(f"There is no community in {settings.folder}; name its folder with --data.")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            sink: Sink = SealedSink(opened, Path(key_file)) if key_file else PlainSink(opened)
            files = _write(settings, sink, target.parent)
            opened.flush()
            os.fsync(opened.fileno())
        os.link(part, target)  # unlike a rename, this never replaces a file that came meanwhile
    finally:
        part.unlink(missing_ok=True)
    if not key_file:
        notice(NOT_ENCRYPTED)
    return {"file": str(target), "bytes": target.stat().st_size, **files, "encrypted": bool(key_file)}


def _write(settings: Settings, sink: Sink, beside: Path) -> dict[str, int]:
    archive = ArchiveWriter(sink)
    with tempfile.TemporaryDirectory(prefix=".weft-backup-", dir=beside) as folder, database_of(settings) as url:
        major, migrations = asyncio.run(_describe(url))
        dumped = Path(folder) / "dump"
        dump(url, find_client(major), dumped)
        with open(dumped, "rb") as opened:
            archive.add(DUMP, opened, dumped.stat().st_size)
    blobs, shelf = Blobs(settings.folder / "media"), Shelf(settings.folder / "hub")
    files = {
        "media_files": _write_files(archive, MEDIA, ((name, blobs.path(name)) for name in blobs.names())),
        "hub_files": _write_files(archive, HUB, ((sha256, shelf.path(sha256)) for sha256 in shelf.hashes())),
    }
    toml = settings.folder / "weft.toml"
    if toml.is_file():
        with open(toml, "rb") as opened:
            archive.add(SETTINGS, opened, os.fstat(opened.fileno()).st_size)
    archive.finish(
        Manifest(
            format=FORMAT,
            weft=__version__,
            postgres=major,
            migrations=migrations,
            made_ms=Clock().now_ms(),
            parts=archive.parts,
        )
    )
    return files


def _write_files(archive: ArchiveWriter, kind: str, found: Iterable[tuple[str, Path | None]]) -> int:
    files = 0
    for name, path in found:
        try:
            opened = open(path, "rb") if path is not None else None  # noqa: SIM115 - closed below
        except FileNotFoundError:
            opened = None
        if opened is None:
            continue  # it was deleted after the dump
        with opened:
            archive.add(f"{kind}{name}", opened, os.fstat(opened.fileno()).st_size)
        files += 1
    return files


async def _describe(url: str) -> tuple[int, tuple[str, ...]]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        major = await connection.fetchval(SERVER_MAJOR)
        return major, tuple(row[0] for row in await connection.fetch(MIGRATIONS))
    except asyncpg.UndefinedTableError:
        raise CommandFailed("There is no community in this database yet.") from None
    finally:
        await connection.close()


# ------------------------------------------------------------------------------------------------ restore


def restore_backup(settings: Settings, file: str, key_file: str | None) -> Answer:
    """Make a community of a backup. Whatever is wrong with the file is found before anything is made."""
    folder = settings.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandFailed(f"{folder} is not empty; a restore makes a new community and changes none.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".weft-restore-", dir=folder.parent) as staged:
        place = Path(staged)
        manifest = _unpack(Path(file), key_file, place)
        _check_schema(manifest)
        existed = folder.exists()
        try:
            _fill_database(settings, place / DUMP)
            _fill_folder(folder, place)
        except BaseException:
            _clear(folder, keep=existed)
            raise
    files = {
        f"{kind}_files": sum(part.name.startswith(f"{kind}/") for part in manifest.parts) for kind in ("media", "hub")
    }
    return {"data": str(folder), "made_by": f"Weft {manifest.weft}", **files}


def _unpack(path: Path, key_file: str | None, place: Path) -> Manifest:
    try:
        opened = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from None
    with opened:
        sealed = is_sealed(opened)
        if sealed and not key_file:
            raise CommandFailed("This backup is encrypted; name its key file with --key-file.")
        if key_file and not sealed:
            raise CommandFailed("This backup is not encrypted, though a key file was given. Is it the right file?")
        return unpack(SealedSource(opened, Path(key_file)) if key_file else Source(opened), place)


def _check_schema(manifest: Manifest) -> None:
    """Refuse a database that this program cannot bring to its own schema."""
    ours = tuple(migration.name for migration in read_migrations())
    if manifest.migrations != ours[: len(manifest.migrations)]:
        raise CommandFailed(f"The backup was made by Weft {manifest.weft}, which is newer than this {__version__}.")


def _fill_database(settings: Settings, dumped: Path) -> None:
    with database_of(settings) as url:
        major = asyncio.run(_require_empty(url))
        client = find_client(major)
        _check_dump(client.program("pg_restore"), dumped)
        restore(url, client, dumped)
        try:
            asyncio.run(migrate(url))
        except MigrationFailed:
            if settings.database:
                notice("The database was filled, but not brought to this program's schema.")
            raise


async def _require_empty(url: str) -> int:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        if await connection.fetchval(TABLES):
            raise CommandFailed("The database is not empty; a restore makes a new community and changes none.")
        return int(await connection.fetchval(SERVER_MAJOR))
    finally:
        await connection.close()


def _check_dump(program: str, dumped: Path) -> None:
    """Refuse a dump with anything but tables, their rows, keys and indexes."""
    done = subprocess.run([program, "--list", str(dumped)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PostgresFailed(f"The database's dump cannot be read: {' '.join(done.stderr.split()[:40])}")
    for line in done.stdout.splitlines():
        if line.startswith(";") or not line.strip():
            continue
        entry = ENTRY.match(line)
        if entry is None or entry[1] not in ENTRIES or entry[2] not in ("public", "-"):
            raise CommandFailed("The backup's database holds more than Weft's tables; it is not restored.")


def _fill_folder(folder: Path, place: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("media", "hub"):
        if (place / name).is_dir():
            shutil.move(place / name, folder / name)
            (folder / name).chmod(0o700)
    toml = place / SETTINGS
    if not toml.is_file():
        return
    if _is_plain(toml):
        shutil.move(toml, folder / SETTINGS)
        return
    shutil.move(toml, folder / "weft.toml.restored")
    notice(f"The old settings lie in {folder / 'weft.toml.restored'}: look at them before you use them again.")


def _is_plain(toml: Path) -> bool:
    """Whether the settings can be used here as they are: readable, and naming no other folder or database."""
    try:
        values = tomllib.loads(toml.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
    return not values.keys() & {"data", "database", "redis"}


def _clear(folder: Path, *, keep: bool) -> None:
    """Take back what a failed restore made; the folder was empty before."""
    cluster = existing_place(folder) if folder.exists() else None
    if cluster is not None and cluster != folder:
        shutil.rmtree(cluster, ignore_errors=True)
    for entry in _entries_of(folder):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    if not keep and folder.is_dir():
        folder.rmdir()


def _entries_of(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
