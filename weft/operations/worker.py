"""One worker process: an event loop, the application, and an HTTP server on sockets that the supervisor opened.

It is forked, so what was imported before is shared memory. It stops when the supervisor says so, and at once when the
supervisor dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Protocol

import msgspec
import structlog
import uvicorn

# Imported here, and not when the first request comes, so that the workers share them.
import uvicorn.lifespan.off
import uvicorn.protocols.http.httptools_impl
import uvicorn.protocols.websockets.websockets_sansio_impl
import uvloop

from weft.operations.http_protocol import WholeAnswers
from weft.operations.listen import BACKLOG
from weft.settings import Settings

READY = b"1"
GRACE_S = 5
STOP_S = 2.0
START_S = 60.0
KEEP_ALIVE_S = 30
MOST_CONNECTIONS = 10_000
MOST_SOCKET_BYTES = 65_536
PR_SET_PDEATHSIG = 1
# Loaded at import: a forked child should not look libraries up.
_LIBC = ctypes.CDLL(None)

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
log = structlog.get_logger()


class WorkerApp(Protocol):
    """What ``wiring`` builds for a worker."""

    @property
    def asgi(self) -> Asgi: ...

    async def start(self) -> None: ...

    async def drain(self) -> None:
        """The end is near: close the streams; requests under way still finish."""

    async def stop(self) -> None: ...


BuildWorker = Callable[[Settings, str, int], WorkerApp]
"""From the settings, the database's URL and the worker's index."""

ServeMetrics = Callable[[Sequence[socket.socket]], Awaitable[None]]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is given by the supervisor."""

    settings: Settings
    url: str
    index: int
    sockets: list[socket.socket]
    ready: int
    """The pipe to say it on."""
    supervisor: int
    metrics: tuple[list[socket.socket], ServeMetrics] | None = None


def run_worker(place: Place, build: BuildWorker) -> int:
    """The whole life of a worker, from the fork to its exit status."""
    die_with(place.supervisor)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_live(place, build))


def die_with(supervisor: int) -> None:
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:
        os._exit(1)


async def _live(place: Place, build: BuildWorker) -> int:
    app = build(place.settings, place.url, place.index)
    async with asyncio.timeout(START_S):
        await app.start()
    server = _Server(_configuration(app.asgi))
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    def end() -> None:
        if server.should_exit:
            server.force_exit = True
            return
        server.should_exit = True
        ending.append(loop.create_task(app.drain()))

    loop.add_signal_handler(signal.SIGTERM, end)
    server.on_started = lambda: os.write(place.ready, READY)
    async with contextlib.AsyncExitStack() as stack:
        if place.metrics is not None:
            sockets, serve_metrics = place.metrics
            task = loop.create_task(_awaited(serve_metrics(sockets)))
            stack.callback(task.cancel)
        await server.serve(sockets=list(place.sockets))
    try:
        async with asyncio.timeout(STOP_S):
            await asyncio.gather(*ending, return_exceptions=True)
            await app.stop()
    except TimeoutError:
        log.warning("worker.stopped_late", index=place.index)
    return 0


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


def _configuration(asgi: Asgi) -> uvicorn.Config:
    return uvicorn.Config(
        asgi,
        loop="none",
        http=WholeAnswers,
        ws="websockets-sansio",
        ws_max_size=MOST_SOCKET_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to us and says when it has started."""

    on_started: Callable[[], object] = staticmethod(lambda: None)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.on_started()
