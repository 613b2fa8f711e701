"""Looks through the books: the chain, the balances, usage against entries, and what budgets hold. Changes nothing.

Each fault is named by the row in which it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import msgspec

from weft.infra.db import Reader, Tx
from weft.ledger.books import book, chained
from weft.ledger.entries import BOOKS, load_balances, load_entries, load_head
from weft.ledger.model import Balance, Entry, NewEntry
from weft.ledger.periods import MINUTE_MS
from weft.ledger.usage import load_batch

PAGE = 1000
MOST_NAMED = 50
LATE_MS = 2 * MINUTE_MS
FAR_MS = 1 << 62


class Findings(msgspec.Struct, kw_only=True):
    """What was looked through, and what is wrong, in words for the operator."""

    entries: int = 0
    events: int = 0
    head: str = ""
    debits: int = 0
    credits: int = 0
    faults: list[str] = msgspec.field(default_factory=list)

    def fault(self, words: str) -> None:
        if len(self.faults) < MOST_NAMED:
            self.faults.append(words)


ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


async def check_books(tx: Tx) -> Findings:
    """Everything, as it stood at one moment. Takes a transaction of its own, in which nothing was done before."""
    findings, reader, now_ms = Findings(), tx, tx.now_ms
    await tx.execute(ONE_STATE)
    await _check_chain(reader, findings)
    await _check_late(reader, findings, now_ms)
    await _check_holds(reader, findings)
    return findings


HEADS = """
SELECT day_ms, number, hash FROM day_heads WHERE bucket = $1 ORDER BY day_ms
"""


async def _check_chain(reader: Reader, findings: Findings) -> None:
    """Walk the chain beside what a replay of the usage gives."""
    sums: dict[str, list[int]] = {}
    heads = {row[1]: bytes(row[2]) for row in await reader.rows(HEADS, BOOKS)}
    expected = _replay(reader, findings)
    number, previous = 0, b""
    while entries := await load_entries(reader, number, PAGE):
        for entry in entries:
            _check_link(entry, number, previous, findings)
            _add_lines(entry, sums)
            if entry.body.kind == "usage" and await anext(expected, None) != entry.body:
                findings.fault(f"entry {entry.number}: does not follow from the usage behind it")
            if heads.get(entry.number, entry.hash) != entry.hash:
                findings.fault(f"entry {entry.number}: is not the one that a day ended with")
            number, previous = entry.number, entry.hash
            findings.entries += 1
    async for body in expected:
        findings.fault(f"entry {body.key}: is missing")
    await _check_end(reader, number, previous, findings)
    for missing in (each for each in heads if each > number):
        findings.fault(f"entry {missing}: is missing, and a day ended with it")
    _check_balances(sums, await load_balances(reader), findings)


def _check_link(entry: Entry, number: int, previous: bytes, findings: Findings) -> None:
    if entry.number != number + 1:
        findings.fault(f"entry {number + 1}: is missing")
    elif entry.previous != previous:
        findings.fault(f"entry {entry.number}: does not follow the one before it")
    if chained(entry.number, entry.body, entry.previous).hash != entry.hash:
        findings.fault(f"entry {entry.number}: was changed")
    lines = entry.body.lines
    if len(lines) < 2 or sum(line.amount for line in lines) != 0:
        findings.fault(f"entry {entry.number}: is not balanced")


def _add_lines(entry: Entry, sums: dict[str, list[int]]) -> None:
    for line in entry.body.lines:
        both = sums.setdefault(line.account, [0, 0])
        both[0 if line.amount > 0 else 1] += abs(line.amount)


async def _check_end(reader: Reader, number: int, previous: bytes, findings: Findings) -> None:
    head = await load_head(reader)
    findings.head = head.hash.hex()
    if (head.number, head.hash) != (number, previous):
        findings.fault(f"chain: ends with entry {number}, and should end with {head.number}")


def _check_balances(sums: dict[str, list[int]], balances: list[Balance], findings: Findings) -> None:
    stored = {balance.account: [balance.debits, balance.credits] for balance in balances}
    for account in sorted(sums.keys() | stored.keys()):
        if sums.get(account) != stored.get(account):
            findings.fault(f"balance of {account}: is not the sum of its lines")
    findings.debits = sum(both[0] for both in sums.values())
    findings.credits = sum(both[1] for both in sums.values())
    if findings.debits != findings.credits:
        findings.fault("all lines together: are not balanced")


async def _replay(reader: Reader, findings: Findings) -> AsyncIterator[NewEntry]:
    """The entries that the usage gives when it is booked again from the beginning."""
    carry, last = 0, (await load_head(reader)).batch
    for batch in range(1, last + 1):
        facts = await load_batch(reader, batch, FAR_MS)
        if not facts:
            findings.fault(f"usage of batch {batch}: is missing")
        findings.events += len(facts)
        entries, carry = book(batch, facts, carry)
        for entry in entries:
            yield entry
    if carry != (await load_head(reader)).carry:
        findings.fault("chain: carries something else than the usage leaves over")


# What was held for has the time of its hold, and may have been stored at any time until that ended.
LATE = """
SELECT count(*), min(e.key) FROM usage_events e LEFT JOIN holds h ON h.bucket = $1 AND h.key = e.hold
 WHERE e.bucket = $1 AND e.batch = 0 AND e.at_ms < $2 AND coalesce(h.ends_ms, e.at_ms) < $2
"""


async def _check_late(reader: Reader, findings: Findings, now_ms: int) -> None:
    row = await reader.row(LATE, BOOKS, now_ms - LATE_MS)
    if row is not None and row[0]:
        findings.fault(f"usage {row[1]}: is not booked after two minutes, nor are {row[0] - 1} more")


HELD = """
SELECT scope, subject, held_tokens, held_money FROM spending WHERE bucket = $1 AND (held_tokens > 0 OR held_money > 0)
"""

OPEN = """
SELECT account_id, role, segment, tokens, money FROM holds WHERE bucket = $1 AND state = 'open'
"""


async def _check_holds(reader: Reader, findings: Findings) -> None:
    tokens: Counter[tuple[str, str]] = Counter()
    money: Counter[tuple[str, str]] = Counter()
    for account_id, role, segment, held, cost in await reader.rows(OPEN, BOOKS):
        account = [("account", str(account_id))] if account_id else []
        named = [("role", role)] if role else []
        for scope in (*account, *named, ("segment", segment), ("instance", "")):
            tokens[scope] += held
            money[scope] += cost
    for scope, subject, held, cost in await reader.rows(HELD, BOOKS):
        if (tokens.pop((scope, subject), 0), money.pop((scope, subject), 0)) != (held, cost):
            findings.fault(f"budget {scope} {subject}: holds something else than its open holds")
    for key in tokens.keys() | money.keys():
        if tokens[key] or money[key]:
            findings.fault(f"budget {key[0]} {key[1]}: holds nothing, and has open holds")
