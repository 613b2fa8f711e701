"""Bringing people: one's invitations as links, and one sent by mail."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec

from weft.accounts.model import Invite
from weft.accounts.service import give_invite, invite_address, list_invites, mail_invite, revoke_invite
from weft.infra.admit import API, INVITE_MAIL
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import NotFound
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon

MOST_USES = 1000
LONGEST_S = 365 * 86_400
WEEK_S = 7 * 86_400


class InviteEntity(msgspec.Struct, kw_only=True):
    id: str
    """The code."""
    url: str
    uses: int
    max_uses: int | None
    expires_at: str | None
    created_at: str


class InviteParams(msgspec.Struct):
    max_uses: Annotated[int, msgspec.Meta(ge=1, le=MOST_USES)] | None = 1
    expires_in: Annotated[int, msgspec.Meta(ge=300, le=LONGEST_S)] | None = WEEK_S
    """Seconds; null for an invitation without end."""


class MailParams(msgspec.Struct):
    email: str


def _present(call: Call[Mastodon, Any], invite: Invite) -> InviteEntity:
    return InviteEntity(
        id=invite.code,
        url=invite_address(call.app.settings, invite.code),
        uses=invite.uses,
        max_uses=invite.max_uses,
        expires_at=rfc3339(invite.expires_ms) if invite.expires_ms is not None else None,
        created_at=rfc3339(invite.created_ms),
    )


async def show_all(call: Call[Mastodon, None]) -> Response:
    """Those that still let somebody in, newest first."""
    async with call.app.db.read() as reader:
        invites = await list_invites(reader, call.user_id, call.app.clock.now_ms())
    return as_json([_present(call, invite) for invite in invites])


async def create(call: Call[Mastodon, InviteParams]) -> Response:
    app, params = call.app, call.params
    invite = await give_invite(app.db, app.settings, call.user_id, max_uses=params.max_uses, lives_s=params.expires_in)
    return as_json(_present(call, invite))


async def send(call: Call[Mastodon, MailParams]) -> Response:
    """Send an invitation for one person to an address."""
    invite = await mail_invite(call.app.db, call.app.settings, call.user_id, call.params.email)
    return as_json(_present(call, invite))


async def revoke(call: Call[Mastodon, None]) -> Response:
    if not await revoke_invite(call.app.db, call.user_id, call.path["id"]):
        raise NotFound("record.absent")
    return as_json({})


_PATH = "/api/weft/v1/invites"
_own = partial(Route, auth=Auth.USER, sees=Sees.OWN, rate=API, style=Style.WEFT, tag="invites")
_write = partial(_own, scopes=("write:accounts",), body=SMALL_BODY)

ROUTES: tuple[Route, ...] = (
    _own(
        method="GET",
        path=_PATH,
        handler=show_all,
        scopes=("read:accounts",),
        body=0,
        returns=list[InviteEntity],
        summary="One's open invitations",
    ),
    _write(
        method="POST", path=_PATH, handler=create, params=InviteParams, returns=InviteEntity, summary="Invite by a link"
    ),
    _write(
        method="POST",
        path=f"{_PATH}/mail",
        handler=send,
        params=MailParams,
        rate=INVITE_MAIL,
        returns=InviteEntity,
        summary="Invite by e-mail",
    ),
    _write(method="DELETE", path=f"{_PATH}/:id", handler=revoke, returns=e.Empty, summary="Take an invitation back"),
)
