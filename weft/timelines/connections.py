"""Open streams and the two ports around them: who listens, what waits to be sent, and how the edge renders it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

import msgspec

from weft.accounts.model import Account
from weft.kernel.ids import AccountId
from weft.posts.model import Post
from weft.timelines.interest import Subscription
from weft.timelines.model import Viewer

QUEUE = 256
STUCK_S = 30.0

News = Literal["post", "edit", "delete", "notification", "conversation", "filters", "note", "answer"]
Closing = Literal["", "left", "access", "stuck", "stopping"]


class Body:
    """One rendered thing, shared by everyone who is told the same. ``frames`` is the edge's: its wire forms."""

    __slots__ = ("content", "frames")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.frames: dict[tuple[str, ...], str] = {}


class Told(Protocol):
    """A loaded post, ready to be shown to many. Of a repost, ``text`` and ``ids`` are those of what it reposts too."""

    @property
    def post(self) -> Post: ...
    @property
    def author(self) -> Account: ...
    @property
    def text(self) -> str: ...
    @property
    def ids(self) -> tuple[int, ...]: ...

    def visible(self, viewer: Viewer) -> bool: ...

    async def body(self, viewer: Viewer, *, new: bool) -> Body:
        """The post as this viewer sees it. ``new``: nobody has done anything with it yet."""
        ...


class ToldNote(Protocol):
    """A loaded note, ready to be shown to those who may see it."""

    def body(self, viewer: Viewer) -> Body | None:
        """The note as this viewer sees it; None where it is not for them."""
        ...


class Teller(Protocol):
    """The edge's side: from ids to what goes over the wire. None where there is nothing (any more) to tell."""

    async def load(self, ids: Sequence[int]) -> Sequence[Told]: ...
    async def notification(self, viewer: Viewer, id_: int) -> Body | None: ...
    async def conversation(self, viewer: Viewer, id_: int) -> Body | None: ...
    async def note(self, id_: int) -> ToldNote | None: ...


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """Who opens a connection, and with what right."""

    account_id: AccountId
    token_id: int
    address: str = ""
    notifications: bool = True
    """Its scope holds notifications; without it the home stream carries none."""
    own_app: bool = False
    """It is this server's own app, signed in by cookie: it hears of what other apps do not know."""
    still_allowed: Callable[[], Awaitable[bool]]
    """Asks again whether the token holds; called when the account's rights may have changed."""


class Delivery(msgspec.Struct, frozen=True, gc=False):
    news: News
    label: tuple[str, ...]
    body: Body


class Connection:
    """One open stream: its channels, and what waits to be sent. The edge takes from it and sends."""

    def __init__(self, listener: Listener, now: float) -> None:
        self.listener = listener
        self.channels: dict[tuple[str, ...], Subscription] = {}
        self.closing: Closing = ""
        self._queue: deque[Delivery] = deque(maxlen=QUEUE)
        self._taken_at = now
        self._waiter: asyncio.Future[None] | None = None

    def put(self, delivery: Delivery, now: float) -> None:
        """Queue it; when the queue is full the oldest goes, and a reader that stands still is let go of."""
        if self.closing:
            return
        if len(self._queue) == QUEUE and now - self._taken_at > STUCK_S:
            self.close("stuck")
            return
        self._queue.append(delivery)
        self._wake()

    async def take(self, patience_s: float | None = None) -> list[Delivery]:
        """Everything that waits, as soon as there is something; nothing after ``patience_s``, or when it has closed."""
        loop = asyncio.get_running_loop()
        if not self._queue and not self.closing:
            self._waiter = loop.create_future()
            if patience_s is None:
                await self._waiter
            else:
                await asyncio.wait((self._waiter,), timeout=patience_s)
        self._waiter = None
        self._taken_at = loop.time()
        taken = list(self._queue)
        self._queue.clear()
        return taken

    def close(self, why: Closing) -> None:
        """Let nothing more out; the edge, which is waiting or will be, sees it and hangs up."""
        if not self.closing:
            self.closing = why
            self._queue.clear()
            self._wake()

    def is_closed(self) -> bool:
        """A method, because it changes while one waits."""
        return self.closing != ""

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
