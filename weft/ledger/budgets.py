"""The budgets that the operator set, and the warnings that follow from them."""

from __future__ import annotations

import re

import msgspec

from weft.infra.db import Reader, Tx
from weft.kernel.errors import Invalid
from weft.ledger.entries import BOOKS
from weft.ledger.model import EVERYBODY, MOST_BUDGET, PERIODS, SCOPES, SEGMENTS, UNITS, Budget, Period, Scope, Unit
from weft.ledger.periods import start_of

PUT = """
INSERT INTO budgets (bucket, scope, subject, unit, per, most) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (bucket, scope, subject, unit, per) DO UPDATE SET most = $6
"""

DROP = """
DELETE FROM budgets WHERE bucket = $1 AND scope = $2 AND subject = $3 AND unit = $4 AND per = $5
"""

ALL = """
SELECT scope, subject, unit, per, most FROM budgets WHERE bucket = $1 ORDER BY scope, subject, unit DESC, per
"""


def check_budget(budget: Budget) -> None:
    """Raises:
    Invalid: a scope, subject, unit or period that there is not, or a limit out of bounds."""
    subjects = {
        "account": budget.subject == EVERYBODY or re.fullmatch(r"[1-9]\d{0,18}", budget.subject) is not None,
        "role": re.fullmatch(r"[a-z]{1,30}", budget.subject) is not None,
        "segment": budget.subject in SEGMENTS,
        "instance": not budget.subject,
    }
    if budget.scope not in SCOPES or not subjects[budget.scope]:
        raise Invalid("ledger.budget", scope=budget.scope)
    if budget.unit not in UNITS or budget.per not in PERIODS or not 0 <= budget.limit <= MOST_BUDGET:
        raise Invalid("ledger.budget", scope=budget.scope)


async def put_budget(tx: Tx, budget: Budget) -> None:
    """Set a limit; what is spent and held already counts against it at once."""
    check_budget(budget)
    await tx.execute(PUT, BOOKS, budget.scope, budget.subject, budget.unit, budget.per, budget.limit)


async def drop_budget(tx: Tx, budget: Budget) -> bool:
    """Lift a limit; False where there was none."""
    return bool(await tx.execute(DROP, BOOKS, budget.scope, budget.subject, budget.unit, budget.per))


async def load_budgets(reader: Reader) -> list[Budget]:
    rows = await reader.rows(ALL, BOOKS)
    return [Budget(scope=row[0], subject=row[1], unit=row[2], per=row[3], limit=row[4]) for row in rows]


class Reached(msgspec.Struct, frozen=True):
    """A budget of which a part was spent for the first time in its period."""

    scope: Scope
    subject: str
    unit: Unit
    per: Period
    percent: int


# Each mark is told of once per period: the row says so. A limit of nothing is no budget that somebody could near.
NOTE_REACHED = """
WITH spent AS (
    SELECT b.scope, s.subject, b.unit, b.per, b.most,
           CASE b.per WHEN 'day' THEN $2::bigint ELSE $3::bigint END AS starts_ms,
           CASE WHEN b.per = 'day' AND s.day_ms < $2 OR b.per = 'quarter' AND s.quarter_ms < $3 THEN 0
                WHEN b.unit = 'token' AND b.per = 'day' THEN s.day_tokens
                WHEN b.unit = 'token' THEN s.quarter_tokens
                WHEN b.per = 'day' THEN s.day_money ELSE s.quarter_money END AS spent
      FROM budgets b
      JOIN spending s ON s.bucket = $1 AND s.scope = b.scope
       AND (s.subject = b.subject OR b.subject = '*' AND NOT EXISTS (
               SELECT 1 FROM budgets o WHERE o.bucket = $1 AND o.scope = b.scope AND o.subject = s.subject
                  AND o.unit = b.unit AND o.per = b.per))
     WHERE b.bucket = $1 AND b.most > 0
)
INSERT INTO budget_warnings (bucket, scope, subject, unit, per, starts_ms, percent)
SELECT $1, scope, subject, unit, per, starts_ms, mark
  FROM spent CROSS JOIN unnest($4::smallint[]) AS marks (mark) WHERE spent::numeric * 100 >= most::numeric * mark
ON CONFLICT (bucket, scope, subject, unit, per, starts_ms, percent) DO NOTHING
RETURNING scope, subject, unit, per, percent
"""

FORGET_REACHED = """
DELETE FROM budget_warnings WHERE bucket = $1 AND starts_ms < $2
"""
MARKS = (80, 100)


async def note_reached(tx: Tx, now_ms: int) -> list[Reached]:
    """Budgets that passed a mark since the last time; of two marks passed at once, the higher."""
    day, quarter = start_of("day", now_ms), start_of("quarter", now_ms)
    rows = await tx.rows(NOTE_REACHED, BOOKS, day, quarter, list(MARKS))
    await tx.execute(FORGET_REACHED, BOOKS, quarter)
    highest = {tuple(row[:4]): row for row in sorted(rows, key=lambda row: row[4])}
    return [Reached(row[0], row[1], row[2], row[3], row[4]) for row in highest.values()]
