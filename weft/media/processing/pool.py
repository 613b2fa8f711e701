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
from weft.media.processing import audiovideo, sniff
from weft.media.processing.audiovideo import Converted, Tools
from weft.media.processing.channel import GoneWhileIdle, Worker, start_worker
from weft.media.processing.presenting import present, present_film
from weft.media.processing.results import Focus, Processed, Want
from weft.media.processing.sandbox import MEBIBYTE, Walls
from weft.media.processing.sniff import Format
from weft.media.processing.wire import Done, Job


class PoolSettings(msgspec.Struct, frozen=True, kw_only=True):
    workers: int = 1
    queue: int = 8
    film_queue: int = 4
    idle_seconds: float = 60.0
    job_seconds: float = 30.0
    cpu_seconds: int = 20
    memory: int = 1024 * MEBIBYTE
    jobs_per_worker: int = 50
    use_ffmpeg: bool = True


class MediaPool:
    """Belongs to one event loop, and to one server process."""

    def __init__(self, scratch: Path, settings: PoolSettings | None = None) -> None:
        self._scratch = scratch
        self._settings = settings or PoolSettings()
        self._turns = asyncio.Semaphore(self._settings.workers)
        self._present = 0
        self._film_turns = asyncio.Semaphore(1)
        self._films_present = 0
        self._tools: Tools | None = None
        self._tools_known = False
        self._tools_lock = asyncio.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._killed: list[Worker] = []
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Nothing starts yet: an idle server has no workers."""
        self._closed = False

    async def close(self) -> None:
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        workers = [*self._idle, *self._busy, *self._killed]
        self._idle.clear()
        self._killed.clear()
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

    async def process_preview(self, data: bytes) -> Processed:
        """A picture in its small form only, one that moves as a still."""
        _check_picture(data)
        return present(await self.run(Job(data=data, originals="none", cpu_seconds=self._settings.cpu_seconds)), None)

    async def process_attachment(self, source: bytes | Path, *, focus: Focus | None = None) -> Processed:
        """Whatever may be attached to a post, told apart by its content. A `Path` is read, never changed."""
        start, size = await asyncio.to_thread(_read_start, source)
        kind = sniff.detect(start)
        limit = sniff.IMAGE_BYTES if kind in sniff.IMAGES else sniff.VIDEO_BYTES
        if size > limit:
            raise Invalid("media.too_large", limit=limit)
        if kind not in sniff.IMAGES:
            return await self._process_film(source, kind, focus)
        data = await asyncio.to_thread(source.read_bytes) if isinstance(source, Path) else source
        if kind is Format.GIF and await self.ffmpeg_works():
            return await self._process_gif(data, focus)
        return await self.process_image(data, focus=focus)

    async def ffmpeg_works(self) -> bool:
        """Whether films, sounds and moving GIFs can be converted here; looked up once."""
        async with self._tools_lock:
            if not self._tools_known:
                tools = audiovideo.find_tools() if self._settings.use_ffmpeg else None
                if tools is not None and await audiovideo.tools_work(tools, self._scratch):
                    self._tools = tools
                self._tools_known = True
        return self._tools is not None

    async def _process_gif(self, data: bytes, focus: Focus | None) -> Processed:
        done = await self.run(Job(data=data, originals="still", cpu_seconds=self._settings.cpu_seconds))
        if not done.moving:
            return present(done, focus)
        return present_film(await self._convert(data, Format.GIF), done, focus)

    async def _process_film(self, source: bytes | Path, kind: Format, focus: Focus | None) -> Processed:
        film = await self._convert(source, kind)
        if film.poster is None:
            return present_film(film, None, focus)
        try:
            job = Job(data=film.poster, originals="none", cpu_seconds=self._settings.cpu_seconds)
            return present_film(film, await self.run(job), focus)
        except BaseException:
            film.path.unlink(missing_ok=True)
            raise

    async def _convert(self, source: bytes | Path, kind: Format) -> Converted:
        if not await self.ffmpeg_works():
            raise Invalid("media.no_ffmpeg")
        assert self._tools is not None
        if self._films_present > self._settings.film_queue:
            raise Unavailable("media.busy")
        self._films_present += 1
        try:
            async with self._film_turns:
                return await audiovideo.convert(self._tools, self._scratch, source, kind)
        finally:
            self._films_present -= 1

    async def run(self, job: Job) -> Done:
        """One job on a free worker, or a refusal: of the file when it is too much, of us when we are."""
        while True:
            async with self._worker() as worker:
                try:
                    async with asyncio.timeout(self._settings.job_seconds):
                        return await worker.ask(job)
                except TimeoutError as error:
                    raise Invalid("media.too_complex") from error
                except GoneWhileIdle:
                    continue  # ends at the latest with a new one

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
            worker = await _start(self._settings)
        self._busy.add(worker)
        return worker

    def _give_back(self, worker: Worker) -> None:
        self._busy.discard(worker)
        worn = worker.jobs_done >= self._settings.jobs_per_worker
        if self._closed or worn or not worker.in_step or not worker.alive:
            self._kill(worker)
            return
        self._idle.append(worker)
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(self._settings.idle_seconds, self._stop_idle)

    def _stop_idle(self) -> None:
        while self._idle:
            self._kill(self._idle.pop())

    def _kill(self, worker: Worker) -> None:
        """Without waiting: the event loop reaps it, and `close` waits for those it has not reaped by then."""
        worker.kill()
        self._killed = [one for one in (*self._killed, worker) if one.alive]


async def _start(settings: PoolSettings) -> Worker:
    # The last limit, which no job can raise: what all jobs of a worker may use together.
    together = (settings.cpu_seconds + 1) * settings.jobs_per_worker + 60
    return await start_worker(settings.memory, together)


def _check_picture(data: bytes) -> None:
    if len(data) > sniff.IMAGE_BYTES:
        raise Invalid("media.too_large", limit=sniff.IMAGE_BYTES)
    if sniff.detect(data[:64]) not in sniff.IMAGES:
        raise Invalid("media.type")


def _read_start(source: bytes | Path) -> tuple[bytes, int]:
    if not isinstance(source, Path):
        return source[:64], len(source)
    with source.open("rb") as file:
        return file.read(64), source.stat().st_size


async def sandbox_report() -> Walls:
    """Start a worker only to ask which walls stand around it."""
    worker = await _start(PoolSettings())
    await worker.end()
    assert worker.walls is not None
    return worker.walls
