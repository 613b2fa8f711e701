"""What waits for the moderators, at a glance: how much, since when, and which reports are about the same.

Reports that are alike are put together by the words or the meaning of the posts that they name, and shown by a quote
of one of these. Nothing is written that nobody wrote, and nothing is decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from weft.assistant.extract import Matrix, nearness_of, overlap_of
from weft.assistant.vectors import Floats
from weft.kernel.ids import AccountId

MOST_GROUPS: Final = 10
LONGEST_QUOTE: Final = 200
NEAR_WORDS: Final = 0.35
NEAR_MEANING: Final = 0.6
DAY_MS: Final = 24 * 3_600_000


class Open(msgspec.Struct, frozen=True):
    """A report that waits, with the texts of the posts that it names."""

    id: int
    account_id: AccountId
    category: str
    created_ms: int
    comment: str
    texts: tuple[str, ...]
    automatic: bool = False


class Group(msgspec.Struct, frozen=True):
    """Reports about the same: their posts are alike, or of one account."""

    reports: list[int]
    accounts: int
    quote: str


class Digest(msgspec.Struct, frozen=True):
    waiting: int
    automatic: int
    today: int
    """That came within a day."""
    categories: dict[str, int]
    oldest: int
    """The report that waits longest; 0 for none."""
    oldest_hours: int
    most_reported: list[tuple[int, int]]
    """Accounts with more than one open report, and how many."""
    groups: list[Group]


def digest_of(reports: Sequence[Open], now_ms: int, vectors: Floats | None = None) -> Digest:
    """The digest of the reports that wait. ``vectors`` are of ``text_of`` each; without them words are compared."""
    oldest = min(reports, key=lambda report: report.created_ms, default=None)
    accounts = Counter(int(report.account_id) for report in reports)
    return Digest(
        waiting=len(reports),
        automatic=sum(report.automatic for report in reports),
        today=sum(now_ms - report.created_ms < DAY_MS for report in reports),
        categories=dict(Counter(report.category for report in reports).most_common()),
        oldest=oldest.id if oldest else 0,
        oldest_hours=(now_ms - oldest.created_ms) // 3_600_000 if oldest else 0,
        most_reported=[(account, count) for account, count in accounts.most_common(MOST_GROUPS) if count > 1],
        groups=_groups(reports, vectors),
    )


def text_of(report: Open) -> str:
    """What a report is about: its posts, or, where it names none, what its reporter says."""
    return "\n".join(report.texts) or report.comment


def _groups(reports: Sequence[Open], vectors: Floats | None) -> list[Group]:
    told = [at for at, report in enumerate(reports) if text_of(report).strip()]
    if len(told) < 2:
        return []
    near: Matrix = (
        nearness_of(vectors[told]) if vectors is not None else overlap_of([text_of(reports[at]) for at in told])
    )
    alike = near >= (NEAR_MEANING if vectors is not None else NEAR_WORDS)
    groups: list[Group] = []
    left = set(range(len(told)))
    # The one that most others are like first: its text is the quote.
    for row in np.argsort(-alike.sum(axis=1), kind="stable").tolist():
        members = [column for column in range(len(told)) if column in left and alike[row, column]]
        if row not in left or len(members) < 2:
            continue
        left.difference_update(members)
        found = [reports[told[member]] for member in members]
        quote = " ".join(text_of(reports[told[row]]).split())[:LONGEST_QUOTE]
        groups.append(Group([report.id for report in found], len({report.account_id for report in found}), quote))
    return sorted(groups, key=lambda group: -len(group.reports))[:MOST_GROUPS]
