"""What happened in moderation lately and what waits, as the staff reads it: counted and quoted, never made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.admin.moderating import open_reports
from weft.assistant.service import Digest, digest_of, find_own_id
from weft.infra.db import Db
from weft.kernel.clock import rfc3339
from weft.kernel.ids import AccountId
from weft.moderation.service import Happened, load_happened

MOST_COMPARED: Final = 500
"""The newest open reports: those that are counted as waiting, and compared with each other."""
DAY_MS: Final = 24 * 3_600_000
HOUR_MS: Final = 3_600_000


class Counted(msgspec.Struct, frozen=True):
    name: str
    count: int


class Suggestions(msgspec.Struct, frozen=True):
    """What a classifier put into the queue, what was decided of such, and what of it waits."""

    filed: int
    upheld: int
    unfounded: int
    waiting: int


class Named(msgspec.Struct, frozen=True):
    id: str
    acct: str


class Reported(msgspec.Struct, frozen=True):
    account: Named
    reports: int


class Alike(msgspec.Struct, frozen=True):
    """Open reports about the same, shown by a quote of one of their posts."""

    reports: list[str]
    accounts: int
    quote: str


class Oldest(msgspec.Struct, frozen=True):
    report: str
    hours: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    count: int
    suggested: int
    today: int
    categories: list[Counted]
    oldest: Oldest | None
    most_reported: list[Reported]
    alike: list[Alike]


class ModerationDigest(msgspec.Struct, frozen=True, kw_only=True):
    days: int
    since: str
    until: str
    filed: int
    filed_before: int
    """In as many days before these."""
    resolved: int
    resolved_before: int
    categories: list[Counted]
    outcomes: list[Counted]
    """``upheld``, ``unfounded``, and ``unsaid`` where nobody said."""
    suggested: Suggestions
    median_hours: float | None
    """From report to decision; None where nothing was decided."""
    actions: list[Counted]
    """Everything in the record of decisions, by its name there."""
    waiting: Waiting


async def load_digest(db: Db, days: int) -> ModerationDigest:
    now_ms = db.clock.now_ms()
    since_ms = now_ms - days * DAY_MS
    async with db.read() as reader:
        own_id = await find_own_id(reader) or 0
        now = await load_happened(reader, since_ms, now_ms + 1, own_id)
        before = await load_happened(reader, since_ms - days * DAY_MS, since_ms, own_id)
        waiting = digest_of(await open_reports(reader, MOST_COMPARED), now_ms)
        accounts = await load_accounts(reader, [account_id for account_id, _ in waiting.most_reported])
    return ModerationDigest(
        days=days,
        since=rfc3339(since_ms),
        until=rfc3339(now_ms),
        filed=now.filed,
        filed_before=before.filed,
        resolved=now.resolved,
        resolved_before=before.resolved,
        categories=_counted(now.categories),
        outcomes=_counted({outcome or "unsaid": count for outcome, count in now.outcomes.items()}),
        suggested=_suggestions(now, waiting),
        median_hours=round(now.median_ms / HOUR_MS, 1) if now.median_ms is not None else None,
        actions=_counted(now.actions),
        waiting=_waiting(waiting, accounts),
    )


def _suggestions(now: Happened, waiting: Digest) -> Suggestions:
    became = now.suggested_outcomes
    return Suggestions(now.suggested, became.get("upheld", 0), became.get("unfounded", 0), waiting.automatic)


def _waiting(found: Digest, accounts: Mapping[AccountId, Account]) -> Waiting:
    return Waiting(
        count=found.waiting,
        suggested=found.automatic,
        today=found.today,
        categories=_counted(found.categories),
        oldest=Oldest(str(found.oldest), found.oldest_hours) if found.oldest else None,
        most_reported=[
            Reported(Named(str(account.id), account.handle), count)
            for account_id, count in found.most_reported
            if (account := accounts.get(AccountId(account_id))) is not None
        ],
        alike=[Alike([str(id_) for id_ in group.reports], group.accounts, group.quote) for group in found.groups],
    )


def _counted(counts: Mapping[str, int]) -> list[Counted]:
    return [Counted(name, count) for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
