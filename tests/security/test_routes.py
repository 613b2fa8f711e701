"""The whole route table: no route without its rules, nobody without the right, no effect of reading."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from tests.security.house import ALL, House, path_of, routes
from weft.accounts.service import SCOPES
from weft.infra.admit import API
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, Style
from weft.mastodon.entities import Status

RULES: dict[str, Any] = {"auth": Auth.USER, "scopes": ("read",), "sees": Sees.OWN, "rate": API, "body": SMALL_BODY}
READING = ("GET", "HEAD")
# Writes that need no account: each is refused without a secret of its own, or makes a row that can do nothing.
OPEN_WRITES = {"/api/v1/apps", "/oauth/token", "/oauth/revoke"} | {
    # A form that anybody may send, and what its maker's secret token deletes.
    *("/api/weft/v1/hub/models/:name/requests", "/api/weft/v1/hub/requests/:token"),
}
# POSTs and a DELETE that apps send with a scope to read: two are questions, one drops a suggestion.
READ_SCOPE_WRITES = {"/api/v1/suggestions/:account_id", "/oauth/userinfo", "/api/v1/statuses/:id/translate"}


async def nothing(call: Call[Any, Any]) -> Response:
    return Response()


@pytest.mark.parametrize("missing", RULES)
def test_a_route_that_leaves_a_rule_out_cannot_be_written(missing: str) -> None:
    Route(method="GET", path="/x", handler=nothing, **RULES)
    with pytest.raises(TypeError):
        Route(method="GET", path="/x", handler=nothing, **{name: RULES[name] for name in RULES if name != missing})


def test_every_route_for_users_names_a_scope_that_exists() -> None:
    for route in routes():
        assert set(route.scopes) <= set(SCOPES), route.path
        assert route.scopes or route.auth is not Auth.USER, route.path
        assert route.rate.limit > 0 and route.body >= 0


def test_what_writes_asks_for_a_user_or_a_form_of_ours() -> None:
    for route in routes():
        if route.method in READING:
            continue
        if route.style is Style.PAGE:
            assert route.params is not None and "csrf" in _fields(route.params), route.path
        elif route.auth is Auth.NONE:
            assert route.path in OPEN_WRITES, route.path
        elif route.path not in READ_SCOPE_WRITES:
            assert not any(scope.startswith("read") for scope in route.scopes), route.path


def test_every_route_that_shows_posts_asks_who_may_see_them() -> None:
    shown = [route for route in routes() if route.returns is not None and holds_posts(route.returns, set())]
    assert len(shown) > 30
    for route in shown:
        own = (route.method, route.path) == ("DELETE", "/api/v1/statuses/:id")
        assert route.sees is Sees.AUDIENCE or own, f"{route.method} {route.path}"


def holds_posts(kind: Any, seen: set[Any]) -> bool:
    """Whether a type can hold a status anywhere."""
    if kind is Status:
        return True
    inner = typing.get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
        seen.add(kind)
        inner = tuple(typing.get_type_hints(kind).values())
    return any(holds_posts(one, seen) for one in inner)


def _fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return kind.__struct_fields__


def scoped() -> Iterator[Route]:
    return (route for route in routes() if route.scopes)


async def test_a_token_without_the_scope_is_refused_on_every_route(house: House) -> None:
    ann = await house.person()
    for route in scoped():
        everything_else = frozenset(SCOPES) - _powers_over(route)
        client = house.client(await house.token(ann.account_id, everything_else))
        answer = await client.request(route.method, path_of(route, id=ann.id))
        assert answer.status_code == 403, f"{route.method} {route.path}: {answer.status_code}"
        assert "scope" in answer.json()["error"], route.path


def _powers_over(route: Route) -> set[str]:
    """Every scope that lets a token in, itself or as a parent."""
    parents = {scope.rpartition(":")[0] for scope in route.scopes} - {""}
    follows = {"follow"} if any(_of_relationships(scope) for scope in route.scopes) else set()
    return {*route.scopes, *parents, *follows}


def _of_relationships(scope: str) -> bool:
    return scope.partition(":")[2] in ("follows", "blocks", "mutes")


async def test_a_token_without_a_user_is_refused_where_a_user_is_asked_for(house: House) -> None:
    client = house.client(await house.token(None, ALL | {"admin:read", "admin:write"}))
    for route in routes():
        if route.auth is Auth.USER:
            answer = await client.request(route.method, path_of(route))
            assert answer.status_code == 422, f"{route.method} {route.path}: {answer.status_code}"
            assert answer.json()["error"] == "This method requires an authenticated user"


async def test_whoever_may_not_come_in_costs_no_statement(house: House) -> None:
    """Without a token nothing is asked; a token that is none costs the one look-up that says so."""
    guarded = [route for route in routes() if route.auth in (Auth.USER, Auth.APP)]
    weak = house.client(await house.token((await house.person()).account_id, frozenset({"profile"})))
    await weak.get("/api/v1/preferences")  # the token is known from now on
    junk = "0" * 43
    with house.statements() as seen:
        for route in guarded:
            answer = await house.visitor.request(route.method, path_of(route), content=b"{")
            assert answer.status_code == 401, route.path
            if route.scopes and "profile" not in route.scopes:
                assert (await weak.request(route.method, path_of(route), content=b"{")).status_code == 403
        assert not seen
        await house.visitor.get("/api/v1/timelines/home", headers={"authorization": f"Bearer {junk}"})
        assert len(seen) <= 1


PAID = frozenset({"holds", "spending", "usage_events"})
"""Where a question to the assistant is written down: it is a GET and costs."""


async def test_reading_changes_nothing(house: House) -> None:
    """Every GET there is, by its owner and by a visitor: every table but the bill holds afterwards what it held."""
    ann, ben = await house.person(), await house.person()
    await ben.say(f"hello @{ann.name} #reading")
    status = await ann.say("mine", visibility="private")
    await house.settle()
    ids = {"id": status["id"], "account_id": ann.id, "name": "reading", "hashtag": "reading"}
    await _read_everything(ann.http, ids)  # what is noted once a day is noted by now
    before = await house.rows()
    for client in (ann.http, house.visitor):
        await _read_everything(client, ids)
    await house.settle()
    after = await house.rows()
    assert [table for table in after if after[table] != before[table] and table not in PAID] == []


async def _read_everything(client: httpx.AsyncClient, ids: dict[str, str]) -> None:
    streams = ("/api/v1/streaming/",)
    for route in routes():
        if route.method != "GET" or route.path.startswith(streams):
            continue
        answer = await client.get(path_of(route, **ids), params={"q": "reading", "acct": "nobody"})
        assert answer.status_code < 500, f"{route.path}: {answer.text}"
