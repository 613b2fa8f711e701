"""Our own engine for tests that measure: the real model where it is installed, else the reason for a skip."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from weft.assistant.vectors import Floats
from weft.infra.engine.client import Models
from weft.infra.engine.files import why_off
from weft.infra.engine.model import Usage
from weft.infra.engine.process import LocalEngines
from weft.infra.http import Fetcher
from weft.kernel.clock import Clock


class EngineVectors:
    """The engine without queue and budgets, which other tests are about; what it took is added up."""

    def __init__(self, engines: LocalEngines, models: Models) -> None:
        self._engines = engines
        self._models = models
        self.used: list[Usage] = []

    @property
    def model(self) -> str:
        model = self._engines.model("embed")
        assert model is not None
        return model.name

    async def embed(self, texts: Sequence[str], account_id: int) -> Floats:
        rows, usage = await self._models.embed(await self._engines.endpoint("embed"), texts)
        self.used.append(usage)
        return rows

    def cpu_ms(self) -> float:
        """Of the engine since the last time."""
        used, self.used = self.used, []
        return float(sum(usage.cpu_ms for usage in used))


@asynccontextmanager
async def engine_vectors(folder: Path) -> AsyncIterator[EngineVectors]:
    engines = LocalEngines(folder, Clock())
    if engines.model("embed") is None:
        pytest.skip(f"the embedding model is not installed: {why_off()}")
    models = Models(Fetcher(frozenset(), None, "Weft"))
    try:
        yield EngineVectors(engines, models)
    finally:
        await models.aclose()
        await engines.aclose()
