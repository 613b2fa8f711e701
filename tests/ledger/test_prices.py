"""Prices of single models: at every time the one for the model goes before the one for all, wherever it counts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.conftest import ANN, checked
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Invalid
from weft.ledger.entries import load_entries
from weft.ledger.jobs import book_usage
from weft.ledger.model import Budget, CallDetails, ai_usages
from weft.ledger.prices import load_prices_at
from weft.ledger.service import Ledger

OURS = "a" * 64
SOLD = (("ai.input_token", 1000), ("ai.output_token", 500))


async def amounts(db: Db) -> list[tuple[int, int]]:
    async with db.read() as reader:
        return [(each.body.price_version, each.body.lines[0].amount) for each in await load_entries(reader, 0, 100)]


async def test_a_model_has_its_own_price_and_every_other_the_common_one(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    """What our own engine's models cost is told by the hash of their file."""
    own = await ledger.set_price("ai.cpu_ms", 9000, model=OURS)
    assert (own.version, own.model) == (2, OURS)
    clock.advance(120)
    for name, sha256 in (("small", OURS), ("other", "b" * 64), ("unknown", "")):
        details = CallDetails(model=name, model_sha256=sha256, cpu_ms=1_000_000)
        held = await ledger.hold(name, ANN, "", "ai", 10, ttl_s=60, model=sha256 or name)
        await ledger.settle(held, ai_usages(name, details, at_ms=0, origin="ai", centre=ANN))
    clock.advance(60)
    await book_usage(db)
    assert sorted(await amounts(db)) == [(1, 2 * 2778), (2, 9000)]
    await checked(db)


async def test_a_server_s_model_is_held_and_charged_at_its_own_price(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    await ledger.set_budget(Budget(scope="segment", subject="ai", unit="money", per="quarter", limit=10**9))
    for meter, price, dear in (("ai.input_token", 150, 1500), ("ai.output_token", 600, 6000)):
        await ledger.set_price(meter, price)
        await ledger.set_price(meter, dear, model="big")
    clock.advance(120)
    cheap = await ledger.hold("a", ANN, "", "ai", 1500, ttl_s=60, worst=SOLD, model="small")
    held = await ledger.hold("b", ANN, "", "ai", 1500, ttl_s=60, worst=SOLD, model="big")
    assert (cheap.money, held.money) == (1000 * 150 + 500 * 600, 1000 * 1500 + 500 * 6000)
    assert await ledger.hold("b", ANN, "", "ai", 1500, ttl_s=60, worst=SOLD, model="big") == held
    with pytest.raises(Conflict):
        await ledger.hold("b", ANN, "", "ai", 1500, ttl_s=60, worst=SOLD, model="small")
    await ledger.void(cheap)
    details = CallDetails(model="big", prompt_tokens=1000, output_tokens=100)
    await ledger.settle(held, ai_usages("b", details, at_ms=0, origin="ai", centre=ANN, remote=True))
    (money,) = [each for each in await ledger.left(ANN, "", "ai") if each.unit == "money"]
    assert (money.spent, money.held) == (1000 * 1500 + 100 * 6000, 0)


async def test_a_server_that_answers_as_another_model_is_paid_what_was_held_for(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    await ledger.set_budget(Budget(scope="segment", subject="ai", unit="money", per="quarter", limit=10**9))
    await ledger.set_price("ai.output_token", 600)
    await ledger.set_price("ai.output_token", 10**9, model="dear")
    clock.advance(120)
    held = await ledger.hold("a", ANN, "", "ai", 1500, ttl_s=60, worst=SOLD, model="small")
    details = CallDetails(model="dear", output_tokens=500)
    await ledger.settle(held, ai_usages("a", details, at_ms=0, origin="ai", centre=ANN, remote=True))
    clock.advance(60)
    await book_usage(db)
    assert sum(amount for _, amount in await amounts(db)) == 500 * 600 // 1000
    await checked(db)


async def test_prices_of_one_model_follow_each_other_and_leave_the_others_alone(
    ledger: Ledger, clock: ManualClock
) -> None:
    later = clock.now_ms() + 600_000
    await ledger.set_price("ai.cpu_ms", 5, later, model=OURS)
    with pytest.raises(Conflict):
        await ledger.set_price("ai.cpu_ms", 6, later, model=OURS)
    await ledger.set_price("ai.cpu_ms", 7, later)
    await ledger.set_price("ai.cpu_ms", 8, later - 60_000, model="another")
    versions = [(each.version, each.model) for each in await ledger.prices() if each.meter == "ai.cpu_ms"]
    assert versions == [(1, ""), (2, OURS), (3, ""), (4, "another")]


@pytest.mark.parametrize("model", ["x" * 201, " x", "x\n", "\0"])
async def test_a_model_that_cannot_be_has_no_price(ledger: Ledger, model: str) -> None:
    with pytest.raises(Invalid):
        await ledger.set_price("ai.cpu_ms", 1, model=model)


versions = st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.integers(1, 6), st.integers(0, 99)), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=versions, model=st.sampled_from(["", "a", "b", "c"]), minute=st.integers(0, 9))
async def test_at_every_time_the_most_specific_price_that_began_holds(
    ledger: Ledger, db: Db, clock: ManualClock, wanted: list[tuple[str, int, int]], model: str, minute: int
) -> None:
    """Against a walk over the list."""
    start = clock.now_ms() // 60_000 * 60_000 + 120_000
    async with db.job() as tx:
        await tx.execute("DELETE FROM prices WHERE version > 1")
    kept: dict[str, list[tuple[int, int]]] = {}
    for name, after, price in wanted:
        from_ms = start + after * 60_000
        known = kept.setdefault(name, [])
        if not known or known[-1][0] < from_ms:
            await ledger.set_price("ai.cpu_ms", price, from_ms, model=name)
            known.append((from_ms, price))
    at_ms = start + minute * 60_000
    began = [[price for from_ms, price in kept.get(name, ()) if from_ms <= at_ms] for name in (model, "")]
    expected = next((prices[-1] for prices in began if prices), 2778)
    async with db.read() as reader:
        assert (await load_prices_at(reader, at_ms, model))["ai.cpu_ms"].per_unit == expected
