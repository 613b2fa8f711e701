"""Long drills: parts of a running server are killed at random, and it is asked too much for minutes. ``make drill``."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.server import LiveServer, start_server
from weft.infra.postgres import running_url

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]

ROUNDS = 40
SOAK_S = 180
FLOOD = 64
MOST_GROWTH = 1.5


def children(pid: int) -> list[int]:
    """Every process below ``pid``."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def memory(pid: int) -> int:
    """Bytes of all processes of a server, shared pages counted once."""
    total = 0
    for process in (pid, *children(pid)):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024
    return total


def open_server(folder: str) -> LiveServer:
    os.chmod(folder, 0o755)
    data = Path(folder) / "data"
    server = start_server(data, None, "--workers", "2")
    url = running_url(data)
    assert url is not None
    server.database_url = url
    return server


def test_killing_any_process_at_any_time_loses_no_acknowledged_post() -> None:
    """A worker, PostgreSQL or one of its backends dies every moment; the supervisor mends it and nothing is lost."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="weft-drill-", dir="/var/tmp") as folder:
        server = open_server(folder)
        try:
            author = server.person()
            kept: list[str] = []
            stop = threading.Event()

            def write() -> None:
                number = 0
                while not stop.is_set():
                    number += 1
                    try:
                        answer = author.http.post("/api/v1/statuses", json={"status": f"drill {number}"}, timeout=15)
                    except httpx.HTTPError:
                        continue
                    if answer.status_code == 200:
                        kept.append(answer.json()["id"])

            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(write)
                try:
                    for _ in range(ROUNDS):
                        time.sleep(chance.uniform(0.5, 3.0))
                        with contextlib.suppress(ProcessLookupError):  # a backend may end by itself
                            os.kill(chance.choice(children(server.process.pid)), signal.SIGKILL)
                    time.sleep(10)
                finally:
                    stop.set()
                    writing.result(60)
            assert len(kept) > ROUNDS
            assert [id_ for id_ in kept if server.visitor.get(f"/api/v1/statuses/{id_}").status_code != 200] == []
        finally:
            assert server.stop() == 0


def test_minutes_of_too_much_leave_a_server_that_answers_and_has_not_grown() -> None:
    """More at once than can be served is answered or refused, never failed; afterwards all is as before."""
    with tempfile.TemporaryDirectory(prefix="weft-soak-", dir="/var/tmp") as folder:
        server = open_server(folder)
        try:
            people = [server.person() for _ in range(8)]
            answers: Counter[int] = Counter()
            paths = ("/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/notifications", "/api/v2/instance")
            end = time.monotonic() + SOAK_S
            warm = 0

            def press(number: int) -> None:
                person = people[number % len(people)]
                with httpx.Client(base_url=server.url, headers=person.http.headers, timeout=30) as client:
                    turn = number
                    while time.monotonic() < end:
                        turn += 1
                        answer = (
                            client.get(paths[turn % 4])
                            if turn % 5
                            else client.post("/api/v1/statuses", json={"status": f"soak {turn}"})
                        )
                        answers[answer.status_code] += 1

            with ThreadPoolExecutor(FLOOD) as pool:
                pressing = [pool.submit(press, number) for number in range(FLOOD)]
                time.sleep(SOAK_S / 3)
                warm = memory(server.process.pid)
                for done in pressing:
                    done.result(SOAK_S + 120)
            assert set(answers) <= {200, 429, 503}, answers
            assert memory(server.process.pid) < warm * MOST_GROWTH
            server.settle()
            assert people[0].get("/api/v1/timelines/home")
        finally:
            assert server.stop() == 0
