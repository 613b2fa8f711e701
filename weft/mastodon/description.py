"""The OpenAPI description of every route, made from the route table when somebody first asks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft import __version__
from weft.infra.routing.openapi import openapi_document
from weft.infra.routing.table import Route
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
