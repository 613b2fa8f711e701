"""``/api/weft/v1/assistant/training_consent``: say whether the community's own model may learn from one's posts."""

from __future__ import annotations

from functools import partial
from typing import Protocol

import msgspec

from weft.assistant.training.consent import Consent as Kept
from weft.assistant.training.consent import consent_of, set_consent
from weft.infra.admit import API
from weft.infra.db import Db
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339


class WithDb(Protocol):
    """What these routes need of whatever serves them."""

    @property
    def db(self) -> Db: ...


class Consent(msgspec.Struct):
    agreed: bool
    since: str | None = None


class ConsentParams(msgspec.Struct, kw_only=True):
    agreed: bool


def _shown(kept: Kept) -> Consent:
    return Consent(kept.agreed, rfc3339(kept.since_ms) if kept.agreed else None)


async def show(call: Call[WithDb, None]) -> Response:
    async with call.app.db.read() as reader:
        return as_json(_shown(await consent_of(reader, call.user_id)))


async def change(call: Call[WithDb, ConsentParams]) -> Response:
    return as_json(_shown(await set_consent(call.app.db, call.user_id, call.params.agreed)))


_own = partial(
    Route,
    path="/api/weft/v1/assistant/training_consent",
    auth=Auth.USER,
    sees=Sees.OWN,
    rate=API,
    style=Style.WEFT,
    returns=Consent,
    tag="assistant",
)

ROUTES: tuple[Route, ...] = (
    _own(
        method="GET",
        handler=show,
        scopes=("read",),
        body=0,
        summary="Whether the community's own model may learn from one's public posts",
    ),
    _own(
        method="POST",
        handler=change,
        scopes=("write",),
        body=1024,
        params=ConsentParams,
        summary="Agree to that, or take it back: from the next training on",
    ),
)
