"""Parameters mean the same however they are sent, and what cannot be read or does not fit is refused."""

from __future__ import annotations

import contextlib
import enum
import time
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.infra.routing.sample import PostParams, TagPage
from weft.infra.routing.nesting import nest, read_pairs
from weft.infra.routing.params import ParamReader, from_form, from_json, from_query
from weft.kernel.errors import Invalid, Malformed


class Color(enum.Enum):
    RED = "red"


class Odd(msgspec.Struct, kw_only=True):
    ids: list[int] = []
    nullable: str | None = "set"
    plain: str = "plain"
    visibility: Literal["public", "direct"] | None = None
    color: Color = Color.RED
    flags: dict[str, bool] = {}
    free: Any = None
    several: str | list[str] = ""


def read(kind: type[msgspec.Struct], given: dict[str, Any], strict: bool = False) -> Any:
    return ParamReader(kind, strict).read(given)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a%5B%5D=1", {"a": ["1"]}),
        (
            b"poll[options][]=x&poll[options][]=y&poll[expires_in]=60",
            {"poll": {"options": ["x", "y"], "expires_in": "60"}},
        ),
        (b"source[privacy]=direct", {"source": {"privacy": "direct"}}),
        (b"f[0][name]=a&f[0][value]=b&f[1][name]=c", {"f": {"0": {"name": "a", "value": "b"}, "1": {"name": "c"}}}),
        (
            b"k[][keyword]=a&k[][whole_word]=true&k[][keyword]=b",
            {"k": [{"keyword": "a", "whole_word": "true"}, {"keyword": "b"}]},
        ),
        (b"subscription[keys][auth]=z", {"subscription": {"keys": {"auth": "z"}}}),
        (b"a=x+y%2Bz&b=%E1%BB%91", {"a": "x y+z", "b": "ố"}),
        (b"a", {"a": ""}),
        (b"&&=&a=1=2", {"a": "1=2"}),
        (b"a[b=1&]x[=2&[]=3", {"a[b": "1", "]x[": "2", "[]": "3"}),
    ],
)
def test_a_query_becomes_the_nested_value_rails_makes_of_it(query: bytes, value: object) -> None:
    found = from_query(query)
    found.pop("", None)
    assert found == value


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.from_regex(r"[a-z0-9_.~-]{0,8}", fullmatch=True))
)
def test_the_short_way_reads_plain_queries_as_the_full_one_does(values: dict[str, str]) -> None:
    query = "&".join(f"{name}={value}" for name, value in values.items()).encode()
    assert from_query(query) == nest(read_pairs(query)) == values


@pytest.mark.parametrize(
    "form",
    [
        b"a=1&a[b]=2",
        b"a[b]=2&a=1",
        b"a[]=1&a[b]=2",
        b"a[]=1&a[][x]=2",
        b"a[][]=1",
        b"a" + b"[b]" * 9 + b"=1",
        b"a" + b"[b]" * 100_000 + b"=1",
        b"a=%FF",
        b"%FF=a",
        b"a=%00",
        b"a=\xff",
        b"a=%ED%A0%80",
        b"a=1&" * 1_000_000,
        b"&".join(b"k%d=1" % number for number in range(1001)),
    ],
)
def test_an_unreadable_form_is_malformed(form: bytes) -> None:
    with pytest.raises(Malformed):
        from_form(form)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"7",
        b'{"a":"\xff"}',
        b'{"a":"\x00"}',
        rb'{"a":"\u0000"}',
        rb'{"\u0000":1}',
        rb'{"a":[{"b":"x\u0000"}]}',
        rb'{"a":"\ud800"}',
        rb'{"a":"\udc00x"}',
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":1e999}',
        b'{"a":NaN}',
        b'{"a":1}{"a":2}',
    ],
)
def test_unreadable_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        from_json(body)


def test_json_text_about_nul_is_not_nul() -> None:
    assert from_json(rb'{"a":"\\u0000"}') == {"a": "\\u0000"}


@pytest.mark.parametrize("body", [b"", b"  ", b"null", b"{}"])
def test_an_empty_body_carries_nothing(body: bytes) -> None:
    assert from_json(body) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("on", True), ("t", True), ("TRUE", True), (1, True), (True, True)]
    + [("false", False), ("0", False), ("off", False), ("f", False), (0, False), (False, False), ("", False)],
)
def test_booleans_come_in_many_spellings(text: object, value: bool) -> None:
    assert read(PostParams, {"sensitive": text}).sensitive is value


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"media_ids": "5"}, "media_ids", ["5"]),
        ({"media_ids": ["5", 6]}, "media_ids", ["5", "6"]),
        ({"media_ids": {"1": "b", "0": "a"}}, "media_ids", ["a", "b"]),
        ({"media_ids": ""}, "media_ids", []),
        ({"media_ids": None}, "media_ids", []),
        ({"in_reply_to_id": 12}, "in_reply_to_id", "12"),
        ({"in_reply_to_id": None}, "in_reply_to_id", None),
        ({"count": "7"}, "count", 7),
        ({"count": ""}, "count", 0),
        ({"count": None}, "count", 0),
        ({"focus": "0.5"}, "focus", 0.5),
        ({"status": None}, "status", ""),
        ({"unknown": "x"}, "status", ""),
    ],
)
def test_values_bend_to_the_declared_type(given: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(PostParams, given), field) == value


def test_numbered_objects_become_a_list_in_numeric_order() -> None:
    given = {str(number): {"name": f"n{number}"} for number in (10, 2, 0)}
    found = read(PostParams, {"fields_attributes": given}).fields_attributes
    assert [field.name for field in found] == ["n0", "n2", "n10"]


def test_nested_values_bend_too() -> None:
    poll = read(PostParams, {"poll": {"options": ["a"], "expires_in": "60", "multiple": "on"}}).poll
    assert (poll.options, poll.expires_in, poll.multiple) == (["a"], 60, True)


def test_null_and_empty_mean_absent_unless_the_type_takes_them() -> None:
    odd = read(Odd, {"plain": None, "nullable": None, "visibility": "", "color": ""})
    assert (odd.plain, odd.nullable, odd.visibility, odd.color) == ("plain", None, None, Color.RED)


def test_maps_and_unions_are_read() -> None:
    odd = read(Odd, {"flags": {"a": "on"}, "several": ["x"], "free": {"deep": [1]}, "ids": {"0": "4"}})
    assert (odd.flags, odd.several, odd.free, odd.ids) == ({"a": True}, ["x"], {"deep": [1]}, [4])


@pytest.mark.parametrize("limit", ["abc", "", "-1", "1e3", None, [], {}, "9" * 30, True, 1.5, "٣"])
def test_a_limit_that_is_no_number_falls_back_to_the_default(limit: object) -> None:
    assert read(TagPage, {"limit": limit}).limit is None


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        (PostParams, {"count": "many"}, "count"),
        (PostParams, {"count": "9" * 19}, "count"),
        (PostParams, {"count": "9" * 5000}, "count"),
        (PostParams, {"count": 1 << 80}, "count"),
        (PostParams, {"count": [1]}, "count"),
        (PostParams, {"focus": "nan"}, "focus"),
        (PostParams, {"focus": "inf"}, "focus"),
        (PostParams, {"sensitive": "maybe"}, "sensitive"),
        (PostParams, {"sensitive": {}}, "sensitive"),
        (PostParams, {"status": ["x"]}, "status"),
        (PostParams, {"status": {"x": "y"}}, "status"),
        (PostParams, {"status": True}, "status"),
        (PostParams, {"status": 1 << 80}, "status"),
        (PostParams, {"media_ids": {"a": "b"}}, "media_ids"),
        (PostParams, {"media_ids": [["x"]]}, "media_ids[0]"),
        (PostParams, {"poll": "x"}, "poll"),
        (PostParams, {"poll": {"options": ["a"], "expires_in": "soon"}}, "poll.expires_in"),
        (PostParams, {"poll": {}}, "poll.options"),
        (Odd, {"visibility": "secret"}, "visibility"),
        (Odd, {"color": 7}, "color"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(
    kind: type[msgspec.Struct], given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        read(kind, given)
    assert caught.value.values["field"] == field


def test_our_own_api_refuses_unknown_fields_at_every_depth() -> None:
    for values in ({"x": 1}, {"poll": {"options": ["a"], "x": 1}}):
        with pytest.raises(Invalid) as caught:
            read(PostParams, values, strict=True)
        assert caught.value.code == "param.unknown"


def test_a_free_value_is_bounded_in_depth() -> None:
    deep: Any = "x"
    for _ in range(20):
        deep = [deep]
    with pytest.raises(Malformed):
        read(Odd, {"free": deep})


def test_names_chosen_to_collide_cost_nothing() -> None:
    """Integers that share a hash are the classic flood of a dictionary; names are texts, hashed with a secret."""
    body = b"{" + b",".join(b'"%d":1' % ((2**61 - 1) * number) for number in range(50_000)) + b"}"
    started = time.perf_counter()
    read(PostParams, from_json(body))
    assert time.perf_counter() - started < 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*PostParams.__struct_fields__, *Odd.__struct_fields__]), json_values))
def test_any_value_is_read_or_refused(given: dict[str, Any]) -> None:
    for kind in (PostParams, Odd):
        with contextlib.suppress(Invalid, Malformed):
            assert isinstance(read(kind, given), kind)
