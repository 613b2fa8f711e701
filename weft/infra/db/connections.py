"""A bounded set of connections to PostgreSQL, lent out one at a time.

asyncpg's own pool wraps each lent connection and arms two timers; that costs 40 us of CPU per loan, which is as much as
a statement by key itself (measured on two cores: 85 us against 39 us for loan, statement and return). Here a loan is a
list's pop. Statements are bounded by the server's ``statement_timeout`` instead of a timer of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Any

import asyncpg

LONGEST_STATEMENT_MS = 60_000
CLOSE_S = 5.0
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Connections:
    """At most ``size`` connections, opened when they are first needed; whoever finds none free waits in line."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._idle: list[Any] = []
        self._lent: set[Any] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._closed = False
        self._all_returned = asyncio.Event()

    @property
    def open(self) -> int:
        return len(self._idle) + len(self._lent) + self._opening

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def acquire(self, patience_s: float) -> Any:
        """Borrow a connection; the most recently returned one, whose caches are warm, goes first.

        Raises:
            TimeoutError: none became free in time.
        """
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.is_closed():
                self._lent.add(connection)
                return connection
        if self.open < self._size and not self._closed:
            return await self._connect()
        return await self._wait(patience_s)

    def release(self, connection: Any, *, broken: bool = False) -> None:
        """Give a connection back. ``broken``: it may be in the middle of something, and is not used again."""
        if broken and not self._closed and not connection.is_closed():
            task = asyncio.get_running_loop().create_task(self._end(connection))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            return
        self._lent.discard(connection)
        if self._closed and not self._lent:
            self._all_returned.set()
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
            self._hand_over(None)
            return
        if not self._hand_over(connection):
            self._idle.append(connection)

    async def _end(self, connection: Any) -> None:
        """Close a connection after the server ended what runs on it, which ``close`` asks for and waits for."""
        try:
            await connection.close(timeout=CLOSE_S)
        except (*_AWAY, TimeoutError):
            connection.terminate()
        finally:
            self._lent.discard(connection)
            if self._closed and not self._lent:
                self._all_returned.set()
            self._hand_over(None)

    async def close(self) -> None:
        """Close what is idle, wait shortly for what is lent, and cut the rest."""
        self._closed = True
        while self._waiting:
            self._hand_over(None)
        for connection in self._idle:
            await connection.close(timeout=CLOSE_S)
        self._idle.clear()
        if self._lent:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._all_returned.wait()
        for connection in self._lent:
            connection.terminate()

    def _hand_over(self, connection: Any) -> bool:
        """Give the connection, or the room for a new one, to whoever waits longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                if connection is not None:
                    self._lent.add(connection)
                waiter.set_result(connection)
                return True
        return False

    async def _wait(self, patience_s: float) -> Any:
        if self._closed:
            raise asyncpg.InterfaceError("the database port is closed")
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(patience_s):
                connection = await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self._return(waiter.result())  # it came at the last moment: the next in line has it
            raise
        return connection if connection is not None else await self.acquire(patience_s)

    def _return(self, connection: Any) -> None:
        if connection is None:
            self._hand_over(None)
        else:
            self.release(connection)

    async def _connect(self) -> Any:
        if self._closed:
            raise asyncpg.InterfaceError("the database port is closed")
        self._opening += 1
        try:
            connection = await asyncpg.connect(
                self._url,
                statement_cache_size=1024,
                max_cached_statement_lifetime=0,
                server_settings={
                    "application_name": "weft",
                    "jit": "off",
                    # Statements go by keys whose plans never change with the values; planning again cost a third of
                    # a follow.
                    "plan_cache_mode": "force_generic_plan",
                    "statement_timeout": str(LONGEST_STATEMENT_MS),
                },
            )
        except BaseException:
            self._opening -= 1
            self._hand_over(None)
            raise
        self._opening -= 1
        self._lent.add(connection)
        return connection
