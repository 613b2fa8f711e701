"""Author rings: per author the newest 64 posts in memory, merged by numpy when somebody reads.

Nothing is stored per reader and nothing happens per follower when somebody posts: a post that everyone follows costs
what any post costs. An index only proposes; what a viewer may see is decided after it. Measured beside the plain
statement (``bench/``): a page from rings is some 50 times cheaper than the same page by ``LATERAL``.

An author is loaded on first use. ``floor`` is the id from which on a ring knows everything; older pages come from
SQL for just those authors. A removal takes the entry out and never lowers the floor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from weft.infra.db import Db, Reader
from weft.kernel.ids import MAX_ID, bucket_of
from weft.posts.events import PostCreated, PostDeleted
from weft.relationships.model import Visibility

RING = 64
REPLY, REPOST, MEDIA = 1, 2, 4
"""Flag bits of an entry."""

Slots = npt.NDArray[np.int64]


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A post that an index proposes: who wrote it, and whom it answers or reposts (0 for nobody)."""

    id: int
    author_id: int
    flags: int = 0
    other_id: int = 0


class AuthorRings:
    """The rings of all authors read lately, as one block of arrays: a row per author, newest entry first."""

    def __init__(self, db: Db, authors: int = 1024) -> None:
        self._db = db
        self._slots: dict[int, int] = {}
        self._pending: dict[int, list[PostCreated | PostDeleted]] = {}
        """Events of authors whose rings are being loaded, to be applied after."""
        self._owner = np.zeros(authors, np.int64)
        self._floor = np.full(authors, MAX_ID, np.int64)
        self._newest = np.zeros(authors, np.int64)
        self._ids = np.zeros((authors, RING), np.int64)
        self._flags = np.zeros((authors, RING), np.uint8)
        self._other = np.zeros((authors, RING), np.int64)
        self.generation = 0
        """Changes when slots lose their meaning: arrays of slots made before are void."""
        self.changes = 0
        """Counts what was put in and taken out: while it stands, a page is what it was."""

    # ------------------------------------------------------------------ events

    def created(self, event: PostCreated) -> None:
        pending = self._pending.get(event.author_id)
        if pending is not None:
            pending.append(event)
            return
        slot = self._slots.get(event.author_id)
        if slot is not None and event.visibility != Visibility.DIRECT:
            self._insert(slot, event.post_id, flags_of(event), event.repost_author or event.reply_to_account or 0)

    def deleted(self, event: PostDeleted) -> None:
        pending = self._pending.get(event.author_id)
        if pending is not None:
            pending.append(event)
            return
        slot = self._slots.get(event.author_id)
        if slot is not None:
            self._remove(slot, event.post_id)

    def reset(self) -> None:
        """Forget every author; each is loaded again on its next use."""
        self._slots.clear()
        self._pending.clear()
        self._newest[:] = 0
        self._floor[:] = MAX_ID
        self._ids[:] = 0
        self.generation += 1
        self.changes += 1

    def _insert(self, slot: int, id_: int, flags: int, other: int) -> None:
        self.changes += 1
        ids = self._ids[slot]
        if id_ < self._floor[slot]:
            return
        at = 0 if id_ > ids[0] else int(np.searchsorted(-ids, -id_))
        if at >= RING or ids[at] == id_:
            return
        if ids[RING - 1]:
            self._floor[slot] = ids[RING - 2] if at < RING - 1 else id_
        for row, value in ((ids, id_), (self._flags[slot], flags), (self._other[slot], other)):
            row[at + 1 :] = row[at:-1]
            row[at] = value
        self._newest[slot] = ids[0]

    def _remove(self, slot: int, id_: int) -> None:
        self.changes += 1
        ids = self._ids[slot]
        found = np.nonzero(ids == id_)[0]
        if not len(found):
            return
        at = int(found[0])
        for row in (ids, self._flags[slot], self._other[slot]):
            row[at:-1] = row[at + 1 :]
            row[-1] = 0
        self._newest[slot] = ids[0]

    # ------------------------------------------------------------------ loading

    async def slots(self, authors: Iterable[int]) -> Slots:
        """The slots of the authors, whose rings are loaded where they are not yet."""
        wanted = list(authors)
        missing = [id_ for id_ in wanted if id_ not in self._slots]
        while missing:
            await self._load(missing)
            missing = [id_ for id_ in wanted if id_ not in self._slots]
        return np.fromiter((self._slots[id_] for id_ in wanted), np.int64, len(wanted))

    async def _load(self, authors: Sequence[int]) -> None:
        generation = self.generation
        for id_ in authors:
            self._pending.setdefault(id_, [])
        rows: dict[int, list[Candidate]] = {id_: [] for id_ in authors}
        async with self._db.read() as reader:
            for found in await older_posts(reader, authors, MAX_ID, RING):
                rows[found.author_id].append(found)
        if generation != self.generation:
            return
        for id_ in authors:
            if id_ not in self._slots:
                self._fill(self._new_slot(id_), rows[id_])
            for event in self._pending.pop(id_, ()):
                self.created(event) if isinstance(event, PostCreated) else self.deleted(event)

    def _new_slot(self, author_id: int) -> int:
        slot = len(self._slots)
        if slot == len(self._newest):
            self._grow()
        self._slots[author_id] = slot
        self._owner[slot] = author_id
        return slot

    def _fill(self, slot: int, entries: Sequence[Candidate]) -> None:
        count = len(entries)
        self._ids[slot, :count] = [entry.id for entry in entries]
        self._flags[slot, :count] = [entry.flags for entry in entries]
        self._other[slot, :count] = [entry.other_id for entry in entries]
        self._newest[slot] = self._ids[slot, 0]
        self._floor[slot] = entries[-1].id if count == RING else 0

    def _grow(self) -> None:
        more = len(self._newest)
        self._owner = np.concatenate((self._owner, np.zeros(more, np.int64)))
        self._floor = np.concatenate((self._floor, np.full(more, MAX_ID, np.int64)))
        self._newest = np.concatenate((self._newest, np.zeros(more, np.int64)))
        self._ids = np.concatenate((self._ids, np.zeros((more, RING), np.int64)))
        self._flags = np.concatenate((self._flags, np.zeros((more, RING), np.uint8)))
        self._other = np.concatenate((self._other, np.zeros((more, RING), np.int64)))

    # ------------------------------------------------------------------ reading

    async def page(
        self, slots: Slots, before: int, after: int, count: int, *, upwards: bool = False
    ) -> list[Candidate]:
        """At most ``count`` candidates of these authors with ``after < id < before``.

        Newest first; with ``upwards`` the ones next to ``after``, still newest first.
        """
        if not len(slots):
            return []
        if upwards:
            return await self._page_up(slots, before, after, count)
        found, cutoff = self._merge(slots, before, after, count)
        low = slots[self._floor[slots] > max(cutoff, after + 1)]
        if not len(low):
            return found
        return await self._with_older(low, found, before, after, count)

    def _merge(self, slots: Slots, before: int, after: int, count: int) -> tuple[list[Candidate], int]:
        """The newest entries in memory, and the id below which SQL may know more that belongs on the page."""
        width, lowest = RING, after + 1
        if before == MAX_ID:
            width = min(count, RING)
            if len(slots) > count:  # an author whose newest post is not among the `count` newest cannot be on the page
                newest = self._newest[slots]
                top = np.argpartition(newest, -count)[-count:]
                slots = slots[top]
                lowest = max(lowest, int(newest[top].min()))  # nor can what is older than all of these
        ids = self._ids[slots, :width].ravel()
        inside = np.flatnonzero((ids >= lowest) & (ids < before))  # few: sorting all of them is what costs
        values = ids[inside]
        if len(values) > 4 * count:
            top = np.argpartition(values, -count)[-count:]
            inside, values = inside[top], values[top]
        order = inside[np.argsort(values)[::-1][:count]]
        rows, columns = slots[order // width], order % width
        found = [
            Candidate(*values)
            for values in zip(
                self._ids[rows, columns].tolist(),
                self._owner[rows].tolist(),
                self._flags[rows, columns].tolist(),
                self._other[rows, columns].tolist(),
                strict=True,
            )
        ]
        return found, found[-1].id if len(found) >= count else 0

    async def _with_older(
        self, low: Slots, found: list[Candidate], before: int, after: int, count: int
    ) -> list[Candidate]:
        async with self._db.read() as reader:
            older = await older_posts(reader, self._owner[low].tolist(), before, count, after)
        together = {entry.id: entry for entry in (*older, *found)}
        return sorted(together.values(), key=lambda entry: entry.id, reverse=True)[:count]

    async def _page_up(self, slots: Slots, before: int, after: int, count: int) -> list[Candidate]:
        rings = self._ids[slots]
        inside = (rings > after) & (rings < before)
        which, places = np.nonzero(inside)
        order = np.argsort(rings[which, places])[:count]
        rows, columns = slots[which[order]], places[order]
        found = [
            Candidate(*values)
            for values in zip(
                self._ids[rows, columns].tolist(),
                self._owner[rows].tolist(),
                self._flags[rows, columns].tolist(),
                self._other[rows, columns].tolist(),
                strict=True,
            )
        ]
        low = slots[self._floor[slots] > after + 1]
        if len(low):
            async with self._db.read() as reader:
                newer = await newer_posts(reader, self._owner[low].tolist(), after, count, before)
            together = {entry.id: entry for entry in (*newer, *found)}
            found = sorted(together.values(), key=lambda entry: entry.id)[:count]
        return sorted(found, key=lambda entry: entry.id, reverse=True)


def flags_of(event: PostCreated) -> int:
    return (
        (REPLY if event.reply_to is not None else 0)
        | (REPOST if event.repost_of is not None else 0)
        | (MEDIA if event.has_media else 0)
    )


OLDER = """
SELECT p.id, p.author_id, p.flags, p.other_id
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, author_id)
 CROSS JOIN LATERAL (
    SELECT id, author_id,
           (reply_to IS NOT NULL)::int + (repost_of IS NOT NULL)::int * 2
                + (cardinality(media_ids) > 0)::int * 4 AS flags,
           coalesce(repost_author, reply_to_account, 0) AS other_id
      FROM posts  -- posts_author
     WHERE bucket = want.bucket AND author_id = want.author_id AND id < $3 AND id > $4 AND state = 0 AND visibility < 3
     ORDER BY id DESC LIMIT $5) p
 ORDER BY p.id DESC
"""


async def older_posts(
    reader: Reader, authors: Sequence[int], before: int, each: int, after: int = 0
) -> list[Candidate]:
    """Up to ``each`` posts of every author with ``after < id < before``, newest first."""
    return [
        Candidate(*row)
        for row in await reader.rows(OLDER, [bucket_of(id_) for id_ in authors], list(authors), before, after, each)
    ]


NEWER = """
SELECT p.id, p.author_id, p.flags, p.other_id
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, author_id)
 CROSS JOIN LATERAL (
    SELECT id, author_id,
           (reply_to IS NOT NULL)::int + (repost_of IS NOT NULL)::int * 2
                + (cardinality(media_ids) > 0)::int * 4 AS flags,
           coalesce(repost_author, reply_to_account, 0) AS other_id
      FROM posts  -- posts_author
     WHERE bucket = want.bucket AND author_id = want.author_id AND id > $3 AND id < $4 AND state = 0 AND visibility < 3
     ORDER BY id LIMIT $5) p
 ORDER BY p.id
"""


async def newer_posts(
    reader: Reader, authors: Sequence[int], after: int, each: int, before: int = MAX_ID
) -> list[Candidate]:
    """Up to ``each`` posts of every author with ``after < id < before``, the ones next to ``after``, oldest first."""
    return [
        Candidate(*row)
        for row in await reader.rows(NEWER, [bucket_of(id_) for id_ in authors], list(authors), after, before, each)
    ]
