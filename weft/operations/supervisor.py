"""The process above the workers: it owns the sockets and PostgreSQL, and keeps the workers running.

It is synchronous and without threads, since it forks; event loops live in the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from types import FrameType

import msgspec

from weft.infra.db.migrate import migrate
from weft.infra.metrics import prepare_metrics
from weft.infra.postgres import Cluster, check_server
from weft.operations.listen import listen, port_of
from weft.operations.worker import READY, BuildWorker, Place, ServeMetrics, run_worker
from weft.settings import Settings

TICK_S = 0.25
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 5.0
CALM_S = 30.0
STOP_WORKERS_S = 8.0
START_WORKERS_S = 90.0


class StartFailed(Exception):
    """A worker ended before it was ready; what it said is on the terminal already."""


class Worker(msgspec.Struct):
    index: int
    pid: int = 0
    ready_pipe: int = -1
    ready: bool = False
    since: float = 0.0
    crashes: int = 0
    restart_at: float = 0.0


class Supervisor:
    """Starts everything in order, watches it, and stops it in the opposite order."""

    def __init__(self, settings: Settings, build: BuildWorker, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._build = build
        self._say = say
        self._sockets: list[socket.socket] = []
        self._metrics: tuple[list[socket.socket], ServeMetrics] | None = None
        self._url = ""
        self._cluster: Cluster | None = None
        self._workers = [Worker(index) for index in range(settings.workers)]
        self._asked_to_stop = 0
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()

    @property
    def settings(self) -> Settings:
        """With the port that is really used."""
        return self._settings

    @property
    def url(self) -> str:
        return self._url

    def open_sockets(self, serve_metrics: ServeMetrics | None) -> None:
        self._sockets = listen(self._settings.host, self._settings.port)
        self._settings = msgspec.structs.replace(self._settings, port=port_of(self._sockets))
        if self._settings.metrics_port and serve_metrics is not None:
            self._metrics = listen(self._settings.host, self._settings.metrics_port), serve_metrics
            prepare_metrics(self._settings.folder)

    def start_database(self) -> None:
        if self._settings.database:
            check_server(self._settings.database)
            self._url = self._settings.database
        else:
            self._cluster = Cluster(self._settings.folder, self._say)
            self._url = self._cluster.start()
        asyncio.run(migrate(self._url))

    def start_workers(self) -> None:
        """Fork them and wait until each has said that it answers.

        Raises:
            StartFailed: one ended before, or said nothing for too long.
        """
        gc.collect()
        gc.freeze()  # a collection in a worker would touch, and so copy, every shared page
        for worker in self._workers:
            self._fork(worker)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_WORKERS_S
        while not all(worker.ready for worker in self._workers):
            self._wait()
            if self._asked_to_stop:
                return
            if any(not worker.pid for worker in self._workers) or time.monotonic() > deadline:
                raise StartFailed

    def watch(self) -> None:
        """Until somebody asks to stop."""
        while not self._asked_to_stop:
            self._wait()
            self._poll_cluster()
            for worker in self._workers:
                if not worker.pid and time.monotonic() >= worker.restart_at:
                    self._fork(worker)

    def stop(self) -> None:
        """Let the workers finish what they do, then stop PostgreSQL. Asked a second time, hurry."""
        self._stopping = True
        for opened in self._sockets:
            opened.close()
        self._signal_workers(signal.SIGTERM)
        asked, deadline = self._asked_to_stop, time.monotonic() + STOP_WORKERS_S
        while any(worker.pid for worker in self._workers):
            if time.monotonic() > deadline or self._asked_to_stop > max(asked, 1):
                self._signal_workers(signal.SIGKILL)
            self._wait()
        if self._cluster is not None:
            self._cluster.stop()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Count SIGTERM and SIGINT, and wake the loop for them and for children that end."""
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        before = {
            kind: signal.signal(kind, self._on_signal) for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        }
        old_wakeup = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old_wakeup)
            for kind, handler in before.items():
                signal.signal(kind, handler)
            self._selector.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    @property
    def asked_to_stop(self) -> bool:
        return self._asked_to_stop > 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._asked_to_stop += 1

    def _fork(self, worker: Worker) -> None:
        read_end, write_end = os.pipe()
        supervisor = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            place = Place(
                settings=self._settings,
                url=self._url,
                index=worker.index,
                sockets=self._sockets,
                ready=write_end,
                supervisor=supervisor,
                metrics=self._metrics if worker.index == 0 else None,
            )
            _be_worker(place, self._build)
        os.close(write_end)
        worker.pid, worker.ready_pipe, worker.ready, worker.since = pid, read_end, False, time.monotonic()
        self._selector.register(read_end, selectors.EVENT_READ, worker)

    def _wait(self) -> None:
        """A moment, or until something happens; then take note of it."""
        for key, _ in self._selector.select(TICK_S):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 512)
            else:
                self._hear(key.data)
        for worker in self._workers:
            if worker.pid and os.waitpid(worker.pid, os.WNOHANG)[0]:
                self._note_end(worker)

    def _hear(self, worker: Worker) -> None:
        worker.ready = os.read(worker.ready_pipe, 1) == READY
        self._close_pipe(worker)

    def _close_pipe(self, worker: Worker) -> None:
        if worker.ready_pipe >= 0:
            self._selector.unregister(worker.ready_pipe)
            os.close(worker.ready_pipe)
            worker.ready_pipe = -1

    def _note_end(self, worker: Worker) -> None:
        self._close_pipe(worker)
        now = time.monotonic()
        worker.crashes = 1 if now - worker.since > CALM_S else worker.crashes + 1
        pause = min(FIRST_BACKOFF_S * 2 ** (worker.crashes - 1), LONGEST_BACKOFF_S)
        worker.pid, worker.ready, worker.restart_at = 0, False, now + pause
        if not self._asked_to_stop and not self._stopping:
            self._say(f"Worker {worker.index} ended unexpectedly; starting it again in {pause:.1f} s.")

    def _poll_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.poll()

    def _signal_workers(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, number)


def _be_worker(place: Place, build: BuildWorker) -> None:
    """In the forked child: never returns into the supervisor's code."""
    code = 1
    try:
        code = run_worker(place, build)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
