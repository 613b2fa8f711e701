"""A real server for the tests: ``weft up`` as its own process, and people on it with tokens."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.postgres import run
from weft.accounts.model import NewAccount, Role
from weft.accounts.service import NewToken, create_account, create_token
from weft.infra.db import Db, open_db
from weft.infra.events import Event
from weft.infra.signals import publish_now
from weft.kernel.clock import Clock
from weft.kernel.ids import AccountId

READY = re.compile(r"Weft is ready at (\S+)")
ALL = "read write follow push profile"
_names = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and a client that speaks for them."""

    id: str
    name: str
    token: str
    http: httpx.Client

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer of a GET that must succeed."""
        return _checked(self.http.get(path, params=params))

    def post(self, path: str, **values: Any) -> Any:
        return _checked(self.http.post(path, json=values))

    def delete(self, path: str) -> Any:
        return _checked(self.http.delete(path))

    def say(self, text: str, **more: Any) -> Any:
        """Post a text; the status."""
        return self.post("/api/v1/statuses", status=text, **more)


def _checked(response: httpx.Response) -> Any:
    assert response.status_code < 300, (
        f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
    )
    return response.json()


class LiveServer:
    """One running ``weft up``."""

    def __init__(self, process: subprocess.Popen[str], url: str, database_url: str, data: Path) -> None:
        self.process = process
        self.url = url
        self.database_url = database_url
        self.data = data
        self.said: list[str] = []
        """The lines it printed up to the one that it is ready."""
        self.visitor = httpx.Client(base_url=url, timeout=30)
        self._clients: list[httpx.Client] = [self.visitor]

    def person(self, name: str = "", *, scopes: str = ALL, role: Role = "member", locked: bool = False) -> Person:
        """A new account with a token; the name is made up where none is given."""
        name = name or f"p{next(_names)}q{os.getpid()}"
        id_, token = run(self._make(name, scopes, role, locked=locked))
        return Person(str(id_), name, token, self.client(token))

    def client(self, token: str) -> httpx.Client:
        client = httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        self._clients.append(client)
        return client

    def token(self, account_id: str, scopes: str) -> str:
        """Another token of an account."""
        return run(self._token(AccountId(int(account_id)), scopes))

    def settle(self) -> None:
        """Wait until every stored event has had its effects."""
        run(self._settle())

    async def _make(self, name: str, scopes: str, role: Role, *, locked: bool) -> tuple[int, str]:
        db, events = await self._open()
        try:
            account = await create_account(db, NewAccount(username=name, role=role, locked=locked, by_command=True))
            token = await _issue(db, account.id, scopes)
        finally:
            await db.close()
        await publish_now(self.database_url, events, self.data)
        return account.id, token

    async def _token(self, account_id: AccountId, scopes: str) -> str:
        db, _ = await self._open()
        try:
            return await _issue(db, account_id, scopes)
        finally:
            await db.close()

    async def _settle(self) -> None:
        db, _ = await self._open()
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                async with db.read() as reader:
                    if not await reader.value("SELECT EXISTS (SELECT 1 FROM outbox)  -- all buckets"):
                        return
                time.sleep(0.02)
            raise AssertionError("the outbox did not become empty")
        finally:
            await db.close()

    async def _open(self) -> tuple[Db, list[Event]]:
        db = await open_db(self.database_url, Clock(), size=1)
        events: list[Event] = []
        db.publish = events.extend
        return db, events

    def stop(self, seconds: float = 15) -> int:
        """Stop it as an operator would; its exit status."""
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


async def _issue(db: Db, account_id: AccountId, scopes: str) -> str:
    new = NewToken(account_id, 0, "Tests", "", frozenset(scopes.split()))
    async with db.tx(new.bucket) as tx:
        return (await create_token(tx, new)).text


def start_server(
    data: Path, environ: Mapping[str, str] | None = None, *options: str, database_url: str = ""
) -> LiveServer:
    """Run ``weft up``, on a free port where none is named, and wait for its ready line."""
    port = () if "--port" in options else ("--port", "0")
    command = [sys.executable, "-m", "weft.cli", "up", "--data", str(data), *port, *options]
    if database_url:
        command += ["--database", database_url]
    log = (data.parent / f"{data.name}.log").open("w")
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=os.environ | {"WEFT_LIMITS": "off"} | dict(environ or {}),
    )
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        found = READY.search(line)
        if found:
            server = LiveServer(process, found[1], database_url, data)
            server.said = said
            return server
    process.wait()
    raise AssertionError(f"weft up ended with {process.returncode}:\n{(data.parent / f'{data.name}.log').read_text()}")


@contextmanager
def running_server(database_url: str, environ: Mapping[str, str] | None = None, *options: str) -> Iterator[LiveServer]:
    """A server on a database of the tests, stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="weft-server-") as folder:
        server = start_server(Path(folder) / "data", environ, *options, database_url=database_url)
        try:
            yield server
        finally:
            server.stop()
