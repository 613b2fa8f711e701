"""What stands outside Weft in these tests: small web servers and a name server on loopback, under full control."""

import asyncio
import ipaddress
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import msgspec


class Asked(msgspec.Struct):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Asked], bytes]


class Site:
    """A web server whose answers are raw bytes; `asked` is what reached it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.port = 0
        self.open = 0
        self.most_open = 0
        self.hold: asyncio.Event | None = None

    @property
    def peer(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.peer}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            asked = await read_request(reader)
            self.asked.append(asked)
            if self.hold is not None:
                await self.hold.wait()
            writer.write(self.answer(asked))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


@asynccontextmanager
async def site(
    answer: Answer, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    made = Site(answer)
    server = await asyncio.start_server(made.serve, host, port, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        if made.hold is not None:
            made.hold.set()
        server.close()


def reply(body: bytes = b"ok", status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Names(asyncio.DatagramProtocol):
    """A name server: each answer is the next of the name's list, the last one for ever."""

    def __init__(self, records: dict[str, list[list[str]]]) -> None:
        self.records = records
        self.questions: list[tuple[str, int]] = []
        self.turns: dict[tuple[str, int], int] = {}
        self.truncate = False
        self.forge_first = False
        self.address = ""
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        if self.forge_first:
            wrong = bytes([data[0] ^ 1]) + data[1:]
            self.transport.sendto(self.answer(wrong, ["203.0.113.66"]), addr)
        if self.truncate:
            self.transport.sendto(data[:2] + b"\x83\x80" + data[4:], addr)
            return
        self.transport.sendto(self.answer(data), addr)

    def answer(self, question: bytes, addresses: list[str] | None = None) -> bytes:
        name, kind = parse_question(question)
        if addresses is None:
            self.questions.append((name, kind))
            turn = self.turns.get((name, kind), 0)
            self.turns[name, kind] = turn + 1
            lists = self.records.get(name, [[]])
            addresses = lists[min(turn, len(lists) - 1)]
        found = [ipaddress.ip_address(text) for text in addresses]
        records = [packed.packed for packed in found if packed.version == (4 if kind == 1 else 6)]
        code = 0 if name in self.records else 3
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        lines = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(value)) + value for value in records)
        return head + question[12:] + lines

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        answer = self.answer(await reader.readexactly(size))
        writer.write(struct.pack("!H", len(answer)) + answer)
        await writer.drain()
        writer.close()


def parse_question(message: bytes) -> tuple[str, int]:
    place, labels = 12, []
    while size := message[place]:
        labels.append(message[place + 1 : place + 1 + size].decode())
        place += size + 1
    return ".".join(labels), int.from_bytes(message[place + 1 : place + 3], "big")


@asynccontextmanager
async def names(records: dict[str, list[list[str]]]) -> AsyncIterator[Names]:
    loop = asyncio.get_running_loop()
    made = Names(records)
    server = await asyncio.start_server(made.over_tcp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: made, local_addr=("127.0.0.1", port))
    made.address = f"127.0.0.1:{port}"
    try:
        yield made
    finally:
        transport.close()
        server.close()
