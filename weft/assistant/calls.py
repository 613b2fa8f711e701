"""Every call of a model, from its budget to its place in the books: hold, turn in the queue, server, settle.

Nothing else in Weft asks a model. Until its turn has come a call may be left at no cost; after that it is one usage
event, whatever becomes of it, and what cannot be known of it is charged as it was reserved.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import msgspec
import structlog

from weft.assistant.breaker import Breaker
from weft.assistant.costs import Spent, Worst, details_of, worst_of_ask, worst_of_texts
from weft.assistant.lanes import CpuShares, Lane
from weft.assistant.queue import FIRST_GUESS_S, WAITS_S, Queue
from weft.assistant.turns import Kind
from weft.infra.engine.answers import Vector
from weft.infra.engine.client import PATIENT, Models
from weft.infra.engine.model import Ask, Bounds, Capability, Delta, Endpoint, Usage, checked
from weft.infra.engine.places import Place
from weft.infra.lag import Lag
from weft.infra.slots import Slots
from weft.kernel.errors import Conflict, Unavailable, WeftError
from weft.ledger.model import Hold, Segment, ai_usages
from weft.ledger.service import Ledger

HOLD_SPARE_S = 60.0
EMBED_GUESS_S = 0.1
SETTLE_PAUSES_S = (0.2, 1.0, 5.0, 15.0, 30.0)
"""Between the tries to put a call into the books while the database is away: longer than it takes to start again."""

T = TypeVar("T")

log = structlog.get_logger()


class Capabilities(Protocol):
    """Which features the configured models passed the check for."""

    def may(self, feature: str) -> bool: ...


class Servers(Protocol):
    """Where models are served; `infra.engine.places.Endpoints` is one."""

    def place(self, capability: Capability) -> Place | None: ...

    async def endpoint(self, capability: Capability) -> Endpoint: ...

    async def stop(self, endpoint: Endpoint) -> None: ...


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """For whom, and for what, a model is asked."""

    account_id: int
    """0 is the community itself."""
    role: str
    kind: Kind
    feature: str
    capability: Capability = "chat"
    deadline_ms: int = 0
    """How long it may wait for its turn; 0 is as long as its kind waits."""
    origin: Segment = "social"

    @property
    def deadline_s(self) -> float:
        return self.deadline_ms / 1000 or WAITS_S[self.kind]


class CallFor(Work, frozen=True, kw_only=True):
    ask: Ask


class EmbedFor(Work, frozen=True, kw_only=True):
    capability: Capability = "embed"
    texts: tuple[str, ...]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an answer."""

    usage: Usage
    charged: int
    """Tokens that the budgets were charged."""
    is_cut: bool
    """It came to the limit of its length, not to its end."""
    model: str
    model_sha256: str


def random_key() -> str:
    return secrets.token_urlsafe(12)


class Calls:
    """Asks models on somebody's budget. One for each process; `folder` is where its places meet other processes'."""

    def __init__(
        self,
        models: Models,
        servers: Servers,
        ledger: Ledger,
        capabilities: Capabilities,
        *,
        folder: Path | None = None,
        lag: Lag | None = None,
        bounds: Bounds = PATIENT,
        new_key: Callable[[], str] = random_key,
    ) -> None:
        self._models = models
        self._servers = servers
        self._ledger = ledger
        self._capabilities = capabilities
        self._folder = folder
        self._lag = lag
        self._bounds = bounds
        self._new_key = new_key
        self._lanes: dict[str, Lane] = {}
        self._holding: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._ending: set[asyncio.Task[Any]] = set()

    async def generate(self, call: CallFor) -> AsyncGenerator[Delta | Done, None]:
        """The answer's pieces as they come, and then its end. Closing the iterator hangs up and frees the place.

        A reader that is slow keeps no place: the server is heard to the end at its own pace.

        Raises:
            Limited: `budget.spent`, or `model.busy` where the wait would be too long; both with `retry_after`.
            Unavailable: `model.off` where no model does this well enough, and what `Models.stream` raises.
            Invalid: `model.too_long`.
        """
        ask = checked(call.ask)
        place = self._place(call)
        # Bounded by the client, which ends an answer that grows beyond what was asked for.
        pieces: asyncio.Queue[Delta | None] = asyncio.Queue()
        task = asyncio.create_task(self._listen(call, ask, place, pieces))
        task.add_done_callback(lambda ended: close_with(pieces, ended))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            yield await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    async def _listen(self, call: CallFor, ask: Ask, place: Place, pieces: asyncio.Queue[Delta | None]) -> Done:
        async with self._admitted(call, place, worst_of_ask(ask, place)) as (endpoint, spent):
            async with aclosing(self._models.stream(endpoint, ask, self._bounds)) as parts:
                async for part in parts:
                    if isinstance(part, Delta):
                        spent.has_begun = True
                        pieces.put_nowait(part)
                    else:
                        spent.usage, spent.is_cut = part, part.known and part.output >= ask.max_tokens
        return done(spent, place)

    async def embed(self, call: EmbedFor) -> tuple[Vector, Done]:
        """A row of length one for each text. Raises as ``generate``."""
        place = self._place(call)
        async with self._admitted(call, place, worst_of_texts(call.texts)) as (endpoint, spent):
            rows, spent.usage = await self._models.embed(endpoint, call.texts, self._bounds)
        return rows, done(spent, place)

    def expected_s(self, call: Work) -> float:
        """How long it would wait for its turn now. Raises as ``generate``."""
        return self._lane(self._place(call)).queue.expected_s(call.kind, call.account_id)

    async def settled(self) -> None:
        """Wait until every call that is over is in the books."""
        while self._ending:
            await asyncio.wait(list(self._ending))

    async def aclose(self) -> None:
        await self.settled()
        for lane in self._lanes.values():
            lane.queue.close()
            lane.cpu.close()

    def _place(self, call: Work) -> Place:
        place = self._servers.place(call.capability) if self._capabilities.may(call.feature) else None
        if place is None:
            raise Unavailable("model.off", reason=call.feature)
        return place

    def _lane(self, place: Place) -> Lane:
        lane = self._lanes.get(place.lane)
        if lane is None:
            folder = self._folder / place.lane if self._folder is not None else None
            guess_s = EMBED_GUESS_S if place.lane == "embed" else FIRST_GUESS_S
            slots = Slots(place.slots, folder)
            queue = Queue(slots, self._lag, first_guess_s=guess_s)
            cpu = CpuShares(taken=lambda: slots.taken, folder=folder)
            lane = self._lanes[place.lane] = Lane(queue, Breaker(), cpu)
        return lane

    @asynccontextmanager
    async def _admitted(self, call: Work, place: Place, worst: Worst) -> AsyncIterator[tuple[Endpoint, Spent]]:
        """The block runs when the call's turn has come; when it is over the call is in the books."""
        lane = self._lane(place)
        lane.breaker.check()
        lane.queue.check(call.kind, call.account_id, call.deadline_s)
        hold = await self._hold(call, place, worst)
        spent, endpoint = Spent(), None
        try:
            async with lane.queue.turn(call.kind, call.account_id, call.deadline_s) as turn:
                spent.queue_ms = turn.waited_ms
                with lane.asking():
                    endpoint = await self._servers.endpoint(call.capability)
                    spent.is_sent = True
                    with lane.cpu.counting(endpoint.pid, spent):
                        yield endpoint, spent
        except WeftError as error:
            spent.failure = error.code
            # One that was slow again and again hangs: the try after the pause shall find a new one.
            if error.code == "model.slow" and endpoint is not None and lane.breaker.is_open:
                self._start(self._servers.stop(endpoint))
            raise
        finally:
            ended = self._start(self._end(call, place, hold, spent))
            # Whoever was cancelled waits for nothing; the end goes on without them.
            if spent.outcome != "cancelled":
                spent.charged = await asyncio.shield(ended)

    async def _hold(self, call: Work, place: Place, worst: Worst) -> Hold:
        """One after another for each account, so that nobody's many calls are in front of the others' at the books."""
        lock = self._holding.setdefault(call.account_id, asyncio.Lock())
        async with lock:
            holding = self._start(
                self._ledger.hold(
                    f"call/{self._new_key()}",
                    call.account_id,
                    call.role,
                    "ai",
                    worst.tokens,
                    ttl_s=call.deadline_s + self._bounds.total_s + HOLD_SPARE_S,
                    worst=worst.bought(place),
                    model=place.sha256 or place.name,
                    urgency="background" if call.kind == "background" else "interactive",
                )
            )
            try:
                return await asyncio.shield(holding)
            except asyncio.CancelledError:
                self._start(self._void_when(holding))
                raise

    async def _void_when(self, holding: asyncio.Task[Hold]) -> None:
        with suppress(WeftError):
            await self._ledger.void(await holding)

    async def _end(self, call: Work, place: Place, hold: Hold, spent: Spent) -> int:
        """Put the call into the books; the tokens that it was charged."""
        for pause_s in (*SETTLE_PAUSES_S, 0.0):
            try:
                if not spent.is_sent:
                    await self._ledger.void(hold)
                    return 0
                return await self._settle(call, place, hold, spent)
            except Unavailable as error:
                log.warning("call.unsettled", code=error.code)
                await asyncio.sleep(pause_s)
        return 0

    async def _settle(self, call: Work, place: Place, hold: Hold, spent: Spent) -> int:
        details = details_of(spent, place, call.feature)
        usages = ai_usages(
            hold.key,
            details,
            at_ms=hold.at_ms,
            origin=call.origin,
            centre=call.account_id,
            remote=not place.is_own,
        )
        try:
            return await self._ledger.settle(hold, usages)
        except Conflict as error:
            # Its time was over before the call was. What was used counts all the same.
            log.warning("call.outlived_its_hold", code=error.code)
            await self._ledger.record(usages)
            return details.tokens

    def _start(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task


def close_with(pieces: asyncio.Queue[Delta | None], task: asyncio.Task[Done]) -> None:
    """Tell the reader that nothing more comes; a failure that no reader is left for is not asked for again."""
    pieces.put_nowait(None)
    if not task.cancelled():
        task.exception()


def done(spent: Spent, place: Place) -> Done:
    return Done(
        usage=spent.usage or Usage(),
        charged=spent.charged,
        is_cut=spent.is_cut,
        model=place.name,
        model_sha256=place.sha256,
    )
