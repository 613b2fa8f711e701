"""The bound for slow work."""

import asyncio

import pytest

from weft.infra.gate import Gate
from weft.kernel.errors import Unavailable


async def work(gate: Gate, running: list[int], release: asyncio.Event) -> int:
    async with gate:
        running.append(1)
        most = len(running)
        await release.wait()
        running.pop()
        return most


async def test_some_run_some_wait_and_the_rest_is_refused() -> None:
    gate, release, running = Gate(limit=2, queue=3), asyncio.Event(), list[int]()
    tasks = [asyncio.create_task(work(gate, running, release)) for _ in range(7)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    release.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [int] * 5 + [Unavailable] * 2
    assert max(result for result in results if isinstance(result, int)) == 2


async def test_a_cancelled_waiter_frees_its_place_in_the_queue() -> None:
    gate, release, running = Gate(limit=1, queue=1), asyncio.Event(), list[int]()
    first = asyncio.create_task(work(gate, running, release))
    waiting = asyncio.create_task(work(gate, running, release))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    again = asyncio.create_task(work(gate, running, release))
    await asyncio.sleep(0)
    release.set()
    assert await first == 1
    assert await again == 1


async def test_failed_work_frees_its_place() -> None:
    gate = Gate(limit=1, queue=0)
    with pytest.raises(ZeroDivisionError):
        async with gate:
            1 / 0  # noqa: B018
    async with gate:
        pass
