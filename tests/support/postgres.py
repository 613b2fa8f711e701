"""Starts the PostgreSQL servers that the tests run on, and makes databases on them from a migrated template."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import asyncpg
import pytest

from weft.infra.db.migrate import migrate
from weft.infra.postgres import Cluster
from weft.infra.postgres.people import choose_user

T = TypeVar("T")

KINDS = ("embedded", "system")
# Only for tests: what they write may be lost. Drills that kill the server start one of their own.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_numbers = itertools.count(1)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own, whatever loop the test has."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


class Server(Protocol):
    def url(self, database: str) -> str: ...
    def stop(self) -> None: ...


class Servers:
    """Each kind is started when a test first asks for it, and stopped at the end."""

    def __init__(self) -> None:
        self._running: dict[str, Server] = {}

    @contextmanager
    def database(self, kind: str, *, migrated: bool) -> Iterator[str]:
        server = self._server(kind)
        name = f"test_{next(_numbers)}"
        run(_execute(server.url("postgres"), _create(name, "template_weft" if migrated else "template0")))
        try:
            yield server.url(name)
        finally:
            run(_execute(server.url("postgres"), f"DROP DATABASE {name} WITH (FORCE)"))

    def stop(self) -> None:
        for server in self._running.values():
            server.stop()

    def _server(self, kind: str) -> Server:
        if kind not in self._running:
            server: Server = Embedded() if kind == "embedded" else System()
            self._running[kind] = server
            run(_execute(server.url("postgres"), _create("template_weft", "template0")))
            run(migrate(server.url("template_weft")))
        return self._running[kind]


def _create(name: str, template: str) -> str:
    return f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _open_folder() -> Path:
    """A short-lived folder that the unprivileged user of the server may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="weft-test-"))
    folder.chmod(0o755)
    return folder


class Embedded:
    """The server that `weft up` starts, set to be fast instead of durable."""

    def __init__(self) -> None:
        self._folder = _open_folder()
        (self._folder / "pgconf").mkdir()
        lines = (f"{name} = {value}" for name, value in CARELESS.items())
        (self._folder / "pgconf" / "operator.conf").write_text("\n".join(lines))
        self._cluster = Cluster(self._folder, lambda line: None)
        self._url = self._cluster.start()

    def url(self, database: str) -> str:
        return self._url.replace("weft@/weft?", f"postgres@/{database}?")

    def stop(self) -> None:
        self._cluster.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class System:
    """The server of the machine's own packages, in a cluster of the tests' own."""

    def __init__(self) -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
        if not binaries:
            pytest.skip("no PostgreSQL of the system is installed")
        self._bin = binaries[-1].parent
        self._folder = _open_folder()
        self._user = choose_user(None)
        shutil.chown(self._folder, self._user.uid, self._user.gid)
        self._run("initdb", "-D", "pg", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = CARELESS | {"listen_addresses": "''", "unix_socket_directories": f"'{self._folder}'", "port": "5432"}
        with (self._folder / "pg" / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self._run("pg_ctl", "-D", "pg", "-l", "log", "-w", "start")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}&port=5432"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "pg", "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        foreign = self._user.foreign
        subprocess.run(
            [self._bin / program, *arguments],
            cwd=self._folder,
            user=self._user.uid if foreign else None,
            group=self._user.gid if foreign else None,
            extra_groups=[] if foreign else None,
            check=True,
            stdout=subprocess.DEVNULL,
        )
