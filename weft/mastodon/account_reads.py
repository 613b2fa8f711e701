"""Accounts as others see them: by id and by handle, who follows them, whom they follow, whom one might follow.

An account itself is shown to everyone who asks, blocked or not; its lists are empty where one of the two blocks the
other, and for all others where its owner hides them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Literal

import msgspec

from weft.accounts.service import find_by_handle
from weft.infra.admit import API
from weft.infra.db import Reader
from weft.infra.routing.paging import PageParams, clamp_limit, link_header, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, parse_id
from weft.kernel.paging import Page, Paged
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.fragments import AccountEntry
from weft.mastodon.presenter import raw
from weft.mastodon.relationships import people_page, require_account
from weft.relationships.service import Entry, endorsed_page, followers_page, following_page, load_familiar
from weft.timelines.model import Viewer
from weft.timelines.service import active_people, dismiss_suggestion, newest_people, suggest_people

_PEOPLE = (40, 80)
_MOST_ASKED = 40
_MOST_FAMILIAR = 20
_LEGACY_SOURCES = {"friends_of_friends": "past_interactions", "most_interactions": "global"}

LoadPage = Callable[[Reader, AccountId, Page], Awaitable[Paged[Entry]]]


async def show(call: Call[Mastodon, None]) -> Response:
    return Response(200, (await require_account(call.app, call.id())).body)


class ManyParams(msgspec.Struct):
    id: list[str] = []


def _ids(texts: Iterable[str]) -> list[int]:
    """The ids among the texts, each once."""
    return list(dict.fromkeys(id_ for text in texts if (id_ := parse_id(text)) is not None))


async def show_many(call: Call[Mastodon, ManyParams]) -> Response:
    return Response(200, await call.app.presenter.accounts(_ids(call.params.id[:_MOST_ASKED])))


class LookupParams(msgspec.Struct):
    acct: str = ""


async def lookup(call: Call[Mastodon, LookupParams]) -> Response:
    """An account that this server knows; nothing is fetched."""
    username, _, host = call.params.acct.strip().removeprefix("acct:").removeprefix("@").partition("@")
    host = host.lower().rstrip(".")
    settings = call.app.settings
    if host in (settings.domain.lower(), settings.domain.lower().partition(":")[0]):
        host = ""
    async with call.app.db.read() as reader:
        found = await find_by_handle(reader, username, host) if username else None
    if found is None or found.gone:
        raise NotFound("record.absent")
    return Response(200, (await require_account(call.app, found.id)).body)


# ---------------------------------------------------------------------------------------------------- lists of people


async def list_followers(call: Call[Mastodon, PageParams]) -> Response:
    return await _people_of(call, followers_page)


async def list_following(call: Call[Mastodon, PageParams]) -> Response:
    return await _people_of(call, following_page)


async def list_endorsements_of(call: Call[Mastodon, PageParams]) -> Response:
    return await _people_of(call, endorsed_page, hidden_with_collections=False)


async def list_endorsements(call: Call[Mastodon, PageParams]) -> Response:
    async with call.app.db.read() as reader:
        found = await endorsed_page(reader, call.user_id, page_from(call.params, *_PEOPLE))
    return await people_page(call, found)


async def _people_of(
    call: Call[Mastodon, PageParams], load: LoadPage, *, hidden_with_collections: bool = True
) -> Response:
    owner = await require_account(call.app, call.id())
    viewer = await call.app.viewers.get(call.viewer_id)
    hidden = hidden_with_collections and owner.account.hide_collections and owner.id != viewer.id
    if hidden or owner.account.gone or _barred(viewer, owner):
        return as_json([])
    async with call.app.db.read() as reader:
        found = await load(reader, owner.id, page_from(call.params, *_PEOPLE))
    bounds = viewer.bounds
    shown = [
        row.account_id
        for row in found.items
        if row.account_id not in bounds.blocking and row.account_id not in bounds.blocked_by
    ]
    body = await call.app.presenter.accounts(shown)
    return Response(200, body, headers=link_header(call, call.app.settings.url, found))


def _barred(viewer: Viewer, owner: AccountEntry) -> bool:
    return owner.id in viewer.bounds.blocking or owner.id in viewer.bounds.blocked_by


class FamiliarFollowers(msgspec.Struct):
    id: str
    accounts: list[e.Account]


class FamiliarAnswer(msgspec.Struct):
    """``FamiliarFollowers`` with the accounts as they lie encoded."""

    id: str
    accounts: msgspec.Raw


async def familiar_followers(call: Call[Mastodon, ManyParams]) -> Response:
    """Who of those that one follows follow each account too."""
    app = call.app
    viewer = await app.viewers.get(call.user_id)
    owners = await app.presenter.load_accounts(_ids(call.params.id[:_MOST_ASKED]))
    open_ = [owner for owner in owners if not owner.account.hide_collections and not owner.account.gone]
    asked = [owner.id for owner in open_ if not _barred(viewer, owner)]
    async with app.db.read() as reader:
        known = await load_familiar(reader, viewer.following, asked) if viewer.following and asked else {}
    answers = [
        FamiliarAnswer(str(owner.id), raw(await app.presenter.accounts(known.get(owner.id, [])[:_MOST_FAMILIAR])))
        for owner in owners
    ]
    return as_json(answers)


async def identity_proofs(call: Call[Mastodon, None]) -> Response:
    """Nobody has any any more; old apps still ask."""
    await require_account(call.app, call.id())
    return as_json([])


# ---------------------------------------------------------------------------------------------------- finding people


class LimitParams(msgspec.Struct):
    limit: int | None = None


class DirectoryParams(msgspec.Struct):
    limit: int | None = None
    offset: int | None = None
    order: Literal["active", "new"] = "active"
    local: bool = False


async def directory(call: Call[Mastodon, DirectoryParams]) -> Response:
    """Those who want to be found. Only local accounts are known to want that."""
    params = call.params
    viewer = await call.app.viewers.get(call.viewer_id)
    load = newest_people if params.order == "new" else active_people
    async with call.app.db.read() as reader:
        found = await load(reader, max(params.offset or 0, 0), clamp_limit(params.limit, *_PEOPLE))
    bounds = viewer.bounds
    shown = [
        id_
        for id_ in found
        if id_ not in bounds.blocking and id_ not in bounds.blocked_by and id_ not in bounds.muting
    ]  # fmt: skip
    return Response(200, await call.app.presenter.accounts(shown))


class Suggestion(msgspec.Struct):
    source: str
    sources: list[str]
    account: e.Account


class SuggestionAnswer(msgspec.Struct):
    """A ``Suggestion`` with the account as it lies encoded."""

    source: str
    sources: tuple[str, ...]
    account: msgspec.Raw


async def _suggested(call: Call[Mastodon, Any]) -> list[tuple[AccountEntry, str]]:
    viewer = await call.app.viewers.get(call.user_id)
    async with call.app.db.read() as reader:
        found = dict(await suggest_people(reader, viewer, clamp_limit(call.params.limit, *_PEOPLE)))
    entries = await call.app.presenter.load_accounts(found)
    return [(entry, found[entry.id]) for entry in entries if not entry.account.gone]


async def suggestions(call: Call[Mastodon, LimitParams]) -> Response:
    return as_json(
        [
            SuggestionAnswer(_LEGACY_SOURCES[source], (source,), raw(entry.body))
            for entry, source in await _suggested(call)
        ]
    )


async def suggestions_v1(call: Call[Mastodon, LimitParams]) -> Response:
    """The older form: accounts only."""
    return Response(200, b"[" + b",".join([entry.body for entry, _ in await _suggested(call)]) + b"]")


async def dismiss(call: Call[Mastodon, None]) -> Response:
    found = await require_account(call.app, call.id("account_id"))
    await dismiss_suggestion(call.app.db, call.user_id, found.id)
    return as_json({})


_READ, _FOLLOWS = ("read:accounts",), ("read:follows",)
_public = partial(
    Route, method="GET", auth=Auth.OPTIONAL, scopes=_READ, sees=Sees.PUBLIC, rate=API, body=0, tag="accounts"
)
_own = partial(Route, method="GET", auth=Auth.USER, sees=Sees.OWN, rate=API, body=0, tag="accounts")
_ONE = "/api/v1/accounts/:id"

ROUTES: tuple[Route, ...] = (
    _public(path="/api/v1/accounts", handler=show_many, params=ManyParams, returns=list[e.Account]),
    _public(path="/api/v1/accounts/lookup", handler=lookup, params=LookupParams, returns=e.Account),
    _own(
        path="/api/v1/accounts/familiar_followers", handler=familiar_followers, scopes=_FOLLOWS, params=ManyParams,
        returns=list[FamiliarFollowers],
    ),
    _public(path=_ONE, handler=show, returns=e.Account),
    _public(path=f"{_ONE}/followers", handler=list_followers, params=PageParams, returns=list[e.Account]),
    _public(path=f"{_ONE}/following", handler=list_following, params=PageParams, returns=list[e.Account]),
    _public(path=f"{_ONE}/endorsements", handler=list_endorsements_of, params=PageParams, returns=list[e.Account]),
    _own(path=f"{_ONE}/identity_proofs", handler=identity_proofs, scopes=_READ, returns=list[e.Empty]),
    _own(
        path="/api/v1/endorsements", handler=list_endorsements, scopes=_READ, params=PageParams,
        returns=list[e.Account],
    ),
    _own(
        path="/api/v2/suggestions", handler=suggestions, scopes=_READ, params=LimitParams, returns=list[Suggestion]
    ),
    _own(
        path="/api/v1/suggestions", handler=suggestions_v1, scopes=_READ, params=LimitParams, returns=list[e.Account]
    ),
    Route(
        method="DELETE", path="/api/v1/suggestions/:account_id", handler=dismiss, auth=Auth.USER,
        scopes=("write:accounts", "read:accounts"), sees=Sees.OWN, rate=API, body=SMALL_BODY, returns=e.Empty,
        tag="accounts",
    ),
    _public(path="/api/v1/directory", handler=directory, params=DirectoryParams, returns=list[e.Account]),
)  # fmt: skip
