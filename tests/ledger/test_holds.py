"""Budgets on a real database: what is held, settled and left, and that no order of workers passes one by a token."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.ledger.conftest import ANN, BOB, call, checked
from weft.infra.db import Db, open_db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Limited
from weft.ledger.holds import HELD_AGAIN_MS
from weft.ledger.jobs import book_usage, end_holds
from weft.ledger.model import MAX_MODEL, Budget, BudgetLeft, CallDetails, Hold, Scope, Urgency, ai_usages
from weft.ledger.service import Ledger

DAY_MS = 86_400_000


async def budget(ledger: Ledger, limit: int, scope: Scope = "account", subject: str = "*") -> None:
    await ledger.set_budget(Budget(scope=scope, subject=subject, unit="token", per="day", limit=limit))


async def hold(ledger: Ledger, key: str, tokens: int, account_id: int = ANN, urgency: Urgency = "interactive") -> Hold:
    return await ledger.hold(key, account_id, "member", "ai", tokens, ttl_s=60, urgency=urgency)


async def left_of(ledger: Ledger, scope: Scope = "account", account_id: int = ANN) -> BudgetLeft:
    lefts = await ledger.left(account_id, "member", "ai")
    return next(each for each in lefts if (each.scope, each.unit, each.per) == (scope, "token", "day"))


async def test_a_hold_takes_from_what_is_left_and_settling_gives_back_what_was_not_used(ledger: Ledger) -> None:
    await budget(ledger, 1000)
    held = await hold(ledger, "a", 600)
    assert ((await left_of(ledger)).spent, (await left_of(ledger)).held) == (0, 600)
    assert await ledger.settle(held, call("a", 250)) == 250
    after = await left_of(ledger)
    assert (after.spent, after.held, after.left) == (250, 0, 750)
    assert (await left_of(ledger, account_id=BOB)).left == 1000
    assert (await left_of(ledger, "instance")).spent == 250


async def test_a_budget_is_spent_to_the_last_token_and_not_one_further(ledger: Ledger, clock: ManualClock) -> None:
    await budget(ledger, 1000)
    await ledger.settle(await hold(ledger, "a", 600), call("a", 600))
    with pytest.raises(Limited) as refused:
        await hold(ledger, "b", 401)
    assert refused.value.code == "budget.spent"
    assert refused.value.values["retry_after"] == DAY_MS // 1000
    assert (refused.value.values["scope"], refused.value.values["unit"]) == ("account", "token")
    assert (await left_of(ledger, "instance")).held == 0, "nothing is held where one budget refuses"
    await hold(ledger, "c", 400)
    clock.advance(DAY_MS / 1000)
    assert ((await left_of(ledger)).spent, (await left_of(ledger)).held) == (0, 400)
    await hold(ledger, "d", 600)


async def test_who_is_refused_for_what_others_hold_is_told_to_come_again_soon(ledger: Ledger) -> None:
    await budget(ledger, 1000)
    held = await hold(ledger, "a", 600)
    with pytest.raises(Limited) as refused:
        await hold(ledger, "b", 500)
    assert refused.value.code == "budget.held"
    assert refused.value.values["retry_after"] == HELD_AGAIN_MS // 1000
    await ledger.settle(held, call("a", 100))
    await hold(ledger, "b", 500)
    await budget(ledger, 650, "instance", "")
    await budget(ledger, 599, "segment", "ai")
    for wanted, code in ((51, "budget.held"), (499, "budget.held"), (500, "budget.spent"), (1001, "budget.spent")):
        with pytest.raises(Limited) as refused:
            await hold(ledger, "c", wanted)
        assert refused.value.code == code, wanted
    assert refused.value.values["retry_after"] == DAY_MS // 1000


async def test_a_hold_is_voided_or_settled_once(ledger: Ledger) -> None:
    first, second = await hold(ledger, "a", 100), await hold(ledger, "b", 100)
    assert await ledger.void(first)
    assert not await ledger.void(first)
    with pytest.raises(Conflict):
        await ledger.settle(first, call("a"))
    assert await ledger.settle(second, call("b", 40)) == 40
    assert await ledger.settle(second, call("b", 40)) == 40
    assert not await ledger.void(second)
    assert (await left_of(ledger)).spent == 40 and (await left_of(ledger)).held == 0


async def test_the_same_key_is_the_same_hold(ledger: Ledger) -> None:
    assert await hold(ledger, "a", 100) == await hold(ledger, "a", 100)
    assert (await left_of(ledger)).held == 100
    await budget(ledger, 100)
    assert (await hold(ledger, "a", 100)).key == "a", "it is there already, so it needs no room"
    with pytest.raises(Conflict):
        await hold(ledger, "a", 101)
    with pytest.raises(Conflict):
        await hold(ledger, "a", 100, BOB)


async def test_holds_time_out_and_hold_nothing_after(ledger: Ledger, db: Db, clock: ManualClock) -> None:
    for n in range(5):
        await hold(ledger, f"h{n}", 10)
    late = await ledger.hold("server", 0, "", "ai", 10, ttl_s=120)
    clock.advance(60)
    assert await end_holds(db) == 5
    assert (await left_of(ledger)).held == 0 and (await left_of(ledger, "instance")).held == 10
    clock.advance(60)
    assert await end_holds(db) == 1
    with pytest.raises(Conflict) as refused:
        await ledger.settle(late, call("server", centre=0))
    assert refused.value.code == "ledger.hold_ended"
    await checked(db)


@pytest.mark.parametrize(
    ("tokens", "known", "charged"), [(80, True, 80), (100, True, 100), (101, True, 100), (10, False, 100)]
)
async def test_usage_above_the_hold_or_unknown_is_charged_at_the_reservation(
    ledger: Ledger, db: Db, tokens: int, known: bool, charged: int
) -> None:
    held = await hold(ledger, "a", 100)
    assert await ledger.settle(held, call("a", tokens, known=known)) == charged
    assert (await left_of(ledger)).spent == charged
    async with db.read() as reader:
        stored = await reader.row("SELECT tokens, details::text FROM usage_events  -- all buckets")
    assert stored["tokens"] == charged
    assert ('"reserved":true' in stored["details"]) == (charged != tokens)


async def test_the_longest_name_of_a_model_keeps_no_call_out_of_the_books(ledger: Ledger, db: Db) -> None:
    name = "m" * (MAX_MODEL + 100)
    held = await ledger.hold("a", ANN, "member", "ai", 100, ttl_s=60, model=name)
    details = CallDetails(model=name, prompt_tokens=10, output_tokens=10)
    assert await ledger.settle(held, ai_usages("a", details, at_ms=0, origin="social", centre=ANN)) == 20
    assert (await left_of(ledger)).held == 0


async def test_less_urgent_work_stops_before_the_common_budget_is_spent(ledger: Ledger) -> None:
    await budget(ledger, 1000, "instance", "")
    await ledger.settle(await hold(ledger, "a", 850), call("a", 850))
    with pytest.raises(Limited):
        await hold(ledger, "b", 1, urgency="training")
    await hold(ledger, "c", 50, urgency="background")
    with pytest.raises(Limited):
        await hold(ledger, "d", 1, urgency="background")
    await hold(ledger, "e", 100)


async def test_an_accounts_own_budget_goes_before_that_of_each(ledger: Ledger) -> None:
    await budget(ledger, 10)
    await budget(ledger, 500, "account", str(ANN))
    await hold(ledger, "a", 500)
    with pytest.raises(Limited):
        await hold(ledger, "b", 11, BOB)
    assert (await left_of(ledger)).limit == 500


async def test_a_lower_budget_refuses_at_once_and_lets_free_work_go_on(ledger: Ledger) -> None:
    await ledger.settle(await hold(ledger, "a", 100), call("a", 100))
    await budget(ledger, 50)
    with pytest.raises(Limited):
        await hold(ledger, "b", 1)
    await hold(ledger, "c", 0)


async def test_no_order_of_workers_passes_a_budget_or_loses_a_token(
    ledger: Ledger, db: Db, database_url: str, clock: ManualClock
) -> None:
    """Three processes' worth of connections, forty workers, budgets that are too small for all of it."""
    await budget(ledger, 600)
    await budget(ledger, 1500, "instance", "")
    await budget(ledger, 1400, "segment", "ai")
    others = [await open_db(database_url, clock, size=6) for _ in range(2)]
    ledgers = [ledger, *(Ledger(other, clock) for other in others)]
    random_ = random.Random(1)
    spent: dict[int, int] = {ANN + (n << 6): 0 for n in range(4)}
    refused = 0

    async def work(worker: int) -> None:
        nonlocal refused
        for n in range(12):
            mine, account_id = random_.choice(ledgers), random_.choice(list(spent))
            key, most = f"{worker}/{n}", random_.randint(1, 60)
            try:
                held = await hold(mine, key, most, account_id)
            except Limited:
                refused += 1
                continue
            match random_.randrange(4):
                case 0:
                    assert await mine.void(held)
                case 1:
                    done = await asyncio.gather(mine.void(held), mine.void(held))
                    assert sorted(done) == [False, True]
                case _:
                    used = random_.randint(1, most)
                    charged = await mine.settle(held, call(key, used, centre=account_id))
                    spent[account_id] += charged

    async def watch() -> None:
        while True:
            for account_id in spent:
                for each in await ledger.left(account_id, "member", "ai"):
                    assert each.spent + each.held <= each.limit, each
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(work(worker) for worker in range(40)))
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    for other in others:
        await other.close()
    assert refused, "the budgets were never reached"
    for account_id, tokens in spent.items():
        assert (await left_of(ledger, account_id=account_id)).spent == tokens
        assert (await left_of(ledger, account_id=account_id)).held == 0
    assert (await left_of(ledger, "instance")).spent == sum(spent.values())
    clock.advance(120)
    await book_usage(db)
    await checked(db)
