"""From what workers and ffmpeg answer to the facts that are stored."""

from __future__ import annotations

from weft.media.processing.audiovideo import Converted
from weft.media.processing.results import Focus, Kind, Meta, Processed, Rendition, shape_of
from weft.media.processing.wire import Done


def present(done: Done, focus: Focus | None) -> Processed:
    """A picture, moving or not."""
    main = done.files.get("original") or done.files["small"]
    small = done.files.get("small")
    return Processed(
        kind=Kind.IMAGE,
        files={role: Rendition(file.data, file.suffix) for role, file in done.files.items()},
        meta=Meta(
            original=shape_of(main.width, main.height),
            small=shape_of(small.width, small.height) if small else None,
            focus=focus,
        ),
        blurhash=done.blurhash,
        average=done.average,
    )


def present_film(film: Converted, poster: Done | None, focus: Focus | None) -> Processed:
    """A film or a sound; a sound has no poster."""
    files = {"original": Rendition(film.path, film.suffix)}
    small = None if poster is None else poster.files["small"]
    if small is not None:
        files["small"] = Rendition(small.data, small.suffix)
    return Processed(
        kind=film.kind,
        files=files,
        meta=Meta(
            original=film.shape,
            small=shape_of(small.width, small.height) if small else None,
            focus=focus,
        ),
        blurhash=None if poster is None else poster.blurhash,
        average=None if poster is None else poster.average,
    )
