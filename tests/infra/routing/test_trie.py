"""The router finds what is declared, forgives one slash, and survives any path."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.infra.routing.trie import Trie
from weft.kernel.errors import NotFound


@pytest.fixture(scope="module")
def trie() -> Trie[str]:
    trie: Trie[str] = Trie()
    for method, path in [
        ("GET", "/"),
        ("GET", "/api/v1/accounts/search"),
        ("GET", "/api/v1/accounts/:id"),
        ("GET", "/api/v1/accounts/:id/statuses"),
        ("POST", "/api/v1/accounts/:account/follow"),
        ("GET", "/@:handle"),
        ("GET", "/@:handle/:post"),
        ("GET", "/assets/*file"),
        ("GET", "/:page"),
    ]:
        trie.add(method, path, f"{method} {path}")
    return trie


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/", "GET /", {}),
        ("/api/v1/accounts/search", "GET /api/v1/accounts/search", {}),
        ("/api/v1/accounts/search/", "GET /api/v1/accounts/search", {}),
        ("/api/v1/accounts/12", "GET /api/v1/accounts/:id", {"id": "12"}),
        ("/api/v1/accounts/12/", "GET /api/v1/accounts/:id", {"id": "12"}),
        ("/api/v1/accounts/search/statuses", "GET /api/v1/accounts/:id/statuses", {"id": "search"}),
        ("/api/v1/accounts/a%2Fb", "GET /api/v1/accounts/:id", {"id": "a/b"}),
        ("/api/v1/accounts/%ED%95%9C", "GET /api/v1/accounts/:id", {"id": "한"}),
        ("/%61pi/v1/accounts/1", "GET /api/v1/accounts/:id", {"id": "1"}),
        ("/@ann", "GET /@:handle", {"handle": "ann"}),
        ("/@ann/7", "GET /@:handle/:post", {"handle": "ann", "post": "7"}),
        ("/@", "GET /:page", {"page": "@"}),
        ("/about", "GET /:page", {"page": "about"}),
        ("/assets/js/a.js", "GET /assets/*file", {"file": "js/a.js"}),
    ],
)
def test_a_path_finds_its_route(trie: Trie[str], path: str, route: str, values: dict[str, str]) -> None:
    found = trie.find("GET", path)
    assert (found.route, dict(found.values)) == (route, values)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/accounts/12//",
        "//",
        "/api//v1/accounts/12",
        "/api/v1/accounts/%00",
        "/api/v1/accounts/a%00b",
        "/api/v1/accounts/%FF",
        "/api/v1/accounts/%ED%A0%80",
        "/api/v1",
        "/a/b/c",
        "",
        "no-slash",
        "*",
        "/" + "a/" * 10_000,
    ],
)
def test_an_unknown_or_unreadable_path_is_not_found(trie: Trie[str], path: str) -> None:
    with pytest.raises(NotFound):
        trie.find("GET", path)


def test_a_known_path_with_another_method_says_what_it_allows(trie: Trie[str]) -> None:
    found = trie.find("DELETE", "/api/v1/accounts/search")
    assert found.route is None
    assert found.leaf.allow == ("GET", "HEAD", "OPTIONS")


def test_head_is_answered_by_get(trie: Trie[str]) -> None:
    assert trie.find("HEAD", "/api/v1/accounts/5").values == {"id": "5"}


def test_routes_of_one_pattern_keep_their_own_parameter_names(trie: Trie[str]) -> None:
    assert trie.find("POST", "/api/v1/accounts/5/follow").values == {"account": "5"}


def test_a_route_declared_twice_is_refused() -> None:
    trie: Trie[str] = Trie()
    trie.add("GET", "/a/:x", "one")
    with pytest.raises(ValueError, match="twice"):
        trie.add("GET", "/a/:y", "two")


@given(st.text(alphabet="/%0afF@:*.é\0\ud800", max_size=30), st.sampled_from(["GET", "POST", "", "\0"]))
def test_no_path_breaks_the_router(trie: Trie[str], path: str, method: str) -> None:
    with contextlib.suppress(NotFound):
        trie.find(method, path)
