"""The queue in front of one model server: its places, and who waits for one. A call is `async with queue.turn()`;
whoever leaves that block, for whatever reason, frees the place at once. Nobody waits for longer than they said.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from weft.assistant.turns import KINDS, NONE, Kind, Turns
from weft.infra.lag import Lag
from weft.infra.slots import LOOK_S, Slots
from weft.kernel.errors import Limited

MOST_WAITING = 5_000
"""Calls that one process lets wait, whatever they would wait for."""
LONGEST_RETRY_S = 3600
LEARNS = 0.2
"""What one call weighs in the moving average of its class's times."""
FIRST_GUESS_S = 2.0
WAITS_S: Mapping[Kind, float] = {"interactive": 30.0, "summary": 60.0, "background": 600.0}
"""How long a call of each class waits where it does not say."""
BACKGROUND: frozenset[Kind] = frozenset({"background"})


class Turn:
    """One call, from when it came until it is over."""

    def __init__(self, kind: Kind, account_id: int, came_s: float) -> None:
        self.kind: Kind = kind
        self.account_id = account_id
        self.came_s = came_s
        self.began_s = came_s
        self.slot = -1
        self.is_whole = False
        """It came to its end."""
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def waited_ms(self) -> int:
        return int((self.began_s - self.came_s) * 1000)


class Queue:
    """Calls to one model server, of one process; ``slots`` are shared with the machine's other processes."""

    def __init__(
        self,
        slots: Slots,
        lag: Lag | None = None,
        now: Callable[[], float] = time.monotonic,
        first_guess_s: float = FIRST_GUESS_S,
    ) -> None:
        self._slots = slots
        self._lag = lag
        self._now = now
        self._turns: Turns[Turn] = Turns(each=2 if slots.count > 2 else 1)
        self._taking_s = dict.fromkeys(KINDS, first_guess_s)
        self._running: set[Turn] = set()
        self._looks: asyncio.TimerHandle | None = None
        if lag is not None:
            lag.on_calm(self._give)

    @property
    def waiting(self) -> int:
        return self._turns.waiting.total()

    @property
    def running(self) -> int:
        return len(self._running)

    def expected_s(self, kind: Kind, account_id: int) -> float:
        """How long a new call would wait, from how long the last ones took; other processes are not known of."""
        turns, own = self._turns, self._turns.running(account_id)
        taking = self._taking_s[kind]
        ahead = sum(number * self._taking_s[each] for each, number in turns.ahead(kind, account_id).items())
        if not ahead and self._slots.free_here and own < turns.each:
            return 0.0
        # Each running call is half done, as far as anybody knows.
        running = sum(self._taking_s[turn.kind] for turn in self._running) / 2
        rounds = max(turns.waiting_of(kind, account_id) + own - turns.each + 1, 0) / turns.each
        return max((ahead + running) / self._slots.count, (rounds - 0.5) * taking)

    def check(self, kind: Kind, account_id: int, deadline_s: float) -> None:
        """Refuse what would wait for too long.

        Raises:
            Limited: `model.busy`, with `retry_after` in seconds.
        """
        wait_s = self.expected_s(kind, account_id)
        if wait_s > deadline_s or self.waiting >= MOST_WAITING:
            raise busy(wait_s - deadline_s)

    @asynccontextmanager
    async def turn(self, kind: Kind, account_id: int, deadline_s: float) -> AsyncIterator[Turn]:
        """Wait for a place, hold it for the block, and give it back.

        Raises:
            Limited: as ``check``, and where the wait has become longer than ``deadline_s`` after all.
        """
        self.check(kind, account_id, deadline_s)
        turn = Turn(kind, account_id, self._now())
        self._turns.add(turn)
        self._give()
        try:
            try:
                async with asyncio.timeout(deadline_s):
                    await turn.granted
            except TimeoutError:
                raise busy(self.expected_s(kind, account_id)) from None
            yield turn
            turn.is_whole = True
        finally:
            self._leave(turn)

    def _leave(self, turn: Turn) -> None:
        if not self._turns.remove(turn):
            self._running.discard(turn)
            self._turns.end(turn)
            self._slots.free(turn.slot)
            self._learn(turn)
        self._give()

    def _learn(self, turn: Turn) -> None:
        """A call that was left, or failed, says only that it would have taken at least so long."""
        more_s = self._now() - turn.began_s - self._taking_s[turn.kind]
        if turn.is_whole or more_s > 0:
            self._taking_s[turn.kind] += LEARNS * more_s

    def _give(self) -> None:
        """Give the places that are free to those whose turn it is."""
        closed = BACKGROUND if self._lag is not None and self._lag.is_high else NONE
        while self._turns.peek(closed) is not None:
            slot = self._slots.take()
            if slot is None:
                self._look_again()
                return
            turn = self._turns.next(closed)
            assert turn is not None
            turn.slot, turn.began_s = slot, self._now()
            self._running.add(turn)
            if not turn.granted.done():
                turn.granted.set_result(None)
        self._slots.want(False)

    def _look_again(self) -> None:
        """Another process holds the place that is wanted here, and cannot tell when it is free."""
        if self._slots.free_here and self._looks is None:
            self._looks = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _look(self) -> None:
        self._looks = None
        self._give()

    def close(self) -> None:
        """Give up every place; whoever still waits is on the way out."""
        if self._looks is not None:
            self._looks.cancel()
        self._slots.close()


def busy(wait_s: float) -> Limited:
    return Limited("model.busy", retry_after=min(max(math.ceil(wait_s), 1), LONGEST_RETRY_S))
