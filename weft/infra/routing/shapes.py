"""Bends what clients send towards the type a route declares: booleans in seven spellings, one value where a list is
meant, numbered objects that are lists, an empty text or null for "not given". What still does not fit is refused by
``msgspec.convert`` afterwards; nothing here guesses at meanings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

from weft.kernel.errors import Invalid, Malformed

Bend = Callable[[Any], Any]

MAX_FREE_DEPTH = 8
MAX_INT = (1 << 63) - 1
LENIENT_NUMBERS = frozenset({"limit", "offset"})
"""Fields of these names fall back to their default when they hold no number, as Mastodon's clients expect."""

_UNFIT = object()
"""Stands for a value that fits no type: ``convert`` then says where it was."""

_BOOLEANS = {"true": True, "1": True, "t": True, "on": True, "false": False, "0": False, "f": False, "off": False}
_SEQUENCES = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
_EMPTY_IS_ABSENT = (inspect.BoolType, inspect.IntType, inspect.FloatType, inspect.LiteralType, inspect.EnumType)


class FieldShape(msgspec.Struct, frozen=True):
    name: str
    bend: Bend | None
    takes_null: bool
    empty_is_absent: bool
    lenient: bool


class StructShape:
    """How to read one ``Struct`` type from text-like values."""

    __slots__ = ("fields", "strict")

    def __init__(self, strict: bool) -> None:
        self.fields: dict[str, FieldShape] = {}
        self.strict = strict
        """Refuse fields that nobody declared."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        bent: dict[str, Any] = {}
        for key, given in value.items():
            field = self.fields.get(key)
            if field is None:
                if self.strict:
                    raise Invalid("param.unknown", field=key[:64])
                continue
            if given is None and not field.takes_null:
                continue
            if given == "" and field.empty_is_absent:
                if field.takes_null:
                    bent[key] = None
                continue
            if field.lenient and not _is_number(given):
                continue
            bent[key] = given if field.bend is None or given is None else field.bend(given)
        return bent


def shape_of(kind: type[msgspec.Struct], strict: bool) -> StructShape:
    """The shape of a route's parameters, made once when the table is read."""
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return _shape_struct(found, strict, {})


def _shape_struct(kind: inspect.StructType, strict: bool, known: dict[type, StructShape]) -> StructShape:
    if kind.cls in known:
        return known[kind.cls]
    shape = known[kind.cls] = StructShape(strict)
    for field in kind.fields:
        plain, takes_null = _unwrap(field.type)
        shape.fields[field.encode_name] = FieldShape(
            name=field.encode_name,
            bend=_bend_for(plain, strict, known),
            takes_null=takes_null,
            empty_is_absent=isinstance(plain, _EMPTY_IS_ABSENT),
            lenient=field.encode_name in LENIENT_NUMBERS and isinstance(plain, inspect.IntType),
        )
    return shape


def _unwrap(kind: inspect.Type) -> tuple[inspect.Type, bool]:
    """The type below annotations and unions with null, and whether null is one of its values."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not isinstance(kind, inspect.UnionType):
        return kind, isinstance(kind, (inspect.NoneType, inspect.AnyType))
    rest = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
    takes_null = len(rest) < len(kind.types)
    if len(rest) == 1:
        return _unwrap(rest[0])[0], takes_null
    return kind, takes_null


def _bend_for(kind: inspect.Type, strict: bool, known: dict[type, StructShape]) -> Bend | None:
    if isinstance(kind, inspect.StructType):
        return _shape_struct(kind, strict, known)
    if isinstance(kind, _SEQUENCES):
        return _list_bend(_bend_for(_unwrap(kind.item_type)[0], strict, known))
    if isinstance(kind, inspect.DictType):
        return _dict_bend(_bend_for(_unwrap(kind.value_type)[0], strict, known))
    if isinstance(kind, inspect.UnionType):
        # Of several possible types the texts are left alone: only one list or object may be among them.
        parts = [part for part in kind.types if isinstance(_unwrap(part)[0], (*_SEQUENCES, inspect.StructType))]
        return _structured_only(_bend_for(_unwrap(parts[0])[0], strict, known)) if len(parts) == 1 else None
    return _SCALARS.get(type(kind))


def _list_bend(item: Bend | None) -> Bend:
    def bend(value: Any) -> Any:
        if (
            isinstance(value, dict)
            and value
            and all(key.isascii() and key.isdigit() and len(key) < 10 for key in value)
        ):
            value = [value[key] for key in sorted(value, key=int)]
        elif value == "":
            value = []
        elif not isinstance(value, (list, dict)):
            value = [value]
        if item is not None and isinstance(value, list):
            return [item(each) for each in value]
        return value

    return bend


def _dict_bend(item: Bend | None) -> Bend:
    def bend(value: Any) -> Any:
        if item is not None and isinstance(value, dict):
            return {key: item(each) for key, each in value.items()}
        return value

    return bend


def _structured_only(inner: Bend | None) -> Bend:
    def bend(value: Any) -> Any:
        return inner(value) if inner is not None and isinstance(value, (dict, list)) else value

    return bend


def _to_bool(value: Any) -> Any:
    if isinstance(value, str):
        return _BOOLEANS.get(value.lower(), value)
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return value


def _to_text(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -MAX_INT <= value <= MAX_INT else value
    return value


def _to_int(value: Any) -> Any:
    """Texts become numbers in ``convert``; only what no column could hold is refused here."""
    if isinstance(value, str) and (len(value) > 20 or (value.lstrip("-").isdigit() and abs(int(value)) > MAX_INT)):
        return _UNFIT
    if isinstance(value, (int, float)) and not -MAX_INT <= value <= MAX_INT:
        return _UNFIT
    return value


def _to_float(value: Any) -> Any:
    if isinstance(value, (str, float)):
        try:
            return value if math.isfinite(float(value)) else _UNFIT
        except ValueError:
            return _UNFIT
    return value


def _free(value: Any) -> Any:
    """A value of any shape: bounded in depth, since whoever reads it may walk it."""
    level = [value]
    for _ in range(MAX_FREE_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return value
    raise Malformed("params.too_deep")


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) < 19
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INT


_SCALARS: dict[type[inspect.Type], Bend] = {
    inspect.BoolType: _to_bool,
    inspect.StrType: _to_text,
    inspect.IntType: _to_int,
    inspect.FloatType: _to_float,
    inspect.AnyType: _free,
}
