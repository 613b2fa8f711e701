"""The demo as people start it: a real server, filled through its public API, and read back through it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from weft.operations.demo import ARTICLES, NOTES, OWN_ARTICLE
from weft.operations.demo.reading import NEW

PROGRAM = [sys.executable, "-c", "from weft.cli import main; main()", "up", "--demo", "--port", "0"]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="weft-test-"))
    made.chmod(0o755)
    yield made / "data"
    shutil.rmtree(made)


class Running:
    def __init__(self, folder: Path, last_line: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
        self.process = subprocess.Popen(
            [*PROGRAM, "--data", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=kept,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.url = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if found := re.fullmatch(r"Weft is ready at (http://localhost:\d+)", line.rstrip()):
                self.url = found[1]
            if line.startswith(last_line):
                break
        assert self.url, "\n".join(self.lines)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=20)
        self.lines += rest.splitlines()
        return self.process.returncode


def weft(*words: str) -> str:
    """Another command beside the server."""
    return subprocess.run([*PROGRAM[:3], *words], capture_output=True, text=True, check=True).stdout


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def texts(server: Running, token: str, ids: list[str]) -> list[str]:
    headers = bearer(token)
    return [httpx.get(f"{server.url}/api/v1/statuses/{id_}/source", headers=headers).json()["text"] for id_ in ids]


def test_the_demo_posts_the_articles_so_that_their_sources_join_and_commands_reach_the_server(folder: Path) -> None:
    server = Running(folder, "The demo is filled")
    try:
        token = json.loads(weft("token", "create", "mai", "--data", str(folder), "--json"))["token"]
        notes = json.loads((folder / NOTES).read_text())["threads"]
        files = {path.name: path.read_bytes() for path in ARTICLES.glob("*.txt")} or {
            "own.en.txt": OWN_ARTICLE.encode()
        }
        assert {thread["file"] for thread in notes} == set(files)
        for thread in notes:
            pieces = zip(texts(server, token, thread["post_ids"]), thread["separators"], strict=True)
            joined = thread["lead"] + "".join(text + separator for text, separator in pieces)
            assert joined.encode() == files[thread["file"]]
            last = httpx.get(f"{server.url}/api/v1/statuses/{thread['post_ids'][-1]}/context").json()
            assert [post["id"] for post in last["ancestors"]] == thread["post_ids"][:-1]
            first = httpx.get(f"{server.url}/api/v1/statuses/{thread['post_ids'][0]}").json()
            assert first["favourites_count"] == 4 and first["reblogs_count"] == 1
        told = httpx.get(f"{server.url}/api/v1/notifications?limit=40", headers=bearer(token)).json()
        unread = httpx.get(f"{server.url}/api/v1/notifications/unread_count", headers=bearer(token)).json()["count"]
        # Polls whose end the server finds by itself may be new, too.
        assert len(told) == 40 and NEW <= unread <= 2 * NEW, unread
        people = [line.split() for line in server.lines if re.match(r"  \w+ +\S+$", line)]
        assert httpx.get(f"{server.url}/api/v1/timelines/home", headers=bearer(token)).status_code == 200
        weft("account", "suspend", "mai", "--data", str(folder))
        refused = httpx.get(f"{server.url}/api/v1/timelines/home", headers=bearer(token))
        assert refused.status_code == 401
        assert len(people) >= 32 and len({password for _, password in people}) == len(people)
    finally:
        assert server.stop() == 0
    again = Running(folder, "Weft is ready")
    time.sleep(0.5)
    assert again.stop() == 0
    assert not [line for line in again.lines if "demo" in line]


def test_the_demo_fills_no_community_that_somebody_uses(folder: Path) -> None:
    weft("account", "create", "ann", "--data", str(folder))
    server = Running(folder, "This community has accounts already")
    assert httpx.get(f"{server.url}/api/v1/timelines/public").json() == []
    assert server.stop() == 0
    assert not (folder / NOTES).exists()
