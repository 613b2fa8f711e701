"""Budgets, prices and the books from the command line. Money is written as people write it: 12.50.

Every function returns one object of plain values, which the command prints as JSON or in words.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from weft.infra.db import Db
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Conflict, Invalid
from weft.ledger.model import (
    EVERYBODY,
    LAST_MS,
    METERS,
    MOST_BUDGET,
    PERIODS,
    SEGMENTS,
    UNITS,
    Budget,
    PriceVersion,
    Scope,
)
from weft.ledger.service import Ledger, check_books
from weft.operations.accounts import require
from weft.operations.reach import CommandFailed
from weft.operations.seeding import read_end

Answer = dict[str, object]
NANO = 10**9
NO_LIMIT = "none"
MOST_HEADS = 4000


async def set_budget(db: Db, scope: str, unit: str, per: str, limit: str) -> Answer:
    """Limit a scope, or lift its limit. A scope is ``instance``, ``segment:ai``, ``role:member``, ``account`` (each of
    them) or ``account:NAME``."""
    name, subject = await _read_scope(db, scope)
    if unit not in UNITS or per not in PERIODS:
        raise CommandFailed(f"A budget is in {' or '.join(UNITS)}, per {' or '.join(PERIODS)}.")
    most = 0 if limit == NO_LIMIT else _read_limit(limit, unit)
    budget = Budget(
        scope=name,
        subject=subject,
        unit="money" if unit == "money" else "token",
        per="day" if per == "day" else "quarter",
        limit=most,
    )
    ledger = Ledger(db, db.clock)
    try:
        if limit == NO_LIMIT:
            await ledger.drop_budget(budget)
        else:
            await ledger.set_budget(budget)
    except Invalid:
        raise CommandFailed(f"{limit} is no limit that a budget can have.") from None
    return {"scope": scope, "unit": unit, "per": per, "limit": limit}


async def _read_scope(db: Db, scope: str) -> tuple[Scope, str]:
    name, _, subject = scope.partition(":")
    match name, subject:
        case "instance", "":
            return "instance", ""
        case "segment", segment if segment in SEGMENTS:
            return "segment", segment
        case "role", role if role:
            return "role", role
        case "account", "":
            return "account", EVERYBODY
        case "account", account:
            return "account", str((await require(db, account)).id)
    raise CommandFailed(
        f"{scope!r} is no scope: instance, segment:{'|'.join(SEGMENTS)}, role:ROLE, account (each one) or account:NAME."
    )


def _read_limit(text: str, unit: str) -> int:
    try:
        limit = read_money(text) if unit == "money" else int(text)
    except ValueError:
        raise CommandFailed(f"{text!r} is no limit: a whole number of tokens, an amount of money, or none.") from None
    return limit


def read_money(text: str) -> int:
    """An amount in 1e-9 of the currency.

    Raises:
        CommandFailed: no amount, one below zero, or one with more than nine digits after the point.
    """
    try:
        amount = Decimal(text) * NANO
        if amount.is_nan():
            raise InvalidOperation
    except InvalidOperation:
        raise CommandFailed(f"{text!r} is no amount of money; 12.50 would be one.") from None
    if not 0 <= amount <= MOST_BUDGET or amount != amount.to_integral_value():
        raise CommandFailed(f"{text!r} is no amount: 0 to 90 million, with at most nine digits after the point.")
    return int(amount)


def money_text(amount: int, parts: int = NANO) -> str:
    """``0.000002778`` as it is, ``12.5`` without the zeros behind it."""
    text = f"{Decimal(amount) / parts:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


async def list_budgets(db: Db) -> Answer:
    """Every limit that was set."""
    return {
        "budgets": [
            {
                "scope": budget.scope + (f":{budget.subject}" if budget.subject not in ("", EVERYBODY) else ""),
                "unit": budget.unit,
                "per": budget.per,
                "limit": money_text(budget.limit) if budget.unit == "money" else str(budget.limit),
            }
            for budget in await Ledger(db, db.clock).budgets()
        ]
    }


async def set_price(db: Db, meter: str, price: str, start: str, model: str = "") -> Answer:
    """Let a new price of a meter follow the present one, at the time given or as soon as it may; for one model or for
    all that have no price of their own."""
    if meter not in METERS:
        raise CommandFailed(f"{meter!r} is no meter; there are {', '.join(METERS)}.")
    from_ms = read_end(start) if start else None
    try:
        version = await Ledger(db, db.clock).set_price(meter, read_money(price), from_ms, model=model)
    except Conflict:
        raise CommandFailed(f"Another price of {meter} begins at that time or later.") from None
    except Invalid as error:
        if error.code == "ledger.price":
            raise CommandFailed("A price is 0 to a million, and a model has a name or a SHA-256.") from None
        raise CommandFailed("A price begins at a whole minute that is two minutes away or more.") from None
    return _price(version)


async def list_prices(db: Db) -> Answer:
    """Every version of every price."""
    return {"prices": [_price(version) for version in await Ledger(db, db.clock).prices()]}


def _price(version: PriceVersion) -> Answer:
    return {
        "meter": version.meter,
        "price": money_text(version.per_unit),
        "per": METERS[version.meter].unit if version.meter in METERS else "",
        "model": version.model,
        "version": version.version,
        "from": rfc3339(version.from_ms),
    }


async def heads(db: Db, days: int) -> Answer:
    """Where the books ended on the last days."""
    found = await Ledger(db, db.clock).heads(LAST_MS, max(1, min(days, MOST_HEADS)))
    return {
        "heads": [{"day": rfc3339(head.day_ms)[:10], "entries": head.number, "hash": head.hash.hex()} for head in found]
    }


async def check(db: Db) -> Answer:
    """Look through the books."""
    async with db.job() as tx:
        findings = await check_books(tx)
    return {
        "good": not findings.faults,
        "entries": findings.entries,
        "events": findings.events,
        "head": findings.head,
        "debits": money_text(findings.debits, 10**6),
        "credits": money_text(findings.credits, 10**6),
        "faults": findings.faults,
    }


def print_budgets(answer: Answer) -> None:
    _print_table(answer["budgets"], "scope", "unit", "per", "limit")


def print_prices(answer: Answer) -> None:
    _print_table(answer["prices"], "meter", "price", "per", "version", "from", "model")


def print_heads(answer: Answer) -> None:
    _print_table(answer["heads"], "day", "entries", "hash")


def print_check(answer: Answer) -> None:
    faults = answer["faults"]
    assert isinstance(faults, list)
    for fault in faults:
        print(fault)
    words = "nothing is wrong" if answer["good"] else f"{len(faults)} faults"
    print(f"{answer['entries']} entries, {answer['events']} usage events, head {answer['head'] or 'none'}: {words}.")


def _print_table(rows: object, *names: str) -> None:
    assert isinstance(rows, list)
    widths = [max([len(name), *(len(str(row[name])) for row in rows)]) for name in names]
    for row in ({name: name for name in names}, *rows):
        print("  ".join(str(row[name]).ljust(width) for name, width in zip(names, widths, strict=True)).rstrip())
