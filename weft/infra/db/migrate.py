"""Brings a database to the schema this program knows: numbered SQL files, applied once each, in order.

Each file runs in a transaction of its own, under a lock that makes a second program wait. A file never changes after
it was applied anywhere; a database that knows more than this program is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import structlog

from weft.kernel.clock import Clock

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x57454654  # any number that no other program is likely to lock
_NAME = re.compile(r"(\d{3})_([a-z0-9_]+)\.sql")
_BACKUP_HINT = "Restore a backup, or start the version of Weft that last used this database."

log = structlog.get_logger()


class MigrationFailed(Exception):
    """The database cannot be brought to this program's schema; the text is for the operator."""


class Migration(msgspec.Struct, frozen=True):
    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_ms bigint NOT NULL
)
"""
TABLE_EXISTS = "SELECT to_regclass('schema_migrations') IS NOT NULL"
APPLIED = "SELECT number, name, sha256 FROM schema_migrations ORDER BY number"
NOTE = "INSERT INTO schema_migrations (number, name, sha256, applied_ms) VALUES ($1, $2, $3, $4)"


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every migration of the folder, in order.

    Raises:
        MigrationFailed: a file with another name, or a number that is missing or used twice.
    """
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationFailed(f"{path.name} is no name of a migration; 012_short_words.sql would be one.")
        migrations.append(Migration(int(match[1]), match[2], path.read_text("utf-8")))
    numbers = [migration.number for migration in migrations]
    if numbers != list(range(1, len(numbers) + 1)):
        raise MigrationFailed(f"The migrations are not numbered 1, 2, 3, ...: {numbers}.")
    return migrations


async def migrate(url: str, folder: Path = FOLDER, clock: Clock | None = None) -> list[str]:
    """Apply what is missing and say the names of what was applied.

    Raises:
        MigrationFailed: an applied file changed, the database is newer than this program, or a statement failed.
    """
    migrations = read_migrations(folder)
    connection = await asyncpg.connect(url, timeout=10)
    try:
        done: list[str] = []
        while (next_one := await _apply_next(connection, migrations, clock or Clock())) is not None:
            log.info("migration.applied", number=next_one.number, name=next_one.name)
            done.append(next_one.name)
        return done
    finally:
        await connection.close()


async def _apply_next(connection: Any, migrations: Sequence[Migration], clock: Clock) -> Migration | None:
    known = await _check_applied(connection, migrations)
    if known == len(migrations):
        return None
    async with connection.transaction():
        # A lock of the transaction, not of the session: it also holds behind a pooler, and ends with the connection.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(TABLE)
        known = await _check_applied(connection, migrations)
        if known == len(migrations):
            return None
        migration = migrations[known]
        try:
            await connection.execute(migration.sql)
        except asyncpg.PostgresError as error:
            raise MigrationFailed(f"Migration {migration.number:03} ({migration.name}) failed: {error}") from error
        await connection.execute(NOTE, migration.number, migration.name, migration.sha256, clock.now_ms())
        return migration


async def _check_applied(connection: Any, migrations: Sequence[Migration]) -> int:
    """How many of our migrations the database has, after making sure that they are the same ones."""
    if not await connection.fetchval(TABLE_EXISTS):
        return 0
    rows = await connection.fetch(APPLIED)
    if len(rows) > len(migrations):
        newest = rows[-1]
        raise MigrationFailed(
            f"This database is newer than this Weft: it has migration {newest['number']:03} ({newest['name']}), and "
            f"this program ends at {len(migrations):03}. {_BACKUP_HINT}"
        )
    for row, migration in zip(rows, migrations, strict=False):
        if (row["number"], row["sha256"]) != (migration.number, migration.sha256):
            raise MigrationFailed(
                f"Migration {row['number']:03} ({row['name']}) was changed after it was applied to this database. "
                f"{_BACKUP_HINT}"
            )
    return len(rows)
