"""A cheap HTTP/1.1 client: one request at a time on each of a few kept connections, with bounded answers.

It understands what a JSON API sends: a status line, headers, and a body whose length is told or which comes in chunks.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode, urlsplit

import msgspec

MOST_BYTES = 32 << 20
TIMEOUT_S = 30.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    method: str = "GET"
    path: str
    token: str = ""
    form: dict[str, str] = {}

    def encode(self, host: str) -> bytes:
        body = urlencode(self.form).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if body or self.method != "GET":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Address(msgspec.Struct, frozen=True):
    """Where a server listens."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Address:
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        return cls(parts.hostname or "localhost", parts.port or (443 if tls else 80), tls)

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes


class Wire(asyncio.Protocol):
    """One connection. ``ask`` sends an encoded request and gives the answer."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, address: Address) -> Wire:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(cls, address.host, address.port, ssl=address.tls or None)
        return wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        assert self._transport is not None
        self._waiter = asyncio.get_running_loop().create_future()
        if self._transport.is_closing():
            self._waiter.set_exception(ConnectionError("closed"))
        else:
            self._transport.write(request)
        return self._waiter

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > MOST_BYTES:
            self.close()
            return
        answer = _read(self._buffer)
        if answer is not None and self._waiter is not None and not self._waiter.done():
            self._buffer.clear()
            self._waiter.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionError("the server hung up"))


def _read(buffer: bytearray) -> Answer | None:
    """The answer in the buffer, or None while it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    status = int(buffer[9:12])
    head = bytes(buffer[:end]).lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = head.find(b"\r\n", at + 2)
        length = int(head[at + 17 : stop if stop >= 0 else None])
        return Answer(status, bytes(buffer[end + 4 :])) if len(buffer) - end - 4 >= length else None
    if b"\r\ntransfer-encoding: chunked" in head:
        return Answer(status, _unchunk(buffer[end + 4 :])) if buffer.endswith(b"0\r\n\r\n") else None
    return Answer(status, b"")


def _unchunk(body: bytearray) -> bytes:
    parts: list[bytes] = []
    at = 0
    while True:
        stop = body.index(b"\r\n", at)
        length = int(body[at:stop].split(b";")[0], 16)
        if not length:
            return b"".join(parts)
        parts.append(bytes(body[stop + 2 : stop + 2 + length]))
        at = stop + 4 + length


async def ask_all(address: Address, requests: list[Request], connections: int = 8) -> list[Answer]:
    """Every request once, its answer in its place: for preparing a measurement."""
    answers = [Answer(0, b"")] * len(requests)
    waiting = iter(list(enumerate(requests)))

    async def work() -> None:
        wire = await Wire.open(address)
        for place, request in waiting:
            answers[place] = await asyncio.wait_for(wire.ask(request.encode(address.name)), TIMEOUT_S)
        wire.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(connections, len(requests))):
            group.create_task(work())
    return answers


def query(path: str, values: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(values)}" if values else path
