"""Putting what was processed among the blobs, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

from weft.infra.blobs import Blobs
from weft.media.processing.results import Processed


async def store(blobs: Blobs, made: Processed) -> dict[str, str]:
    """The blob's name of each variant. After a failure none is left, and neither are the scratch files."""
    names: dict[str, str] = {}
    try:
        for role, file in made.files.items():
            if isinstance(file.content, Path):
                names[role] = await blobs.adopt(file.content, file.suffix)
            else:
                names[role] = await blobs.put(file.content, file.suffix)
    except BaseException:
        discard(made)
        await blobs.delete(names.values())
        raise
    return names


def discard(made: Processed) -> None:
    """Remove the scratch files of a result that nobody wants."""
    for file in made.files.values():
        if isinstance(file.content, Path):
            file.content.unlink(missing_ok=True)
