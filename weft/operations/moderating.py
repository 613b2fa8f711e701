"""What the assistant's judging and digest are given from the moderation slice, for commands and for the wiring.

Assistant and moderation stand on one rank and never import each other: here their words are put together.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft import __version__
from weft.accounts.service import load_accounts
from weft.assistant.service import (
    PATIENCE,
    Anything,
    Called,
    Calls,
    Decided,
    Digest,
    Group,
    Open,
    Quality,
    Suspicion,
    Verdict,
    digest_of,
    evaluate,
    opted_out,
    seeds,
)
from weft.infra.db import Db, Reader
from weft.infra.engine.client import Models
from weft.infra.engine.places import Endpoints, model_fetcher
from weft.infra.engine.process import LocalEngines
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.ledger.service import Ledger
from weft.moderation.model import Category, Complaint
from weft.moderation.service import file_report, reports_page
from weft.operations.reach import CommandFailed
from weft.posts.service import load_posts
from weft.settings import Settings

AUTOMATIC = "Automatic"
MOST = 500
VERDICT_OF: dict[Category, Verdict] = {"spam": "spam", "violation": "abuse", "legal": "abuse"}


async def open_reports(reader: Reader, limit: int = MOST) -> list[Open]:
    """The newest reports that wait, with the texts of their posts; ``OpenReports`` of the digest."""
    reports = await reports_page(reader, "open", Page(limit))
    posts = await load_posts(reader, list({id_ for report in reports for id_ in report.post_ids}))
    return [
        Open(
            id=report.id,
            account_id=report.account_id,
            category=report.category,
            created_ms=report.created_ms,
            comment=report.comment,
            texts=tuple(posts[id_].text for id_ in report.post_ids if id_ in posts),
            automatic=report.comment.startswith(AUTOMATIC),
        )
        for report in reports
    ]


async def decisions(reader: Reader, limit: int = MOST) -> list[Decided]:
    """What moderators decided; ``Decisions`` of the judge.

    A report upheld is one whose account is suspended now; one that was closed while account and posts stayed found
    nothing wrong. Posts that are gone teach nothing: why they went is not known.
    """
    reports = await reports_page(reader, "resolved", Page(limit))
    posts = await load_posts(reader, list({id_ for report in reports for id_ in report.post_ids}))
    accounts = await load_accounts(reader, list({report.account_id for report in reports}))
    out = await opted_out(reader, list(accounts))
    found: dict[int, Decided] = {}
    for report in reports:
        account = accounts.get(report.account_id)
        verdict: Verdict | None = VERDICT_OF.get(report.category) if account is None or account.gone else "ok"
        for id_ in report.post_ids if verdict and report.account_id not in out else ():
            if id_ in posts and posts[id_].text.strip():
                found.setdefault(id_, Decided(posts[id_].text, verdict or "ok"))
    return list(found.values())


async def queue_suspicion(db: Db, assistant_id: AccountId, suspicion: Suspicion) -> None:
    """Put a suspicion into the moderators' queue, as a report of the assistant's; ``Queue`` of the judge."""
    category: Category = "violation" if suspicion.verdict == "abuse" else "spam"
    complaint = Complaint(
        account_id=suspicion.account_id, category=category, comment=suspicion.reason, post_ids=suspicion.post_ids
    )
    await file_report(db, assistant_id, complaint, ())


async def digest(db: Db) -> dict[str, object]:
    async with db.read() as reader:
        reports = await open_reports(reader)
    return msgspec.structs.asdict(digest_of(reports, db.clock.now_ms()))


def print_digest(answer: dict[str, object]) -> None:
    found = msgspec.convert(answer, Digest)
    print(f"{found.waiting} reports wait, {found.automatic} of them automatic; {found.today} came within a day.")
    for category, count in found.categories.items():
        print(f"  {category}: {count}")
    if found.oldest:
        print(f"The oldest is {found.oldest}, for {found.oldest_hours} hours.")
    for account, count in found.most_reported:
        print(f"Account {account}: {count} reports")
    _print_groups(found.groups)


def _print_groups(groups: Sequence[Group]) -> None:
    for group in groups:
        print(f"{len(group.reports)} reports of {group.accounts} accounts are alike: {group.quote}")


async def measure_judge(db: Db, settings: Settings) -> dict[str, object]:
    """How the judge does on decisions that it did not see.

    Raises:
        Unavailable: no model that embeds.
    """
    async with db.read() as reader:
        decided = [*seeds(), *await decisions(reader)]
    quality = await _measure(db, settings, decided)
    return {
        "decisions": quality.decisions,
        **{f"of_{name}": count for name, count in quality.counts.items()},
        "right": round(quality.accuracy, 3),
        "shown_to_a_person": quality.queued,
        "precision": round(quality.precision, 3),
        "recall": round(quality.recall, 3),
    }


async def _measure(db: Db, settings: Settings, decided: Sequence[Decided]) -> Quality:
    try:
        endpoints = Endpoints(settings, LocalEngines(settings.folder, db.clock, settings.ai_idle_s))
    except ValueError as error:
        raise CommandFailed(str(error)) from None
    fetcher = model_fetcher(settings, f"Weft/{__version__}")
    models = Models(fetcher)
    calls = Calls(models, endpoints, Ledger(db, db.clock), Anything(), bounds=PATIENCE)
    try:
        vectors = await Called(calls, "embed").embed([one.text for one in decided])
    finally:
        await calls.aclose()
        await models.aclose()
        await fetcher.aclose()
        await endpoints.engines.aclose()
    return evaluate(vectors, [one.verdict for one in decided])
