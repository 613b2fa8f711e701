"""The way into media processing: a few worker processes, started when first needed and stopped when idle.

At most `queue` jobs wait; the next is refused at once with `Unavailable("media.busy")`. A job that takes too long is
refused and its worker replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from weft.kernel.errors import Invalid, Unavailable
from weft.media.processing import sniff
from weft.media.processing.channel import Worker, start_worker
from weft.media.processing.results import Focus, Kind, Meta, Processed, Rendition, Want, shape_of
from weft.media.processing.sandbox import MEBIBYTE, Walls
from weft.media.processing.wire import Done, Job


class PoolSettings(msgspec.Struct, frozen=True, kw_only=True):
    workers: int = 1
    queue: int = 8
    idle_seconds: float = 60.0
    job_seconds: float = 30.0
    cpu_seconds: int = 20
    memory: int = 1024 * MEBIBYTE
    jobs_per_worker: int = 200
    use_ffmpeg: bool = True


class MediaPool:
    """Belongs to one event loop, and to one server process."""

    def __init__(self, scratch: Path, settings: PoolSettings | None = None) -> None:
        self._scratch = scratch
        self._settings = settings or PoolSettings()
        self._turns = asyncio.Semaphore(self._settings.workers)
        self._present = 0
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Nothing starts yet: an idle server has no workers."""
        self._closed = False

    async def close(self) -> None:
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            await worker.end()

    def worker_pids(self) -> list[int]:
        return [worker.pid for worker in (*self._idle, *self._busy) if worker.alive]

    async def process_image(
        self, data: bytes, *, want: Want = Want.ATTACHMENT, focus: Focus | None = None
    ) -> Processed:
        """A picture, moving or not, as files to serve; one that moves stays a picture."""
        _check_picture(data)
        settings = self._settings
        done = await self.run(Job(data=data, want=want, focus=focus, cpu_seconds=settings.cpu_seconds))
        return present(done, focus)

    async def run(self, job: Job) -> Done:
        """One job on a free worker, or a refusal: of the file when it is too much, of us when we are."""
        async with self._worker() as worker:
            try:
                async with asyncio.timeout(self._settings.job_seconds):
                    return await worker.ask(job)
            except TimeoutError as error:
                raise Invalid("media.too_complex") from error

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        settings = self._settings
        if self._closed or self._present >= settings.workers + settings.queue:
            raise Unavailable("media.busy")
        self._present += 1
        try:
            async with self._turns:
                worker = await self._take()
                try:
                    yield worker
                finally:
                    self._give_back(worker)
        finally:
            self._present -= 1

    async def _take(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                break
        else:
            worker = await start_worker(self._settings.memory)
        self._busy.add(worker)
        return worker

    def _give_back(self, worker: Worker) -> None:
        self._busy.discard(worker)
        worn = worker.jobs_done >= self._settings.jobs_per_worker
        if self._closed or worn or not worker.in_step or not worker.alive:
            worker.kill()
            return
        self._idle.append(worker)
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(self._settings.idle_seconds, self._stop_idle)

    def _stop_idle(self) -> None:
        while self._idle:
            self._idle.pop().kill()


def present(done: Done, focus: Focus | None) -> Processed:
    """A worker's answer as the facts that are stored."""
    main = done.files.get("original") or done.files["small"]
    small = done.files.get("small")
    return Processed(
        kind=Kind.IMAGE,
        files={role: Rendition(file.data, file.suffix) for role, file in done.files.items()},
        meta=Meta(
            original=shape_of(main.width, main.height),
            small=shape_of(small.width, small.height) if small else None,
            focus=focus,
        ),
        blurhash=done.blurhash,
        average=done.average,
    )


def _check_picture(data: bytes) -> None:
    if len(data) > sniff.IMAGE_BYTES:
        raise Invalid("media.too_large", limit=sniff.IMAGE_BYTES)
    if sniff.detect(data[:64]) not in sniff.IMAGES:
        raise Invalid("media.type")


async def sandbox_report() -> Walls:
    """Start a worker only to ask which walls stand around it."""
    worker = await start_worker(PoolSettings().memory)
    await worker.end()
    assert worker.walls is not None
    return worker.walls
