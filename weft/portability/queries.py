"""Rows of exports and imports."""

from __future__ import annotations

from collections.abc import Sequence

from weft.infra.db import Db, Reader, Row, Tx
from weft.infra.events import Sealed
from weft.kernel.ids import AccountId, bucket_of
from weft.portability.model import EXPORT_EVERY_MS, MAX_IMPORTS, Export, Fault, Import, ImportRow, Outcome

HOLD_MS = 120_000
"""How long a worker that went silent keeps its work from others."""
MOST_TRIES = 4

# ---------------------------------------------------------------------------------------------------- exports

ASK_EXPORT = """
WITH recent AS (
    SELECT 1 FROM exports WHERE bucket = $1 AND account_id = $2 AND state <> 'failed' AND id > $4
), made AS (
    INSERT INTO exports (bucket, id, account_id) SELECT $1, $3, $2 WHERE NOT EXISTS (SELECT 1 FROM recent) RETURNING id
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $5, $6, $7 FROM made
)
SELECT count(*) FROM made
"""


async def ask_export(tx: Tx, account_id: AccountId, id_: int, sealed: Sealed) -> bool:
    """Note that an archive is wanted; False where one of the last day is there."""
    since = ((id_ >> 16) - EXPORT_EVERY_MS) << 16
    return bool(await tx.value(ASK_EXPORT, bucket_of(account_id), account_id, id_, since, *sealed))


EXPORTS = """
SELECT id, account_id, state, name, bytes FROM exports  -- exports_account
 WHERE bucket = $1 AND account_id = $2 ORDER BY id DESC LIMIT 20
"""


async def load_exports(reader: Reader, account_id: AccountId) -> list[Export]:
    return [_export(row) for row in await reader.rows(EXPORTS, bucket_of(account_id), account_id)]


def _export(row: Row) -> Export:
    return Export(id=row[0], account_id=row[1], state=row[2], name=row[3], size=row[4])


HOLD_EXPORT = """
UPDATE exports SET held_ms = $3 + $4, tries = tries + 1
 WHERE bucket = $1 AND id = $2 AND state = 'building' AND held_ms <= $3
RETURNING account_id, tries
"""
KEEP_EXPORT = """
UPDATE exports SET held_ms = $3 WHERE bucket = $1 AND id = $2 AND state = 'building'
"""
END_EXPORT = """
UPDATE exports SET state = $3, name = $4, bytes = $5 WHERE bucket = $1 AND id = $2 AND state = 'building'
"""


async def hold_export(db: Db, id_: int) -> tuple[AccountId, int] | None:
    """Take the work for this worker: whose it is and the how manyeth try this is; None where another is at it."""
    async with db.once(bucket_of(id_)) as tx:
        row = await tx.row(HOLD_EXPORT, bucket_of(id_), id_, tx.now_ms, HOLD_MS)
    return (row[0], row[1]) if row is not None else None


async def keep_export(db: Db, id_: int) -> bool:
    """Say that this worker is still at it; False where there is nothing left to be at."""
    async with db.once(bucket_of(id_)) as tx:
        return bool(await tx.execute(KEEP_EXPORT, bucket_of(id_), id_, tx.now_ms + HOLD_MS))


async def end_export(db: Db, export: Export) -> bool:
    async with db.once(bucket_of(export.id)) as tx:
        return bool(
            await tx.execute(END_EXPORT, bucket_of(export.id), export.id, export.state, export.name, export.size)
        )


OPEN_WORK = """
SELECT true, account_id, id FROM exports WHERE state = 'building' AND held_ms <= $1  -- all buckets: a handful
UNION ALL
SELECT false, account_id, id FROM imports WHERE state IN ('waiting', 'running') AND held_ms <= $1
LIMIT 100
"""


async def open_work(reader: Reader, now_ms: int) -> list[tuple[bool, AccountId, int]]:
    """``(is export, account, id)`` of what nobody is at."""
    return [(row[0], row[1], row[2]) for row in await reader.rows(OPEN_WORK, now_ms)]


DROP_EXPORTS = """
WITH gone AS (
    DELETE FROM exports e  -- all buckets: what is old, or whose owner is gone
     WHERE e.id < $1 OR EXISTS (SELECT 1 FROM accounts a WHERE a.bucket = e.bucket AND a.id = e.account_id
                                   AND a.state = 'deleted')
    RETURNING name
)
SELECT name FROM gone WHERE name <> ''
"""
DROP_IMPORTS = """
WITH gone AS (
    DELETE FROM imports i  -- all buckets: what is old, or whose owner is gone
     WHERE i.id < $1 OR EXISTS (SELECT 1 FROM accounts a WHERE a.bucket = i.bucket AND a.id = i.account_id
                                   AND a.state = 'deleted')
    RETURNING bucket, id
)
DELETE FROM import_rows r USING gone WHERE r.bucket = gone.bucket AND r.import_id = gone.id
"""
EXPORT_NAMES = """
SELECT name FROM exports WHERE name <> ''  -- all buckets: a handful
"""

# ---------------------------------------------------------------------------------------------------- imports

ASK_IMPORT = """
WITH open AS (
    SELECT count(*) AS many FROM imports
     WHERE bucket = $1 AND account_id = $2 AND state IN ('waiting', 'running')
), made AS (
    INSERT INTO imports (bucket, id, account_id, kind, overwrite, total)
    SELECT $1, $3, $2, $4, $5, cardinality($6::text[]) FROM open WHERE many < $12 RETURNING id
), lines AS (
    INSERT INTO import_rows (bucket, import_id, number, subject, title, reposts, notify, languages, notifications)
    SELECT $1, $3, number, subject, title, reposts, notify, languages, notifications
      FROM made, unnest($6::text[], $7::text[], $8::boolean[], $9::boolean[], $10::text[], $11::boolean[])
           WITH ORDINALITY AS given (subject, title, reposts, notify, languages, notifications, number)
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $13, $14, $15 FROM made
)
SELECT count(*) FROM made
"""


async def ask_import(tx: Tx, wanted: Import, rows: Sequence[ImportRow], sealed: Sealed) -> bool:
    """Store an import with its lines; False where too many are under way."""
    return bool(
        await tx.value(
            ASK_IMPORT,
            bucket_of(wanted.account_id),
            wanted.account_id,
            wanted.id,
            wanted.kind,
            wanted.overwrite,
            [row.subject for row in rows],
            [row.title for row in rows],
            [row.reposts for row in rows],
            [row.notify for row in rows],
            [",".join(row.languages) for row in rows],
            [row.notifications for row in rows],
            MAX_IMPORTS,
            *sealed,
        )
    )


IMPORTS = """
SELECT id, account_id, kind, overwrite, state, total, done, failed FROM imports  -- imports_account
 WHERE bucket = $1 AND account_id = $2 AND ($3::bigint = 0 OR id = $3::bigint) ORDER BY id DESC LIMIT 50
"""


async def load_imports(reader: Reader, account_id: AccountId, id_: int = 0) -> list[Import]:
    """The account's imports, the last first; with ``id_`` only that one."""
    return [_import(row) for row in await reader.rows(IMPORTS, bucket_of(account_id), account_id, id_)]


def _import(row: Row) -> Import:
    return Import(
        id=row[0],
        account_id=row[1],
        kind=row[2],
        overwrite=row[3],
        state=row[4],
        total=row[5],
        done=row[6],
        failed=row[7],
    )


HOLD_IMPORT = """
UPDATE imports SET held_ms = $3 + $4, tries = tries + 1, state = 'running'
 WHERE bucket = $1 AND id = $2 AND state IN ('waiting', 'running') AND held_ms <= $3
RETURNING id, account_id, kind, overwrite, state, total, done, failed, tries
"""


async def hold_import(db: Db, id_: int) -> tuple[Import, int] | None:
    """Take the work for this worker, and say the how manyeth try this is; None where another is at it."""
    async with db.once(bucket_of(id_)) as tx:
        row = await tx.row(HOLD_IMPORT, bucket_of(id_), id_, tx.now_ms, HOLD_MS)
    return (_import(row), row[8]) if row is not None else None


ROWS = """
SELECT number, subject, title, reposts, notify, languages, notifications FROM import_rows
 WHERE bucket = $1 AND import_id = $2 AND number > $3 ORDER BY number LIMIT $4
"""


async def load_rows(reader: Reader, id_: int, after: int, limit: int) -> list[tuple[int, ImportRow]]:
    return [
        (
            row[0],
            ImportRow(
                subject=row[1],
                title=row[2],
                reposts=row[3],
                notify=row[4],
                languages=tuple(row[5].split(",")) if row[5] else (),
                notifications=row[6],
            ),
        )
        for row in await reader.rows(ROWS, bucket_of(id_), id_, after, limit)
    ]


# A row that was brought in before a stop is brought in again: the counters then count it once, by its number.
NOTE_ROWS = """
WITH told AS (
    UPDATE import_rows r SET target_id = given.target_id, fault = given.fault
      FROM unnest($3::integer[], $4::bigint[], $5::text[]) AS given (number, target_id, fault)
     WHERE r.bucket = $1 AND r.import_id = $2 AND r.number = given.number
    RETURNING r.number, r.fault
)
UPDATE imports i
   SET done = (SELECT max(number) FROM told), failed = failed + (SELECT count(*) FROM told WHERE fault <> ''),
       held_ms = $6, tries = 1
 WHERE i.bucket = $1 AND i.id = $2 AND i.done < (SELECT max(number) FROM told)
"""


async def note_rows(db: Db, id_: int, outcomes: Sequence[tuple[int, Outcome]]) -> None:
    async with db.once(bucket_of(id_)) as tx:
        await tx.execute(
            NOTE_ROWS,
            bucket_of(id_),
            id_,
            [number for number, _ in outcomes],
            [outcome.target_id for _, outcome in outcomes],
            [outcome.fault for _, outcome in outcomes],
            tx.now_ms + HOLD_MS,
        )


TARGETS = """
SELECT target_id FROM import_rows WHERE bucket = $1 AND import_id = $2 AND fault = '' AND title = $3
"""
SUBJECTS = """
SELECT lower(subject) FROM import_rows WHERE bucket = $1 AND import_id = $2 AND fault = ''
"""
TITLES = """
SELECT DISTINCT title FROM import_rows WHERE bucket = $1 AND import_id = $2
"""


async def wanted_ids(reader: Reader, id_: int, title: str = "") -> set[int]:
    """What the import named and brought in."""
    return set(await reader.values(TARGETS, bucket_of(id_), id_, title))


async def wanted_names(reader: Reader, id_: int) -> set[str]:
    return set(await reader.values(SUBJECTS, bucket_of(id_), id_))


async def wanted_titles(reader: Reader, id_: int) -> set[str]:
    return set(await reader.values(TITLES, bucket_of(id_), id_))


END_IMPORT = """
WITH ended AS (
    UPDATE imports SET state = $3 WHERE bucket = $1 AND id = $2 AND state = 'running' RETURNING id
)
DELETE FROM import_rows WHERE bucket = $1 AND import_id IN (SELECT id FROM ended) AND fault = ''
"""


async def end_import(db: Db, id_: int, state: str) -> None:
    """Close the import; only the lines that failed are kept."""
    async with db.once(bucket_of(id_)) as tx:
        await tx.execute(END_IMPORT, bucket_of(id_), id_, state)


FAILED = """
SELECT title, subject, fault FROM import_rows
 WHERE bucket = $1 AND import_id = $2 AND fault <> '' ORDER BY number
"""


async def failed_rows(reader: Reader, id_: int) -> list[tuple[str, str, Fault]]:
    return [(row[0], row[1], row[2]) for row in await reader.rows(FAILED, bucket_of(id_), id_)]
