"""Search over accounts, tags and posts, and the address of a post or profile resolved to exactly that one."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from weft.accounts.service import find_by_handle
from weft.infra.admit import SEARCH
from weft.infra.routing.paging import clamp_limit
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import Unauthenticated
from weft.kernel.ids import MAX_ID, AccountId, parse_id
from weft.mastodon.context import Mastodon
from weft.mastodon.entities import Account, Status
from weft.mastodon.presenter import raw
from weft.mastodon.tags import present_tags
from weft.search.service import SEARCH_MS, PostSearch, search_accounts, search_posts, search_tags
from weft.timelines.model import Viewer


class SearchParams(msgspec.Struct, kw_only=True):
    q: str = ""
    type: Literal["accounts", "hashtags", "statuses", ""] = ""
    resolve: bool = False
    following: bool = False
    account_id: str | None = None
    exclude_unreviewed: bool = False
    limit: int | None = None
    offset: int | None = None
    max_id: str | None = None
    min_id: str | None = None


class SearchResult(msgspec.Struct):
    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[msgspec.Raw]


class Answer(msgspec.Struct):
    accounts: msgspec.Raw
    statuses: msgspec.Raw
    hashtags: object


async def search(call: Call[Mastodon, SearchParams]) -> Response:
    params, app = call.params, call.app
    if call.viewer_id is None and (params.resolve or params.offset):
        raise Unauthenticated("token.invalid")
    viewer = await app.viewers.get(call.viewer_id)
    limit, offset = clamp_limit(params.limit, 20, 40), max(params.offset or 0, 0) if params.type else 0
    text = params.q.strip()
    answer = Answer(raw(b"[]"), raw(b"[]"), [])
    if not text:
        return as_json(answer)
    if text.startswith(("http://", "https://")):
        return as_json(await _resolve(app, viewer, text, params))
    wanted = params.type
    if wanted in ("", "accounts"):
        answer.accounts = raw(await found_accounts(app, viewer, AccountSearch(text, limit, offset, params.following)))
    if wanted in ("", "hashtags"):
        async with app.db.read_within(SEARCH_MS) as reader:
            tags = await search_tags(reader, text, limit, offset)
        answer.hashtags = await present_tags(app, viewer, [name for _, name in tags])
    if wanted in ("", "statuses") and viewer.id is not None:
        answer.statuses = raw(await _found_posts(app, viewer, params, limit, offset))
    return as_json(answer)


class AccountSearch(msgspec.Struct, frozen=True):
    text: str
    limit: int
    offset: int = 0
    following: bool = False


async def found_accounts(app: Mastodon, viewer: Viewer, search: AccountSearch) -> bytes:
    """A JSON array of the accounts that match, without those who and whom the viewer blocked."""
    async with app.db.read_within(SEARCH_MS) as reader:
        ids = await search_accounts(
            reader, search.text, following=list(viewer.following), limit=search.offset + search.limit + 40
        )
    away = viewer.bounds.blocking | viewer.bounds.blocked_by
    shown = [id_ for id_ in ids if id_ not in away and (not search.following or id_ in viewer.following)]
    return await app.presenter.accounts(shown[search.offset : search.offset + search.limit])


async def _found_posts(app: Mastodon, viewer: Viewer, params: SearchParams, limit: int, offset: int) -> bytes:
    assert viewer.id is not None
    author = parse_id(params.account_id) if params.account_id else None
    asked = PostSearch(
        text=params.q,
        viewer_id=viewer.id,
        author_id=AccountId(author) if author is not None else None,
        limit=limit,
        offset=offset,
        before=parse_id(params.max_id or "") or MAX_ID,
        after=parse_id(params.min_id or "") or 0,
    )
    async with app.db.read_within(SEARCH_MS) as reader:
        ids = await search_posts(reader, asked)
    entries = [entry for entry in await app.presenter.load(ids) if app.presenter.visible(entry, viewer)]
    return await app.presenter.statuses(entries, viewer)


async def _resolve(app: Mastodon, viewer: Viewer, url: str, params: SearchParams) -> Answer:
    """The one post or profile that an address of this server names; nothing for others."""
    answer = Answer(raw(b"[]"), raw(b"[]"), [])
    base = app.settings.url
    if not url.startswith(f"{base}/"):
        return answer
    parts = [part for part in urlsplit(url).path.split("/") if part]
    name = (
        parts[0].removeprefix("@")
        if parts and parts[0].startswith("@")
        else parts[1]
        if len(parts) > 1 and parts[0] == "users"
        else ""
    )
    post_id = parse_id(parts[-1]) if len(parts) > 1 else None
    if post_id is not None:
        entries = [entry for entry in await app.presenter.load((post_id,)) if app.presenter.visible(entry, viewer)]
        if params.type in ("", "statuses"):
            answer.statuses = raw(await app.presenter.statuses(entries, viewer))
    elif name and params.type in ("", "accounts"):
        async with app.db.read_within(SEARCH_MS) as reader:
            account = await find_by_handle(reader, name)
        answer.accounts = raw(await app.presenter.accounts([account.id] if account is not None else []))
    return answer


async def search_v1(call: Call[Mastodon, SearchParams]) -> Response:
    """The older form: tags as plain names."""
    response = await search(call)
    document = msgspec.json.decode(response.body)
    document["hashtags"] = [tag["name"] for tag in document["hashtags"]]
    return as_json(document)


class AccountSearchParams(msgspec.Struct, kw_only=True):
    q: str = ""
    limit: int | None = None
    offset: int | None = None
    resolve: bool = False
    following: bool = False


async def account_search(call: Call[Mastodon, AccountSearchParams]) -> Response:
    params = call.params
    viewer = await call.app.viewers.get(call.viewer_id)
    if not params.q.strip():
        return Response(200, b"[]")
    asked = AccountSearch(params.q, clamp_limit(params.limit, 40, 80), max(params.offset or 0, 0), params.following)
    return Response(200, await found_accounts(call.app, viewer, asked))


ROUTES = (
    Route(
        method="GET",
        path="/api/v2/search",
        handler=search,
        auth=Auth.OPTIONAL,
        scopes=("read:search",),
        sees=Sees.AUDIENCE,
        rate=SEARCH,
        body=0,
        params=SearchParams,
        returns=SearchResult,
        summary="Search accounts, tags and posts",
        tag="search",
    ),
    Route(
        method="GET",
        path="/api/v1/search",
        handler=search_v1,
        auth=Auth.OPTIONAL,
        scopes=("read:search",),
        sees=Sees.AUDIENCE,
        rate=SEARCH,
        body=0,
        params=SearchParams,
        summary="Search, the older form",
        tag="search",
    ),
    Route(
        method="GET",
        path="/api/v1/accounts/search",
        handler=account_search,
        auth=Auth.USER,
        scopes=("read:accounts",),
        sees=Sees.PUBLIC,
        rate=SEARCH,
        body=0,
        params=AccountSearchParams,
        returns=list[Account],
        summary="Search accounts",
        tag="accounts",
    ),
)
