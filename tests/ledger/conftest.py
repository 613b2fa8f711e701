"""A ledger on a real database, and accounts that it knows by their number alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.ledger.check import Findings, check_books
from weft.ledger.model import CallDetails, Usage, ai_usages
from weft.ledger.service import Ledger

ANN = (1_767_225_600_000 << 16) | 5 << 6
BOB = ANN + (9 << 6)

Call = Callable[..., list[Usage]]


@pytest.fixture
def ledger(db: Db, clock: ManualClock) -> Ledger:
    return Ledger(db, clock)


def call(
    key: str, tokens: int = 100, *, centre: int = ANN, cpu_ms: int = 1000, at_ms: int = 0, **more: object
) -> list[Usage]:
    """The usage of a call to our own engine that took this many tokens, half of them in the prompt."""
    details = CallDetails(prompt_tokens=tokens // 2, output_tokens=tokens - tokens // 2, cpu_ms=cpu_ms, **more)  # type: ignore[arg-type]
    return ai_usages(key, details, at_ms=at_ms, origin="social", centre=centre)


async def checked(db: Db) -> Findings:
    """The books, which must be without fault."""
    async with db.job() as tx:
        findings = await check_books(tx)
    assert findings.faults == []
    return findings


async def faults(db: Db) -> list[str]:
    async with db.job() as tx:
        return (await check_books(tx)).faults
