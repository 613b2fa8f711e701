"""A worker that is killed with a call in flight: its place is free at once, and what it held when its time is over."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.assistant.calling import ANN, BOB, Office, Passed, Scripted, asking
from tests.conftest import NEW_YEAR_2026
from tests.ledger.conftest import checked
from tests.support.scripted_model import scripted_model
from weft.assistant.calls import Calls
from weft.infra.db import Db, open_db
from weft.infra.engine.client import Models
from weft.infra.http import Fetcher
from weft.kernel.clock import ManualClock
from weft.ledger.jobs import book_usage, end_holds
from weft.ledger.service import Ledger

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import asyncio, sys
from pathlib import Path
from tests.assistant.test_killed import ask_for_ever
asyncio.run(ask_for_ever(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
"""
LONGEST_HOLD_S = 1000


def calls_of(db: Db, peer: str, folder: Path) -> tuple[Calls, Scripted, Fetcher]:
    """One process's calls to a server with one place."""
    fetcher = Fetcher(frozenset({peer}), None, "weft-test", per_host=64)
    servers = Scripted(_Server(peer), 1, is_own=True)  # type: ignore[arg-type]
    return Calls(Models(fetcher), servers, Ledger(db, db.clock), Passed(), folder=folder), servers, fetcher


class _Server:
    """Where the scripted server is, for a process that did not start it."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.url = f"http://{peer}/v1"


async def ask_for_ever(url: str, peer: str, folder: Path) -> None:
    db = await open_db(url, ManualClock(NEW_YEAR_2026), size=2)
    calls, servers, _ = calls_of(db, peer, folder)
    servers.behaviour = "slow-first"
    async for _ in calls.generate(asking(ANN)):
        pass


async def test_a_killed_worker_leaves_no_place_taken_and_nothing_held_for_ever(
    db: Db, database_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    async with scripted_model() as server:
        server.pause_s = 600
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, database_url, server.peer, str(tmp_path)], env=environment
        )
        try:
            async with asyncio.timeout(60):
                while not server.calls:  # noqa: ASYNC110 - another process is waited for
                    await asyncio.sleep(0.02)
            calls, servers, fetcher = calls_of(db, server.peer, tmp_path)
            town = Office(calls, Ledger(db, clock), servers, Passed(), db)
            waiting = asyncio.create_task(town.ask(BOB))
            await asyncio.sleep(0.1)
            assert not waiting.done() and len(server.calls) == 1, "the place is taken by the other process"
        finally:
            worker.kill()
            worker.wait()
        async with asyncio.timeout(20):
            text, end = await waiting
        assert text and end.charged == 11
        assert server.calls[0].ended == "gone", "the server stops working for the dead"
        before = await town.left(ANN)
        assert (before.spent, before.held > 0) == (0, True)
        clock.advance(LONGEST_HOLD_S)
        assert await end_holds(db) == 1
        after, common = await town.left(ANN), await town.left(scope="instance")
        assert (after.spent, after.held, common.spent, common.held) == (0, 0, 11, 0)
        await book_usage(db)
        await checked(db)
        await calls.aclose()
        await fetcher.aclose()
