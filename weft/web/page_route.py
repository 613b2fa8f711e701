"""What all routes of pages have in common: they are for browsers, prove people by cookie, and take small forms."""

from __future__ import annotations

from typing import Any

from weft.infra.admit import PAGE
from weft.infra.routing.table import SMALL_BODY, Auth, Handler, Route, Sees, Style


def page_route(method: str, path: str, handler: Handler, params: Any, **given: Any) -> Route:
    """A route of a page. The session is the handler's affair, so the table asks for no token."""
    shared = {
        "auth": Auth.NONE,
        "scopes": (),
        "sees": Sees.OWN,
        "rate": PAGE,
        "body": SMALL_BODY if method == "POST" else 0,
        "style": Style.PAGE,
        "statuses": (200, 303),
        "tag": "pages",
    }
    return Route(method=method, path=path, handler=handler, params=params, **{**shared, **given})
