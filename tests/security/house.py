"""The whole application in this process, so that a test can ask its routes and see which statements that cost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from weft.accounts.model import NewAccount
from weft.accounts.service import NewToken, create_account, create_token
from weft.infra.routing.application import with_twins
from weft.infra.routing.table import Route
from weft.kernel.ids import AccountId
from weft.settings import Settings
from weft.wiring import Worker, all_routes, build_worker

BASE = "http://localhost:8000"
ALL = frozenset({"read", "write", "follow", "push", "profile"})
WORKED_OFF = frozenset({"post_embeddings_wanted", "assistant_judged"})
"""Queues of jobs."""
_numbers = itertools.count(1)


class Person:
    """Somebody with an account, and a client that speaks for them."""

    def __init__(self, id_: AccountId, name: str, token: str, http: httpx.AsyncClient) -> None:
        self.account_id = id_
        self.id = str(id_)
        self.name = name
        self.token = token
        self.http = http

    async def get(self, path: str, **params: Any) -> Any:
        return _checked(await self.http.get(path, params=params))

    async def post(self, path: str, **values: Any) -> Any:
        return _checked(await self.http.post(path, json=values))

    async def say(self, text: str, **more: Any) -> Any:
        return await self.post("/api/v1/statuses", status=text, **more)


def _checked(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


class House:
    """A worker and the people on it."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.db = worker.db
        self._clients: list[httpx.AsyncClient] = []
        self.visitor = self.client()

    def client(self, token: str = "", **more: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.worker.asgi, client=("203.0.113.7", 4711))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, **more)
        self._clients.append(client)
        return client

    async def person(self, name: str = "", scopes: frozenset[str] = ALL, **given: Any) -> Person:
        name = name or f"p{next(_numbers)}"
        account = await create_account(self.db, NewAccount(username=name, by_command=True, **given))
        token = await self.token(account.id, scopes)
        return Person(account.id, name, token, self.client(token))

    async def token(self, account_id: AccountId | None, scopes: frozenset[str]) -> str:
        """A token; without an account, one of an app alone."""
        new = NewToken(account_id, 1, "Tests", "", scopes)
        async with self.db.tx(new.bucket) as tx:
            return (await create_token(tx, new)).text

    async def settle(self) -> None:
        await self.worker.dispatcher.drain(30)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The statements of what this test asks meanwhile, without those of the jobs beside it."""
        seen: list[str] = []
        own = asyncio.current_task()

        def note(sql: str, args: tuple[object, ...]) -> None:
            if asyncio.current_task() is own:
                seen.append(" ".join(sql.split()))

        self.db.recorder = note
        try:
            yield seen
        finally:
            self.db.recorder = None

    async def rows(self) -> dict[str, str]:
        """What every table holds, as one digest each, but for what jobs work off beside the test."""
        async with self.db.read() as reader:
            names = await reader.values("SELECT tablename FROM pg_tables WHERE schemaname = 'public' -- shared")
            return {name: await _digest(reader, name) for name in names if name not in WORKED_OFF}

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


async def _digest(reader: Any, table: str) -> str:
    # The names come from the catalogue, not from anybody's input.
    sql = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t -- all buckets"
    return str(await reader.value(sql))


@asynccontextmanager
async def house_on(database_url: str, folder: Path, **given: Any) -> AsyncIterator[House]:
    settings = Settings(data=str(folder), base_url=BASE, **{"limits": False, "signup": "open", **given})
    worker = build_worker(settings, database_url, 0)
    await worker.start()
    house = House(worker)
    try:
        yield house
    finally:
        await house.close()
        await worker.stop()


def routes() -> list[Route]:
    """The whole table, as the router holds it."""
    return with_twins(all_routes())


def path_of(route: Route, **values: str) -> str:
    """An address of the route; ids are of nothing, but for those given by name."""
    parts = [
        values.get(part[1:], "1" if part[1:].endswith("id") else "x") if part[:1] in (":", "*") else part
        for part in route.path.split("/")
    ]
    return "/".join(parts)
