"""Usage becomes entries: grouped by minute, meter, centre and price version, with what is too small for a line carried.

Pure, and in an order that depends on the usage alone, so that the same log always gives the same chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from weft.ledger.meters import METERS
from weft.ledger.model import Entry, Line, NewEntry, Usage
from weft.ledger.periods import MINUTE_MS, minute_of

FINE = 3000
"""Parts of 1e-9 in which costs are exact: every meter's scale divides it."""
LINE = 1000 * FINE
"""The smallest amount that a line can hold, in those parts."""

_encode = msgspec.json.Encoder().encode


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A usage event as it is stored, with the price that held at its time."""

    usage: Usage
    price_version: int
    per_unit: int
    tokens: int = 0
    hold: str = ""

    @property
    def group(self) -> tuple[int, str, str, int, int]:
        usage = self.usage
        return minute_of(usage.at_ms), usage.meter, usage.origin, usage.centre, self.price_version


def book(batch: int, facts: Iterable[Fact], carry: int) -> tuple[list[NewEntry], int]:
    """The entries of a batch and what is carried on. A group that costs less than a line can hold makes no entry."""
    entries = []
    for _, together in groupby(sorted(facts, key=lambda fact: (fact.group, fact.usage.key)), lambda fact: fact.group):
        group = list(together)
        usage, meter = group[0].usage, METERS[group[0].usage.meter]
        quantity = sum(fact.usage.quantity for fact in group)
        amount, left = divmod(carry + quantity * group[0].per_unit * (FINE // meter.scale), LINE)
        carry = left
        if not amount:
            continue
        minute_ms, version = group[0].group[0], group[0].price_version
        entries.append(
            NewEntry(
                key=f"usage/{batch}/{minute_ms}/{usage.meter}/{usage.origin}/{usage.centre}/{version}",
                at_ms=minute_ms + MINUTE_MS,
                kind="usage",
                lines=(Line(meter.debit, amount), Line(meter.credit, -amount)),
                segment=usage.segment,
                origin=usage.origin,
                centre=usage.centre,
                meter=usage.meter,
                quantity=quantity,
                price_version=version,
                minute_ms=minute_ms,
                facts=digest(group),
            )
        )
    return entries, carry


def digest(facts: Sequence[Fact]) -> bytes:
    """SHA-256 over the usage behind an entry: a usage event that is changed later no longer fits its entry."""
    return hashlib.sha256(_encode([(fact.usage, fact.tokens, fact.hold) for fact in facts])).digest()


def chained(number: int, body: NewEntry, previous: bytes) -> Entry:
    """The entry in its place, with the hash that covers it and everything before it."""
    sealed = hashlib.sha256(previous + number.to_bytes(8, "big") + _encode(msgspec.structs.astuple(body))).digest()
    return Entry(number, body, previous, sealed)


def reversal(entry: Entry, at_ms: int, memo: str) -> NewEntry:
    """The entry that undoes another; there can be one of it."""
    return msgspec.structs.replace(
        entry.body,
        key=f"reversal/{entry.number}",
        at_ms=at_ms,
        kind="reversal",
        lines=tuple(Line(line.account, -line.amount) for line in entry.body.lines),
        reverses=entry.number,
        facts=b"",
        memo=memo,
    )
