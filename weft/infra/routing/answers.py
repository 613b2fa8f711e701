"""Turns responses and refusals into the messages of ASGI: the headers every answer carries, bodies, error documents
and streams. Who may have the answer was decided before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Protocol, cast

import msgspec

from weft.infra.routing.catalogue import sentence_of, status_of
from weft.infra.routing.table import Response, Style
from weft.kernel.errors import Limited, Unauthenticated, Unavailable, WeftError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"
_ERROR_PAGE = Template(Path(__file__).with_name("error.html").read_text("utf-8"))
PAGE_CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    b"media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
API_CSP = b"default-src 'none'; frame-ancestors 'none'"
WHOLE = "weft.whole"
"""Where in the scope a server puts a function that sends a finished answer with status 200 at once: header lines and
body in, False where it cannot."""
FAILED = "failed"
"""The code of a fault of ours, which no refusal has."""
RETRY_SECONDS = 5
STUCK_S = 30.0

_CORS: list[Header] = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id, "
        b"Mastodon-Async-Refresh, Deprecation",
    ),
]
_ALWAYS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"private, no-store"),
]

_REPLACEABLE = frozenset({name for name, _ in (*_CORS, *_ALWAYS)} | {b"content-security-policy"})

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """The request that an error page answers. Its scope tells how the reader wants to see pages."""

    request_id: str
    scope: Scope


class RenderError(Protocol):
    """Makes the HTML of an error page for people. ``sentence`` is the English one, as the API says it."""

    def __call__(self, status: int, code: str, sentence: str, asked: Asked) -> bytes: ...


def plain_page(status: int, code: str, sentence: str, asked: Asked) -> bytes:
    """An error page where the web edge plugged none in."""
    return _ERROR_PAGE.substitute(sentence=escape(sentence), status=status, request_id=asked.request_id).encode()


def base_headers(style: Style, page_csp: bytes = PAGE_CSP) -> list[Header]:
    """What every answer of this style says, unless the response says otherwise under the same name."""
    if style is Style.PAGE:
        return [*_ALWAYS, (b"content-security-policy", page_csp)]
    return [*_CORS, *_ALWAYS, (b"content-security-policy", API_CSP)]


def preflight_headers(allow: tuple[str, ...]) -> list[Header]:
    methods = ", ".join(allow).encode()
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key"),
        (b"access-control-max-age", b"86400"),
        (b"allow", methods),
    ]


def merge_headers(base: list[Header], own: list[Header]) -> list[Header]:
    """Both lists; a name the response sets itself is not taken from the base. No value can start another line."""
    for name, value in own:
        if name in _REPLACEABLE or b"\n" in value or b"\r" in value:
            names = {name for name, _ in own}
            kept = [header for header in base if header[0] not in names]
            return kept + [(name, value.translate(None, b"\r\n")) for name, value in own]
    return [*base, *own]


def error_response(error: WeftError, style: Style, asked: Asked, render: RenderError | None) -> Response:
    status = status_of(error)
    sentence = sentence_of(error)
    headers = _error_headers(error)
    if style is Style.PAGE:
        return Response(status, (render or plain_page)(status, error.code, sentence, asked), HTML, headers)
    return Response(status, _encode(_document(error, sentence)), JSON, headers)


def failure_response(sentence: str, style: Style, asked: Asked, render: RenderError | None) -> Response:
    """The answer to a fault of ours: it names the request, never the fault."""
    if style is Style.PAGE:
        return Response(500, (render or plain_page)(500, FAILED, sentence, asked), HTML)
    return Response(500, _encode({"error": sentence}), JSON)


def _document(error: WeftError, sentence: str) -> Mapping[str, object]:
    if error.code.startswith("oauth."):
        return {"error": error.code.removeprefix("oauth."), "error_description": sentence}
    document: dict[str, object] = {"error": sentence}
    for name in ("details", "unexpected_accounts"):
        if name in error.values:
            document[name] = error.values[name]
    extra: dict[str, object] = {"code": error.code}
    if isinstance(error.values.get("field"), str):
        extra["field"] = error.values["field"]
    document["weft"] = extra
    return document


def _error_headers(error: WeftError) -> list[Header]:
    if isinstance(error, Unauthenticated):
        return [(b"www-authenticate", b'Bearer realm="weft"')]
    if isinstance(error, (Limited, Unavailable)):
        seconds = error.values.get("retry_after", RETRY_SECONDS)
        return [(b"retry-after", str(seconds).encode())]
    if error.values.get("hang_up"):
        # The rest of the body is not read: the connection cannot carry another request.
        return [(b"connection", b"close")]
    if "allow" in error.values:
        return [(b"allow", str(error.values["allow"]).encode())]
    return []


def joined(headers: Sequence[Header]) -> bytes:
    """Header lines as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def head_of(response: Response, headers: Sequence[Header], base: bytes) -> bytes | None:
    """The header lines of an ordinary answer in one piece, ``base`` among them. None where the answer replaces some of
    those or says something odd, so that its headers must be merged one by one."""
    lines = [b"content-type: %b\r\ncontent-length: %d\r\n" % (response.content_type, len(response.body))]
    for header in headers:
        lines.append(b"%b: %b\r\n" % header)
    for header in response.headers:
        if header[0] in _REPLACEABLE or b"\n" in header[1] or b"\r" in header[1]:
            return None
        lines.append(b"%b: %b\r\n" % header)
    lines.append(base)
    return b"".join(lines)


async def send_whole(send: Send, response: Response, headers: list[Header], head: bool) -> None:
    body = response.body
    length = str(len(body)).encode()
    headers = [*headers, (b"content-length", length)] if response.status not in (204, 304) else headers
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def send_stream(receive: Receive, send: Send, response: Response, headers: list[Header], head: bool) -> None:
    """Send chunks until the iterator ends or the client leaves; either way the iterator is closed."""
    stream = cast("AsyncIterator[bytes]", response.stream)
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if head:
            await send({"type": "http.response.body", "body": b""})
            return
        await _until_gone(receive, _pump(stream, send))
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def _pump(stream: AsyncIterator[bytes], send: Send) -> None:
    """Send chunk by chunk; a reader that takes nothing for so long is given up, which cuts the connection."""
    with contextlib.suppress(TimeoutError):
        async for chunk in stream:
            async with asyncio.timeout(STUCK_S):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _until_gone(receive: Receive, work: Any) -> None:
    pump = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_wait_gone(receive))
    try:
        await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
        if pump.done():
            pump.result()
    finally:
        for task in (pump, gone):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task


async def _wait_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
