"""A backup gives the community back, every row and file; anything else is refused before it changes anything."""

from __future__ import annotations

import asyncio
import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import NEW_YEAR_2026
from tests.operations.test_seed import hashes
from weft.hub.service import Shelf
from weft.infra.blobs import Blobs
from weft.infra.db import open_db
from weft.kernel.clock import ManualClock
from weft.operations.archive import unpack
from weft.operations.backup import back_up, restore_backup
from weft.operations.reach import CommandFailed, run_on
from weft.operations.sealed import CHUNK, MAGIC, SALT, SealedSink, SealedSource, Source
from weft.operations.seeding import SeedPlan, seed
from weft.settings import Settings

PLAN = SeedPlan(accounts=20, posts=200, follows_mean=5, seed=4, end_ms=NEW_YEAR_2026)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the embedded PostgreSQL's user may pass through."""
    made = Path(tempfile.mkdtemp(prefix="weft-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def key(folder: Path) -> str:
    path = folder / "key"
    path.write_text("a secret that nobody guesses\n")
    return str(path)


@pytest.fixture
def community(folder: Path, database_url: str) -> Settings:
    """Posts, follows, two files and settings."""
    settings = Settings(data=str(folder / "data"), database=database_url)
    run_on(settings, lambda db: seed(database_url, PLAN))
    blobs = Blobs(settings.folder / "media")
    asyncio.run(blobs.put(b"a picture" * 1000, "webp"))
    asyncio.run(blobs.put(b"", "mp4"))
    (settings.folder / "note.txt").write_text("Take it.")
    asyncio.run(Shelf(settings.folder / "hub").take(settings.folder / "note.txt", "note.txt"))
    (settings.folder / "hub" / "tmp" / "half.part").write_bytes(b"half an upload")
    (settings.folder / "weft.toml").write_text('title = "Ours"\n')
    return settings


def rows_of(url: str) -> dict[str, str]:
    async def ask() -> dict[str, str]:
        db = await open_db(url, ManualClock(0), size=1)
        try:
            return await hashes(db)
        finally:
            await db.close()

    return asyncio.run(ask())


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for kind in ("media", "hub") for path in (folder / kind).glob("??/*")}


def is_empty(url: str) -> bool:
    async def ask() -> bool:
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetchval(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            )
            return tables == 0
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_restored_community_has_every_row_and_file(
    community: Settings, folder: Path, key: str, empty_database_url: str, encrypted: bool
) -> None:
    file = folder / "backup"
    key_file = key if encrypted else None
    done = back_up(community, str(file), key_file)
    assert (done["media_files"], done["hub_files"], done["encrypted"]) == (2, 1, encrypted)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (b"a picture" in file.read_bytes()) is not encrypted
    target = Settings(data=str(folder / "new"), database=empty_database_url)
    assert restore_backup(target, str(file), key_file)["hub_files"] == 1
    assert rows_of(empty_database_url) == rows_of(community.database)
    assert files_of(target.folder) == files_of(community.folder)
    assert not list((target.folder / "hub").glob("tmp/*"))
    assert (target.folder / "weft.toml").read_text() == 'title = "Ours"\n'
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_community_is_restored_into_an_embedded_database(community: Settings, folder: Path) -> None:
    back_up(community, str(folder / "backup"), None)
    target = Settings(data=str(folder / "new"))
    restore_backup(target, str(folder / "backup"), None)
    assert run_on(target, hashes) == rows_of(community.database)


def test_a_backup_overwrites_nothing_and_says_that_it_is_not_encrypted(
    community: Settings, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "backup").write_text("older")
    with pytest.raises(CommandFailed, match="exists already"):
        back_up(community, str(folder / "backup"), None)
    back_up(community, str(folder / "other"), None)
    assert "not encrypted" in capsys.readouterr().err


def test_a_restore_changes_no_community_that_exists(community: Settings, folder: Path, empty_database_url: str) -> None:
    back_up(community, str(folder / "backup"), None)
    with pytest.raises(CommandFailed, match="is not empty"):
        restore_backup(community, str(folder / "backup"), None)
    with pytest.raises(CommandFailed, match="database is not empty"):
        restore_backup(Settings(data=str(folder / "new"), database=community.database), str(folder / "backup"), None)
    assert not (folder / "new").exists()


def test_a_wrong_key_damage_or_a_missing_end_is_told_and_nothing_is_made(
    community: Settings, folder: Path, key: str, empty_database_url: str
) -> None:
    whole = folder / "backup"
    back_up(community, str(whole), key)
    bytes_ = whole.read_bytes()
    other = folder / "other-key"
    other.write_text("another secret, also long")
    target = Settings(data=str(folder / "new"), database=empty_database_url)
    middle = len(bytes_) // 2
    cases = {
        "key file": (bytes_, str(other)),
        "changed byte": (bytes_[:middle] + bytes([bytes_[middle] ^ 1]) + bytes_[middle + 1 :], key),
        "cut in a chunk": (bytes_[:-100], key),
        "only a header": (bytes_[:24], key),
        "more after the end": (bytes_ + b"x" * 40, key),
        "no key": (bytes_, None),
    }
    for name, (content, key_file) in cases.items():
        (folder / name).write_bytes(content)
        with pytest.raises(CommandFailed):
            restore_backup(target, str(folder / name), key_file)
        assert not target.folder.exists()
        assert is_empty(empty_database_url)


def test_a_plain_backup_that_was_cut_or_changed_is_refused(
    community: Settings, folder: Path, key: str, empty_database_url: str
) -> None:
    back_up(community, str(folder / "backup"), None)
    bytes_ = (folder / "backup").read_bytes()
    target = Settings(data=str(folder / "new"), database=empty_database_url)
    at = bytes_.index(b"a picture")
    for content in (b"", bytes_[:1000], bytes_[:-512], bytes_[:at] + b"A" + bytes_[at + 1 :], b"nonsense" * 200):
        (folder / "broken").write_bytes(content)
        with pytest.raises(CommandFailed):
            restore_backup(target, str(folder / "broken"), None)
    with pytest.raises(CommandFailed, match="not encrypted"):
        restore_backup(target, str(folder / "backup"), key)
    assert not target.folder.exists() and is_empty(empty_database_url)


def tar_of(*members: tuple[str, bytes, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, kind, body in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, len(body), "/etc/passwd"
            archive.addfile(entry, io.BytesIO(body))
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("/etc/escaped", tarfile.REGTYPE),
        ("media/../../escaped", tarfile.REGTYPE),
        ("media/" + "0" * 32 + ".exe", tarfile.REGTYPE),
        ("media/" + "0" * 32 + ".webp\n", tarfile.REGTYPE),
        ("hub/../../escaped", tarfile.REGTYPE),
        ("hub/" + "0" * 63, tarfile.REGTYPE),
        ("hub/tmp/" + "0" * 64, tarfile.REGTYPE),
        ("weft.toml", tarfile.SYMTYPE),
        ("database.dump", tarfile.LNKTYPE),
        ("database.dump", tarfile.CHRTYPE),
        ("x" * 200, tarfile.REGTYPE),
    ],
)
def test_no_name_or_kind_of_an_archive_is_believed(tmp_path: Path, name: str, kind: bytes) -> None:
    with pytest.raises(CommandFailed):
        unpack(Source(tar_of((name, kind, b""))), tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_part_twice_too_large_or_unnamed_by_the_manifest_is_refused(tmp_path: Path) -> None:
    file = tarfile.REGTYPE
    huge = tarfile.TarInfo("database.dump")
    huge.size = 1 << 60
    cases = (
        tar_of(("weft.toml", file, b""), ("weft.toml", file, b"")),
        tar_of(("weft.toml", file, bytes((1 << 20) + 1))),
        tar_of(("manifest.json", file, b"{}")),
        tar_of(
            ("database.dump", file, b"x"),
            ("manifest.json", file, b'{"format":1,"weft":"","postgres":1,"migrations":[],"made_ms":0,"parts":[]}'),
        ),
        io.BytesIO(huge.tobuf(tarfile.GNU_FORMAT)),
        tar_of(("hub/" + "0" * 64, file, b"another file than its name says")),
    )
    for number, archive in enumerate(cases):
        place = tmp_path / str(number)
        place.mkdir()
        with pytest.raises(CommandFailed):
            unpack(Source(archive), place)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_was_sealed_is_read_again_whatever_its_size(tmp_path: Path, key: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    file = io.BytesIO()
    sink = SealedSink(file, Path(key))
    sink.write(body[: size // 2])
    sink.write(body[size // 2 : size])
    sink.finish()
    file.seek(0)
    source = SealedSource(file, Path(key))
    assert source.exactly(size) == body[:size]
    assert source.read(1) == b""


def test_chunks_cannot_be_dropped_or_moved(key: str) -> None:
    file = io.BytesIO()
    sink = SealedSink(file, Path(key))
    sink.write(b"1" * CHUNK + b"2" * CHUNK + b"3" * 10)
    sink.finish()
    bytes_, start, step = file.getvalue(), len(MAGIC) + SALT, CHUNK + 16
    head, one, two, three = (
        bytes_[:start],
        bytes_[start : start + step],
        bytes_[start + step : start + 2 * step],
        bytes_[start + 2 * step :],
    )
    for parts in ((two, one, three), (one, three), (one, two), (one, two, two), (two, three)):
        with pytest.raises(CommandFailed):
            source = SealedSource(io.BytesIO(head + b"".join(parts)), Path(key))
            while source.read(CHUNK):
                pass


def test_a_key_file_must_hold_a_secret(community: Settings, folder: Path) -> None:
    (folder / "short").write_text("short\n")
    for name in ("short", "absent"):
        with pytest.raises(CommandFailed, match="key file"):
            back_up(community, str(folder / "backup"), str(folder / name))
    assert [path.name for path in folder.iterdir() if "backup" in path.name] == []


def test_a_folder_without_a_community_is_not_backed_up_and_not_made(folder: Path) -> None:
    with pytest.raises(CommandFailed, match="no community"):
        back_up(Settings(data=str(folder / "nothing")), str(folder / "backup"), None)
    assert not (folder / "nothing").exists()
