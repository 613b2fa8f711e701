"""One owner at a time for a data folder, and commands that share it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.infra.postgres.support import FORK, ask, kill, supervisor, wait_for
from weft.infra.postgres import PostgresFailed, borrow, lock_data_folder, running_url
from weft.infra.postgres.layout import find_layout
from weft.infra.postgres.process import servers_of


def test_a_second_owner_is_refused_with_the_firsts_number(data: Path) -> None:
    refusal = pytest.raises(PostgresFailed, match=f"in use by weft up, process {os.getpid()}")
    with lock_data_folder(data), refusal, lock_data_folder(data):
        pass
    with lock_data_folder(data):
        pass


def _hold_and_leave_a_worker(data: Path) -> None:
    """Die at once, leaving a child that inherited the lock and lives a moment longer."""
    with lock_data_folder(data):
        if os.fork() == 0:
            time.sleep(0.5)
        os._exit(0)


def test_workers_that_outlive_a_killed_owner_are_waited_for(data: Path) -> None:
    process = FORK.Process(target=_hold_and_leave_a_worker, args=(data,))
    process.start()
    process.join(10)
    with lock_data_folder(data):
        assert (data / "weft.lock").read_text() == f"{os.getpid()} weft up\n"


def test_a_passing_command_is_waited_for(data: Path) -> None:
    entered = threading.Event()

    def command() -> None:
        with lock_data_folder(data, "a weft command"):
            entered.set()
            time.sleep(0.3)

    thread = threading.Thread(target=command)
    thread.start()
    entered.wait(5)
    with lock_data_folder(data):
        pass
    thread.join()


def test_a_command_starts_what_is_not_running_and_stops_it_afterwards(data: Path) -> None:
    with borrow(data) as url:
        assert ask(url, "SELECT 1") == 1
        assert running_url(data) == url
    assert running_url(data) is None
    assert servers_of(find_layout(data).pg) == []


def test_a_command_uses_the_running_server_and_leaves_it_running(data: Path) -> None:
    process, running = supervisor(data)
    with borrow(data) as url:
        assert url == running
        assert ask(url, "SELECT 1") == 1
    assert running_url(data) == running
    kill(process)


def test_the_command_that_started_it_waits_for_the_others(data: Path) -> None:
    left = threading.Event()

    def second() -> None:
        with borrow(data) as url:
            inside.set()
            time.sleep(0.4)
            assert ask(url, "SELECT 1") == 1
            left.set()

    inside = threading.Event()
    with borrow(data):
        thread = threading.Thread(target=second)
        thread.start()
        inside.wait(5)
    assert left.is_set()
    thread.join()
    wait_for(lambda: running_url(data) is None)


def test_a_folder_whose_server_has_no_database_of_its_own_is_explained(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weft.infra.postgres.borrowing.PATIENCE", 0.2)
    refusal = pytest.raises(PostgresFailed, match=f"process {os.getpid()}.*--database")
    with lock_data_folder(data), refusal, borrow(data):
        pass
