"""The way to a model's server: to our own engine through its Unix socket, to any other through the fetch gate.
Both give an answer that is read as it comes; what it says is understood in `client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from weft.infra.engine.model import Endpoint
from weft.infra.http import Fetcher, FetchRequest, Streaming, bounded, read_headers, unavailable_when_failing

if TYPE_CHECKING:
    import httpcore

# The engine answers one call per slot and queues the rest; Weft queues in front of it.
CONNECTIONS = 16
# Servers of models close idle connections after five seconds or more; one that closes while we send loses a call.
KEPT_S = 2.0
CONNECT_S = 5.0
LARGEST_ERROR = 64 << 10


class Wire:
    """Sends requests to endpoints. `fetcher` is one of its own: it may go to the operator's model servers."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    @asynccontextmanager
    async def post(
        self, endpoint: Endpoint, path: str, body: bytes, *, most: int, wait_s: float
    ) -> AsyncIterator[Streaming]:
        """The answer to a JSON body. Leaving the block hangs up, at which a server stops working on it.

        Args:
            most: bytes that the answer may have.
            wait_s: longest wait for the network, each time.

        Raises:
            Unavailable: as of the fetch gate.
        """
        headers = {"content-type": "application/json"}
        if endpoint.key:
            headers["authorization"] = f"Bearer {endpoint.key}"
        if endpoint.is_own:
            async with self._post_own(endpoint.socket, path, headers, body, most=most, wait_s=wait_s) as answer:
                yield answer
            return
        request = FetchRequest(
            "POST", endpoint.url.rstrip("/") + path, headers, body, max_bytes=most, follow=False, deadline_s=wait_s
        )
        async with self._fetcher.streaming(request) as answer:
            yield answer

    @asynccontextmanager
    async def _post_own(
        self, socket: str, path: str, headers: dict[str, str], body: bytes, *, most: int, wait_s: float
    ) -> AsyncIterator[Streaming]:
        import httpcore  # only who has a model pays the memory

        asked = httpcore.Request(
            "POST",
            f"http://engine/v1{path}",
            headers=[*headers.items(), ("host", "engine"), ("content-length", str(len(body)))],
            content=body,
            extensions={"timeout": dict.fromkeys(("read", "write", "pool"), wait_s) | {"connect": CONNECT_S}},
        )
        async with unavailable_when_failing():
            try:
                response = await self._pool(socket).handle_async_request(asked)
            except httpcore.RemoteProtocolError:
                # It closes connections that said nothing for five seconds, and this process may have slept so long.
                response = await self._pool(socket).handle_async_request(asked)
            try:
                yield Streaming(response.status, read_headers(response), bounded(response, most))
            finally:
                await response.aclose()

    def _pool(self, socket: str) -> httpcore.AsyncConnectionPool:
        import httpcore

        if socket not in self._pools:
            self._pools[socket] = httpcore.AsyncConnectionPool(
                max_connections=CONNECTIONS, keepalive_expiry=KEPT_S, uds=socket
            )
        return self._pools[socket]

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()


class Failure(msgspec.Struct, frozen=True):
    type: str = ""


class FailureBody(msgspec.Struct):
    error: Failure = Failure()


async def kind_of_failure(answer: Streaming) -> str:
    """The type that a refusal names; its words are for nobody but the server's owner."""
    body = b""
    async for part in answer.parts:
        body += part
        if len(body) > LARGEST_ERROR:
            return ""
    try:
        return msgspec.json.decode(body, type=FailureBody).error.type
    except (msgspec.DecodeError, RecursionError):
        return ""
