"""A small world: people by name, what they do through the services, and what they are told of it."""

from __future__ import annotations

import inspect

from weft.accounts import events as account_events
from weft.accounts.events import Notified
from weft.accounts.model import Account, NewAccount, Role
from weft.accounts.service import create_account, find_account
from weft.infra.db import Db
from weft.infra.events import Event, EventCodec
from weft.infra.outbox import Dispatcher, Handler
from weft.kernel.clock import ManualClock
from weft.kernel.ids import AccountId, PostId
from weft.kernel.paging import Page
from weft.notifications import jobs
from weft.notifications.model import Notification, Wanted
from weft.notifications.service import hidden_senders, load_page
from weft.posts import events as post_events
from weft.posts import jobs as post_jobs
from weft.posts.model import Draft, Post
from weft.posts.service import Limits, create_post, load_posts, prepare
from weft.relationships import events as relationship_events
from weft.relationships.model import FollowOptions, Visibility
from weft.relationships.service import follow, load_bounds
from weft.timelines import jobs as timeline_jobs

LIMITS = Limits(characters=500, domain="weft.test")


def every_event() -> list[type[Event]]:
    modules = (account_events, post_events, relationship_events)
    found = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    return [kind for kind in found if issubclass(kind, Event) and kind is not Event]


class World:
    def __init__(self, db: Db) -> None:
        self.db = db
        self.ids: dict[str, AccountId] = {}
        self.signals: list[Event] = []
        handlers: dict[type[Event], list[Handler]] = {}
        for kind, *handler in (*timeline_jobs.HANDLERS, *jobs.HANDLERS, *post_jobs.HANDLERS):
            handlers.setdefault(kind, []).append((handler[0], handler[1]))
        self._dispatcher = Dispatcher(db, EventCodec(every_event()), handlers)
        db.publish = self.signals.extend

    async def join(self, name: str, *, role: Role = "member", locked: bool = False) -> AccountId:
        made = await create_account(self.db, NewAccount(username=name, role=role, locked=locked))
        self.ids[name] = made.id
        return made.id

    async def account(self, name: str) -> Account:
        async with self.db.read() as reader:
            found = await find_account(reader, self.ids[name])
        assert found is not None
        return found

    async def post(self, name: str, text: str = "hello", **more: object) -> Post:
        assert isinstance(self.db.clock, ManualClock)
        self.db.clock.advance(0.01)  # ids of one millisecond sort by bucket, not by order
        draft = Draft(text=text, **more)  # type: ignore[arg-type]
        return (await create_post(self.db, await prepare(self.db, await self.account(name), draft, LIMITS))).post

    async def direct(self, name: str, text: str, **more: object) -> Post:
        return await self.post(name, text, visibility=Visibility.DIRECT, **more)

    async def follow(self, name: str, other: str, *, notify: bool = False) -> None:
        await follow(self.db, self.ids[name], self.ids[other], FollowOptions(notify=notify))

    async def reload(self, post_id: int) -> Post:
        async with self.db.read() as reader:
            return (await load_posts(reader, [PostId(post_id)]))[post_id]

    async def settle(self) -> None:
        await self._dispatcher.drain()

    async def told(self, name: str, *, filtered: bool = False) -> list[tuple[str, str]]:
        """``(kind, sender)`` of everything the account would be shown, oldest first."""
        return [(row.kind, self.name_of(row.from_id)) for row in reversed(await self.rows(name, filtered=filtered))]

    async def rows(self, name: str, *, filtered: bool = False) -> list[Notification]:
        await self.settle()
        async with self.db.read() as reader:
            hidden = hidden_senders(await load_bounds(reader, self.ids[name]), self.db.clock.now_ms())
            wanted = Wanted(filtered=filtered, hidden=hidden)
            return await load_page(reader, self.ids[name], wanted, Page(100))

    def name_of(self, account_id: int) -> str:
        return next(name for name, id_ in self.ids.items() if id_ == account_id)

    def streamed(self) -> list[tuple[str, str]]:
        """``(kind, account)`` of what open streams were told."""
        return [(e.kind, self.name_of(e.account_id)) for e in self.signals if isinstance(e, Notified)]
