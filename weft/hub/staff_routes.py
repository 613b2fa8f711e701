"""``/api/weft/v1/hub/staff``: deciding about requests, for the whole staff; publishing, for owner and admins.

A file comes in pieces of up to 4 MiB, each with the offset at which it goes on, and is accepted by a last call that
names its SHA-256: so a cut line costs one piece, and no upload lies in memory.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from weft.hub.model import Approval, Description, Evaluation, ModelState, RequestState
from weft.hub.service import PUBLISHERS, Hub
from weft.hub.shapes import Day, Piece, StaffModel, StaffRequest, day_shape, staff_model, staff_request
from weft.infra.admit import API
from weft.infra.routing.paging import clamp_limit
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import Invalid
from weft.kernel.ids import MAX_ID, parse_id

PIECE_BYTES = 4 * 1024 * 1024
_TEXTS = 512 * 1024
_SHOWN, _MOST_SHOWN = 40, 200


class QueueParams(msgspec.Struct, kw_only=True):
    state: RequestState = "waiting"
    max_id: str | None = None
    limit: int | None = None


class DecisionParams(msgspec.Struct, kw_only=True):
    reason: str = ""


class ModelParams(msgspec.Struct, kw_only=True):
    name: str
    title: str
    licence: str
    card: str = ""
    licence_text: str = ""
    base: str = ""
    languages: list[str] = []
    tags: list[str] = []
    evaluations: list[Evaluation] = []
    approval: Approval = "manual"


class ChangeParams(msgspec.Struct, kw_only=True):
    state: ModelState | None = None
    approval: Approval | None = None


class PieceParams(msgspec.Struct, kw_only=True):
    at: int = 0
    """Where the piece goes on; 0 begins the file anew."""


class FinishParams(msgspec.Struct, kw_only=True):
    sha256: str


async def _require_publisher(call: Call[Hub, Any]) -> None:
    await call.app.require_staff(call.user_id, PUBLISHERS)


# ---------------------------------------------------------------------------------------------------------- requests


async def list_requests(call: Call[Hub, QueueParams]) -> Response:
    await call.app.require_staff(call.user_id)
    given = call.params
    before = parse_id(given.max_id or "") or MAX_ID
    limit = clamp_limit(given.limit, _SHOWN, _MOST_SHOWN)
    _, found = await call.app.queue(call.path["name"], given.state, before, limit)
    return as_json([staff_request(request) for request in found])


async def show_request(call: Call[Hub, None]) -> Response:
    await call.app.require_staff(call.user_id)
    return as_json(staff_request(await call.app.require_request(call.id())))


async def approve(call: Call[Hub, DecisionParams]) -> Response:
    return await _decide(call, "approved")


async def reject(call: Call[Hub, DecisionParams]) -> Response:
    return await _decide(call, "rejected")


async def _decide(call: Call[Hub, DecisionParams], state: RequestState) -> Response:
    await call.app.require_staff(call.user_id)
    return as_json(staff_request(await call.app.decide(call.user_id, call.id(), state, call.params.reason)))


async def forget(call: Call[Hub, None]) -> Response:
    """Delete what somebody wrote who asks for it."""
    await call.app.require_staff(call.user_id)
    await call.app.forget(call.user_id, call.id())
    return as_json({})


# ------------------------------------------------------------------------------------------------------------ models


async def list_models(call: Call[Hub, None]) -> Response:
    await call.app.require_staff(call.user_id)
    return as_json([staff_model(model) for model in await call.app.models(hidden=True)])


async def publish(call: Call[Hub, ModelParams]) -> Response:
    """Publish a model, or describe it anew; its files come after."""
    await _require_publisher(call)
    given = call.params
    described = Description(
        name=given.name,
        title=given.title,
        licence=given.licence,
        card=given.card,
        licence_text=given.licence_text,
        base=given.base,
        languages=tuple(given.languages),
        tags=tuple(given.tags),
        evaluations=tuple(given.evaluations),
        approval=given.approval,
    )
    return as_json(staff_model(await call.app.publishing.publish(described, None)))


async def change(call: Call[Hub, ChangeParams]) -> Response:
    """Show or hide a model; have requests approved by themselves, or not."""
    await _require_publisher(call)
    name, given = call.path["name"], call.params
    if given.state is not None:
        await call.app.publishing.set_state(name, given.state)
    if given.approval is not None:
        await call.app.publishing.set_approval(name, given.approval)
    return as_json(staff_model(await call.app.require_model(name, hidden=True)))


async def days(call: Call[Hub, None]) -> Response:
    await call.app.require_staff(call.user_id)
    return as_json([day_shape(day) for day in await call.app.days(call.path["name"])])


async def add_piece(call: Call[Hub, PieceParams]) -> Response:
    await _require_publisher(call)
    if call.params.at < 0:
        raise Invalid("param.type", field="at")
    name, file = call.path["name"], call.path["file"]
    return as_json(Piece(await call.app.publishing.add_piece(name, file, call.params.at, call.body)))


async def finish(call: Call[Hub, FinishParams]) -> Response:
    await _require_publisher(call)
    name, file = call.path["name"], call.path["file"]
    return as_json(staff_model(await call.app.publishing.finish(name, file, call.params.sha256)))


async def drop_file(call: Call[Hub, None]) -> Response:
    await _require_publisher(call)
    await call.app.publishing.drop_file(call.path["name"], call.path["file"])
    return as_json({})


_staff = partial(
    Route, auth=Auth.USER, sees=Sees.OWN, rate=API, style=Style.WEFT, refusals=(403, 404), tag="hub"
)  # fmt: skip
_get = partial(_staff, method="GET", scopes=("admin:read",), body=0)
_post = partial(_staff, method="POST", scopes=("admin:write",), body=SMALL_BODY)
_delete = partial(_staff, method="DELETE", scopes=("admin:write",), body=0)
_MODELS, _REQUESTS = "/api/weft/v1/hub/staff/models", "/api/weft/v1/hub/staff/requests"
_FILE = f"{_MODELS}/:name/files/:file"

ROUTES: tuple[Route, ...] = (
    _get(path=_MODELS, handler=list_models, returns=list[StaffModel], summary="All models, hidden ones too"),
    _post(path=_MODELS, handler=publish, params=ModelParams, returns=StaffModel, summary="Publish a model",
          body=_TEXTS),
    _staff(method="PATCH", path=f"{_MODELS}/:name", handler=change, scopes=("admin:write",), body=SMALL_BODY,
           params=ChangeParams, returns=StaffModel, summary="Show, hide, or change how requests are approved"),
    _get(path=f"{_MODELS}/:name/days", handler=days, returns=list[Day], summary="What happened with a model, by day"),
    _get(path=f"{_MODELS}/:name/requests", handler=list_requests, params=QueueParams, returns=list[StaffRequest],
         summary="Requests for a model, the newest first"),
    _post(path=_FILE, handler=finish, params=FinishParams, returns=StaffModel,
          summary="Accept an upload whose pieces are all here"),
    _post(path=f"{_FILE}/pieces", handler=add_piece, params=PieceParams, returns=Piece, body=PIECE_BYTES,
          refusals=(403, 404, 409, 503), summary="A piece of a file, as the body"),
    _delete(path=_FILE, handler=drop_file, summary="Take a file away from a model"),
    _get(path=f"{_REQUESTS}/:id", handler=show_request, returns=StaffRequest, summary="A request"),
    _post(path=f"{_REQUESTS}/:id/approve", handler=approve, params=DecisionParams, returns=StaffRequest,
          refusals=(403, 404, 409), summary="Approve a request"),
    _post(path=f"{_REQUESTS}/:id/reject", handler=reject, params=DecisionParams, returns=StaffRequest,
          refusals=(403, 404, 409), summary="Reject a request, or end an approved one, saying why"),
    _delete(path=f"{_REQUESTS}/:id", handler=forget, summary="Delete what somebody wrote"),
)  # fmt: skip
