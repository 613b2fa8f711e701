"""Reads flat name-value pairs and makes the nested value their bracketed names describe, as Rails does:
``a[]=1``, ``poll[options][]=x``, ``fields[0][name]=y``. Sizes and depths are refused before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from weft.kernel.errors import Malformed

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str"
Pair = tuple[str, str]

MAX_PAIRS = 1000
MAX_DEPTH = 8


def read_pairs(text: bytes) -> list[Pair]:
    """The pairs of a query string or a form.

    Raises:
        Malformed: more pairs than any form has, or bytes that are no text.
    """
    if text.count(b"&") >= MAX_PAIRS:
        raise Malformed("params.too_many")
    pairs = []
    for part in text.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def nest(pairs: Iterable[Pair]) -> dict[str, Tree]:
    """One nested value; a later pair of the same plain name wins.

    Raises:
        Malformed: nested too deeply, or one name used for two shapes.
    """
    tree: dict[str, Tree] = {}
    for name, value in pairs:
        if "[" not in name:
            _set(tree, name, value)
        else:
            _put(tree, _path(name), value)
    return tree


def _decode(part: bytes) -> str:
    if b"+" in part:
        part = part.replace(b"+", b" ")
    if b"%" in part:
        part = unquote_to_bytes(part)
    if b"\0" in part:
        raise Malformed("params.unreadable")
    try:
        return part.decode("utf-8")
    except UnicodeError:
        raise Malformed("params.unreadable") from None


def _path(name: str) -> list[str]:
    """``a[b][]`` as ``["a", "b", ""]``; a name whose brackets do not match is itself."""
    if name.count("[") > MAX_DEPTH:
        raise Malformed("params.too_deep")
    head, _, tail = name.partition("[")
    if not head or not tail.endswith("]"):
        return [name]
    keys = tail[:-1].split("][")
    if any("[" in key or "]" in key for key in keys):
        return [name]
    return [head, *keys]


def _put(tree: dict[str, Tree], path: list[str], value: str) -> None:
    here = tree
    at = 0
    while at < len(path) - 1:
        key = path[at]
        if path[at + 1] != "":
            here = _branch(here, key)
            at += 1
            continue
        items = here.setdefault(key, [])
        if not isinstance(items, list):
            raise Malformed("params.shape")
        if at + 2 == len(path):
            items.append(value)
            return
        here = _item(items, path[at + 2 :])
        at += 2
    _set(here, path[-1], value)


def _set(here: dict[str, Tree], key: str, value: str) -> None:
    if isinstance(here.get(key, ""), str):
        here[key] = value
    else:
        raise Malformed("params.shape")


def _branch(here: dict[str, Tree], key: str) -> dict[str, Tree]:
    child = here.setdefault(key, {})
    if not isinstance(child, dict):
        raise Malformed("params.shape")
    return child


def _item(items: list[Tree], rest: list[str]) -> dict[str, Tree]:
    """The item of a list of objects that ``[][rest]`` belongs to: the last one, until it has that key already."""
    if rest[0] == "":
        raise Malformed("params.shape")
    last = items[-1] if items else None
    if isinstance(last, dict) and not _holds(last, rest):
        return last
    if last is not None and not isinstance(last, dict):
        raise Malformed("params.shape")
    fresh: dict[str, Tree] = {}
    items.append(fresh)
    return fresh


def _holds(tree: Tree, path: list[str]) -> bool:
    for key in path:
        if key == "":
            return False
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return True
