"""What the operator asks of a seeded community, and the times that its rows are spread over."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from weft.operations.reach import CommandFailed

DAY_MS = 86_400_000
SPAN_MS = 90 * DAY_MS
"""Posts lie within this time before the end."""
BEFORE_MS = 400 * DAY_MS
"""The first account came this long before the first post."""
MOST_ACCOUNTS = 10_000_000
MOST_POSTS = 200_000_000


class SeedPlan(msgspec.Struct, frozen=True, kw_only=True):
    accounts: int
    posts: int
    follows_mean: float = 20.0
    seed: int = 1
    end_ms: int
    append: bool = False


def check_plan(plan: SeedPlan) -> None:
    """Refuse numbers that no community can be made of."""
    if not 0 < plan.accounts <= MOST_ACCOUNTS:
        raise CommandFailed(f"--accounts must be between 1 and {MOST_ACCOUNTS}.")
    if not 0 <= plan.posts <= MOST_POSTS:
        raise CommandFailed(f"--posts must be between 0 and {MOST_POSTS}.")
    if not 0 <= plan.follows_mean < max(plan.accounts, 2):
        raise CommandFailed("--follows-mean must be at least 0 and below the number of accounts.")
    if plan.seed < 0:
        raise CommandFailed("--seed must be 0 or more.")


def read_end(text: str) -> int:
    """Milliseconds of a time such as 2026-01-01T00:00:00Z; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{text!r} is no time such as 2026-01-01T00:00:00Z.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    ms = int(moment.timestamp() * 1000)
    if ms < SPAN_MS + BEFORE_MS:
        raise CommandFailed("--end is too long ago.")
    return ms
