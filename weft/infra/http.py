"""`fetch`, the one gate for outbound HTTP: nothing else in Weft opens a connection to another machine's web server.
Where it may go is decided in `targets` (the URL) and `connect` (the addresses), again at each redirect; how long and
how much is decided here. It keeps no cookies, reads no proxy settings, and takes no credential to another origin.
"""

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import msgspec

from weft.infra.gate import Gate
from weft.infra.resolver import DnsResolver, SystemResolver
from weft.infra.targets import Target, next_target, parse_peers, parse_target, refused
from weft.kernel.errors import Unavailable

if TYPE_CHECKING:
    import httpcore

MAX_HOPS = 3
DEADLINE_S = 10.0
CONNECT_S = 5.0
PER_HOST, PER_HOST_QUEUE = 4, 32
ALL_QUEUE = 512
MAX_CONNECTIONS, KEPT_CONNECTIONS, KEPT_S = 64, 16, 15.0

REDIRECTS = frozenset({301, 302, 303, 307, 308})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# Written by us alone, from the target and the body.
OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
    | {"accept", "accept-encoding", "cookie"}
)
# All that goes along to another origin; everything else may be a credential.
HARMLESS_HEADERS = frozenset({"accept-language", "user-agent"})
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")

T = TypeVar("T")


class FetchRequest(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    max_bytes: int = 1 << 20
    accept: str = "*/*"
    follow: bool = True
    cut: bool = False
    """Give the beginning of a body that is longer than `max_bytes`, instead of refusing it."""
    deadline_s: float = DEADLINE_S


class Fetched(msgspec.Struct, frozen=True):
    """An answer, whatever its status; `url` is where it came from in the end, header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def decode(self, kind: type[T]) -> T:
        """The body as JSON of a declared type."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError):
            raise Unavailable("fetch.failed", reason="body") from None

    def json(self) -> dict[str, object]:
        return self.decode(dict[str, object])


class Streaming(msgspec.Struct, frozen=True):
    """An answer whose body is still coming; `parts` gives it as it comes, uncompressed, and ends with the body."""

    status: int
    headers: Mapping[str, str]
    parts: AsyncIterator[bytes]

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Fetches. `fault` is called with `host:port` before each hop; drills let it raise (a dependency that is away).

    Args:
        allow: peers (`host:port`) that may have private addresses and ports of their own.
        dns: `address:port` of the name server to ask; None for the system's way.
        tls: for tests that have an authority of their own.
        per_host: requests that one peer gets at the same time.
        kept_s: how long an idle connection is kept; less than the servers keep theirs.
    """

    def __init__(
        self,
        allow: frozenset[str],
        dns: str | None,
        user_agent: str,
        fault: Callable[[str], None] | None = None,
        tls: ssl.SSLContext | None = None,
        *,
        per_host: int = PER_HOST,
        kept_s: float = KEPT_S,
    ) -> None:
        self._per_host = per_host
        self._kept_s = kept_s
        self._allow = parse_peers(allow)
        self._resolver = DnsResolver(dns) if dns else SystemResolver()
        self._user_agent = user_agent
        self._fault = fault
        self._tls = tls
        self._pool: httpcore.AsyncConnectionPool | None = None
        self._gates: dict[str, Gate] = {}
        self._all = Gate(MAX_CONNECTIONS, ALL_QUEUE)

    async def fetch(self, request: FetchRequest) -> Fetched:
        """Ask, following at most three redirects, within one deadline for all of it.

        Raises:
            Unavailable: `fetch.refused` (not to be asked), `fetch.failed`, `fetch.timeout` or `fetch.too_large`.
        """
        if request.method not in METHODS:
            raise refused("method")
        check_headers(request.headers)
        target = parse_target(request.url, self._allow)
        try:
            async with asyncio.timeout(request.deadline_s):
                return await self._follow(request, target)
        except TimeoutError:
            raise Unavailable("fetch.timeout") from None

    async def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, object]:
        """The JSON object at the URL; any answer but a success is a failure."""
        fetched = await self.fetch(FetchRequest("GET", url, headers or {}, accept="application/json"))
        if not fetched.is_success:
            raise Unavailable("fetch.failed", reason="status", status=fetched.status)
        return fetched.json()

    async def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Fetched:
        """Send a form and give back what came, refusals too: OAuth explains them in the body. Redirects end it."""
        sent = {**(headers or {}), "content-type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        return await self.fetch(FetchRequest("POST", url, sent, body, accept="application/json", follow=False))

    @asynccontextmanager
    async def streaming(self, request: FetchRequest) -> AsyncIterator[Streaming]:
        """Ask for an answer that is read as it comes; leaving the block closes the connection if it still does.

        Redirects are not followed. `deadline_s` bounds each wait for the network; how long all of it may take is the
        caller's to bound.

        Raises:
            Unavailable: as `fetch`, also while `parts` is read.
        """
        if request.method not in METHODS:
            raise refused("method")
        check_headers(request.headers)
        target = parse_target(request.url, self._allow)
        if self._fault is not None:
            self._fault(target.peer)
        async with self._turn(target.peer), unavailable_when_failing():
            response = await self._connections().handle_async_request(self._asked(request, target, "identity"))
            try:
                headers = read_headers(response)
                if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                    raise Unavailable("fetch.failed", reason="encoding")
                yield Streaming(response.status, headers, bounded(response, request.max_bytes))
            finally:
                await response.aclose()

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None
        self._resolver.close()

    async def _follow(self, request: FetchRequest, target: Target) -> Fetched:
        for _ in range(MAX_HOPS + 1):
            fetched = await self._hop(request, target)
            location = fetched.headers.get("location")
            if not request.follow or fetched.status not in REDIRECTS or not location:
                return fetched
            following = next_target(target, location, self._allow)
            request = redirected(request, fetched.status, is_same=following.origin == target.origin)
            target = following
        raise refused("redirects")

    async def _hop(self, request: FetchRequest, target: Target) -> Fetched:
        if self._fault is not None:
            self._fault(target.peer)
        async with self._turn(target.peer), unavailable_when_failing():
            response = await self._connections().handle_async_request(self._asked(request, target, "gzip"))
            try:
                return await read_response(response, request, target)
            finally:
                await response.aclose()

    def _asked(self, request: FetchRequest, target: Target, encoding: str) -> "httpcore.Request":
        import httpcore

        return httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=target.scheme.encode(),
                host=target.host.encode(),
                port=target.port,
                target=target.path.encode(),
            ),
            headers=self._headers(request, target, encoding),
            content=request.body,
            extensions={
                "timeout": dict.fromkeys(("read", "write", "pool"), request.deadline_s) | {"connect": CONNECT_S}
            },
        )

    def _headers(self, request: FetchRequest, target: Target, encoding: str) -> list[tuple[bytes, bytes]]:
        own = {"host": target.authority, "accept": request.accept, "accept-encoding": encoding}
        given = {name.lower(): value for name, value in request.headers.items()}
        given.setdefault("user-agent", self._user_agent)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            own["content-length"] = str(len(request.body))
        return [(name.encode(), value.encode("latin-1")) for name, value in (own | given).items()]

    @asynccontextmanager
    async def _turn(self, peer: str) -> AsyncIterator[None]:
        """A place among the few requests that one peer gets at a time, so that a slow one holds nobody else up."""
        gate = self._gates.setdefault(peer, Gate(self._per_host, PER_HOST_QUEUE))
        try:
            async with gate, self._all:
                yield
        finally:
            if gate.is_idle:
                self._gates.pop(peer, None)

    def _connections(self) -> "httpcore.AsyncConnectionPool":
        # Imported and built at the first use: a server that never asks anybody does not pay the memory.
        if self._pool is None:
            import httpcore

            from weft.infra.connect import CheckedBackend

            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=self._tls or system_trust(),
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=KEPT_CONNECTIONS,
                keepalive_expiry=self._kept_s,
                network_backend=CheckedBackend(self._resolver, self._allow),
            )
        return self._pool


def check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if name.lower() in OWN_HEADERS or not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise refused("header")


def redirected(request: FetchRequest, status: int, is_same: bool) -> FetchRequest:
    """The request of the next hop. A body stays at the origin it was meant for."""
    keeps_method = status in (307, 308) or request.method in ("GET", "HEAD")
    if keeps_method and request.body and not is_same:
        raise refused("redirects")
    kept = request.headers
    if not keeps_method or not is_same:
        kept = {name: value for name, value in kept.items() if is_kept(name.lower(), is_same)}
    if keeps_method:
        return msgspec.structs.replace(request, headers=kept)
    return msgspec.structs.replace(request, method="GET", headers=kept, body=b"")


def is_kept(name: str, is_same: bool) -> bool:
    return not name.startswith("content-") if is_same else name in HARMLESS_HEADERS


@asynccontextmanager
async def unavailable_when_failing() -> AsyncIterator[None]:
    """The library's errors as ours."""
    import httpcore

    try:
        yield
    except httpcore.TimeoutException:
        raise Unavailable("fetch.timeout") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError):
        raise Unavailable("fetch.failed", reason="connection") from None


async def bounded(response: "httpcore.Response", limit: int) -> AsyncIterator[bytes]:
    received = 0
    async for part in response.aiter_stream():
        received += len(part)
        if received > limit:
            raise Unavailable("fetch.too_large", limit=limit)
        yield part


def read_headers(response: "httpcore.Response") -> dict[str, str]:
    """By lower-case name, without cookies."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name != "set-cookie":
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def read_response(response: "httpcore.Response", request: FetchRequest, target: Target) -> Fetched:
    headers = read_headers(response)
    is_skipped = request.method == "HEAD" or (request.follow and response.status in REDIRECTS)
    body = b"" if is_skipped else await read_body(response, headers, request.max_bytes, cut=request.cut)
    return Fetched(response.status, headers, body, target.url)


async def read_body(response: "httpcore.Response", headers: dict[str, str], limit: int, *, cut: bool = False) -> bytes:
    """The body, unpacked, never holding more than the limit and one chunk: a bomb is given up while it unfolds."""
    length = headers.get("content-length", "")
    if length.isdigit() and len(length) < 20 and int(length) > limit and not cut:
        raise Unavailable("fetch.too_large", limit=limit)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unavailable("fetch.failed", reason="encoding")
    unpack = zlib.decompressobj(31) if encoding.endswith("gzip") else None
    body = bytearray()
    received = 0
    async for chunk in response.aiter_stream():
        received += len(chunk)
        try:
            body += chunk if unpack is None else unpack.decompress(chunk, limit + 1 - len(body))
        except zlib.error:
            raise Unavailable("fetch.failed", reason="encoding") from None
        if len(body) > limit or received > limit + 1024:
            if cut:
                return bytes(body[:limit])
            raise Unavailable("fetch.too_large", limit=limit)
    if unpack is not None and received and (not unpack.eof or unpack.unused_data):
        raise Unavailable("fetch.failed", reason="encoding")
    return bytes(body)


def system_trust() -> ssl.SSLContext:
    """The authorities of the system and those that come along, for machines that have none installed."""
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context
