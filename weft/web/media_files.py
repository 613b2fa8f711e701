"""Serves what people uploaded. The name is the right to the file; nothing here can run in a browser."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from weft.infra.admit import MEDIA_FILE
from weft.infra.blobs import Blobs, content_type
from weft.infra.routing.ranges import CHUNK, parse_range, read_range
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, Style
from weft.kernel.errors import NotFound

_HEADERS = [
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"accept-ranges", b"bytes"),
    (b"access-control-allow-origin", b"*"),
]


@dataclass(frozen=True)
class Files:
    """The context of this route."""

    blobs: Blobs


async def show(call: Call[Files, None]) -> Response:
    """A file, or the range of it that was asked for."""
    path = call.app.blobs.path(call.path["name"])
    if path is None:
        raise NotFound("record.absent")
    size = path.stat().st_size
    first, last = parse_range(call.headers.get(b"range", b""), size)
    headers = [*_HEADERS]
    kind = content_type(path.name).encode()
    if first < 0:
        return Response(416, b"", kind, [*headers, (b"content-range", b"bytes */%d" % size)])
    partial = (first, last) != (0, size - 1)
    if partial:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (first, last, size)))
    headers.append((b"content-length", b"%d" % (last - first + 1)))
    if size <= CHUNK:
        body = await asyncio.to_thread(path.read_bytes)
        return Response(206 if partial else 200, body[first : last + 1], kind, headers[:-1])
    return Response(206 if partial else 200, b"", kind, headers, stream=read_range(path, first, last))


ROUTES = (
    Route(
        method="GET",
        path="/media/:name",
        handler=show,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.PUBLIC,
        rate=MEDIA_FILE,
        body=0,
        style=Style.MASTODON,
        statuses=(200, 206, 416),
        tag="media",
    ),
)
