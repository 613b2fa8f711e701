"""``/api/weft/v1/ledger``: the end of the books at the end of each day, for everybody.

Whoever keeps a day's hash can tell later whether anything before it was changed. It says nothing of what was booked.
"""

from __future__ import annotations

import msgspec

from weft.infra.admit import API_ADDRESS
from weft.infra.routing.paging import clamp_limit
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.ledger.model import LAST_MS, DayHead
from weft.ledger.service import Ledger

_SHOWN, _MOST_SHOWN = 40, 400


class HeadsParams(msgspec.Struct, kw_only=True):
    limit: int | None = None


class Head(msgspec.Struct, kw_only=True):
    day: str
    entries: int
    """How many there were, from the first."""
    hash: str
    """SHA-256, in hex digits; empty before the first entry."""


def head_shape(head: DayHead) -> Head:
    return Head(day=rfc3339(head.day_ms)[:10], entries=head.number, hash=head.hash.hex())


async def list_heads(call: Call[Ledger, HeadsParams]) -> Response:
    """The last days of UTC, the newest first."""
    limit = clamp_limit(call.params.limit, _SHOWN, _MOST_SHOWN)
    return as_json([head_shape(head) for head in await call.app.heads(LAST_MS, limit)])


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET", path="/api/weft/v1/ledger/heads", handler=list_heads, params=HeadsParams, auth=Auth.NONE,
        scopes=(), sees=Sees.PUBLIC, rate=API_ADDRESS, body=0, style=Style.WEFT, tag="ledger", returns=list[Head],
        summary="The end of the books at the end of each day",
    ),
)  # fmt: skip
