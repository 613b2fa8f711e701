"""Runs handlers over stored events in batches: their effects and the events' removal are one transaction.

One process at a time works on a range of buckets, so that a bucket's order holds. It knows nothing of what handlers
do; what it asks of the database is in ``queue``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog

from weft.infra.db import Db, Tx
from weft.infra.events import Event, EventCodec
from weft.infra.outbox.queue import (
    BURY,
    CLAIM,
    DONE_BEFORE,
    FORGET_DONE,
    LOCK_RANGE,
    NOTE_DONE,
    POSTPONE,
    RANGE_LOCK,
    REMOVE,
    Buckets,
    Stored,
)
from weft.kernel.errors import Unavailable

Handle = Callable[[Tx, Sequence[Event]], Awaitable[None]]
Handler = tuple[str, Handle]
"""A name, stable for ever, and what it does with the events of its kinds, oldest first within a bucket."""

MOST_ROWS = 500
MOST_ATTEMPTS = 8
SWEEP_S = 30.0
SHORTEST_REST_S, LONGEST_REST_S = 0.03, 0.1
FIRST_RETRY_MS = 2_000
log = structlog.get_logger()


class Counts(Protocol):
    """Where the dispatcher's numbers go."""

    def handled(self, events: int, seconds: float) -> None: ...
    def failed(self, handler: str) -> None: ...
    def died(self, handler: str) -> None: ...


class NoCounts:
    def handled(self, events: int, seconds: float) -> None:
        pass

    def failed(self, handler: str) -> None:
        pass

    def died(self, handler: str) -> None:
        pass


class Dispatcher:
    """Runs the handlers for one range of buckets; `wake` after a commit, and it sweeps in case nobody did."""

    def __init__(
        self,
        db: Db,
        codec: EventCodec,
        handlers: Mapping[type[Event], Sequence[Handler]],
        *,
        buckets: Buckets | None = None,
        counts: Counts | None = None,
    ) -> None:
        self._db = db
        self._codec = codec
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._handlers: dict[str, Handle] = {}
        for kind, wanted in handlers.items():
            self._kinds[kind.__name__] = tuple(name for name, _ in wanted)
            self._handlers.update(wanted)
        self.wanted = frozenset(handlers)
        self._buckets = buckets or Buckets()
        self._next_bucket = self._buckets.first
        self._counts = counts or NoCounts()
        self._woken = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def wake(self, event: Event | None = None) -> None:
        """Something was stored. Takes the event so that it can be a listener of signals."""
        self._woken.set()

    async def start(self) -> None:
        self._woken.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the batch at hand and stop; what is left waits in the outbox."""
        task, self._task = self._task, None
        if task is not None:
            async with self._turn:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def drain(self, seconds: float = 60.0) -> None:
        """Work until nothing of this range is due. What a handler of it emits is worked on, too."""
        async with asyncio.timeout(seconds):
            done, more = 1, True
            while done or more:
                done, more = await self._step()

    async def _step(self) -> tuple[int, bool]:
        """Work on one batch: how many events, and whether more may be due."""
        async with self._turn:
            began = time.perf_counter()
            rows = await self._attempt(careful=False)
            if rows is None:
                rows = await self._attempt(careful=True) or []
            if rows:
                self._counts.handled(len(rows), time.perf_counter() - began)
            return len(rows), self._turn_to_next(rows)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S):
                    await self._woken.wait()
            self._woken.clear()
            began = time.perf_counter()
            try:
                more = True
                while more:
                    _, more = await self._step()
            except Unavailable as error:
                log.warning("outbox.waits", error=error.code)
                self._woken.set()
                await asyncio.sleep(1)
            except Exception as error:  # the dispatcher outlives every fault; the rows are still there
                log.exception("outbox.failed", error=type(error).__name__)
                self._woken.set()
                await asyncio.sleep(1)
            # Ten parts of rest to one of work: under load events gather, and a batch costs little per event.
            await asyncio.sleep(min(max(10 * (time.perf_counter() - began), SHORTEST_REST_S), LONGEST_REST_S))

    def _turn_to_next(self, rows: Sequence[Stored]) -> bool:
        """Whether more may be due. A full batch moves the start, so that busy low buckets starve no high ones."""
        if len(rows) == MOST_ROWS:
            last = rows[-1].bucket
            self._next_bucket = last + 1 if last < self._buckets.last else self._buckets.first
            return True
        started_low = self._next_bucket == self._buckets.first
        self._next_bucket = self._buckets.first
        return not started_low

    async def _attempt(self, *, careful: bool) -> list[Stored] | None:
        """One batch in one transaction. Hasty, a failing handler undoes it all and gives None; careful, each handler
        fails alone, and where it does, each row."""
        tx = self._db.job()
        try:
            async with tx:
                if not await tx.value(LOCK_RANGE, RANGE_LOCK, self._buckets.first):
                    return []
                rows = await self._claim(tx)
                if rows:
                    await self._work(tx, rows, careful=careful)
                return rows
        except _HandlerFailed:
            return None

    async def _claim(self, tx: Tx) -> list[Stored]:
        found = await tx.rows(CLAIM, self._next_bucket, self._buckets.last, tx.now_ms, MOST_ROWS)
        rows = []
        for bucket, id_, kind, payload, attempts in found:
            row = Stored(bucket, id_, kind, attempts, None)
            try:
                row.event = self._codec.decode(kind, payload) if kind in self._kinds else None
            except msgspec.DecodeError as error:  # no handler can have it, now or later
                row.attempts, row.failed = MOST_ATTEMPTS, {"codec": type(error).__name__}
            rows.append(row)
        return rows

    async def _work(self, tx: Tx, rows: Sequence[Stored], *, careful: bool) -> None:
        tried = [row for row in rows if row.attempts and row.event is not None]
        if tried:
            await self._recall(tx, tried)
        for name, handle in self._handlers.items():
            wanting = [r for r in rows if r.event is not None and name in self._kinds[r.kind] and name not in r.done]
            if wanting and careful:
                await self._run_carefully(tx, name, wanting)
            elif wanting:
                await _run_hastily(tx, handle, wanting)
        good = [row for row in rows if not row.failed]
        if good:
            await tx.execute(REMOVE, [row.bucket for row in good], [row.id for row in good])
        if tried and good:
            await tx.execute(FORGET_DONE, [row.bucket for row in good], [row.id for row in good])
        await self._postpone(tx, [row for row in rows if row.failed])

    async def _recall(self, tx: Tx, rows: Sequence[Stored]) -> None:
        by_id = {row.id: row for row in rows}
        for id_, handler in await tx.rows(DONE_BEFORE, [row.bucket for row in rows], [row.id for row in rows]):
            by_id[id_].done.add(handler)

    async def _run_carefully(self, tx: Tx, name: str, rows: Sequence[Stored]) -> None:
        """The batch in a savepoint; where it fails, its halves, down to the rows that fail."""
        try:
            async with tx.savepoint():
                await self._handlers[name](tx, [row.event for row in rows if row.event is not None])
        except Exception as error:
            if tx.is_lost:
                raise
            if len(rows) > 1:
                middle = len(rows) // 2
                await self._run_carefully(tx, name, rows[:middle])
                await self._run_carefully(tx, name, rows[middle:])
                return
            rows[0].failed[name] = type(error).__name__
            self._counts.failed(name)
            log.warning("outbox.handler_failed", handler=name, kind=rows[0].kind, id=rows[0].id, exc_info=True)
        else:
            for row in rows:
                row.done.add(name)

    async def _postpone(self, tx: Tx, rows: Sequence[Stored]) -> None:
        """Let failed rows wait, longer each time; what was done for them is noted so that it is not done again."""
        if not rows:
            return
        late = [row for row in rows if row.attempts + 1 < MOST_ATTEMPTS]
        done = [(row.bucket, row.id, name) for row in late for name in row.done]
        if done:
            await tx.execute(NOTE_DONE, *(list(column) for column in zip(*done, strict=True)))
        if late:
            dues = [tx.now_ms + retry_after_ms(row.attempts) for row in late]
            columns = [row.bucket for row in late], [row.id for row in late], [row.attempts + 1 for row in late]
            await tx.execute(POSTPONE, *columns, dues)
        for row in rows:
            if row.attempts + 1 >= MOST_ATTEMPTS:
                await self._bury(tx, row)

    async def _bury(self, tx: Tx, row: Stored) -> None:
        for handler, error in row.failed.items():
            await tx.execute(BURY, row.bucket, row.id, handler, error, tx.now_ms)
            self._counts.died(handler)
            log.error("outbox.gave_up", handler=handler, kind=row.kind, id=row.id, error=error)
        await tx.execute(REMOVE, [row.bucket], [row.id])
        await tx.execute(FORGET_DONE, [row.bucket], [row.id])


class _HandlerFailed(Exception):
    """Ends the hasty transaction."""


async def _run_hastily(tx: Tx, handle: Handle, rows: Sequence[Stored]) -> None:
    try:
        await handle(tx, [row.event for row in rows if row.event is not None])
    except Exception as error:
        if tx.is_lost:
            raise
        raise _HandlerFailed from error


def retry_after_ms(attempts: int) -> int:
    """2, 4, 8, ... seconds, and up to a half more so that what failed together does not come back together."""
    pause = FIRST_RETRY_MS << attempts
    return pause + random.randrange(pause // 2)
