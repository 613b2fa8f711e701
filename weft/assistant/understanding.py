"""By what this community understands meaning at the moment: the embedding model in use, asked on somebody's budget.

The languages are those in which it passed the check; without a model finding goes by words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from weft.accounts.service import load_accounts
from weft.assistant.calls import EmbedFor
from weft.assistant.capabilities import identity_of
from weft.assistant.guard import neutralise
from weft.assistant.index import Means
from weft.assistant.vectors import Floats
from weft.infra.db import Db
from weft.infra.engine.answers import Vector
from weft.infra.engine.model import Capability
from weft.infra.engine.places import Place
from weft.kernel.errors import Limited
from weft.kernel.ids import AccountId

PATIENCE_MS: Final = 1500
"""How long a question waits for its turn before it goes on by words alone."""
JOB_PATIENCE_MS: Final = 20_000
"""How long a job waits: few jobs run at the same time, so all others wait with it."""


class Calls(Protocol):
    async def embed(self, call: EmbedFor) -> tuple[Vector, object]: ...


class Languages(Protocol):
    def embed_languages(self) -> frozenset[str]: ...


class Places(Protocol):
    def place(self, capability: Capability) -> Place | None: ...


class Meaning:
    """``Understanding`` over the calls, the capabilities and the places of models of one process."""

    def __init__(self, db: Db, calls: Calls, languages: Languages, places: Places) -> None:
        self._db = db
        self._calls = calls
        self._languages = languages
        self._places = places

    async def __call__(self) -> Means:
        place = self._places.place("embed")
        if place is None:
            return Means()
        return Means(CalledEmbedder(self._db, self._calls, identity_of(place)), self._languages.embed_languages())


class CalledEmbedder:
    """``Embedder`` through the one way to models; account 0, the community, is asked for when nobody else asks.

    Made for one question, or one run of a job: where the community was refused, it is not asked for again.
    """

    def __init__(self, db: Db, calls: Calls, model: str) -> None:
        self._db = db
        self._calls = calls
        self.model = model
        self._refused: Limited | None = None

    async def embed(self, texts: Sequence[str], account_id: int) -> Floats:
        if self._refused is not None and not account_id:
            raise self._refused
        call = EmbedFor(
            account_id=account_id,
            role=await self._role(account_id),
            kind="interactive" if account_id else "background",
            feature="embed",
            texts=tuple(map(neutralise, texts)),
            deadline_ms=PATIENCE_MS if account_id else JOB_PATIENCE_MS,
        )
        try:
            rows, _ = await self._calls.embed(call)
        except Limited as error:
            self._refused = None if account_id else error
            raise
        return np.asarray(rows, np.float32)

    async def _role(self, account_id: int) -> str:
        """Whose budget it is besides their own; the community has no role."""
        if not account_id:
            return ""
        async with self._db.read() as reader:
            accounts = await load_accounts(reader, [AccountId(account_id)])
        return next((account.role for account in accounts.values()), "")
