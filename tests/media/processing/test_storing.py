"""Results become blobs together, or not at all."""

from pathlib import Path

import pytest

from weft.infra.blobs import Blobs
from weft.media.processing.results import Kind, Meta, Processed, Rendition, Shape
from weft.media.processing.storing import store


def result(**files: Rendition) -> Processed:
    return Processed(kind=Kind.VIDEO, files=dict(files), meta=Meta(original=Shape()))


async def test_bytes_and_files_are_stored_under_their_roles(tmp_path: Path):
    blobs = Blobs(tmp_path / "blobs")
    film = blobs.scratch / "film"
    film.write_bytes(b"film")
    names = await store(blobs, result(original=Rendition(film, "mp4"), small=Rendition(b"still", "webp")))
    contents = {role: path.read_bytes() for role, name in names.items() if (path := blobs.path(name)) is not None}
    assert contents == {"original": b"film", "small": b"still"}


async def test_after_a_failure_nothing_is_left(tmp_path: Path):
    blobs = Blobs(tmp_path / "blobs")
    film = blobs.scratch / "film"
    film.write_bytes(b"film")
    made = result(small=Rendition(b"still", "webp"), bad=Rendition(b"<svg/>", "svg"), original=Rendition(film, "mp4"))
    with pytest.raises(ValueError, match="svg"):
        await store(blobs, made)
    assert list(blobs.names()) == [] and list(blobs.scratch.iterdir()) == []
