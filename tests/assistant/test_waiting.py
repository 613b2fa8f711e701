"""Jobs that need a model wait for it shortly: while they wait, other jobs wait with them."""

from __future__ import annotations

import pytest

from weft.assistant.calls import EmbedFor
from weft.assistant.understanding import CalledEmbedder
from weft.infra.db import Db
from weft.infra.engine.answers import Vector
from weft.kernel.errors import Limited

LONG_MS = 30_000
"""For so long no mail, no scheduled post and no entry in the books may wait for the index."""
BATCHES = 10


class Closed:
    """Calls that let nobody in."""

    def __init__(self) -> None:
        self.asked: list[EmbedFor] = []

    async def embed(self, call: EmbedFor) -> tuple[Vector, object]:
        self.asked.append(call)
        raise Limited("model.busy", retry_after=3)


async def test_one_run_of_a_job_waits_once_and_not_for_long(db: Db) -> None:
    calls = Closed()
    embedder = CalledEmbedder(db, calls, "m")
    for _ in range(BATCHES):
        with pytest.raises(Limited) as refused:
            await embedder.embed(["a post"], 0)
        assert refused.value.values["retry_after"] == 3
    (call,) = calls.asked
    assert call.kind == "background" and 0 < call.deadline_ms < LONG_MS


async def test_people_are_asked_for_each_time(db: Db) -> None:
    calls = Closed()
    embedder = CalledEmbedder(db, calls, "m")
    for account_id in (0, 64, 64):
        with pytest.raises(Limited):
            await embedder.embed(["a question"], account_id)
    assert [call.account_id for call in calls.asked] == [0, 64, 64]
