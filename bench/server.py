"""A Weft server of our own for a measurement: started, watched from outside, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from bench.community import COMMAND, environment
from bench.processes import cpu_us
from bench.static import free_port
from bench.wire import Address
from weft.infra.outbox.queue import RANGE_LOCK
from weft.infra.postgres import running_url
from weft.infra.signals import publish_now
from weft.kernel.ids import AccountId
from weft.posts.events import PurgeWanted

READY = re.compile(rb"Weft is ready at ")
BACKLOG = "SELECT count(*) FROM outbox"
DRAIN_S = 60.0
LINES = 60

T = TypeVar("T")


class Server:
    """A running server. ``run`` does asynchronous work beside it."""

    def __init__(self, process: subprocess.Popen[bytes], address: Address, data: Path, seconds: float) -> None:
        self._process = process
        self.address = address
        self.data = data
        self.start_s = seconds
        """From the command to the ready line."""
        self.said: deque[str] = deque(maxlen=LINES)
        """Its last lines, for whoever must find out why a scenario failed."""
        # Read for ever: a full pipe would stop it.
        threading.Thread(target=self._listen, daemon=True).start()
        self.runner = asyncio.Runner()
        found = running_url(data)
        assert found is not None
        self.url = found
        self.connection: Any = self.run(asyncpg.connect(found))
        self._own_backends = frozenset({self.connection.get_server_pid()})

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.decode("utf-8", "replace").rstrip())

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def cpu_us(self) -> float:
        """CPU of every process, but for the database session by which this benchmark looks at the outbox."""
        return cpu_us(self.pid, self._own_backends)

    def database_us(self) -> float:
        """The part of it that PostgreSQL's processes used."""
        return cpu_us(self.pid, self._own_backends, named="postgres")

    @property
    def own_backends(self) -> frozenset[int]:
        return self._own_backends

    def backlog(self) -> int:
        return int(self.run(self.connection.fetchval(BACKLOG)))

    def drain(self) -> float:
        """Wait until nothing waits in the outbox; how long that took."""
        began = time.monotonic()
        while self.backlog():
            if time.monotonic() - began > DRAIN_S:
                raise TimeoutError("the outbox does not empty")
            time.sleep(0.01)
        return time.monotonic() - began

    @contextlib.contextmanager
    def dispatcher_held(self) -> Iterator[None]:
        """While it holds the dispatcher's own lock, events are stored and nobody works on them."""
        self.run(self.connection.execute("SELECT pg_advisory_lock($1, $2)", RANGE_LOCK, 0))
        try:
            yield
        finally:
            self.run(self.connection.execute("SELECT pg_advisory_unlock($1, $2)", RANGE_LOCK, 0))

    def wake(self) -> None:
        """Let the dispatcher look again: any event with a handler does that, and this one tells no cache."""
        self.run(publish_now(self.url, [PurgeWanted(account_id=AccountId(0))]))

    def close(self) -> None:
        self.run(self.connection.close())
        self.runner.close()


@contextlib.contextmanager
def serving(data: Path, more: dict[str, str] | None = None) -> Iterator[Server]:
    """A server over this data folder with one worker and without limits."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, "up", "--port", str(port), "--workers", "1"],
        env=environment(data) | (more or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        seconds = _wait_for_ready(process, began)
        server = Server(process, Address("127.0.0.1", port), data, seconds)
        try:
            yield server
        finally:
            server.close()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_ready(process: subprocess.Popen[bytes], began: float) -> float:
    assert process.stdout is not None
    seen: list[bytes] = []
    while line := process.stdout.readline():
        if READY.match(line):
            return time.monotonic() - began
        seen.append(line)
    raise RuntimeError(f"the server did not start:\n{b''.join(seen).decode('utf-8', 'replace')}")
