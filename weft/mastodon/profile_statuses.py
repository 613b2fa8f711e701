"""What an account posted, as its profile shows it."""

from __future__ import annotations

from weft.infra.admit import API
from weft.infra.db import Db
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import Auth, Call, Response, Route, Sees
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.kernel.text.entities import tag_key
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.pages import page_of_statuses, respond
from weft.posts.service import Authored, authored_posts, pinned_posts
from weft.timelines.service import Candidate, Chunk


class ProfileParams(PageParams, kw_only=True):
    only_media: bool = False
    exclude_replies: bool = False
    exclude_reblogs: bool = False
    pinned: bool = False
    tagged: str = ""


class _Profile:
    """The posts of one account, from SQL: profiles are read far less than homes."""

    def __init__(self, db: Db, account_id: AccountId, wanted: Authored, tag: str) -> None:
        self._db = db
        self._account_id = account_id
        self._wanted = wanted
        self._tag = tag

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        page = Page(count, before, after, upwards)
        async with self._db.read() as reader:
            rows = await authored_posts(reader, self._account_id, self._wanted, page)
        scanned = [Candidate(id_, self._account_id) for id_, _ in rows]
        if not self._tag:
            return Chunk(scanned, scanned)
        with_tag = {id_ for id_, tags in rows if self._tag in map(tag_key, tags)}
        return Chunk([one for one in scanned if one.id in with_tag], scanned)


async def statuses(call: Call[Mastodon, ProfileParams]) -> Response:
    """What an account posted."""
    app, params = call.app, call.params
    account_id = AccountId(call.id())
    if not await app.presenter.load_accounts((account_id,)):
        raise NotFound("record.absent")
    viewer = await app.viewers.get(call.viewer_id)
    if params.pinned:
        return await _pinned(call, account_id)
    wanted = Authored(
        only_media=params.only_media, without_replies=params.exclude_replies, without_reposts=params.exclude_reblogs
    )
    source = _Profile(app.db, account_id, wanted, tag_key(params.tagged.strip().removeprefix("#")))
    body, paged = await page_of_statuses(app, viewer, source, page_from(params, 20, 40), "account")
    return respond(call, body, paged)


async def _pinned(call: Call[Mastodon, ProfileParams], account_id: AccountId) -> Response:
    app = call.app
    viewer = await app.viewers.get(call.viewer_id)
    async with app.db.read() as reader:
        ids = await pinned_posts(reader, account_id)
    shown = [entry for entry in await app.presenter.load(ids) if app.presenter.visible(entry, viewer)]
    return Response(200, await app.presenter.statuses(shown, viewer))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/v1/accounts/:id/statuses",
        handler=statuses,
        auth=Auth.OPTIONAL,
        scopes=("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=ProfileParams,
        returns=list[e.Status],
        summary="What an account posted",
        tag="accounts",
    ),
)
