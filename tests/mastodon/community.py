"""The client API in the same process: real routes, store, signals and caches, without sockets; and people on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from weft.accounts.model import NewAccount
from weft.accounts.service import Authenticator, NewToken, create_account, create_token
from weft.infra.admit import Admit
from weft.infra.cells import Cells
from weft.infra.db import Db
from weft.infra.events import EventCodec
from weft.infra.routing.application import Application, Serving
from weft.infra.signals import Signals
from weft.kernel.ids import AccountId
from weft.mastodon import account_reads, filters, lists, markers, relationships, tags
from weft.mastodon.presenter import Presenter
from weft.settings import Settings
from weft.timelines.service import Timelines, Viewers

BASE = "http://localhost:8000"
ALL = "read write follow"


class Person:
    """Somebody with an account, and a client that speaks for them."""

    def __init__(self, id_: AccountId, client: httpx.AsyncClient) -> None:
        self.account_id = id_
        self.id = str(id_)
        self.http = client

    async def get(self, path: str, **params: Any) -> Any:
        """The answer of a GET that must succeed."""
        return _checked(await self.http.get(path, params=params))

    async def post(self, path: str, **values: Any) -> Any:
        return _checked(await self.http.post(path, json=values))

    async def put(self, path: str, **values: Any) -> Any:
        return _checked(await self.http.put(path, json=values))

    async def delete(self, path: str, **values: Any) -> Any:
        return _checked(await self.http.request("DELETE", path, json=values))


def _checked(response: httpx.Response) -> Any:
    assert response.status_code == 200, f"{response.request.url}: {response.status_code} {response.text}"
    return response.json()


class Community:
    """One worker's worth of the API."""

    def __init__(self, db: Db, folder: Path) -> None:
        settings = Settings(limits=False)
        self.db = db
        signals = Signals("", EventCodec(()), Cells(folder / "cells"))
        db.publish = signals.publish
        viewers, timelines = Viewers(db, signals), Timelines(db)
        presenter = Presenter(db, settings, db.clock)
        for port in (viewers, timelines, presenter):
            port.listen(signals)
        self.context = SimpleNamespace(
            settings=settings, db=db, clock=db.clock, viewers=viewers, timelines=timelines, presenter=presenter
        )
        serving = Serving(
            authenticate=Authenticator(db), admit=Admit(None, db.clock, False), clock=db.clock, base_url=BASE
        )
        modules = (account_reads, filters, lists, markers, relationships, tags)
        routes = [route for module in modules for route in module.ROUTES]
        self.application = Application(routes, self.context, serving)
        self._open: list[httpx.AsyncClient] = []
        self.visitor = self.client()

    def client(self, token: str = "") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.application, raise_app_exceptions=True)  # type: ignore[arg-type]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)
        self._open.append(client)
        return client

    async def person(self, name: str, *, scopes: str = ALL, **given: Any) -> Person:
        account = await create_account(self.db, NewAccount(username=name, **given))
        new = NewToken(account.id, 0, "Tests", "", frozenset(scopes.split()))
        async with self.db.tx(new.bucket) as tx:
            token = await create_token(tx, new)
        return Person(account.id, self.client(token.text))

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()


@asynccontextmanager
async def community_on(db: Db, folder: Path) -> AsyncIterator[Community]:
    made = Community(db, folder)
    try:
        yield made
    finally:
        await made.close()
