"""What was acknowledged is never lost, and one's own write is there on the next read, whoever answers it."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.postgres import Servers
from tests.support.server import LiveServer, Person, running_server, start_server

TRIES = 1000


@pytest.fixture(scope="module")
def two_workers(servers: Servers) -> Iterator[LiveServer]:
    with servers.database("embedded", migrated=True) as url, running_server(url, None, "--workers", "2") as live:
        yield live


class Writing:
    """One person who posts, likes and follows as fast as answers come, and remembers what was acknowledged."""

    def __init__(self, url: str, token: str, others: list[str]) -> None:
        self._http = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=5)
        self._others = others
        self.posts: list[str] = []
        self.likes: list[str] = []
        self.follows: list[str] = []

    def go_on(self, stop: threading.Event) -> None:
        with contextlib.suppress(httpx.HTTPError):
            for number in range(10_000):
                if stop.is_set():
                    return
                self._step(number)

    def _step(self, number: int) -> None:
        answer = self._http.post("/api/v1/statuses", json={"status": f"post {number} #kept"})
        if answer.status_code == 200:
            self.posts.append(answer.json()["id"])
        if self.posts and number % 2:
            liked = self.posts[-1]
            if self._http.post(f"/api/v1/statuses/{liked}/favourite").status_code == 200:
                self.likes.append(liked)
        if number % 3 == 0 and self._others:
            other = self._others.pop()
            if self._http.post(f"/api/v1/accounts/{other}/follow").status_code == 200:
                self.follows.append(other)


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.drill)])
def test_killing_the_server_again_and_again_loses_no_acknowledged_write(kills: int) -> None:
    """``kill -9`` in the middle of writes, on the embedded database with every durability setting on."""
    with tempfile.TemporaryDirectory(prefix="weft-kill-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        data = Path(folder) / "data"
        posts: list[str] = []
        likes: list[str] = []
        follows: list[str] = []
        token = ""
        others: list[str] = []
        for turn in range(kills):
            server = start_server(data)
            if turn == 0:
                token, others = _people(server, data)
            writing = Writing(server.url, token, others)
            stop = threading.Event()
            with ThreadPoolExecutor(1) as pool:
                done = pool.submit(writing.go_on, stop)
                threading.Event().wait(0.25 + 0.02 * turn)
                os.kill(server.process.pid, signal.SIGKILL)
                server.process.wait(10)
                stop.set()
                done.result(20)
            posts += writing.posts
            likes += writing.likes
            follows += writing.follows
        server = start_server(data)
        try:
            client = server.client(token)
            me = client.get("/api/v1/accounts/verify_credentials").json()
            assert len(posts) > kills
            assert [id_ for id_ in posts if client.get(f"/api/v1/statuses/{id_}").status_code != 200] == []
            assert [id_ for id_ in likes if not client.get(f"/api/v1/statuses/{id_}").json()["favourited"]] == []
            kept = {
                relation["id"]
                for start in range(0, len(follows), 40)
                for relation in client.get(
                    "/api/v1/accounts/relationships", params={"id[]": follows[start : start + 40]}
                ).json()
                if relation["following"]
            }
            assert set(follows) == kept
            assert me["statuses_count"] >= len(posts)
        finally:
            assert server.stop() == 0


def _people(server: LiveServer, data: Path) -> tuple[str, list[str]]:
    from weft.infra.postgres import running_url

    url = running_url(data)
    assert url is not None
    server.database_url = url
    me = server.person()
    return me.token, [server.person().id for _ in range(60)]


def test_a_write_is_there_on_the_next_read_of_any_worker(two_workers: LiveServer) -> None:
    """Each try writes on one connection and reads on others, which the kernel gives to either worker."""
    author = two_workers.person()
    readers = [two_workers.client(author.token) for _ in range(8)]
    answered = {reader.get("/api/v1/timelines/home").headers["x-request-id"][:12] for reader in readers}
    assert len(answered) == 2, "both workers answer somebody"
    missed = []
    for number in range(TRIES):
        id_ = author.say(f"now {number}")["id"]
        reader = readers[number % len(readers)]
        home = [status["id"] for status in reader.get("/api/v1/timelines/home", params={"limit": 1}).json()]
        if home != [id_] or reader.get(f"/api/v1/statuses/{id_}").status_code != 200:
            missed.append(number)
    assert missed == []


def test_every_kind_of_own_write_is_there_on_the_next_read_of_any_worker(two_workers: LiveServer) -> None:
    one, other = two_workers.person(), two_workers.person()
    readers = [two_workers.client(one.token) for _ in range(6)]
    post = other.say("to be liked")["id"]
    for number in range(60):
        reader = readers[number % len(readers)]
        _toggle(one, reader, f"/api/v1/statuses/{post}", ("favourite", "unfavourite"), "favourited", number)
        _toggle(one, reader, f"/api/v1/statuses/{post}", ("bookmark", "unbookmark"), "bookmarked", number)
        verb = "follow" if number % 2 == 0 else "unfollow"
        one.post(f"/api/v1/accounts/{other.id}/{verb}")
        (relation,) = reader.get("/api/v1/accounts/relationships", params={"id": other.id}).json()
        assert relation["following"] is (verb == "follow")
        home = {status["id"] for status in reader.get("/api/v1/timelines/home").json()}
        assert (post in home) is (verb == "follow")


def _toggle(writer: Person, reader: httpx.Client, path: str, verbs: tuple[str, str], key: str, number: int) -> None:
    verb = verbs[number % 2]
    writer.post(f"{path}/{verb}")
    assert reader.get(path).json()[key] is (verb == verbs[0])
