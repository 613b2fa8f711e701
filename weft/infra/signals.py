"""Tells every process what happened, at once and without a promise: the outbox is the promise, this is the path.

Events apply in this process the moment they are published, and reach the others in a batched NOTIFY. Who keeps a cache
registers a function per event and one for `reset`, which drops the cache after messages may have been lost. Events
may come twice, and a load that was under way when an event came must not be kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import msgspec
import structlog

from weft.infra.cells import FILE_NAME, N_BITS, Cells, place_of
from weft.infra.events import Event, EventCodec

CHANNEL = "weft"
MOST_BYTES = 7_900  # PostgreSQL takes fewer than 8 000 in one notification
PAUSE_S = 0.002
PATIENCE_S = 0.05
MOST_QUEUED = 50_000
CHECK_EVERY_S = 15.0
_BACKOFF_S = (0.1, 0.3, 1.0, 2.0)
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

# NOTIFY waits for the disk like a write unless told not to, and a hint needs no disk.
SESSION = {"application_name": "weft signals", "synchronous_commit": "off"}
NOTIFY = "SELECT pg_notify('weft', message) FROM unnest($1::text[]) AS message"

E = TypeVar("E", bound=Event)
log = structlog.get_logger()


class Message(msgspec.Struct, array_like=True):
    """What travels: events `first`, `first + 1`, ... of one process. No events and `first` 0: a process has come."""

    process: int
    first: int
    events: list[tuple[str, msgspec.Raw]]
    left_well: bool = True


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Message).decode
_TOO_LARGE = ("", b"null")


class Signals:
    """The port. `peers` says whether other processes listen; a command of the shell may publish to us in any case."""

    def __init__(self, url: str, codec: EventCodec, cells: Cells, *, index: int = 0, peers: bool = False) -> None:
        self._url = url
        self._codec = codec
        self._cells = cells
        self._words = cells.words
        self._index = index
        self._peers = peers
        self._listeners: dict[type[Event], tuple[Callable[[Any], None], ...]] = {}
        self._resets: list[Callable[[], None]] = []
        self._n = 0
        self._queue: deque[tuple[int, str, bytes]] = deque()
        self._queued = asyncio.Event()
        self._sending = asyncio.Lock()
        self._applied: dict[int, int] = {}
        self._unknown_until = (1 << 24) << N_BITS  # before the first reset nothing of others counts as missed
        self._waiting: list[asyncio.Future[None]] = []
        self._connection: Any = None
        self._lost = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._left_well = True

    def on(self, kind: type[E], listener: Callable[[E], None]) -> None:
        """Call a quick, synchronous function with each event of that very class."""
        self._listeners[kind] = (*self._listeners.get(kind, ()), listener)

    def on_reset(self, drop: Callable[[], None]) -> None:
        self._resets.append(drop)

    def publish(self, events: Sequence[Event]) -> None:
        """Apply the events here and send them on. The caller has committed them, and answers nobody before this."""
        listeners = self._listeners
        for event in events:
            for listener in listeners.get(type(event), ()):
                _call(listener, event)
        if self._peers:
            self._enqueue(event for event in events if type(event) in listeners)

    def is_fresh(self, account: int) -> bool:
        """Whether this process has applied the last event that concerns the account."""
        place = place_of(account)
        last = self._words[place]
        if not last:
            return True
        if last > self._applied.get(last >> N_BITS, self._unknown_until):
            return False
        other = self._words[place + 1]
        return not other or other <= self._applied.get(other >> N_BITS, self._unknown_until)

    async def fresh(self, account: int) -> bool:
        """Wait shortly until `is_fresh`; False means that the caller reads SQL instead of its caches."""
        if self.is_fresh(account):
            return True
        if self._connection is None:
            return False
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_S
        while (left := end - loop.time()) > 0 and not self.is_fresh(account):
            future = loop.create_future()
            self._waiting.append(future)
            await asyncio.wait((future,), timeout=left)
        return self.is_fresh(account) or self._give_up(account)

    def reset(self) -> None:
        """Drop every cache of this process that events keep true; what is read from now on comes from SQL."""
        self._reset()

    def reset_all(self) -> None:
        """Drop the caches of every process: something may have been written whose events nobody knows."""
        self._reset()
        if self._peers:
            self._n += 1
            self._queue.append((self._n, *_TOO_LARGE))
            self._queued.set()

    async def start(self) -> None:
        """Begin to listen; returns once connected, so that nothing published later is missed."""
        self._left_well = self._cells.join(self._index)
        self._applied[self._cells.base >> N_BITS] = (1 << 64) - 1
        self._task = asyncio.create_task(self._keep_connected())
        await self._ready.wait()

    async def stop(self) -> None:
        """Send what is queued and leave."""
        if self._connection is not None:
            with contextlib.suppress(*_AWAY):
                async with asyncio.timeout(1):
                    await self._send()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if not self._queue:
            self._cells.leave()

    def _give_up(self, account: int) -> bool:
        """Reset where the awaited process died before it could send; whoever asks next need not wait again."""
        place = place_of(account)
        if any(self._cells.is_gone(word >> N_BITS) for word in self._cells.words[place : place + 2] if word):
            self._reset()
        return False

    def _enqueue(self, events: Iterable[Event]) -> None:
        """Number the events and note them for whoever reads next."""
        for event in events:
            self._n += 1
            self._cells.note_write(event.accounts(), self._cells.base | self._n)
            self._queue.append((self._n, *_pack(event)))
        while len(self._queue) > MOST_QUEUED:
            self._queue.popleft()  # the others see the gap in the numbers and reset
        if self._queue:
            self._queued.set()

    async def _keep_connected(self) -> None:
        failures = 0
        while True:
            try:
                await self._connect()
                failures = 0
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._send_for_ever())
                    group.create_task(self._check_for_ever())
            except* _AWAY as errors:
                log.warning("signals.lost", error=type(errors.exceptions[0]).__name__)
            finally:
                await self._disconnect()
            await asyncio.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
            failures += 1

    async def _connect(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=10, server_settings=SESSION)
        self._connection = connection
        self._lost.clear()
        connection.add_termination_listener(lambda _: self._lost.set())
        await connection.add_listener(CHANNEL, self._receive)
        self._reset()
        hello = Message(process=self._cells.base >> N_BITS, first=0, events=[], left_well=self._left_well)
        await connection.execute(NOTIFY, [_encode(hello).decode()])
        self._left_well = True
        self._ready.set()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            with contextlib.suppress(*_AWAY):
                await connection.close(timeout=1)

    async def _check_for_ever(self) -> None:
        """Notice a lost connection: at once where the system tells, else by asking now and then."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._lost.wait()
                raise ConnectionResetError
            await self._connection.execute("SELECT 1", timeout=5)

    async def _send_for_ever(self) -> None:
        while True:
            await self._queued.wait()
            await self._send()
            await asyncio.sleep(PAUSE_S)

    async def _send(self) -> None:
        async with self._sending:
            self._queued.clear()
            batch = list(self._queue)
            if not batch:
                return
            await self._connection.execute(NOTIFY, messages_of(self._cells.base >> N_BITS, batch), timeout=5)
            while self._queue and self._queue[0][0] <= batch[-1][0]:
                self._queue.popleft()

    def _receive(self, connection: Any, pid: int, channel: str, text: str) -> None:
        if pid == connection.get_server_pid():
            return
        message = _decode(text)
        if not message.events:
            if not message.left_well:
                self._reset()
            return
        base = message.process << N_BITS
        first, last = base | message.first, base | (message.first + len(message.events) - 1)
        if first > self._applied.get(message.process, base) + 1:
            log.warning("signals.gap", process=message.process)
            self._reset()
        for kind, payload in message.events:
            self._apply(kind, payload)
        self._applied[message.process] = max(last, self._applied.get(message.process, 0))
        self._wake()

    def _apply(self, kind: str, payload: msgspec.Raw) -> None:
        if not kind:
            self._reset()
            return
        event = self._codec.decode(kind, bytes(payload))
        if event is not None:
            for listener in self._listeners.get(type(event), ()):
                _call(listener, event)

    def _reset(self) -> None:
        """Drop what may be stale. Everything noted until now is committed, so what is loaded from now on knows it."""
        own = self._cells.base >> N_BITS
        newest, noted = self._cells.noted()
        self._applied = noted | {own: (1 << 64) - 1}
        # An older process without a slot is gone; a newer one has yet to be heard.
        self._unknown_until = ((newest + 1) << N_BITS) - 1
        for drop in self._resets:
            drop()
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


def _call(listener: Callable[[Any], None], event: Event) -> None:
    try:
        listener(event)
    except Exception:  # the write is done: a fault in one listener must not fail the request, nor hide it from others
        log.exception("signals.listener_failed", kind=type(event).__name__)


def _pack(event: Event) -> tuple[str, bytes]:
    """Kind and payload; an event too large for one message becomes a request to reset."""
    payload = _encode(event)
    kind = type(event).__name__
    return (kind, payload) if len(payload) + len(kind) < MOST_BYTES - 100 else _TOO_LARGE


def messages_of(process: int, events: Sequence[tuple[int, str, bytes]]) -> list[str]:
    """The events in as few messages as fit the size that a notification may have."""
    messages: list[str] = []
    pending = Message(process=process, first=0, events=[])
    size = 0
    for n, kind, payload in events:
        cost = len(payload) + len(kind) + 8
        if pending.events and (size + cost > MOST_BYTES - 100 or n != pending.first + len(pending.events)):
            messages.append(_encode(pending).decode())
            pending, size = Message(process=process, first=0, events=[]), 0
        if not pending.events:
            pending.first = n
        pending.events.append((kind, msgspec.Raw(payload)))
        size += cost
    if pending.events:
        messages.append(_encode(pending).decode())
    return messages


async def publish_now(url: str, events: Sequence[Event], data: Path | None = None) -> None:
    """Tell running workers of a command's committed events; with the data folder, their next reads wait for them."""
    cells = Cells(data / FILE_NAME if data is not None else None)
    try:
        cells.join(None)
        queue = []
        for n, event in enumerate(events, 1):
            cells.note_write(event.accounts(), cells.base | n)
            queue.append((n, *_pack(event)))
        connection = await asyncpg.connect(url, timeout=10, server_settings=SESSION)
        try:
            await connection.execute(NOTIFY, messages_of(cells.base >> N_BITS, queue))
        finally:
            await connection.close()
        cells.leave()
    finally:
        cells.close()


async def reset_now(url: str) -> None:
    """Let running workers drop their caches: a command wrote in bulk, without events."""
    message = Message(process=0, first=0, events=[], left_well=False)
    connection = await asyncpg.connect(url, timeout=10, server_settings=SESSION)
    try:
        await connection.execute(NOTIFY, [_encode(message).decode()])
    finally:
        await connection.close()
