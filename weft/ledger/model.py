"""What the ledger deals in, as values: usage, prices, holds, budgets and entries, with the rules that need no database.

Money is an integer: prices, costs and budgets in 1e-9 of the one currency, lines of entries in 1e-6.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from weft.kernel.errors import Invalid
from weft.ledger.meters import METERS, SEGMENTS, Meter, Segment
from weft.ledger.periods import PERIODS, Period

__all__ = [
    "ACCOUNT",
    "EVERYBODY",
    "LAST_MS",
    "METERS",
    "MOST",
    "MOST_BUDGET",
    "PERIODS",
    "SCOPES",
    "SEGMENTS",
    "UNITS",
    "Balance",
    "Budget",
    "BudgetLeft",
    "CallDetails",
    "Charge",
    "DayHead",
    "Entry",
    "EntryKind",
    "Hold",
    "HoldState",
    "Line",
    "Meter",
    "NewEntry",
    "Period",
    "PriceVersion",
    "Scope",
    "Segment",
    "Unit",
    "Urgency",
    "Usage",
    "ai_usages",
    "charge_for",
    "check_entry",
    "check_usage",
    "cost_of",
    "stop_percent",
]

Scope = Literal["account", "role", "segment", "instance"]
SCOPES: tuple[Scope, ...] = ("account", "instance", "role", "segment")
"""In the order in which their rows are locked."""
Unit = Literal["token", "money"]
UNITS: tuple[Unit, ...] = ("token", "money")
EntryKind = Literal["usage", "manual", "reversal"]
HoldState = Literal["open", "settled", "void", "expired"]
Urgency = Literal["training", "background", "world", "interactive"]

EVERYBODY = "*"
"""The subject of a budget that each account has for itself."""
MOST = 10**15
"""The largest quantity, price and amount that somebody enters."""
MOST_BUDGET = 9 * 10**16
"""In 1e-9 some 90 million, the most that a budget allows and one usage costs: a hundred times as much still fits in 64
bits."""
MOST_BOOKED = 10**18
"""The largest line that is booked from usage: all of a run together stay below it."""
LAST_MS = 1 << 53
"""No time lies further away."""
LARGEST_ID = (1 << 63) - 1
MAX_MODEL = 200
MAX_KEY = 200
ACCOUNT = re.compile(r"(Assets|Liabilities|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")

_STOPS: dict[Urgency, int] = {"training": 85, "background": 90, "world": 95, "interactive": 100}


def stop_percent(scope: Scope, urgency: Urgency) -> int:
    """Up to which part of a common budget this kind of work may go; an account's own is all for itself."""
    return 100 if scope == "account" else _STOPS[urgency]


class CallDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one call of a model. Holds no text, and nothing of what was asked."""

    feature: str = ""
    model: str = ""
    model_sha256: str = ""
    adapter: str = ""
    backend: str = ""
    prompt_tokens: int = 0
    """Those that the cache spared the engine are among them."""
    cached_tokens: int = 0
    output_tokens: int = 0
    cpu_ms: int = 0
    queue_ms: int = 0
    first_token_ms: int = 0
    total_ms: int = 0
    outcome: Literal["ok", "cut", "cancelled", "refused", "error"] = "ok"
    known: bool = True
    """The engine said how many tokens it used; where it did not, the whole reservation is charged."""
    reserved: bool = False
    """Set by the ledger: charged at the reservation, because the usage was unknown or above it."""

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.output_tokens


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """One thing used once. The same key never counts twice."""

    key: str
    at_ms: int
    meter: str
    quantity: int
    """In the meter's counted unit."""
    segment: Segment
    origin: Segment
    """Where it was asked for: an answer in a thread is a cost of the assistant that came from the conversation."""
    centre: int = 0
    """The account it was done for; 0 for the server's own work."""
    model: str = ""
    """Which model, where its price may be its own: the SHA-256 of our file, or a server's name for its model."""
    details: CallDetails | None = None


def ai_usages(
    key: str, details: CallDetails, *, at_ms: int, origin: Segment, centre: int = 0, remote: bool = False
) -> list[Usage]:
    """The usage of one call: CPU time for our own engine, tokens by kind for somebody else's. Details come once."""
    counted = [("ai.cpu_ms", details.cpu_ms)]
    if remote:
        cached = min(details.cached_tokens, details.prompt_tokens)
        counted = [
            ("ai.input_token", details.prompt_tokens - cached),
            ("ai.cached_token", cached),
            ("ai.output_token", details.output_tokens),
        ]
    return [
        Usage(
            key=f"{key}/{meter}",
            at_ms=at_ms,
            meter=meter,
            quantity=quantity,
            segment="ai",
            origin=origin,
            centre=centre,
            model=(details.model_sha256 or details.model)[:MAX_MODEL],
            details=details if n == 0 else None,
        )
        for n, (meter, quantity) in enumerate(counted)
        if n == 0 or quantity
    ]


def check_usage(usage: Usage) -> None:
    """Raises:
    Invalid: a meter nobody knows, another segment than the meter's, or a number out of bounds."""
    meter = METERS.get(usage.meter)
    if meter is None:
        raise Invalid("ledger.meter", meter=usage.meter)
    if not usage.key or len(usage.key) > MAX_KEY or usage.segment != meter.segment or usage.origin not in SEGMENTS:
        raise Invalid("ledger.usage", key=usage.key[:MAX_KEY])
    if len(usage.model) > MAX_MODEL or not 0 <= usage.at_ms <= LAST_MS or not 0 <= usage.centre <= LARGEST_ID:
        raise Invalid("ledger.usage", key=usage.key)
    if not all(0 <= number <= MOST for number in (usage.quantity, *_numbers_of(usage.details))):
        raise Invalid("ledger.too_large")


def _numbers_of(details: CallDetails | None) -> tuple[int, ...]:
    if details is None:
        return ()
    tokens = (details.prompt_tokens, details.cached_tokens, details.output_tokens)
    return (*tokens, details.cpu_ms, details.queue_ms, details.first_token_ms, details.total_ms)


class PriceVersion(msgspec.Struct, frozen=True):
    """From ``from_ms`` until the next version's of the same model: per priced unit, in 1e-9 of the currency."""

    meter: str
    version: int
    from_ms: int
    per_unit: int
    model: str = ""
    """The model it is for; empty for all that have no price of their own."""


def cost_of(quantity: int, per_unit: int, scale: int) -> int:
    """What a budget is charged, in 1e-9: never less than the exact cost."""
    return -(-quantity * per_unit // scale)


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What was set aside before work began. It ends once: settled, void or expired."""

    key: str
    account_id: int
    role: str
    segment: Segment
    tokens: int
    money: int
    worst: tuple[tuple[str, int], ...] = ()
    """The most of each paid meter that was reckoned with."""
    model: str = ""
    """The model that it is for, whose prices were reckoned with."""
    at_ms: int
    ends_ms: int

    def scopes(self) -> tuple[tuple[Scope, str], ...]:
        """Whose budgets it draws on: (scope, subject), in the order in which they are locked."""
        account: tuple[tuple[Scope, str], ...] = (("account", str(self.account_id)),) if self.account_id else ()
        role: tuple[tuple[Scope, str], ...] = (("role", self.role),) if self.role else ()
        return *account, ("instance", ""), *role, ("segment", self.segment)


class Charge(msgspec.Struct, frozen=True):
    """What a hold is settled with: the tokens for the budgets, and the events to store."""

    tokens: int
    usages: tuple[Usage, ...]


def charge_for(hold: Hold, usages: Sequence[Usage]) -> Charge:
    """What was used where that is known and within the hold; else the whole reservation.

    A server that claims more than was allowed, or does not say, is believed neither way.
    """
    said = [usage.details for usage in usages if usage.details is not None]
    tokens = sum(details.tokens for details in said)
    known = bool(said) and all(details.known for details in said)
    usages = [msgspec.structs.replace(usage, at_ms=hold.at_ms, model=hold.model) for usage in usages]
    if known and tokens <= hold.tokens and _is_within(hold, usages):
        return Charge(tokens, tuple(usages))
    return Charge(hold.tokens, tuple(_reserved(hold, usages)))


def _is_within(hold: Hold, usages: Sequence[Usage]) -> bool:
    """Whether what is paid for stays within what was reckoned with; cached tokens were reckoned as input."""
    left = dict(hold.worst)
    for usage in usages:
        if METERS[usage.meter].paid:
            meter = "ai.input_token" if usage.meter == "ai.cached_token" else usage.meter
            left[meter] = left.get(meter, 0) - usage.quantity
    return all(quantity >= 0 for quantity in left.values())


def _reserved(hold: Hold, usages: Sequence[Usage]) -> list[Usage]:
    own = [usage for usage in usages if not METERS[usage.meter].paid]
    sample = usages[0]
    bought = [
        msgspec.structs.replace(sample, key=f"{hold.key}/{meter}", meter=meter, quantity=quantity, details=None)
        for meter, quantity in hold.worst
    ]
    details = next((usage.details for usage in usages if usage.details is not None), CallDetails(known=False))
    charged = [msgspec.structs.replace(usage, details=None) for usage in (*own, *bought)]
    if not charged:
        # Bought without being reckoned with: the fact is kept, and costs nothing that was not held.
        charged = [msgspec.structs.replace(sample, quantity=0)]
    charged[0] = msgspec.structs.replace(charged[0], details=msgspec.structs.replace(details, reserved=True))
    return charged


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """The most that a scope may spend in a day or a quarter, both of UTC."""

    scope: Scope
    subject: str = ""
    """An account's id, or ``*`` for each account; a role; a segment; empty for the instance."""
    unit: Unit
    per: Period
    limit: int
    """Tokens, or money in 1e-9."""


class BudgetLeft(msgspec.Struct, frozen=True, kw_only=True):
    """How a budget stands; ``spent + held`` never passes ``limit`` by work that was held for."""

    scope: Scope
    unit: Unit
    per: Period
    limit: int
    spent: int
    held: int
    resets_ms: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spent - self.held)


class Line(msgspec.Struct, frozen=True):
    """One side of a movement, in 1e-6: a debit above zero, a credit below."""

    account: str
    amount: int


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A balanced movement, before it has its place in the chain."""

    key: str
    at_ms: int
    lines: tuple[Line, ...]
    kind: EntryKind = "manual"
    segment: Segment = "platform"
    origin: Segment = "platform"
    centre: int = 0
    meter: str = ""
    quantity: int = 0
    price_version: int = 0
    minute_ms: int = 0
    facts: bytes = b""
    reverses: int = 0
    memo: str = ""


class Entry(msgspec.Struct, frozen=True):
    """An entry in its place: its hash covers its body, its number and the entry before it."""

    number: int
    body: NewEntry
    previous: bytes
    hash: bytes


class Balance(msgspec.Struct, frozen=True):
    """Two sums that only grow, in 1e-6."""

    account: str
    debits: int
    credits: int


class DayHead(msgspec.Struct, frozen=True):
    """Where the chain ended when a day's usage was booked."""

    day_ms: int
    number: int
    hash: bytes


def check_entry(entry: NewEntry) -> None:
    """Raises:
    Invalid: no lines, an empty one, an account nobody can read, or sides that differ."""
    lines = entry.lines
    if not entry.key or len(entry.key) > MAX_KEY or len(lines) < 2 or any(line.amount == 0 for line in lines):
        raise Invalid("ledger.entry", key=entry.key[:MAX_KEY])
    most = MOST if entry.kind == "manual" else MOST_BOOKED
    if any(abs(line.amount) > most or not ACCOUNT.fullmatch(line.account) for line in lines):
        raise Invalid("ledger.entry", key=entry.key)
    if sum(line.amount for line in lines):
        raise Invalid("ledger.unbalanced", key=entry.key)
