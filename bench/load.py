"""The load generator: a process of its own, so that what it costs is never counted with the server.

Its standard input carries one plan; it connects, says ``ready``, waits for a line, sends, and prints what it saw.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from array import array
from time import perf_counter

import msgspec
import uvloop

from bench.wire import Address, Request, Wire

CONNECTIONS = 8


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Send the requests, round and round, until ``count`` were sent or the time is over."""

    address: Address
    requests: list[Request]
    count: int
    seconds: float
    connections: int = CONNECTIONS


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a run looked like from outside."""

    requests: int
    failed: int
    """Answers that were no 2xx, and connections that broke."""
    seconds: float
    p50_ms: float
    p99_ms: float
    bytes: int
    """Of the last body."""
    sample: str = ""
    """The first failure."""


class Load:
    """A started generator: connected, and waiting for ``run``."""

    def __init__(self, plan: Plan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._in.write(msgspec.json.encode(plan) + b"\n")
        self._in.flush()
        if self._out.readline() != b"ready\n":
            raise RuntimeError("the load generator did not start")

    def run(self) -> Seen:
        self._in.write(b"go\n")
        self._in.flush()
        line = self._out.readline()
        self._process.wait(60)
        return msgspec.json.decode(line, type=Seen)


class _Run:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [request.encode(plan.address.name) for request in plan.requests]
        self._times = array("d")
        self._failed = 0
        self._sent = 0
        self._bytes = 0
        self._sample = ""

    async def connect(self) -> list[Wire]:
        return [await Wire.open(self._plan.address) for _ in range(self._plan.connections)]

    async def send(self, wires: list[Wire]) -> Seen:
        began = perf_counter()
        await asyncio.gather(*(self._work(wire, began + self._plan.seconds) for wire in wires))
        times = sorted(self._times)
        return Seen(
            requests=len(times),
            failed=self._failed,
            seconds=perf_counter() - began,
            p50_ms=1000 * share_of(times, 0.5),
            p99_ms=1000 * share_of(times, 0.99),
            bytes=self._bytes,
            sample=self._sample,
        )

    async def _work(self, wire: Wire, end: float) -> None:
        requests, times, count = self._requests, self._times, self._plan.count
        while self._sent < count:
            request = requests[self._sent % len(requests)]
            self._sent += 1
            at = perf_counter()
            if at > end:
                return
            try:
                answer = await wire.ask(request)
            except ConnectionError as error:
                self._note_failure(str(error))
                return
            times.append(perf_counter() - at)
            if not 200 <= answer.status < 300:
                self._note_failure(f"{answer.status} {answer.body[:300].decode('utf-8', 'replace')}")
            self._bytes = len(answer.body)

    def _note_failure(self, sample: str) -> None:
        self._failed += 1
        self._sample = self._sample or sample


def share_of(ordered: list[float], share: float) -> float:
    """The value below which that share of an ordered list lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


async def _main() -> None:
    run = _Run(msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan))
    wires = await run.connect()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.readline)
    print(msgspec.json.encode(await run.send(wires)).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
