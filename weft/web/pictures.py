"""Pictures at fixed addresses: what stands in where nobody chose one, and what the instance document shows."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from weft.infra.admit import MEDIA_FILE
from weft.infra.routing.table import Auth, Call, Response, Route, Sees

_PLACES = {
    "/avatars/original/missing.png": "missing_avatar.png",
    "/headers/original/missing.png": "missing_header.png",
    "/assets/preview.png": "preview.png",
    "/assets/icon-192.png": "icon-192.png",
    "/assets/icon-512.png": "icon-512.png",
}
_HEADERS = [(b"cache-control", b"public, max-age=604800"), (b"access-control-allow-origin", b"*")]


class Pictures:
    """Read once, at start."""

    def __init__(self) -> None:
        folder = files("weft.web").joinpath("images")
        self.by_path = {path: folder.joinpath(name).read_bytes() for path, name in _PLACES.items()}


async def show(call: Call[Pictures, Any]) -> Response:
    return Response(200, call.app.by_path[call.route.path], b"image/png", _HEADERS)


ROUTES = tuple(
    Route(
        method="GET",
        path=path,
        handler=show,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.PUBLIC,
        rate=MEDIA_FILE,
        body=0,
        tag="media",
    )
    for path in _PLACES
)
