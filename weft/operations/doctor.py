"""`weft doctor`: one line for each thing that a server needs, what was found, and what to do about it.

It changes nothing: a folder or database that does not exist yet is not made.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec

from weft import __version__
from weft.infra.db import open_db
from weft.infra.db.migrate import TABLE_EXISTS, read_migrations
from weft.infra.engine.files import why_off
from weft.infra.engine.model import CAPABILITIES
from weft.infra.engine.places import Endpoints
from weft.infra.engine.process import LocalEngines
from weft.infra.mail import parse_server
from weft.infra.postgres import PostgresFailed, borrow, find_binaries, running_url
from weft.infra.postgres.check import find_problem, shown
from weft.infra.postgres.layout import existing_place
from weft.infra.telemetry import set_up_logs
from weft.kernel.clock import Clock
from weft.kernel.errors import WeftError
from weft.media.service import MediaPool, sandbox_report
from weft.moderation.service import find_break
from weft.operations.reach import is_served
from weft.settings import Settings

Level = Literal["ok", "note", "warning", "broken"]
LEAST_FREE, LITTLE_FREE = 200 << 20, 2 << 30
MUCH_BACKLOG = 10_000
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class Finding(msgspec.Struct, frozen=True):
    level: Level
    about: str
    words: str


def examine(settings: Settings, sources: Mapping[str, str]) -> list[Finding]:
    """Everything that was found, the machine first."""
    set_up_logs(settings.log_format, "error")
    return [
        Finding("ok", "versions", f"Weft {__version__}, Python {platform.python_version()}, {platform.system()}"),
        *_folder(settings),
        *_database(settings),
        *_address(settings),
        *_people(settings),
        *_seams(settings),
        *_models(settings),
        *asyncio.run(_media()),
    ]


def print_findings(findings: list[Finding], *, as_json: bool = False) -> int:
    """A line each; the exit status says whether something is broken."""
    broken = any(finding.level == "broken" for finding in findings)
    if as_json:
        print(msgspec.json.encode({"broken": broken, "findings": findings}).decode())
    else:
        for finding in findings:
            print(f"{finding.level:<8} {finding.about:<16} {finding.words}")
    return 1 if broken else 0


def _models(settings: Settings) -> Iterator[Finding]:
    try:
        endpoints = Endpoints(settings, LocalEngines(settings.folder, Clock()))
    except ValueError as error:
        yield Finding("broken", "models", str(error))
        return
    found = {capability: endpoints.place(capability) for capability in CAPABILITIES}
    named = [f"{capability}: {place.name}" for capability, place in found.items() if place]
    if found["chat"] is None or found["embed"] is None:
        yield Finding("note", "models", f"the assistant is off; {why_off() or 'the model in use is missing'}")
    if named:
        yield Finding("ok", "models", ", ".join(named))


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.folder
    if not folder.exists():
        yield Finding("note", "data folder", f"{folder} is not there yet; weft up makes it")
    elif not folder.is_dir():
        yield Finding("broken", "data folder", f"{folder} is no folder")
        return
    else:
        served = "a server runs on it" if is_served(folder) else "no server runs on it"
        yield Finding("ok", "data folder", f"{folder}; {served}")
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    level: Level = "broken" if free < LEAST_FREE else "warning" if free < LITTLE_FREE else "ok"
    yield Finding(level, "disk", f"{free / (1 << 30):.1f} GiB free")


# ------------------------------------------------------------------------------------------------ the database


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database:
        problem = asyncio.run(find_problem(settings.database))
        if problem:
            yield Finding("broken", "PostgreSQL", f"{shown(settings.database)}: {problem}")
            return
        yield Finding("ok", "PostgreSQL", f"{shown(settings.database)}, given by --database")
        yield from asyncio.run(_contents(settings.database, settings))
        return
    try:
        binaries = find_binaries(settings.folder)
        yield Finding("ok", "PostgreSQL", f"embedded, version {binaries.major}, programs of the {binaries.source}")
        if existing_place(settings.folder) is None:
            yield Finding("note", "database", "none yet; weft up makes it")
            return
        url = running_url(settings.folder)
        if url is not None:
            yield from asyncio.run(_contents(url, settings))
            return
        with borrow(settings.folder) as url:
            yield from asyncio.run(_contents(url, settings))
    except PostgresFailed as error:
        yield Finding("broken", "PostgreSQL", str(error))


VERSION = "SELECT current_setting('server_version')  -- shared"
APPLIED = "SELECT number, sha256 FROM schema_migrations ORDER BY number  -- shared"
STATE = """
SELECT (SELECT count(*) FROM outbox) AS waiting, (SELECT min(id >> 16) FROM outbox) AS oldest_ms,  -- all buckets
       (SELECT count(*) FROM dead_letters) AS dead, (SELECT count(*) FROM users) AS people,
       EXISTS (SELECT 1 FROM accounts WHERE role = 'owner' AND state = 'active') AS owned,
       EXISTS (SELECT 1 FROM accounts WHERE lower(username) = 'assistant' AND host = '' AND kind <> 'bot') AS named
"""


async def _record(url: str, settings: Settings) -> Finding:
    """Whether the record of the staff's decisions is whole."""
    db = await open_db(url, Clock(settings.clock_offset), size=1)
    try:
        async with db.read() as reader:
            count, broken = await find_break(reader)
    finally:
        await db.close()
    if broken:
        return Finding("broken", "decisions", f"entry {broken} of the record was changed or is missing")
    return Finding("ok", "decisions", f"{count} in the record, unbroken")


async def _contents(url: str, settings: Settings) -> list[Finding]:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return [Finding("broken", "database", f"it does not answer: {error}")]
    try:
        version = str(await connection.fetchval(VERSION)).split()[0]
        applied = await connection.fetch(APPLIED) if await connection.fetchval(TABLE_EXISTS) else []
        found = [Finding("ok", "database", f"answers; version {version}"), _schema(applied)]
        if found[-1].level != "ok":
            return found
        row = await connection.fetchrow(STATE)
    finally:
        await connection.close()
    owner: Level = "ok" if row["owned"] else "note"
    owned = (
        "an owner" if row["owned"] else "no owner yet: weft up prints a link, or use weft account create --role owner"
    )
    people = Finding(owner, "people", f"{row['people']} logins, {owned}")
    if row["named"] and settings.assistant:
        found.append(Finding("note", "assistant", "somebody has the name assistant: it goes by @assistant_bot"))
    return [*found, people, *_work(row, settings), await _record(url, settings)]


def _schema(applied: list[asyncpg.Record]) -> Finding:
    ours = [(migration.number, migration.sha256) for migration in read_migrations()]
    theirs = [(row["number"], row["sha256"]) for row in applied]
    if theirs == ours:
        return Finding("ok", "schema", f"migration {len(ours):03}, the newest")
    if theirs == ours[: len(theirs)]:
        return Finding(
            "note", "schema", f"migration {len(theirs):03} of {len(ours):03}; the next start brings it forward"
        )
    return Finding("broken", "schema", "it was made by another version of Weft than this one")


def _work(row: asyncpg.Record, settings: Settings) -> Iterator[Finding]:
    late_s = (Clock(settings.clock_offset).now_ms() - row["oldest_ms"]) / 1000 if row["oldest_ms"] else 0.0
    level: Level = "warning" if row["waiting"] > MUCH_BACKLOG else "ok"
    age = f", the oldest for {max(late_s, 0):.0f} s" if row["waiting"] else ""
    yield Finding(level, "backlog", f"{row['waiting']} events wait for their effects{age}")
    if row["dead"]:
        yield Finding(
            "warning", "dead letters", f"{row['dead']} effects failed for good; the table dead_letters says why"
        )
    else:
        yield Finding("ok", "dead letters", "none")


# ------------------------------------------------------------------------------------------------ settings


def _address(settings: Settings) -> Iterator[Finding]:
    name = settings.domain.rpartition(":")[0] or settings.domain
    if settings.scheme == "https":
        yield Finding("ok", "base URL", settings.url)
    elif name in LOOPBACK_HOSTS:
        yield Finding("note", "base URL", f"{settings.url}: for this machine alone; others need https")
    else:
        yield Finding(
            "warning", "base URL", f"{settings.url}: without https anybody on the way reads passwords and cookies"
        )
    if settings.trusted_proxies:
        networks = ", ".join(settings.trusted_proxies)
        yield Finding("note", "proxies", f"X-Forwarded headers are believed from {networks}")
    elif settings.scheme == "https":
        yield Finding("warning", "proxies", "none is trusted, though the base URL is https: set trusted_proxies")
    else:
        yield Finding("ok", "proxies", "none is trusted")


def _people(settings: Settings) -> Iterator[Finding]:
    yield Finding("ok", "sign-up", settings.signup)
    yield _mail(settings)
    if not settings.limits:
        yield Finding("warning", "limits", "off: anybody may ask as often as they like")
    if settings.password_grant:
        yield Finding("warning", "password grant", "on: apps may ask for passwords")


def _mail(settings: Settings) -> Finding:
    if settings.smtp:
        try:
            server = parse_server(settings.smtp)
        except (ValueError, WeftError) as error:
            return Finding("broken", "mail", f"smtp cannot be used: {error}")
        return Finding("ok", "mail", f"through {server.host}:{server.port}")
    if settings.signup != "closed" and settings.confirm_email:
        return Finding("warning", "mail", "no smtp: people cannot confirm their address but by a link in the log")
    return Finding("note", "mail", "no smtp: mail goes to the log")


def _seams(settings: Settings) -> Iterator[Finding]:
    """Settings made for tests, which a real server leaves alone."""
    if settings.fetch_allow:
        peers = ", ".join(settings.fetch_allow)
        yield Finding("warning", "fetch_allow", f"{peers} may be private addresses")
    if settings.dns:
        yield Finding("warning", "dns", f"names are asked of {settings.dns}")
    if settings.clock_offset:
        yield Finding("warning", "clock_offset", f"the clock is moved by {settings.clock_offset} s")


# ------------------------------------------------------------------------------------------------ media


async def _media() -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="weft-doctor-") as folder:
        pool = MediaPool(Path(folder))
        try:
            films = await pool.ffmpeg_works()
        finally:
            await pool.close()
    return [
        Finding("ok", "films", "ffmpeg works: video and audio are taken")
        if films
        else Finding("note", "films", "no ffmpeg that works: video and audio are refused, pictures are taken"),
        await _sandbox(),
    ]


async def _sandbox() -> Finding:
    try:
        walls = await sandbox_report()
    except (OSError, WeftError) as error:
        return Finding("broken", "media sandbox", f"pictures cannot be worked on: {error}")
    missing = [
        words
        for words, stands in (
            ("the network is open to it", walls.network_closed),
            ("files are open to it", walls.files_closed),
        )
        if not stands
    ]
    if missing:
        return Finding("warning", "media sandbox", f"this machine's kernel leaves gaps: {', '.join(missing)}")
    return Finding("ok", "media sandbox", "no network, no files, bounded memory and time")
