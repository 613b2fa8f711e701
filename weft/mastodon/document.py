"""The OpenAPI document of every route, made from the route table when somebody first asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from weft import __version__
from weft.infra.admit import API
from weft.infra.routing.openapi import openapi_document
from weft.infra.routing.table import Auth, Call, Response, Route, Sees
from weft.mastodon.context import Mastodon
from weft.settings import Settings


class Document:
    """Encoded once; the table does not change while a server runs."""

    def __init__(self, routes: Sequence[Route], settings: Settings) -> None:
        self._routes = routes
        self._settings = settings
        self._body = b""

    @property
    def body(self) -> bytes:
        if not self._body:
            self._body = msgspec.json.encode(
                openapi_document(self._routes, self._settings.title, __version__, self._settings.url)
            )
        return self._body


async def show(call: Call[Mastodon, Any]) -> Response:
    return Response(200, call.app.document.body, headers=[(b"cache-control", b"public, max-age=300")])


ROUTES = (
    Route(
        method="GET",
        path="/api/weft/openapi.json",
        handler=show,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.PUBLIC,
        rate=API,
        body=0,
        tag="discovery",
        summary="This document",
    ),
)
