"""Live streams of the client API: the WebSocket that carries many streams, and one event stream per path.

Opening asks for the token and its scopes as every route does; what happens with the right later closes the stream
(``timelines.Streams``). Tokens come in many places because browsers' sockets cannot set headers; none is logged. A
browser's own session counts only where the browser says that our own page asks (``Origin``).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from urllib.parse import parse_qs

import msgspec

from weft.infra.admit import API_ADDRESS, STREAM_OPEN, RateClass, address_key, client_address
from weft.infra.routing.access import MAX_TOKEN, bearer_token, is_own_origin, query_token, read_cookies
from weft.infra.routing.answers import Receive, Scope, Send
from weft.infra.routing.application import SocketHandler
from weft.infra.routing.catalogue import sentence_of, status_of
from weft.infra.routing.table import Auth, Call, Grant, Response, Route, Sees, has_scope
from weft.kernel.errors import Conflict, Forbidden, Malformed, Unauthenticated, Unavailable, WeftError
from weft.mastodon.context import Mastodon
from weft.mastodon.stream_frames import Ask, Wanted, error_frame, event_lines, parse_channel, socket_frame
from weft.timelines.service import Connection, Delivery, Listener

THUMP_S = 15.0
SEND_S = 30.0
FRAME_PAUSE_S = 0.005
"""After each frame of a client: nobody asks for more than some hundred things a second."""
GOING_AWAY, POLICY, TRY_LATER = 1001, 1008, 1013
_CODES = {"stopping": GOING_AWAY, "access": POLICY, "stuck": TRY_LATER}
PATH = "/api/v1/streaming"
_PATHS = {
    "user": "user",
    "user/notification": "user:notification",
    "public": "public",
    "public/local": "public:local",
    "public/remote": "public:remote",
    "hashtag": "hashtag",
    "hashtag/local": "hashtag:local",
    "list": "list",
    "direct": "direct",
}
_EVENT_STREAM = b"text/event-stream; charset=utf-8"
_NO_BUFFER = [(b"x-accel-buffering", b"no")]

_decode_ask = msgspec.json.Decoder(Ask, strict=False).decode
_encode = msgspec.json.Encoder().encode
Find = Callable[[str], Awaitable[Grant | None]]


def listener_of(find: Find, token: str, grant: Grant, address: str) -> Listener:
    """Who listens with this grant, and how to ask later whether the token still holds."""
    assert grant.account_id is not None

    async def still_allowed() -> bool:
        now = await find(token)
        return now is not None and not now.problem and now.account_id == grant.account_id and now.scopes >= grant.scopes

    return Listener(
        account_id=grant.account_id,
        token_id=grant.token_id,
        address=address_key(address),
        notifications=has_scope(grant.scopes, ("read:notifications",)),
        own_app=grant.cookie,
        still_allowed=still_allowed,
    )


# -------------------------------------------------------------------------------------------------------- sockets


def sockets_of(app: Mastodon) -> Mapping[str, SocketHandler]:
    """Socket handlers by path: the one that multiplexes, and the same with a stream named in the path."""
    sockets = Sockets(app)
    named = {f"{PATH}/{path}": partial(sockets.serve, named=name) for path, name in _PATHS.items()}
    return {PATH: sockets.serve, **named}


class Sockets:
    """Serves every WebSocket of one worker."""

    def __init__(self, app: Mastodon) -> None:
        self._app = app
        self._trusted = tuple(ipaddress.ip_network(network) for network in app.settings.trusted_proxies)

    async def serve(self, scope: Scope, receive: Receive, send: Send, *, named: str = "") -> None:
        """One connection from its handshake to its end. ``named``: the stream that its path named."""
        await receive()
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        offered: Sequence[str] = scope.get("subprotocols", ())
        try:
            grant, connection = await self._open(scope, offered)
        except WeftError as error:
            await _refuse(scope, send, error)
            return
        try:
            # Browsers close a socket whose answer does not repeat what they offered.
            await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
            wanted = Wanted(
                named or _last(query, "stream"),
                _last(query, "tag"),
                _last(query, "list"),
                _last(query, "only_media") in ("true", "1", "on"),
            )
            if wanted.stream:
                await self._subscribe(connection, wanted, grant.scopes)
            await _first_of(_write(connection, send), self._read(connection, receive, grant.scopes))
        finally:
            self._app.streams.close(connection)

    async def _open(self, scope: Scope, offered: Sequence[str]) -> tuple[Grant, Connection]:
        app = self._app
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        peer = scope.get("client")
        address = client_address(peer[0] if peer else None, headers, self._trusted).ip
        tokens = _tokens(headers, scope["query_string"], offered)
        ways: list[tuple[Find, str]] = [(app.authenticator, token) for token in tokens]
        if not ways:
            ways = [(app.sessions, text) for text in self._own_session(headers)]
        for find, text in ways:
            grant = await find(text)
            if grant is None or grant.account_id is None:
                continue
            if grant.problem:
                raise Forbidden(grant.problem)
            if grant.cookie:
                _check_believed(scope["query_string"], grant)
            _count(app, STREAM_OPEN, grant.account_id)
            return grant, app.streams.open(listener_of(find, text, grant, address))
        _count(app, API_ADDRESS, address_key(address))  # guessing must not be free
        raise Unauthenticated("token.invalid")

    def _own_session(self, headers: Sequence[tuple[bytes, bytes]]) -> list[str]:
        """The session of a browser whose page is ours: sockets are open to every site, and cookies go with them."""
        known = dict(headers)
        if not is_own_origin(known, self._app.settings.url.encode()) or b"origin" not in known:
            return []
        text = self._app.sessions.text_in(read_cookies(known.get(b"cookie", b"")))
        return [text] if text else []

    async def _read(self, connection: Connection, receive: Receive, scopes: frozenset[str]) -> None:
        """Obey the client's frames until it leaves; a frame that makes no sense is told so."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                ask = _parse(message.get("text"))
            except WeftError as error:
                _answer(connection, error)
            else:
                await self._obey(connection, ask, scopes)
            await asyncio.sleep(FRAME_PAUSE_S)

    async def _obey(self, connection: Connection, ask: Ask, scopes: frozenset[str]) -> None:
        match ask.type:
            case "subscribe":
                await self._subscribe(connection, ask, scopes)
            case "unsubscribe":
                with contextlib.suppress(WeftError):
                    self._app.streams.unsubscribe(connection, parse_channel(ask, scopes).label)
            case _:
                _answer(connection, Malformed("stream.frame"))

    async def _subscribe(self, connection: Connection, wanted: Wanted, scopes: frozenset[str]) -> None:
        try:
            await self._app.streams.subscribe(connection, parse_channel(wanted, scopes))
        except WeftError as error:
            _answer(connection, error)


def _check_believed(query: bytes, grant: Grant) -> None:
    """The page may name, as ``account``, whom it believes to be: sockets take no headers from it.

    Raises:
        Conflict: somebody switched in another tab.
    """
    believed = parse_qs(query.decode("latin-1"), max_num_fields=20).get("account")
    if believed and believed[-1] != str(grant.account_id):
        raise Conflict("session.changed")


def _count(app: Mastodon, rate: RateClass, key: str | int) -> None:
    if not app.admit.check(rate, key).allowed:
        raise Unavailable("stream.too_many")


async def _first_of(*works: Awaitable[None]) -> None:
    """Run both ends of a connection until either ends; the other one is ended with it."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with contextlib.suppress(OSError):  # the client went while something was being sent
            task.result()


async def _write(connection: Connection, send: Send) -> None:
    """Send what waits, until the connection is closed or its reader stands still."""
    while not connection.is_closed():
        deliveries = await connection.take()
        try:
            async with asyncio.timeout(SEND_S):
                for delivery in deliveries:
                    if connection.is_closed():
                        break
                    await send({"type": "websocket.send", "text": socket_frame(delivery)})
        except TimeoutError:
            connection.close("stuck")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await send({"type": "websocket.close", "code": _CODES.get(connection.closing, GOING_AWAY)})


async def _refuse(scope: Scope, send: Send, error: WeftError) -> None:
    """Answer the handshake like any request; where the server cannot, close it unopened (403)."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY})
        return
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"private, no-store")]
    await send({"type": "websocket.http.response.start", "status": status_of(error), "headers": headers})
    await send({"type": "websocket.http.response.body", "body": _encode({"error": sentence_of(error)})})


def _answer(connection: Connection, error: WeftError) -> None:
    connection.put(Delivery("answer", (), error_frame(error)), asyncio.get_running_loop().time())


def _parse(text: str | None) -> Ask:
    if text is None:
        raise Malformed("stream.frame")
    try:
        return _decode_ask(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise Malformed("stream.frame") from None


def _tokens(headers: Sequence[tuple[bytes, bytes]], query: bytes, offered: Sequence[str]) -> list[str]:
    """Where clients put tokens, in the order in which they are believed."""
    header = next((value for name, value in headers if name == b"authorization"), b"")
    found = (offered[0] if offered else None, query_token(query), bearer_token(header))
    return [token for token in found if token and len(token) <= MAX_TOKEN]


def _last(query: Mapping[str, list[str]], name: str) -> str:
    return query[name][-1] if name in query else ""


# -------------------------------------------------------------------------------------------------- event streams


class EventStream:
    """The chunks of one event stream. It leaves ``Streams`` when closed, even if nobody ever asked for a chunk."""

    def __init__(self, app: Mastodon, connection: Connection) -> None:
        self._app = app
        self._connection = connection
        self._begun = False

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return b":)\n\n"
        deliveries = await self._connection.take(THUMP_S)
        if self._connection.closing:
            raise StopAsyncIteration
        return b"".join(map(event_lines, deliveries)) if deliveries else b":thump\n\n"

    async def aclose(self) -> None:
        self._app.streams.close(self._connection)


class StreamParams(msgspec.Struct, kw_only=True):
    tag: str = ""
    list: str = ""
    only_media: bool = False


async def open_stream(call: Call[Mastodon, StreamParams], stream: str) -> Response:
    """Open the event stream of the route's path."""
    app, params, grant = call.app, call.params, call.grant
    assert grant is not None
    channel = parse_channel(Wanted(stream, params.tag, params.list, params.only_media), grant.scopes)
    find, text = _proof(call, grant)
    connection = app.streams.open(listener_of(find, text, grant, call.address))
    try:
        await app.streams.subscribe(connection, channel)
    except BaseException:
        app.streams.close(connection)
        raise
    return Response(content_type=_EVENT_STREAM, headers=_NO_BUFFER, stream=EventStream(app, connection))


async def health(call: Call[Mastodon, None]) -> Response:
    return Response(body=b"OK", content_type=b"text/plain; charset=utf-8")


async def unknown(call: Call[Mastodon, None]) -> Response:
    raise Malformed("stream.unknown")


def _proof(call: Call[Mastodon, StreamParams], grant: Grant) -> tuple[Find, str]:
    """What the caller showed, and where to ask later whether it still holds."""
    if grant.cookie:
        return call.app.sessions, call.app.sessions.text_in(call.cookies)
    header = call.headers.get(b"authorization", b"")
    return call.app.authenticator, bearer_token(header) or query_token(call.query.encode("latin-1")) or ""


def _stream_route(path: str, stream: str) -> Route:
    async def stream_events(call: Call[Mastodon, StreamParams]) -> Response:
        return await open_stream(call, stream)

    stream_events.__name__ = "stream_" + path.replace("/", "_")
    return Route(
        method="GET",
        path=f"{PATH}/{path}",
        handler=stream_events,
        auth=Auth.USER,
        scopes=("read:notifications",) if stream == "user:notification" else ("read:statuses",),
        sees=Sees.AUDIENCE,
        rate=STREAM_OPEN,
        body=0,
        params=StreamParams,
        summary=f"The events of the stream {stream}",
        tag="streaming",
        token_in_query=True,
    )


def _open_route(path: str, handler: Callable[[Call[Mastodon, None]], Awaitable[Response]], summary: str) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.NOTHING,
        rate=API_ADDRESS,
        body=0,
        summary=summary,
        tag="streaming",
    )


ROUTES: tuple[Route, ...] = (
    *(_stream_route(path, stream) for path, stream in _PATHS.items()),
    _open_route(f"{PATH}/health", health, "Whether streaming works"),
    _open_route(PATH, unknown, "Refused: event streams have a path each, sockets ask for an upgrade"),
    _open_route(f"{PATH}/*stream", unknown, "Refused: there is no such stream"),
)
