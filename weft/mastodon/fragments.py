"""Rendered pieces of accounts and posts, kept in memory and joined into answers.

A status is encoded once, without anything that depends on who reads it; a page joins such pieces with the viewer's
own marks. Events mark an entry stale; the next read loads it again, many at a time. A read that began before the
event cannot make a stale entry fresh: each entry counts its changes.

A cold page of 20 costs about a millisecond of SQL and encoding; the same page warm costs some 20 dictionary look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from weft.accounts.model import Account, AccountCounts
from weft.kernel.ids import AccountId
from weft.posts.model import Poll, Post, PostCounts
from weft.previews.model import Card
from weft.relationships.model import Audience

E = TypeVar("E", "AccountEntry", "PostEntry")

FRESH, RECOUNT, UNKNOWN = 0, 1, 2
"""How stale an entry is: not at all, only its counters, or all of it."""

_ENTRY_OVERHEAD = 2400
"""Bytes that an entry's Python objects take beside its text."""


class AccountEntry:
    """One account: its values and its encoded entity."""

    __slots__ = ("account", "body", "changes", "counts", "counts_at", "id", "limited", "newest", "posted", "stale")

    def __init__(self, id_: int) -> None:
        self.id = AccountId(id_)
        self.account: Account
        self.counts = AccountCounts()
        self.body = b""
        self.counts_at: tuple[int, int] | None = None
        """Where the counters lie in ``body``: their start, and how much follows them; None until somebody asked."""
        self.limited = False
        self.newest = 0
        """The newest post that was heard of."""
        self.posted = 0
        """How many of the changes were posts."""
        self.changes = 0
        self.stale = UNKNOWN

    @property
    def size(self) -> int:
        return _ENTRY_OVERHEAD + len(self.body)

    def spoil(self) -> None:
        self.changes += 1
        self.stale = UNKNOWN

    def recount(self, post_id: int) -> None:
        """A post was written: only the counters are out of date."""
        self.newest = max(self.newest, post_id)
        self.posted += 1
        self.changes += 1
        self.stale = max(self.stale, RECOUNT)


class PostEntry:
    """One post. Its pieces in order: ``head`` (an open object), ``counts``, the author's body, what the viewer adds."""

    __slots__ = (
        "audience",
        "author",
        "card",
        "changes",
        "counts",
        "head",
        "id",
        "inner",
        "missing",
        "plain",
        "plain_author",
        "plain_inner",
        "poll",
        "post",
        "quoted",
        "simple",
        "stale",
        "tally",
        "text",
    )

    def __init__(self, id_: int) -> None:
        self.id = id_
        self.post: Post
        self.author: AccountEntry
        self.audience: Audience
        self.inner: PostEntry | None = None
        """The reposted post, of a repost."""
        self.quoted: PostEntry | None = None
        self.poll: Poll | None = None
        self.card: Card | None = None
        self.tally = PostCounts()
        self.head = b""
        self.counts = b""
        self.plain = b""
        """The whole status for a user who did nothing with it, joined with the author's body ``plain_author`` and, of a
        repost, with ``plain_inner``."""
        self.plain_author: bytes | None = None
        self.plain_inner: bytes | None = None
        self.text = ""
        """Folded text, summary, options and alt texts: what filters are matched against."""
        self.simple = False
        """Neither repost, quote nor poll, anyone may reply and quote: the tail is one of a few constants."""
        self.missing = False
        """No such row: remembered only for the length of one load."""
        self.changes = 0
        self.stale = UNKNOWN

    @property
    def size(self) -> int:
        return _ENTRY_OVERHEAD + 2 * len(self.head) + len(self.text)

    def parts(self) -> tuple[PostEntry, ...]:
        """The post, what it reposts and what that quotes: everything that is read where it is shown."""
        quoted = self.inner.quoted if self.inner is not None else self.quoted
        parts = (self, self.inner, quoted)
        return tuple(one for one in parts if one is not None and not one.missing and one.head)

    def spoil(self) -> None:
        self.changes += 1
        self.stale = UNKNOWN

    def recount(self) -> None:
        self.changes += 1
        self.stale = max(self.stale, RECOUNT)


def words_of(parts: Iterable[PostEntry]) -> str:
    """The folded words of several posts, kept apart so that no phrase runs from one into the next."""
    return " \x1f ".join(one.text for one in parts if one.text)


class Shelf(Generic[E]):
    """Entries by id, bounded by bytes: two generations, the older one dropped when the younger fills its half."""

    def __init__(self, make: Callable[[int], E], limit_bytes: int) -> None:
        self._make: Callable[[int], E] = make
        self._half = limit_bytes // 2
        self._young: dict[int, E] = {}
        self._old: dict[int, E] = {}
        self._bytes = 0

    def get(self, id_: int) -> E | None:
        """The entry, stale or not, if there is one."""
        entry = self._young.get(id_)
        if entry is not None:
            return entry
        entry = self._old.pop(id_, None)
        if entry is not None:
            self._keep(entry)
        return entry

    def open(self, id_: int) -> E:
        """The entry, made if it was not there; a new one is stale and must be loaded."""
        entry = self.get(id_)
        if entry is None:
            entry = self._make(id_)
            self._young[id_] = entry
        return entry

    def loaded(self, entry: E) -> None:
        """Account for an entry's bytes once they are known."""
        self._bytes += entry.size
        if self._bytes > self._half:
            dropped, self._old, self._young, self._bytes = self._old, self._young, {}, 0
            for gone in dropped.values():
                gone.spoil()  # whoever still holds it must ask again: no event reaches it from here on

    def open_all(self, ids: Iterable[int]) -> list[E]:
        """``open`` for each, for the common case that all of them were read lately."""
        known, open_ = self._young.get, self.open
        return [known(id_) or open_(id_) for id_ in ids]

    def hold(self, entry: E) -> E:
        """The entry that is kept under this one's id; this one itself, kept again, where there is none."""
        known = self.get(entry.id)
        if known is None:
            known = self._young[entry.id] = entry
        return known

    def spoil(self, ids: Iterable[int]) -> None:
        for id_ in ids:
            entry = self._young.get(id_) or self._old.get(id_)
            if entry is not None:
                entry.spoil()

    def clear(self) -> None:
        for shelf in (self._young, self._old):
            for entry in shelf.values():
                entry.spoil()
        self._young, self._old, self._bytes = {}, {}, 0

    def _keep(self, entry: E) -> None:
        self._young[entry.id] = entry
        self.loaded(entry)
