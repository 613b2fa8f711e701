"""The numbers of a running server in Prometheus' form, for whoever scrapes `--metrics-port`.

Labels have few values: the route's pattern, never a path; the class of a status, never a message. With several
workers each writes its own mapped files in one folder, and the worker that answers adds them up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from weft.infra.db import Db
from weft.infra.outbox import backlog
from weft.kernel.errors import Unavailable

FOLDER = "metrics"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
LATENCIES_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
SAMPLE_S = 10.0
CLASSES = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx")
_MOST_HEAD_BYTES = 8192


def prepare_metrics(data: Path) -> None:
    """In the supervisor, before it forks: the folder in which the workers' numbers meet, empty."""
    folder = data / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    # The library reads this when it is first imported, which happens in the workers.
    os.environ[FOLDER_VARIABLE] = str(folder)


class Metrics:
    """The counters of one worker."""

    def __init__(self) -> None:
        import prometheus_client as prometheus  # not before the folder is known, and only where it is wanted

        self._requests = prometheus.Histogram(
            "weft_request_seconds",
            "Time to answer, by route and class of status",
            ["route", "status"],
            buckets=LATENCIES_S,
        )
        self._batches = prometheus.Histogram("weft_outbox_batch_seconds", "Time to work on a batch of events")
        self._events = prometheus.Counter("weft_outbox_events", "Events worked on")
        self._failures = prometheus.Counter("weft_outbox_failures", "Events a handler failed on", ["handler"])
        self._deaths = prometheus.Counter("weft_outbox_dead_letters", "Events given up", ["handler"])
        self._backlog = prometheus.Gauge("weft_outbox_backlog", "Events that wait", multiprocess_mode="livemax")
        self._connections = prometheus.Gauge(
            "weft_database_connections", "Connections in the pool", ["state"], multiprocess_mode="livesum"
        )
        self._observers: dict[tuple[str, int], Callable[[float], None]] = {}

    def request(self, pattern: str, status: int, seconds: float) -> None:
        """Called for each request; the label's child is looked up in a dictionary of our own."""
        key = pattern, status // 100
        observe = self._observers.get(key)
        if observe is None:
            name = CLASSES[key[1]] if key[1] < len(CLASSES) else CLASSES[0]
            observe = self._observers[key] = self._requests.labels(pattern or "unknown", name).observe
        observe(seconds)

    def handled(self, events: int, seconds: float) -> None:
        self._events.inc(events)
        self._batches.observe(seconds)

    def failed(self, handler: str) -> None:
        self._failures.labels(handler).inc()

    def died(self, handler: str) -> None:
        self._deaths.labels(handler).inc()

    async def sample(self, db: Db) -> None:
        """Measure what has no event of its own."""
        opened, idle = db.connections()
        self._connections.labels("idle").set(idle)
        self._connections.labels("busy").set(opened - idle)
        self._backlog.set(await backlog(db))

    async def sample_for_ever(self, db: Db) -> None:
        while True:
            with contextlib.suppress(Unavailable):
                await self.sample(db)
            await asyncio.sleep(SAMPLE_S)


def metrics_text() -> bytes:
    """All numbers of all workers, as they are now."""
    import prometheus_client
    from prometheus_client import multiprocess

    if FOLDER_VARIABLE not in os.environ:
        return prometheus_client.generate_latest()
    registry = prometheus_client.CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return prometheus_client.generate_latest(registry)


async def serve_metrics(sockets: Sequence[socket.socket]) -> None:
    """Answer `GET /metrics` on these sockets until cancelled."""
    async with contextlib.AsyncExitStack() as stack:
        for opened in sockets:
            server = await asyncio.start_server(_answer, sock=opened, limit=_MOST_HEAD_BYTES)
            await stack.enter_async_context(server)
        await asyncio.get_running_loop().create_future()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            known = head.startswith(b"GET /metrics ")
            body = metrics_text() if known else b"The numbers are at /metrics\n"
            status = b"200 OK" if known else b"404 Not Found"
            writer.write(
                b"HTTP/1.1 " + status + b"\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body
            )
            await writer.drain()
    writer.close()
