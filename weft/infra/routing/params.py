"""Reads a request's parameters, however they were sent (query, form, multipart, JSON), into the type its route
declares. A value that cannot be read at all is ``Malformed``; one that was read and does not fit is ``Invalid``.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from weft.infra.routing.nesting import Pair, nest, read_pairs
from weft.infra.routing.shapes import StructShape, shape_of
from weft.kernel.errors import Invalid, Malformed

P = TypeVar("P")

SHORT_QUERY = 512
MAX_JSON_DEPTH = 64

_decode_json = msgspec.json.Decoder().decode
_WHERE = re.compile(r" - at `\$\.?([^`]*)`\Z")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")


class ParamReader:
    """Reads the parameters of one route; made once for each route."""

    __slots__ = ("_kind", "_shape")

    def __init__(self, kind: type[msgspec.Struct], strict: bool) -> None:
        self._kind = kind
        self._shape: StructShape = shape_of(kind, strict)

    def read(self, given: dict[str, Any]) -> Any:
        """The route's parameters from one nested value.

        Raises:
            Invalid: a value of the wrong type, a missing one, or one that nobody declared where that is refused.
        """
        bent = self._shape(given)
        try:
            return msgspec.convert(bent, self._kind, strict=False)
        except msgspec.ValidationError as error:
            raise _refusal(str(error)) from None


def from_query(query: bytes) -> dict[str, Any]:
    """The parameters of a query string. Most are short and plain, and those are read without the full decoder."""
    if not query:
        return {}
    if len(query) > SHORT_QUERY or b"%" in query or b"[" in query or b"+" in query or not query.isascii():
        return nest(read_pairs(query))
    text = query.decode("ascii")
    if "\0" in text:
        raise Malformed("params.unreadable")
    plain = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if name:
            plain[name] = value
    return plain


def from_form(body: bytes) -> dict[str, Any]:
    return nest(read_pairs(body))


def from_pairs(pairs: list[Pair]) -> dict[str, Any]:
    return nest(pairs)


def from_json(body: bytes) -> dict[str, Any]:
    """The parameters of a JSON body, which must be an object (or nothing)."""
    if not body or body.isspace():
        return {}
    try:
        value = _decode_json(body)
    except (ValueError, RecursionError):
        raise Malformed("body.unreadable") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed("body.not_object")
    # PostgreSQL's texts cannot hold NUL. Only a body with this escape can have one, and few do.
    if rb"\u0000" in body and _has_nul(value):
        raise Malformed("params.unreadable")
    return value


def _has_nul(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_JSON_DEPTH):
        if any(isinstance(node, str) and "\0" in node for node in level):
            return True
        level = [child for node in level for child in _parts(node)]
        if not level:
            return False
    raise Malformed("params.too_deep")


def _parts(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [*node.keys(), *node.values()]
    return node if isinstance(node, list) else []


def _refusal(text: str) -> Invalid:
    """What may be said of a value that did not fit: which field, never what a type is called inside."""
    found = _WHERE.search(text)
    where = found.group(1) if found else ""
    missing = _MISSING.match(text)
    if missing:
        return Invalid("param.missing", field=f"{where}.{missing.group(1)}".lstrip("."))
    return Invalid("param.type", field=where or "parameters")
