"""Jobs that the clock starts: many of them share a pool of few connections with the requests."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from weft.infra.db import Db
from weft.infra.periodic import LONGEST_REST_S, Job, Periodic, rest_s
from weft.kernel.errors import Limited, Unavailable


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


@pytest.mark.parametrize("kind", [Limited, Unavailable])
async def test_a_job_that_is_refused_rests_and_is_no_fault(db: Db, kind: type[Limited | Unavailable]) -> None:
    runs, others, others_ran = 0, 0, asyncio.Event()

    async def refused(db: Db) -> None:
        nonlocal runs
        runs += 1
        raise kind("budget.spent", retry_after=40_000)

    async def other(db: Db) -> None:
        nonlocal others
        others += 1
        if others == 5:
            others_ran.set()

    periodic = Periodic(db, [Job("test.refused", 0.01, refused), Job("test.other", 0.01, other)])
    with capture_logs() as logs:
        async with asyncio.timeout(10):
            await periodic.start()
            await others_ran.wait()
            await periodic.stop()
    assert runs == 1
    assert [(line["event"], line["log_level"]) for line in logs] == [("periodic.waits", "warning")]


def test_a_rest_is_as_long_as_was_said_and_has_a_bound() -> None:
    assert rest_s(Limited("model.busy", retry_after=7)) == 7
    assert rest_s(Limited("budget.spent", retry_after=10**6)) == LONGEST_REST_S
    assert rest_s(Unavailable("database.away")) == 0
