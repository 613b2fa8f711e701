"""Hands what happened to the streams that want it: one task, in the order of the events.

What comes out of silence is handed out at once; when rounds follow each other it waits a moment before each, so that
many posts share one load. Who is told is decided here, per receiver, at the moment of handing out. A fault in one
round is not the next one's: streams are hints, and the worker goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog

from weft.accounts.events import Notified
from weft.infra.events import Event
from weft.kernel.clock import Clock
from weft.kernel.errors import WeftError
from weft.kernel.ids import AccountId
from weft.notes.events import NoteSet
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.model import Audience, Visibility, can_see
from weft.timelines.connections import Body, Connection, Delivery, News, Teller, Told
from weft.timelines.events import ConversationChanged, ReadingChanged
from weft.timelines.filters import filter_hits
from weft.timelines.interest import Interest, Subscription, offer_of, wants
from weft.timelines.model import FilterContext, Viewer
from weft.timelines.viewers import Viewers

MOST_WAITING = 20_000
BATCH = 256
PAUSE_S = 0.002
BUSY_PAUSE_S = 0.005
BUSY_S = 0.02
BUSY_ROUNDS = 10
"""After so many rounds in close succession each waits longer: it has more posts and wakes each reader once. The first
after a silence waits only for the tasks that are due: whoever wrote the post has rendered it by then."""
AFTER_FAILURE_S = 0.3
MOST_TRACED = 4096

log = structlog.get_logger()


class Dispatcher:
    """``owners`` are the connections by subscription, kept by ``Streams``; ``prepare`` runs before each round."""

    def __init__(
        self,
        viewers: Viewers,
        clock: Clock,
        interest: Interest,
        owners: dict[Subscription, Connection],
        *,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        self._viewers = viewers
        self._clock = clock
        self._interest = interest
        self._owners = owners
        self._prepare = prepare
        self._teller: Teller
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._traces: dict[int, set[Subscription]] = {}
        """Streams that lately saw a post inside a repost: they learn when it is edited or goes."""
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, teller: Teller) -> None:
        self._teller = teller
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def note(self, event: Event) -> None:
        """Take an event in: called inside the request that wrote, so it only queues. The oldest goes when full."""
        self._waiting.append(event)
        self._something.set()

    def wake(self) -> None:
        """There is something to prepare."""
        self._something.set()

    async def _work(self) -> None:
        ended, streak = 0.0, 0
        while True:
            await self._something.wait()
            streak = streak + 1 if self._now() - ended < BUSY_S else 0
            await asyncio.sleep(BUSY_PAUSE_S if streak > BUSY_ROUNDS else PAUSE_S if streak else 0)
            try:
                await self._round()
                ended = self._now()
            except WeftError as error:  # the database is away
                log.warning("streams.round_lost", error=error.code)
                await asyncio.sleep(AFTER_FAILURE_S)
            except Exception:
                log.exception("streams.round_failed")
                await asyncio.sleep(AFTER_FAILURE_S)

    async def _round(self) -> None:
        """Hand out what waits, at most ``BATCH`` events; rights and facts that changed come first."""
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        if not self._waiting:
            self._something.clear()
        await self._prepare()
        posts: list[PostCreated | PostEdited] = []
        for event in batch:
            if isinstance(event, PostCreated | PostEdited):
                posts.append(event)
                continue
            await self._tell_posts(posts)
            posts = []
            await self._tell_other(event)
        await self._tell_posts(posts)

    async def _viewer(self, account_id: AccountId) -> Viewer:
        """The facts as this process knows them: a hint need not wait for what other processes may be about to say."""
        return self._viewers.known(account_id) or await self._viewers.get(account_id)

    async def _tell_posts(self, events: Sequence[PostCreated | PostEdited]) -> None:
        near = [(event, found) for event in events if (found := self._interest.near(event) | self._seen(event))]
        if not near:
            return
        told = {each.post.id: each for each in await self._teller.load(list({event.post_id for event, _ in near}))}
        for event, subscriptions in near:
            each = told.get(event.post_id)
            if each is not None:
                await self._tell_post(event, each, subscriptions)

    def _seen(self, event: PostCreated | PostEdited) -> set[Subscription]:
        return self._traces.get(event.post_id, set()) if isinstance(event, PostEdited) else set()

    async def _tell_post(self, event: PostCreated | PostEdited, told: Told, near: set[Subscription]) -> None:
        author, new = told.author, isinstance(event, PostCreated)
        offer = offer_of(told.post, event, is_listed=author.state != "limited", is_local=not author.host)
        seen, now, now_ms = self._seen(event), self._now(), self._clock.now_ms()
        for subscription in near:
            connection = self._owners.get(subscription)
            if connection is None:
                continue
            viewer = await self._viewer(subscription.account_id)
            if not (subscription in seen or wants(subscription, offer, viewer)) or not told.visible(viewer):
                continue
            if viewer.filters and is_hidden(told, viewer, subscription.channel.kind, now_ms):
                continue
            body = await told.body(viewer, new=new)
            connection.put(Delivery("post" if new else "edit", subscription.channel.label, body), now)
            if told.post.repost_of is not None:
                self._trace(told.post.repost_of, subscription)

    def _trace(self, post_id: int, subscription: Subscription) -> None:
        if post_id not in self._traces and len(self._traces) >= MOST_TRACED:
            del self._traces[next(iter(self._traces))]
        self._traces.setdefault(post_id, set()).add(subscription)

    async def _tell_other(self, event: Event) -> None:
        match event:
            case PostDeleted():
                await self._tell_delete(event)
            case Notified():
                await self._tell_notification(event)
            case ConversationChanged():
                await self._tell_conversation(event)
            case NoteSet():
                await self._tell_note(event)
            case ReadingChanged():
                self._put(self._interest.of(event.account_id, "home"), "filters", Body(b""))
            case _:
                pass

    async def _tell_delete(self, event: PostDeleted) -> None:
        """Every stream that may have shown the post; who could not see it does not learn that it was."""
        audience = Audience(event.author_id, Visibility(event.visibility), event.mentions)
        body, now = Body(str(event.post_id).encode()), self._now()
        seen = self._traces.pop(event.post_id, set())
        for subscription in self._interest.near(event) | seen:
            connection = self._owners.get(subscription)
            if connection is not None and can_see(audience, (await self._viewer(subscription.account_id)).facts):
                connection.put(Delivery("delete", subscription.channel.label, body), now)

    async def _tell_notification(self, event: Notified) -> None:
        near = [
            each
            for each in self._interest.of(event.account_id, "home", "notifications")
            if self._owners[each].listener.notifications
        ]
        if near:
            viewer = await self._viewer(AccountId(event.account_id))
            self._put(near, "notification", await self._teller.notification(viewer, event.notification_id))

    async def _tell_conversation(self, event: ConversationChanged) -> None:
        near = self._interest.of(event.account_id, "conversations")
        if near:
            viewer = await self._viewer(event.account_id)
            self._put(near, "conversation", await self._teller.conversation(viewer, event.conversation_id))

    async def _tell_note(self, event: NoteSet) -> None:
        """Only this server's own app hears of notes: other apps may stumble over an event they do not know."""
        near = [each for each in self._interest.at_home(event.account_id) if self._owners[each].listener.own_app]
        told = await self._teller.note(event.note_id) if near else None
        if told is None:
            return
        for each in near:
            viewer = await self._viewer(each.account_id)
            if event.account_id not in viewer.bounds.muting:
                self._put((each,), "note", told.body(viewer))

    def _put(self, near: Sequence[Subscription], news: News, body: Body | None) -> None:
        if body is None:
            return
        now = self._now()
        for subscription in near:
            connection = self._owners.get(subscription)  # it may have gone while the body was made
            if connection is not None:
                connection.put(Delivery(news, subscription.channel.label, body), now)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def is_hidden(told: Told, viewer: Viewer, kind: str, now_ms: int) -> bool:
    """Whether a filter of the viewer's hides the post in streams of this kind. Nobody filters what they wrote."""
    if told.post.author_id == viewer.id:
        return False
    context: FilterContext = "home" if kind in ("home", "list") else "public"
    hits = filter_hits(viewer, told.text, told.ids, now_ms)
    return any(hit.filter.action == "hide" and context in hit.filter.contexts for hit in hits)
