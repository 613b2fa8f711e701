"""Whether a PostgreSQL given by --database can carry Weft."""

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import asyncpg

from weft.infra.postgres.binaries import OLDEST
from weft.infra.postgres.errors import PostgresFailed

PATIENCE = 15.0
QUESTION = """
SELECT current_setting('server_version_num')::int / 10000 AS major,
       pg_encoding_to_char(encoding) AS encoding, pg_is_in_recovery() AS replica
  FROM pg_database WHERE datname = current_database()
"""


def check_server(url: str) -> None:
    """Connect once and refuse a server too old, a database that is not UTF-8, and one that takes no writes.

    Another process asks, so that no event loop or thread stays behind in a supervisor that forks later.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_report, args=(url, there), daemon=True)
    child.start()
    there.close()
    try:
        problem = here.recv() if here.poll(PATIENCE + 5) else "it does not answer"
    except EOFError:
        problem = "the process asking it ended without an answer"
    finally:
        here.close()
        child.kill()
        child.join()
    if problem:
        raise PostgresFailed(f"The database {shown(url)} cannot be used: {problem}.")


def shown(url: str) -> str:
    """Host and database of a URL, without user and password."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'on a local socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "given by --database"


def _report(url: str, answer: Connection) -> None:
    answer.send(asyncio.run(find_problem(url)))


async def find_problem(url: str) -> str:
    """Words for what is wrong with this server, or nothing."""
    try:
        connection = await asyncpg.connect(url, timeout=PATIENCE, statement_cache_size=0)
    except (OSError, TimeoutError) as problem:
        return f"nothing answers there ({str(problem) or 'it took too long'})"
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as problem:
        return f"it refuses the connection ({problem})"
    try:
        row = await connection.fetchrow(QUESTION)
    finally:
        await connection.close()
    if row is None:
        return "it does not describe itself"
    if row["major"] < OLDEST:
        return f"it runs PostgreSQL {row['major']}, and Weft needs {OLDEST} or newer"
    if row["encoding"] != "UTF8":
        return (
            f"its encoding is {row['encoding']}, and Weft needs UTF8 "
            f"(CREATE DATABASE weft ENCODING 'UTF8' TEMPLATE template0)"
        )
    return "it is a read-only replica" if row["replica"] else ""
