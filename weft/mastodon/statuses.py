"""Posts one by one: write, show, edit, delete. What lies behind one is in ``status_parts``."""

from __future__ import annotations

import msgspec

from weft.infra.admit import API, DELETE, POST
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import Invalid, NotFound, WeftError
from weft.kernel.ids import MediaId, parse_id
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.post_requests import (
    CreateParams,
    EditParams,
    author_of,
    draft_of,
    due_of,
    edit_of,
    limits_of,
)
from weft.mastodon.presenter import raw
from weft.mastodon.scheduled import ScheduledStatus, present_scheduled
from weft.posts.model import UNMARKED, Draft
from weft.posts.service import (
    create_post,
    delete_post,
    edit_post,
    prepare,
    require_earlier,
    require_earlier_scheduled,
    schedule_post,
    unrepost,
)
from weft.timelines.model import Viewer

POST_BODY = 4 * SMALL_BODY
MOST_AT_ONCE = 20

_encode = msgspec.json.Encoder().encode


class BatchParams(msgspec.Struct, kw_only=True):
    id: list[str] = []


class DeleteParams(msgspec.Struct, kw_only=True):
    delete_media: bool = False


# -------------------------------------------------------------------------------------------------------------- writing


async def create(call: Call[Mastodon, CreateParams]) -> Response:
    """Write a post, or schedule one."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    draft = await draft_of(call, viewer)
    try:
        if call.params.scheduled_at:
            return await _schedule(call, draft, due_of(call.params.scheduled_at))
        return await write(app, viewer, draft)
    except Invalid as error:
        if error.code != "post.unexpected_mentions":
            raise
        accounts = await app.presenter.accounts(error.values["accounts"])  # type: ignore[arg-type]
        text = "Validation failed: The text mentions accounts that were not expected"
        return as_json({"error": text, "unexpected_accounts": raw(accounts)}, 422)


async def write(app: Mastodon, viewer: Viewer, draft: Draft) -> Response:
    """Write a post; the same request again shows what the first one wrote."""
    assert viewer.id is not None
    author = await author_of(app, viewer.id)
    changes = app.presenter.account_changes(author.id)
    try:
        created = await create_post(app.db, await prepare(app.db, author, draft, limits_of(app)))
    except WeftError as error:
        # The same request may have been carried out before, and be refused now for what it used up then.
        earlier = await show_earlier(app, viewer, draft.idempotency_key)
        if earlier is None:
            raise error
        return earlier
    post = created.post
    if created.counts is not None:
        app.presenter.learn(post, created.counts, changes)
        if post.root_id is None:
            viewer.marks[post.id] = UNMARKED
    return Response(200, await app.presenter.show(post.id, viewer))


async def show_earlier(app: Mastodon, viewer: Viewer, key: str) -> Response | None:
    """What an earlier request with this key wrote; None where there was none."""
    if not key or viewer.id is None:
        return None
    try:
        earlier = await require_earlier(app.db, viewer.id, key)
    except NotFound:
        return None
    return Response(200, await app.presenter.show(earlier.id, viewer))


async def _schedule(call: Call[Mastodon, CreateParams], draft: Draft, due_ms: int) -> Response:
    app, user_id, key = call.app, call.user_id, draft.idempotency_key
    author = await author_of(app, user_id)
    try:
        scheduled = await schedule_post(app.db, await prepare(app.db, author, draft, limits_of(app)), due_ms)
    except WeftError as error:
        if not key:
            raise
        try:
            scheduled = await require_earlier_scheduled(app.db, user_id, key)
        except NotFound:
            raise error from None
    return as_json(await present_scheduled(app, scheduled))


async def edit(call: Call[Mastodon, EditParams]) -> Response:
    """Change a post of one's own."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    entry = await app.presenter.require(call.id(), viewer)
    author = await author_of(app, call.user_id)
    await edit_post(app.db, author, entry.post, edit_of(call.params), limits_of(app))
    return Response(200, await app.presenter.show(entry.id, viewer))


async def delete(call: Call[Mastodon, DeleteParams]) -> Response:
    """Delete a post of one's own; the answer holds what is needed to write it anew."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    entry = await app.presenter.require(call.id(), viewer)
    post = entry.post
    if post.author_id != call.user_id:
        raise NotFound("record.absent")
    body = await app.presenter.status(entry, viewer)
    if entry.inner is not None:
        await unrepost(app.db, call.user_id, entry.inner.post)
        return Response(200, body)
    await delete_post(app.db, call.user_id, post)
    if call.params.delete_media:
        for media_id in post.media_ids:
            await app.workshop.remove(call.user_id, MediaId(media_id))
    return Response(200, body[:-1] + b',"text":' + _encode(post.text) + b"}")


# -------------------------------------------------------------------------------------------------------------- reading


async def show(call: Call[Mastodon, None]) -> Response:
    viewer = await call.app.viewers.get(call.viewer_id)
    return Response(200, await call.app.presenter.show(call.id(), viewer))


async def show_many(call: Call[Mastodon, BatchParams]) -> Response:
    """Several posts by id; those that are not there or may not be seen are left out."""
    app = call.app
    if len(call.params.id) > MOST_AT_ONCE:
        raise Invalid("post.too_many_ids", limit=MOST_AT_ONCE)
    viewer = await app.viewers.get(call.viewer_id)
    ids = dict.fromkeys(found for text in call.params.id if (found := parse_id(text)) is not None)
    entries = await app.presenter.load(list(ids))
    shown = [entry for entry in entries if app.presenter.visible(entry, viewer)]
    return Response(200, await app.presenter.statuses(shown, viewer))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/v1/statuses",
        handler=create,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.AUDIENCE,
        rate=POST,
        body=POST_BODY,
        params=CreateParams,
        returns=e.Status | ScheduledStatus,
        summary="Write a post",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses",
        handler=show_many,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=BatchParams,
        returns=list[e.Status],
        summary="Several posts",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id",
        handler=show,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=e.Status,
        summary="One post",
        tag="statuses",
    ),
    Route(
        method="PUT",
        path="/api/v1/statuses/:id",
        handler=edit,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=POST_BODY,
        params=EditParams,
        returns=e.Status,
        summary="Edit a post",
        tag="statuses",
    ),
    Route(
        method="DELETE",
        path="/api/v1/statuses/:id",
        handler=delete,
        auth=Auth.USER,
        scopes=("write:statuses",),
        sees=Sees.OWN,
        rate=DELETE,
        body=SMALL_BODY,
        params=DeleteParams,
        returns=e.Status,
        summary="Delete a post",
        tag="statuses",
    ),
)
