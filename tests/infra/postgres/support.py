"""What these tests share: folders, statements, work done as another user, and supervisors that can be killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from weft.infra.postgres import Cluster, PostgresFailed, lock_data_folder
from weft.infra.postgres.layout import FAR, fingerprint, socket_folder

MEMORY = Path("/dev/shm")
FORK = multiprocessing.get_context("fork")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take up other users")


@contextmanager
def open_folder(mode: int = 0o711) -> Iterator[Path]:
    """A folder of a test's own below one that everybody may enter, unlike pytest's.

    In memory where that is large enough: the tests kill processes, not machines, and share their disk with others.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2 * 1024**3
    folder = Path(tempfile.mkdtemp(prefix="weft-pg-", dir=MEMORY if roomy else None))
    folder.chmod(mode)
    yield folder
    for place in (folder, FAR / fingerprint(folder), socket_folder(folder)):
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def running(data: Path, notices: list[str] | None = None) -> Iterator[Cluster]:
    cluster = Cluster(data, (notices if notices is not None else []).append)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def ask(url: str, statement: str, *values: object) -> Any:
    """The first column of the first row."""

    async def answer() -> Any:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(answer())


def as_person(name: str, work: Callable[[], object]) -> Any:
    """Run it in a process of that user, and give back its result or what it said when it failed."""
    here, there = FORK.Pipe(duplex=False)

    def turn() -> None:
        if os.geteuid() == 0:
            person = pwd.getpwnam(name)
            os.setgroups([])
            os.setgid(person.pw_gid)
            os.setuid(person.pw_uid)
        try:
            there.send(work())
        except (PostgresFailed, OSError) as problem:
            there.send(f"{type(problem).__name__}: {problem}")

    process = FORK.Process(target=turn)
    process.start()
    there.close()
    try:
        return here.recv() if here.poll(30) else None
    finally:
        process.join(10)


def _supervise(data: Path, answer: Connection) -> None:
    with lock_data_folder(data):
        cluster = Cluster(data, lambda _line: None)
        answer.send(cluster.start())
        while True:
            cluster.poll()
            time.sleep(0.05)


def supervisor(data: Path) -> tuple[BaseProcess, str]:
    """A supervisor in a process of its own, and the URL of its cluster."""
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_supervise, args=(data, there), daemon=True)
    process.start()
    there.close()
    assert here.poll(30), "the supervisor did not start"
    return process, str(here.recv())


def kill(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
