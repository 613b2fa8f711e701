from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import asyncpg
import pytest

from weft.infra.db import Db, pool
from weft.infra.events import Event
from weft.infra.outbox import backlog
from weft.kernel.errors import Unavailable

WRITE = "INSERT INTO server_values (name, value) VALUES ($1, $2) -- all buckets"
NAMES = "SELECT name FROM server_values ORDER BY name -- shared"


class Rang(Event, frozen=True, kw_only=True):
    n: int


async def test_events_are_published_after_the_commit_and_never_after_a_failure(db: Db) -> None:
    published: list[Event] = []
    db.publish = published.extend
    async with db.tx(5) as tx:
        tx.emit(Rang(n=1))
        tx.signal(Rang(n=2))
        assert published == []
    assert published == [Rang(n=1), Rang(n=2)]
    with pytest.raises(RuntimeError):
        async with db.tx(5) as tx:
            tx.emit(Rang(n=3))
            raise RuntimeError
    assert len(published) == 2
    assert await backlog(db) == 1


async def test_a_savepoint_takes_back_its_writes_and_events_alone(db: Db) -> None:
    published: list[Event] = []
    db.publish = published.extend
    async with db.job() as tx:
        await tx.execute(WRITE, "kept", "x")
        tx.emit_in(1, Rang(n=1))
        with pytest.raises(asyncpg.UniqueViolationError):
            async with tx.savepoint():
                tx.emit_in(1, Rang(n=2))
                await tx.execute(WRITE, "lost", "x")
                await tx.execute(WRITE, "kept", "x")
        async with tx.savepoint():
            await tx.execute(WRITE, "later", "x")
    async with db.read() as reader:
        assert await reader.values(NAMES) == ["kept", "later"]
    assert published == [Rang(n=1)]
    assert await backlog(db) == 1


async def test_a_value_of_the_wrong_type_is_a_fault_and_not_an_absent_database(db: Db) -> None:
    with pytest.raises(asyncpg.DataError):
        async with db.read() as reader:
            await reader.value("SELECT $1::bigint -- shared", "no number")


async def test_a_lost_connection_says_that_the_database_is_away(db: Db) -> None:
    with pytest.raises(Unavailable):
        async with db.read() as reader:
            await reader.value("SELECT pg_terminate_backend(pg_backend_pid()) -- shared")
    async with db.read() as reader:
        assert await reader.value("SELECT 1 -- shared") == 1


SLEEP = "SELECT pg_sleep($1) -- shared"
MY_SESSION = "SELECT pg_backend_pid() -- shared"
OPEN = """
SELECT count(*) FROM pg_stat_activity  -- shared
 WHERE datname = current_database() AND application_name = 'weft' AND pid <> pg_backend_pid() AND state <> 'idle'
"""


async def cut_short(work: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    """Cancel somebody's work while its statement is running."""
    begun = asyncio.Event()
    task = asyncio.create_task(work(begun))
    await begun.wait()
    await asyncio.sleep(0.05)  # the statement is on its way by then; nothing here depends on how far it came
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def none_is_busy(db: Db) -> bool:
    async with asyncio.timeout(5):
        while True:
            async with db.read() as reader:
                if await reader.value(OPEN) == 0:
                    return True
            await asyncio.sleep(0.02)


async def test_a_cancelled_read_leaves_no_statement_behind(db: Db) -> None:
    async def read(begun: asyncio.Event) -> None:
        async with db.read() as reader:
            begun.set()
            await reader.value(SLEEP, 30.0)

    for _ in range(8):  # more often than there are connections
        await cut_short(read)
    assert await none_is_busy(db)
    async with db.read() as reader:
        assert await reader.value("SELECT 7 -- shared") == 7


async def test_a_cancelled_transaction_writes_nothing_and_leaves_nothing_open(db: Db) -> None:
    async def write(begun: asyncio.Event) -> None:
        async with db.job() as tx:
            await tx.execute(WRITE, "half", "x")
            begun.set()
            await tx.value(SLEEP, 30.0)

    for _ in range(8):
        await cut_short(write)
    assert await none_is_busy(db)
    async with db.read() as reader:
        assert await reader.values(NAMES) == []


SLOW_COMMIT = (
    "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END' -- shared",
    "CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON server_values DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION dawdle() -- shared",
)


async def test_a_write_cut_off_at_its_commit_makes_the_caches_start_over(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "DOUBT_S", 0.01)
    for statement in SLOW_COMMIT:
        async with db.job() as tx:
            await tx.execute(statement)
    told = asyncio.Semaphore(0)
    published: list[Event] = []
    db.unsure, db.publish = told.release, published.extend

    async def commit(begun: asyncio.Event) -> None:
        async with db.job() as tx:
            await tx.execute(WRITE, "perhaps", "x")
            tx.signal(Rang(n=1))
            begun.set()

    async def run(begun: asyncio.Event) -> None:
        async with db.once(1) as tx:
            begun.set()
            await tx.value(SLEEP, 30.0)
            tx.signal(Rang(n=2))

    for work in (commit, run):
        await cut_short(work)
        async with asyncio.timeout(5):
            await told.acquire()  # at once, and
            await told.acquire()  # when the server has surely come to an end
    assert published == [] and told.locked()


async def test_a_write_that_failed_for_sure_disturbs_no_cache(db: Db) -> None:
    told: list[bool] = []
    db.unsure = lambda: told.append(True)
    with pytest.raises(asyncpg.DataError):
        async with db.once(1) as tx:
            await tx.value("SELECT $1::bigint -- shared", "no number")
    with pytest.raises(Unavailable):
        async with db.job() as tx:
            tx.signal(Rang(n=1))
            await tx.value("SELECT pg_terminate_backend(pg_backend_pid()) -- shared")
    assert told == []


async def test_a_statement_that_takes_too_long_is_ended(db: Db) -> None:
    with pytest.raises(Unavailable):
        async with db.read_within(50) as reader:
            await reader.value(SLEEP, 30.0)
    assert await none_is_busy(db)
    async with db.read_within(50) as reader:
        assert await reader.value("SELECT 7 -- shared") == 7


async def test_a_bound_is_gone_with_its_reader(db: Db) -> None:
    async with db.read_within(50) as reader:
        bounded = await reader.value(MY_SESSION)
    async with db.read() as reader:
        assert await reader.value(MY_SESSION) == bounded
        await reader.value(SLEEP, 0.1)
