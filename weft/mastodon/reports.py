"""Telling the staff of an account and its posts, or of an answer of the assistant. What becomes of a report is in
``report_queue``.
"""

from __future__ import annotations

import msgspec

from weft.infra.admit import REPORT
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Forbidden, NotFound
from weft.kernel.ids import AccountId, PostId, parse_id
from weft.kernel.text.clean import clean_text
from weft.mastodon import entities as e
from weft.mastodon.context import Mastodon
from weft.mastodon.instance import rules
from weft.mastodon.presenter import raw
from weft.mastodon.relationships import require_account
from weft.moderation.model import MAX_POSTS, Category, Complaint, Passage, Report
from weft.moderation.service import file_report


class ReportParams(msgspec.Struct, kw_only=True):
    account_id: str
    status_ids: list[str] = msgspec.field(default_factory=list)
    comment: str = ""
    forward: bool = False
    category: Category | None = None
    rule_ids: list[str] = msgspec.field(default_factory=list)


class AnswerReportParams(msgspec.Struct, kw_only=True):
    comment: str = ""


class ReportEntity(msgspec.Struct, kw_only=True):
    """For the document; ``target_account`` is sent as encoded already."""

    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    status_ids: list[str] | None
    rule_ids: list[str] | None
    target_account: e.Account


class _Report(msgspec.Struct, kw_only=True):
    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    status_ids: list[str] | None
    rule_ids: list[str] | None
    target_account: msgspec.Raw


async def create(call: Call[Mastodon, ReportParams]) -> Response:
    """Report an account to the staff; of the posts named, its own that the caller may see are taken."""
    app, params = call.app, call.params
    target_id = parse_id(params.account_id)
    if target_id is None:
        raise NotFound("record.absent")
    target = await require_account(app, target_id)
    complaint = Complaint(
        account_id=target.id,
        category=params.category or ("violation" if params.rule_ids else "other"),
        comment=clean_text(params.comment).strip(),
        post_ids=await _posts_of(call, target.id),
        rule_ids=tuple(dict.fromkeys(params.rule_ids)),
        forward=False,  # there is no other server to tell yet
    )
    known = [rule.id for rule in rules(app.settings)]
    report = await file_report(app.db, call.user_id, complaint, known)
    return as_json(_present(report, target.body))


async def _posts_of(call: Call[Mastodon, ReportParams], author_id: AccountId) -> tuple[PostId, ...]:
    """Of the posts that are named those of the account, each once, that the caller may see."""
    viewer = await call.app.viewers.get(call.user_id)
    named = [id_ for text in call.params.status_ids[: MAX_POSTS + 1] if (id_ := parse_id(text)) is not None]
    entries = await call.app.presenter.load(list(dict.fromkeys(named)))
    return tuple(
        entry.post.id
        for entry in entries
        if entry.post.author_id == author_id and call.app.presenter.visible(entry, viewer)
    )


async def report_answer(call: Call[Mastodon, AnswerReportParams]) -> Response:
    """Pass one answer of the assistant and the question before it on to the staff, and nothing else of the chat."""
    app = call.app
    if app.assistant is None:
        raise Forbidden("assistant.off")
    answer = await app.assistant.conversing.shown_answer(call.user_id, call.id(), call.id("turn"))
    asked = await app.assistant.turns.asked(call.user_id, answer)
    target = await require_account(app, (await app.assistant.own.ensure()).id)
    passage = Passage(
        turn_id=str(answer.id),
        asked=asked.text,
        answered="\n".join(line.text for line in answer.lines if line.kind != "quote"),
        quotes=sum(line.kind == "quote" for line in answer.lines),
        model=answer.model,
    )
    comment = clean_text(call.params.comment).strip()
    complaint = Complaint(account_id=target.id, comment=comment, passage=passage)
    return as_json(_present(await file_report(app.db, call.user_id, complaint, ()), target.body))


def _present(report: Report, target: bytes) -> _Report:
    return _Report(
        id=str(report.id),
        action_taken=report.state == "resolved",
        action_taken_at=rfc3339(report.resolved_ms) if report.resolved_ms is not None else None,
        category=report.category,
        comment=report.comment,
        forwarded=report.forwarded,
        created_at=rfc3339(report.created_ms),
        status_ids=[str(id_) for id_ in report.post_ids] or None,
        rule_ids=list(report.rule_ids) or None,
        target_account=raw(target),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/v1/reports",
        handler=create,
        auth=Auth.USER,
        scopes=("write:reports",),
        sees=Sees.AUDIENCE,
        rate=REPORT,
        body=SMALL_BODY,
        params=ReportParams,
        returns=ReportEntity,
        summary="Report an account to the staff",
        tag="reports",
    ),
    Route(
        method="POST",
        path="/api/weft/v1/assistant/chats/:id/turns/:turn/report",
        handler=report_answer,
        auth=Auth.USER,
        scopes=("write:reports",),
        sees=Sees.OWN,
        rate=REPORT,
        body=SMALL_BODY,
        params=AnswerReportParams,
        returns=ReportEntity,
        style=Style.WEFT,
        refusals=(403,),
        summary="Pass an answer of the assistant and its question on to the staff",
        tag="assistant",
    ),
)
