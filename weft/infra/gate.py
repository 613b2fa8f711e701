"""A bound for work that is slow by nature: a few run, a few wait, and the rest is told at once to come back later."""

from asyncio import Semaphore
from types import TracebackType

from weft.kernel.errors import Unavailable


class Gate:
    """`async with gate:` around the work. At most `limit` are inside and `queue` wait; more raise `overloaded`."""

    def __init__(self, limit: int, queue: int) -> None:
        self._places = Semaphore(limit)
        self._queue = queue
        self._waiting = 0
        self._inside = 0

    @property
    def is_idle(self) -> bool:
        return not self._inside and not self._waiting

    async def __aenter__(self) -> None:
        if self._places.locked() and self._waiting >= self._queue:
            raise Unavailable("overloaded")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        self._inside += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside -= 1
        self._places.release()
