"""The staff's part of ``/api/weft/v1/assistant``: what happened in moderation, and what the models were shown to do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import msgspec

from weft.accounts.service import require_staff
from weft.admin.abilities import Ability, Classifier, abilities_shape, classifier_shape
from weft.admin.digest import ModerationDigest, load_digest
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


async def list_abilities(call: Call[Admin, None]) -> Response:
    """Each capability with its scores, their bars, its model, and when it was checked."""
    await _require_staff(call)
    return as_json(abilities_shape(call.app.capabilities))


async def list_classifiers(call: Call[Admin, None]) -> Response:
    """What suggests posts to the moderators, and how well it did with decisions that it had not seen."""
    await _require_staff(call)
    async with call.app.db.read() as reader:
        learnt = await load_learnt(reader)
    return as_json([classifier_shape(each) for each in learnt])


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
        path="/api/weft/v1/assistant/capabilities",
        handler=list_abilities,
        returns=list[Ability],
        summary="What the models were shown to be able to do, for the staff",
    ),
    _staff(
        path="/api/weft/v1/assistant/classifiers",
        handler=list_classifiers,
        returns=list[Classifier],
        summary="What suggests posts to the moderators, and how well, for the staff",
    ),
)
