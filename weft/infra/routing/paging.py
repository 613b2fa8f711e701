"""Cursor paging at the edge: reads ``max_id``, ``since_id``, ``min_id`` and ``limit``, and writes the ``Link`` header
that most clients follow. What a page means is in ``kernel.paging``.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import msgspec

from weft.infra.routing.table import Call
from weft.kernel.ids import parse_id
from weft.kernel.paging import Page, Paged

Header = tuple[bytes, bytes]

_CURSORS = frozenset({"max_id", "min_id", "since_id"})
# A token has no place in an address of ours, also where somebody put it into the one they asked for.
_DROPPED = _CURSORS | {"access_token"}


class PageParams(msgspec.Struct, kw_only=True):
    """The base of every list route's parameters. A cursor that is no id is ignored, like any unknown parameter."""

    max_id: str | None = None
    since_id: str | None = None
    min_id: str | None = None
    limit: int | None = None


def clamp_limit(limit: int | None, default: int, maximum: int) -> int:
    """How many rows to give: clients ask for 0 and for a million, and are never refused for it."""
    return default if limit is None or limit <= 0 else min(limit, maximum)


def page_from(params: PageParams, default: int, maximum: int) -> Page:
    limit = clamp_limit(params.limit, default, maximum)
    if params.max_id is None and params.min_id is None and params.since_id is None:
        return Page(limit)
    before = _cursor(params.max_id)
    lowest = _cursor(params.min_id)
    after = lowest or _cursor(params.since_id)
    if before is None:
        return Page(limit, after=after or 0, upwards=lowest is not None)
    return Page(limit, before, after or 0, lowest is not None)


def link_header(call: Call[Any, Any], base_url: str, paged: Paged[Any]) -> list[Header]:
    """The ``Link`` header of a page, with every other query parameter of the request kept. Empty for an empty page."""
    if paged.next_id is None and paged.prev_id is None:
        return []
    query = call.query
    if query and ("_id=" in query or "_token" in query or "%" in query):
        query = _without_cursors(query)
    stem = f"{base_url}{call.url_path}?{query}&" if query else f"{base_url}{call.url_path}?"
    if "<" in stem or ">" in stem or '"' in stem:
        stem = stem.replace("<", "%3C").replace(">", "%3E").replace('"', "%22")
    links = []
    if paged.next_id is not None:
        links.append(f'<{stem}max_id={paged.next_id}>; rel="next"')
    if paged.prev_id is not None:
        links.append(f'<{stem}min_id={paged.prev_id}>; rel="prev"')
    return [(b"link", ", ".join(links).encode("ascii", "ignore"))]


def _without_cursors(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and unquote_plus(part.partition("=")[0]) not in _DROPPED)


def _cursor(text: str | None) -> int | None:
    return parse_id(text) if text is not None else None
