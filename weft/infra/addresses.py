"""Where a request came from: the caller's address as far as it can be believed, and the key it is counted by.
What proxies say is believed only from the proxies the operator named.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence

import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HOPS = 32
UNKNOWN = "unknown"
MAPPED_PREFIX = bytes(10) + b"\xff\xff"
HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class ClientAddress(msgspec.Struct, frozen=True):
    """`scheme` and `host` are None unless a trusted proxy named them."""

    ip: str
    scheme: str | None = None
    host: str | None = None


def address_key(ip: str) -> str:
    """What an address is counted by: itself for IPv4, its /64 for IPv6, where one person has a whole block."""
    if ":" not in ip:
        return ip or UNKNOWN
    try:
        packed = socket.inet_pton(socket.AF_INET6, ip.partition("%")[0])
    except (OSError, ValueError):
        return UNKNOWN
    if packed.startswith(MAPPED_PREFIX):
        return socket.inet_ntoa(packed[12:])
    return packed[:8].hex()


def client_address(
    peer: str | None, headers: Iterable[tuple[bytes, bytes]], trusted: Sequence[Network]
) -> ClientAddress:
    """The caller behind the trusted proxies: the rightmost hop that is not one of them."""
    if not trusted or peer is None:
        return ClientAddress(peer or UNKNOWN)
    nearest = parse_address(peer)
    if nearest is None or not is_within(nearest, trusted):
        return ClientAddress(peer)
    said = list(headers)
    return ClientAddress(
        ip=str(last_untrusted(nearest, values_of(said, b"x-forwarded-for"), trusted)),
        scheme=last_scheme(values_of(said, b"x-forwarded-proto")),
        host=last_host(values_of(said, b"x-forwarded-host")),
    )


def last_untrusted(nearest: Address, hops: list[str], trusted: Sequence[Network]) -> Address:
    """Walk from our own proxy outwards; what stands behind the first stranger is only that stranger's word."""
    for hop in reversed(hops[-MAX_HOPS:]):
        address = parse_address(hop)
        if address is None:
            return nearest
        nearest = address
        if not is_within(address, trusted):
            break
    return nearest


def last_scheme(values: list[str]) -> str | None:
    scheme = values[-1].lower() if values else ""
    return scheme if scheme in ("http", "https") else None


def last_host(values: list[str]) -> str | None:
    return values[-1].lower() if values and HOST.fullmatch(values[-1]) else None


def values_of(headers: list[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """The header's comma-separated values, those of repeated headers in their order."""
    lines = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return [part.strip() for line in lines for part in line.split(",")]


def parse_address(text: str) -> Address | None:
    """An address as proxies write it: bare, `1.2.3.4:567` or `[::1]:567`; IPv4 inside IPv6 comes out as IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
