"""One measurement: CPU before and after a bounded number of requests, latency as the load generator saw it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bench.bars import CPU_US
from bench.load import CONNECTIONS, Load, Plan
from bench.processes import cpu_us
from bench.server import Server
from bench.static import Static
from bench.wire import Address, Answer, Request, ask_all

WARM_UP = 400
MOST_S = 8.0


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Something measured that is no series of requests."""

    name: str
    value: float
    unit: str
    bar: str = ""
    passed: bool | None = None
    note: str = ""


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one kind."""

    name: str
    requests: int
    failed: int
    rate: float
    p50_ms: float
    p99_ms: float
    bytes: int
    cpu_us: float | None = None
    """Of all the server's processes, per request."""
    database_us: float | None = None
    """The part of it in PostgreSQL."""
    static_us: float | None = None
    """The same for nginx and a file of the same size."""
    bar: str = ""
    passed: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.cpu_us / self.static_us if self.cpu_us is not None and self.static_us else None


class Target:
    """The server that is measured, and for whom the scenarios act."""

    def __init__(self, address: Address, viewer_token: str, *, pid: int | None = None) -> None:
        self.address = address
        self.viewer_token = viewer_token
        self.tokens = [viewer_token]
        self.ids: list[int] = []
        self.celebrity_token = ""
        self.server: Server | None = None
        self.static: Static | None = None
        self._pid = pid

    @property
    def is_own(self) -> bool:
        return self.server is not None

    def cpu(self) -> float | None:
        if self.server is not None:
            return self.server.cpu_us()
        return cpu_us(self._pid) if self._pid is not None else None

    def settle(self) -> None:
        if self.server is not None:
            self.server.drain()

    def ask(self, requests: list[Request]) -> list[Answer]:
        """Prepare something; every answer must be a success."""
        work = ask_all(self.address, requests)
        if self.server is not None:
            answers = self.server.run(work)
        else:
            import asyncio

            answers = asyncio.run(work)
        for request, answer in zip(requests, answers, strict=True):
            if not 200 <= answer.status < 300:
                raise Refused(f"{request.method} {request.path}: {answer.status} {answer.body[:300]!r}")
        return answers


class Refused(Exception):
    """The server does not do what a scenario must prepare."""


def measure(
    target: Target,
    name: str,
    requests: list[Request],
    *,
    count: int,
    warm_up: int = WARM_UP,
    after: Callable[[], None] | None = None,
) -> Series:
    """Send ``count`` requests and say what each cost; ``after`` belongs to the cost (what the requests caused)."""
    if warm_up:
        target.ask((requests * (warm_up // len(requests) + 1))[:warm_up])
        target.settle()
    load = Load(Plan(address=target.address, requests=requests, count=count, seconds=MOST_S, connections=CONNECTIONS))
    database = target.server.database_us() if target.server is not None else 0.0
    before = target.cpu()
    seen = load.run()
    if after is not None:
        after()
    spent = target.cpu()
    database = target.server.database_us() - database if target.server is not None else 0.0
    per_request = (spent - before) / max(seen.requests, 1) if spent is not None and before is not None else None
    # Where nothing is warmed up, each request is sent once: the size of the last answer stands for all.
    static = target.static.cpu_us(seen.bytes) if target.static is not None and per_request is not None else None
    bar = CPU_US.get(name)
    return Series(
        name=name,
        requests=seen.requests,
        failed=seen.failed,
        rate=seen.requests / seen.seconds,
        p50_ms=seen.p50_ms,
        p99_ms=seen.p99_ms,
        bytes=seen.bytes,
        cpu_us=per_request,
        database_us=database / max(seen.requests, 1) if target.is_own else None,
        static_us=static,
        bar=str(bar or ""),
        passed=(bar.holds(per_request) and not seen.failed) if bar and per_request is not None else None,
        note=seen.sample,
    )
