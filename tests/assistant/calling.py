"""A scripted model server behind the calls of the assistant, on a real ledger: what the tests of calls share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tests.support.scripted_model import Behaviour, ScriptedModel, scripted_model
from weft.assistant.calls import CallFor, Calls, Done, EmbedFor
from weft.assistant.turns import Kind
from weft.infra.db import Db
from weft.infra.engine.client import Models
from weft.infra.engine.model import Ask, Bounds, Capability, Delta, Endpoint, Message
from weft.infra.engine.places import Place
from weft.infra.http import Fetcher
from weft.ledger.model import Budget, BudgetLeft, Scope
from weft.ledger.service import Ledger

ANN = (1_767_225_600_000 << 16) | 5 << 6
BOB = ANN + (9 << 6)
QUICK = Bounds(first_s=2, between_s=2, total_s=8)


class Scripted:
    """Where models are served: one scripted server, whose behaviour the test sets."""

    def __init__(self, server: ScriptedModel, slots: int, *, is_own: bool) -> None:
        self.server = server
        self.behaviour: Behaviour = "plain"
        self.slots = slots
        self.is_own = is_own
        self.endpoints_asked = 0
        self.stopped: list[Endpoint] = []

    def place(self, capability: Capability) -> Place | None:
        return Place(self.behaviour, "ab" * 32, self.is_own, self.slots, capability, context=100_000)

    async def endpoint(self, capability: Capability) -> Endpoint:
        self.endpoints_asked += 1
        return Endpoint(self.server.url, self.behaviour, slots=self.slots)

    async def stop(self, endpoint: Endpoint) -> None:
        self.stopped.append(endpoint)


class Passed:
    """Which features passed the check."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    def may(self, feature: str) -> bool:
        return feature not in self.refused


class Office:
    """Calls, and everything around them."""

    def __init__(self, calls: Calls, ledger: Ledger, servers: Scripted, passed: Passed, db: Db) -> None:
        self.calls = calls
        self.ledger = ledger
        self.servers = servers
        self.server = servers.server
        self.passed = passed
        self.db = db

    async def ask(self, account_id: int = ANN, **more: Any) -> tuple[str, Done]:
        """A whole answer and its end."""
        text, end = "", None
        async for piece in self.calls.generate(asking(account_id, **more)):
            if isinstance(piece, Delta):
                text += piece.text
            else:
                end = piece
        assert end is not None
        return text, end

    async def asked(self) -> None:
        """Until the server has been asked something."""
        async with asyncio.timeout(5):
            while not self.server.calls:  # noqa: ASYNC110 - the server is not ours to signal
                await asyncio.sleep(0.005)

    async def budget(self, limit: int, scope: Scope = "account", subject: str = "*") -> None:
        await self.ledger.set_budget(Budget(scope=scope, subject=subject, unit="token", per="day", limit=limit))

    async def left(self, account_id: int = ANN, scope: Scope = "account") -> BudgetLeft:
        await self.calls.settled()
        lefts = await self.ledger.left(account_id, "member", "ai")
        return next(each for each in lefts if (each.scope, each.unit, each.per) == (scope, "token", "day"))

    async def events(self) -> list[dict[str, Any]]:
        """The details of the usage events that are stored, the oldest first."""
        await self.calls.settled()
        async with self.db.read() as reader:
            rows = await reader.rows(
                "SELECT details::jsonb AS details, tokens, meter FROM usage_events WHERE details IS NOT NULL"
                " ORDER BY at_ms, key  -- all buckets"
            )
        return [msgspec.json.decode(row[0]) | {"charged": row[1], "meter": row[2]} for row in rows]

    async def open_holds(self) -> int:
        await self.calls.settled()
        async with self.db.read() as reader:
            return int(await reader.value("SELECT count(*) FROM holds WHERE state = 'open'  -- all buckets"))


def asking(
    account_id: int = ANN,
    text: str = "What do we know?",
    *,
    kind: Kind = "interactive",
    feature: str = "chat",
    max_tokens: int = 50,
    deadline_ms: int = 0,
) -> CallFor:
    ask = Ask((Message("user", text),), max_tokens)
    return CallFor(account_id=account_id, role="member", kind=kind, feature=feature, deadline_ms=deadline_ms, ask=ask)


def embedding(*texts: str, account_id: int = ANN) -> EmbedFor:
    return EmbedFor(account_id=account_id, role="member", kind="interactive", feature="find", texts=texts)


@asynccontextmanager
async def office(db: Db, *, slots: int = 4, bounds: Bounds = QUICK, is_own: bool = True) -> AsyncIterator[Office]:
    async with scripted_model() as server:
        fetcher = Fetcher(frozenset({server.peer}), None, "weft-test", per_host=64)
        models, ledger = Models(fetcher), Ledger(db, db.clock)
        servers, passed = Scripted(server, slots, is_own=is_own), Passed()
        calls = Calls(models, servers, ledger, passed, bounds=bounds)
        try:
            yield Office(calls, ledger, servers, passed, db)
        finally:
            await calls.aclose()
            await models.aclose()
            await fetcher.aclose()
