from __future__ import annotations

import asyncpg
import pytest

from weft.infra.db import Db
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
