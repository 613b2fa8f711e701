"""Lists and their members. What is read in a list's timeline is in ``timelines``."""

from __future__ import annotations

from functools import partial

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, link_header, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import NotFound
from weft.kernel.ids import parse_id
from weft.kernel.paging import Page
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.relationships import require_account
from weft.timelines import model
from weft.timelines.model import RepliesPolicy
from weft.timelines.service import (
    ListEdit,
    add_members,
    create_list,
    delete_list,
    edit_list,
    lists_with,
    load_lists,
    members_page,
    remove_members,
    require_list,
)

_MEMBERS = (40, 80)
_ALL = 5000
"""What ``limit=0`` gives: everybody, up to this many."""
_MOST_AT_ONCE = 1000


class List(msgspec.Struct):
    id: str
    title: str
    replies_policy: str
    exclusive: bool


class ListParams(msgspec.Struct):
    title: str | None = None
    replies_policy: RepliesPolicy | None = None
    exclusive: bool | None = None

    def edit(self) -> ListEdit:
        return ListEdit(title=self.title, replies_policy=self.replies_policy, exclusive=self.exclusive)


class MembersParams(msgspec.Struct):
    account_ids: list[str] = []

    def ids(self) -> list[int]:
        """The accounts that are named.

        Raises:
            NotFound: one of them cannot be an account.
        """
        found = [parse_id(text) for text in self.account_ids[:_MOST_AT_ONCE]]
        if None in found:
            raise NotFound("record.absent")
        return [id_ for id_ in found if id_ is not None]


def present_list(found: model.List) -> List:
    return List(str(found.id), found.title, found.replies_policy, found.exclusive)


async def list_lists(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        return as_json([present_list(each) for each in await load_lists(reader, call.user_id)])


async def list_lists_with(call: Call[Mastodon, None]) -> Response:
    """One's own lists that an account is on."""
    member = await require_account(call.app, call.id())
    async with call.app.db.read() as reader:
        return as_json([present_list(each) for each in await lists_with(reader, call.user_id, member.id)])


async def show(call: Call[Mastodon, None]) -> Response:
    async with call.app.db.read() as reader:
        return as_json(present_list(await require_list(reader, call.user_id, call.id())))


async def create(call: Call[Mastodon, ListParams]) -> Response:
    return as_json(present_list(await create_list(call.app.db, call.user_id, call.params.edit())))


async def update(call: Call[Mastodon, ListParams]) -> Response:
    return as_json(present_list(await edit_list(call.app.db, call.user_id, call.id(), call.params.edit())))


async def delete(call: Call[Mastodon, None]) -> Response:
    await delete_list(call.app.db, call.user_id, call.id())
    return as_json({})


async def list_members(call: Call[Mastodon, PageParams]) -> Response:
    page = Page(_ALL) if call.params.limit == 0 else page_from(call.params, *_MEMBERS)
    async with call.app.db.read() as reader:
        listed = await require_list(reader, call.user_id, call.id())
        found = await members_page(reader, listed.id, page)
    headers = [] if call.params.limit == 0 else link_header(call, call.app.settings.url, found)
    return Response(200, await call.app.presenter.accounts(found.items), headers=headers)


async def add(call: Call[Mastodon, MembersParams]) -> Response:
    await add_members(call.app.db, call.user_id, call.id(), call.params.ids())
    return as_json({})


async def remove(call: Call[Mastodon, MembersParams]) -> Response:
    await remove_members(call.app.db, call.user_id, call.id(), call.params.ids())
    return as_json({})


_READ, _WRITE = ("read:lists",), ("write:lists",)
_get = partial(Route, method="GET", auth=Auth.USER, scopes=_READ, sees=Sees.OWN, rate=API, body=0, tag="lists")
_write = partial(Route, auth=Auth.USER, scopes=_WRITE, sees=Sees.OWN, rate=API, body=SMALL_BODY, tag="lists")
_LISTS = "/api/v1/lists"
_ONE = f"{_LISTS}/:id"

ROUTES: tuple[Route, ...] = (
    _get(path=_LISTS, handler=list_lists, returns=list[List]),
    _get(path=_ONE, handler=show, returns=List),
    _get(path="/api/v1/accounts/:id/lists", handler=list_lists_with, returns=list[List]),
    _get(path=f"{_ONE}/accounts", handler=list_members, params=PageParams, returns=list[e.Account]),
    _write(method="POST", path=_LISTS, handler=create, params=ListParams, returns=List),
    _write(method="PUT", path=_ONE, handler=update, params=ListParams, returns=List),
    _write(method="PATCH", path=_ONE, handler=update, params=ListParams, returns=List),
    _write(method="DELETE", path=_ONE, handler=delete, returns=e.Empty),
    _write(method="POST", path=f"{_ONE}/accounts", handler=add, params=MembersParams, returns=e.Empty),
    _write(method="DELETE", path=f"{_ONE}/accounts", handler=remove, params=MembersParams, returns=e.Empty),
)
