"""What the staff announces to everyone: list, dismiss, react."""

from __future__ import annotations

from functools import partial

import msgspec
import regex
from msgspec import UNSET, UnsetType

from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Invalid
from weft.kernel.text.entities import find_entities, tag_key
from weft.kernel.text.render import render_post
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.notifications import service
from weft.notifications.service import dismiss_announcement, load_announcements

# One grapheme that is drawn as a picture: an emoji, a flag or a key.
_EMOJI = regex.compile(r"(?=.*(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{RI}|\u20e3))\X", regex.DOTALL)
_MAX_EMOJI = 64


class ReactionEntity(msgspec.Struct, kw_only=True):
    name: str
    count: int
    me: bool
    url: str | UnsetType = UNSET
    static_url: str | UnsetType = UNSET


class AnnouncementEntity(msgspec.Struct, kw_only=True):
    id: str
    content: str
    starts_at: str | None
    ends_at: str | None
    all_day: bool
    published_at: str
    updated_at: str
    read: bool
    mentions: list[e.Mention] = []
    statuses: list[e.Empty] = []
    tags: list[e.StatusTag]
    emojis: list[e.CustomEmoji]
    reactions: list[ReactionEntity]


class ListParams(msgspec.Struct):
    with_dismissed: bool = False


async def list_all(call: Call[Mastodon, ListParams]) -> Response:
    app = call.app
    async with app.db.read() as reader:
        found = await load_announcements(
            reader, call.user_id, app.clock.now_ms(), with_dismissed=call.params.with_dismissed
        )
    return as_json([_present(app, each) for each in found])


def _present(app: Mastodon, found: service.Announcement) -> AnnouncementEntity:
    at, shaper = app.presenter.addresses, app.presenter.shaper
    entities = find_entities(found.text)
    custom = {emoji.shortcode: emoji for emoji in app.presenter.emojis}
    return AnnouncementEntity(
        id=str(found.id),
        content=render_post(found.text, mentions={}, tag_base=at.tag_base, entities=entities),
        starts_at=rfc3339(found.starts_ms) if found.starts_ms is not None else None,
        ends_at=rfc3339(found.ends_ms) if found.ends_ms is not None else None,
        all_day=found.all_day,
        published_at=rfc3339(found.published_ms),
        updated_at=rfc3339(found.updated_ms),
        read=found.read,
        tags=[e.StatusTag(tag_key(tag.name), at.tag(tag.name)) for tag in entities.tags],
        emojis=shaper.emojis_in(found.text),
        reactions=[_reaction(one.name, one.count, custom.get(one.name), mine=one.mine) for one in found.reactions],
    )


def _reaction(name: str, count: int, custom: e.CustomEmoji | None, *, mine: bool) -> ReactionEntity:
    return ReactionEntity(
        name=name,
        count=count,
        me=mine,
        url=custom.url if custom is not None else UNSET,
        static_url=custom.static_url if custom is not None else UNSET,
    )


async def dismiss(call: Call[Mastodon, None]) -> Response:
    await dismiss_announcement(call.app.db, call.user_id, call.id())
    return as_json({})


async def react(call: Call[Mastodon, None]) -> Response:
    name = call.path["name"]
    if not is_reaction(name, {emoji.shortcode for emoji in call.app.presenter.emojis}):
        raise Invalid("announcement.reaction", field="name")
    await service.react(call.app.db, call.user_id, call.id(), name)
    return as_json({})


async def unreact(call: Call[Mastodon, None]) -> Response:
    await service.unreact(call.app.db, call.user_id, call.id(), call.path["name"])
    return as_json({})


def is_reaction(name: str, custom: set[str]) -> bool:
    """Whether it is one emoji, or one of the server's own by its short code."""
    return name in custom or (len(name) <= _MAX_EMOJI and _EMOJI.fullmatch(name) is not None)


_ROUTE = partial(Route, auth=Auth.USER, rate=API, tag="announcements")
_write = partial(_ROUTE, sees=Sees.OWN, body=SMALL_BODY, returns=e.Empty)
_ALL = "/api/v1/announcements"
_REACTION = f"{_ALL}/:id/reactions/:name"

ROUTES: tuple[Route, ...] = (
    _ROUTE(
        method="GET",
        path=_ALL,
        handler=list_all,
        scopes=("read",),
        sees=Sees.PUBLIC,
        body=0,
        params=ListParams,
        returns=list[AnnouncementEntity],
    ),
    _write(method="POST", path=f"{_ALL}/:id/dismiss", handler=dismiss, scopes=("write:accounts",)),
    _write(method="PUT", path=_REACTION, handler=react, scopes=("write:favourites",)),
    _write(method="DELETE", path=_REACTION, handler=unreact, scopes=("write:favourites",)),
)
