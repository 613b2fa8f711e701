"""Whose turn it is at a model: classes by rank, in a class accounts in a ring, of an account calls in their order.
Pure; who waits for what, and how long, is in ``queue``.

A class that was passed over so often as ``PATIENCE`` says gets the next turn: the higher ones come first, and no lower
one starves.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from typing import Generic, Literal, Protocol, TypeVar

Kind = Literal["interactive", "summary", "background"]
KINDS: tuple[Kind, ...] = ("interactive", "summary", "background")
"""From the highest to the lowest."""
PATIENCE: Mapping[Kind, int] = {"summary": 4, "background": 16}
"""Turns that higher classes get before one of this class that could run."""
NONE: frozenset[Kind] = frozenset()


class Ticket(Protocol):
    @property
    def kind(self) -> Kind: ...

    @property
    def account_id(self) -> int: ...


T = TypeVar("T", bound=Ticket)
Ring = OrderedDict[int, deque[T]]


class Turns(Generic[T]):
    """Calls that wait and those that run. At most ``each`` of an account run at the same time."""

    def __init__(self, each: int) -> None:
        self.each = each
        self._rings: dict[Kind, Ring[T]] = {kind: OrderedDict() for kind in KINDS}
        self._running: Counter[int] = Counter()
        self._passed: dict[Kind, int] = dict.fromkeys(PATIENCE, 0)
        self.waiting: Counter[Kind] = Counter()

    def add(self, ticket: T) -> None:
        """At the end of its account's calls; an account that had none goes to the end of the ring."""
        self._rings[ticket.kind].setdefault(ticket.account_id, deque()).append(ticket)
        self.waiting[ticket.kind] += 1

    def remove(self, ticket: T) -> bool:
        """Wait no longer; False where it does not wait."""
        calls = self._rings[ticket.kind].get(ticket.account_id)
        if calls is None or ticket not in calls:
            return False
        calls.remove(ticket)
        self._left(ticket)
        return True

    def peek(self, closed: frozenset[Kind] = NONE) -> T | None:
        """Who is next, or None while nobody may run."""
        heads = self._heads(closed)
        overdue = (head for kind, head in heads.items() if self._passed.get(kind, 0) >= PATIENCE.get(kind, 1))
        return next(overdue, None) or next(iter(heads.values()), None)

    def next(self, closed: frozenset[Kind] = NONE) -> T | None:
        """Who is next, and runs from now on."""
        ticket = self.peek(closed)
        if ticket is None:
            return None
        heads = self._heads(closed)
        for lower in KINDS[KINDS.index(ticket.kind) + 1 :]:
            self._passed[lower] += lower in heads
        ring = self._rings[ticket.kind]
        ring[ticket.account_id].popleft()
        ring.move_to_end(ticket.account_id)
        if ticket.kind in self._passed:
            self._passed[ticket.kind] = 0
        self._left(ticket)
        self._running[ticket.account_id] += 1
        return ticket

    def end(self, ticket: T) -> None:
        """It runs no longer."""
        self._running[ticket.account_id] -= 1
        if not self._running[ticket.account_id]:
            del self._running[ticket.account_id]

    def running(self, account_id: int) -> int:
        return self._running[account_id]

    def waiting_of(self, kind: Kind, account_id: int) -> int:
        return len(self._rings[kind].get(account_id, ()))

    def ahead(self, kind: Kind, account_id: int) -> dict[Kind, int]:
        """How many calls get their turn before a new one of this account would, as things stand, by class."""
        own = self.waiting_of(kind, account_id)
        others = (len(calls) for account, calls in self._rings[kind].items() if account != account_id)
        counts = {higher: self.waiting[higher] for higher in KINDS[: KINDS.index(kind)]}
        counts[kind] = own + sum(min(waiting, own + 1) for waiting in others)
        return counts

    def _heads(self, closed: frozenset[Kind]) -> dict[Kind, T]:
        """The next call of each class that has one that may run."""
        heads = {}
        for kind, ring in self._rings.items():
            if ring and kind not in closed:
                for account_id, calls in ring.items():
                    if self._running[account_id] < self.each:
                        heads[kind] = calls[0]
                        break
        return heads

    def _left(self, ticket: T) -> None:
        ring = self._rings[ticket.kind]
        if not ring[ticket.account_id]:
            del ring[ticket.account_id]
        self.waiting[ticket.kind] -= 1
        if not ring and ticket.kind in self._passed:
            self._passed[ticket.kind] = 0
