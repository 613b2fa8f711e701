"""The staff's queue of reports, and hiding replies, which authors do for themselves.

A report shows the staff the posts that it names, direct ones included, because somebody who may read them asked them
to look; nothing else of what the staff may not see. Of a chat with the assistant it shows what its owner passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import msgspec

from weft.infra.admit import API
from weft.infra.routing.paging import PageParams, page_from
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Forbidden
from weft.kernel.paging import Paged, page_of_rows
from weft.kernel.text.clean import clean_text
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.instance import Rule, rules
from weft.mastodon.pages import respond
from weft.mastodon.presenter import raw
from weft.moderation.model import Outcome, Passage, Report
from weft.moderation.service import reopen_report, reports_page, require_report, resolve_report
from weft.posts.service import set_hidden
from weft.timelines.model import Viewer

SHOWN, MOST_SHOWN = 20, 40
STAFF = ("owner", "admin", "moderator")


class QueueParams(PageParams, kw_only=True):
    state: Literal["open", "resolved"] = "open"


class NoteParams(msgspec.Struct, kw_only=True):
    note: str
    """Why: it is kept in the record of decisions."""


class ResolveParams(NoteParams, kw_only=True):
    outcome: Outcome = ""
    """Whether the report was right: the judge of posts learns from it."""


class QueuedReport(msgspec.Struct, kw_only=True):
    """For the document; accounts and posts are sent as encoded already."""

    id: str
    state: Literal["open", "resolved"]
    created_at: str
    category: str
    comment: str
    rules: list[Rule]
    reporter: e.Account
    account: e.Account
    posts: list[e.Status]
    gone: list[str]
    """Ids of reported posts that were deleted since."""
    chat: list[Passage]
    """What the reporter passed on of a chat with the assistant, the newest first; nothing once it is resolved."""
    note: str
    """Why it was resolved last."""
    outcome: Outcome
    resolved_at: str | None


class _Queued(msgspec.Struct, kw_only=True):
    id: str
    state: str
    created_at: str
    category: str
    comment: str
    rules: list[Rule]
    reporter: msgspec.Raw
    account: msgspec.Raw
    posts: msgspec.Raw
    gone: list[str]
    chat: tuple[Passage, ...]
    note: str
    outcome: str
    resolved_at: str | None


async def _require_staff(call: Call[Mastodon, Any]) -> Viewer:
    """The caller, who is one of the staff.

    Raises:
        Forbidden: they are not.
    """
    account = await call.app.presenter.account(call.user_id)
    if account.role not in STAFF or account.state != "active":
        raise Forbidden("staff.only")
    return await call.app.viewers.get(call.user_id)


async def list_reports(call: Call[Mastodon, QueueParams]) -> Response:
    """The queue, the newest first."""
    app = call.app
    viewer = await _require_staff(call)
    page = page_from(call.params, SHOWN, MOST_SHOWN)
    async with app.db.read() as reader:
        found = await reports_page(reader, call.params.state, page)
    body = msgspec.json.encode(await _present(app, viewer, found))
    return respond(call, body, Paged((), *page_of_rows([report.id for report in found], page)))


async def show_report(call: Call[Mastodon, None]) -> Response:
    viewer = await _require_staff(call)
    async with call.app.db.read() as reader:
        report = await require_report(reader, call.id())
    return as_json((await _present(call.app, viewer, [report]))[0])


async def resolve(call: Call[Mastodon, ResolveParams]) -> Response:
    """Close a report, saying why and whether it was right."""
    viewer = await _require_staff(call)
    note = clean_text(call.params.note).strip()
    report = await resolve_report(call.app.db, call.user_id, call.id(), note, call.params.outcome)
    return as_json((await _present(call.app, viewer, [report]))[0])


async def reopen(call: Call[Mastodon, NoteParams]) -> Response:
    """Open a closed report again, saying why."""
    viewer = await _require_staff(call)
    report = await reopen_report(call.app.db, call.user_id, call.id(), clean_text(call.params.note).strip())
    return as_json((await _present(call.app, viewer, [report]))[0])


async def _present(app: Mastodon, viewer: Viewer, reports: Sequence[Report]) -> list[_Queued]:
    """All that the reports name is loaded together."""
    presenter = app.presenter
    people = {id_ for report in reports for id_ in (report.reporter_id, report.account_id)}
    accounts = {entry.id: entry.body for entry in await presenter.load_accounts(people)}
    entries = await presenter.load(list({id_ for report in reports for id_ in report.post_ids}))
    posts = {entry.id: entry for entry in entries if not entry.post.deleted}
    known = {rule.id: rule for rule in rules(app.settings)}
    shown = []
    for report in reports:
        there = [posts[id_] for id_ in report.post_ids if id_ in posts]
        shown.append(
            _Queued(
                id=str(report.id),
                state=report.state,
                created_at=rfc3339(report.created_ms),
                category=report.category,
                comment=report.comment,
                rules=[known[id_] for id_ in report.rule_ids if id_ in known],
                reporter=raw(accounts[report.reporter_id]),
                account=raw(accounts[report.account_id]),
                posts=raw(await presenter.statuses(there, viewer)),
                gone=[str(id_) for id_ in report.post_ids if id_ not in posts],
                chat=report.chat,
                note=report.note,
                outcome=report.outcome,
                resolved_at=rfc3339(report.resolved_ms) if report.resolved_ms is not None else None,
            )
        )
    return shown


# ------------------------------------------------------------------------------------------------ hidden replies


async def hide(call: Call[Mastodon, None]) -> Response:
    """Have apps fold a reply to one's own post or thread."""
    return await _set_hidden(call, on=True)


async def unhide(call: Call[Mastodon, None]) -> Response:
    """Show a hidden reply again."""
    return await _set_hidden(call, on=False)


async def _set_hidden(call: Call[Mastodon, None], *, on: bool) -> Response:
    presenter = call.app.presenter
    viewer = await call.app.viewers.get(call.user_id)
    entry = await presenter.require(call.id(), viewer)
    await set_hidden(call.app.db, call.user_id, (entry.inner or entry).post, on=on)
    return Response(200, await presenter.show((entry.inner or entry).id, viewer))


_staff = partial(
    Route,
    auth=Auth.USER,
    sees=Sees.AUDIENCE,
    rate=API,
    style=Style.WEFT,
    refusals=(403,),
    tag="moderation",
)
_hidden = partial(
    Route,
    path="/api/weft/v1/posts/:id/hidden",
    auth=Auth.USER,
    scopes=("write:statuses",),
    sees=Sees.AUDIENCE,
    rate=API,
    body=SMALL_BODY,
    returns=e.Status,
    style=Style.WEFT,
    refusals=(403,),
    tag="statuses",
)
_QUEUE = "/api/weft/v1/reports"
_READ, _WRITE = ("admin:read:reports",), ("admin:write:reports",)

ROUTES: tuple[Route, ...] = (
    _staff(
        method="GET", path=_QUEUE, handler=list_reports, scopes=_READ, body=0, params=QueueParams,
        returns=list[QueuedReport], summary="The queue of reports, for the staff",
    ),
    _staff(
        method="GET", path=f"{_QUEUE}/:id", handler=show_report, scopes=_READ, body=0, returns=QueuedReport,
        summary="One report, for the staff",
    ),
    _staff(
        method="POST", path=f"{_QUEUE}/:id/resolve", handler=resolve, scopes=_WRITE, body=SMALL_BODY,
        params=ResolveParams, returns=QueuedReport, summary="Close a report, saying why and whether it was right",
    ),
    _staff(
        method="POST", path=f"{_QUEUE}/:id/reopen", handler=reopen, scopes=_WRITE, body=SMALL_BODY,
        params=NoteParams, returns=QueuedReport, summary="Open a closed report again, saying why",
    ),
    _hidden(method="POST", handler=hide, summary="Hide a reply to one's own post or thread"),
    _hidden(method="DELETE", handler=unhide, summary="Show a hidden reply again"),
)  # fmt: skip
