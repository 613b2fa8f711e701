"""The pages' own files: one style sheet and the mark. Their names hold a hash of their bytes, so browsers keep them."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from weft.infra.admit import MEDIA_FILE
from weft.infra.routing.table import Call, Response, Route, Sees
from weft.kernel.errors import NotFound
from weft.web.context import Web
from weft.web.page_route import page_route

_TYPES = {"css": b"text/css; charset=utf-8", "svg": b"image/svg+xml"}
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")


class Assets:
    """Reads the files once, at start."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, Response] = {}
        for file in files("weft.web").joinpath("assets").iterdir():
            stem, _, suffix = file.name.rpartition(".")
            if suffix in _TYPES:
                body = file.read_bytes()
                name = f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"
                self._names[file.name] = f"/assets/{name}"
                self._files[name] = Response(200, body, _TYPES[suffix], [_FOR_EVER])

    def address(self, name: str) -> str:
        """Where the file of this name is served."""
        return self._names[name]

    def find(self, name: str) -> Response | None:
        return self._files.get(name)


async def show(call: Call[Web, None]) -> Response:
    found = call.app.pages.assets.find(call.path["name"])
    if found is None:
        raise NotFound("route.absent")
    return found


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/assets/:name", show, None, sees=Sees.PUBLIC, rate=MEDIA_FILE, summary="A file of the pages"),
)
