"""Jobs that the clock starts: many of them share a pool of few connections with the requests."""

from __future__ import annotations

import asyncio

from weft.infra.db import Db
from weft.infra.periodic import Job, Periodic


async def test_more_jobs_than_connections_all_run_and_leave_some_for_requests(db: Db) -> None:
    done: list[int] = []
    all_done = asyncio.Event()

    def job(number: int) -> Job:
        async def run(db: Db) -> None:
            async with db.read() as reader:
                done.append(await reader.value("SELECT $1::int -- shared", number))
            if len(done) == 20:
                all_done.set()

        return Job(f"test.{number}", 3600, run)

    periodic = Periodic(db, [job(number) for number in range(20)])
    async with asyncio.timeout(5):
        await periodic.start()
        async with db.read() as reader:
            assert await reader.value("SELECT 1 -- shared") == 1
        await all_done.wait()
        await periodic.stop()
    assert sorted(done) == list(range(20))
