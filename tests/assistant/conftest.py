"""What the tests of finding share: people and posts behind the client API, the handlers, and words as vectors."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from tests.support.town import Person, Town
from weft.assistant import jobs
from weft.assistant.embedding import embed_waiting
from weft.assistant.index import Embedder, Means, Nearness, Understanding
from weft.assistant.vectors import Floats
from weft.infra.db import Db
from weft.infra.events import Event, EventCodec
from weft.infra.outbox import Dispatcher, Handler
from weft.kernel.clock import ManualClock
from weft.kernel.text.terms import fold
from weft.search import jobs as search_jobs

ENGLISH = frozenset({"en"})


class WordVectors:
    """Stands for an engine: texts that share words are near. Which texts it was given is written down."""

    def __init__(self, model: str = "words") -> None:
        self.model = model
        self.read: list[str] = []
        self.asked: list[tuple[str, int]] = []

    async def embed(self, texts: Sequence[str], account_id: int) -> Floats:
        (self.read.extend if account_id == 0 else lambda given: self.asked.extend((t, account_id) for t in given))(
            texts
        )
        vectors = np.full((len(texts), 64), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in fold(text).split():
                vectors[row, zlib.crc32(word.encode()) % 64] += 1
        unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def means_of(embedder: Embedder | None) -> Understanding:
    """A model that passed the check in English alone."""

    async def means() -> Means:
        return Means(embedder, ENGLISH)

    return means


class Village(Town):
    """A town whose dispatcher runs the handlers of the assistant and the search."""

    def __init__(self, db: Db, clock: ManualClock) -> None:
        super().__init__(db, clock)
        handlers: dict[type[Event], list[Handler]] = {}
        for kind, name, handle in (*search_jobs.HANDLERS, *jobs.HANDLERS):
            handlers.setdefault(kind, []).append((name, handle))
        self.dispatcher = Dispatcher(db, EventCodec(list(handlers)), handlers)
        self.embedder = WordVectors()
        self.nearness = Nearness(db)
        self.nearness.listen(self.signals)

    async def index(self) -> int:
        """Let every event have its effects, and the model read what waits; how many posts it read."""
        await self.work()
        return await embed_waiting(self.db, Means(self.embedder, ENGLISH))

    async def indexed(self) -> set[int]:
        async with self.db.read() as reader:
            return set(await reader.values("SELECT post_id FROM post_embeddings  -- all buckets"))

    async def near(self, text: str) -> list[int]:
        """What this worker finds nearest to a text, rights not asked."""
        vector = (await self.embedder.embed([text], 1))[0]
        async with self.db.read() as reader:
            return await self.nearness.nearest(reader, self.embedder.model, vector, 20)


@pytest.fixture
def village(db: Db, clock: ManualClock) -> Village:
    return Village(db, clock)


@pytest.fixture
async def ann(village: Village) -> Person:
    return await village.person("ann")


@pytest.fixture
async def bob(village: Village) -> Person:
    return await village.person("bob")
