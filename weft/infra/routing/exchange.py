"""One request on its way through the application, and what is known about its route before any request comes.
It notes what the answer will need; it decides nothing.
"""

from __future__ import annotations

import traceback
from typing import Any

import structlog

from weft.infra.admit import API, API_ADDRESS, RateClass, Verdict
from weft.infra.routing import access, answers
from weft.infra.routing.answers import Asked, Header, Receive, Scope
from weft.infra.routing.params import ParamReader
from weft.infra.routing.table import SMALL_BODY, Route, Style

log = structlog.get_logger("weft.requests")

LOGGED_FRAMES = 15
JSON_PREFIXES = ("/api/", "/oauth/", "/nodeinfo", "/.well-known/")


class Entry:
    """A route with everything about it that is the same for each request."""

    __slots__ = (
        *("base", "base_lines", "body_limit", "context", "general"),
        *("gives_up", "handler", "reader", "route", "special"),
    )

    def __init__(self, route: Route, context: Any, page_csp: bytes) -> None:
        self.route = route
        self.context = context
        self.handler = route.handler
        self.gives_up = route.gives_up
        self.base = answers.base_headers(route.style, page_csp)
        self.base_lines = answers.joined(self.base)
        self.reader = None if route.params is None else ParamReader(route.params, route.style is Style.WEFT)
        # Apps send `{}` or a few fields where no body is declared; that much is taken everywhere.
        self.body_limit = max(route.body, SMALL_BODY)
        self.general = route.path.startswith("/api/") or route.rate.name == API.name
        self.special: RateClass | None = None if route.rate.name in (API.name, API_ADDRESS.name) else route.rate


class Exchange:
    """One request and what is known so far of its answer."""

    __slots__ = ("counted", "entry", "headers", "path", "receive", "request_id", "scope")

    def __init__(self, scope: Scope, receive: Receive, request_id: bytes) -> None:
        self.scope = scope
        self.receive = receive
        self.request_id = request_id
        self.path = ""
        self.entry: Entry | None = None
        self.counted: Verdict | None = None
        """The verdict whose numbers the client is told: of several, the one that leaves least."""
        self.headers: list[Header] = [(b"x-request-id", request_id)]

    @property
    def id_text(self) -> str:
        return self.request_id.decode("ascii")

    @property
    def asked(self) -> Asked:
        return Asked(self.id_text, self.scope)

    @property
    def style(self) -> Style:
        """What kind of answer is due, also where no route was found."""
        if self.entry is not None:
            return self.entry.route.style
        if self.path.startswith(JSON_PREFIXES):
            return Style.MASTODON
        wants = next((value for name, value in self.scope["headers"] if name == b"accept"), b"")
        return Style.PAGE if b"text/html" in wants else Style.MASTODON

    def tell(self, verdict: Verdict, admit: access.Gatekeeper) -> None:
        """Note which limit's numbers the client is told."""
        told = self.counted
        if told is None or verdict.remaining < told.remaining or not verdict.allowed:
            self.counted = verdict
            self.headers[1:] = admit.headers(verdict)


def log_failure(error: Exception, exchange: Exchange) -> None:
    """Where it happened, never with which values: messages of libraries quote parameters and rows."""
    frames = traceback.extract_tb(error.__traceback__)[-LOGGED_FRAMES:]
    log.error(
        "request.failed",
        request_id=exchange.id_text,
        method=exchange.scope.get("method", ""),
        route=exchange.entry.route.path if exchange.entry is not None else "",
        error=type(error).__name__,
        cause=type(error.__cause__).__name__ if error.__cause__ is not None else None,
        trace=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
