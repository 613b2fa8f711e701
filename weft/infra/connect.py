"""The only place where an outbound connection is opened: the name is resolved, every address is checked, and the
connection goes to a checked address. TLS, one level up, still verifies the name.
"""

import ipaddress
import time
from collections.abc import Iterable
from typing import Protocol

import httpcore

from weft.infra.global_unicast import Address, is_global_unicast
from weft.infra.resolver import ResolveError
from weft.infra.targets import bracketed, refused
from weft.kernel.errors import Unavailable

MAX_TRIED = 3


class Resolver(Protocol):
    async def addresses(self, name: str) -> list[Address]: ...

    def close(self) -> None: ...


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for the HTTP library, which knows only names."""

    def __init__(self, resolver: Resolver, allow: frozenset[str]) -> None:
        self._resolver = resolver
        self._allow = allow
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self.checked_addresses(host, port)
        deadline = time.monotonic() + (timeout or 5.0)
        for address in addresses[:MAX_TRIED]:
            left = deadline - time.monotonic()
            try:
                return await self._network.connect_tcp(str(address), port, timeout=max(0.1, left))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise Unavailable("fetch.failed", reason="connect")

    async def checked_addresses(self, host: str, port: int) -> list[Address]:
        """Every address of the host, all of them allowed: one bad address refuses the whole name."""
        try:
            found: list[Address] = [ipaddress.ip_address(host)]
        except ValueError:
            try:
                found = await self._resolver.addresses(host)
            except ResolveError:
                raise Unavailable("fetch.failed", reason="name") from None
        if f"{bracketed(host)}:{port}" not in self._allow and not all(map(is_global_unicast, found)):
            raise refused("address")
        return found

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise refused("scheme")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
