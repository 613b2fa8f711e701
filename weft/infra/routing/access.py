"""Who is asking and whether they may: the token or cookie of a request, its scope, its limits, its origin.
Everything here runs before the body is read and before a handler computes anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qs

from weft.infra.admit import RateClass, Verdict
from weft.infra.routing.table import Auth, Grant, Route, has_scope
from weft.kernel.errors import Conflict, Forbidden, Unauthenticated

MAX_TOKEN = 512
MAX_COOKIES = 4096
ACCOUNT = b"x-weft-account"
"""Which account a page of ours believes to be."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

AuthenticateCookie = Callable[[Mapping[str, str]], Awaitable[Grant | None]]
"""From a request's cookies to the session's grant. The application asks only when no other site sent the request."""


class Gatekeeper(Protocol):
    """What the application needs of ``Admit``."""

    def check(self, rate: RateClass, key: str | int, cost: int = 1) -> Verdict: ...

    def headers(self, verdict: Verdict) -> list[tuple[bytes, bytes]]: ...


def bearer_token(header: bytes) -> str | None:
    """The token of an ``Authorization`` header; None for another scheme or a text that is no token."""
    token = header[7:]
    if header[:7].lower() != b"bearer " or not 0 < len(token) <= MAX_TOKEN or not token.isascii():
        return None
    return token.decode("ascii").strip()


def query_token(query: bytes) -> str | None:
    if b"access_token=" not in query or len(query) > 4 * MAX_TOKEN:
        return None
    tokens = parse_qs(query.decode("latin-1")).get("access_token")
    return tokens[-1] if tokens and len(tokens[-1]) <= MAX_TOKEN else None


def read_cookies(header: bytes) -> dict[str, str]:
    cookies: dict[str, str] = {}
    for part in header[:MAX_COOKIES].decode("latin-1").split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name not in cookies:
            cookies[name] = value.strip('"')
    return cookies


def is_own_origin(headers: Mapping[bytes, bytes], own: bytes) -> bool:
    """Whether a browser says that the request comes from our own pages. Without a word about it: no.

    ``Sec-Fetch-Site`` cannot be forged by a page; browsers leave it out on plain http, where ``Origin`` must name the
    host that was asked, by the scheme that people use: a page of the same name without https is another site.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    if origin is None:
        return False
    scheme = own.partition(b"://")[0]
    return origin == own or origin == b"%b://%b" % (scheme, headers.get(b"host", b"\0"))


def is_foreign(headers: Mapping[bytes, bytes], own: bytes) -> bool:
    """Whether a browser says that another site asks. Silence is no word of it: what only reads needs no proof, and
    other sites cannot read the answer."""
    told = b"sec-fetch-site" in headers or b"origin" in headers
    return told and not is_own_origin(headers, own)


def check_origin(headers: Mapping[bytes, bytes], own: bytes) -> None:
    """Refuse a form that another site sent. Where the browser says nothing, the form's own secret must do.

    Raises:
        Forbidden: the browser says that another site sent it.
    """
    if is_foreign(headers, own):
        raise Forbidden("origin.foreign")


def check_account(headers: Mapping[bytes, bytes], grant: Grant | None) -> None:
    """Refuse what a page sends that believes to be another account: somebody switched in another tab, or the session
    has ended. Answered as to a visitor, it would show and keep that under the account's name.

    Raises:
        Conflict: the session is not the account's that the page names.
        Unauthenticated: nobody is signed in.
    """
    believed = headers.get(ACCOUNT)
    if believed is None:
        return
    if grant is None:
        raise Unauthenticated("token.invalid")
    if believed != b"%d" % (grant.account_id or 0):
        raise Conflict("session.changed")


def authorise(route: Route, grant: Grant | None) -> None:
    """Refuse a caller the route is not for.

    Raises:
        Unauthenticated: nobody asks, or a token without a user does.
        Forbidden: the scope is missing, or the account may not act now.
    """
    if grant is None:
        if route.auth is not Auth.OPTIONAL:
            raise Unauthenticated("token.invalid")
        return
    if not has_scope(grant.scopes, route.scopes):
        raise Forbidden("scope.missing")
    if route.auth is Auth.USER and grant.account_id is None:
        raise Unauthenticated("token.no_user")
    if grant.problem and route.auth is not Auth.APP:
        raise Forbidden(grant.problem)
