"""Usage events as they are stored: each once, priced by the version that held at its time, never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import Reader, Row, Tx
from weft.kernel.errors import Conflict
from weft.ledger.books import Fact
from weft.ledger.entries import BOOKS
from weft.ledger.meters import METERS
from weft.ledger.model import MOST_BUDGET, CallDetails, Usage
from weft.ledger.periods import start_of

_encode = msgspec.json.Encoder().encode
_details = msgspec.json.Decoder(CallDetails)


class Columns(msgspec.Struct, frozen=True):
    """Usages as the arrays of a statement."""

    keys: list[str]
    times: list[int]
    meters: list[str]
    quantities: list[int]
    segments: list[str]
    origins: list[str]
    centres: list[int]
    models: list[str]
    tokens: list[int]
    details: list[str | None]
    scales: list[int]
    paid: list[bool]


def columns_of(usages: Sequence[Usage], tokens: Sequence[int]) -> Columns:
    meters = [METERS[usage.meter] for usage in usages]
    return Columns(
        keys=[usage.key for usage in usages],
        times=[usage.at_ms for usage in usages],
        meters=[usage.meter for usage in usages],
        quantities=[usage.quantity for usage in usages],
        segments=[usage.segment for usage in usages],
        origins=[usage.origin for usage in usages],
        centres=[usage.centre for usage in usages],
        models=[usage.model for usage in usages],
        tokens=list(tokens),
        details=[None if usage.details is None else _encode(usage.details).decode() for usage in usages],
        scales=[meter.scale for meter in meters],
        paid=[meter.paid for meter in meters],
    )


# What costs more than can be booked has no price: the row is refused, and with it all that the statement does.
STORE = """
INSERT INTO usage_events (bucket, key, at_ms, meter, quantity, segment, origin, centre, model, price_version, tokens,
                          details)
SELECT $1, u.key, u.at_ms, u.meter, u.quantity, u.segment, u.origin, u.centre, u.model,
       (SELECT CASE WHEN u.quantity::numeric * per_unit / u.scale <= $13::bigint THEN version END
          FROM prices WHERE prices.bucket = $1 AND prices.meter = u.meter AND prices.model IN ('', u.model)
           AND prices.from_ms <= u.at_ms ORDER BY prices.model = '', from_ms DESC LIMIT 1), u.tokens, u.details::json
  FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::text[],
              $10::bigint[], $11::text[], $12::integer[])
       AS u (key, at_ms, meter, quantity, segment, origin, centre, model, tokens, details, scale)
ON CONFLICT (bucket, key) DO NOTHING RETURNING key
"""

SPEND = """
INSERT INTO spending (bucket, scope, subject, day_ms, quarter_ms, day_tokens, quarter_tokens, day_money, quarter_money)
SELECT $1, v.scope, v.subject, $3, $4, sum(e.tokens), sum(e.tokens), sum(c.money), sum(c.money)
  FROM unnest($2::text[], $5::integer[], $6::boolean[]) AS u (key, scale, paid)
  JOIN usage_events e ON e.bucket = $1 AND e.key = u.key
  JOIN prices p ON p.bucket = $1 AND p.meter = e.meter AND p.version = e.price_version
 CROSS JOIN LATERAL (SELECT CASE WHEN u.paid THEN ceil(e.quantity::numeric * p.per_unit / u.scale) ELSE 0 END)
       AS c (money)
 CROSS JOIN LATERAL (VALUES ('account', e.centre::text), ('instance', ''), ('segment', e.segment))
       AS v (scope, subject)
 WHERE (v.scope, v.subject) <> ('account', '0')
 GROUP BY v.scope, v.subject HAVING sum(e.tokens) > 0 OR sum(c.money) > 0 ORDER BY v.scope, v.subject
ON CONFLICT (bucket, scope, subject) DO UPDATE SET
    day_tokens = excluded.day_tokens + CASE WHEN spending.day_ms < $3 THEN 0 ELSE spending.day_tokens END,
    quarter_tokens =
        excluded.quarter_tokens + CASE WHEN spending.quarter_ms < $4 THEN 0 ELSE spending.quarter_tokens END,
    day_money = excluded.day_money + CASE WHEN spending.day_ms < $3 THEN 0 ELSE spending.day_money END,
    quarter_money = excluded.quarter_money + CASE WHEN spending.quarter_ms < $4 THEN 0 ELSE spending.quarter_money END,
    day_ms = greatest(spending.day_ms, $3), quarter_ms = greatest(spending.quarter_ms, $4)
"""


async def store(tx: Tx, usages: Sequence[Usage]) -> int:
    """Store what nothing was held for, and count it as spent; how many were new.

    Raises:
        Conflict: a known key with another body.
    """
    # In one order, so that two who store the same at once wait for each other in the same direction.
    usages = sorted(usages, key=lambda usage: usage.key)
    tokens = [usage.details.tokens if usage.details is not None else 0 for usage in usages]
    columns = columns_of(usages, tokens)
    new = set(
        await tx.values(
            STORE,
            *(BOOKS, columns.keys, columns.times, columns.meters, columns.quantities, columns.segments),
            *(columns.origins, columns.centres, columns.models, columns.tokens, columns.details, columns.scales),
            MOST_BUDGET,
        )
    )
    await _check_known(tx, [usage for usage in usages if usage.key not in new])
    fresh = {usage.key: usage for usage in usages if usage.key in new}
    meters = [METERS[usage.meter] for usage in fresh.values()]
    if any(tokens) or any(meter.paid for meter in meters):
        day, quarter = start_of("day", tx.now_ms), start_of("quarter", tx.now_ms)
        scales, paid = [meter.scale for meter in meters], [meter.paid for meter in meters]
        await tx.execute(SPEND, BOOKS, list(fresh), day, quarter, scales, paid)
    return len(new)


async def _check_known(tx: Tx, usages: Sequence[Usage]) -> None:
    if not usages:
        return
    stored = {fact.usage.key: fact.usage for fact in await load_keys(tx, [usage.key for usage in usages])}
    for usage in usages:
        if stored.get(usage.key) != usage:
            raise Conflict("ledger.key_reused", key=usage.key)


BY_KEY = """
SELECT e.key, e.at_ms, e.meter, e.quantity, e.segment, e.origin, e.centre, e.details::text, e.price_version, p.per_unit,
       e.tokens, e.hold, e.model
  FROM usage_events e JOIN prices p ON p.bucket = e.bucket AND p.meter = e.meter AND p.version = e.price_version
 WHERE e.bucket = $1 AND e.key = ANY($2::text[])
"""

OF_BATCH = """
SELECT e.key, e.at_ms, e.meter, e.quantity, e.segment, e.origin, e.centre, e.details::text, e.price_version, p.per_unit,
       e.tokens, e.hold, e.model
  FROM usage_events e JOIN prices p ON p.bucket = e.bucket AND p.meter = e.meter AND p.version = e.price_version
 WHERE e.bucket = $1 AND e.batch = $2 AND e.at_ms < $3  -- usage_events_batch
 ORDER BY e.at_ms LIMIT $4
"""


async def load_keys(reader: Reader, keys: list[str]) -> list[Fact]:
    return [_fact_of(row) for row in await reader.rows(BY_KEY, BOOKS, keys)]


async def load_batch(reader: Reader, batch: int, before_ms: int, limit: int | None = None) -> list[Fact]:
    """Usage of a batch, or what waits for one (batch 0), from before a time; the oldest first."""
    return [_fact_of(row) for row in await reader.rows(OF_BATCH, BOOKS, batch, before_ms, limit)]


def _fact_of(row: Row) -> Fact:
    usage = Usage(
        key=row[0],
        at_ms=row[1],
        meter=row[2],
        quantity=row[3],
        segment=row[4],
        origin=row[5],
        centre=row[6],
        model=row[12],
        details=None if row[7] is None else _details.decode(row[7]),
    )
    return Fact(usage=usage, price_version=row[8], per_unit=row[9], tokens=row[10], hold=row[11])


MARK = """
UPDATE usage_events SET batch = $2 WHERE bucket = $1 AND batch = 0 AND key = ANY($3::text[])
"""

MOVE_CARRY = """
UPDATE chain SET batch = $2, carry = $3 WHERE bucket = $1
"""


async def mark_booked(tx: Tx, batch: int, keys: list[str], carry: int) -> None:
    """Say which run booked these events, and what it carried on."""
    await tx.execute(MARK, BOOKS, batch, keys)
    await tx.execute(MOVE_CARRY, BOOKS, batch, carry)
