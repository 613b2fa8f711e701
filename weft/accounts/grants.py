"""Grants kept in memory: what a secret's text permits, bounded, and let go of when its access ends anywhere. A hit is
one look-up by the text itself, because it happens on every request. What is looked up is the keeper's own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict

from weft.accounts.events import AccessEnded, AccountStateChanged, UserChanged
from weft.accounts.secrets import bucket_in, digest
from weft.infra.db import Db
from weft.infra.routing.table import Grant
from weft.infra.signals import Signals
from weft.kernel.ids import AccountId

CACHED = 100_000
SECOND_TURNS = 64
DAY_MS = 86_400_000
PROBLEMS = {"active": "", "unconfirmed": "login.unconfirmed", "pending": "login.pending", "disabled": "login.disabled"}


class Entry:
    """A cached grant; ``used`` is set by each hit and cleared when the day is noted."""

    __slots__ = ("grant", "used", "used_day")

    def __init__(self, grant: Grant, used_day: int) -> None:
        self.grant = grant
        self.used_day = used_day
        self.used = True


class Grants(ABC):
    """Implements ``routing.table.Authenticate``; call ``listen`` once and ``note_use`` now and then."""

    def __init__(self, db: Db, *, cached: int = CACHED) -> None:
        self._db = db
        self._cached = cached
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._by_account: dict[AccountId, set[str]] = {}
        self._changes = 0

    @abstractmethod
    async def _find(self, bucket: int, hashed: bytes, today: int) -> Entry | None:
        """What the secret with this hash permits now; None where it opens nothing."""

    @abstractmethod
    async def _mark(self, today: int, grants: list[Grant]) -> None:
        """Store that these were used today."""

    async def __call__(self, text: str) -> Grant | None:
        entry = self._entries.get(text)
        if entry is not None:
            entry.used = True
            return entry.grant
        return await self._load(text)

    def listen(self, signals: Signals) -> None:
        """Let go of grants whose rights change, in this process or another."""
        signals.on(AccessEnded, self.access_ended)
        signals.on(AccountStateChanged, lambda event: self._drop_account(event.account_id))
        signals.on(UserChanged, lambda event: self._drop_account(event.account_id))
        signals.on_reset(self.clear)

    def access_ended(self, event: AccessEnded) -> None:
        if event.account_id is not None:
            self._drop_account(event.account_id)
        elif event.token_id:
            self._changes += 1
            self._drop([text for text, entry in self._entries.items() if entry.grant.token_id == event.token_id])

    def clear(self) -> None:
        self._changes += 1
        self._entries.clear()
        self._by_account.clear()

    async def note_use(self) -> None:
        """Store, at most once a day each, which secrets and people were here."""
        today = self._db.clock.now_ms() // DAY_MS
        fresh = [entry for entry in self._entries.values() if entry.used and entry.used_day < today]
        for start in range(0, len(fresh), 1000):
            batch = fresh[start : start + 1000]
            await self._mark(today, [entry.grant for entry in batch])
            for entry in batch:
                entry.used_day, entry.used = today, False

    async def _load(self, text: str) -> Grant | None:
        bucket = bucket_in(text)
        if bucket is None:
            return None
        changes = self._changes
        entry = await self._find(bucket, digest(text), self._db.clock.now_ms() // DAY_MS)
        if entry is None:
            return None
        # What was read before a change arrived may be out of date: it serves this request and is not kept.
        if changes == self._changes:
            self._keep(text, entry)
        return entry.grant

    def _keep(self, text: str, entry: Entry) -> None:
        if len(self._entries) >= self._cached:
            self._make_room()
        self._entries[text] = entry
        if entry.grant.account_id is not None:
            self._by_account.setdefault(entry.grant.account_id, set()).add(text)

    def _make_room(self) -> None:
        """Drop the oldest that nobody used since the last look; the used get a second turn."""
        today = self._db.clock.now_ms() // DAY_MS
        for _ in range(SECOND_TURNS):
            text, entry = next(iter(self._entries.items()))
            if not entry.used:
                break
            # A use that is not yet stored stays marked, so that it is stored before the entry may go.
            entry.used = entry.used_day < today
            self._entries.move_to_end(text)
        self._drop([next(iter(self._entries))])

    def _drop_account(self, account_id: AccountId) -> None:
        self._changes += 1
        self._drop(list(self._by_account.get(account_id, ())))

    def _drop(self, texts: list[str]) -> None:
        for text in texts:
            entry = self._entries.pop(text, None)
            account_id = entry.grant.account_id if entry is not None else None
            if account_id is None:
                continue
            texts_left = self._by_account.get(account_id, set())
            texts_left.discard(text)
            if not texts_left:
                self._by_account.pop(account_id, None)
