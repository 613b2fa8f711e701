"""What runs behind a request: archives that are built, imports that are worked through, and the sweep of old ones.

An errand only begins the work, for other errands wait behind it. The work holds its row by a time that it moves on;
where that stands still, because its worker died, another worker takes it up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from weft.infra.db import Db
from weft.infra.periodic import Job
from weft.kernel.errors import NotFound
from weft.portability import queries
from weft.portability.events import ExportWanted, ImportWanted
from weft.portability.model import EXPORT_LIFE_MS, IMPORT_LIFE_MS, Export
from weft.portability.service import Portability

_AT_ONCE = 2
_MOST_WAITING = 64
_RESUME_S = 60.0
_SWEEP_S = 3600.0
_KEEP_MS = 30_000

log = structlog.get_logger()


class Works:
    """The work of one worker: a few at once, a bounded number that wait; the rest is found again by ``resume``."""

    def __init__(self, portability: Portability) -> None:
        self._own = portability
        self._db = portability.db
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def begin_export(self, event: ExportWanted) -> None:
        """The runner of ``ExportWanted``."""
        self._start(event.export_id, self._build(event.export_id))

    async def begin_import(self, event: ImportWanted) -> None:
        """The runner of ``ImportWanted``."""
        self._start(event.import_id, self._bring(event.import_id))

    async def resume(self, db: Db) -> None:
        """Take up what nobody is at."""
        async with db.read() as reader:
            found = await queries.open_work(reader, db.clock.now_ms())
        for is_export, _, id_ in found:
            self._start(id_, self._build(id_) if is_export else self._bring(id_))

    async def settle(self) -> None:
        """Wait for what was begun. For tests and commands."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _start(self, id_: int, work: Coroutine[Any, Any, None]) -> None:
        if id_ in self._tasks or len(self._tasks) >= _MOST_WAITING:
            work.close()
            return
        task = self._tasks[id_] = asyncio.create_task(work)
        task.add_done_callback(lambda done: self._ended(id_, done))

    def _ended(self, id_: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(id_, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("portability.failed", work=id_, error=type(error).__name__)

    async def _build(self, id_: int) -> None:
        async with self._turns:
            held = await queries.hold_export(self._db, id_)
            if held is None:
                return
            export = Export(id=id_, account_id=held[0], state="building")
            if held[1] > queries.MOST_TRIES:
                await queries.end_export(self._db, Export(id=id_, account_id=held[0], state="failed"))
                return
            await self._write(export)

    async def _write(self, export: Export) -> None:
        try:
            name, size = await self._own.archivist.build(export, _Keeping(self._db, export.id).keep)
        except NotFound:
            await queries.end_export(self._db, Export(id=export.id, account_id=export.account_id, state="failed"))
            return
        done = Export(id=export.id, account_id=export.account_id, state="ready", name=name, size=size)
        if not await queries.end_export(self._db, done):
            await asyncio.to_thread((self._own.folder / name).unlink, True)

    async def _bring(self, id_: int) -> None:
        async with self._turns:
            held = await queries.hold_import(self._db, id_)
            if held is None:
                return
            if held[1] > queries.MOST_TRIES:
                await queries.end_import(self._db, id_, "failed")
                return
            await self._own.bringing.bring(held[0])


class _Keeping:
    """Moves the hold on now and then, not at every batch."""

    def __init__(self, db: Db, id_: int) -> None:
        self._db = db
        self._id = id_
        self._next_ms = 0

    async def keep(self) -> bool:
        now_ms = self._db.clock.now_ms()
        if now_ms < self._next_ms:
            return True
        self._next_ms = now_ms + _KEEP_MS
        return await queries.keep_export(self._db, self._id)


def jobs(portability: Portability, works: Works) -> list[Job]:
    """What goes on by itself."""

    async def sweep(db: Db) -> None:
        """Remove what is old or nobody's, with files that no row names."""
        now_ms = db.clock.now_ms()
        async with db.job() as tx:
            names = set(await tx.values(queries.DROP_EXPORTS, now_ms - EXPORT_LIFE_MS << 16))
            await tx.execute(queries.DROP_IMPORTS, now_ms - IMPORT_LIFE_MS << 16)
        async with db.read() as reader:
            kept = set(await reader.values(queries.EXPORT_NAMES))
        await asyncio.to_thread(_tidy, portability, names, kept, now_ms / 1000)

    return [Job("portability.resume", _RESUME_S, works.resume), Job("portability.sweep", _SWEEP_S, sweep)]


def _tidy(portability: Portability, ended: set[str], kept: set[str], now_s: float) -> None:
    """Remove the files of ended archives, and old ones that no row names: a build was cut short."""
    if not portability.folder.is_dir():
        return
    for path in portability.folder.iterdir():
        is_old = path.lstat().st_mtime < now_s - EXPORT_LIFE_MS / 7000
        if path.name in ended or (path.name not in kept and is_old):
            path.unlink(missing_ok=True)
