"""The gate through which money moves: ``post_entry`` alone writes entries, lines and balances, and it only appends.

Entries stand in one chain. Whoever appends holds the lock of the chain's one row, so numbers have no gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.infra.db import Reader, Row, Tx
from weft.kernel.errors import Conflict, NotFound
from weft.ledger.books import chained, reversal
from weft.ledger.model import Balance, DayHead, Entry, Line, NewEntry, check_entry

BOOKS = 0
"""The bucket of the books: one set for the whole server."""


class Head(msgspec.Struct, frozen=True):
    """Where the chain ends."""

    number: int
    hash: bytes
    batch: int
    carry: int


LOCK_CHAIN = """
SELECT number, hash, batch, carry FROM chain WHERE bucket = $1 FOR UPDATE
"""

HEAD = """
SELECT number, hash, batch, carry FROM chain WHERE bucket = $1
"""


async def lock_chain(tx: Tx) -> Head:
    """The chain's end, which stays where it is until this transaction ends."""
    row = await tx.row(LOCK_CHAIN, BOOKS)
    assert row is not None, "the migration wrote it"
    return Head(row[0], row[1], row[2], row[3])


async def load_head(reader: Reader) -> Head:
    row = await reader.row(HEAD, BOOKS)
    assert row is not None, "the migration wrote it"
    return Head(row[0], row[1], row[2], row[3])


INSERT_ENTRIES = """
INSERT INTO entries (bucket, number, key, at_ms, kind, segment, origin, centre, meter, quantity, price_version,
                     minute_ms, facts, reverses, memo, previous, hash)
SELECT $1, number, key, at_ms, kind, segment, origin, centre, meter, quantity, price_version,
       minute_ms, facts, reverses, memo, previous, hash
  FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
              $10::bigint[], $11::integer[], $12::bigint[], $13::bytea[], $14::bigint[], $15::text[], $16::bytea[],
              $17::bytea[])
       AS new (number, key, at_ms, kind, segment, origin, centre, meter, quantity, price_version,
               minute_ms, facts, reverses, memo, previous, hash)
"""

INSERT_LINES = """
WITH new AS (
    SELECT number, n, account, amount
      FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::bigint[]) AS new (number, n, account, amount)
), stored AS (
    INSERT INTO entry_lines (bucket, number, n, account, amount) SELECT $1, number, n, account, amount FROM new
)
INSERT INTO balances (bucket, account, debits, credits)
SELECT $1, account, sum(greatest(amount, 0)), sum(greatest(-amount, 0)) FROM new GROUP BY account ORDER BY account
ON CONFLICT (bucket, account) DO UPDATE
   SET debits = balances.debits + excluded.debits, credits = balances.credits + excluded.credits
"""

MOVE_CHAIN = """
UPDATE chain SET number = $2, hash = $3 WHERE bucket = $1
"""


async def post_entry(tx: Tx, *bodies: NewEntry) -> list[Entry]:
    """Append entries, each once: a key that is known already answers with the entry it made.

    Raises:
        Invalid: see ``check_entry``.
        Conflict: a known key with another body.
    """
    for body in bodies:
        check_entry(body)
    head = await lock_chain(tx)
    placed = {entry.body.key: entry for entry in await _load_keys(tx, [body.key for body in bodies])}
    new: list[Entry] = []
    number, previous = head.number, head.hash
    for body in bodies:
        found = placed.get(body.key)
        if found is None:
            number += 1
            found = placed[body.key] = chained(number, body, previous)
            previous = found.hash
            new.append(found)
        elif found.body != body:
            raise Conflict("ledger.key_reused", key=body.key)
    if new:
        await _append(tx, new)
    return [placed[body.key] for body in bodies]


async def _append(tx: Tx, entries: Sequence[Entry]) -> None:
    rows = [
        (
            *(entry.number, body.key, body.at_ms, body.kind, body.segment, body.origin, body.centre, body.meter),
            *(body.quantity, body.price_version, body.minute_ms, body.facts, body.reverses, body.memo),
            *(entry.previous, entry.hash),
        )
        for entry in entries
        for body in (entry.body,)
    ]
    await tx.execute(INSERT_ENTRIES, BOOKS, *(list(column) for column in zip(*rows, strict=True)))
    lines = [
        (entry.number, n, line.account, line.amount)
        for entry in entries
        for n, line in enumerate(entry.body.lines, start=1)
    ]
    await tx.execute(INSERT_LINES, BOOKS, *(list(column) for column in zip(*lines, strict=True)))
    await tx.execute(MOVE_CHAIN, BOOKS, entries[-1].number, entries[-1].hash)


async def reverse_entry(tx: Tx, number: int, memo: str) -> Entry:
    """Undo an entry by a further one.

    Raises:
        NotFound: there is no such entry.
    """
    found = await load_entries(tx, number - 1, 1)
    if not found or found[0].number != number:
        raise NotFound("record.absent")
    known = await _load_keys(tx, [f"reversal/{number}"])
    return known[0] if known else (await post_entry(tx, reversal(found[0], tx.now_ms, memo)))[0]


ENTRIES = """
SELECT number, key, at_ms, kind, segment, origin, centre, meter, quantity, price_version, minute_ms, facts, reverses,
       memo, previous, hash
  FROM entries WHERE bucket = $1 AND number > $2 ORDER BY number LIMIT $3
"""

BY_KEY = """
SELECT number, key, at_ms, kind, segment, origin, centre, meter, quantity, price_version, minute_ms, facts, reverses,
       memo, previous, hash
  FROM entries WHERE bucket = $1 AND key = ANY($2::text[])
"""

LINES = """
SELECT number, account, amount FROM entry_lines WHERE bucket = $1 AND number = ANY($2::bigint[]) ORDER BY number, n
"""


async def load_entries(reader: Reader, after: int, limit: int) -> list[Entry]:
    """Entries with a number above ``after``, in order, as they are stored."""
    return await _with_lines(reader, await reader.rows(ENTRIES, BOOKS, after, limit))


async def _load_keys(reader: Reader, keys: list[str]) -> list[Entry]:
    return await _with_lines(reader, await reader.rows(BY_KEY, BOOKS, keys))


async def _with_lines(reader: Reader, rows: Iterable[Row]) -> list[Entry]:
    found = list(rows)
    if not found:
        return []
    lines: dict[int, list[Line]] = {row[0]: [] for row in found}
    for row in await reader.rows(LINES, BOOKS, list(lines)):
        lines[row[0]].append(Line(row[1], row[2]))
    return [_entry_of(row, tuple(lines[row[0]])) for row in found]


def _entry_of(row: Row, lines: tuple[Line, ...]) -> Entry:
    body = NewEntry(
        key=row[1],
        at_ms=row[2],
        kind=row[3],
        lines=lines,
        segment=row[4],
        origin=row[5],
        centre=row[6],
        meter=row[7],
        quantity=row[8],
        price_version=row[9],
        minute_ms=row[10],
        facts=row[11],
        reverses=row[12],
        memo=row[13],
    )
    return Entry(row[0], body, row[14], row[15])


HEADS = """
SELECT day_ms, number, hash FROM day_heads WHERE bucket = $1 AND day_ms < $2 ORDER BY day_ms DESC LIMIT $3
"""


async def load_day_heads(reader: Reader, before_ms: int, limit: int) -> list[DayHead]:
    """Where the chain ended on the days before a time, the last first."""
    return [DayHead(*row) for row in await reader.rows(HEADS, BOOKS, before_ms, limit)]


BALANCES = """
SELECT account, debits, credits FROM balances WHERE bucket = $1 ORDER BY account
"""


async def load_balances(reader: Reader) -> list[Balance]:
    return [Balance(row[0], int(row[1]), int(row[2])) for row in await reader.rows(BALANCES, BOOKS)]
