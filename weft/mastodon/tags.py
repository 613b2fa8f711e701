"""Tags as the client API shows them, and following and featuring them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from weft.accounts.model import Account
from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, link_header, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.text.entities import tag_key
from weft.mastodon import entities as e
from weft.mastodon.addresses import day
from weft.mastodon.context import Mastodon
from weft.mastodon.relationships import require_account
from weft.timelines.model import Viewer
from weft.timelines.service import (
    NamedTag,
    TagUse,
    check_tag,
    feature_tag,
    follow_tag,
    followed_tags_page,
    load_featured_tags,
    load_tag_history,
    load_used_tags,
    tag_marks,
    unfeature_by_id,
    unfeature_tag,
    unfollow_tag,
)

_DAY_S = 86_400
_FOLLOWED = (100, 200)
_SUGGESTED = 10


class TagHistory(msgspec.Struct):
    """One day: its start in seconds since 1970, and numbers as texts."""

    day: str
    uses: str
    accounts: str


class Tag(msgspec.Struct, kw_only=True):
    id: str
    name: str
    url: str
    history: list[TagHistory]
    following: bool | UnsetType = UNSET
    featuring: bool | UnsetType = UNSET


class FeaturedTag(msgspec.Struct, kw_only=True):
    id: str
    name: str
    url: str
    statuses_count: str
    last_status_at: str | None


def tag_id(key: str) -> str:
    """A number that stands for a tag: tags have no row of their own, and clients want an id."""
    return str(int.from_bytes(hashlib.blake2b(key.encode(), digest_size=7).digest(), "big") or 1)


async def present_tags(app: Mastodon, viewer: Viewer, names: Sequence[str]) -> list[Tag]:
    """Tags with a week of history, in the order of the names; for a user also whether they follow and feature them."""
    keys = {name: tag_key(name) for name in names}
    featured: frozenset[str] = frozenset()
    async with app.db.read() as reader:
        history = await load_tag_history(reader, keys.values(), app.clock.now_ms())
        if viewer.id is not None and keys:
            featured = frozenset(tag.key for tag in await load_featured_tags(reader, viewer.id))
    return [
        Tag(
            id=tag_id(key),
            name=name,
            url=app.presenter.addresses.tag(name),
            history=[TagHistory(str(each.day * _DAY_S), str(each.uses), str(each.accounts)) for each in history[key]],
            following=key in viewer.followed_tags if viewer.id is not None else UNSET,
            featuring=key in featured if viewer.id is not None else UNSET,
        )
        for name, key in keys.items()
    ]


async def _show(call: Call[Mastodon, Any], name: str) -> Response:
    """One tag, with the viewer's marks read from the rows: a change shows at once."""
    viewer = await call.app.viewers.get(call.viewer_id)
    (tag,) = await present_tags(call.app, viewer, (name,))
    if viewer.id is not None:
        async with call.app.db.read() as reader:
            tag.following, tag.featuring = await tag_marks(reader, viewer.id, tag_key(name))
    return as_json(tag)


def _named(call: Call[Mastodon, Any]) -> str:
    """The tag in the path as it is written there.

    Raises:
        NotFound: no post could hold such a tag.
    """
    try:
        return check_tag(call.path["name"])[1]
    except Invalid:
        raise NotFound("record.absent") from None


async def show_tag(call: Call[Mastodon, None]) -> Response:
    return await _show(call, _named(call))


async def follow(call: Call[Mastodon, None]) -> Response:
    return await _show(call, await follow_tag(call.app.db, call.user_id, _named(call)))


async def unfollow(call: Call[Mastodon, None]) -> Response:
    return await _show(call, await unfollow_tag(call.app.db, call.user_id, _named(call)))


async def feature(call: Call[Mastodon, None]) -> Response:
    return await _show(call, (await feature_tag(call.app.db, call.user_id, _named(call))).key)


async def unfeature(call: Call[Mastodon, None]) -> Response:
    return await _show(call, await unfeature_tag(call.app.db, call.user_id, _named(call)))


async def list_followed(call: Call[Mastodon, PageParams]) -> Response:
    async with call.app.db.read() as reader:
        found = await followed_tags_page(reader, call.user_id, page_from(call.params, *_FOLLOWED))
    viewer = await call.app.viewers.get(call.user_id)
    tags = await present_tags(call.app, viewer, [tag.name for tag in found.items])
    for tag in tags:
        tag.following = True
    return as_json(tags, headers=link_header(call, call.app.settings.url, found))


# ---------------------------------------------------------------------------------------------------- featured


class FeatureParams(msgspec.Struct):
    name: str = ""


def _present_featured(app: Mastodon, owner: Account, tag: NamedTag, use: TagUse | None) -> FeaturedTag:
    return FeaturedTag(
        id=str(tag.id),
        name=tag.name,
        url=f"{app.presenter.addresses.profile(owner)}/tagged/{tag.key}",
        statuses_count=str(use.posts if use is not None else 0),
        last_status_at=day(use.last_ms) if use is not None else None,
    )


async def present_featured(app: Mastodon, owner: Account) -> list[FeaturedTag]:
    """The tags on an account's profile, with how its newest public posts use them."""
    async with app.db.read() as reader:
        tags = await load_featured_tags(reader, owner.id)
        used = await load_used_tags(reader, owner.id) if tags else {}
    return [_present_featured(app, owner, tag, used.get(tag.key)) for tag in tags]


async def list_featured(call: Call[Mastodon, None]) -> Response:
    owner = (await require_account(call.app, call.user_id)).account
    return as_json(await present_featured(call.app, owner))


async def list_featured_of(call: Call[Mastodon, None]) -> Response:
    """What another account features; nothing where one of the two blocks the other."""
    owner = (await require_account(call.app, call.id())).account
    viewer = await call.app.viewers.get(call.viewer_id)
    if owner.gone or owner.id in viewer.bounds.blocking or owner.id in viewer.bounds.blocked_by:
        return as_json([])
    return as_json(await present_featured(call.app, owner))


async def add_featured(call: Call[Mastodon, FeatureParams]) -> Response:
    tag = await feature_tag(call.app.db, call.user_id, call.params.name)
    owner = (await require_account(call.app, call.user_id)).account
    async with call.app.db.read() as reader:
        used = await load_used_tags(reader, owner.id)
    return as_json(_present_featured(call.app, owner, tag, used.get(tag.key)))


async def remove_featured(call: Call[Mastodon, None]) -> Response:
    await unfeature_by_id(call.app.db, call.user_id, call.id())
    return as_json({})


async def suggest_featured(call: Call[Mastodon, None]) -> Response:
    """The tags one used most of late and does not feature yet."""
    async with call.app.db.read() as reader:
        used = await load_used_tags(reader, call.user_id)
        featured = {tag.key for tag in await load_featured_tags(reader, call.user_id)}
    unused = sorted((use for key, use in used.items() if key not in featured), key=lambda use: -use.posts)
    viewer = await call.app.viewers.get(call.user_id)
    return as_json(await present_tags(call.app, viewer, [use.name for use in unused[:_SUGGESTED]]))


_get = partial(Route, method="GET", rate=API, body=0, tag="tags")
_post = partial(Route, method="POST", auth=Auth.USER, sees=Sees.OWN, rate=API, body=SMALL_BODY, returns=Tag, tag="tags")
_FOLLOWS, _ACCOUNTS, _READ = ("write:follows",), ("write:accounts",), ("read:accounts",)
_ONE = "/api/v1/tags/:name"
_FEATURED = "/api/v1/featured_tags"

ROUTES: tuple[Route, ...] = (
    _get(path=_ONE, handler=show_tag, auth=Auth.OPTIONAL, scopes=(), sees=Sees.PUBLIC, returns=Tag),
    _post(path=f"{_ONE}/follow", handler=follow, scopes=_FOLLOWS),
    _post(path=f"{_ONE}/unfollow", handler=unfollow, scopes=_FOLLOWS),
    _post(path=f"{_ONE}/feature", handler=feature, scopes=_ACCOUNTS),
    _post(path=f"{_ONE}/unfeature", handler=unfeature, scopes=_ACCOUNTS),
    _get(
        path="/api/v1/followed_tags", handler=list_followed, auth=Auth.USER, scopes=("read:follows",), sees=Sees.OWN,
        params=PageParams, returns=list[Tag],
    ),
    _get(
        path=_FEATURED, handler=list_featured, auth=Auth.USER, scopes=_READ, sees=Sees.OWN, returns=list[FeaturedTag]
    ),
    _get(
        path=f"{_FEATURED}/suggestions", handler=suggest_featured, auth=Auth.USER, scopes=_READ, sees=Sees.OWN,
        returns=list[Tag],
    ),
    Route(
        method="POST", path=_FEATURED, handler=add_featured, auth=Auth.USER, scopes=_ACCOUNTS, sees=Sees.OWN, rate=API,
        body=SMALL_BODY, params=FeatureParams, returns=FeaturedTag, tag="tags",
    ),
    Route(
        method="DELETE", path=f"{_FEATURED}/:id", handler=remove_featured, auth=Auth.USER, scopes=_ACCOUNTS,
        sees=Sees.OWN, rate=API, body=SMALL_BODY, returns=e.Empty, tag="tags",
    ),
    _get(
        path="/api/v1/accounts/:id/featured_tags", handler=list_featured_of, auth=Auth.OPTIONAL, scopes=(),
        sees=Sees.PUBLIC, returns=list[FeaturedTag],
    ),
)  # fmt: skip
