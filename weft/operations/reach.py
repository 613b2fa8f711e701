"""A community's database for one command, whether its server runs at that moment or not.

Where it does not run, the embedded PostgreSQL is started for the command and stopped after it. What the command
writes is told to running workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from weft.infra.db import Db, open_db
from weft.infra.db.migrate import migrate
from weft.infra.events import Event
from weft.infra.postgres import borrow, check_server
from weft.infra.postgres.lock import SERVER, alive, read_holder, try_lock
from weft.infra.signals import publish_now
from weft.infra.telemetry import set_up_logs
from weft.kernel.clock import Clock
from weft.settings import Settings

T = TypeVar("T")
Work = Callable[[Db], Awaitable[T]]


class CommandFailed(Exception):
    """What the operator asked for cannot be done; the text says why."""


def run_on(settings: Settings, work: Work[T]) -> T:
    """Do the work on the community's database, brought to this program's schema first."""
    with database_of(settings) as url:
        return asyncio.run(work_at(url, settings, work))


@contextlib.contextmanager
def database_of(settings: Settings) -> Iterator[str]:
    """The URL of the given database, or of the embedded one, which runs at least as long as the block.

    Raises:
        PostgresFailed: the database cannot be used.
    """
    set_up_logs(settings.log_format, "warning")
    if settings.database:
        check_server(settings.database)
        yield settings.database
        return
    with borrow(settings.folder, notice) as url:
        yield url


async def work_at(url: str, settings: Settings, work: Work[T], clock: Clock | None = None) -> T:
    """Do the work on a database that runs, and tell running workers of what it changed. A clock may be lent to it."""
    await migrate(url)
    db = await open_db(url, clock or Clock(settings.clock_offset), size=4)
    events: list[Event] = []
    db.publish = events.extend
    try:
        return await work(db)
    finally:
        await db.close()
        if events:
            await publish_now(url, events, settings.folder if settings.folder.is_dir() else None)


def is_served(folder: Path) -> bool:
    """Whether a server runs on this data folder."""
    try:
        pid, holder = read_holder(folder)
        if holder != SERVER or not alive(pid):
            return False
        with open(folder / "weft.lock") as file:
            return not try_lock(file.fileno(), fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def notice(line: str) -> None:
    print(line, file=sys.stderr)
