"""What lies behind one post: how it was typed, every revision, the thread around it."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.accounts.model import Account
from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Forbidden, NotFound
from weft.mastodon import entities as e
from weft.mastodon.cards import preview_card
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import PostEntry
from weft.mastodon.presenter import raw
from weft.media.model import Media
from weft.media.service import load_media
from weft.posts.model import Post, Version
from weft.posts.service import ANYONES_REACH, USERS_REACH, load_versions
from weft.relationships.model import Visibility
from weft.timelines.model import Viewer


class TranslateParams(msgspec.Struct, kw_only=True):
    lang: str | None = None


class StatusSource(msgspec.Struct):
    id: str
    text: str
    spoiler_text: str


class EditedPollOption(msgspec.Struct):
    title: str


class EditedPoll(msgspec.Struct):
    options: list[EditedPollOption]


class StatusEdit(msgspec.Struct, kw_only=True):
    """One revision, for the document; ``account`` is sent as encoded already."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: e.Account
    poll: EditedPoll | None
    media_attachments: list[e.MediaAttachment]
    emojis: list[e.CustomEmoji]
    quote: e.Quote | None


class Translation(msgspec.Struct, kw_only=True):
    content: str
    spoiler_text: str
    language: str
    detected_source_language: str
    provider: str
    media_attachments: list[e.MediaAttachment] = []


class _Revision(msgspec.Struct, kw_only=True):
    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: msgspec.Raw
    poll: EditedPoll | None
    media_attachments: list[e.MediaAttachment]
    emojis: list[e.CustomEmoji]
    quote: None = None


async def _seen(call: Call[Mastodon, Any]) -> tuple[PostEntry, Viewer]:
    """The post a route is about: of a repost what it reposts."""
    viewer = await call.app.viewers.get(call.viewer_id)
    entry = await call.app.presenter.require(call.id(), viewer)
    return entry.inner or entry, viewer


async def source(call: Call[Mastodon, None]) -> Response:
    """A post as it was typed."""
    entry, _ = await _seen(call)
    return as_json(StatusSource(str(entry.id), entry.post.text, entry.post.summary))


async def context(call: Call[Mastodon, None]) -> Response:
    """What a post answers, and what answers it."""
    app = call.app
    entry, viewer = await _seen(call)
    reach = USERS_REACH if viewer.id is not None else ANYONES_REACH
    up, down = await app.timelines.threads.around(entry.post, reach)
    visible = app.presenter.visible
    above = [one for one in await app.presenter.load(up) if visible(one, viewer)] if up else []
    below = [one for one in await app.presenter.load(down) if visible(one, viewer)] if down else []
    ancestors = await app.presenter.statuses(above, viewer) if above else b"[]"
    descendants = await app.presenter.statuses(below, viewer) if below else b"[]"
    return Response(200, b'{"ancestors":%b,"descendants":%b}' % (ancestors, descendants))


async def history(call: Call[Mastodon, None]) -> Response:
    """Every revision, oldest first, the current one last."""
    app = call.app
    entry, _ = await _seen(call)
    async with app.db.read() as reader:
        versions = await load_versions(reader, entry.post.id) or [_current(entry)]
        media = await load_media(reader, list({id_ for version in versions for id_ in version.media_ids}))
    mentioned = [one.account for one in await app.presenter.load_accounts(entry.post.mentions)]
    return as_json([_revision(app, entry, version, _Attached(mentioned, media)) for version in versions])


class _Attached(msgspec.Struct, frozen=True):
    """What the revisions of a post refer to."""

    mentioned: list[Account]
    media: dict[int, Media]


def _revision(app: Mastodon, entry: PostEntry, version: Version, attached: _Attached) -> _Revision:
    shaper, media = app.presenter.shaper, attached.media
    post = msgspec.structs.replace(entry.post, text=version.text, summary=version.summary)
    words = dict(zip(version.media_ids, version.media_descriptions, strict=False))
    shown = [
        msgspec.structs.replace(media[id_], description=words.get(id_, media[id_].description) or None)
        for id_ in version.media_ids
        if id_ in media
    ]
    return _Revision(
        content=shaper.content(post, attached.mentioned),
        spoiler_text=version.summary,
        sensitive=version.sensitive,
        created_at=rfc3339(version.made_ms),
        account=raw(entry.author.body),
        poll=EditedPoll([EditedPollOption(one) for one in version.poll_options]) if version.poll_options else None,
        media_attachments=[shaper.media(one) for one in shown],
        emojis=shaper.emojis_in(version.text, version.summary, *version.poll_options),
    )


def _current(entry: PostEntry) -> Version:
    """The only revision of a post that was never edited; alt texts are those of the attachments."""
    post: Post = entry.post
    return Version(
        text=post.text,
        summary=post.summary,
        sensitive=post.sensitive,
        media_ids=post.media_ids,
        media_descriptions=(),
        poll_options=entry.poll.options if entry.poll is not None else (),
        made_ms=post.edited_ms or post.created_ms,
    )


async def translate(call: Call[Mastodon, TranslateParams]) -> Response:
    """A post in the language that was asked for, or in one's own, where the assistant's model can do it."""
    app = call.app
    entry, _ = await _seen(call)
    post = (entry.inner or entry).post
    if post.visibility > Visibility.UNLISTED:
        raise Forbidden("action.forbidden")
    if app.assistant is None or not app.assistant.translator.directions():
        raise NotFound("record.absent")
    asker = await app.assistant.asker(call.user_id)
    target = (call.params.lang or asker.language).lower()[:2]
    done = await app.assistant.translator.translate(asker, post.id, target)
    # A warning stands before the text, in its first line, as it was sent; where the lines were run together, nothing
    # tells what stands behind it, and it is shown as it was written.
    summary, break_, text = done.text.partition("\n") if post.summary else ("", "", done.text)
    if post.summary and not break_:
        summary, text = post.summary, done.text
    mentioned = [one.account for one in await app.presenter.load_accounts(post.mentions)]
    shown = msgspec.structs.replace(post, text=text, summary=summary)
    return as_json(
        Translation(
            content=app.presenter.shaper.content(shown, mentioned),
            spoiler_text=summary,
            language=target,
            detected_source_language=done.source,
            provider=done.provider,
        )
    )


async def card(call: Call[Mastodon, None]) -> Response:
    """What the post's link leads to; nothing where it has none, or none yet."""
    entry, _ = await _seen(call)
    shown = (entry.inner or entry).card
    return as_json(preview_card(shown, call.app.presenter.addresses) if shown is not None else None)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/v1/statuses/:id/source",
        handler=source,
        auth=Auth.USER,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=StatusSource,
        summary="A post as it was typed",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id/history",
        handler=history,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=list[StatusEdit],
        summary="Every revision of a post",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id/context",
        handler=context,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=e.Context,
        summary="The thread around a post",
        tag="statuses",
    ),
    Route(
        method="POST",
        path="/api/v1/statuses/:id/translate",
        handler=translate,
        auth=Auth.USER,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=SMALL_BODY,
        params=TranslateParams,
        returns=Translation,
        refusals=(503,),
        gives_up=True,
        summary="A post in another language",
        tag="statuses",
    ),
    Route(
        method="GET",
        path="/api/v1/statuses/:id/card",
        handler=card,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        returns=e.PreviewCard | None,
        summary="The preview of a post's link",
        tag="statuses",
    ),
)
