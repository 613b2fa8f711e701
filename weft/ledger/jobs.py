"""What the clock starts: usage is booked each minute, holds time out, budgets that near their end are told of."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.ledger.books import book
from weft.ledger.budgets import note_reached
from weft.ledger.entries import BOOKS, lock_chain, post_entry
from weft.ledger.events import BudgetReached
from weft.ledger.holds import expire, forget
from weft.ledger.periods import DAY_MS, end_of, minute_of, start_of
from weft.ledger.usage import load_batch, mark_booked

BOOKED_AT_ONCE = 5000
EXPIRED_AT_ONCE = 1000
HOLDS_KEPT_MS = 7 * DAY_MS

log = structlog.get_logger()


async def book_usage(db: Db) -> int:
    """Book the usage of every minute that is over; how many entries it made."""
    made = 0
    while True:
        async with db.tx(BOOKS) as tx:
            head = await lock_chain(tx)
            facts = await load_batch(tx, 0, minute_of(tx.now_ms), BOOKED_AT_ONCE)
            if facts:
                entries, carry = book(head.batch + 1, facts, head.carry)
                if entries:
                    await post_entry(tx, *entries)
                await mark_booked(tx, head.batch + 1, [fact.usage.key for fact in facts], carry)
                made += len(entries)
        if len(facts) < BOOKED_AT_ONCE:
            return made


async def end_holds(db: Db) -> int:
    """Give back what holds whose time is over still held; how many they were."""
    ended, found = 0, EXPIRED_AT_ONCE
    while found == EXPIRED_AT_ONCE:
        async with db.once(BOOKS) as tx:
            found = await expire(tx, tx.now_ms, EXPIRED_AT_ONCE)
        ended += found
    return ended


NOTE_HEAD = """
INSERT INTO day_heads (bucket, day_ms, number, hash)
SELECT bucket, $2, number, hash FROM chain WHERE bucket = $1
ON CONFLICT (bucket, day_ms) DO NOTHING
"""

# Rights do not travel in backups; a superuser has them all, and nothing is taken from one.
UNGUARDED = """
SELECT has_table_privilege('entries', 'UPDATE') AND NOT rolsuper  -- shared: rights of this session
  FROM pg_roles WHERE rolname = current_user
"""
GUARD = (
    "REVOKE UPDATE, DELETE, TRUNCATE ON entries, entry_lines, day_heads, prices, usage_events FROM CURRENT_USER",
    "GRANT UPDATE (batch) ON usage_events TO CURRENT_USER",
)


async def _note_head(tx: Tx) -> None:
    """Keep the chain's end of the day before today, once that day's usage is booked."""
    now_ms = tx.now_ms
    if now_ms - start_of("day", now_ms) >= 2 * 60_000:
        await tx.execute(NOTE_HEAD, BOOKS, start_of("day", now_ms) - DAY_MS)


async def _guard(tx: Tx) -> None:
    if await tx.value(UNGUARDED):
        for statement in GUARD:
            await tx.execute(statement)


async def _tell(tx: Tx) -> None:
    for reached in await note_reached(tx, tx.now_ms):
        tx.emit_in(
            BOOKS,
            BudgetReached(
                scope=reached.scope,
                subject=reached.subject,
                unit=reached.unit,
                per=reached.per,
                percent=reached.percent,
                resets_ms=end_of(reached.per, tx.now_ms),
            ),
        )


async def keep_books(db: Db) -> None:
    """The minute's work on the books."""
    await book_usage(db)
    async with db.job() as tx:
        await _guard(tx)
        await _note_head(tx)
        await _tell(tx)
        await forget(tx, tx.now_ms - HOLDS_KEPT_MS)


async def _end_holds(db: Db) -> None:
    await end_holds(db)


async def log_budgets(tx: Tx, events: Sequence[Event]) -> None:
    """Write budgets that near their end to the log, without saying whose an account's is."""
    for event in events:
        if isinstance(event, BudgetReached) and event.scope != "account":
            log.warning(
                "budget.reached", scope=event.scope, subject=event.subject, unit=event.unit, percent=event.percent
            )


JOBS = [Job("ledger.keep_books", 60.0, keep_books), Job("ledger.end_holds", 10.0, _end_holds)]

HANDLERS = ((BudgetReached, "ledger.log_budgets", log_budgets),)
"""Event, stable name, handler: for ``wiring``."""
