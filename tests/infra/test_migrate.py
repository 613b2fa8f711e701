from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from weft.infra.db.migrate import FOLDER, MigrationFailed, migrate, read_migrations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "001_first.sql").write_text("CREATE TABLE fruits (name text)")
    (tmp_path / "002_second.sql").write_text("ALTER TABLE fruits ADD colour text; CREATE INDEX ON fruits (colour)")
    return tmp_path


@pytest.mark.both_postgres
async def test_files_are_applied_once_and_in_order(empty_database_url: str, folder: Path) -> None:
    assert await migrate(empty_database_url, folder) == ["first", "second"]
    assert await migrate(empty_database_url, folder) == []


async def test_two_programs_at_once_apply_each_file_once(empty_database_url: str, folder: Path) -> None:
    done = await asyncio.gather(*(migrate(empty_database_url, folder) for _ in range(4)))
    assert sorted(name for names in done for name in names) == ["first", "second"]


async def test_a_changed_file_is_refused(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder)
    (folder / "001_first.sql").write_text("CREATE TABLE fruits (name text NOT NULL)")
    with pytest.raises(MigrationFailed, match=r"001 \(first\) was changed"):
        await migrate(empty_database_url, folder)


async def test_a_newer_database_is_refused(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder)
    (folder / "002_second.sql").unlink()
    with pytest.raises(MigrationFailed, match="newer than this Weft"):
        await migrate(empty_database_url, folder)


async def test_a_failing_file_leaves_nothing_behind(empty_database_url: str, folder: Path) -> None:
    (folder / "002_second.sql").write_text("CREATE TABLE left_behind (n int); SELECT 1/0")
    with pytest.raises(MigrationFailed, match=r"002 \(second\) failed: division by zero"):
        await migrate(empty_database_url, folder)
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("SELECT to_regclass('left_behind')") is None
    assert await connection.fetchval("SELECT count(*) FROM schema_migrations") == 1
    await connection.close()


def test_a_gap_in_the_numbers_is_refused(folder: Path) -> None:
    (folder / "004_fourth.sql").write_text("SELECT 1")
    with pytest.raises(MigrationFailed, match="not numbered"):
        read_migrations(folder)


@pytest.mark.both_postgres
async def test_the_schema_of_this_program_applies(empty_database_url: str) -> None:
    assert len(await migrate(empty_database_url)) == len(read_migrations(FOLDER))
