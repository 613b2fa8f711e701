"""Budgets are drawn on before work and charged after it, each in one statement.

The rows of ``spending`` that a hold concerns are locked in one order (scope, subject), judged and changed by the same
statement, so that no interleaving of workers passes a budget by a token. docs/decisions/019-ledger.md says why rows
are locked at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import DuplicateKey, Reader, Row, Tx
from weft.ledger.entries import BOOKS
from weft.ledger.model import MOST_BUDGET, BudgetLeft, Hold, HoldState, Period, Scope, Unit, Urgency, stop_percent
from weft.ledger.periods import end_of, start_of
from weft.ledger.usage import Columns

TAKE = """
WITH wanted AS MATERIALIZED (
    SELECT w.scope, w.subject, w.percent,
           coalesce(max(most) FILTER (WHERE unit = 'token' AND per = 'day' AND b.subject = w.subject),
                    max(most) FILTER (WHERE unit = 'token' AND per = 'day')) AS day_tokens,
           coalesce(max(most) FILTER (WHERE unit = 'token' AND per = 'quarter' AND b.subject = w.subject),
                    max(most) FILTER (WHERE unit = 'token' AND per = 'quarter')) AS quarter_tokens,
           coalesce(max(most) FILTER (WHERE unit = 'money' AND per = 'day' AND b.subject = w.subject),
                    max(most) FILTER (WHERE unit = 'money' AND per = 'day')) AS day_money,
           coalesce(max(most) FILTER (WHERE unit = 'money' AND per = 'quarter' AND b.subject = w.subject),
                    max(most) FILTER (WHERE unit = 'money' AND per = 'quarter')) AS quarter_money
      FROM unnest($12::text[], $13::text[], $14::smallint[]) AS w (scope, subject, percent)
      LEFT JOIN budgets b ON b.bucket = $1 AND b.scope = w.scope AND b.subject IN (w.subject, '*')
     GROUP BY w.scope, w.subject, w.percent
), locked AS MATERIALIZED (
    SELECT s.scope, s.subject, s.day_ms, s.quarter_ms, s.day_tokens, s.quarter_tokens, s.day_money, s.quarter_money,
           s.held_tokens, s.held_money
      FROM spending s JOIN unnest($12::text[], $13::text[]) AS w (scope, subject)
        ON s.bucket = $1 AND s.scope = w.scope AND s.subject = w.subject
     ORDER BY s.scope, s.subject FOR UPDATE OF s
), sums AS MATERIALIZED (
    SELECT w.scope, l.held_tokens, l.held_money,
           w.day_tokens * percent / 100 AS most_day_tokens, w.quarter_tokens * percent / 100 AS most_quarter_tokens,
           w.day_money * percent / 100 AS most_day_money, w.quarter_money * percent / 100 AS most_quarter_money,
           CASE WHEN l.day_ms < $15 THEN 0 ELSE l.day_tokens END + $6::bigint AS day_tokens,
           CASE WHEN l.quarter_ms < $16 THEN 0 ELSE l.quarter_tokens END + $6 AS quarter_tokens,
           CASE WHEN l.day_ms < $15 THEN 0 ELSE l.day_money END + $7::bigint AS day_money,
           CASE WHEN l.quarter_ms < $16 THEN 0 ELSE l.quarter_money END + $7 AS quarter_money
      FROM locked l JOIN wanted w ON w.scope = l.scope AND w.subject = l.subject
), judged AS MATERIALIZED (
    SELECT scope,
           $6 = 0 OR coalesce(day_tokens + held_tokens <= most_day_tokens, true) AS day_tokens,
           $6 = 0 OR coalesce(quarter_tokens + held_tokens <= most_quarter_tokens, true) AS quarter_tokens,
           $7 = 0 OR coalesce(day_money + held_money <= most_day_money, true) AS day_money,
           $7 = 0 OR coalesce(quarter_money + held_money <= most_quarter_money, true) AS quarter_money,
           ($6 = 0 OR coalesce(day_tokens <= most_day_tokens, true)
                  AND coalesce(quarter_tokens <= most_quarter_tokens, true))
           AND ($7 = 0 OR coalesce(day_money <= most_day_money, true)
                      AND coalesce(quarter_money <= most_quarter_money, true)) AS unheld
      FROM sums
), verdict AS MATERIALIZED (
    SELECT complete, known, complete AND fits AND NOT known AS good
      FROM (SELECT count(*) = cardinality($12::text[]) AS complete,
                   bool_and(day_tokens AND quarter_tokens AND day_money AND quarter_money) AS fits,
                   EXISTS (SELECT 1 FROM holds WHERE bucket = $1 AND key = $2) AS known
              FROM judged) AS facts
), taken AS (
    UPDATE spending s SET held_tokens = s.held_tokens + $6, held_money = s.held_money + $7
      FROM locked l, verdict v
     WHERE v.good AND s.bucket = $1 AND s.scope = l.scope AND s.subject = l.subject
), stored AS (
    INSERT INTO holds (bucket, key, account_id, role, segment, tokens, money, worst_meters, worst_quantities,
                       at_ms, ends_ms, model)
    SELECT $1, $2, $3::bigint, $4::text, $5::text, $6::bigint, $7::bigint, $8::text[], $9::bigint[],
           $10::bigint, $11::bigint, $17::text
      FROM verdict WHERE good
)
SELECT v.complete, v.good, j.scope, j.day_tokens, j.quarter_tokens, j.day_money, j.quarter_money, v.known, j.unheld
  FROM verdict v LEFT JOIN judged j ON true
"""
_COLUMNS: tuple[tuple[int, Unit, Period], ...] = (
    (3, "token", "day"),
    (4, "token", "quarter"),
    (5, "money", "day"),
    (6, "money", "quarter"),
)


HELD_AGAIN_MS = 20_000
"""After so long some of what is held now is settled or given back, as far as anybody knows."""


class Refusal(msgspec.Struct, frozen=True):
    """The budget that has no room; of several, the one that opens last."""

    scope: Scope
    unit: Unit
    per: Period
    opens_ms: int
    is_held: bool = False
    """There would be room but for what is held by work under way."""


class Taken(msgspec.Struct, frozen=True):
    """How taking went. Neither good nor refused: a row is missing, or the key is known already."""

    good: bool
    complete: bool
    refusal: Refusal | None = None


async def take(tx: Tx, hold: Hold, urgency: Urgency) -> Taken:
    """Set aside what the hold wants in all of its budgets, or in none."""
    scopes = hold.scopes()
    try:
        rows = await tx.rows(
            TAKE,
            *(BOOKS, hold.key, hold.account_id, hold.role, hold.segment, hold.tokens, hold.money),
            *([meter for meter, _ in hold.worst], [quantity for _, quantity in hold.worst], hold.at_ms, hold.ends_ms),
            *([scope for scope, _ in scopes], [subject for _, subject in scopes]),
            *([stop_percent(scope, urgency) for scope, _ in scopes],),
            *(start_of("day", hold.at_ms), start_of("quarter", hold.at_ms), hold.model),
        )
    except DuplicateKey:
        return Taken(good=False, complete=True)
    complete, good, known = rows[0][0], rows[0][1], rows[0][7]
    return Taken(good, complete, None if good or known or not complete else _refusal_of(rows, hold.at_ms))


def _refusal_of(rows: Sequence[Row], now_ms: int) -> Refusal | None:
    full = [
        Refusal(row[2], unit, per, now_ms + HELD_AGAIN_MS if row[8] else end_of(per, now_ms), row[8])
        for row in rows
        for column, unit, per in _COLUMNS
        if not row[column]
    ]
    return max(full, key=lambda refusal: refusal.opens_ms, default=None)


END = """
WITH ended AS MATERIALIZED (
    UPDATE holds SET state = $3, used_tokens = $4,
           used_money = least(money, (
               SELECT coalesce(sum(ceil(u.quantity::numeric * p.per_unit / u.scale)), 0)
                 FROM unnest($10::bigint[], $9::text[], $17::integer[], $18::boolean[])
                      AS u (quantity, meter, scale, paid)
                 JOIN LATERAL (SELECT per_unit FROM prices WHERE prices.bucket = $1 AND prices.meter = u.meter
                                  AND prices.model IN ('', holds.model) AND prices.from_ms <= holds.at_ms
                                ORDER BY prices.model = '', from_ms DESC LIMIT 1) p ON true
                WHERE u.paid))
     WHERE bucket = $1 AND key = $2 AND state = 'open'
    RETURNING tokens, money, used_money
), stored AS (
    INSERT INTO usage_events (bucket, key, at_ms, meter, quantity, segment, origin, centre, model, price_version,
                              tokens, hold, details)
    SELECT $1, u.key, u.at_ms, u.meter, u.quantity, u.segment, u.origin, u.centre, u.model,
           (SELECT CASE WHEN u.quantity::numeric * per_unit / u.scale <= $21::bigint THEN version END
              FROM prices WHERE prices.bucket = $1 AND prices.meter = u.meter AND prices.model IN ('', u.model)
               AND prices.from_ms <= u.at_ms ORDER BY prices.model = '', from_ms DESC LIMIT 1),
           u.tokens, $2, u.details::json
      FROM unnest($7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::bigint[],
                  $14::bigint[], $15::text[], $17::integer[], $20::text[])
           AS u (key, at_ms, meter, quantity, segment, origin, centre, tokens, details, scale, model)
     WHERE EXISTS (SELECT 1 FROM ended)
), locked AS MATERIALIZED (
    SELECT s.scope, s.subject
      FROM ended CROSS JOIN unnest($5::text[], $6::text[]) AS w (scope, subject)
      JOIN spending s ON s.bucket = $1 AND s.scope = w.scope AND s.subject = w.subject
     ORDER BY s.scope, s.subject FOR UPDATE OF s
), counted AS (
    UPDATE spending s
       SET held_tokens = s.held_tokens - e.tokens, held_money = s.held_money - e.money,
           day_tokens = CASE WHEN s.day_ms < $16 THEN 0 ELSE s.day_tokens END + $4,
           quarter_tokens = CASE WHEN s.quarter_ms < $19 THEN 0 ELSE s.quarter_tokens END + $4,
           day_money = CASE WHEN s.day_ms < $16 THEN 0 ELSE s.day_money END + e.used_money,
           quarter_money = CASE WHEN s.quarter_ms < $19 THEN 0 ELSE s.quarter_money END + e.used_money,
           day_ms = greatest(s.day_ms, $16), quarter_ms = greatest(s.quarter_ms, $19)
      FROM ended e, locked l
     WHERE s.bucket = $1 AND s.scope = l.scope AND s.subject = l.subject
)
SELECT count(*) FROM ended
"""


async def end(tx: Tx, hold: Hold, state: HoldState, tokens: int, columns: Columns) -> bool:
    """End the hold, store its usage and charge its budgets; False where it had ended already."""
    scopes, now_ms = hold.scopes(), tx.now_ms
    found: int = await tx.value(
        END,
        *(BOOKS, hold.key, state, tokens, [scope for scope, _ in scopes], [subject for _, subject in scopes]),
        *(columns.keys, columns.times, columns.meters, columns.quantities, columns.segments, columns.origins),
        *(columns.centres, columns.tokens, columns.details, start_of("day", now_ms), columns.scales, columns.paid),
        *(start_of("quarter", now_ms), columns.models, MOST_BUDGET),
    )
    return bool(found)


ENSURE = """
INSERT INTO spending (bucket, scope, subject)
SELECT $1, scope, subject FROM unnest($2::text[], $3::text[]) AS w (scope, subject) ORDER BY scope, subject
ON CONFLICT (bucket, scope, subject) DO NOTHING
"""


async def ensure_rows(tx: Tx, scopes: Sequence[tuple[Scope, str]]) -> None:
    """The rows that a first hold needs."""
    await tx.execute(ENSURE, BOOKS, [scope for scope, _ in scopes], [subject for _, subject in scopes])


FIND = """
SELECT key, account_id, role, segment, tokens, money, worst_meters, worst_quantities, at_ms, ends_ms, state, model
  FROM holds WHERE bucket = $1 AND key = $2
"""


async def find_hold(reader: Reader, key: str) -> tuple[Hold, HoldState] | None:
    row = await reader.row(FIND, BOOKS, key)
    if row is None:
        return None
    hold = Hold(
        key=row[0],
        account_id=row[1],
        role=row[2],
        segment=row[3],
        tokens=row[4],
        money=row[5],
        worst=tuple(zip(row[6], row[7], strict=True)),
        at_ms=row[8],
        ends_ms=row[9],
        model=row[11],
    )
    return hold, row[10]


EXPIRE = """
WITH due AS MATERIALIZED (
    SELECT key FROM holds WHERE bucket = $1 AND state = 'open' AND ends_ms <= $2  -- holds_end
     ORDER BY key LIMIT $3 FOR UPDATE SKIP LOCKED
), ended AS MATERIALIZED (
    UPDATE holds SET state = 'expired' FROM due WHERE bucket = $1 AND holds.key = due.key
    RETURNING account_id, role, segment, tokens, money
), sums AS MATERIALIZED (
    SELECT v.scope, v.subject, sum(tokens)::bigint AS tokens, sum(money)::bigint AS money
      FROM ended CROSS JOIN LATERAL (
           VALUES ('account', account_id::text), ('instance', ''), ('role', role), ('segment', segment)
      ) AS v (scope, subject)
     WHERE (v.scope, v.subject) NOT IN (('account', '0'), ('role', ''))
     GROUP BY v.scope, v.subject
), locked AS MATERIALIZED (
    SELECT s.scope, s.subject FROM spending s JOIN sums ON s.scope = sums.scope AND s.subject = sums.subject
     WHERE s.bucket = $1 ORDER BY s.scope, s.subject FOR UPDATE OF s
), counted AS (
    UPDATE spending s SET held_tokens = s.held_tokens - sums.tokens, held_money = s.held_money - sums.money
      FROM sums JOIN locked l ON l.scope = sums.scope AND l.subject = sums.subject
     WHERE s.bucket = $1 AND s.scope = sums.scope AND s.subject = sums.subject
)
SELECT count(*) FROM ended
"""


async def expire(tx: Tx, now_ms: int, limit: int) -> int:
    """End holds whose time is over and give back what they held; how many."""
    found: int = await tx.value(EXPIRE, BOOKS, now_ms, limit)
    return found


FORGET = """
DELETE FROM holds WHERE bucket = $1 AND state <> 'open' AND ends_ms < $2
"""


async def forget(tx: Tx, before_ms: int) -> int:
    """Delete holds that ended long ago; their usage stays."""
    return await tx.execute(FORGET, BOOKS, before_ms)


LEFT = """
SELECT DISTINCT ON (w.scope, b.unit, b.per) w.scope, b.unit, b.per, b.most,
       CASE b.unit || ' ' || b.per
            WHEN 'token day' THEN CASE WHEN s.day_ms < $4 THEN 0 ELSE s.day_tokens END
            WHEN 'token quarter' THEN CASE WHEN s.quarter_ms < $5 THEN 0 ELSE s.quarter_tokens END
            WHEN 'money day' THEN CASE WHEN s.day_ms < $4 THEN 0 ELSE s.day_money END
            ELSE CASE WHEN s.quarter_ms < $5 THEN 0 ELSE s.quarter_money END END,
       CASE b.unit WHEN 'token' THEN s.held_tokens ELSE s.held_money END
  FROM unnest($2::text[], $3::text[]) AS w (scope, subject)
  JOIN budgets b ON b.bucket = $1 AND b.scope = w.scope AND b.subject IN (w.subject, '*')
  LEFT JOIN spending s ON s.bucket = $1 AND s.scope = w.scope AND s.subject = w.subject
 ORDER BY w.scope, b.unit DESC, b.per, b.subject = '*'
"""


async def load_left(reader: Reader, scopes: Sequence[tuple[Scope, str]], now_ms: int) -> list[BudgetLeft]:
    rows = await reader.rows(
        LEFT,
        *(BOOKS, [scope for scope, _ in scopes], [subject for _, subject in scopes]),
        *(start_of("day", now_ms), start_of("quarter", now_ms)),
    )
    return [
        BudgetLeft(
            scope=row[0],
            unit=row[1],
            per=row[2],
            limit=row[3],
            spent=row[4] or 0,
            held=row[5] or 0,
            resets_ms=end_of(row[2], now_ms),
        )
        for row in rows
    ]
