"""Keeps our own engine processes: one per task and community, whichever worker asks first starts it. The engine holds
a lock for its whole life, so a free lock means that none runs; a state file says where the running one is.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import msgspec
import structlog

from weft.infra.engine.files import FileRefused, Model, ModelFiles, Task, put, why_off
from weft.infra.engine.model import Capability, Endpoint
from weft.infra.engine.serve import REFUSED, Order, Refusal, State, born
from weft.infra.postgres.layout import fingerprint
from weft.kernel.clock import Clock
from weft.kernel.errors import Unavailable

IDLE_S = 600.0
START_S = 60.0
LOOK_S = 0.02
END_S = 5.0
# A worker that stops has two seconds for everything.
CLOSE_S = 1.0
SLOTS: dict[Task, int] = {"chat": 2, "embed": 4}
# Deaths within the window; each makes the next start wait longer, and the last one for the window's end.
MOST_DEATHS, WINDOW_S, FIRST_PAUSE_S = 5, 300.0, 0.2
LONGEST_SOCKET = 100
LARGEST_LOG = 1 << 20
ROOT = Path(__file__).resolve().parents[3]

log = structlog.get_logger()


class Paths(msgspec.Struct, frozen=True):
    """The files of one task's engine."""

    folder: Path
    socket: Path
    log: Path
    task: Task

    def named(self, what: str) -> Path:
        return self.folder / f"{self.task}.{what}"


class Starts(msgspec.Struct):
    """When engines were started that did not end by themselves."""

    at: list[float] = []


class LocalEngines:
    """Our own engines, for the processes of one community on one machine.

    Args:
        data: the community's folder.
        idle_s: after so long without a use an engine ends.
    """

    def __init__(self, data: Path, clock: Clock, idle_s: float = IDLE_S) -> None:
        self.files = ModelFiles(data / "models")
        self._data = data
        self._clock = clock
        self._idle_s = idle_s
        self._turns: dict[Task, asyncio.Lock] = {"chat": asyncio.Lock(), "embed": asyncio.Lock()}
        self._started: dict[Task, asyncio.subprocess.Process] = {}

    def model(self, capability: Capability) -> Model | None:
        """The model that would serve this; None if none of ours does."""
        try:
            return self.files.chosen(capability)
        except FileRefused:
            return None

    async def endpoint(self, capability: Capability) -> Endpoint:
        """Where the engine answers; it is started if it does not run. Ask again before each call.

        Raises:
            Unavailable: `model.off` (nothing to run here), `model.away` (it keeps dying), `model.slow` (no start).
        """
        model = self.model(capability)
        if model is None:
            raise Unavailable("model.off", reason=why_off())
        paths = self._paths(model.task)
        async with self._turns[model.task]:
            state = living(paths, model) or await self._start(paths, model)
        touch(paths.named("used"))
        return Endpoint(
            url="",
            model=state.model,
            key=state.key,
            socket=state.socket,
            context=state.context,
            slots=state.slots,
            pid=state.pid,
            sha256=state.sha256,
        )

    async def stop(self, task: Task, pid: int = 0) -> None:
        """End the engine of a task, whoever started it; the next use starts it again.

        Args:
            pid: only if it is this process, and not one that came after it.
        """
        state = read_state(self._paths(task))
        if state is not None and born(state.pid) == state.born and pid in (0, state.pid):
            await end(state)

    async def aclose(self) -> None:
        """End what this process started."""
        for process in self._started.values():
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
        for process in self._started.values():
            try:
                async with asyncio.timeout(CLOSE_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._started.clear()

    async def _start(self, paths: Paths, model: Model) -> State:
        """Start the engine, or wait for whoever is starting it."""
        try:
            async with asyncio.timeout(START_S):
                while True:
                    with lock(paths) as held:
                        if held is not None:
                            return await self._spawn(paths, model, held)
                    if (state := living(paths, model)) is not None:
                        return state
                    other = read_state(paths)
                    if other is not None and other.sha256 != model.sha256 and born(other.pid) == other.born:
                        await end(other)
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            self._give_up(model.task)
            raise Unavailable("model.slow", reason="start") from None

    def _give_up(self, task: Task) -> None:
        """Kill what was started here and does not answer: it would hold the lock for ever."""
        process = self._started.get(task)
        if process is not None and process.returncode is None:
            log.warning("engine.hangs", task=task, pid=process.pid)
            process.kill()

    async def _spawn(self, paths: Paths, model: Model, held: int) -> State:
        self._note_start(paths.named("starts"))
        paths.named("state").unlink(missing_ok=True)
        touch(paths.named("used"))
        with open_log(paths.log) as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-s", "-m", "weft.infra.engine.serve",
                stdin=asyncio.subprocess.PIPE,
                stdout=out,
                stderr=out,
                cwd=paths.folder,
                env=environment(),
                pass_fds=(held,),
                start_new_session=True,
            )  # fmt: skip
        self._started[model.task] = process
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(self._order(paths, model)))
        process.stdin.close()
        while (state := living(paths, model)) is None:
            if process.returncode == REFUSED:
                raise Unavailable("model.off", reason=why_refused(paths))
            if process.returncode is not None:
                log.warning("engine.failed", task=model.task, status=process.returncode, log=str(paths.log))
                raise Unavailable("model.away", reason="start", retry_after=1)
            await asyncio.sleep(LOOK_S)
        log.info("engine.started", task=model.task, model=model.name, pid=state.pid)
        return state

    def _order(self, paths: Paths, model: Model) -> Order:
        return Order(
            model=model,
            models=str(self.files.folder),
            socket=str(paths.socket),
            state=str(paths.named("state")),
            used=str(paths.named("used")),
            starts=str(paths.named("starts")),
            key=secrets.token_urlsafe(32),
            threads=max(1, cores() - 1),
            slots=SLOTS[model.task],
            idle_s=self._idle_s,
            parent=os.getpid(),
        )

    def _note_start(self, path: Path) -> None:
        """Count this start; refuse it where the last ones died too soon after one another."""
        now = self._clock.now_ms() / 1000
        starts = read_starts(path)
        recent = [at for at in starts.at if 0 <= now - at < WINDOW_S]
        if len(recent) >= MOST_DEATHS:
            raise Unavailable("model.away", reason="dies", retry_after=int(recent[0] + WINDOW_S - now) + 1)
        if recent and (pause := recent[-1] + FIRST_PAUSE_S * 4 ** (len(recent) - 1) - now) > 0:
            raise Unavailable("model.away", reason="dies", retry_after=int(pause) + 1)
        put(path, msgspec.json.encode(Starts([*recent, now])))

    def _paths(self, task: Task) -> Paths:
        folder = self._folder
        return Paths(folder, folder / f"{task}.sock", self._data / "log" / f"engine-{task}.log", task)

    @cached_property
    def _folder(self) -> Path:
        """DATA/engine, or a short one for a path that no socket address can hold. Ours, and closed to others."""
        folder = self._data / "engine"
        if len(os.fsencode(folder / "embed.sock")) > LONGEST_SOCKET:
            folder = Path("/tmp") / f"weft-engine-{fingerprint(self._data)}"  # noqa: S108 - checked below
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.lstat()
        if found.st_uid != os.geteuid() or folder.is_symlink():
            raise Unavailable("model.off", reason=f"{folder} belongs to somebody else")
        folder.chmod(0o700)
        return folder


@contextlib.contextmanager
def lock(paths: Paths) -> Iterator[int | None]:
    """The engine's lock if it is free, as a descriptor for the engine to inherit; with it goes the lock."""
    descriptor = os.open(paths.named("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def living(paths: Paths, model: Model) -> State | None:
    """The engine that answers with this model, if there is one."""
    state = read_state(paths)
    if state is None or state.sha256 != model.sha256 or born(state.pid) != state.born:
        return None
    return state


def read_state(paths: Paths) -> State | None:
    try:
        return msgspec.json.decode(paths.named("state").read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return None


def why_refused(paths: Paths) -> str:
    try:
        return msgspec.json.decode(paths.named("state").read_bytes(), type=Refusal).refused
    except (OSError, msgspec.DecodeError):
        return "the model's file may not be used"


def read_starts(path: Path) -> Starts:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Starts)
    except (OSError, msgspec.DecodeError):
        return Starts()


async def end(state: State) -> None:
    for number, patience in ((signal.SIGTERM, END_S), (signal.SIGKILL, END_S)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if born(state.pid) != state.born:
                return
            await asyncio.sleep(LOOK_S)


def touch(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.touch(mode=0o600)


@contextlib.contextmanager
def open_log(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    is_long = path.exists() and path.stat().st_size > LARGEST_LOG
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if is_long else os.O_APPEND)
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def environment() -> dict[str, str]:
    """What the engine is told: where our code is, and that waiting threads shall sleep instead of spin."""
    return {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(path for path in sys.path if os.path.isabs(path))]),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
