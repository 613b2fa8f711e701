from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from weft.operations.listen import CannotListen, listen, port_of


class Running:
    """A fake server in a process of its own."""

    def __init__(self, environment: dict[str, str], **settings: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.operations.fake_server", json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.url = ""

    def wait_until_ready(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if found := re.fullmatch(r"Weft is ready at (http://localhost:\d+)", line.rstrip()):
                self.url = found[1]
                return self.url
        raise AssertionError("\n".join(self.lines))

    def get(self, path: str) -> Any:
        return httpx.get(self.url + path, timeout=10).json()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        rest, _ = self.process.communicate(timeout=20)
        self.lines += rest.splitlines()
        return self.process.returncode


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Start]:
    running: list[Running] = []

    def start_one(environment: dict[str, str] | None = None, **settings: object) -> Running:
        given = {"data": str(tmp_path), "port": 0, "database": database_url} | settings
        running.append(Running(environment or {}, **given))
        return running[-1]

    yield start_one
    for server in running:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def test_it_says_that_it_is_ready_answers_on_both_addresses_and_stops_cleanly(start: Start) -> None:
    server = start()
    url = server.wait_until_ready()
    assert server.lines[-2:] == [f"Create the owner at {url}/x", f"Weft is ready at {url}"]
    for address in ("127.0.0.1", "[::1]"):
        answer = httpx.get(url.replace("localhost", address))
        assert answer.json()["index"] == 0
        assert "server" not in answer.headers
        assert "date" in answer.headers
    assert server.stop() == 0
    assert "worker 0 stopped" in server.lines


def test_the_embedded_database_stops_with_it_and_starts_fast_again(start: Start, tmp_path: Path) -> None:
    first = start(database="")
    first.wait_until_ready()
    assert first.stop() == 0
    began = time.monotonic()
    second = start(database="")
    second.wait_until_ready()
    took = time.monotonic() - began
    stopping = time.monotonic()
    assert second.stop(signal.SIGINT) == 0
    assert time.monotonic() - stopping < 10
    assert took < 6, took
    assert not list(tmp_path.glob("pg/postmaster.pid"))


def test_requests_under_way_finish_and_streams_are_closed(start: Start) -> None:
    server = start()
    server.wait_until_ready()

    async def talk() -> tuple[str, str, int | None]:
        socket_url = server.url.replace("http", "ws") + "/socket"
        async with httpx.AsyncClient(timeout=10) as client, websockets.connect(socket_url) as open_socket:
            assert await open_socket.recv() == "hello"
            slow = asyncio.create_task(client.get(server.url + "/slow"))
            stream = asyncio.create_task(client.get(server.url + "/stream"))
            await asyncio.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            await open_socket.wait_closed()
            return (await slow).text, (await stream).text, open_socket.close_code

    slow, stream, code = asyncio.run(talk())
    assert "pid" in slow
    assert stream.startswith("begin ") and "pid" in stream
    assert code in (1001, 1012)
    assert server.end() == 0


@pytest.mark.parametrize("hurried", [False, True])
def test_a_request_that_does_not_end_holds_up_the_stop_only_so_long(start: Start, hurried: bool) -> None:
    server = start()
    server.wait_until_ready()
    with httpx.stream("GET", server.url + "/stuck") as answer:
        assert next(answer.iter_raw()) == b"begin "
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        if hurried:
            time.sleep(0.3)
            server.process.send_signal(signal.SIGINT)
        assert server.end() == 0
    assert time.monotonic() - began < (2 if hurried else 10)


def test_a_crashed_worker_is_started_again(start: Start) -> None:
    server = start(workers=2)
    server.wait_until_ready()
    before = server.get("/")["pid"]
    with pytest.raises(httpx.HTTPError):
        server.get("/crash")
    pids = {server.get("/")["pid"] for _ in range(20)}
    assert pids
    time.sleep(0.5)
    assert server.stop() == 0
    assert any("ended unexpectedly" in line for line in server.lines)
    assert {"worker 0 stopped", "worker 1 stopped"} <= set(server.lines), (before, pids)


def test_killing_the_supervisor_ends_its_workers(start: Start) -> None:
    server = start()
    server.wait_until_ready()
    worker = server.get("/")["pid"]
    server.process.kill()
    server.end()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            break
        if "Z" in Path(f"/proc/{worker}/stat").read_text().split()[2]:
            break
        time.sleep(0.02)
    else:
        pytest.fail("the worker outlives its supervisor")


def test_a_worker_that_cannot_start_ends_the_start(start: Start) -> None:
    server = start({"FAKE_FAILS": "1"})
    assert server.end() == 1
    assert "the fake cannot start" in "\n".join(server.lines)
    assert server.lines[-1].startswith("A worker did not start")


def test_a_taken_port_is_named(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = start(port=port)
        assert server.end() == 1
    assert server.lines == [
        f"Port {port} on 127.0.0.1 is taken by another program. Stop it, or choose another port with --port."
    ]


def test_a_database_that_does_not_answer_is_named(start: Start) -> None:
    server = start(database="postgresql://nobody@127.0.0.1:1/nothing")
    assert server.end() == 1
    assert "The database" in server.lines[-1]


def test_a_named_host_is_the_only_one_listened_on() -> None:
    sockets = listen("127.0.0.1", 0)
    assert [opened.getsockname()[0] for opened in sockets] == ["127.0.0.1"]
    both = listen("", 0)
    assert {port_of([opened]) for opened in both} == {port_of(both)}
    for opened in (*sockets, *both):
        opened.close()


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(CannotListen):
        listen("192.0.2.77", 0)
