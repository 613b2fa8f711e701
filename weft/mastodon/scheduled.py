"""Posts that wait for their time."""

from __future__ import annotations

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.paging import Paged, page_of_rows
from weft.mastodon import entities as e
from weft.mastodon import pages
from weft.mastodon.addresses import VISIBILITIES
from weft.mastodon.context import Mastodon
from weft.mastodon.post_requests import due_of
from weft.media.service import load_media
from weft.posts.model import Scheduled
from weft.posts.service import cancel_scheduled, list_scheduled, move_scheduled, require_scheduled


class ScheduledPoll(msgspec.Struct):
    options: list[str]
    expires_in: int
    multiple: bool
    hide_totals: bool


class ScheduledParams(msgspec.Struct, kw_only=True):
    text: str
    poll: ScheduledPoll | None
    media_ids: list[str] | None
    sensitive: bool
    spoiler_text: str
    visibility: str
    in_reply_to_id: int | None
    language: str | None
    application_id: int | None = None
    scheduled_at: None = None
    idempotency: str | None = None
    with_rate_limit: bool = False
    quoted_status_id: str | None
    quote_approval_policy: str


class WeftScheduled(msgspec.Struct):
    reply_policy: str
    in_reply_to_id: str | None
    """As a text: the number in ``params`` is larger than what a browser reads exactly."""


class ScheduledStatus(msgspec.Struct, kw_only=True):
    id: str
    scheduled_at: str
    params: ScheduledParams
    media_attachments: list[e.MediaAttachment]
    weft: WeftScheduled


class MoveParams(msgspec.Struct, kw_only=True):
    scheduled_at: str


async def present_scheduled(app: Mastodon, scheduled: Scheduled) -> ScheduledStatus:
    return (await _present_many(app, [scheduled]))[0]


async def _present_many(app: Mastodon, many: list[Scheduled]) -> list[ScheduledStatus]:
    async with app.db.read() as reader:
        media = await load_media(reader, [id_ for one in many for id_ in one.draft.media_ids])
    shape = app.presenter.shaper.media
    return [
        ScheduledStatus(
            id=str(one.id),
            scheduled_at=rfc3339(one.due_ms),
            params=_params(one),
            media_attachments=[shape(media[id_]) for id_ in one.draft.media_ids if id_ in media],
            weft=WeftScheduled(
                one.draft.reply_policy, str(one.draft.reply_to) if one.draft.reply_to is not None else None
            ),
        )
        for one in many
    ]


def _params(scheduled: Scheduled) -> ScheduledParams:
    draft = scheduled.draft
    poll = draft.poll
    return ScheduledParams(
        text=draft.text,
        poll=ScheduledPoll(list(poll.options), poll.expires_in_s, poll.multiple, poll.hide_totals) if poll else None,
        media_ids=[str(id_) for id_ in draft.media_ids] or None,
        sensitive=draft.sensitive,
        spoiler_text=draft.summary,
        visibility=VISIBILITIES[draft.visibility],
        in_reply_to_id=draft.reply_to,
        language=draft.language or None,
        quoted_status_id=str(draft.quote_of) if draft.quote_of is not None else None,
        quote_approval_policy=draft.quote_policy,
    )


async def index(call: Call[Mastodon, PageParams]) -> Response:
    page = page_from(call.params, 20, 40)
    async with call.app.db.read() as reader:
        found = await list_scheduled(reader, call.user_id, page)
    next_id, prev_id = page_of_rows([one.id for one in found], page)
    body = msgspec.json.encode(await _present_many(call.app, found))
    return pages.respond(call, body, Paged((), next_id, prev_id))


async def show(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        scheduled = await require_scheduled(reader, call.user_id, call.id())
    return as_json(await present_scheduled(call.app, scheduled))


async def move(call: Call[Mastodon, MoveParams]) -> Response:
    """Only the time can change."""
    async with call.app.db.read() as reader:
        scheduled = await require_scheduled(reader, call.user_id, call.id())
    moved = await move_scheduled(call.app.db, scheduled, due_of(call.params.scheduled_at))
    return as_json(await present_scheduled(call.app, moved))


async def cancel(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        scheduled = await require_scheduled(reader, call.user_id, call.id())
    await cancel_scheduled(call.app.db, scheduled)
    return as_json({})


_PATH = "/api/v1/scheduled_statuses"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_PATH,
        handler=index,
        auth=Auth.USER,
        scopes=("read:statuses",),
        sees=Sees.OWN,
        rate=API,
        body=0,
        params=PageParams,
        returns=list[ScheduledStatus],
        summary="Posts that wait",
        tag="scheduled",
    ),
    Route(
        method="GET",
        path=f"{_PATH}/:id",
        handler=show,
        auth=Auth.USER,
        scopes=("read:statuses",),
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=ScheduledStatus,
        summary="One post that waits",
        tag="scheduled",
    ),
    Route(
        method="PUT",
        path=f"{_PATH}/:id",
        handler=move,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.OWN,
        rate=API,
        body=SMALL_BODY,
        params=MoveParams,
        returns=ScheduledStatus,
        summary="Let a post wait until another time",
        tag="scheduled",
    ),
    Route(
        method="DELETE",
        path=f"{_PATH}/:id",
        handler=cancel,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.OWN,
        rate=API,
        body=SMALL_BODY,
        returns=e.Empty,
        summary="Drop a post that waits",
        tag="scheduled",
    ),
)
