"""The staff's part of ``/api/weft/v1/assistant``: what happened in moderation, and what the models were shown to do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import msgspec

from weft.accounts.service import require_staff
from weft.admin.digest import ModerationDigest, load_digest
from weft.admin.scores import Scores, scores_shape
from weft.assistant.service import Capabilities, load_learnt
from weft.infra.admit import API
from weft.infra.db import Db
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, Style, as_json


@dataclass(frozen=True, kw_only=True)
class Admin:
    """``call.app`` of the staff's routes."""

    db: Db
    capabilities: Capabilities


class DigestParams(msgspec.Struct, kw_only=True):
    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7


async def _require_staff(call: Call[Admin, Any]) -> None:
    async with call.app.db.read() as reader:
        await require_staff(reader, call.user_id)


async def show_digest(call: Call[Admin, DigestParams]) -> Response:
    """What waits, and what came and was decided in the last days."""
    await _require_staff(call)
    return as_json(await load_digest(call.app.db, call.params.days))


async def show_scores(call: Call[Admin, None]) -> Response:
    """Each capability and each classifier with its score, its bar, its model, and when that was measured."""
    await _require_staff(call)
    async with call.app.db.read() as reader:
        learnt = await load_learnt(reader)
    return as_json(scores_shape(call.app.capabilities, learnt))


_staff = partial(
    Route,
    method="GET",
    auth=Auth.USER,
    scopes=("admin:read:reports",),
    sees=Sees.AUDIENCE,
    rate=API,
    body=0,
    style=Style.WEFT,
    refusals=(403,),
    tag="moderation",
)

ROUTES: tuple[Route, ...] = (
    _staff(
        path="/api/weft/v1/assistant/digest",
        handler=show_digest,
        params=DigestParams,
        returns=ModerationDigest,
        summary="What happened in moderation lately and what waits, for the staff",
    ),
    _staff(
        path="/api/weft/v1/assistant/scores",
        handler=show_scores,
        returns=Scores,
        summary="What the models and the classifiers were shown to be able to do, for the staff",
    ),
)
