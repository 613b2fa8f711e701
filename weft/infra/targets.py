"""URLs as the fetch gate uses them: taken apart, checked, and built again from the parts.
What a text claims to be never reaches a request line; only what was understood does.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from weft.kernel.errors import Unavailable

MAX_URL = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}

FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(:[0-9]*)?")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
DOTTED_QUAD = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")
# A host whose last label looks like a number is an IPv4 address in one of the spellings that C libraries still read.
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Target(msgspec.Struct, frozen=True):
    """Where a request goes. `host` is a lower-case ASCII name or an address, an IPv6 one without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def peer(self) -> str:
        """`host:port` as the operator lists it."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def authority(self) -> str:
        return bracketed(self.host) if self.port == DEFAULT_PORTS[self.scheme] else self.peer

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_target(url: str, allow: frozenset[str]) -> Target:
    """The target that a URL names, if it is one we may ask: http(s), no user part, a default or a listed port."""
    if len(url) > MAX_URL or FORBIDDEN.search(url):
        raise refused("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused("url") from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise refused("scheme")
    if "@" in parts.netloc:
        raise refused("userinfo")
    # The standard parser drops what stands between a bracket and the port.
    if not AUTHORITY.fullmatch(parts.netloc):
        raise refused("host")
    if port is None:
        port = DEFAULT_PORTS[scheme]
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]") if parts.query else ""
    target = Target(scheme, canonical_host(parts.hostname or ""), port, path + query)
    if port != DEFAULT_PORTS[scheme] and target.peer not in allow:
        raise refused("port")
    return target


def next_target(current: Target, location: str, allow: frozenset[str]) -> Target:
    """Where a redirect leads, under the same rules; never from https down to http."""
    if len(location) > MAX_URL or FORBIDDEN.search(location):
        raise refused("url")
    try:
        joined = urljoin(current.url, location)
    except ValueError:
        raise refused("url") from None
    target = parse_target(joined, allow)
    if current.scheme == "https" and target.scheme != "https":
        raise refused("downgrade")
    return target


def canonical_host(host: str) -> str:
    """The one form of a host name or address that is looked up, compared and sent."""
    if ":" in host:
        try:
            # A zone (`%eth0`) names an interface of this machine, so no address with one is ever wanted.
            return ipaddress.IPv6Address("" if "%" in host else host).compressed
        except ValueError:
            raise refused("host") from None
    name = host.lower()
    try:
        name = ascii_name(name).removesuffix(".")
    except ValueError:
        raise refused("host") from None
    labels = name.split(".")
    if not name or len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise refused("host")
    if NUMBER.fullmatch(labels[-1]) and not is_dotted_quad(name):
        raise refused("host")
    return name


def ascii_name(name: str) -> str:
    """The name as it is looked up: labels in other scripts become Punycode.

    Raises:
        ValueError: no such name can exist.
    """
    if name.isascii():
        return name.lower()
    # Its tables take half a megabyte, and most servers never meet such a name.
    import idna

    return idna.encode(name, uts46=True).decode().lower()


def is_dotted_quad(name: str) -> bool:
    return DOTTED_QUAD.fullmatch(name) is not None and all(int(part) <= 255 for part in name.split("."))


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def parse_peers(listed: Iterable[str]) -> frozenset[str]:
    """The operator's `host:port` list in the form targets have.

    Raises:
        ValueError: an entry that names no peer.
    """
    peers = set()
    for entry in listed:
        host, _, port = entry.strip().rpartition(":")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"{entry!r} is no host:port")
        try:
            peers.add(f"{bracketed(canonical_host(host.removeprefix('[').removesuffix(']')))}:{int(port)}")
        except Unavailable:
            raise ValueError(f"{entry!r} is no host:port") from None
    return frozenset(peers)


def refused(reason: str) -> Unavailable:
    return Unavailable("fetch.refused", reason=reason)
