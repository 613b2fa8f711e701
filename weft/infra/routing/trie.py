"""Finds the route of a request by walking a tree of path segments. Static segments win over parameters, one trailing
slash is forgiven, and no path, however odd, raises anything but ``NotFound``. It knows nothing of what a route does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

from weft.kernel.errors import NotFound

R = TypeVar("R")

MAX_SEGMENTS = 32
NO_VALUES: Mapping[str, str] = {}


class Leaf(Generic[R]):
    """What one path pattern answers: a route per method."""

    __slots__ = ("methods", "names")

    def __init__(self) -> None:
        self.methods: dict[str, R] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        """The parameters' names: routes that share a pattern may call them differently."""

    @property
    def allow(self) -> tuple[str, ...]:
        return (*sorted(self.methods), "OPTIONS")


class Node(Generic[R]):
    __slots__ = ("leaf", "param", "prefixed", "rest", "static")

    def __init__(self) -> None:
        self.static: dict[str, Node[R]] = {}
        self.prefixed: list[tuple[str, Node[R]]] = []
        self.param: Node[R] | None = None
        self.rest: Leaf[R] | None = None
        self.leaf: Leaf[R] | None = None


class Found(NamedTuple, Generic[R]):
    """A known path. ``route`` is None where the path has no such method; ``allow`` then says what it has."""

    leaf: Leaf[R]
    route: R | None
    values: Mapping[str, str]


class Trie(Generic[R]):
    """``:name`` is one segment, ``@:name`` one with a prefix, and a last ``*name`` all that follows."""

    def __init__(self) -> None:
        self._root: Node[R] = Node()
        self._whole: dict[str, Leaf[R]] = {}

    def add(self, method: str, path: str, route: R) -> None:
        names: list[str] = []
        node = self._root
        segments = path.strip("/").split("/") if path != "/" else []
        for at, segment in enumerate(segments):
            if segment.startswith("*"):
                if at != len(segments) - 1:
                    raise ValueError(f"{path}: only the last segment may take the rest")
                node.rest = node.rest or Leaf()
                self._fill(node.rest, method, path, route, [*names, segment[1:]])
                return
            node = _descend(node, segment, names)
        node.leaf = node.leaf or Leaf()
        self._fill(node.leaf, method, path, route, names)
        if not names:
            self._whole[path] = node.leaf

    def find(self, method: str, path: str) -> Found[R]:
        """The route of a raw path (percent-encoded, without query).

        Raises:
            NotFound: no route has this path.
        """
        leaf = self._whole.get(path)
        if leaf is not None:
            return Found(leaf, leaf.methods.get(method), NO_VALUES)
        segments = _segments(path)
        values: list[str] = []
        leaf = _walk(self._root, segments, 0, values)
        if leaf is None:
            raise NotFound("route.absent")
        route = leaf.methods.get(method)
        if route is None or not values:
            return Found(leaf, route, NO_VALUES)
        return Found(leaf, route, dict(zip(leaf.names[method], values, strict=True)))

    def _fill(self, leaf: Leaf[R], method: str, path: str, route: R, names: list[str]) -> None:
        if method in leaf.methods:
            raise ValueError(f"{method} {path} is declared twice")
        if len(set(names)) != len(names):
            raise ValueError(f"{path} names a parameter twice")
        leaf.methods[method] = route
        leaf.names[method] = tuple(names)
        if method == "GET":
            leaf.methods.setdefault("HEAD", route)
            leaf.names.setdefault("HEAD", tuple(names))


def _descend(node: Node[R], segment: str, names: list[str]) -> Node[R]:
    prefix, colon, name = segment.partition(":")
    if not colon:
        return node.static.setdefault(segment, Node())
    names.append(name)
    if not prefix:
        node.param = node.param or Node()
        return node.param
    for known, child in node.prefixed:
        if known == prefix:
            return child
    child = Node()
    node.prefixed.append((prefix, child))
    return child


def _segments(path: str) -> list[str]:
    """The decoded segments, without what a single trailing slash adds."""
    if not path.startswith("/") or path.count("/") > MAX_SEGMENTS:
        raise NotFound("route.absent")
    segments = path[1:].split("/")
    if segments[-1] == "":
        segments.pop()
    if "%" in path:
        segments = [_decode(segment) if "%" in segment else segment for segment in segments]
    if "\0" in path or any("\0" in segment for segment in segments):
        raise NotFound("route.absent")
    return segments


def _decode(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeError:
        raise NotFound("route.absent") from None


def _walk(node: Node[R], segments: list[str], at: int, values: list[str]) -> Leaf[R] | None:
    if at == len(segments):
        return node.leaf
    segment = segments[at]
    child = node.static.get(segment)
    if child is not None:
        leaf = _walk(child, segments, at + 1, values)
        if leaf is not None:
            return leaf
    for value, branch in _branches(node, segment):
        values.append(value)
        leaf = _walk(branch, segments, at + 1, values)
        if leaf is not None:
            return leaf
        values.pop()
    if node.rest is not None:
        values.append("/".join(segments[at:]))
    return node.rest


def _branches(node: Node[R], segment: str) -> Iterable[tuple[str, Node[R]]]:
    if node.prefixed:
        for prefix, child in node.prefixed:
            if segment.startswith(prefix) and len(segment) > len(prefix):
                yield segment[len(prefix) :], child
    if node.param is not None and segment:
        yield segment, node.param
