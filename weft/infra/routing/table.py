"""The declared route table: what each route takes, who may call it, how often, and what it may show.

A route without a scope rule, a visibility rule, a rate class and a body limit cannot be written: the fields have no
defaults. The same table drives the router, the checks before a handler runs, and the OpenAPI document.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from weft.infra.admit import RateClass
from weft.kernel.errors import Forbidden, NotFound, Unauthenticated
from weft.kernel.ids import AccountId, parse_id

App = TypeVar("App")
P = TypeVar("P")

KIB = 1024
SMALL_BODY = 64 * KIB
"""Body limit of routes that take only short fields."""


class Auth(enum.Enum):
    NONE = "none"
    """A token is neither needed nor looked at."""
    OPTIONAL = "optional"
    """Works without a token; a token that is sent must be valid and carry the scope."""
    APP = "app"
    """Any valid token, also one without a user."""
    USER = "user"
    """A token of a user whose account may act."""


class Sees(enum.Enum):
    """Which rule keeps what the caller may not see out of the answer."""

    NOTHING = "nothing"
    """The answer holds nothing of anybody's."""
    PUBLIC = "public"
    """The answer holds only what anyone may see."""
    OWN = "own"
    """The answer holds only the caller's own rows, looked up together with their owner."""
    AUDIENCE = "audience"
    """``can_see`` decides, object by object."""


class Style(enum.Enum):
    MASTODON = "mastodon"
    """Unknown parameters are ignored; errors are ``{"error": text}``."""
    WEFT = "weft"
    """Unknown parameters are refused."""
    PAGE = "page"
    """HTML for people: errors are pages, no CORS."""


class Grant(msgspec.Struct, frozen=True):
    """Whom a token speaks for, and what it may do."""

    token_id: int
    app_id: int
    account_id: AccountId | None
    scopes: frozenset[str]
    problem: str = ""
    """Why the user may not act now: ``login.disabled``, ``login.unconfirmed``, ``login.pending``; empty when fine."""
    app_name: str = ""
    app_website: str = ""
    cookie: bool = False
    """Proved by the session cookie, not by a bearer token: writes need a same-origin proof as well."""


Authenticate = Callable[[str], Awaitable[Grant | None]]
"""From a token's text to its grant; None for an unknown, revoked or expired one."""


class Upload(msgspec.Struct, frozen=True):
    filename: str
    content_type: str
    data: bytes


class Response(msgspec.Struct):
    """An answer: ``body`` is bytes already encoded, or ``stream`` an iterator of chunks (event streams)."""

    status: int = 200
    body: bytes = b""
    content_type: bytes = b"application/json; charset=utf-8"
    headers: list[tuple[bytes, bytes]] = []
    stream: AsyncIterator[bytes] | None = None


_encode = msgspec.json.Encoder().encode


def as_json(value: object, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None) -> Response:
    return Response(status, _encode(value), headers=headers or [])


class Call(Generic[App, P]):
    """One request, parsed and admitted, on its way to a handler."""

    __slots__ = (
        "address",
        "app",
        "body",
        "cookies",
        "files",
        "grant",
        "headers",
        "method",
        "params",
        "path",
        "query",
        "route",
        "url_path",
    )

    def __init__(self, app: App, route: Route, path: Mapping[str, str]) -> None:
        self.app = app
        self.route = route
        self.path = path
        """Values of the ``:name`` segments."""
        self.params: P
        """The query, form or JSON parameters as the route's ``params`` type."""
        self.grant: Grant | None = None
        self.method = route.method
        self.url_path = ""
        self.query = ""
        """The raw query string."""
        self.headers: Mapping[bytes, bytes] = {}
        """Header values by lower-case name."""
        self.cookies: Mapping[str, str] = {}
        self.body = b""
        self.files: Mapping[str, Upload] = {}
        self.address = ""
        """The caller's address, from trusted proxies only."""

    @property
    def viewer_id(self) -> AccountId | None:
        """Who is asking; None for nobody and for a token without a user."""
        return self.grant.account_id if self.grant is not None else None

    @property
    def user_id(self) -> AccountId:
        """Who is asking, on a route with ``Auth.USER``."""
        if self.grant is None or self.grant.account_id is None:
            raise Unauthenticated("token.no_user")
        return self.grant.account_id

    def id(self, name: str = "id") -> int:
        """A path segment as an id. A malformed one is merely unknown: 404, like any other unknown id."""
        found = parse_id(self.path[name])
        if found is None:
            raise NotFound("record.absent")
        return found

    def require_scope(self, scope: str) -> None:
        """For the few handlers whose scope depends on what was asked for."""
        if self.grant is None or not has_scope(self.grant.scopes, (scope,)):
            raise Forbidden("scope.missing")


Handler = Callable[[Any], Awaitable[Response]]
"""``async def show(call: Call[App, Params]) -> Response``; ``call.app`` is the edge's context object."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    method: str
    path: str
    """Segments that begin with a colon are parameters: ``/api/v1/statuses/:id``."""
    handler: Handler
    auth: Auth
    scopes: tuple[str, ...]
    """Any one of these is enough, itself or through its parent (``read`` holds ``read:statuses``)."""
    sees: Sees
    rate: RateClass
    body: int
    """The most bytes a request body may have; 0 for none."""
    params: Any = None
    """A ``msgspec.Struct`` type, or None where the route takes no parameters."""
    returns: Any = None
    """The type of a 200 answer, for the OpenAPI document; None for an empty object or a page."""
    summary: str = ""
    style: Style = Style.MASTODON
    statuses: tuple[int, ...] = (200,)
    """Success statuses it may answer with."""
    refusals: tuple[int, ...] = ()
    """Statuses it may refuse with beyond those its declaration implies, for the OpenAPI document."""
    files: tuple[str, ...] = ()
    """Names of the files it takes in a multipart body, for the OpenAPI document."""
    tag: str = ""
    gives_up: bool = False
    """The work is cancelled when the caller hangs up: for what takes long and costs somebody something."""
    token_in_query: bool = False
    """Also takes the token as ``access_token`` in the query: only for streams, where apps cannot send headers."""


_PARENTS = {
    "follow": frozenset({"read:blocks", "write:blocks", "read:follows", "write:follows", "read:mutes", "write:mutes"})
}


def has_scope(granted: frozenset[str], wanted: tuple[str, ...]) -> bool:
    """Whether any wanted scope is granted, by itself or by a parent. No wanted scope is a yes."""
    if not wanted:
        return True
    for scope in wanted:
        if scope in granted or scope.rpartition(":")[0] in granted:
            return True
        if "follow" in granted and scope in _PARENTS["follow"]:
            return True
    return False
