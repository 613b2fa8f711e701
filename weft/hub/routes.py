"""``/api/weft/v1/hub``: models for everybody, requests for whoever made them, files for whoever holds a link.

No account is needed for any of it. The staff's part is in ``staff_routes``.
"""

from __future__ import annotations

from functools import partial

import msgspec

from weft.hub import staff_routes
from weft.hub.model import Form
from weft.hub.service import Download, Hub
from weft.hub.shapes import Model, Request, model_shape, request_shape
from weft.infra.admit import API_ADDRESS, HUB_FILE, HUB_REQUEST
from weft.infra.routing.ranges import holds_tag, parse_range
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style, as_json

_BINARY = b"application/octet-stream"


class FormParams(msgspec.Struct, kw_only=True):
    name: str
    """Who asks: a person, or whom they ask for."""
    purpose: str
    country: str
    """Two letters of ISO 3166-1."""
    licence_accepted: bool
    licence_sha256: str = ""
    """Of the licence that was read, as the model's document gives it: another one by now is refused."""
    email: str = ""
    language: str = "en"
    """In which the decision is mailed: en, vi or ko."""


class TokenParams(msgspec.Struct, kw_only=True):
    token: str = ""


async def list_models(call: Call[Hub, None]) -> Response:
    """All models, without the long texts: those are in each model's own document."""
    hub = call.app
    return as_json([model_shape(model, hub.links, whole=False) for model in await hub.models()])


async def show_model(call: Call[Hub, None]) -> Response:
    hub = call.app
    return as_json(model_shape(await hub.require_model(call.path["name"]), hub.links))


async def ask(call: Call[Hub, FormParams]) -> Response:
    given = call.params
    form = Form(
        name=given.name,
        purpose=given.purpose,
        country=given.country,
        email=given.email,
        language=given.language,
        licence_accepted=given.licence_accepted,
        licence=given.licence_sha256,
    )
    return as_json(request_shape(await call.app.ask(call.path["name"], form), call.app.links))


async def show_request(call: Call[Hub, None]) -> Response:
    return as_json(request_shape(await call.app.require_asked(call.path["token"]), call.app.links))


async def withdraw(call: Call[Hub, None]) -> Response:
    await call.app.withdraw(call.path["token"])
    return as_json({})


async def fetch_file(call: Call[Hub, TokenParams]) -> Response:
    """A file or a range of it, to whoever holds a link."""
    hub = call.app
    download = await hub.open_link(call.path["name"], call.path["file"], call.params.token)
    size, tag = download.file.size, b'"sha256-%b"' % download.file.sha256.encode()
    headers = _file_headers(download, tag)
    if holds_tag(call.headers.get(b"if-none-match", b""), tag):
        return Response(304, b"", _BINARY, headers)
    wanted = call.headers.get(b"range", b"")
    if wanted and call.headers.get(b"if-range", tag).strip() != tag:
        wanted = b""
    first, last = parse_range(wanted, size)
    if first < 0:
        return Response(416, b"", _BINARY, [*headers, (b"content-range", b"bytes */%d" % size)])
    partial_ = (first, last) != (0, size - 1)
    if partial_:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (first, last, size)))
    headers.append((b"content-length", b"%d" % (last - first + 1)))
    return Response(206 if partial_ else 200, b"", _BINARY, headers, stream=hub.send(download, first, last))


def _file_headers(download: Download, tag: bytes) -> list[tuple[bytes, bytes]]:
    name = download.file.name.encode("ascii")
    return [
        (b"etag", tag),
        (b"accept-ranges", b"bytes"),
        (b"content-disposition", b'attachment; filename="%b"' % name),
        (b"content-security-policy", b"sandbox; default-src 'none'"),
    ]


_open = partial(Route, auth=Auth.NONE, scopes=(), style=Style.WEFT, tag="hub")
_HUB = "/api/weft/v1/hub"

ROUTES: tuple[Route, ...] = (
    _open(
        method="GET", path=f"{_HUB}/models", handler=list_models, sees=Sees.PUBLIC, rate=API_ADDRESS, body=0,
        returns=list[Model], summary="Every model that may be asked for",
    ),
    _open(
        method="GET", path=f"{_HUB}/models/:name", handler=show_model, sees=Sees.PUBLIC, rate=API_ADDRESS, body=0,
        returns=Model, summary="A model",
    ),
    _open(
        method="POST", path=f"{_HUB}/models/:name/requests", handler=ask, sees=Sees.OWN, rate=HUB_REQUEST,
        body=SMALL_BODY, params=FormParams, returns=Request, refusals=(503,),
        summary="Ask for a model; the token in the answer is the request's only key",
    ),
    _open(
        method="GET", path=f"{_HUB}/requests/:token", handler=show_request, sees=Sees.OWN, rate=API_ADDRESS, body=0,
        returns=Request, summary="A request of one's own, with links where it was approved",
    ),
    _open(
        method="DELETE", path=f"{_HUB}/requests/:token", handler=withdraw, sees=Sees.OWN, rate=API_ADDRESS, body=0,
        summary="Delete a request of one's own; its links end",
    ),
    _open(
        method="GET", path=f"{_HUB}/models/:name/files/:file", handler=fetch_file, sees=Sees.OWN, rate=HUB_FILE,
        body=0, params=TokenParams, statuses=(200, 206, 304), refusals=(416,), summary="A file, by a signed link",
    ),
    *staff_routes.ROUTES,
)  # fmt: skip
