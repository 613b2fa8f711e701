"""Jobs that no event starts: sweeps of old rows, posts whose time has come, polls that end.

One process runs them; a lock per job keeps a second one, on another machine, from running the same job beside it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog

from weft.infra.db import Db
from weft.kernel.errors import Limited, Unavailable

PERIODIC_LOCK = 0x706572
# A job holds one connection for its lock and works on another; more jobs than half the pool would wait for themselves.
AT_ONCE = 2
LONGEST_REST_S = 60.0
LOCK_JOB = "SELECT pg_try_advisory_xact_lock($1, $2) -- all buckets"

log = structlog.get_logger()


class Job(msgspec.Struct, frozen=True):
    """`run` opens its own transactions, and may run again after it was cut short anywhere."""

    name: str
    seconds: float
    run: Callable[[Db], Awaitable[None]]


class Periodic:
    """Starts each job at once and then again, its seconds after it ended."""

    def __init__(self, db: Db, jobs: Sequence[Job]) -> None:
        self._db = db
        self._jobs = tuple(jobs)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._repeat(job)) for job in self._jobs]

    async def stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run_all(self) -> None:
        """Each job once, now: for tests and commands."""
        for job in self._jobs:
            await self._run_locked(job)

    async def _repeat(self, job: Job) -> None:
        while True:
            pause_s = job.seconds
            try:
                await self._run_locked(job)
            except (Limited, Unavailable) as error:
                pause_s = max(pause_s, rest_s(error))
                log.warning("periodic.waits", job=job.name, error=error.code)
            except Exception:  # one bad run of one job ends neither it nor the others
                log.exception("periodic.failed", job=job.name)
            await asyncio.sleep(pause_s)

    async def _run_locked(self, job: Job) -> None:
        async with self._turns, self._db.job() as tx:
            if await tx.value(LOCK_JOB, PERIODIC_LOCK, zlib.crc32(job.name.encode()) & 0x7FFF_FFFF):
                await job.run(self._db)


def rest_s(error: Limited | Unavailable) -> float:
    """How long a job rests that was refused: until it may come again, as far as that is soon."""
    return min(float(str(error.values.get("retry_after", 0))), LONGEST_REST_S)
