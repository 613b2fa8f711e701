"""Reads a request's body under its route's cap while it arrives, and gathers the parameters it carries.
What the parameters mean is the concern of ``params``; who may send them was decided before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from weft.infra.routing.answers import Receive
from weft.infra.routing.multipart import MultipartReader
from weft.infra.routing.params import from_form, from_json, from_pairs, from_query
from weft.infra.routing.table import Call
from weft.kernel.errors import Malformed, TooLarge

MAX_LENGTH_DIGITS = 18
MAX_DROPPED = 64 * 1024 * 1024
PATIENCE_S = 30
SLOWEST_BYTES_S = 20_000


class ClientGone(Exception):
    """The client left before its request was complete: there is nobody to answer."""


def check_length(headers: Mapping[bytes, bytes], limit: int) -> bool:
    """Whether a body follows; one that is announced as too large is refused unread."""
    length = headers.get(b"content-length")
    if length is None:
        return b"transfer-encoding" in headers
    if not length.isdigit() or len(length) > MAX_LENGTH_DIGITS:
        raise Malformed("body.unreadable")
    size = int(length)
    if size > limit:
        # What clients send on regardless is read and dropped, or they would miss the answer; within reason.
        raise TooLarge("body.too_large", limit=limit, hang_up=size > MAX_DROPPED)
    return size > 0


async def read_body(receive: Receive, limit: int) -> bytes:
    return b"".join([chunk async for chunk in _chunks(receive, limit)])


async def gather_params(call: Call[Any, Any], receive: Receive, query: bytes, limit: int) -> dict[str, Any]:
    """Query and body as one nested value, the body's word counting more; files go to ``call.files``."""
    given = from_query(query)
    content_type = call.headers.get(b"content-type", b"")
    kind = content_type.partition(b";")[0].strip().lower()
    if kind == b"multipart/form-data":
        reader = MultipartReader(content_type)
        async for chunk in _chunks(receive, limit):
            reader.feed(chunk)
        reader.finish()
        call.files = reader.files
        given.update(from_pairs(reader.pairs))
        return given
    call.body = body = await read_body(receive, limit)
    if kind == b"application/json" or kind.endswith(b"+json"):
        given.update(from_json(body))
    elif kind == b"application/x-www-form-urlencoded":
        given.update(from_form(body))
    return given


async def _chunks(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    size = 0
    more = True
    until = asyncio.get_running_loop().time() + PATIENCE_S + limit / SLOWEST_BYTES_S
    while more:
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise Malformed("body.too_slow", hang_up=True) from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge("body.too_large", limit=limit, hang_up=True)
        if chunk:
            yield chunk
        more = message.get("more_body", False)
