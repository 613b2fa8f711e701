"""The sockets that a server listens on, opened once by the supervisor and shared by its workers.

They listen before any worker runs, so that a taken port is noticed at once and people who come while a worker is
restarted wait instead of being turned away.
"""

from __future__ import annotations

import errno
import socket

BACKLOG = 2048
LOOPBACK = ("127.0.0.1", "::1")
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_TRIES = 20


class CannotListen(Exception):
    """The port or the address cannot be used; the text is for the operator."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on the host's addresses, or on both loopback addresses where none is named. Port 0: any free one."""
    if host:
        return _listen_on(_addresses_of(host), port)
    for _ in range(_TRIES if port == 0 else 1):
        try:
            return _listen_on(LOOPBACK, port)
        except CannotListen as error:
            problem = error  # with port 0: what is free on one address was taken on the other
    raise problem


def port_of(sockets: list[socket.socket]) -> int:
    return int(sockets[0].getsockname()[1])


def _addresses_of(host: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise CannotListen(f"{host} is no address of this machine; --host takes one, such as 0.0.0.0.") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _listen_on(addresses: tuple[str, ...], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            opened = _open(address, port)
            if opened is not None:
                sockets.append(opened)
                port = port_of(sockets)
    except CannotListen:
        for opened in sockets:
            opened.close()
        raise
    if not sockets:
        raise CannotListen(f"This machine has no address {' or '.join(addresses)}; choose another with --host.")
    return sockets


def _open(address: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        opened = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return None  # a machine without this family
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError as error:
        opened.close()
        if error.errno in _NO_SUCH_ADDRESS:
            return None
        raise CannotListen(_sentence(error, address, port)) from error
    return opened


def _sentence(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {address} is taken by another program. Stop it, or choose another port with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
    return f"Weft cannot listen on {address}, port {port}: {error.strerror}."
