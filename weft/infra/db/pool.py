"""Transactions over PostgreSQL that know which bucket they may write.

``db.tx(bucket)`` writes one bucket, ``db.edge(a, b)`` the two ends of an edge, ``db.once(bucket)`` runs one statement
that is its own transaction (no BEGIN, no COMMIT: a third of the round trips), ``db.job()`` belongs to workers that
sweep all buckets. ``db.read()`` may span buckets and never writes.

A statement's first parameter is its bucket (in an edge: the first end it writes). A statement that names none says
why in a comment: ``-- shared`` (a table that lies whole on every machine) or ``-- all buckets`` (a sweeping job).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from types import TracebackType
from typing import Any, TypeAlias

import asyncpg

from weft.infra.db.connections import Connections
from weft.infra.db.turns import Turns
from weft.infra.events import Event, Sealed, seal
from weft.kernel.clock import Clock
from weft.kernel.errors import Unavailable
from weft.kernel.ids import IdMaker

Row: TypeAlias = asyncpg.Record
Connection: TypeAlias = asyncpg.Connection
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.QueryCanceledError,
)
_BROKEN = (asyncio.CancelledError, asyncpg.InternalClientError)
"""After these a connection may be in the middle of something, and is not used again."""
_UNKNOWN = (
    asyncio.CancelledError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)
"""After these nobody can say whether the server did what it was asked."""
ACQUIRE_TIMEOUT_S = 10.0
DOUBT_S = 6.0
"""Longer than the closing of a connection takes: by then the server has done what it was asked, or never will."""


@lru_cache(maxsize=4096)
def names_no_bucket(sql: str) -> bool:
    return "-- shared" in sql or "-- all buckets" in sql


class WrongBucket(AssertionError):
    """A statement wrote outside the buckets its transaction named: a fault in the program, never in the input."""


class Reader:
    """Statements on one connection. Rows come back as records with ``row["name"]`` and ``row[0]``."""

    __slots__ = ("_connection", "_db")

    def __init__(self, db: Db) -> None:
        self._db = db
        self._connection: Connection | None = None

    async def rows(self, sql: str, *args: object) -> list[Row]:
        return await self._prepared(sql, args).fetch(sql, *args)  # type: ignore[no-any-return]

    async def row(self, sql: str, *args: object) -> Row | None:
        return await self._prepared(sql, args).fetchrow(sql, *args)

    async def value(self, sql: str, *args: object) -> Any:
        return await self._prepared(sql, args).fetchval(sql, *args)

    async def values(self, sql: str, *args: object) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in await self._prepared(sql, args).fetch(sql, *args)]

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement and say how many rows it touched."""
        tag: str = await self._prepared(sql, args).execute(sql, *args)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def _prepared(self, sql: str, args: tuple[object, ...]) -> Connection:
        if self._db.recorder is not None:
            self._db.recorder(sql, args)
        assert self._connection is not None, "used outside its block"
        return self._connection

    async def __aenter__(self) -> Any:
        self._connection = await self._db.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back(error)
        _raise_away(error)

    def _give_back(self, error: BaseException | None) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._db.release(connection, broken=isinstance(error, _BROKEN))


BOUND = "SELECT set_config('statement_timeout', $1, true)"


class BoundedReader(Reader):
    """Statements that the server ends when they take too long; the reader then says that the database is away."""

    __slots__ = ("_longest_ms", "_transaction")

    def __init__(self, db: Db, longest_ms: int) -> None:
        super().__init__(db)
        self._longest_ms = longest_ms
        self._transaction: Any = None

    async def __aenter__(self) -> BoundedReader:
        await super().__aenter__()
        assert self._connection is not None
        self._transaction = self._connection.transaction(readonly=True)
        try:
            await self._transaction.start()
            await self._connection.execute(BOUND, str(self._longest_ms))
        except BaseException as error:
            self._give_back(error)
            _raise_away(error)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._transaction.rollback()
        except _AWAY:
            pass  # the server rolls back what a lost connection left open
        except BaseException as late:
            self._give_back(late)
            raise
        self._give_back(error)
        _raise_away(error)


class Tx(Reader):
    """One transaction over the buckets it named. Events it emits are stored with it and published after the commit."""

    __slots__ = ("_buckets", "_events", "_pending", "_transaction")

    def __init__(self, db: Db, buckets: tuple[int, ...] | None) -> None:
        super().__init__(db)
        self._buckets = buckets
        self._events: list[Event] = []
        self._pending: list[tuple[int, Sealed]] = []
        self._transaction: Any = None

    @property
    def ids(self) -> IdMaker:
        return self._db.ids

    @property
    def now_ms(self) -> int:
        return self._db.clock.now_ms()

    def emit(self, event: Event) -> None:
        """Store the event in the outbox of this transaction's first bucket; it is published after the commit."""
        assert self._buckets is not None, "a job emits with emit_in"
        self.emit_in(self._buckets[0], event)

    def emit_in(self, bucket: int, event: Event) -> None:
        self._pending.append((bucket, seal(self._db.ids.new(bucket), event)))
        self._events.append(event)

    def signal(self, event: Event) -> None:
        """Publish the event after the commit without storing it: a hint for caches, lost if the process dies."""
        self._events.append(event)

    def sealed(self, event: Event) -> Sealed:
        """The outbox columns ``(id, kind, payload)`` of an event whose row the caller's own statement writes."""
        assert self._buckets is not None
        self._events.append(event)
        return seal(self._db.ids.new(self._buckets[0]), event)

    def _prepared(self, sql: str, args: tuple[object, ...]) -> Connection:
        if self._buckets is not None and not names_no_bucket(sql) and (not args or args[0] not in self._buckets):
            raise WrongBucket(f"{self._buckets} does not hold {args[:1]}: {sql}")
        return super()._prepared(sql, args)

    def withdraw(self) -> None:
        """Publish nothing: the statement found nothing to change, and stored no event either."""
        self._events.clear()

    async def __aenter__(self) -> Tx:
        await super().__aenter__()
        assert self._connection is not None
        self._transaction = self._connection.transaction()
        try:
            await self._transaction.start()
        except BaseException as error:
            self._give_back(error)
            _raise_away(error)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        committing = False
        try:
            if error is None:
                await self._store_events()
                committing = bool(self._events)
                await self._transaction.commit()
                if self._events:
                    self._db.publish(self._events)  # before anything that a cancelled request could cut short
            else:
                await self._roll_back()
        except BaseException as late:
            if committing and _is_unknown(late):
                self._db.doubt()
            self._give_back(late)
            _raise_away(late)
            raise
        self._give_back(error)
        _raise_away(error)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part of the transaction that fails alone: its writes and its events are undone, the error goes on."""
        assert self._connection is not None, "used outside its block"
        stored, published = len(self._pending), len(self._events)
        try:
            async with self._connection.transaction():
                yield
        except BaseException:
            del self._pending[stored:], self._events[published:]
            raise

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone, so that an error says nothing about who made the statement."""
        return self._connection is None or self._connection.is_closed()

    async def _roll_back(self) -> None:
        try:
            await self._transaction.rollback()
        except _AWAY:
            return  # the server rolls back what a lost connection left open

    async def _store_events(self) -> None:
        if not self._pending:
            return
        buckets = [bucket for bucket, _ in self._pending]
        ids, kinds, payloads = zip(*(sealed for _, sealed in self._pending), strict=True)
        assert self._connection is not None
        if self._db.recorder is not None:
            self._db.recorder(STORE_EVENTS, (buckets,))
        await self._connection.execute(STORE_EVENTS, buckets, list(ids), list(kinds), list(payloads))


STORE_EVENTS = """
INSERT INTO outbox (bucket, id, kind, payload)  -- buckets of the surrounding transaction
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::bytea[])
"""


class Once(Tx):
    """One statement that is its own transaction."""

    __slots__ = ("_done",)

    def __init__(self, db: Db, buckets: tuple[int, ...]) -> None:
        super().__init__(db, buckets)
        self._done = False

    async def __aenter__(self) -> Once:
        await Reader.__aenter__(self)
        return self

    def _prepared(self, sql: str, args: tuple[object, ...]) -> Connection:
        assert not self._done, "once() runs one statement; use tx()"
        self._done = True
        return super()._prepared(sql, args)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert not self._pending, "once() cannot emit(); write sealed() events in the statement"
        if error is None and self._events:
            self._db.publish(self._events)
        elif self._done and _is_unknown(error):
            self._db.doubt()
        await Reader.__aexit__(self, kind, error, trace)


class Db:
    """A pool of connections, the ids and the clock that go with it."""

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self.clock = clock
        self.turns = Turns()
        self.ids = IdMaker(clock)
        self.recorder: Callable[[str, tuple[object, ...]], None] | None = None
        self.publish: Callable[[Sequence[Event]], None] = lambda events: None
        """Told of each transaction's events after its commit; set by ``wiring`` to the signals port."""
        self.unsure: Callable[[], None] = lambda: None
        """Told when a write may have happened whose events nobody will hear of; set like ``publish``."""

    def tx(self, bucket: int) -> Tx:
        return Tx(self, (bucket,))

    def edge(self, first: int, second: int) -> Tx:
        return Tx(self, (first, second))

    def once(self, *buckets: int) -> Once:
        return Once(self, buckets)

    def job(self) -> Tx:
        """A transaction that may write every bucket: for workers and command-line tools, never for a request."""
        return Tx(self, None)

    def read(self) -> Reader:
        return Reader(self)

    def read_within(self, longest_ms: int) -> BoundedReader:
        """For statements whose cost depends on what somebody asks: each may take so long and no longer."""
        return BoundedReader(self, longest_ms)

    def connections(self) -> tuple[int, int]:
        """How many connections are open, and how many of them idle."""
        return self._connections.open, self._connections.idle

    async def acquire(self) -> Connection:
        try:
            return await self._connections.acquire(ACQUIRE_TIMEOUT_S)
        except (*_AWAY, OSError, TimeoutError) as error:
            raise Unavailable("database.away") from error

    def doubt(self) -> None:
        """The answer to a write was lost. The server may still be at it, so what is read in between counts no more."""
        self.unsure()
        asyncio.get_running_loop().call_later(DOUBT_S, self.unsure)

    def release(self, connection: Connection, *, broken: bool = False) -> None:
        self._connections.release(connection, broken=broken)

    async def close(self) -> None:
        await self._connections.close()


async def open_db(url: str, clock: Clock, *, size: int = 10) -> Db:
    """Connect. Sessions are not reset between uses: nothing outside ``infra`` keeps session state."""
    connections = Connections(url, size)
    connections.release(await connections.acquire(ACQUIRE_TIMEOUT_S))
    return Db(connections, clock)


def _is_unknown(error: BaseException | None) -> bool:
    return isinstance(error, _UNKNOWN) and not isinstance(error, asyncpg.DataError)


def _raise_away(error: BaseException | None) -> None:
    # A value of the wrong type is an InterfaceError, too: a fault of ours, and trying again later would not help.
    if isinstance(error, _AWAY) and not isinstance(error, asyncpg.DataError):
        raise Unavailable("database.away") from error
