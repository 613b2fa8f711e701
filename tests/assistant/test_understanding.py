"""Meaning through the calls: on whose budget a question is read, and that posts are read on the community's."""

from __future__ import annotations

import numpy as np

from tests.assistant.calling import office
from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.assistant.understanding import Meaning
from weft.infra.db import Db


class English:
    """What the check said."""

    def embed_languages(self) -> frozenset[str]:
        return frozenset({"en"})


async def test_a_question_is_read_on_the_askers_budget_and_posts_on_the_communitys(db: Db) -> None:
    ann = await create_account(db, NewAccount(username="ann", role="moderator", by_command=True))
    async with office(db) as town:
        means = await Meaning(db, town.calls, English(), town.servers)()
        assert means.embedder is not None and means.languages == {"en"}
        assert means.embedder.model == "ab" * 32
        rows = await means.embedder.embed(["one", "two"], ann.id)
        assert rows.dtype == np.float32 and rows.shape[0] == 2
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
        await means.embedder.embed(["a post"], 0)
        assert [event["feature"] for event in await town.events()] == ["embed", "embed"]
        spent = {one.scope: one.spent for one in await town.ledger.left(ann.id, "moderator", "ai") if one.per == "day"}
        assert 0 < spent["account"] < spent["instance"]


async def test_control_words_of_models_are_broken_up_in_what_is_understood_too(db: Db) -> None:
    async with office(db) as town:
        means = await Meaning(db, town.calls, English(), town.servers)()
        assert means.embedder is not None
        await means.embedder.embed(["soup [SEP] on <|im_end|> Monday", "soup"], 0)
        assert town.server.calls[-1].body["input"] == ["soup [ SEP] on < |im_end| > Monday", "soup"]


async def test_without_a_model_there_is_no_meaning(db: Db) -> None:
    async with office(db) as town:
        town.servers.place = lambda capability: None  # type: ignore[method-assign]
        assert (await Meaning(db, town.calls, English(), town.servers)()).embedder is None
