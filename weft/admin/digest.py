"""What waits for the moderators and what happened lately, as the staff reads it: counted and quoted, never made up."""

from __future__ import annotations

from typing import Final

import msgspec

from weft.admin.moderating import open_reports
from weft.assistant.service import digest_of, find_own_id
from weft.infra.db import Db
from weft.kernel.clock import rfc3339
from weft.moderation.service import Happened, load_happened

MOST_COMPARED: Final = 500
"""The newest open reports: those that are counted as waiting, and compared with each other."""
DAY_MS: Final = 24 * 3_600_000
HOUR_MS: Final = 3_600_000


class Suggested(msgspec.Struct, frozen=True):
    """What a classifier put into the queue, and what was decided of such."""

    filed: int
    upheld: int
    unfounded: int


class Lately(msgspec.Struct, frozen=True, kw_only=True):
    days: int
    since: str
    until: str
    filed: int
    filed_before: int
    """In as many days before these."""
    resolved: int
    resolved_before: int
    categories: dict[str, int]
    outcomes: dict[str, int]
    """``upheld``, ``unfounded``, and ``unsaid`` where nobody said."""
    suggested: Suggested
    median_hours: float | None
    """From report to decision; None where nothing was decided."""
    actions: dict[str, int]
    """Everything in the record of decisions, by its name there."""


class Reported(msgspec.Struct, frozen=True):
    account: str
    reports: int


class Alike(msgspec.Struct, frozen=True):
    """Open reports about the same, shown by a quote of one of their posts."""

    reports: list[str]
    accounts: int
    quote: str


class ModerationDigest(msgspec.Struct, frozen=True, kw_only=True):
    waiting: int
    automatic: int
    """Suggested by a classifier."""
    today: int
    categories: dict[str, int]
    oldest: str | None
    oldest_hours: int
    most_reported: list[Reported]
    groups: list[Alike]
    lately: Lately


async def load_digest(db: Db, days: int) -> ModerationDigest:
    now_ms = db.clock.now_ms()
    since_ms = now_ms - days * DAY_MS
    async with db.read() as reader:
        own_id = await find_own_id(reader) or 0
        now = await load_happened(reader, since_ms, now_ms + 1, own_id)
        before = await load_happened(reader, since_ms - days * DAY_MS, since_ms, own_id)
        waiting = digest_of(await open_reports(reader, MOST_COMPARED), now_ms)
    return ModerationDigest(
        waiting=waiting.waiting,
        automatic=waiting.automatic,
        today=waiting.today,
        categories=waiting.categories,
        oldest=str(waiting.oldest) if waiting.oldest else None,
        oldest_hours=waiting.oldest_hours,
        most_reported=[Reported(str(account_id), count) for account_id, count in waiting.most_reported],
        groups=[Alike([str(id_) for id_ in one.reports], one.accounts, one.quote) for one in waiting.groups],
        lately=_lately(now, before, (days, since_ms, now_ms)),
    )


def _lately(now: Happened, before: Happened, span: tuple[int, int, int]) -> Lately:
    days, since_ms, until_ms = span
    became = now.suggested_outcomes
    return Lately(
        days=days,
        since=rfc3339(since_ms),
        until=rfc3339(until_ms),
        filed=now.filed,
        filed_before=before.filed,
        resolved=now.resolved,
        resolved_before=before.resolved,
        categories=dict(now.categories),
        outcomes={outcome or "unsaid": count for outcome, count in now.outcomes.items()},
        suggested=Suggested(now.suggested, became.get("upheld", 0), became.get("unfounded", 0)),
        median_hours=round(now.median_ms / HOUR_MS, 1) if now.median_ms is not None else None,
        actions=dict(now.actions),
    )
