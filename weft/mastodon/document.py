"""Serves the OpenAPI document of every route."""

from __future__ import annotations

from typing import Any

from weft.infra.admit import API
from weft.infra.routing.table import Auth, Call, Response, Route, Sees
from weft.mastodon.context import Mastodon


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
