"""Errands: what an event causes outside the database, such as a mail or a fetched picture.

An outbox handler only writes the errand down, in its transaction. A runner then takes a lease on one, does the work
with no transaction open, and removes it. A few run side by side, so that a machine that is slow to answer holds up none
but its own, and half of them are of other kinds: answers of a model that takes minutes keep no mail waiting. A runner
at work renews its lease; an errand whose runner died is taken again when that ends, so runners are told at least once.
After eight failures it becomes a dead letter.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from weft.infra.db import Db, Row, Tx
from weft.infra.events import Event, EventCodec, seal
from weft.kernel.errors import Unavailable, WeftError

Run = Callable[[Any], Awaitable[None]]

LEASE_MS = 120_000
RENEWED_S = 40.0
MOST_ATTEMPTS = 8
SWEEP_S = 5.0
AT_ONCE = 8
OF_ONE_KIND = 4

log = structlog.get_logger()

STORE = """
INSERT INTO errands (bucket, id, kind, payload)  -- all buckets: of the events at hand
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::bytea[]) ON CONFLICT DO NOTHING
"""

TAKE = """
UPDATE errands SET due_ms = $1 + $2, attempts = attempts + 1  -- all buckets: one errand of any of them
 WHERE (bucket, id) = (SELECT bucket, id FROM errands WHERE due_ms <= $1 AND kind <> ALL($3::text[])
                        ORDER BY due_ms, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING bucket, id, kind, payload, attempts
"""

DONE = """
DELETE FROM errands WHERE bucket = $1 AND id = $2
"""

LATER = """
UPDATE errands SET due_ms = $3 WHERE bucket = $1 AND id = $2
"""

BURY = """
WITH gone AS (DELETE FROM errands WHERE bucket = $1 AND id = $2 RETURNING kind, payload)
INSERT INTO dead_letters (bucket, id, kind, payload, handler, error, died_ms)
SELECT $1, $2, kind, payload, $3, $4, $5 FROM gone
"""


class Errands:
    """Runs errands, a few at a time; one per worker, any number of workers."""

    def __init__(
        self, db: Db, codec: EventCodec, runners: Mapping[type[Event], Run], *, renewed_s: float = RENEWED_S
    ) -> None:
        self._renewed_s = renewed_s
        self._db = db
        self._codec = codec
        self._runners = dict(runners)
        self._woken = asyncio.Event()
        self._running: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    async def store(self, tx: Tx, events: Sequence[Event]) -> None:
        """The outbox handler of every kind that has a runner."""
        rows = [(0, *seal(self._db.ids.new(0), event)) for event in events if type(event) in self._runners]
        if rows:
            await tx.execute(STORE, *(list(column) for column in zip(*rows, strict=True)))
            self._woken.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def run_due(self) -> int:
        """Run what is due now, one after the other; how many errands that were. For tests and commands."""
        done = 0
        while (row := await self._take()) is not None:
            await self._work(row)
            done += 1
        return done

    async def _repeat(self) -> None:
        turns = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as running:
            while True:
                await turns.acquire()
                self._woken.clear()
                row = await self._take_if_reachable()
                if row is None:
                    turns.release()
                    await self._rest()
                    continue
                self._running[row["kind"]] += 1
                task = running.create_task(self._run_one(row))
                task.add_done_callback(partial(self._end_one, row["kind"], turns))

    def _end_one(self, kind: str, turns: asyncio.Semaphore, task: asyncio.Task[None]) -> None:
        if self._running[kind] == OF_ONE_KIND:
            self._woken.set()
        self._running[kind] -= 1
        turns.release()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SWEEP_S):
                await self._woken.wait()
            await asyncio.sleep(0.05)  # the handler that woke us has yet to commit

    async def _take_if_reachable(self) -> Row | None:
        try:
            return await self._take()
        except Unavailable as error:
            log.warning("errands.wait", error=error.code)
            return None

    async def _run_one(self, row: Row) -> None:
        """An errand whose end could not be noted is taken again when its lease is over."""
        try:
            await self._work(row)
        except Unavailable as error:
            log.warning("errands.wait", error=error.code)

    async def _take(self) -> Row | None:
        now, full = self._db.clock.now_ms(), [kind for kind, number in self._running.items() if number >= OF_ONE_KIND]
        async with self._db.job() as tx:
            return await tx.row(TAKE, now, LEASE_MS, full)

    async def _work(self, row: Row) -> None:
        event = self._codec.decode(row["kind"], row["payload"])
        run = self._runners.get(type(event)) if event is not None else None
        try:
            if run is not None:
                await self._at_work(row, run(event))
        except Exception as error:  # a fault in one errand ends neither it nor the others
            await self._put_off(row, error)
            return
        async with self._db.once(row["bucket"]) as tx:
            await tx.execute(DONE, row["bucket"], row["id"])

    async def _at_work(self, row: Row, work: Awaitable[None]) -> None:
        """Keep the lease for as long as the work takes, or somebody else would begin it as well."""
        ended = asyncio.Event()
        renewing = asyncio.create_task(self._renew(row, ended))
        try:
            await work
        finally:
            ended.set()
            await renewing

    async def _renew(self, row: Row, ended: asyncio.Event) -> None:
        while not ended.is_set():
            try:
                async with asyncio.timeout(self._renewed_s):
                    await ended.wait()
            except TimeoutError:
                with contextlib.suppress(Unavailable):
                    await self._later(row, self._db.clock.now_ms() + LEASE_MS)

    async def _later(self, row: Row, due_ms: int) -> None:
        async with self._db.once(row["bucket"]) as tx:
            await tx.execute(LATER, row["bucket"], row["id"], due_ms)

    async def _put_off(self, row: Row, error: Exception) -> None:
        """Try again later; what was refused for good, or failed too often, is given up."""
        final = isinstance(error, WeftError) and not isinstance(error, Unavailable)
        reason = error.code if isinstance(error, WeftError) else type(error).__name__
        log.warning("errand.failed", kind=row["kind"], attempt=row["attempts"], error=reason)
        now = self._db.clock.now_ms()
        if not final and row["attempts"] < MOST_ATTEMPTS:
            await self._later(row, now + 5_000 * 2 ** row["attempts"])
            return
        async with self._db.once(row["bucket"]) as tx:
            await tx.execute(BURY, row["bucket"], row["id"], "errand", reason, now)
