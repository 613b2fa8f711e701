"""Blobs: unguessable names, types by suffix, nothing half-written, nothing outside the folder."""

import asyncio
import os
import re
import stat
from pathlib import Path

import pytest

from weft.infra.blobs import Blobs, content_type


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


async def test_what_was_put_is_read_back_under_an_unguessable_name(blobs: Blobs):
    name = await blobs.put(b"pixels", "webp")
    assert re.fullmatch(r"[0-9a-f]{32}\.webp", name)
    path = blobs.path(name)
    assert path is not None and path.read_bytes() == b"pixels"
    assert content_type(name) == "image/webp"


async def test_only_the_owner_may_read_a_file(blobs: Blobs):
    path = blobs.path(await blobs.put(b"x", "png"))
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_names_are_never_shared_by_many_writers_at_once(blobs: Blobs):
    names = await asyncio.gather(*(blobs.put(bytes([number]), "jpg") for number in range(50)))
    assert len(set(names)) == 50
    assert set(blobs.names()) == set(names)
    assert list(blobs.scratch.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../../etc/passwd",
        "a" * 32,
        "A" * 32 + ".png",
        "a" * 32 + ".svg",
        "a" * 32 + ".png\n",
        "a" * 32 + ".png/..",
        "tmp/" + "a" * 32 + ".png",
        "\x00" * 32 + ".png",
        "١" * 32 + ".png",
    ],
)
async def test_a_name_that_is_not_ours_has_no_file(blobs: Blobs, name: str):
    await blobs.put(b"x", "png")
    assert blobs.path(name) is None
    assert await blobs.delete([name]) == 0


async def test_deleting_ends_a_name_and_may_be_repeated(blobs: Blobs):
    kept, ended = await blobs.put(b"a", "webp"), await blobs.put(b"b", "webp")
    assert await blobs.delete([ended]) == 1
    assert await blobs.delete([ended]) == 0
    assert blobs.path(ended) is None
    assert blobs.path(kept) is not None


async def test_a_suffix_without_a_type_is_refused(blobs: Blobs):
    with pytest.raises(ValueError, match="svg"):
        await blobs.put(b"<svg/>", "svg")
    assert list(blobs.names()) == []


async def test_an_adopted_file_moves_and_is_closed_to_others(blobs: Blobs):
    temporary = blobs.scratch / "made"
    temporary.write_bytes(b"video")
    temporary.chmod(0o644)
    path = blobs.path(await blobs.adopt(temporary, "mp4"))
    assert path is not None and path.read_bytes() == b"video"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not temporary.exists()


async def test_links_and_pipes_are_not_adopted(blobs: Blobs, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    symbolic, hard, pipe = (blobs.scratch / name for name in ("symbolic", "hard", "pipe"))
    symbolic.symlink_to(secret)
    os.link(secret, hard)
    os.mkfifo(pipe)
    for path in (symbolic, hard, pipe):
        with pytest.raises((OSError, ValueError)):
            await blobs.adopt(path, "mp4")
    assert list(blobs.names()) == []


async def test_a_sweep_removes_only_old_leftovers(blobs: Blobs):
    old, young = blobs.scratch / "old", blobs.scratch / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    name = await blobs.put(b"whole", "png")
    assert await blobs.sweep(before=2000) == 1
    assert not old.exists()
    assert young.exists()
    assert blobs.path(name) is not None
