"""The newest posts of a public place, the public timeline or a tag, in memory; older ones from SQL.

The same idea as an author's ring: the newest thousand ids and a floor below which SQL is asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from weft.infra.db import Reader
from weft.kernel.ids import MAX_ID, bucket_of_name
from weft.kernel.paging import Page
from weft.timelines.rings import Candidate

RECENT = 1000
_SLACK = 200

Load = Callable[[Page], Awaitable[list[Candidate]]]
"""A page from SQL: newest first; oldest first with ``upwards``."""


class Recent:
    """One place's newest posts, oldest first, and the id from which on nothing is missing."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._entries: list[Candidate] = []
        self._ids: list[int] = []
        self._floor = MAX_ID
        self._filling = False
        self._resets = 0
        self._waiting: deque[Candidate] = deque(maxlen=RECENT)
        """What came before the first load was done."""
        self._removed: set[int] = set()

    def add(self, entry: Candidate) -> None:
        """Take a new post in; until the first load is done it waits."""
        if self._floor == MAX_ID:
            self._waiting.append(entry)
            return
        if entry.id < self._floor:
            return
        at = len(self._ids) if not self._ids or entry.id > self._ids[-1] else bisect_left(self._ids, entry.id)
        if at < len(self._ids) and self._ids[at] == entry.id:
            return
        self._ids.insert(at, entry.id)
        self._entries.insert(at, entry)
        if len(self._ids) > RECENT + _SLACK:
            del self._ids[:_SLACK], self._entries[:_SLACK]
            self._floor = self._ids[0]

    def remove(self, id_: int) -> None:
        if len(self._removed) >= RECENT:
            self._removed.clear()  # the index forgot the older ones long ago
        self._removed.add(id_)
        at = bisect_left(self._ids, id_)
        if at < len(self._ids) and self._ids[at] == id_:
            del self._ids[at], self._entries[at]

    def reset(self) -> None:
        self._entries, self._ids, self._floor = [], [], MAX_ID
        self._resets += 1
        self._waiting.clear()
        self._removed.clear()

    async def page(self, before: int, after: int, count: int, *, upwards: bool = False) -> list[Candidate]:
        """At most ``count`` candidates with ``after < id < before``, newest first."""
        if self._floor == MAX_ID and not self._filling:
            await self._fill()
        low, high = bisect_left(self._ids, after + 1), bisect_left(self._ids, before)
        if upwards:
            if after + 1 >= self._floor:
                return self._entries[low : min(high, low + count)][::-1]
            return (await self._load(Page(count, before, after, True)))[::-1]
        found = self._entries[max(low, high - count) : high][::-1]
        if len(found) >= count or after + 1 >= self._floor:
            return found
        older = await self._load(Page(count - len(found), min(before, self._floor), after))
        return found + [entry for entry in older if entry.id not in self._removed]

    async def _fill(self) -> None:
        self._filling = True
        waiting, resets = self._waiting, self._resets
        try:
            entries = await self._load(Page(RECENT))
        finally:
            self._filling = False
        if resets != self._resets:
            return
        self._entries = [entry for entry in reversed(entries) if entry.id not in self._removed]
        self._ids = [entry.id for entry in self._entries]
        self._floor = self._ids[0] if len(entries) >= RECENT and self._ids else 0
        for entry in waiting:
            if entry.id not in self._removed:
                self.add(entry)
        waiting.clear()


PUBLIC = """
SELECT p.post_id, p.author_id, p.flags, 0
  FROM generate_series(0, 15) AS lane
 CROSS JOIN LATERAL (SELECT post_id, author_id, flags FROM public_posts
     WHERE bucket = lane AND post_id < $1 AND post_id > $2 ORDER BY post_id DESC LIMIT $3) p  -- all buckets
 ORDER BY p.post_id DESC LIMIT $3
"""

PUBLIC_UP = """
SELECT p.post_id, p.author_id, p.flags, 0
  FROM generate_series(0, 15) AS lane
 CROSS JOIN LATERAL (SELECT post_id, author_id, flags FROM public_posts
     WHERE bucket = lane AND post_id < $1 AND post_id > $2 ORDER BY post_id LIMIT $3) p  -- all buckets
 ORDER BY p.post_id LIMIT $3
"""


async def public_posts(reader: Reader, page: Page) -> list[Candidate]:
    """Posts of the public timeline, from the sixteen lanes."""
    sql = PUBLIC_UP if page.upwards else PUBLIC
    return [Candidate(*row) for row in await reader.rows(sql, page.before, page.after, page.limit)]


TAGGED = """
SELECT post_id, author_id, flags, 0 FROM tag_posts
 WHERE bucket = $1 AND tag = $2 AND post_id < $3 AND post_id > $4 ORDER BY post_id DESC LIMIT $5
"""

TAGGED_UP = """
SELECT post_id, author_id, flags, 0 FROM tag_posts
 WHERE bucket = $1 AND tag = $2 AND post_id < $3 AND post_id > $4 ORDER BY post_id LIMIT $5
"""


async def tagged_posts(reader: Reader, tag: str, page: Page) -> list[Candidate]:
    """Public posts that carry the tag."""
    sql = TAGGED_UP if page.upwards else TAGGED
    rows = await reader.rows(sql, bucket_of_name(tag), tag, page.before, page.after, page.limit)
    return [Candidate(*row) for row in rows]


def merge(pages: Sequence[Sequence[Candidate]], count: int, *, upwards: bool = False) -> list[Candidate]:
    """One page from several, each newest first: the newest ``count``, or with ``upwards`` the oldest."""
    together = sorted(
        {entry.id: entry for page in pages for entry in page}.values(), key=lambda entry: entry.id, reverse=True
    )
    return together[-count:] if upwards else together[:count]
