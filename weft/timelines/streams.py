"""Live streams: who listens to what in this process.

A stream is a hint and the API is the truth: behind a slow reader the oldest hints are dropped. How things look outside
is the edge's affair (``Teller``). The signal listeners here only note what happened, since they run inside the request
that wrote; ``dispatcher`` does the rest. Losing a right ends the stream.
"""

from __future__ import annotations

import asyncio
import contextlib

from weft.accounts.events import AccessEnded, AccountStateChanged, Notified, UserChanged
from weft.infra.db import Db
from weft.infra.signals import Signals
from weft.kernel.clock import Clock
from weft.kernel.errors import Conflict, NotFound, Unavailable, WeftError
from weft.kernel.ids import AccountId, ListId
from weft.notes.events import NoteSet
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.events import Between, Blocked, FollowChanged, Followed, Unblocked, Unfollowed
from weft.timelines.connections import Closing, Connection, Listener, Teller
from weft.timelines.dispatcher import Dispatcher
from weft.timelines.events import ConversationChanged, ReadingChanged
from weft.timelines.interest import Channel, Interest, Subscription
from weft.timelines.model import List
from weft.timelines.queries import load_lists, load_members
from weft.timelines.viewers import Viewers

MOST_CHANNELS = 64
MOST_PER_ACCOUNT = 32
MOST_PER_ADDRESS = 256
GOODBYE_S = 1.0


class Streams:
    """All open streams of one worker. ``start`` after ``listen``; ``close_all`` when draining, ``stop`` at the end."""

    def __init__(self, db: Db, viewers: Viewers, clock: Clock, *, limited: bool = True) -> None:
        self._db = db
        self._viewers = viewers
        self._limited = limited
        self._interest = Interest()
        self._owners: dict[Subscription, Connection] = {}
        self._by_account: dict[int, dict[Connection, None]] = {}
        self._by_address: dict[str, int] = {}
        self._stale: set[int] = set()
        """Accounts whose follows, tags or lists changed since the maps were made."""
        self._doubted: set[int] = set()
        """Accounts whose right to listen must be asked for again."""
        self._dispatcher = Dispatcher(viewers, clock, self._interest, self._owners, prepare=self._prepare)
        self._stopping = False
        self._empty = asyncio.Event()

    # ------------------------------------------------------------------ life

    def listen(self, signals: Signals) -> None:
        """Note events as they come. After ``Viewers.listen``, so that facts are dropped before they are asked for."""
        signals.on(PostCreated, self._note)
        signals.on(PostEdited, self._note)
        signals.on(PostDeleted, self._note)
        signals.on(NoteSet, self._note)
        signals.on(Notified, self._note_own)
        signals.on(ConversationChanged, self._note_own)
        for follow in (Followed, FollowChanged, Unfollowed):
            signals.on(follow, self._follow_changed)
        signals.on(Blocked, self._both_changed)
        signals.on(Unblocked, self._both_changed)
        signals.on(ReadingChanged, self._reading_changed)
        signals.on(AccessEnded, self._access_ended)
        signals.on(AccountStateChanged, self._state_changed)
        signals.on(UserChanged, lambda event: self._doubt(event.account_id))
        signals.on_reset(self._reset)

    def start(self, teller: Teller) -> None:
        self._dispatcher.start(teller)

    async def stop(self) -> None:
        await self.close_all()
        await self._dispatcher.stop()

    async def close_all(self) -> None:
        """Let go of every reader and take no more: the process is about to end. Waits shortly until they are told."""
        self._stopping = True
        for connection in self._connections(None):
            connection.close("stopping")
        if self._by_account:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._empty.wait()

    @property
    def open_count(self) -> int:
        return sum(map(len, self._by_account.values()))

    # ------------------------------------------------------------------ connections

    def open(self, listener: Listener) -> Connection:
        """A new connection without channels. An account that has too many loses its oldest.

        Raises:
            Unavailable: its address has too many, or the process is stopping.
        """
        address = listener.address
        if self._stopping:
            raise Unavailable("overloaded")
        if self._limited and self._by_address.get(address, 0) >= MOST_PER_ADDRESS:
            raise Unavailable("stream.too_many")
        own = self._by_account.setdefault(listener.account_id, {})
        if self._limited and len(own) >= MOST_PER_ACCOUNT:
            self._forget(next(iter(own)), "left")
            own = self._by_account.setdefault(listener.account_id, {})
        self._empty.clear()
        connection = Connection(listener, asyncio.get_running_loop().time())
        own[connection] = None
        self._by_address[address] = self._by_address.get(address, 0) + 1
        self._doubt(listener.account_id)  # the right may have ended between its look-up and this line
        return connection

    def close(self, connection: Connection) -> None:
        """The reader has left."""
        self._forget(connection, "left")

    async def subscribe(self, connection: Connection, channel: Channel) -> None:
        """Listen to one more channel; the same one again changes nothing.

        Raises:
            NotFound: the list does not exist or is somebody else's.
            Conflict: the connection has too many channels.
        """
        if channel.label in connection.channels:
            return
        if len(connection.channels) >= MOST_CHANNELS:
            raise Conflict("stream.too_many")
        subscription = Subscription(connection.listener.account_id, channel)
        if channel.kind == "list":
            subscription.listed, subscription.members = await self._list(subscription)
        subscription.learn(await self._viewers.get(subscription.account_id))
        if connection.closing or channel.label in connection.channels:
            return
        connection.channels[channel.label] = subscription
        self._owners[subscription] = connection
        self._interest.add(subscription)

    def unsubscribe(self, connection: Connection, label: tuple[str, ...]) -> None:
        subscription = connection.channels.pop(label, None)
        if subscription is not None:
            self._interest.remove(subscription)
            self._owners.pop(subscription, None)

    async def _list(self, subscription: Subscription) -> tuple[List, frozenset[int]]:
        async with self._db.read() as reader:
            for listed in await load_lists(reader, subscription.account_id):
                if listed.id == subscription.channel.list_id:
                    return listed, frozenset(await load_members(reader, ListId(listed.id)))
        raise NotFound("record.absent")

    def _forget(self, connection: Connection, why: Closing) -> None:
        connection.close(why)
        for label in list(connection.channels):
            self.unsubscribe(connection, label)
        listener = connection.listener
        own = self._by_account.get(listener.account_id, {})
        if connection not in own:
            return
        del own[connection]
        if not own:
            self._by_account.pop(listener.account_id, None)
            if not self._by_account:
                self._empty.set()
        left = self._by_address[listener.address] - 1
        if left:
            self._by_address[listener.address] = left
        else:
            del self._by_address[listener.address]

    # ------------------------------------------------------------------ what the signals note

    def _note(self, event: PostCreated | PostEdited | PostDeleted | NoteSet) -> None:
        if self._owners:
            self._dispatcher.note(event)

    def _note_own(self, event: Notified | ConversationChanged) -> None:
        if event.account_id in self._by_account:
            self._dispatcher.note(event)

    def _facts_changed(self, account_id: int) -> None:
        if account_id in self._by_account:
            self._stale.add(account_id)
            self._dispatcher.wake()

    def _follow_changed(self, event: Between) -> None:
        self._facts_changed(event.account_id)

    def _both_changed(self, event: Blocked | Unblocked) -> None:
        self._facts_changed(event.account_id)
        self._facts_changed(event.target_id)

    def _reading_changed(self, event: ReadingChanged) -> None:
        self._facts_changed(event.account_id)
        if event.filters and event.account_id in self._by_account:
            self._dispatcher.note(event)

    def _access_ended(self, event: AccessEnded) -> None:
        for connection in self._connections(event.account_id):
            if not event.token_id or connection.listener.token_id == event.token_id:
                self._forget(connection, "access")

    def _state_changed(self, event: AccountStateChanged) -> None:
        if event.state in ("suspended", "deleted"):
            for connection in self._connections(event.account_id):
                self._forget(connection, "access")
        self._doubt(event.account_id)

    def _connections(self, account_id: int | None) -> list[Connection]:
        """The account's; without one, everybody's: a token may be named alone."""
        if account_id is not None:
            return list(self._by_account.get(account_id, ()))
        return [connection for own in self._by_account.values() for connection in own]

    def _doubt(self, account_id: int) -> None:
        if account_id in self._by_account:
            self._doubted.add(account_id)
            self._dispatcher.wake()

    def _reset(self) -> None:
        """Messages were lost: whom everyone follows, and who may still listen, is asked anew."""
        self._stale.update(self._by_account)
        self._doubted.update(self._by_account)
        self._dispatcher.wake()

    # ------------------------------------------------------------------ before each round

    async def _prepare(self) -> None:
        """Ask again for the rights in doubt, and bring the maps up to the facts that changed."""
        await self._ask_again()
        await self._relearn()

    async def _ask_again(self) -> None:
        while self._doubted:
            for connection in self._connections(self._doubted.pop()):
                try:
                    allowed = await connection.listener.still_allowed()
                except WeftError:
                    allowed = False
                if not allowed:
                    self._forget(connection, "access")

    async def _relearn(self) -> None:
        while self._stale:
            account_id = self._stale.pop()
            own = self._interest.of(account_id)
            if not own:
                continue
            viewer = await self._viewers.get(AccountId(account_id))
            for subscription in own:
                if subscription.channel.kind == "list":
                    await self._relearn_list(subscription)
                if subscription in self._owners:
                    self._interest.relearn(subscription, viewer)

    async def _relearn_list(self, subscription: Subscription) -> None:
        try:
            subscription.listed, subscription.members = await self._list(subscription)
        except NotFound:
            connection = self._owners.get(subscription)
            if connection is not None:
                self.unsubscribe(connection, subscription.channel.label)
