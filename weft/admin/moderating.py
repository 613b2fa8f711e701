"""What the assistant's judge and digest are given of the moderators' work, and how they are told what the judge found.

Assistant and moderation stand on one rank and never import each other: here their words are put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.assistant.service import (
    Decided,
    Judging,
    Open,
    OwnAccount,
    Suspicion,
    Understanding,
    Verdict,
    find_own_id,
    opted_out,
)
from weft.infra.db import Db, Reader
from weft.kernel.ids import PostId
from weft.kernel.paging import Page
from weft.moderation.model import Category, Complaint, Report
from weft.moderation.service import file_report, find_open_report, is_unfounded, named_posts, reports_page
from weft.posts.service import load_posts
from weft.relationships.model import Visibility

VERDICT_OF: Final[Mapping[Category, Verdict]] = {"spam": "spam", "violation": "abuse", "legal": "abuse"}
"""What an upheld report makes of its posts; of other reasons nothing is known."""


async def open_reports(reader: Reader, limit: int) -> list[Open]:
    """The newest reports that wait, with the texts of their posts."""
    reports = await reports_page(reader, "open", Page(limit))
    posts = await load_posts(reader, list({id_ for report in reports for id_ in report.post_ids}))
    own_id = await find_own_id(reader)
    return [
        Open(
            id=report.id,
            account_id=report.account_id,
            category=report.category,
            created_ms=report.created_ms,
            comment=report.comment,
            texts=tuple(posts[id_].text for id_ in report.post_ids if id_ in posts),
            automatic=report.reporter_id == own_id,
        )
        for report in reports
    ]


async def decisions(reader: Reader, limit: int) -> list[Decided]:
    """What moderators decided of public posts, the newest report first; ``Decisions`` of the judge."""
    reports = await reports_page(reader, "resolved", Page(limit))
    posts = await load_posts(reader, list({id_ for report in reports for id_ in report.post_ids}))
    accounts = await load_accounts(reader, list({report.account_id for report in reports}))
    out = await opted_out(reader, list(accounts))
    found: list[Decided] = []
    for report in reports:
        verdict = _verdict_of(report, accounts.get(report.account_id))
        named = [posts[id_] for id_ in report.post_ids if id_ in posts] if verdict else []
        found += [
            Decided(
                post_id=post.id,
                author_id=post.author_id,
                version=post.version,
                text="\n".join(part for part in (post.summary, post.text) if part),
                language=post.language,
                verdict=verdict or "ok",
            )
            for post in named
            if not post.deleted and post.visibility == Visibility.PUBLIC and post.author_id not in out
        ]
    return found


def _verdict_of(report: Report, account: Account | None) -> Verdict | None:
    """What the moderators said; where they did not, a suspension says it. Anything else teaches nothing."""
    match report.outcome:
        case "unfounded":
            return "ok"
        case "upheld":
            return VERDICT_OF.get(report.category)
    is_suspended = account is not None and account.state == "suspended"
    return VERDICT_OF.get(report.category) if is_suspended else None


class Suggesting:
    """``Queue`` of the judge: a report by the assistant's own account, which grows while it is open.

    One that grows by another kind is of no kind from then on: its comment says both, and that it was right teaches
    nothing, for nobody said of which post.
    """

    def __init__(self, own: OwnAccount) -> None:
        self._own = own

    async def __call__(self, db: Db, suspicion: Suspicion) -> Sequence[PostId]:
        async with db.read() as reader:
            known = await named_posts(reader, suspicion.post_ids)
            if await is_unfounded(reader, suspicion.alike):
                return ()
        new = tuple(id_ for id_ in suspicion.post_ids if id_ not in known)
        if new:
            own_id = (await self._own.ensure()).id
            category: Category = "violation" if suspicion.verdict == "abuse" else "spam"
            async with db.read() as reader:
                grows = await find_open_report(reader, own_id, suspicion.account_id)
            if grows is not None and grows.category != category:
                category = "other"
            complaint = Complaint(
                account_id=suspicion.account_id, category=category, comment=suspicion.reason, post_ids=new
            )
            await file_report(db, own_id, complaint, ())
        return new


def open_judging(db: Db, understanding: Understanding, *, on: bool) -> Judging:
    return Judging(understanding, decisions, Suggesting(OwnAccount(db)), on=on)
