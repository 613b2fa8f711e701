"""How large the community is: numbers that every app asks for at its start."""

from __future__ import annotations

import msgspec

from weft.accounts.service import count_active_users, count_local_accounts
from weft.infra.db import Db
from weft.kernel.clock import Clock
from weft.posts.service import count_posts


class Counts(msgspec.Struct, frozen=True):
    """How large the community is."""

    users: int
    posts: int
    active_month: int
    active_half_year: int


class Census:
    """Counts the community at most once a minute: the whole tables are looked at for it."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._counts: Counts | None = None
        self._until_ms = 0

    async def counts(self) -> Counts:
        now = self._clock.now_ms()
        if self._counts is None or now >= self._until_ms:
            self._until_ms = now + 60_000  # whoever comes while we count takes the last numbers
            self._counts = await self._count(now // 86_400_000)
        return self._counts

    async def _count(self, day: int) -> Counts:
        async with self._db.read() as reader:
            return Counts(
                await count_local_accounts(reader),
                await count_posts(reader),
                await count_active_users(reader, day - 30),
                await count_active_users(reader, day - 182),
            )
