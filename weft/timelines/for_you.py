"""*For you*: one ranked list per reader, made when they ask, kept for a while, and leafed through by place.

A list is known by the time it was made, which its cursors carry: whoever leafs on gets the same list, or, from a
worker that has not got it, one made as of the same time. ``ranking`` says in which order, ``proposals`` of what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from weft.infra.signals import Signals
from weft.kernel.ids import MAX_ID
from weft.timelines.events import InterestChanged
from weft.timelines.model import Viewer
from weft.timelines.proposals import (
    Doings,
    Found,
    better,
    describe,
    load_doings,
    of_followed,
    of_people,
    people_near,
)
from weft.timelines.ranking import Reason, rank
from weft.timelines.rings import REPLY
from weft.timelines.trends import Trend, trending_posts

if TYPE_CHECKING:
    from weft.timelines.sources import Timelines

HOUR_MS = 3_600_000
WINDOWS_MS = (48 * HOUR_MS, 14 * 24 * HOUR_MS)
"""How far back is looked: further where there is little."""
ENOUGH = 60
SHOWN_FROM = 250
"""Of followed people and of those near them, so many newest posts each are looked at."""
OF_EACH_TAG = 40
LONGEST = 240
FRESH_MS = 60_000
"""Whoever asks for the beginning again within this time gets the same list."""
OLDEST_MS = HOUR_MS
"""So long a list can be leafed through."""
_KEPT = 1000


class Ranking:
    """One reader's list as of one moment."""

    __slots__ = ("ids", "made_ms", "reasons", "spoiled", "viewer", "without")

    def __init__(self, viewer: Viewer, made_ms: int, ids: Sequence[int], reasons: Sequence[Reason]) -> None:
        self.viewer = viewer
        """As of then: the object is another one as soon as any fact about the reader changed."""
        self.made_ms = made_ms
        self.ids = ids
        self.reasons = reasons
        self.without: set[int] = set()
        """What the reader wanted less of since."""
        self.spoiled = False


class ForYou:
    """The lists of one worker's readers."""

    def __init__(self, timelines: Timelines) -> None:
        self._timelines = timelines
        self._kept: dict[int, Ranking] = {}
        self._popular: tuple[int, list[Trend]] | None = None

    def listen(self, signals: Signals) -> None:
        signals.on(InterestChanged, self._interest_changed)

    def reset(self) -> None:
        self._kept.clear()
        self._popular = None

    def _interest_changed(self, event: InterestChanged) -> None:
        kept = self._kept.get(event.account_id)
        if kept is not None:
            kept.spoiled = True
            (kept.without.add if event.less else kept.without.discard)(event.post_id)

    async def ranking(self, viewer: Viewer, now_ms: int, made_ms: int = 0) -> Ranking:
        """The reader's list: the one made at ``made_ms`` where it is given and not too long ago, else today's."""
        assert viewer.id is not None
        kept = self._kept.get(viewer.id)
        if made_ms and now_ms - OLDEST_MS <= made_ms <= now_ms:
            if kept is not None and kept.made_ms == made_ms:
                return kept
            return self._keep(await self._make(viewer, made_ms))
        if kept is not None and kept.viewer is viewer and not kept.spoiled and now_ms - kept.made_ms < FRESH_MS:
            return kept
        return self._keep(await self._make(viewer, now_ms))

    def _keep(self, ranking: Ranking) -> Ranking:
        assert ranking.viewer.id is not None
        self._kept.pop(ranking.viewer.id, None)
        if len(self._kept) >= _KEPT:
            for id_ in list(self._kept)[: _KEPT // 4]:
                del self._kept[id_]
        self._kept[ranking.viewer.id] = ranking
        return ranking

    # ------------------------------------------------------------------ making one

    async def _make(self, viewer: Viewer, now_ms: int) -> Ranking:
        assert viewer.id is not None
        db = self._timelines.db
        async with db.read() as reader:
            doings = await load_doings(reader, viewer.id)
        found: Found = {}
        for window_ms in WINDOWS_MS:
            found = await self._gather(viewer, doings, now_ms, window_ms)
            if len(found) >= ENOUGH:
                break
        async with db.read() as reader:
            proposed = await describe(reader, viewer, found, doings.disinterest)
        ranked = rank(proposed, doings.reader(), now_ms)[:LONGEST]
        return Ranking(viewer, now_ms, tuple(post.id for post in ranked), tuple(post.reason for post in ranked))

    async def _gather(self, viewer: Viewer, doings: Doings, now_ms: int, window_ms: int) -> Found:
        """Everything that may be in the list, each post with its best reason."""
        timelines, db = self._timelines, self._timelines.db
        after, before = max(now_ms - window_ms, 0) << 16, min((now_ms + 1) << 16, MAX_ID)
        rings = timelines.rings
        async with db.read() as reader:
            near = await people_near(reader, viewer, doings)
        followed = await rings.page(await rings.slots(viewer.following), before, after, SHOWN_FROM)
        nearby = await rings.page(await rings.slots(near), before, after, SHOWN_FROM)
        async with db.read() as reader:
            found = await of_followed(reader, viewer, followed)
        for id_, reason in of_people(near, nearby).items():
            better(found, id_, reason)
        for key in viewer.followed_tags:
            for post in await timelines.recent_tag(key).page(before, after, OF_EACH_TAG):
                if not post.flags & REPLY:
                    better(found, post.id, Reason("tag", tag=key))
        for trend in await self._trends(now_ms):
            if after < trend.post_id < before:
                better(found, trend.post_id, Reason("popular"))
        if len(found) < ENOUGH:
            for post in await timelines.newest_public(before, after, ENOUGH):
                better(found, post.id, Reason("recent"))
        return found

    async def _trends(self, now_ms: int) -> list[Trend]:
        """What is popular, counted once a minute for everybody."""
        if self._popular is None or now_ms - self._popular[0] >= FRESH_MS or now_ms < self._popular[0]:
            async with self._timelines.db.read() as reader:
                self._popular = now_ms, await trending_posts(reader, now_ms)
        return self._popular[1]
