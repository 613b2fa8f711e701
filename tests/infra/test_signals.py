from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from weft.infra.cells import FILE_NAME, Cells
from weft.infra.events import Event, EventCodec
from weft.infra.signals import MOST_BYTES, Signals, messages_of, publish_now

ANN, BOB = 0x1234_5678_0040, 0x1234_5678_0080


class Waved(Event, frozen=True, kw_only=True):
    account_id: int
    words: str = ""

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class Unheard(Event, frozen=True, kw_only=True):
    pass


class Process:
    """One process's signals, and what it heard."""

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.heard: list[Waved] = []
        self.resets = 0
        signals.on(Waved, self.heard.append)
        signals.on_reset(self._count)

    def _count(self) -> None:
        self.resets += 1


Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(database_url: str, tmp_path: Path) -> AsyncIterator[Start]:
    running: list[Process] = []

    async def start_one(index: int, *, peers: bool = True) -> Process:
        codec = EventCodec([Waved, Unheard])
        process = Process(Signals(database_url, codec, Cells(tmp_path / FILE_NAME), index=index, peers=peers))
        await process.signals.start()
        running.append(process)
        return process

    yield start_one
    for process in running:
        await process.signals.stop()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    async with asyncio.timeout(seconds):
        yield


async def until(happened: Callable[[], bool]) -> None:
    async with within(5):
        while not happened():  # noqa: ASYNC110 - what happens has no event of its own
            await asyncio.sleep(0.001)


async def test_an_event_applies_here_at_once_and_soon_elsewhere(start: Start) -> None:
    here, there = await start(0), await start(1)
    event = Waved(account_id=ANN)
    here.signals.publish([event])
    assert here.heard == [event]
    await until(lambda: there.heard == [event])
    assert here.heard == [event]


async def test_a_read_after_a_write_waits_for_the_other_process(start: Start) -> None:
    here, there = await start(0), await start(1)
    for n in range(200):
        here.signals.publish([Waved(account_id=ANN, words=str(n))])
        assert here.signals.is_fresh(ANN)
        assert await there.signals.fresh(ANN)
        assert there.heard[-1].words == str(n)


async def test_two_writers_of_one_account_are_both_waited_for(start: Start) -> None:
    first, second, reader = await start(0), await start(1), await start(2)
    for n in range(50):
        first.signals.publish([Waved(account_id=ANN, words=f"first {n}")])
        second.signals.publish([Waved(account_id=ANN, words=f"second {n}")])
        assert await reader.signals.fresh(ANN)
        assert {event.words for event in reader.heard[-2:]} == {f"first {n}", f"second {n}"}


async def test_a_missing_event_is_waited_for_only_shortly(start: Start, tmp_path: Path) -> None:
    reader = await start(1)
    silent = Cells(tmp_path / FILE_NAME)
    silent.join(2)
    silent.note_write((ANN,), silent.base | 1)
    began = time.monotonic()
    assert not await reader.signals.fresh(ANN)
    assert 0.04 < time.monotonic() - began < 0.5
    assert await reader.signals.fresh(BOB)


async def test_what_a_dead_process_never_sent_makes_the_others_drop_their_caches(start: Start, tmp_path: Path) -> None:
    reader = await start(1)
    dead = Cells(tmp_path / FILE_NAME)
    dead.join(0)
    dead.note_write((ANN,), dead.base | 1)
    assert not reader.signals.is_fresh(ANN)
    resets = reader.resets
    await start(0)  # takes the slot that was not left
    await until(lambda: reader.resets > resets)
    assert reader.signals.is_fresh(ANN)


async def test_a_process_that_leaves_and_comes_back_disturbs_nobody(start: Start) -> None:
    here, there = await start(0), await start(1)
    here.signals.publish([Waved(account_id=ANN)])
    await here.signals.stop()
    resets = there.resets
    again = await start(0)
    again.signals.publish([Waved(account_id=BOB)])
    assert await there.signals.fresh(BOB)
    assert len(there.heard) == 2
    assert there.resets == resets


async def test_a_gap_in_the_numbers_drops_the_caches(start: Start) -> None:
    here, there = await start(0), await start(1)
    resets = there.resets
    here.signals._queue.clear()
    here.signals._n += 5
    here.signals.publish([Waved(account_id=ANN)])
    await until(lambda: bool(there.heard))
    assert there.resets == resets + 1


async def test_a_write_nobody_can_tell_of_drops_the_caches_everywhere(start: Start) -> None:
    here, there = await start(0), await start(1)
    before = here.resets, there.resets
    here.signals.reset_all()
    assert here.resets == before[0] + 1
    await until(lambda: there.resets == before[1] + 1)
    here.signals.publish([Waved(account_id=ANN)])
    await until(lambda: bool(there.heard))
    assert there.resets == before[1] + 1


async def test_a_lost_connection_is_made_again_and_drops_the_caches(start: Start, database_url: str) -> None:
    here, there = await start(0), await start(1)
    resets = there.resets
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weft signals'"
        " AND datname = current_database()"
    )
    await connection.close()
    await until(lambda: there.resets > resets and here.resets > 1)
    here.signals.publish([Waved(account_id=ANN)])
    assert await there.signals.fresh(ANN)
    assert there.heard


async def test_an_event_too_large_for_a_message_drops_the_caches_instead(start: Start) -> None:
    here, there = await start(0), await start(1)
    resets = there.resets
    here.signals.publish([Waved(account_id=ANN, words="x" * 9000), Waved(account_id=ANN)])
    await until(lambda: bool(there.heard))
    assert there.resets == resets + 1
    assert there.signals.is_fresh(ANN)


async def test_a_command_reaches_running_workers(start: Start, database_url: str, tmp_path: Path) -> None:
    alone = await start(0, peers=False)
    await publish_now(database_url, [Waved(account_id=ANN), Unheard(), Waved(account_id=BOB)], tmp_path)
    assert await alone.signals.fresh(ANN)
    assert [event.account_id for event in alone.heard] == [ANN, BOB]


async def test_a_lone_process_sends_nothing(start: Start, database_url: str) -> None:
    alone = await start(0, peers=False)
    connection = await asyncpg.connect(database_url)
    notified: list[str] = []
    await connection.add_listener("weft", lambda *message: notified.append(message[-1]))
    alone.signals.publish([Waved(account_id=ANN)])
    await asyncio.sleep(0.02)
    await connection.close()
    assert notified == []


async def test_a_failing_listener_hides_nothing_from_the_others(start: Start) -> None:
    here = await start(0)
    after: list[Waved] = []

    def fail(event: Waved) -> None:
        raise ValueError("a fault")

    here.signals.on(Waved, fail)
    here.signals.on(Waved, after.append)
    here.signals.publish([Waved(account_id=ANN)])
    assert here.heard == after != []


def test_messages_stay_below_the_size_that_a_notification_may_have() -> None:
    queue = [(n, "Waved", b'{"account_id":%d,"words":"%s"}' % (ANN, b"y" * (n % 90))) for n in range(1, 2000)]
    messages = messages_of((1 << 24) - 1, queue)
    assert max(len(message.encode()) for message in messages) < MOST_BYTES
    assert len(messages) < 30


def test_asking_whether_a_read_is_fresh_costs_next_to_nothing() -> None:
    cells = Cells(None)
    signals = Signals("", EventCodec([Waved]), cells, peers=True)
    cells.join(0)
    signals._reset()
    signals.publish([Waved(account_id=ANN)])
    began = time.perf_counter()
    for _ in range(20_000):
        signals.is_fresh(ANN)
    assert (time.perf_counter() - began) / 20_000 < 5e-6
    print((time.perf_counter() - began) / 20_000)
