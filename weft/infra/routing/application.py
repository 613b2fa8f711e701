"""The ASGI application made from the route table. For each request: route, size, address, caller, limits, right,
parameters, handler, answer, in this order, so that whoever may not come in costs almost nothing.

The path of a GET without a body is kept short on purpose: it makes one call object and two lists, and looks at no
header it does not need. ``tests/infra/routing/test_cost.py`` prints what it adds to a bare ASGI application.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Any
from urllib.parse import quote

import msgspec

from weft.infra.addresses import UNKNOWN
from weft.infra.admit import API, API_ADDRESS, Network, RateClass, address_key, client_address
from weft.infra.routing import access, answers
from weft.infra.routing.answers import Receive, RenderError, Scope, Send
from weft.infra.routing.body import ClientGone, check_length, gather_params, read_body
from weft.infra.routing.catalogue.en import FAILURE
from weft.infra.routing.exchange import Entry, Exchange, log_failure
from weft.infra.routing.leaving import while_there
from weft.infra.routing.params import from_query
from weft.infra.routing.table import Auth, Authenticate, Call, Grant, Response, Route, Style
from weft.infra.routing.trie import Found, Trie
from weft.kernel.clock import Clock
from weft.kernel.errors import Invalid, Limited, NotFound, Unauthenticated, WeftError
from weft.kernel.ids import AccountId

SocketHandler = Callable[[Scope, Receive, Send], Awaitable[None]]
OnDone = Callable[[str, int, float], None]
"""Called with the route's path pattern (empty for an unknown path), the status, and the seconds it took."""

CLIENT_GONE = 499
TWINS = {"PUT": "PATCH", "PATCH": "PUT"}


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What the application needs besides its routes and their context."""

    authenticate: Authenticate
    admit: access.Gatekeeper
    clock: Clock
    base_url: str
    """Scheme, host and port, without a trailing slash."""
    trusted_proxies: tuple[Network, ...] = ()
    authenticate_cookie: access.AuthenticateCookie | None = None
    sockets: Mapping[str, SocketHandler] = {}
    """WebSocket handlers by path; each takes over the ASGI connection."""
    render_error: RenderError | None = None
    on_done: OnDone | None = None
    page_csp: bytes = answers.PAGE_CSP
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None
    """Entered before the first request and left after the last."""


def with_twins(routes: Sequence[Route]) -> list[Route]:
    """The routes, and a PUT for each PATCH and the reverse where the table has only one: apps use either."""
    known = {(route.method, route.path) for route in routes}
    twins = [
        msgspec.structs.replace(route, method=TWINS[route.method])
        for route in routes
        if route.method in TWINS and (TWINS[route.method], route.path) not in known
    ]
    return [*routes, *twins]


class Application:
    """Serves a route table. ``context`` is what handlers find as ``call.app``; ``others`` are tables with contexts of
    their own."""

    def __init__(
        self,
        routes: Sequence[Route],
        context: Any,
        serving: Serving,
        others: Sequence[tuple[Sequence[Route], Any]] = (),
    ) -> None:
        self._serving = serving
        self._authenticate = serving.authenticate
        self._admit = serving.admit
        self._origin = serving.base_url.encode()
        self._trie: Trie[Entry] = Trie()
        for table, its_context in ((routes, context), *others):
            for route in with_twins(table):
                self._trie.add(route.method, route.path, Entry(route, its_context, serving.page_csp))
        self._numbers = itertools.count()
        self._prefix = secrets.token_hex(6).encode()
        self._bases = {style: answers.base_headers(style, serving.page_csp) for style in Style}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        started = perf_counter()
        exchange = Exchange(scope, receive, self._new_id())
        try:
            response = await self._answer(exchange)
        except WeftError as error:
            response = self._refusal(error, exchange)
        except ClientGone:
            self._done(exchange, CLIENT_GONE, started)
            return
        except Exception as error:
            log_failure(error, exchange)
            response = answers.failure_response(FAILURE, exchange.style, exchange.asked, self._serving.render_error)
        try:
            await self._send(exchange, response, send)
        except Exception as error:
            # The head of the answer is out already. Ending here makes the server cut the connection.
            log_failure(error, exchange)
        self._done(exchange, response.status, started)

    async def _answer(self, exchange: Exchange) -> Response:
        scope = exchange.scope
        exchange.path = path = _raw_path(scope)
        found = self._trie.find(scope["method"], path)
        entry = found.route
        if entry is None:
            return _without_method(scope["method"], found)
        exchange.entry = entry
        headers: dict[bytes, bytes] = dict(scope["headers"])
        has_body = check_length(headers, entry.body_limit)
        call: Call[Any, Any] = Call(entry.context, entry.route, found.values)
        call.method = scope["method"]
        call.headers = headers
        call.address = self._address(scope)
        query: bytes = scope["query_string"]
        if b"cookie" in headers:
            call.cookies = access.read_cookies(headers[b"cookie"])
        await self._enter(exchange, entry, call)
        call.url_path = path
        call.query = query.decode("latin-1")
        if entry.reader is not None:
            if has_body:
                given = await gather_params(call, exchange.receive, query, entry.body_limit)
            else:
                given = from_query(query) if query else {}
            if entry.route.token_in_query:
                given.pop("access_token", None)
            call.params = entry.reader.read(given)
        elif has_body and entry.route.body:
            call.body = await read_body(exchange.receive, entry.body_limit)
        elif has_body and b"content-length" not in headers:
            # A body that nobody wants may have no end.
            exchange.headers.append((b"connection", b"close"))
        if entry.gives_up:
            return await while_there(exchange.receive, entry.handler(call))
        return await entry.handler(call)

    async def _enter(self, exchange: Exchange, entry: Entry, call: Call[Any, Any]) -> None:
        """Find out who asks, count it, and refuse whoever the route is not for. The route's own class counts only
        callers who have the right to its work."""
        route = entry.route
        viewer: AccountId | None = None
        if route.auth is not Auth.NONE:
            call.grant = grant = await self._who(route, call, exchange.scope["query_string"])
            if grant is None or grant.cookie:
                access.check_account(call.headers, grant)
            viewer = grant.account_id if grant is not None else None
        key = address_key(call.address) if viewer is None else viewer
        if entry.general:
            self._count(exchange, API_ADDRESS if viewer is None else API, key)
        if route.auth is not Auth.NONE:
            access.authorise(route, call.grant)
        if entry.special is not None:
            self._count(exchange, entry.special, key)
        if route.style is Style.PAGE and call.method not in access.SAFE_METHODS:
            access.check_origin(call.headers, self._origin)

    def _count(self, exchange: Exchange, rate: RateClass, key: str | int) -> None:
        verdict = self._admit.check(rate, key)
        exchange.tell(verdict, self._admit)
        if not verdict.allowed:
            raise Limited("rate.limited", reset_ms=verdict.reset_ms)

    async def _who(self, route: Route, call: Call[Any, Any], query: bytes) -> Grant | None:
        """The grant of a bearer token or, without one, of a session cookie.

        Raises:
            Unauthenticated: a token was sent and is not valid, which also an optional one must be.
            Conflict: the cookie's account is not the one the page believes to be.
        """
        header = call.headers.get(b"authorization")
        if header is not None and header[:6].lower() != b"bearer":
            header = None
        if header is not None or (route.token_in_query and b"access_token=" in query):
            token = access.bearer_token(header) if header is not None else access.query_token(query)
            grant = await self._authenticate(token) if token is not None else None
            if grant is None:
                raise Unauthenticated("token.invalid")
            return grant
        by_cookie = self._serving.authenticate_cookie
        if by_cookie is None or not call.cookies:
            return None
        headers = call.headers
        if call.method in access.SAFE_METHODS:
            if access.is_foreign(headers, self._origin):
                return None
        elif not access.is_own_origin(headers, self._origin):
            return None
        return await by_cookie(call.cookies)

    def _address(self, scope: Scope) -> str:
        peer = scope.get("client")
        trusted = self._serving.trusted_proxies
        if not trusted:
            return peer[0] if peer else UNKNOWN
        return client_address(peer[0] if peer else None, scope["headers"], trusted).ip

    def _refusal(self, error: WeftError, exchange: Exchange) -> Response:
        """The answer to a refused request, which counts like any other: guessing must not be free."""
        if not exchange.counted and exchange.path.startswith("/api/"):
            try:
                self._count(exchange, API_ADDRESS, address_key(self._address(exchange.scope)))
            except Limited as limited:
                error = limited
        if isinstance(error, Limited) and "reset_ms" in error.values:
            wait_ms = int(str(error.values["reset_ms"])) - self._serving.clock.now_ms()
            error.values["retry_after"] = max(1, -(-wait_ms // 1000))
        return answers.error_response(error, exchange.style, exchange.asked, self._serving.render_error)

    async def _send(self, exchange: Exchange, response: Response, send: Send) -> None:
        entry = exchange.entry
        whole = exchange.scope.pop(answers.WHOLE, None)
        if whole is not None and entry is not None and _is_ordinary(exchange, response):
            lines = answers.head_of(response, exchange.headers, entry.base_lines)
            if lines is not None and whole(lines, response.body):
                return
        base = entry.base if entry is not None else self._bases[exchange.style]
        headers = [(b"content-type", response.content_type), *exchange.headers]
        headers += answers.merge_headers(base, response.headers)
        head = exchange.scope["method"] == "HEAD"
        if response.stream is None:
            await answers.send_whole(send, response, headers, head)
        else:
            await answers.send_stream(exchange.receive, send, response, headers, head)

    def _done(self, exchange: Exchange, status: int, started: float) -> None:
        if self._serving.on_done is not None:
            pattern = exchange.entry.route.path if exchange.entry is not None else ""
            self._serving.on_done(pattern, status, perf_counter() - started)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        handler = self._serving.sockets.get(path) or self._serving.sockets.get(path.removesuffix("/"))
        if handler is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            await handler(scope, receive, send)
        except Exception as error:
            exchange = Exchange(scope, receive, self._new_id())
            exchange.path = path
            log_failure(error, exchange)

    def _new_id(self) -> bytes:
        return self._prefix + b"%08x" % next(self._numbers)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Speak the server's start and stop protocol around what was plugged in."""
        await receive()
        around = self._serving.lifespan() if self._serving.lifespan is not None else contextlib.nullcontext()
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(around)
            except Exception as error:
                # Without this message the server would go on and serve without what should be around it.
                await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _raw_path(scope: Scope) -> str:
    """The path as it was sent, so that an encoded slash stays part of its segment."""
    raw = scope.get("raw_path")
    if raw is None:
        return quote(scope["path"])
    try:
        return str(raw, "ascii")
    except UnicodeDecodeError:
        raise NotFound("route.absent") from None


def _is_ordinary(exchange: Exchange, response: Response) -> bool:
    """Whether it may go out in one piece: a whole body, success, and a connection that stays."""
    return (
        response.status == 200
        and response.stream is None
        and exchange.headers[-1][0] != b"connection"
        and exchange.scope["method"] != "HEAD"
    )


def _without_method(method: str, found: Found[Entry]) -> Response:
    """A known path asked with another method: the browser's question before a request, or 405."""
    styles = {entry.route.style for entry in found.leaf.methods.values()}
    if method != "OPTIONS":
        raise Invalid("route.method", allow=", ".join(found.leaf.allow))
    allow = found.leaf.allow
    if styles == {Style.PAGE}:
        return Response(204, headers=[(b"allow", ", ".join(allow).encode())])
    return Response(204, headers=answers.preflight_headers(allow))
