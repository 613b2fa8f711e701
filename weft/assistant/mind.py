"""What thinks, put together for one process: calls with their queue and books, what the check allows, and meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from weft.assistant.bars import SERVED_BY
from weft.assistant.calls import Calls
from weft.assistant.capabilities import Capabilities, Gate
from weft.assistant.guard import without_form
from weft.assistant.understanding import Meaning
from weft.assistant.writing import CallWriter
from weft.infra.db import Db
from weft.infra.engine.client import Models
from weft.infra.engine.places import Endpoints
from weft.infra.lag import Lag
from weft.infra.signals import Signals
from weft.kernel.clock import Clock
from weft.kernel.ids import AccountId
from weft.ledger.model import BudgetLeft
from weft.ledger.service import Ledger

QUEUES = "ai-places"


class Mind:
    """The models of one process, as the features may use them."""

    def __init__(self, db: Db, clock: Clock, models: Models, endpoints: Endpoints, folder: Path) -> None:
        self.lag = Lag()
        self.ledger = Ledger(db, clock)
        self.capabilities = Capabilities(db, endpoints)
        self.calls = Calls(
            models, endpoints, self.ledger, Gate(self.capabilities), folder=folder / QUEUES, lag=self.lag
        )
        self.writer = CallWriter(self.calls)
        self.meaning = Meaning(db, self.calls, self.capabilities, endpoints)
        self._endpoints = endpoints
        self._words: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self, signals: Signals) -> None:
        self.capabilities.listen(signals)

    async def start(self) -> None:
        await self.capabilities.load()
        self._tasks = [
            asyncio.create_task(self.capabilities.keep()),
            asyncio.create_task(self.lag.sample_for_ever()),
        ]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.calls.aclose()

    async def specials(self, feature: str) -> Sequence[str]:
        """The control words that the model of a feature has besides those of a known form, by its own file."""
        words = await self._endpoints.special_words(SERVED_BY[feature])
        if words is not self._words[0]:
            self._words = words, without_form(words)
        return self._words[1]

    async def left(self, account_id: AccountId, role: str) -> list[BudgetLeft]:
        """How the budgets of an account stand."""
        return await self.ledger.left(account_id, role, "ai")
