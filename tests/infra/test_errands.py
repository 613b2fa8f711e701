"""Errands are done at least once, outside any transaction, whatever one of them does."""

from __future__ import annotations

import asyncio
from typing import Any

from weft.infra.db import Db
from weft.infra.errands import AT_ONCE, LEASE_MS, MOST_ATTEMPTS, OF_ONE_KIND, Errands
from weft.infra.events import Event, EventCodec
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid, Unavailable


class Asked(Event):
    number: int


class Mailed(Event):
    pass


class Runner:
    """Does what it is told to do with each number."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.faults: dict[int, Exception] = {}

    async def run(self, event: Asked) -> None:
        if event.number in self.faults:
            raise self.faults[event.number]
        self.done.append(event.number)


async def errands(db: Db, *numbers: int) -> tuple[Errands, Runner]:
    runner = Runner()
    made = Errands(db, EventCodec([Asked]), {Asked: runner.run})
    async with db.job() as tx:
        await made.store(tx, [Asked(number=number) for number in numbers])
    return made, runner


async def rows(db: Db, table: str) -> Any:
    async with db.read() as reader:
        return await reader.value(f"SELECT count(*) FROM {table}  -- all buckets")


async def test_each_errand_is_done_once_and_forgotten(db: Db) -> None:
    made, runner = await errands(db, 1, 2, 3)
    assert await made.run_due() == 3
    assert sorted(runner.done) == [1, 2, 3]
    assert await rows(db, "errands") == 0


async def test_what_is_away_is_tried_again_later(db: Db, clock: ManualClock) -> None:
    made, runner = await errands(db, 1, 2)
    runner.faults[1] = Unavailable("mail.failed")
    await made.run_due()
    assert runner.done == [2]
    runner.faults.clear()
    clock.advance(60)
    await made.run_due()
    assert sorted(runner.done) == [1, 2]


async def test_a_refusal_is_a_dead_letter_at_once_and_a_fault_after_some_tries(db: Db, clock: ManualClock) -> None:
    made, runner = await errands(db, 1, 2)
    runner.faults = {1: Invalid("mail.refused"), 2: ValueError("a fault in the program")}
    await made.run_due()
    assert await rows(db, "dead_letters") == 1
    for _ in range(MOST_ATTEMPTS):
        clock.advance(3600)
        await made.run_due()
    assert await rows(db, "dead_letters") == 2
    assert await rows(db, "errands") == 0


async def test_an_errand_whose_runner_died_is_taken_again_when_its_lease_ends(db: Db, clock: ManualClock) -> None:
    made, runner = await errands(db, 1)
    async with db.job() as tx:
        await tx.execute("UPDATE errands SET due_ms = $1, attempts = 1  -- all buckets", tx.now_ms + LEASE_MS)
    assert await made.run_due() == 0
    clock.advance(LEASE_MS / 1000 + 1)
    assert await made.run_due() == 1
    assert runner.done == [1]


async def test_an_errand_that_waits_for_a_slow_machine_holds_up_no_other(db: Db) -> None:
    slow, done = asyncio.Event(), asyncio.Event()

    async def run(event: Asked) -> None:
        if event.number == 1:
            await slow.wait()
        else:
            done.set()

    made = Errands(db, EventCodec([Asked]), {Asked: run})
    async with db.job() as tx:
        await made.store(tx, [Asked(number=1), Asked(number=2)])
    await made.start()
    async with asyncio.timeout(10):
        await done.wait()
    await made.stop()
    assert await rows(db, "errands") >= 1


async def test_many_errands_of_a_slow_kind_hold_up_no_other_kind_and_are_all_done(db: Db) -> None:
    """What answers mentions may take minutes for each, as long as a model does."""
    slow, done, begun = asyncio.Event(), asyncio.Event(), 0

    async def answer(event: Asked) -> None:
        nonlocal begun
        begun += 1
        await slow.wait()

    async def mail(event: Mailed) -> None:
        done.set()

    made = Errands(db, EventCodec([Asked, Mailed]), {Asked: answer, Mailed: mail})
    async with db.job() as tx:
        await made.store(tx, [*(Asked(number=number) for number in range(AT_ONCE + 2)), Mailed()])
    await made.start()
    async with asyncio.timeout(20):
        await done.wait()
        assert begun == OF_ONE_KIND
        slow.set()
        while await rows(db, "errands"):  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.02)
    await made.stop()
    assert begun == AT_ONCE + 2


async def test_an_errand_that_takes_longer_than_its_lease_is_not_begun_twice(db: Db, clock: ManualClock) -> None:
    may_end, begun = asyncio.Event(), 0

    async def answer(event: Asked) -> None:
        nonlocal begun
        begun += 1
        await may_end.wait()

    async def until_due(ms: int) -> None:
        async with asyncio.timeout(10), db.read() as reader:
            while await reader.value("SELECT due_ms FROM errands  -- all buckets") < ms:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)

    one, other = (Errands(db, EventCodec([Asked]), {Asked: answer}, renewed_s=0.02) for _ in range(2))
    async with db.job() as tx:
        await one.store(tx, [Asked(number=1)])
    await one.start()
    for _ in range(3):
        await until_due(clock.now_ms() + LEASE_MS)
        clock.advance(LEASE_MS / 1000 - 1)
        assert await other.run_due() == 0
    may_end.set()
    async with asyncio.timeout(10):
        while await rows(db, "errands"):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    await one.stop()
    assert begun == 1
