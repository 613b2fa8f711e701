"""One worker process as the server sees it: start it, give it a job, kill it.

A worker that breaks any rule (late, dead, or answering nonsense) is killed; nobody tries to reason with it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Final

import msgspec

from weft.kernel.errors import Invalid, Unavailable
from weft.media.processing import reaping, sniff, wire
from weft.media.processing.sandbox import Walls, environment

START_SECONDS: Final = 30.0
# Signals by which the kernel ends a process that used too much; SIGKILL is anyone's.
_OVERUSE: Final = frozenset({-signal.SIGXCPU, -signal.SIGXFSZ})


# The values that the sentences of these codes need; a worker's own numbers are not believed.
_LIMITS: Final[dict[wire.Code, dict[str, int]]] = {
    "media.dimensions": {"limit": sniff.IMAGE_PIXELS},
    "media.too_large": {"limit": sniff.IMAGE_BYTES},
}


class WorkerLost(Exception):
    """The process ended or spoke out of turn; `returncode` as far as it is known."""

    def __init__(self, returncode: int | None) -> None:
        super().__init__(returncode)
        self.returncode = returncode


class GoneWhileIdle(Exception):
    """A worker that has done jobs was gone before it had this one, which another may do."""


class Worker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.jobs_done = 0
        # False while half a frame may lie in a pipe: then only killing helps.
        self.in_step = True
        self._awaited = False
        self.walls: Walls | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, job: wire.Job) -> wire.Done:
        self.in_step = False
        try:
            answer = await self._exchange(wire.pack(job))
        except WorkerLost as lost:
            raise _explain(lost) from lost
        self.jobs_done += 1
        self.in_step = True
        match answer:
            case wire.Done():
                return answer
            case wire.Refused(code):
                raise Invalid(code, **_LIMITS.get(code, {}))
        raise Invalid("media.broken")

    async def greet(self) -> None:
        answer = await self._receive()
        if not isinstance(answer, wire.Ready):
            raise WorkerLost(None)
        self.walls = answer.walls

    def kill(self) -> None:
        reaping.kill_group(self._process)

    async def end(self) -> None:
        """Kill, and stay until nothing of it is left; a job that waits for an answer sees to the rest itself."""
        self.kill()
        if not self._awaited:
            await reaping.reap(self._process)

    async def _exchange(self, frame: bytes) -> wire.Done | wire.Refused | wire.Ready:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            pipe.write(frame)
            await pipe.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            if self.jobs_done:
                raise GoneWhileIdle from error
            raise WorkerLost(await self._last_words()) from error
        return await self._receive()

    async def _last_words(self) -> int | None:
        """The exit status of a process that closed its pipes; one that lingers has none and is killed."""
        try:
            async with asyncio.timeout(2):
                return await self._process.wait()
        except TimeoutError:
            self.kill()
            return None

    async def _receive(self) -> wire.Done | wire.Refused | wire.Ready:
        pipe = self._process.stdout
        assert pipe is not None
        self._awaited = True
        try:
            (length,) = wire.PREFIX.unpack(await pipe.readexactly(wire.PREFIX.size))
            if length > wire.LARGEST_FRAME:
                raise WorkerLost(None)
            return wire.unpack_answer(await pipe.readexactly(length))
        except asyncio.IncompleteReadError as error:
            raise WorkerLost(await self._last_words()) from error
        except msgspec.MsgspecError as error:
            raise WorkerLost(None) from error
        finally:
            self._awaited = False


async def start_worker(memory: int, cpu_seconds: int) -> Worker:
    """Start a worker with none of our environment, files or memory, and wait until its walls stand."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-s", "-m", "weft.media.processing.worker", str(memory), str(cpu_seconds),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
        cwd="/",
        start_new_session=True,
    )  # fmt: skip
    worker = Worker(process)
    try:
        async with asyncio.timeout(START_SECONDS):
            await worker.greet()
    except (WorkerLost, TimeoutError) as error:
        await worker.end()
        raise Unavailable("media.no_worker") from error
    except asyncio.CancelledError:
        worker.kill()
        raise
    return worker


def _explain(lost: WorkerLost) -> Invalid | Unavailable:
    """A kill from outside says nothing about the file; anything else was the file's doing."""
    if lost.returncode in _OVERUSE:
        return Invalid("media.too_complex")
    if lost.returncode == -signal.SIGKILL:
        return Unavailable("media.worker_lost")
    return Invalid("media.broken")
