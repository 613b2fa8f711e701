"""Filters, the current form and the older one with a single keyword per entry."""

from __future__ import annotations

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import NotFound
from weft.kernel.ids import parse_id
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.timelines import model
from weft.timelines.model import FilterAction, FilterContext
from weft.timelines.service import (
    FilterEdit,
    KeywordEdit,
    add_filtered_post,
    add_keyword,
    create_filter,
    delete_filter,
    edit_filter,
    edit_keyword,
    load_filters,
    remove_filtered_post,
    require_filter,
    require_filtered_post,
    require_keyword,
)

_LONGEST_S = 100 * 365 * 86_400


class FilterKeyword(msgspec.Struct):
    id: str
    keyword: str
    whole_word: bool


class FilterStatus(msgspec.Struct):
    id: str
    status_id: str


class FullFilter(e.Filter, kw_only=True):
    keywords: list[FilterKeyword]
    statuses: list[FilterStatus]


class OldFilter(msgspec.Struct, kw_only=True):
    """V1::Filter: one keyword."""

    id: str
    phrase: str
    context: list[str]
    whole_word: bool
    expires_at: str | None
    irreversible: bool


def present_keyword(keyword: model.Keyword) -> FilterKeyword:
    return FilterKeyword(str(keyword.id), keyword.keyword, keyword.whole_word)


def present_post(post: model.FilteredPost) -> FilterStatus:
    return FilterStatus(str(post.id), str(post.post_id))


def present_filter(found: model.Filter) -> FullFilter:
    return FullFilter(
        id=str(found.id),
        title=found.title,
        context=list(found.contexts),
        expires_at=rfc3339(found.expires_ms) if found.expires_ms is not None else None,
        filter_action=found.action,
        keywords=[present_keyword(keyword) for keyword in found.keywords],
        statuses=[present_post(post) for post in found.posts],
    )


def present_old(found: model.Filter, keyword: model.Keyword) -> OldFilter:
    return OldFilter(
        id=str(keyword.id),
        phrase=keyword.keyword,
        context=list(found.contexts),
        whole_word=keyword.whole_word,
        expires_at=rfc3339(found.expires_ms) if found.expires_ms is not None else None,
        irreversible=found.action == "hide",
    )


def _expires_ms(call: Call[Mastodon, FilterParams] | Call[Mastodon, OldParams]) -> int | None | UnsetType:
    """When it ends: unset where nothing was said, None where an empty value asks for no end."""
    seconds = call.params.expires_in
    if seconds is UNSET or seconds is None:
        return seconds
    return call.app.clock.now_ms() + min(max(seconds, 0), _LONGEST_S) * 1000


def _row_id(text: str | None) -> int | None:
    """The id of a row that a client names, or None where it names none.

    Raises:
        NotFound: it can be no id.
    """
    if not text:
        return None
    found = parse_id(text)
    if found is None:
        raise NotFound("record.absent")
    return found


# ---------------------------------------------------------------------------------------------------- filters


class KeywordAttributes(msgspec.Struct, kw_only=True):
    id: str | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    destroy: bool = msgspec.field(default=False, name="_destroy")

    def edit(self) -> KeywordEdit:
        return KeywordEdit(
            id=_row_id(self.id), keyword=self.keyword, whole_word=self.whole_word, destroy=self.destroy
        )  # fmt: skip


class FilterParams(msgspec.Struct, kw_only=True):
    title: str | None = None
    context: list[FilterContext] | None = None
    filter_action: FilterAction | None = None
    expires_in: int | None | UnsetType = UNSET
    keywords_attributes: list[KeywordAttributes] = []


def _edit(call: Call[Mastodon, FilterParams]) -> FilterEdit:
    params = call.params
    return FilterEdit(
        title=params.title,
        contexts=tuple(params.context) if params.context is not None else None,
        action=params.filter_action,
        expires_ms=_expires_ms(call),
        keywords=tuple(keyword.edit() for keyword in params.keywords_attributes),
    )


async def list_filters(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        return as_json([present_filter(each) for each in await load_filters(reader, call.user_id)])


async def show(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        return as_json(present_filter(await require_filter(reader, call.user_id, call.id())))


async def create(call: Call[Mastodon, FilterParams]) -> Response:
    return as_json(present_filter(await create_filter(call.app.db, call.user_id, _edit(call))))


async def update(call: Call[Mastodon, FilterParams]) -> Response:
    return as_json(present_filter(await edit_filter(call.app.db, call.user_id, call.id(), _edit(call))))


async def delete(call: Call[Mastodon, None]) -> Response:
    await delete_filter(call.app.db, call.user_id, call.id())
    return as_json({})


# ---------------------------------------------------------------------------------------------------- keywords


class KeywordParams(msgspec.Struct, kw_only=True):
    keyword: str | None = None
    whole_word: bool | None = None


async def list_keywords(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        found = await require_filter(reader, call.user_id, call.id())
    return as_json([present_keyword(keyword) for keyword in found.keywords])


async def create_keyword(call: Call[Mastodon, KeywordParams]) -> Response:
    edit = KeywordEdit(keyword=call.params.keyword, whole_word=call.params.whole_word)
    return as_json(present_keyword(await add_keyword(call.app.db, call.user_id, call.id(), edit)))


async def show_keyword(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        _, keyword = await require_keyword(reader, call.user_id, call.id())
    return as_json(present_keyword(keyword))


async def update_keyword(call: Call[Mastodon, KeywordParams]) -> Response:
    edit = KeywordEdit(id=call.id(), keyword=call.params.keyword, whole_word=call.params.whole_word)
    return as_json(present_keyword(await edit_keyword(call.app.db, call.user_id, edit)))


async def delete_keyword(call: Call[Mastodon, None]) -> Response:
    await edit_keyword(call.app.db, call.user_id, KeywordEdit(id=call.id(), destroy=True))
    return as_json({})


# ---------------------------------------------------------------------------------------------------- statuses


class FilterStatusParams(msgspec.Struct):
    status_id: str = ""


async def list_statuses(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        found = await require_filter(reader, call.user_id, call.id())
    return as_json([present_post(post) for post in found.posts])


async def create_status(call: Call[Mastodon, FilterStatusParams]) -> Response:
    """Filter one post, which the viewer must be able to see."""
    viewer = await call.app.viewers.get(call.user_id)
    entry = await call.app.presenter.require(_row_id(call.params.status_id) or 0, viewer)
    return as_json(present_post(await add_filtered_post(call.app.db, call.user_id, call.id(), entry.id)))


async def show_status(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        _, post = await require_filtered_post(reader, call.user_id, call.id())
    return as_json(present_post(post))


async def delete_status(call: Call[Mastodon, None]) -> Response:
    await remove_filtered_post(call.app.db, call.user_id, call.id())
    return as_json({})


# ---------------------------------------------------------------------------------------------------- the older form


class OldParams(msgspec.Struct, kw_only=True):
    phrase: str | None = None
    context: list[FilterContext] | None = None
    irreversible: bool | None = None
    whole_word: bool | None = None
    expires_in: int | None | UnsetType = UNSET


def _old_action(params: OldParams) -> FilterAction | None:
    if params.irreversible is None:
        return None
    return "hide" if params.irreversible else "warn"


async def list_old(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        found = await load_filters(reader, call.user_id)
    return as_json([present_old(each, keyword) for each in found for keyword in each.keywords])


async def show_old(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        return as_json(present_old(*await require_keyword(reader, call.user_id, call.id())))


async def create_old(call: Call[Mastodon, OldParams]) -> Response:
    params = call.params
    edit = FilterEdit(
        title=params.phrase,
        contexts=tuple(params.context or ()),
        action=_old_action(params),
        expires_ms=_expires_ms(call),
        keywords=(KeywordEdit(keyword=params.phrase, whole_word=params.whole_word),),
    )
    made = await create_filter(call.app.db, call.user_id, edit)
    return as_json(present_old(made, made.keywords[0]))


async def update_old(call: Call[Mastodon, OldParams]) -> Response:
    params, keyword_id = call.params, call.id()
    async with call.app.db.read() as reader:
        found, _ = await require_keyword(reader, call.user_id, keyword_id)
    edit = FilterEdit(
        contexts=tuple(params.context) if params.context is not None else None,
        action=_old_action(params),
        expires_ms=_expires_ms(call),
        keywords=(KeywordEdit(id=keyword_id, keyword=params.phrase, whole_word=params.whole_word),),
    )
    changed = await edit_filter(call.app.db, call.user_id, found.id, edit)
    return as_json(present_old(changed, next(word for word in changed.keywords if word.id == keyword_id)))


async def delete_old(call: Call[Mastodon, None]) -> Response:
    """Take the keyword away, and the filter when it was the last one and no post is filtered."""
    keyword_id = call.id()
    async with call.app.db.read() as reader:
        found, _ = await require_keyword(reader, call.user_id, keyword_id)
    if len(found.keywords) == 1 and not found.posts:
        await delete_filter(call.app.db, call.user_id, found.id)
    else:
        await edit_keyword(call.app.db, call.user_id, KeywordEdit(id=keyword_id, destroy=True))
    return as_json({})


_READ, _WRITE = ("read:filters",), ("write:filters",)
_get = partial(Route, method="GET", auth=Auth.USER, scopes=_READ, sees=Sees.OWN, rate=API, body=0, tag="filters")
_write = partial(Route, auth=Auth.USER, scopes=_WRITE, sees=Sees.OWN, rate=API, body=SMALL_BODY, tag="filters")
_ALL, _OLD = "/api/v2/filters", "/api/v1/filters"
_ONE, _OLD_ONE = f"{_ALL}/:id", f"{_OLD}/:id"
_KEYWORD, _STATUS = f"{_ALL}/keywords/:id", f"{_ALL}/statuses/:id"

ROUTES: tuple[Route, ...] = (
    _get(path=_ALL, handler=list_filters, returns=list[FullFilter]),
    _write(method="POST", path=_ALL, handler=create, params=FilterParams, returns=FullFilter),
    _get(path=_ONE, handler=show, returns=FullFilter),
    _write(method="PUT", path=_ONE, handler=update, params=FilterParams, returns=FullFilter),
    _write(method="PATCH", path=_ONE, handler=update, params=FilterParams, returns=FullFilter),
    _write(method="DELETE", path=_ONE, handler=delete, returns=e.Empty),
    _get(path=f"{_ONE}/keywords", handler=list_keywords, returns=list[FilterKeyword]),
    _write(
        method="POST", path=f"{_ONE}/keywords", handler=create_keyword, params=KeywordParams, returns=FilterKeyword
    ),
    _get(path=_KEYWORD, handler=show_keyword, returns=FilterKeyword),
    _write(method="PUT", path=_KEYWORD, handler=update_keyword, params=KeywordParams, returns=FilterKeyword),
    _write(method="PATCH", path=_KEYWORD, handler=update_keyword, params=KeywordParams, returns=FilterKeyword),
    _write(method="DELETE", path=_KEYWORD, handler=delete_keyword, returns=e.Empty),
    _get(path=f"{_ONE}/statuses", handler=list_statuses, returns=list[FilterStatus]),
    Route(
        method="POST", path=f"{_ONE}/statuses", handler=create_status, auth=Auth.USER, scopes=_WRITE,
        sees=Sees.AUDIENCE, rate=API, body=SMALL_BODY, params=FilterStatusParams, returns=FilterStatus, tag="filters",
    ),
    _get(path=_STATUS, handler=show_status, returns=FilterStatus),
    _write(method="DELETE", path=_STATUS, handler=delete_status, returns=e.Empty),
    _get(path=_OLD, handler=list_old, returns=list[OldFilter]),
    _write(method="POST", path=_OLD, handler=create_old, params=OldParams, returns=OldFilter),
    _get(path=_OLD_ONE, handler=show_old, returns=OldFilter),
    _write(method="PUT", path=_OLD_ONE, handler=update_old, params=OldParams, returns=OldFilter),
    _write(method="PATCH", path=_OLD_ONE, handler=update_old, params=OldParams, returns=OldFilter),
    _write(method="DELETE", path=_OLD_ONE, handler=delete_old, returns=e.Empty),
)  # fmt: skip
