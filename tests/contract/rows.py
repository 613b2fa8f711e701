"""All rows of a server's database in one number per table, so that a test can say that nothing changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tests.support.postgres import run
from tests.support.server import LiveServer
from weft.infra.engine.files import why_off

BOOKS = frozenset({"holds", "spending", "usage_events", "entries", "entry_lines", "balances", "chain"})
PASSING = frozenset({"periodic", "outbox", "post_embeddings", "post_embeddings_wanted"}) | {
    *("assistant_judged", "assistant_judges"),
    # Where models are installed, the assistant reads new posts by itself, and that is booked.
    *(() if why_off() else BOOKS),
}
"""Tables that a server writes by itself while nobody asks anything."""
BY_ITSELF = {"server_values": "name <> 'assistant.index'"}
"""Of other tables the rows that it does not: which model the index of nearness is of is noted at its first build."""


async def _sums(url: str) -> dict[str, tuple[int, int]]:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("SELECT relname FROM pg_stat_user_tables")
        tables = sorted(row[0] for row in names if row[0] not in PASSING)
        each = " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {name} t"
            f" WHERE {BY_ITSELF.get(name, 'true')}"
            for name in tables
        )
        return {row[0]: (row[1], int(row[2])) for row in await connection.fetch(each)}
    finally:
        await connection.close()


def sums(server: LiveServer) -> dict[str, tuple[int, int]]:
    """How many rows each table has, and a number that changes with any of them."""
    server.settle()
    return run(_sums(server.database_url))


@contextmanager
def unchanged(server: LiveServer) -> Iterator[None]:
    """What happens inside must leave every row as it was, and no fault in the server's log."""
    before, logged = sums(server), len(failures(server))
    yield
    after = sums(server)
    changed = {name: (before.get(name), now) for name, now in after.items() if before.get(name) != now}
    assert not changed, changed
    assert failures(server)[logged:] == []


def failures(server: LiveServer) -> list[str]:
    """The lines of the server's log that tell of a fault of its own."""
    time.sleep(0.01)
    path = Path(server.data.parent / f"{server.data.name}.log")
    return [line for line in path.read_text(errors="replace").splitlines() if "request.failed" in line]
