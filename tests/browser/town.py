"""The demo's community behind a real server, filled once for all test processes of a run.

The first process that wants it starts it, the last one stops it; a lock file orders them, and a file beside it says
where the server is and what its people's passwords are.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.postgres import run
from tests.support.server import LiveServer, Person
from weft.accounts.service import create_session
from weft.infra.db import Db
from weft.infra.outbox import wait_until_empty
from weft.infra.postgres import borrow
from weft.kernel.clock import Clock
from weft.kernel.ids import AccountId

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"Weft is ready at (\S+)")
FILLED = "The demo is filled"
PASSWORD = re.compile(r"^  (\w+) +(\S+)$", re.M)
PATIENCE_S = 90.0
SETTINGS = {"WEFT_LIMITS": "off", "WEFT_SIGNUP": "open", "WEFT_CONFIRM_EMAIL": "off"}


class Town(LiveServer):
    """The running community. People of the demo have passwords; ``person`` makes more people."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(None, told["url"], told["database"], Path(told["data"]))  # type: ignore[arg-type]
        self.passwords: dict[str, str] = told["passwords"]
        self.folder = Path(told["folder"])

    def session_of(self, account_id: str) -> str:
        """The cookie of a browser in which this account is signed in."""
        return run(self._session(AccountId(int(account_id))))

    async def _session(self, account_id: AccountId) -> str:
        db, _ = await self._open()
        try:
            return await create_session(db, account_id, "Tests")
        finally:
            await db.close()

    def newcomer(self, *follows: str, name: str = "", shown: str = "") -> Person:
        """A new member who follows these people of the demo."""
        person = self.person(name)
        # Quietly public, so that what tests write does not push the demo's posts off the community's page.
        profile = {"display_name": shown or person.name.title(), "source": {"privacy": "unlisted"}}
        person.http.patch("/api/v1/accounts/update_credentials", json=profile).raise_for_status()
        for other in follows:
            account = person.get("/api/v1/accounts/lookup", acct=other)
            person.post(f"/api/v1/accounts/{account['id']}/follow")
        return person

    def token_of(self, name: str) -> Person:
        """Somebody of the demo, at an app."""
        account = self.visitor.get("/api/v1/accounts/lookup", params={"acct": name}).json()
        token = self.token(account["id"], "read write follow push")
        return Person(account["id"], name, token, self.client(token))

    def find(self, text: str) -> dict[str, Any]:
        """The newest public post of the demo that says this."""
        found = self.visitor.get("/api/v1/timelines/public", params={"limit": 40}).json()
        while found:
            for post in found:
                if text in post["content"]:
                    return dict(post)
            params = {"limit": 40, "max_id": found[-1]["id"]}
            found = self.visitor.get("/api/v1/timelines/public", params=params).json()
        raise AssertionError(f"nobody says {text!r}")


@contextmanager
def shared_town(folder: Path, me: str) -> Iterator[Town]:
    """The town of this run; ``folder`` is the same for all its processes, ``me`` names this one."""
    folder.mkdir(parents=True, exist_ok=True)
    users = folder / "users"
    with _locked(folder):
        users.mkdir(exist_ok=True)
        told = _running(folder) or _start(folder)
        (users / me).touch()
    town = Town(told)
    try:
        yield town
    finally:
        for client in town._clients:
            client.close()
        with _locked(folder):
            (users / me).unlink(missing_ok=True)
            if not any(users.iterdir()):
                _stop(folder, told)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _running(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((folder / "town.json").read_text()))
    except FileNotFoundError:
        return None


def _start(folder: Path) -> dict[str, Any]:
    data, log = folder / f"data{time.time_ns()}", folder / "server.log"
    command = [sys.executable, "-m", "weft.cli", "up", "--demo", "--data", str(data), "--port", "0"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_") or name == "WEFT_APP"}
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environ | SETTINGS, cwd=ROOT, start_new_session=True
        )
    said = _wait_until_filled(process, log)
    found = READY.search(said)
    assert found is not None
    with borrow(data) as database:
        run(_settle(database))
        told = {
            "url": found[1],
            "database": database,
            "data": str(data),
            "folder": str(folder),
            "pid": process.pid,
            "passwords": dict(PASSWORD.findall(said)),
        }
    (folder / "town.json").write_text(json.dumps(told))
    return told


def _wait_until_filled(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        said = log.read_text()
        if FILLED in said:
            return said
        if process.poll() is not None or time.monotonic() > deadline or "could not be filled" in said:
            process.kill()
            raise AssertionError(f"the demo was not filled:\n{said[-3000:]}")
        time.sleep(0.1)


async def _settle(database: str) -> None:
    from weft.infra.db import open_db

    db: Db = await open_db(database, Clock(), size=1)
    try:
        await wait_until_empty(db, PATIENCE_S)
    finally:
        await db.close()


def _stop(folder: Path, told: dict[str, Any]) -> None:
    (folder / "town.json").unlink(missing_ok=True)
    os.kill(told["pid"], signal.SIGTERM)
    for _ in range(150):
        try:
            if os.waitpid(told["pid"], os.WNOHANG)[0]:
                return
        except ChildProcessError:  # another process of the run started it
            if not Path(f"/proc/{told['pid']}").exists():
                return
        time.sleep(0.1)
    os.kill(told["pid"], signal.SIGKILL)


__all__ = ["ROOT", "Town", "httpx", "shared_town"]
