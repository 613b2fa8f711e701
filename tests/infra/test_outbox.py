from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest

from weft.infra.db import Db, Tx
from weft.infra.events import Event, EventCodec
from weft.infra.outbox import Buckets, Dispatcher, Handler, backlog, range_of
from weft.infra.outbox.dispatcher import MOST_ATTEMPTS, MOST_ROWS
from weft.infra.periodic import Job, Periodic
from weft.kernel.clock import ManualClock

WRITE = "INSERT INTO server_values (name, value) VALUES ($1, $2) -- all buckets"
VALUES = "SELECT value FROM server_values WHERE name LIKE $1 ORDER BY name -- shared"


class Knocked(Event, frozen=True, kw_only=True):
    n: int


class Opened(Event, frozen=True, kw_only=True):
    n: int


CODEC = EventCodec([Knocked, Opened])


class Notes:
    """A handler that writes what it gets, keeps it, and fails where it is told to."""

    def __init__(self, name: str = "notes") -> None:
        self.name = name
        self.batches: list[list[int]] = []
        self.bad: set[int] = set()

    @property
    def handler(self) -> Handler:
        return self.name, self.handle

    async def handle(self, tx: Tx, events: Sequence[Event]) -> None:
        numbers = [event.n for event in events if isinstance(event, Knocked | Opened)]
        self.batches.append(numbers)
        for n in numbers:
            await tx.execute(WRITE, f"{self.name}-{n:04}", str(n))
        if self.bad & set(numbers):
            raise ValueError("a fault")


def dispatcher(db: Db, *handlers: Handler, buckets: Buckets | None = None) -> Dispatcher:
    return Dispatcher(db, CODEC, {Knocked: handlers}, buckets=buckets)


async def knock(db: Db, numbers: Sequence[int], bucket: int | None = None) -> None:
    async with db.job() as tx:
        for n in numbers:
            tx.emit_in(n % 1024 if bucket is None else bucket, Knocked(n=n))


async def written(db: Db, name: str = "notes") -> list[int]:
    async with db.read() as reader:
        return [int(value) for value in await reader.values(VALUES, f"{name}-%")]


async def test_a_batch_has_its_effects_once_and_is_gone(db: Db) -> None:
    notes = Notes()
    await knock(db, range(20))
    await dispatcher(db, notes.handler).drain()
    assert notes.batches == [list(range(20))]
    assert await written(db) == list(range(20))
    assert await backlog(db) == 0


async def test_one_failing_event_does_not_hold_up_the_others(db: Db) -> None:
    notes, other = Notes(), Notes("other")
    notes.bad = {7}
    await knock(db, range(20))
    await dispatcher(db, notes.handler, other.handler).drain()
    assert await written(db) == [n for n in range(20) if n != 7]
    assert await written(db, "other") == list(range(20))
    assert await backlog(db) == 1


async def test_a_retry_comes_later_and_spares_the_handlers_that_were_done(db: Db, clock: ManualClock) -> None:
    notes, other = Notes(), Notes("other")
    notes.bad = {3}
    await knock(db, [3])
    works = dispatcher(db, notes.handler, other.handler)
    await works.drain()
    notes.bad.clear()
    tries = len(notes.batches)
    await works.drain()
    assert len(notes.batches) == tries
    clock.advance(10)
    await works.drain()
    assert await written(db) == [3]
    assert await written(db, "other") == [3]
    async with db.read() as reader:
        assert await reader.value("SELECT count(*) FROM effects -- all buckets") == 0


async def test_an_event_that_always_fails_ends_among_the_dead_letters(db: Db, clock: ManualClock) -> None:
    notes = Notes()
    notes.bad = {5}
    await knock(db, [5, 6])
    works = dispatcher(db, notes.handler)
    for _ in range(MOST_ATTEMPTS):
        await works.drain()
        clock.advance(3600)
    assert await backlog(db) == 0
    assert await written(db) == [6]
    async with db.read() as reader:
        dead = await reader.rows("SELECT kind, handler, error FROM dead_letters -- all buckets")
    assert [tuple(row) for row in dead] == [("Knocked", "notes", "ValueError")]


async def test_an_unreadable_event_is_buried_at_once(db: Db) -> None:
    notes = Notes()
    async with db.job() as tx:
        await tx.execute(
            "INSERT INTO outbox (bucket, id, kind, payload) VALUES (1, 1, 'Knocked', '{\"n\":\"x\"}') -- all buckets"
        )
    await knock(db, [2])
    await dispatcher(db, notes.handler).drain()
    assert await written(db) == [2]
    assert await backlog(db) == 0


async def test_an_event_that_nobody_wants_is_removed(db: Db) -> None:
    async with db.job() as tx:
        tx.emit_in(4, Opened(n=1))
    await dispatcher(db, Notes().handler).drain()
    assert await backlog(db) == 0


async def test_what_a_failing_handler_emitted_is_neither_stored_nor_published(db: Db) -> None:
    published: list[Event] = []
    db.publish = published.extend

    async def answer(tx: Tx, events: Sequence[Event]) -> None:
        for event in events:
            assert isinstance(event, Knocked)
            tx.emit_in(9, Opened(n=event.n))
        if any(isinstance(event, Knocked) and event.n == 2 for event in events):
            raise ValueError("a fault")

    notes = Notes()
    await knock(db, [1, 2, 3])
    published.clear()
    await Dispatcher(db, CODEC, {Knocked: [("answer", answer)], Opened: [notes.handler]}).drain()
    assert published == [Opened(n=1), Opened(n=3)]
    assert await written(db) == [1, 3]


async def test_a_handler_of_two_kinds_gets_them_in_the_order_of_their_bucket(db: Db) -> None:
    notes = Notes()
    async with db.job() as tx:
        for n in range(10):
            tx.emit_in(3, Knocked(n=n) if n % 2 else Opened(n=n))
    await Dispatcher(db, CODEC, {Knocked: [notes.handler], Opened: [notes.handler]}).drain()
    assert notes.batches == [list(range(10))]


async def test_more_than_a_batch_is_worked_on_without_starving_any_bucket(db: Db) -> None:
    notes = Notes()
    await knock(db, range(MOST_ROWS + 100), bucket=0)
    await knock(db, [5000], bucket=900)
    await dispatcher(db, notes.handler).drain()
    assert notes.batches[0] == list(range(MOST_ROWS))
    assert notes.batches[1] == [5000]
    assert len(await written(db)) == MOST_ROWS + 101


async def test_two_dispatchers_share_the_work_and_double_nothing(db: Db) -> None:
    low, high, rival = Notes("low"), Notes("high"), Notes("rival")
    await knock(db, range(300))
    await asyncio.gather(
        dispatcher(db, low.handler, buckets=Buckets(0, 149)).drain(),
        dispatcher(db, rival.handler, buckets=Buckets(0, 149)).drain(),
        dispatcher(db, high.handler, buckets=Buckets(150, 1023)).drain(),
    )
    assert sorted(await written(db, "low") + await written(db, "rival") + await written(db, "high")) == list(range(300))
    assert await backlog(db) == 0


@pytest.mark.both_postgres
async def test_a_running_dispatcher_works_when_woken(db: Db) -> None:
    notes = Notes()
    works = dispatcher(db, notes.handler)
    db.publish = lambda events: works.wake()
    await works.start()
    await asyncio.sleep(0.15)
    began = asyncio.get_running_loop().time()
    await knock(db, [1])
    while not notes.batches:  # noqa: ASYNC110 - the handler has no event of its own
        await asyncio.sleep(0.0005)
    assert asyncio.get_running_loop().time() - began < 0.1
    await works.stop()
    assert await backlog(db) == 0


def test_ranges_cover_every_bucket_once() -> None:
    for workers in (1, 2, 3, 7, 64):
        ranges = [range_of(index, workers) for index in range(workers)]
        assert [bucket for r in ranges for bucket in range(r.first, r.last + 1)] == list(range(1024))


async def test_a_periodic_job_runs_in_one_process_at_a_time(db: Db) -> None:
    running, most, runs = 0, 0, 0
    enough = asyncio.Event()

    async def sweep(db: Db) -> None:
        nonlocal running, most, runs
        running += 1
        most, runs = max(most, running), runs + 1
        if runs > 2:
            enough.set()
        try:
            await asyncio.sleep(0.01)
        finally:
            running -= 1

    async def fail(db: Db) -> None:
        raise ValueError("a fault")

    jobs = [Job("fail", 0.001, fail), Job("sweep", 0.001, sweep)]
    processes = [Periodic(db, jobs) for _ in range(2)]
    for process in processes:
        await process.start()
    async with asyncio.timeout(20):
        await enough.wait()
    for process in processes:
        await process.stop()
    assert most == 1


DIES = """
import asyncio, os, sys
from weft.infra.db import open_db
from weft.infra.outbox import Dispatcher
from weft.kernel.clock import Clock
from tests.infra.test_outbox import CODEC, Knocked, Notes

async def main():
    notes = Notes()
    async def die(tx, events):
        await notes.handle(tx, events)
        if len(notes.batches) == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
    await Dispatcher(await open_db(sys.argv[1], Clock()), CODEC, {Knocked: [("notes", die)]}).drain()

asyncio.run(main())
"""


async def test_killing_a_worker_between_effect_and_acknowledgement_loses_and_doubles_nothing(
    db: Db, database_url: str
) -> None:
    await knock(db, range(3 * MOST_ROWS))
    for batch in ("1", "2"):
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, database_url, batch)
        assert await child.wait() == -9
    assert len(await written(db)) == MOST_ROWS
    await dispatcher(db, Notes().handler).drain()
    assert await written(db) == list(range(3 * MOST_ROWS))
    assert await backlog(db) == 0
