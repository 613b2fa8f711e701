from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import any_text
from weft.kernel.text.names import (
    ERR_BLANK,
    ERR_INVALID,
    ERR_RESERVED,
    ERR_TOO_LONG,
    canonical_host,
    canonical_name,
    check_username,
    parse_handle,
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ann_09", None),
        ("a" * 30, None),
        ("", ERR_BLANK),
        (" ", ERR_BLANK),
        ("a" * 31, ERR_TOO_LONG),
        ("a.b", ERR_INVALID),
        ("é", ERR_INVALID),
        ("ann\n", ERR_INVALID),
        ("Admin", ERR_RESERVED),
        ("r00t", ERR_RESERVED),
        ("instance_actor", ERR_RESERVED),
    ],
)
def test_a_local_name_is_short_ascii_and_not_reserved(name: str, code: str | None) -> None:
    assert check_username(name) == code


@pytest.mark.parametrize("name", ["PAYPA1", "ｐａｙｐａｌ", "р\u0430ypal", "pay\u200bpal", "PayPal", "\u202epaypal"])
def test_names_that_look_alike_are_one_name(name: str) -> None:
    assert canonical_name(name) == canonical_name("paypal")


def test_names_that_look_different_stay_different() -> None:
    assert len({canonical_name(name) for name in ("ann", "anna", "an_n", "bob", "b0bby")}) == 5


@settings(max_examples=80, deadline=None)
@given(any_text)
def test_a_canonical_name_is_its_own_canonical_name(name: str) -> None:
    assert canonical_name(canonical_name(name)) == canonical_name(name)


@pytest.mark.parametrize(
    ("host", "canonical"),
    [
        ("Example.COM.", "example.com"),
        ("BÜCHER.example:8080", "xn--bcher-kva.example:8080"),
        ("ex。com", "ex.com"),
        ("localhost:3000", "localhost:3000"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("[::1]:9", "[::1]:9"),
        ("", None),
        ("a_b.example", None),
        ("1.2", None),
        ("0x7f.1", None),
        ("x..y", None),
        ("host:0", None),
        ("host:99999", None),
        ("http://a.example", None),
        ("a.example/b", None),
        ("[::1", None),
        ("xn--a.example", None),
        ("a" * 300, None),
        ("\ud800.example", None),
    ],
)
def test_a_host_has_one_canonical_form(host: str, canonical: str | None) -> None:
    assert canonical_host(host) == canonical


@settings(max_examples=80, deadline=None)
@given(any_text)
def test_a_canonical_host_is_its_own_canonical_host(host: str) -> None:
    found = canonical_host(host)
    assert found is None or canonical_host(found) == found


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@ann@Remote.example", ("ann", "remote.example")),
        ("ann@remote.example:80", ("ann", "remote.example:80")),
        ("acct:ann@remote.example", ("ann", "remote.example")),
        ("Ann", ("Ann", None)),
        ("a.b@c.example", ("a.b", "c.example")),
        ("", None),
        ("@", None),
        ("ann@", None),
        ("a@@b", None),
        ("an n", None),
    ],
)
def test_a_handle_is_read_in_all_its_forms(text: str, handle: tuple[str, str | None] | None) -> None:
    assert parse_handle(text) == handle
