"""The cluster's life: made, started, crashed, killed with its supervisor, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import asyncpg
import pytest

from tests.infra.postgres.support import FORK, as_person, ask, kill, needs_root, running, supervisor, wait_for
from weft.infra.postgres import Cluster, PostgresFailed
from weft.infra.postgres.layout import find_layout
from weft.infra.postgres.process import _names, servers_of


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("jit", "off"),
        ("is_superuser", "off"),
    ],
)
def test_a_new_cluster_is_set_for_keeping_what_it_acknowledges(shared: Cluster, setting: str, value: str) -> None:
    assert ask(shared.url, "SELECT current_setting($1)", setting) == value


def test_letters_of_all_languages_fold_and_sort_by_code(shared: Cluster) -> None:
    assert ask(shared.url, "SELECT lower('ĐÀ NẴNG É')") == "đà nẵng é"
    assert ask(shared.url, "SELECT 'Z' < 'a'") is True


def test_the_server_shuts_down_cleanly_and_comes_back_with_its_rows(data: Path) -> None:
    with running(data) as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 7 AS number")
        pg = find_layout(data).pg
    assert servers_of(pg) == []
    assert not find_layout(data).sockets.exists()
    assert (data / "pg.major").read_text() == "18\n"
    began = time.monotonic()
    with running(data) as cluster:
        assert time.monotonic() - began < 2
        assert ask(cluster.url, "SELECT number FROM kept") == 7
    assert "was not properly shut down" not in (data / "log" / "postgres.log").read_text()


def test_a_killed_server_is_started_again_with_everything_acknowledged(data: Path) -> None:
    notices: list[str] = []
    with running(data, notices) as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 7 AS number")
        first = cluster.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def answers() -> bool:
            cluster.poll()
            try:
                return bool(ask(cluster.url, "SELECT number FROM kept") == 7)
            except (OSError, asyncpg.PostgresError):
                return False

        wait_for(answers)
        assert cluster.pid != first
    assert "starting it again" in notices[0]


def test_a_server_that_keeps_ending_is_given_up_with_its_own_words(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weft.infra.postgres.cluster.MOST_CRASHES", 2)
    with running(data) as cluster:
        assert cluster.pid is not None
        (find_layout(data).pg / "global" / "pg_control").unlink()
        os.kill(cluster.pid, signal.SIGKILL)
        with pytest.raises(PostgresFailed, match=r"3 times in a row.*pg_control.*postgres\.log"):
            wait_for(lambda: cluster.poll())


async def _write_until_it_breaks(url: str, first: int, victim: int) -> int:
    """Insert one row at a time; the supervisor is killed in the middle. The last number acknowledged."""
    connection = await asyncpg.connect(url)
    with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        for number in itertools.count(first):
            await connection.execute("INSERT INTO kept VALUES ($1)", number)
            acknowledged = number
            if number == first + 100:
                os.kill(victim, signal.SIGKILL)
    connection.terminate()
    return acknowledged


def test_no_acknowledged_row_is_lost_when_the_supervisor_is_killed(data: Path) -> None:
    written = 0
    for round_number in range(3):
        process, url = supervisor(data)
        assert process.pid is not None
        if round_number == 0:
            ask(url, "CREATE TABLE kept (number int PRIMARY KEY)")
        assert ask(url, "SELECT count(*) FROM kept WHERE number <= $1", written) == written
        written = max(written, int(ask(url, "SELECT coalesce(max(number), 0) FROM kept")))
        written = asyncio.run(_write_until_it_breaks(url, written + 1, process.pid))
        kill(process)
    with running(data) as cluster:
        assert written >= 300
        assert ask(cluster.url, "SELECT count(*) FROM kept WHERE number <= $1", written) == written


def test_the_server_dies_with_its_supervisor(data: Path) -> None:
    process, _url = supervisor(data)
    pg = find_layout(data).pg
    assert servers_of(pg)
    kill(process)
    wait_for(lambda: not servers_of(pg))


def test_a_server_left_behind_is_stopped_before_a_new_one_starts(data: Path) -> None:
    left = Cluster(data, lambda _line: None)
    left.start()
    first = left.pid
    with running(data) as cluster:
        assert first not in servers_of(find_layout(data).pg)
        assert ask(cluster.url, "SELECT 1") == 1
    left.stop()


def test_backends_without_a_server_are_ended_at_the_next_start(data: Path) -> None:
    left = Cluster(data, lambda _line: None)
    left.start()
    pg = find_layout(data).pg
    assert left.pid is not None
    others = set(servers_of(pg))
    # A statement that computes does not notice by itself that its server is gone.
    busy = FORK.Process(target=ask, args=(left.url, "SELECT sum(n) FROM generate_series(1, 1e12) AS n"), daemon=True)
    busy.start()
    wait_for(lambda: set(servers_of(pg)) - others)
    os.kill(left.pid, signal.SIGKILL)
    left.stop()
    wait_for(lambda: not others & set(servers_of(pg)))
    assert servers_of(pg)
    with running(data) as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
    kill(busy)


def test_pid_files_that_name_a_stranger_are_put_aside(data: Path) -> None:
    with running(data):
        layout = find_layout(data)
        text = (layout.pg / "postmaster.pid").read_text()
    foreign = layout.user.foreign
    stranger = subprocess.Popen(["sleep", "60"], user=layout.user.uid if foreign else None)
    try:
        wrong = re.sub(r"^\d+", str(stranger.pid), text)
        layout.sockets.mkdir(mode=0o700)
        for path in (layout.pg / "postmaster.pid", layout.sockets / ".s.PGSQL.5432.lock"):
            path.write_text(wrong)
            os.chown(path, layout.user.uid, layout.user.gid)
        with running(data) as cluster:
            assert ask(cluster.url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_making_that_was_cut_short_leaves_nothing_to_trip_over(data: Path) -> None:
    (data / "pg.new" / "base").mkdir(parents=True)
    (data / "pg.new" / "PG_VERSION").write_text("18\n")
    with running(data) as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
    assert not (data / "pg.new").exists()


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4])
def test_a_supervisor_killed_while_it_makes_the_cluster_is_no_hindrance(data: Path, seconds: float) -> None:
    process = FORK.Process(target=Cluster(data, lambda _line: None).start)
    process.start()
    time.sleep(seconds)
    kill(process)
    with running(data) as cluster:
        assert ask(cluster.url, "SELECT current_database()") == "weft"
    assert not (data / "pg.new").exists()


def test_the_servers_own_settings_file_is_made_anew_and_the_operators_is_kept(data: Path) -> None:
    with running(data):
        pass
    (data / "pgconf" / "operator.conf").write_text("work_mem = '3MB'\n")
    (data / "pgconf" / "hba.conf").write_text("local all all trust\n")
    with running(data) as cluster:
        assert ask(cluster.url, "SELECT current_setting('work_mem')") == "3MB"
        assert ask(cluster.url.replace("weft@", "postgres@"), "SELECT count(*) FROM pg_hba_file_rules") == 1
        assert "trust" not in (data / "pgconf" / "hba.conf").read_text()


def test_a_setting_that_postgresql_refuses_is_said_at_the_start(data: Path) -> None:
    with running(data):
        pass
    (data / "pgconf" / "operator.conf").write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(PostgresFailed, match=r"did not start.*shared_buffers"):
        Cluster(data, lambda _line: None).start()


def test_what_people_write_stays_out_of_the_servers_log(shared: Cluster) -> None:
    with pytest.raises(asyncpg.PostgresError):
        ask(shared.url, "SELECT 'my secret diary'::int")
    assert "secret" not in find_layout(shared.data).log.read_text()


def test_an_ordinary_user_runs_it_as_themselves(data: Path) -> None:
    def work() -> str:
        with running(folder) as cluster:
            assert cluster.pid is not None
            assert Path(f"/proc/{cluster.pid}").stat().st_uid == os.geteuid()
            return str(ask(cluster.url, "SELECT session_user"))

    data.chmod(0o777)
    folder = data / "mine"
    assert as_person("nobody", work) == "weft"
    assert (folder / "pg").stat().st_mode & 0o777 == 0o700


@needs_root
def test_root_lends_it_a_user_without_rights(shared: Cluster) -> None:
    layout = find_layout(shared.data)
    assert shared.pid is not None
    assert layout.user.uid != 0
    assert Path(f"/proc/{shared.pid}").stat().st_uid == layout.user.uid
    status = Path(f"/proc/{shared.pid}/status").read_text()
    assert re.search(r"^Groups:\s*$", status, re.M)
    assert layout.pg.stat().st_mode & 0o777 == 0o700


@needs_root
def test_another_user_of_the_machine_cannot_connect(shared: Cluster) -> None:
    assert "PermissionError" in as_person("daemon", lambda: ask(shared.url, "SELECT 1"))


@needs_root
def test_a_process_is_told_by_its_command_line_where_its_folder_is_hidden(shared: Cluster) -> None:
    """Root in a container may not read where another user's process runs; here an ordinary user may not."""
    pg = find_layout(shared.data).pg

    def look() -> list[bool]:
        return [_names(Path("/proc") / str(pid), pg) for pid in pids]

    pids = servers_of(pg)
    assert len(pids) > 3
    assert all(as_person("daemon", look))
    assert not _names(Path("/proc/self"), pg)
