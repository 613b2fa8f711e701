"""One worker in this process, wired as a running server wires it: its whole route table, its store and what it asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.house import House, house_on


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(database_url, tmp_path) as made:
        yield made
