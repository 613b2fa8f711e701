"""Dump and restore by PostgreSQL's own programs."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from tests.infra.postgres.support import ask
from weft.infra.postgres import Cluster, PostgresFailed, dump, restore
from weft.infra.postgres.backup import without_password


@pytest.fixture
def filled(shared: Cluster) -> str:
    for name in ("source", "target"):
        ask(shared.url, f"DROP DATABASE IF EXISTS {name}")
        ask(shared.url, f"CREATE DATABASE {name}")
    source = shared.url.replace("/weft?", "/source?")
    ask(source, "CREATE TABLE kept AS SELECT n AS number, 'xin chào' AS text FROM generate_series(1, 1000) AS n")
    return source


def test_a_dump_restores_every_row_into_an_empty_database(shared: Cluster, filled: str, tmp_path: Path) -> None:
    target = shared.url.replace("/weft?", "/target?")
    dump(filled, shared.binaries, tmp_path / "dump")
    assert (tmp_path / "dump").stat().st_mode & 0o777 == 0o600
    restore(target, shared.binaries, tmp_path / "dump")
    assert ask(target, "SELECT sum(number) FROM kept WHERE text = 'xin chào'") == 500500


def test_a_broken_dump_changes_nothing(shared: Cluster, filled: str, tmp_path: Path) -> None:
    target = shared.url.replace("/weft?", "/target?")
    dump(filled, shared.binaries, tmp_path / "dump")
    (tmp_path / "dump").write_bytes((tmp_path / "dump").read_bytes()[:2000])
    with pytest.raises(PostgresFailed, match="pg_restore failed"):
        restore(target, shared.binaries, tmp_path / "dump")
    with pytest.raises(asyncpg.UndefinedTableError):
        ask(target, "SELECT count(*) FROM kept")


def test_a_dump_that_fails_leaves_no_file(shared: Cluster, tmp_path: Path) -> None:
    with pytest.raises(PostgresFailed, match=r"pg_dump failed.*absent"):
        dump(shared.url.replace("/weft?", "/absent?"), shared.binaries, tmp_path / "dump")
    assert not (tmp_path / "dump").exists()


@pytest.mark.parametrize(
    ("url", "rest", "password"),
    [
        ("postgresql://weft@/weft?host=/tmp/x&port=5432", "postgresql://weft@/weft?host=/tmp/x&port=5432", None),
        ("postgresql://ann:s%40fe@db:5433/weft", "postgresql://ann@db:5433/weft", "s@fe"),
        ("postgres://db/weft?password=s%2Bafe&sslmode=require", "postgres://db/weft?sslmode=require", "s+afe"),
    ],
)
def test_a_password_never_becomes_an_argument(url: str, rest: str, password: str | None) -> None:
    assert without_password(url) == (rest, {} if password is None else {"PGPASSWORD": password})
