"""The scopes that apps may ask for. What a scope permits stands in the route table; here is only which there are."""

from __future__ import annotations

from weft.infra.routing.table import has_scope

_READ = "accounts blocks bookmarks collections favourites filters follows lists mutes notifications search statuses"
_WRITE = (
    "accounts blocks bookmarks collections conversations favourites filters follows lists media mutes notifications "
    "reports statuses"
)
_ADMIN = "accounts reports domain_allows domain_blocks ip_blocks email_domain_blocks canonical_email_blocks"

SCOPES: tuple[str, ...] = (
    "profile",
    "push",
    "follow",
    "read",
    *(f"read:{name}" for name in _READ.split()),
    "write",
    *(f"write:{name}" for name in _WRITE.split()),
    "admin:read",
    *(f"admin:read:{name}" for name in _ADMIN.split()),
    "admin:write",
    *(f"admin:write:{name}" for name in _ADMIN.split()),
)
_KNOWN = frozenset(SCOPES)
DEFAULT_SCOPES = frozenset({"read"})


def read_scopes(text: str) -> frozenset[str] | None:
    """The scopes in a list separated by blanks; None where one of them does not exist."""
    scopes = frozenset(text.replace("+", " ").split())
    return scopes if scopes <= _KNOWN else None


def all_within(wanted: frozenset[str], granted: frozenset[str]) -> bool:
    """Whether each wanted scope is granted, by itself or by a parent."""
    return all(has_scope(granted, (scope,)) for scope in wanted)
