"""People, and a dispatcher that carries out what they cause."""

from __future__ import annotations

import pytest

from tests.notifications.support import World
from weft.infra.db import Db


@pytest.fixture
async def world(db: Db) -> World:
    made = World(db)
    for name in ("ann", "bob", "cat"):
        await made.join(name)
    await made.settle()
    return made
