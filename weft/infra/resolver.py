"""Names to addresses: through the system, or by questions of our own to one configured DNS server (`WEFT_DNS`).
The addresses are only looked up here; whether one may be connected to is decided by who asked.
"""

import asyncio
import ipaddress
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from secrets import randbelow

from weft.infra.global_unicast import Address

TYPE_A, TYPE_AAAA, CLASS_IN = 1, 28, 1
TRUNCATED = 0x0200
RESPONSE = 0x8000
NO_SUCH_NAME = 3

MAX_ADDRESSES = 16
THREADS = 8
TRIES = 2
TRY_S = 2.0


class ResolveError(Exception):
    """The name has no address, or nobody answered."""


class SystemResolver:
    """Asks the way every program on the machine does, in threads of its own: slow names hold up other names only."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="names")

    async def addresses(self, name: str) -> list[Address]:
        ask = partial(socket.getaddrinfo, name, None, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, ask)
        except (OSError, UnicodeError) as error:
            raise ResolveError(name) from error
        return [ipaddress.ip_address(entry[4][0]) for entry in found][:MAX_ADDRESSES]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class DnsResolver:
    """Asks one server for A and AAAA. Nothing is kept: each connection is decided on a fresh answer."""

    def __init__(self, server: str) -> None:
        host, _, port = server.rpartition(":")
        self._server = (host.strip("[]") or server, int(port) if host else 53)

    async def addresses(self, name: str) -> list[Address]:
        # A server that fails on one of the two kinds still gives a usable answer: only what it names is connected to.
        both = self._ask(name, TYPE_A), self._ask(name, TYPE_AAAA)
        found = await asyncio.gather(*both, return_exceptions=True)
        addresses = [address for part in found if not isinstance(part, BaseException) for address in part]
        if not addresses:
            raise ResolveError(name)
        return addresses[:MAX_ADDRESSES]

    def close(self) -> None:
        """Nothing is held between questions."""

    async def _ask(self, name: str, kind: int) -> list[Address]:
        for _ in range(TRIES):
            question = make_question(name, kind, randbelow(0x10000))
            try:
                async with asyncio.timeout(TRY_S):
                    answer = await self._over_udp(question)
                    if flags_of(answer) & TRUNCATED:
                        answer = await self._over_tcp(question)
                return read_answer(answer, question, kind)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                continue
        raise ResolveError(name)

    async def _over_udp(self, question: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        # Connected: the kernel drops what does not come from the server's own address and port.
        transport, answers = await loop.create_datagram_endpoint(lambda: Answers(question), remote_addr=self._server)
        try:
            transport.sendto(question)
            return await answers.first
        finally:
            transport.close()

    async def _over_tcp(self, question: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._server)
        try:
            writer.write(struct.pack("!H", len(question)) + question)
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            return await reader.readexactly(size)
        finally:
            writer.close()


class Answers(asyncio.DatagramProtocol):
    """Waits for the datagram that answers the question; forged ones with another id or question pass by."""

    def __init__(self, question: bytes) -> None:
        self._question = question
        self.first: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.first.done() and answers(data, self._question):
            self.first.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.first.done():
            self.first.set_exception(exc)


def make_question(name: str, kind: int, number: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label for label in name.encode("ascii").split(b"."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, CLASS_IN)


def flags_of(message: bytes) -> int:
    return int.from_bytes(message[2:4], "big")


def answers(message: bytes, question: bytes) -> bool:
    """Whether the message is the answer to the question: same id, and the question repeated (RFC 5452)."""
    asked = message[12 : len(question)]
    return (
        len(message) >= len(question)
        and message[:2] == question[:2]
        and bool(flags_of(message) & RESPONSE)
        and asked.lower() == question[12:].lower()
    )


def read_answer(message: bytes, question: bytes, kind: int) -> list[Address]:
    """The addresses in the answer section. Names between (CNAME) are the server's business: each address is checked."""
    code = flags_of(message) & 0x000F
    if not answers(message, question) or code not in (0, NO_SUCH_NAME):
        raise OSError("the name server gave no usable answer")
    count = int.from_bytes(message[6:8], "big")
    place = len(question)
    found: list[Address] = []
    try:
        for _ in range(count):
            place = skip_name(message, place)
            record_kind, record_class, _, size = struct.unpack_from("!HHIH", message, place)
            place += 10
            value = message[place : place + size]
            place += size
            if (record_kind, record_class) == (kind, CLASS_IN):
                found.append(ipaddress.IPv4Address(value) if kind == TYPE_A else ipaddress.IPv6Address(value))
    except (struct.error, IndexError, ValueError) as error:
        raise OSError("the name server's answer is broken") from error
    return found


def skip_name(message: bytes, place: int) -> int:
    """The place after a name; a pointer ends it, so nothing can make this loop."""
    while (size := message[place]) != 0:
        if size >= 0xC0:
            return place + 2
        place += size + 1
    return place + 1
