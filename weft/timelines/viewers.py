"""Everything known about the people who are reading now, kept while they read and dropped by events.

A cold viewer costs a handful of statements, a warm one a dictionary look-up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from weft.accounts.events import NotificationsChanged, Notified, UserChanged
from weft.infra.db import Db, Reader
from weft.infra.signals import Signals
from weft.kernel.ids import AccountId
from weft.posts.events import MarksChanged, PollVoted, PostLiked, PostUnliked, VotesReset
from weft.relationships.events import (
    Between,
    Blocked,
    FollowChanged,
    Followed,
    HostBlocksChanged,
    Muted,
    Unblocked,
    Unfollowed,
    Unmuted,
)
from weft.relationships.model import Facts
from weft.relationships.service import load_bounds, load_following
from weft.timelines.events import ConversationChanged, ReadingChanged
from weft.timelines.model import ANYONE, NEWEST_TOLD, Viewer
from weft.timelines.queries import load_exclusive, load_filters, load_followed_tags

_KEPT = 5000


class Viewers:
    """One per worker."""

    def __init__(self, db: Db, signals: Signals) -> None:
        self._db = db
        self._signals = signals
        self._viewers: dict[int, Viewer] = {}
        self._loads: dict[int, asyncio.Future[None]] = {}
        self._spoiled: set[int] = set()
        """Viewers that an event touched while they were being loaded."""

    def listen(self, signals: Signals) -> None:
        """Let events take away what they make untrue."""
        follows: tuple[type[Between], ...] = (Followed, FollowChanged, Unfollowed, Muted, Unmuted)
        for between in follows:
            signals.on(between, lambda event: self.drop(event.account_id))
        signals.on(Blocked, self._drop_both)
        signals.on(Unblocked, self._drop_both)
        signals.on(HostBlocksChanged, lambda event: self.drop(event.account_id))
        signals.on(ReadingChanged, lambda event: self.drop(event.account_id))
        signals.on(ConversationChanged, self._forget_direct)
        signals.on(PostLiked, self._forget_mark)
        signals.on(PostUnliked, self._forget_mark)
        signals.on(MarksChanged, self._forget_mark)
        signals.on(Notified, lambda event: self._forget_told((event.account_id,)))
        signals.on(NotificationsChanged, lambda event: self._forget_told(event.account_ids))
        signals.on(UserChanged, lambda event: self.drop(event.account_id))
        signals.on(PollVoted, self._forget_vote)
        signals.on(VotesReset, self._forget_votes)
        signals.on_reset(self.reset)

    async def get(self, account_id: AccountId | None) -> Viewer:
        """The viewer with all facts, as of its own last write anywhere on this machine."""
        if account_id is None:
            return ANYONE
        if not self._signals.is_fresh(account_id) and not await self._signals.fresh(account_id):
            self._signals.reset()
        viewer = self._viewers.get(account_id)
        return viewer if viewer is not None else await self._load(account_id)

    def known(self, account_id: AccountId) -> Viewer | None:
        """The viewer as this process knows it, without waiting for what other processes are about to say."""
        return self._viewers.get(account_id)

    def drop(self, account_id: int) -> None:
        self._viewers.pop(account_id, None)
        if account_id in self._loads:
            self._spoiled.add(account_id)

    def reset(self) -> None:
        self._viewers.clear()
        self._spoiled.update(self._loads)

    async def _load(self, account_id: AccountId) -> Viewer:
        while (running := self._loads.get(account_id)) is not None:  # one at a time, or one could hide another's spoil
            await asyncio.wait((running,))  # a waiter that is cancelled must not take the load with it
            found = self._viewers.get(account_id)
            if found is not None:
                return found
        done = self._loads[account_id] = asyncio.get_running_loop().create_future()
        try:
            for _ in range(3):
                self._spoiled.discard(account_id)
                async with self._db.read() as reader:
                    viewer = await read_viewer(reader, account_id)
                if account_id not in self._spoiled:
                    self._keep(viewer)
                    break
            return viewer
        finally:
            if self._loads.get(account_id) is done:
                del self._loads[account_id]
            self._spoiled.discard(account_id)
            done.set_result(None)

    def _keep(self, viewer: Viewer) -> None:
        assert viewer.id is not None
        if len(self._viewers) >= _KEPT:
            for id_ in list(self._viewers)[: _KEPT // 4]:
                del self._viewers[id_]
        self._viewers[viewer.id] = viewer

    def _drop_both(self, event: Blocked | Unblocked) -> None:
        self.drop(event.account_id)
        self.drop(event.target_id)

    def _forget_mark(self, event: PostLiked | PostUnliked | MarksChanged) -> None:
        viewer = self._viewers.get(event.account_id)
        if viewer is not None:
            viewer.changes += 1
            viewer.marks.pop(event.post_id, None)
            if isinstance(event, MarksChanged):
                viewer.marks.clear()  # a muted thread marks more posts than the one named
        if event.account_id in self._loads:
            self._spoiled.add(event.account_id)

    def _forget_vote(self, event: PollVoted) -> None:
        viewer = self._viewers.get(event.account_id)
        if viewer is not None:
            viewer.changes += 1
            viewer.votes.pop(event.post_id, None)

    def _forget_direct(self, event: ConversationChanged) -> None:
        """Home asks for the viewer's direct posts anew; everything else stays known."""
        viewer = self._viewers.get(event.account_id)
        if viewer is not None:
            viewer.sources.pop("direct", None)

    def _forget_told(self, account_ids: Iterable[int]) -> None:
        """The page of notifications is asked for anew. A load under way fills what nobody finds any more."""
        for account_id in account_ids:
            viewer = self._viewers.get(account_id)
            if viewer is not None:
                viewer.sources.pop(NEWEST_TOLD, None)

    def _forget_votes(self, event: VotesReset) -> None:
        for account_id in event.voters:
            viewer = self._viewers.get(account_id)
            if viewer is not None:
                viewer.changes += 1
                viewer.votes.pop(event.post_id, None)


async def read_viewer(reader: Reader, account_id: AccountId) -> Viewer:
    """Load every fact about one viewer."""
    following = await load_following(reader, account_id)
    bounds = await load_bounds(reader, account_id)
    return Viewer(
        id=account_id,
        facts=Facts(account_id, following, bounds.blocking, bounds.blocked_by),
        following=following,
        bounds=bounds,
        followed_tags=await load_followed_tags(reader, account_id),
        exclusive=await load_exclusive(reader, account_id),
        filters=await load_filters(reader, account_id),
    )
