"""The door of the ledger: hold before work, settle after it, record what nothing is held for, and keep the books.

``post_entry`` is the one way in which money moves; see ``docs/ledger.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from weft.infra.db import Db, DuplicateKey, MissingValue, OutOfRange
from weft.kernel.clock import Clock
from weft.kernel.errors import Conflict, Invalid, Limited
from weft.ledger import budgets, holds, prices, usage
from weft.ledger.check import Findings, check_books
from weft.ledger.entries import (
    BOOKS,
    load_balances,
    load_day_heads,
    load_entries,
    load_head,
    post_entry,
    reverse_entry,
)
from weft.ledger.letters import Letters
from weft.ledger.meters import METERS, Segment
from weft.ledger.model import (
    MAX_KEY,
    MAX_MODEL,
    MOST,
    MOST_BUDGET,
    Budget,
    BudgetLeft,
    DayHead,
    Hold,
    PriceVersion,
    Urgency,
    Usage,
    charge_for,
    check_usage,
)

__all__ = [
    "BOOKS",
    "Findings",
    "Ledger",
    "Letters",
    "check_books",
    "load_balances",
    "load_entries",
    "load_head",
    "post_entry",
    "reverse_entry",
]

Worst = tuple[tuple[str, int], ...]
MAX_TTL_S = 86_400.0


class Ledger:
    """Budgets, usage and prices of this server."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def hold(
        self,
        key: str,
        account_id: int,
        role: str,
        segment: Segment,
        tokens: int,
        *,
        ttl_s: float,
        worst: Worst = (),
        model: str = "",
        urgency: Urgency = "interactive",
    ) -> Hold:
        """Set aside the most that work can use, in every budget it concerns or in none.

        ``worst`` names the most of each meter that somebody else sends a bill for, ``model`` whose prices it has (as of
        ``Usage``). Account 0 is the server's own work. The same key again answers with the same hold.

        Raises:
            Limited: ``budget.spent`` or, while work under way holds what is left, ``budget.held``.
            Conflict: the key was used for something else, or its hold has ended.
        """
        _check_wanted(key, tokens, worst, ttl_s)
        now_ms = self._clock.now_ms()
        hold = Hold(
            key=key,
            account_id=account_id,
            role=role,
            segment=segment,
            tokens=tokens,
            money=await self._money(worst, now_ms, model) if worst else 0,
            worst=worst,
            model=model[:MAX_MODEL],
            at_ms=now_ms,
            ends_ms=now_ms + int(ttl_s * 1000),
        )
        taken = await self._take(hold, urgency)
        if taken.refusal is not None:
            raise _spent(taken.refusal, now_ms)
        return hold if taken.good else await self._known(hold)

    async def _money(self, worst: Worst, now_ms: int, model: str) -> int:
        async with self._db.read() as reader:
            money = await prices.cost_at_most(reader, worst, now_ms, model)
        if money > MOST_BUDGET:
            raise Invalid("ledger.too_large")
        return money

    async def _take(self, hold: Hold, urgency: Urgency) -> holds.Taken:
        with _countable():
            async with self._db.once(BOOKS) as tx:
                taken = await holds.take(tx, hold, urgency)
            if taken.complete:
                return taken
            async with self._db.once(BOOKS) as tx:
                await holds.ensure_rows(tx, hold.scopes())
            async with self._db.once(BOOKS) as tx:
                return await holds.take(tx, hold, urgency)

    async def _known(self, wanted: Hold) -> Hold:
        async with self._db.read() as reader:
            found = await holds.find_hold(reader, wanted.key)
        if found is None or found[1] != "open" or not _is_same(found[0], wanted):
            raise Conflict("ledger.key_reused", key=wanted.key)
        return found[0]

    async def settle(self, hold: Hold, usages: Sequence[Usage]) -> int:
        """End the hold and store what was used, as of the time it was held; the tokens that were charged.

        Usage that is unknown or above the hold is charged at the reservation. A second time changes nothing.

        Raises:
            Conflict: the hold was voided or its time was over: what was used then is recorded with ``record``.
            Invalid: usage that makes no sense, or costs more than can be booked; the hold is open still.
        """
        assert usages, "work that used nothing is voided"
        for each in usages:
            check_usage(each)
        charge = charge_for(hold, usages)
        tokens = [charge.tokens] + [0] * (len(charge.usages) - 1)
        try:
            with _countable():
                async with self._db.once(BOOKS) as tx:
                    done = await holds.end(tx, hold, "settled", charge.tokens, usage.columns_of(charge.usages, tokens))
        except DuplicateKey:
            raise Conflict("ledger.key_reused", key=hold.key) from None
        if not done and await self._state(hold) != "settled":
            raise Conflict("ledger.hold_ended", key=hold.key)
        return charge.tokens

    async def void(self, hold: Hold) -> bool:
        """End the hold with nothing used; False where it had ended already."""
        async with self._db.once(BOOKS) as tx:
            return await holds.end(tx, hold, "void", 0, usage.columns_of((), ()))

    async def _state(self, hold: Hold) -> str:
        async with self._db.read() as reader:
            found = await holds.find_hold(reader, hold.key)
        return found[1] if found is not None else "void"

    async def record(self, usages: Sequence[Usage]) -> int:
        """Store what nothing was held for: what never stops for money. How many were new.

        Raises:
            Conflict: a known key with another body.
            Invalid: usage that makes no sense, or costs more than can be booked; none of it is stored.
        """
        for each in usages:
            check_usage(each)
        usages = list(dict.fromkeys(usages))
        if len({each.key for each in usages}) < len(usages):
            raise Conflict("ledger.key_reused", key="")
        if not usages:
            return 0
        with _countable():
            async with self._db.tx(BOOKS) as tx:
                return await usage.store(tx, usages)

    async def left(self, account_id: int, role: str, segment: Segment) -> list[BudgetLeft]:
        """How every budget stands that work for this account would draw on."""
        now_ms = self._clock.now_ms()
        asked = Hold(
            key="",
            account_id=account_id,
            role=role,
            segment=segment,
            tokens=0,
            money=0,
            at_ms=now_ms,
            ends_ms=now_ms,
        )
        async with self._db.read() as reader:
            return await holds.load_left(reader, asked.scopes(), now_ms)

    async def set_price(
        self, meter: str, per_unit: int, from_ms: int | None = None, *, model: str = ""
    ) -> PriceVersion:
        """Let a new price follow, in 1e-9 of the currency per priced unit; without a time as soon as one may begin.

        ``model`` (as of ``Usage``) has its own price from then on, whatever the price for all.
        """
        start_ms = prices.earliest(self._clock.now_ms()) if from_ms is None else from_ms
        async with self._db.tx(BOOKS) as tx:
            return await prices.add_price(tx, meter, per_unit, start_ms, model)

    async def prices(self) -> list[PriceVersion]:
        async with self._db.read() as reader:
            return await prices.load_prices(reader)

    async def set_budget(self, budget: Budget) -> None:
        async with self._db.tx(BOOKS) as tx:
            await budgets.put_budget(tx, budget)

    async def drop_budget(self, budget: Budget) -> bool:
        async with self._db.tx(BOOKS) as tx:
            return await budgets.drop_budget(tx, budget)

    async def budgets(self) -> list[Budget]:
        async with self._db.read() as reader:
            return await budgets.load_budgets(reader)

    async def heads(self, before_ms: int, limit: int) -> list[DayHead]:
        """Where the books ended on the days before a time, the last first."""
        async with self._db.read() as reader:
            return await load_day_heads(reader, before_ms, limit)


def _spent(refusal: holds.Refusal, now_ms: int) -> Limited:
    return Limited(
        "budget.held" if refusal.is_held else "budget.spent",
        retry_after=max(1, -(-(refusal.opens_ms - now_ms) // 1000)),
        scope=refusal.scope,
        unit=refusal.unit,
        per=refusal.per,
    )


@contextmanager
def _countable() -> Iterator[None]:
    """Refuse what leads beyond the numbers that the books can hold: the statement that found it changed nothing."""
    try:
        yield
    except (OutOfRange, MissingValue):
        raise Invalid("ledger.too_large") from None


def _check_wanted(key: str, tokens: int, worst: Worst, ttl_s: float) -> None:
    """Raises:
    Invalid: a meter that nothing is held for, or a number that no budget could count."""
    if not 0 < len(key) <= MAX_KEY or not 0 < ttl_s <= MAX_TTL_S:
        raise Invalid("ledger.usage", key=key[:MAX_KEY])
    for meter, _ in worst:
        if meter not in METERS or not METERS[meter].paid:
            raise Invalid("ledger.meter", meter=meter)
    if not all(0 <= number <= MOST for number in (tokens, *(quantity for _, quantity in worst))):
        raise Invalid("ledger.too_large")


def _is_same(found: Hold, wanted: Hold) -> bool:
    """Whether both are for the same work; the times and the prices of a second try differ."""
    return (found.account_id, found.role, found.segment, found.tokens, found.worst, found.model) == (
        *(wanted.account_id, wanted.role, wanted.segment, wanted.tokens, wanted.worst, wanted.model),
    )
