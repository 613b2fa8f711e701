"""A small town for the tests: the client API in this process, people on it, and jobs that run when told to."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import httpx
import msgspec

from weft.accounts.model import Account, NewAccount
from weft.accounts.service import Authenticator, NewToken, create_account, create_token, delete_account
from weft.infra.admit import Admit
from weft.infra.cells import Cells
from weft.infra.db import Db
from weft.infra.events import Event, EventCodec
from weft.infra.outbox import Dispatcher, Handler
from weft.infra.routing.application import Application, Serving
from weft.infra.signals import Signals
from weft.kernel.clock import ManualClock
from weft.kernel.ids import MediaId, bucket_of
from weft.mastodon import polls, profile_statuses, scheduled, status_actions, status_parts, statuses, timelines
from weft.mastodon.context import Mastodon
from weft.mastodon.presenter import Presenter
from weft.media import queries as media_queries
from weft.media.model import Media
from weft.posts import jobs as posts_jobs
from weft.posts.service import Heat, Limits
from weft.relationships.model import FollowOptions
from weft.relationships.service import block, follow
from weft.settings import Settings
from weft.timelines import jobs as timelines_jobs
from weft.timelines.service import Timelines, Viewers

BASE = "http://localhost:8000"
LIMITS = Limits(500, "localhost:8000")
ROUTES = (
    *statuses.ROUTES,
    *status_actions.ROUTES,
    *status_parts.ROUTES,
    *polls.ROUTES,
    *scheduled.ROUTES,
    *timelines.ROUTES,
    *profile_statuses.ROUTES,
)
_names = itertools.count(1)


class Town:
    """Everything behind the posts' routes, with one worker's caches."""

    def __init__(self, db: Db, clock: ManualClock) -> None:
        settings = Settings(base_url=BASE)
        self.db = db
        self.clock = clock
        kinds: list[type[Event]] = _below(Event)
        codec = EventCodec(kinds)
        self.signals = Signals("", codec, Cells(None))
        db.publish = self.signals.publish
        authenticator = Authenticator(db)
        authenticator.listen(self.signals)
        self.viewers = Viewers(db, self.signals)
        self.viewers.listen(self.signals)
        self.timelines = Timelines(db)
        self.timelines.listen(self.signals)
        self.presenter = Presenter(db, settings, clock)
        self.presenter.listen(self.signals)
        admit = Admit(None, clock, False)
        handlers: dict[type[Event], list[Handler]] = {}
        for kind, name, handle in (*posts_jobs.HANDLERS, *timelines_jobs.HANDLERS):
            handlers.setdefault(kind, []).append((name, handle))
        self.dispatcher = Dispatcher(db, codec, handlers)
        ports = {
            "settings": settings,
            "db": db,
            "clock": clock,
            "admit": admit,
            "signals": self.signals,
            "viewers": self.viewers,
            "timelines": self.timelines,
            "presenter": self.presenter,
            "heat": Heat(),
            "assistant": None,
        }
        self.app = cast(Mastodon, SimpleNamespace(**ports))
        serving = Serving(authenticate=authenticator, admit=admit, clock=clock, base_url=BASE)
        transport = httpx.ASGITransport(app=cast(Any, Application(ROUTES, self.app, serving)))
        self.visitor = Person(None, httpx.AsyncClient(transport=transport, base_url=BASE), clock)
        self._transport = transport

    async def person(self, name: str = "", **more: Any) -> Person:
        new = NewAccount(username=name or f"p{next(_names)}", by_command=True, **more)
        account = await create_account(self.db, new)
        async with self.db.tx(bucket_of(account.id)) as tx:
            token = await create_token(tx, NewToken(account.id, 1, "app", "https://app.example", _SCOPES))
        headers = {"authorization": f"Bearer {token.text}"}
        client = httpx.AsyncClient(transport=self._transport, base_url=BASE, headers=headers)
        return Person(account, client, self.clock)

    async def follow(self, who: Person, whom: Person) -> None:
        await follow(self.db, who.account.id, whom.account.id, FollowOptions())

    async def block(self, who: Person, whom: Person) -> None:
        await block(self.db, who.account.id, whom.account.id)

    async def delete(self, who: Person) -> None:
        await delete_account(self.db, who.account.id)

    async def media(self, owner: Person, *, state: str = "ready") -> str:
        """An attachment as an upload leaves it."""
        bucket = bucket_of(owner.account.id)
        media = Media(id=MediaId(self.db.ids.new(bucket)), account_id=owner.account.id, state="processing")
        async with self.db.tx(bucket) as tx:
            await media_queries.insert_media(tx, media)
            if state == "ready":
                await media_queries.finish_media(tx, _ready(media), {"original": 1})
        return str(media.id)

    async def work(self) -> None:
        """Let everything that was stored have its effects."""
        await self.dispatcher.drain(30)


def _ready(media: Media) -> Media:

    return msgspec.structs.replace(media, state="ready", kind="image", files={"original": f"{media.id}.webp"})


_SCOPES = frozenset({"read", "write", "follow"})


class Person:
    """Somebody with a client of their own; nobody in particular where there is no account."""

    def __init__(self, account: Account | None, client: httpx.AsyncClient, clock: ManualClock) -> None:
        self._account = account
        self.client = client
        self._clock = clock

    @property
    def account(self) -> Account:
        assert self._account is not None
        return self._account

    @property
    def id(self) -> str:
        return str(self.account.id)

    async def ask(self, method: str, path: str, **values: Any) -> httpx.Response:
        return await self.client.request(method, f"/api/v1/{path}", **values)

    async def get(self, path: str, **params: Any) -> Any:
        return _json(await self.ask("GET", path, params=params))

    async def post(self, path: str, values: Mapping[str, Any] | None = None, **more: Any) -> Any:
        return _json(await self.ask("POST", path, json=dict(values or {}, **more)))

    async def put(self, path: str, **values: Any) -> Any:
        return _json(await self.ask("PUT", path, json=values))

    async def remove(self, path: str) -> Any:
        return _json(await self.ask("DELETE", path))

    async def say(self, text: str, **more: Any) -> Any:
        self._clock.advance(0.001)  # ids of one millisecond are in no order that a test could expect
        return await self.post("statuses", status=text, **more)

    async def refused(self, method: str, path: str, **values: Any) -> tuple[int, str]:
        """The status and the sentence of a request that must not succeed."""
        answer = await self.ask(method, path, json=values or None)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]


def _json(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def _below(kind: type[Event]) -> list[type[Event]]:
    return [one for child in kind.__subclasses__() for one in (child, *_below(child))]
