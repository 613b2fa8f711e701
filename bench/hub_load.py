"""The generator of `hub`: sends prepared requests at a steady rate, when each is due, whatever the answers take."""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

import msgspec
import uvloop

from bench.load import share_of
from bench.wire import Address, Wire

WIRES = 24


class SteadyPlan(msgspec.Struct, frozen=True, kw_only=True):
    address: Address
    request: bytes
    """As it goes over the wire."""
    expected: int
    """The status of a right answer."""
    rate: float
    seconds: float


class SteadySeen(msgspec.Struct, frozen=True, kw_only=True):
    sent: int
    answered: int
    """Rightly, within the time that was given."""
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    """From the moment each was due."""
    sample: str = ""


class _Run:
    def __init__(self, plan: SteadyPlan, wires: list[Wire]) -> None:
        self._plan = plan
        self._free: asyncio.Queue[Wire] = asyncio.Queue()
        for wire in wires:
            self._free.put_nowait(wire)
        self._times: list[float] = []
        self._failed = 0
        self._sample = ""
        self._answered = 0

    async def go(self) -> SteadySeen:
        plan, began = self._plan, perf_counter()
        count = int(plan.rate * plan.seconds)
        async with asyncio.TaskGroup() as tasks:
            for n in range(count):
                due = began + n / plan.rate
                await asyncio.sleep(max(due - perf_counter(), 0))
                tasks.create_task(self._one(due, began + plan.seconds))
        times = sorted(self._times)
        return SteadySeen(
            sent=count,
            answered=self._answered,
            failed=self._failed,
            seconds=plan.seconds,
            p50_ms=1000 * share_of(times, 0.5),
            p99_ms=1000 * share_of(times, 0.99),
            sample=self._sample,
        )

    async def _one(self, due: float, end: float) -> None:
        wire = await self._free.get()
        try:
            answer = await wire.ask(self._plan.request)
        except ConnectionError as error:
            self._fail(str(error))
            return
        self._free.put_nowait(wire)
        now = perf_counter()
        self._times.append(now - due)
        if answer.status != self._plan.expected:
            self._fail(f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}")
        elif now <= end:
            self._answered += 1

    def _fail(self, sample: str) -> None:
        self._failed += 1
        self._sample = self._sample or sample


async def _main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=SteadyPlan)
    run = _Run(plan, [await Wire.open(plan.address) for _ in range(WIRES)])
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.readline)
    print(msgspec.json.encode(await run.go()).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
