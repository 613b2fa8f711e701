"""A process with streams for the tests: real database, signals, viewers and presenter, without a server around them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from weft.accounts.events import AccessEnded
from weft.accounts.model import Account, NewAccount
from weft.accounts.service import Authenticator, NewToken, create_account, create_token
from weft.infra.admit import Admit
from weft.infra.cells import Cells
from weft.infra.db import Db
from weft.infra.events import EventCodec
from weft.infra.signals import Signals
from weft.kernel.clock import Clock
from weft.kernel.ids import AccountId, bucket_of
from weft.mastodon.context import Mastodon
from weft.mastodon.presenter import Presenter
from weft.mastodon.telling import Outlet
from weft.posts.model import Draft, Post
from weft.posts.service import Limits, create_post, prepare
from weft.relationships.model import FollowOptions, Visibility
from weft.relationships.service import follow
from weft.settings import Settings
from weft.timelines.events import ReadingChanged
from weft.timelines.service import Channel, Connection, Delivery, Listener, Streams, Viewers

LIMITS = Limits(characters=500, domain="localhost:8000")
HOME = Channel(kind="home", label=("user",))


async def _own(app: Mastodon, viewer: Any, id_: int) -> bytes | None:
    return b'{"id":"%d"}' % id_


class World:
    """People, what they do, and what open streams hear of it."""

    def __init__(self, db: Db, clock: Clock, *, limited: bool = True) -> None:
        settings = Settings(base_url="http://localhost:8000")
        self.db = db
        self.clock = clock
        self.signals = Signals("", EventCodec([]), Cells(None))
        db.publish = self.signals.publish
        self.authenticator = Authenticator(db)
        self.authenticator.listen(self.signals)
        self.viewers = Viewers(db, self.signals)
        self.viewers.listen(self.signals)
        self.presenter = Presenter(db, settings, clock)
        self.presenter.listen(self.signals)
        self.streams = Streams(db, self.viewers, clock, limited=limited)
        self.streams.listen(self.signals)
        self.app = cast(
            Mastodon,
            SimpleNamespace(
                settings=settings,
                db=db,
                clock=clock,
                admit=Admit(None, clock, limited),
                signals=self.signals,
                authenticator=self.authenticator,
                viewers=self.viewers,
                presenter=self.presenter,
                streams=self.streams,
            ),
        )
        self._fence: Connection | None = None

    def start(self) -> None:
        self.streams.start(Outlet(self.app, notification=_own, conversation=_own))

    async def person(self, name: str) -> Account:
        return await create_account(self.db, NewAccount(username=name))

    async def token(self, account: Account, scopes: str = "read write follow") -> tuple[int, str]:
        async with self.db.tx(bucket_of(account.id)) as tx:
            issued = await create_token(tx, NewToken(account.id, 1, "app", "", frozenset(scopes.split())))
        return issued.id, issued.text

    async def follow(self, who: Account, whom: Account, **options: Any) -> None:
        await follow(self.db, who.id, whom.id, FollowOptions(**options))

    async def say(self, author: Account, text: str, visibility: Visibility = Visibility.PUBLIC, **more: Any) -> Post:
        draft = Draft(text=text, visibility=visibility, **more)
        return (await create_post(self.db, await prepare(self.db, author, draft, LIMITS))).post

    async def listen(self, account: Account, *channels: Channel, **more: Any) -> Connection:
        """Open a connection for the account, whose right nobody doubts unless told so."""

        async def still_allowed() -> bool:
            return True

        values: dict[str, Any] = {"token_id": 1, "still_allowed": still_allowed, **more}
        connection = self.streams.open(Listener(account_id=account.id, **values))
        for channel in channels:
            await self.streams.subscribe(connection, channel)
        return connection

    async def settle(self) -> None:
        """Everything published until now has been handed out: the worker keeps the order."""
        if self._fence is None:
            self._fence = await self.listen(await self.person("fence"), HOME)
        self.signals.publish([ReadingChanged(account_id=self._fence.listener.account_id, filters=True)])
        async with asyncio.timeout(10):
            while not any(each.news == "filters" for each in await self._fence.take()):
                pass

    async def heard(self, connection: Connection) -> list[tuple[str, str]]:
        """What the connection was told since the last time: the news, and the post's text or the bare payload."""
        await self.settle()
        return [(each.news, _short(each)) for each in await connection.take(0)]

    def end_access(self, account_id: AccountId, token_id: int = 0) -> None:
        self.signals.publish([AccessEnded(account_id=account_id, token_id=token_id)])


def _short(delivery: Delivery) -> str:
    if delivery.news not in ("post", "edit"):
        return delivery.body.content.decode()
    status = msgspec.json.decode(delivery.body.content)
    shown = status["reblog"] or status
    return str(shown["content"]).removeprefix("<p>").removesuffix("</p>")
