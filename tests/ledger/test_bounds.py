"""Numbers of any size: what the books cannot count is refused, changes nothing, and never stops the booking."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.conftest import ANN, call, checked
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Invalid, Limited
from weft.ledger.entries import load_balances
from weft.ledger.jobs import book_usage, end_holds, keep_books
from weft.ledger.meters import METERS
from weft.ledger.model import MOST, MOST_BUDGET, Budget, CallDetails, Usage, ai_usages
from weft.ledger.service import Ledger

TABLES = ("usage_events", "spending", "holds", "entries", "entry_lines", "balances", "chain", "prices", "budgets")
EDGES = (0, 1, MOST - 1, MOST, MOST + 1, MOST_BUDGET, 2**31, 2**63 - 1, 2**63, 2**64, 10**30)
numbers = st.one_of(st.sampled_from((*EDGES, *(-edge for edge in EDGES))), st.integers(-(2**70), 2**70))
steps = st.lists(
    st.tuples(st.sampled_from(["price", "record", "settle", "hold"]), st.sampled_from(["ai.input_token", "ai.cpu_ms"]),
              numbers, numbers),
    max_size=6,
)  # fmt: skip


async def state_of(db: Db) -> list[Any]:
    """Every row of the books."""
    async with db.read() as reader:
        return [
            await reader.rows(f"SELECT t::text FROM {name} t ORDER BY 1  -- all buckets: a test") for name in TABLES
        ]


async def do(ledger: Ledger, key: str, what: str, meter: str, first: int, second: int) -> None:
    match what:
        case "price":
            await ledger.set_price(meter, first)
        case "record":
            await ledger.record([Usage(key=key, at_ms=second, meter=meter, quantity=first, segment="ai", origin="ai")])
        case "hold":
            worst = (("ai.input_token", first),)
            await ledger.hold(key, ANN, "", "ai", second, ttl_s=60, worst=worst)
        case _:
            held = await ledger.hold(key, 0, "", "ai", 5, ttl_s=60)
            details = CallDetails(prompt_tokens=first, output_tokens=second, cpu_ms=first)
            await ledger.settle(held, ai_usages(key, details, at_ms=0, origin="ai", remote=meter != "ai.cpu_ms"))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(work=steps)
async def test_any_number_is_counted_or_refused_with_nothing_changed(
    ledger: Ledger, db: Db, clock: ManualClock, work: list[tuple[str, str, int, int]]
) -> None:
    async with db.read() as reader:
        known = await reader.value("SELECT count(*) FROM usage_events  -- all buckets: a test")
    # The rows that a first hold needs are there, also where it is refused.
    clock.advance(1)
    assert await ledger.void(await ledger.hold(f"{clock.now_ms()}/{known}", ANN, "", "ai", 0, ttl_s=60))
    for n, step in enumerate(work):
        before, key = await state_of(db), f"{clock.now_ms()}/{known}/{n}"
        try:
            await do(ledger, key, *step)
        except (Invalid, Conflict, Limited):
            if step[0] != "settle":  # its hold was made before, and stays until it times out
                assert await state_of(db) == before
        clock.advance(180)
    await end_holds(db)
    await keep_books(db)
    await checked(db)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": MOST + 1},
        {"quantity": -1},
        {"at_ms": 10**17},
        {"centre": 2**63},
        {"details": CallDetails(prompt_tokens=-1)},
        {"details": CallDetails(output_tokens=2**63)},
        {"details": CallDetails(cpu_ms=10**30)},
        {"model": "m" * 201},
    ],
)
async def test_a_usage_with_a_number_out_of_bounds_is_refused(ledger: Ledger, db: Db, wrong: dict[str, object]) -> None:
    before = await state_of(db)
    values: dict[str, object] = {"key": "a", "at_ms": 1, "meter": "ai.cpu_ms", "quantity": 1, "segment": "ai"}
    with pytest.raises(Invalid):
        await ledger.record([Usage(**{"origin": "ai", **values, **wrong})])  # type: ignore[arg-type]
    assert await state_of(db) == before


async def test_what_costs_more_than_can_be_booked_is_refused_whole(ledger: Ledger, db: Db, clock: ManualClock) -> None:
    await ledger.set_price("ai.input_token", MOST)
    clock.advance(120)
    now_ms, most = clock.now_ms(), MOST_BUDGET // MOST
    small = Usage(key="small", at_ms=now_ms, meter="social.mail", quantity=1, segment="social", origin="social")
    dear = Usage(key="dear", at_ms=now_ms, meter="ai.input_token", quantity=most, segment="ai", origin="ai")
    before = await state_of(db)
    too_dear = Usage(key="x", at_ms=now_ms, meter="ai.input_token", quantity=most + 1, segment="ai", origin="ai")
    with pytest.raises(Invalid, match=r"ledger\.too_large"):
        await ledger.record([small, too_dear])
    assert await state_of(db) == before
    assert await ledger.record([small, dear]) == 2
    clock.advance(60)
    await book_usage(db)
    await checked(db)


async def test_the_books_go_on_beyond_the_largest_number_of_64_bits(ledger: Ledger, db: Db, clock: ManualClock) -> None:
    """Usage that was stored is booked, however much came before it."""
    await ledger.set_price("worlds.relay_mb", MOST)
    clock.advance(120)
    most = MOST_BUDGET // MOST * METERS["worlds.relay_mb"].scale
    for run in range(2):
        dear = Usage(
            key=f"{run}",
            at_ms=clock.now_ms(),
            meter="worlds.relay_mb",
            quantity=most,
            segment="worlds",
            origin="worlds",
        )
        await ledger.record([dear])
        clock.advance(60)
        assert await book_usage(db) == 1
        async with db.job() as tx:
            await tx.execute("UPDATE balances SET debits = debits + $1, credits = credits + $1", 2**63 - 1)
    async with db.read() as reader:
        assert {balance.debits for balance in await load_balances(reader)} == {
            2 * (2**63 - 1),
            2 * (2**63 - 1) + 2 * MOST_BUDGET // 1000,
        }


async def test_budgets_refuse_what_their_sums_cannot_hold_and_are_told_of_all_the_same(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    await ledger.drop_budget(Budget(scope="segment", subject="ai", unit="money", per="quarter", limit=0))
    await ledger.set_budget(Budget(scope="instance", unit="token", per="day", limit=1))
    await ledger.set_price("ai.input_token", MOST)
    clock.advance(120)
    dear = MOST_BUDGET // MOST
    for n in range(110):
        usage = Usage(key=f"{n}", at_ms=clock.now_ms(), meter="ai.input_token", quantity=dear, segment="ai",
                      origin="ai", details=CallDetails(prompt_tokens=MOST) if not n else None)  # fmt: skip
        try:
            await ledger.record([usage])
        except Invalid:
            break
    else:
        pytest.fail("the sums grew beyond what they can hold")
    assert n == (2**63 - 1) // MOST_BUDGET
    await keep_books(db)
    clock.advance(60)
    await ledger.record(call("after", at_ms=clock.now_ms()))
    await keep_books(db)
    await checked(db)
