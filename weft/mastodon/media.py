"""Uploads and what may be changed of them."""

from __future__ import annotations

import msgspec

from weft.infra.admit import API, MEDIA
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import Invalid
from weft.kernel.ids import MediaId
from weft.kernel.text.clean import clean_text
from weft.mastodon.context import Mastodon
from weft.mastodon.entities import Empty, MediaAttachment
from weft.media.model import Media
from weft.media.service import (
    MAX_CAPTIONS_BYTES,
    MAX_UPLOAD,
    NewMedia,
    load_media,
    remove_captions,
    require_own,
    set_captions,
    update_media,
)

_PROCESSING, _PARTIAL = 202, 206


class UploadParams(msgspec.Struct, kw_only=True):
    description: str | None = None
    focus: str | None = None


def parse_focus(text: str | None) -> tuple[float, float] | None:
    """``"x,y"``, each between -1 and 1.

    Raises:
        Invalid: it is anything else.
    """
    if not text:
        return None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid("media.focus", field="focus") from None
    if not (-1.0 <= x <= 1.0 and -1.0 <= y <= 1.0):
        raise Invalid("media.focus", field="focus")
    return x, y


def _cleaned(description: str | None) -> str | None:
    return clean_text(description) if description is not None else None


async def _upload(call: Call[Mastodon, UploadParams], *, wait: bool) -> Media:
    file = call.files.get("file")
    if file is None or not file.data:
        raise Invalid("media.blank", field="file")
    new = NewMedia(
        account_id=call.user_id,
        data=file.data,
        description=_cleaned(call.params.description),
        focus=parse_focus(call.params.focus),
    )
    return await call.app.workshop.upload(new, wait=wait)


async def upload(call: Call[Mastodon, UploadParams]) -> Response:
    media = await _upload(call, wait=False)
    return as_json(call.app.presenter.shaper.media(media), 200 if media.state == "ready" else _PROCESSING)


async def upload_v1(call: Call[Mastodon, UploadParams]) -> Response:
    return as_json(call.app.presenter.shaper.media(await _upload(call, wait=True)))


async def show(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        media = await require_own(reader, call.user_id, MediaId(call.id()))
    if media.state == "failed":
        raise Invalid("media.broken", field="file")
    return as_json(call.app.presenter.shaper.media(media), 200 if media.state == "ready" else _PARTIAL)


async def update(call: Call[Mastodon, UploadParams]) -> Response:
    """Describe an attachment before it is posted."""
    id_ = MediaId(call.id())
    async with call.app.db.read() as reader:
        media = await require_own(reader, call.user_id, id_)
    if media.post_id is not None:
        raise Invalid("media.in_use")
    await update_media(
        call.app.db,
        call.user_id,
        id_,
        description=_cleaned(call.params.description),
        focus=parse_focus(call.params.focus),
    )
    async with call.app.db.read() as reader:
        media = (await load_media(reader, (id_,)))[id_]
    return as_json(call.app.presenter.shaper.media(media))


async def remove(call: Call[Mastodon, None]) -> Response:
    await call.app.workshop.remove(call.user_id, MediaId(call.id()))
    return as_json(Empty())


class CaptionsParams(msgspec.Struct, kw_only=True):
    language: str


class DropCaptionsParams(msgspec.Struct, kw_only=True):
    language: str = ""


async def put_captions(call: Call[Mastodon, CaptionsParams]) -> Response:
    """Give a film or sound captions, before it is posted or after."""
    file = call.files.get("file")
    if file is None or not file.data:
        raise Invalid("media.blank", field="file")
    app, whose = call.app, (call.user_id, MediaId(call.id()))
    media = await set_captions(app.db, app.blobs, whose, call.params.language, file.data)
    return as_json(app.presenter.shaper.media(media))


async def drop_captions(call: Call[Mastodon, DropCaptionsParams]) -> Response:
    app, whose = call.app, (call.user_id, MediaId(call.id()))
    media = await remove_captions(app.db, app.blobs, whose, call.params.language)
    return as_json(app.presenter.shaper.media(media))


ROUTES = (
    Route(
        method="POST",
        path="/api/v2/media",
        handler=upload,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=MEDIA,
        body=MAX_UPLOAD,
        params=UploadParams,
        returns=MediaAttachment,
        statuses=(200, 202),
        tag="media",
        summary="Upload a file",
    ),
    Route(
        method="POST",
        path="/api/v1/media",
        handler=upload_v1,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=MEDIA,
        body=MAX_UPLOAD,
        params=UploadParams,
        returns=MediaAttachment,
        tag="media",
        summary="Upload a file and wait for it",
    ),
    Route(
        method="GET",
        path="/api/v1/media/:id",
        handler=show,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=MediaAttachment,
        statuses=(200, 206),
        tag="media",
    ),
    Route(
        method="PUT",
        path="/api/v1/media/:id",
        handler=update,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=API,
        body=SMALL_BODY,
        params=UploadParams,
        returns=MediaAttachment,
        tag="media",
    ),
    Route(
        method="DELETE",
        path="/api/v1/media/:id",
        handler=remove,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=Empty,
        tag="media",
    ),
    Route(
        method="POST",
        path="/api/weft/v1/media/:id/captions",
        handler=put_captions,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=MEDIA,
        body=MAX_CAPTIONS_BYTES + SMALL_BODY,
        params=CaptionsParams,
        returns=MediaAttachment,
        style=Style.WEFT,
        files=("file",),
        tag="media",
        summary="Give a film or sound captions as WebVTT",
    ),
    Route(
        method="DELETE",
        path="/api/weft/v1/media/:id/captions",
        handler=drop_captions,
        auth=Auth.USER,
        scopes=("write:media",),
        sees=Sees.OWN,
        rate=API,
        body=SMALL_BODY,
        params=DropCaptionsParams,
        returns=MediaAttachment,
        style=Style.WEFT,
        tag="media",
        summary="Take captions away, of one language or all",
    ),
)
