"""Our own engine for the tests that need the real one; without the models they are skipped, with the reason."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from weft.infra.engine.client import Models
from weft.infra.engine.files import why_off
from weft.infra.engine.process import LocalEngines
from weft.infra.http import Fetcher
from weft.kernel.clock import Clock


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A data folder whose models are checked and converted once for all tests."""
    with tempfile.TemporaryDirectory(prefix="weft-engine-") as folder:
        yield Path(folder)


@pytest.fixture
async def engines(prepared: Path) -> AsyncIterator[LocalEngines]:
    if reason := why_off():
        pytest.skip(f"no engine here: {reason}")
    made = LocalEngines(prepared, Clock(), idle_s=120)
    yield made
    await made.aclose()


@pytest.fixture
async def models() -> AsyncIterator[Models]:
    fetcher = Fetcher(frozenset(), None, "weft-test")
    made = Models(fetcher)
    yield made
    await made.aclose()
    await fetcher.aclose()
