"""The books on a real database: usage becomes entries, entries are balanced, chained and never changed."""

from __future__ import annotations

import asyncpg
import pytest

from tests.ledger.conftest import ANN, BOB, call, checked, faults
from weft.infra.db import Db
from weft.infra.db.migrate import read_migrations
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Invalid, Limited, NotFound
from weft.ledger.books import FINE, LINE
from weft.ledger.entries import load_balances, load_entries, post_entry, reverse_entry
from weft.ledger.events import BudgetReached
from weft.ledger.jobs import BOOKED_AT_ONCE, GUARD, UNGUARDED, book_usage, end_holds, keep_books
from weft.ledger.meters import METERS
from weft.ledger.model import ACCOUNT, LAST_MS, Budget, CallDetails, Entry, Line, NewEntry, Usage, ai_usages
from weft.ledger.periods import start_of
from weft.ledger.service import Ledger

HOUR_OF_CPU_MS = 3_600_000
TOP_UP = NewEntry(
    key="top-up/1",
    at_ms=1,
    lines=(Line("Assets:Cash", 5_000_000), Line("Liabilities:Advertisers:7", -5_000_000)),
    segment="social",
)


async def entries(db: Db) -> list[Entry]:
    async with db.read() as reader:
        return await load_entries(reader, 0, 1000)


async def post(db: Db, *bodies: NewEntry) -> list[Entry]:
    async with db.tx(0) as tx:
        return await post_entry(tx, *bodies)


async def execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_every_meter_has_a_price_from_day_one_and_accounts_that_bookkeeping_programs_read(ledger: Ledger) -> None:
    assert {price.meter for price in await ledger.prices()} == set(METERS)
    assert all(price.from_ms == 0 for price in await ledger.prices())
    assert all(FINE % meter.scale == 0 for meter in METERS.values())
    assert all(ACCOUNT.fullmatch(account) for meter in METERS.values() for account in (meter.debit, meter.credit))
    assert {meter for meter in METERS if METERS[meter].segment != meter.split(".")[0]} == set()


async def test_a_call_becomes_one_balanced_entry_in_the_minute_after_it(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    now_ms = clock.now_ms()
    for n in range(3):
        held = await ledger.hold(f"c{n}", ANN, "member", "ai", 100, ttl_s=60)
        await ledger.settle(held, call(f"c{n}", 80, cpu_ms=HOUR_OF_CPU_MS))
    assert await book_usage(db) == 0
    clock.advance(60)
    assert await book_usage(db) == 1
    (entry,) = await entries(db)
    amount = 3 * 3600 * 2778 // 1000
    assert entry.body.lines == (Line("Expenses:AI:Inference", amount), Line("Liabilities:Operator:Compute", -amount))
    assert (entry.body.meter, entry.body.quantity, entry.body.centre) == ("ai.cpu_ms", 3 * HOUR_OF_CPU_MS, ANN)
    assert (entry.body.segment, entry.body.origin, entry.body.price_version) == ("ai", "social", 1)
    assert entry.body.minute_ms == now_ms and entry.body.at_ms == now_ms + 60_000
    assert await book_usage(db) == 0
    assert (await checked(db)).events == 3


async def test_what_is_too_small_for_a_line_is_carried_until_it_is_not(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    """100 ms of CPU cost 0.2778 millionths: after 36 calls ten millionths are booked, and none is lost."""
    for n in range(36):
        await ledger.record(call(f"c{n}", 0, cpu_ms=100, at_ms=clock.now_ms(), centre=ANN + (n << 6)))
        clock.advance(60)
    await book_usage(db)
    booked = sum(entry.body.lines[0].amount for entry in await entries(db))
    exact = 36 * 100 * 2778 * (FINE // 1000)
    assert 0 <= exact - booked * LINE < LINE
    await checked(db)


async def test_tokens_that_somebody_else_sells_are_priced_by_kind_and_kept_within_the_budget(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    for meter, price in (("ai.input_token", 150), ("ai.cached_token", 75), ("ai.output_token", 600)):
        await ledger.set_price(meter, price)
    clock.advance(120)
    worst = (("ai.input_token", 1000), ("ai.output_token", 500))
    with pytest.raises(Limited) as refused:
        await ledger.hold("a", ANN, "member", "ai", 1500, ttl_s=60, worst=worst)
    assert (refused.value.values["scope"], refused.value.values["unit"]) == ("segment", "money")
    await ledger.set_budget(Budget(scope="segment", subject="ai", unit="money", per="quarter", limit=450_000 + 330_000))
    held = await ledger.hold("a", ANN, "member", "ai", 1500, ttl_s=60, worst=worst)
    assert held.money == 1000 * 150 + 500 * 600
    details = CallDetails(model="big", prompt_tokens=1000, cached_tokens=400, output_tokens=350)
    await ledger.settle(held, ai_usages("a", details, at_ms=0, origin="ai", centre=ANN, remote=True))
    (money,) = [each for each in await ledger.left(ANN, "member", "ai") if each.unit == "money"]
    assert (money.spent, money.held) == (600 * 150 + 400 * 75 + 350 * 600, 0)

    liar = await ledger.hold("b", ANN, "member", "ai", 1500, ttl_s=60, worst=worst)
    claimed = CallDetails(model="big", prompt_tokens=10, output_tokens=10**9)
    assert await ledger.settle(liar, ai_usages("b", claimed, at_ms=0, origin="ai", centre=ANN, remote=True)) == 1500
    (money,) = [each for each in await ledger.left(ANN, "member", "ai") if each.unit == "money"]
    assert (money.spent, money.left) == (780_000, 0)
    clock.advance(60)
    await book_usage(db)
    assert sum(entry.body.lines[0].amount for entry in await entries(db)) == 780
    await checked(db)


async def test_usage_has_the_price_of_its_time(ledger: Ledger, db: Db, clock: ManualClock) -> None:
    changed = await ledger.set_price("ai.cpu_ms", 10_000)
    assert (changed.version, changed.from_ms) == (2, clock.now_ms() + 120_000)
    for n, at_ms in enumerate((changed.from_ms - 1, changed.from_ms, changed.from_ms + 1)):
        await ledger.record(call(f"c{n}", cpu_ms=1_000_000, at_ms=at_ms))
    clock.advance(300)
    await book_usage(db)
    assert [(entry.body.price_version, entry.body.lines[0].amount) for entry in await entries(db)] == [
        (1, 2778),
        (2, 20_000),
    ]


@pytest.mark.parametrize("ahead_ms", [-1, 0, 60_000, 119_999, 120_001])
async def test_a_price_begins_at_a_whole_minute_ahead(ledger: Ledger, clock: ManualClock, ahead_ms: int) -> None:
    with pytest.raises(Invalid):
        await ledger.set_price("ai.cpu_ms", 1, clock.now_ms() + ahead_ms)


async def test_prices_follow_each_other_without_gap_or_overlap(ledger: Ledger, clock: ManualClock) -> None:
    later = clock.now_ms() + 600_000
    await ledger.set_price("ai.cpu_ms", 1, later)
    for from_ms in (later, later - 60_000):
        with pytest.raises(Conflict):
            await ledger.set_price("ai.cpu_ms", 2, from_ms)
    versions = [price for price in await ledger.prices() if price.meter == "ai.cpu_ms"]
    assert [(price.version, price.from_ms) for price in versions] == [(1, 0), (2, later)]


async def test_recording_twice_counts_once_and_another_body_is_refused(ledger: Ledger, db: Db) -> None:
    assert await ledger.record(call("a", 100)) == 1
    assert await ledger.record(call("a", 100)) == 0
    with pytest.raises(Conflict):
        await ledger.record(call("a", 101))
    lefts = [each for each in await ledger.left(ANN, "", "ai") if each.unit == "token"]
    assert {each.spent for each in lefts} == {100}


async def test_a_key_twice_in_one_record_counts_once_and_two_bodies_are_refused(ledger: Ledger, db: Db) -> None:
    (usage,) = call("a", 100)
    (other,) = call("a", 101)
    with pytest.raises(Conflict):
        await ledger.record([usage, other])
    assert await ledger.record([usage, usage]) == 1
    lefts = [each for each in await ledger.left(ANN, "", "ai") if each.unit == "token"]
    assert {each.spent for each in lefts} == {100}


@pytest.mark.parametrize(
    "wrong",
    [
        {"meter": "ai.nothing"},
        {"segment": "social"},
        {"quantity": -1},
        {"quantity": 10**16},
        {"key": ""},
        {"key": "k" * 201},
        {"origin": "elsewhere"},
    ],
)
async def test_usage_that_makes_no_sense_is_refused(ledger: Ledger, wrong: dict[str, object]) -> None:
    values: dict[str, object] = {"key": "a", "at_ms": 1, "meter": "ai.cpu_ms", "quantity": 1, "segment": "ai"}
    with pytest.raises(Invalid):
        await ledger.record([Usage(**{"origin": "ai", **values, **wrong})])  # type: ignore[arg-type]


async def test_one_key_is_one_entry(db: Db) -> None:
    (first,) = await post(db, TOP_UP)
    assert await post(db, TOP_UP, TOP_UP) == [first, first]
    other = NewEntry(key="top-up/1", at_ms=1, lines=(Line("Assets:Cash", 1), Line("Income:X", -1)))
    with pytest.raises(Conflict):
        await post(db, other)
    assert await entries(db) == [first]


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (("Assets:Cash", 1),),
        (("Assets:Cash", 1), ("Income:Ads", -2)),
        (("Assets:Cash", 0), ("Income:Ads", 0)),
        (("Cash", 1), ("Income:Ads", -1)),
        (("Assets:cash; drop", 1), ("Income:Ads", -1)),
        (("Assets:Cash", 10**16), ("Income:Ads", -(10**16))),
    ],
)
async def test_an_entry_that_is_not_balanced_is_refused(db: Db, lines: tuple[tuple[str, int], ...]) -> None:
    with pytest.raises(Invalid):
        await post(db, NewEntry(key="x", at_ms=1, lines=tuple(Line(*line) for line in lines)))
    assert await entries(db) == []


async def test_a_reversal_undoes_an_entry_once(db: Db) -> None:
    (first,) = await post(db, TOP_UP)
    for _ in range(2):
        async with db.tx(0) as tx:
            undone = await reverse_entry(tx, first.number, "entered twice")
    assert undone.body.reverses == first.number and undone.body.memo == "entered twice"
    assert len(await entries(db)) == 2
    async with db.read() as reader:
        for balance in await load_balances(reader):
            assert balance.debits == balance.credits == 5_000_000
    async with db.tx(0) as tx:
        with pytest.raises(NotFound):
            await reverse_entry(tx, 99, "")
    await checked(db)


async def test_a_call_that_took_long_is_no_fault_until_the_books_had_time_for_it(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    held = await ledger.hold("long", ANN, "member", "ai", 100, ttl_s=900)
    clock.advance(600)
    await ledger.settle(held, call("long"))
    await checked(db)
    clock.advance(300 + 121)
    assert await faults(db) == ["usage long/ai.cpu_ms: is not booked after two minutes, nor are 0 more"]
    await book_usage(db)
    await end_holds(db)
    await checked(db)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE entry_lines SET amount = amount * 2 WHERE number = 2", "entry 2: was changed"),
        ("UPDATE entry_lines SET account = 'Assets:Bank' WHERE number = 3 AND n = 1", "entry 3: was changed"),
        ("UPDATE entries SET memo = 'x' WHERE number = 2", "entry 2: was changed"),
        ("DELETE FROM entries WHERE number = 2", "entry 2: is missing"),
        ("DELETE FROM entries WHERE number = 3", "chain: ends with entry 2, and should end with 3"),
        ("UPDATE entries SET number = 9 WHERE number = 3", "entry 3: is missing"),
        ("UPDATE balances SET debits = debits + 1 WHERE account = 'Assets:Cash'", "balance of Assets:Cash"),
        ("UPDATE usage_events SET quantity = quantity + 1 WHERE key = 'a/ai.cpu_ms'", "entry 2: does not follow"),
        ("UPDATE usage_events SET centre = 4 WHERE key = 'a/ai.cpu_ms'", "entry 2: does not follow"),
        ("DELETE FROM usage_events WHERE key = 'a/ai.cpu_ms'", "entry 2: does not follow"),
        ("UPDATE usage_events SET batch = 0", "usage a/ai.cpu_ms: is not booked"),
        ("UPDATE prices SET per_unit = 1 WHERE meter = 'ai.cpu_ms'", "entry 2: does not follow"),
        ("UPDATE spending SET held_tokens = 7 WHERE scope = 'instance'", "budget instance : holds something else"),
    ],
)
async def test_whatever_is_changed_in_the_books_is_found_and_named(
    ledger: Ledger, db: Db, clock: ManualClock, database_url: str, change: str, found: str
) -> None:
    await post(db, TOP_UP)
    await ledger.record(call("a", cpu_ms=HOUR_OF_CPU_MS, at_ms=clock.now_ms()))
    clock.advance(86_400)
    await book_usage(db)
    (last,) = await post(db, NewEntry(key="x", at_ms=2, lines=(Line("Assets:Cash", 1), Line("Income:Social:Ads", -1))))
    assert last.number == 3
    await ledger.hold("h", BOB, "member", "ai", 5, ttl_s=60)
    await checked(db)
    await execute(database_url, change)
    assert any(fault.startswith(found) for fault in await faults(db)), await faults(db)


async def test_a_chain_rewritten_to_its_end_still_differs_from_the_head_of_its_day(
    db: Db, clock: ManualClock, database_url: str
) -> None:
    await post(db, TOP_UP)
    clock.advance(86_400 + 120)
    await keep_books(db)
    await execute(
        database_url,
        "DELETE FROM entries; DELETE FROM entry_lines; DELETE FROM balances; UPDATE chain SET number = 0, hash = ''",
    )
    other = NewEntry(key="other", at_ms=1, lines=(Line("Assets:Cash", 1), Line("Income:Social:Ads", -1)))
    await post(db, other)
    assert await faults(db) == ["entry 1: is not the one that a day ended with"]


async def test_the_program_has_no_right_to_change_its_books(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    try:
        await connection.execute("CREATE ROLE bookkeeper; GRANT CREATE, USAGE ON SCHEMA public TO bookkeeper")
        await connection.execute("SET ROLE bookkeeper")
        for migration in read_migrations():
            async with connection.transaction():
                await connection.execute(migration.sql)
        for table in ("entries", "entry_lines", "day_heads", "prices", "usage_events"):
            for statement in ("DELETE FROM {}", "UPDATE {} SET bucket = bucket", "TRUNCATE {}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement.format(table))
            await connection.execute(f"SELECT count(*) FROM {table}")
        await connection.execute("UPDATE usage_events SET batch = 1 WHERE batch = 0")
        assert not await connection.fetchval(UNGUARDED)
        await connection.execute("GRANT UPDATE ON entries TO bookkeeper")  # as a restored backup has it
        assert await connection.fetchval(UNGUARDED)
        await connection.execute(";".join(GUARD))
        assert not await connection.fetchval(UNGUARDED)
    finally:
        await connection.execute("RESET ROLE; DROP OWNED BY bookkeeper; DROP ROLE bookkeeper")
        await connection.close()


async def test_usage_of_more_than_one_run_is_booked_in_one_call(
    ledger: Ledger, db: Db, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weft.ledger.jobs.BOOKED_AT_ONCE", 7)
    assert BOOKED_AT_ONCE > 7
    await ledger.record([usage for n in range(20) for usage in call(f"c{n}", cpu_ms=60_000, at_ms=clock.now_ms())])
    clock.advance(60)
    assert await book_usage(db) == 3
    assert sum(entry.body.quantity for entry in await entries(db)) == 20 * 60_000
    await checked(db)


async def test_a_budget_is_told_of_at_80_and_at_100_percent_once_a_period(
    ledger: Ledger, db: Db, clock: ManualClock
) -> None:
    heard: list[object] = []
    db.publish = heard.extend
    await ledger.set_budget(Budget(scope="account", subject="*", unit="token", per="day", limit=100))

    async def spend(key: str, tokens: int) -> list[tuple[str, str, int]]:
        heard.clear()
        held = await ledger.hold(key, ANN, "member", "ai", tokens, ttl_s=60)
        await ledger.settle(held, call(key, tokens))
        await keep_books(db)
        await keep_books(db)
        return [(each.scope, each.subject, each.percent) for each in heard if isinstance(each, BudgetReached)]

    assert await spend("a", 79) == []
    assert await spend("b", 1) == [("account", str(ANN), 80)]
    assert await spend("c", 20) == [("account", str(ANN), 100)]
    clock.advance(86_400)
    assert await spend("d", 90) == [("account", str(ANN), 80)]
    await ledger.set_budget(Budget(scope="account", subject=str(BOB), unit="token", per="day", limit=50))
    heard.clear()
    held = await ledger.hold("e", BOB, "member", "ai", 50, ttl_s=60)
    await ledger.settle(held, call("e", 50, centre=BOB))
    await keep_books(db)
    assert [each.percent for each in heard if isinstance(each, BudgetReached)] == [100], "not 80 as well"


async def test_everybody_may_know_where_the_books_ended_on_each_day(ledger: Ledger, db: Db, clock: ManualClock) -> None:
    (first,) = await post(db, TOP_UP)
    for _ in range(2):
        clock.advance(86_400)
        await keep_books(db)
    today = start_of("day", clock.now_ms())
    clock.advance(121)
    await keep_books(db)
    heads = await ledger.heads(LAST_MS, 10)
    assert (heads[0].day_ms, heads[0].number, heads[0].hash) == (today - 86_400_000, 1, first.hash)
    assert [head.day_ms for head in heads] == sorted({head.day_ms for head in heads}, reverse=True)
    assert await ledger.heads(heads[0].day_ms, 10) == heads[1:]
    assert await ledger.heads(LAST_MS, 1) == heads[:1]
