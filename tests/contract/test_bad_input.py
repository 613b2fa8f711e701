"""Whatever is wrong with a request, it gets a documented refusal and changes nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.rows import unchanged
from tests.contract.table import WRITES, Operation, Surface, declared
from tests.support.server import ALL, LiveServer, Person
from weft.infra.routing.table import Auth

DEEP = 20_000
BROKEN = {
    "cut short": b'{"status": "a',
    "not an object": b"[1, 2]",
    "a bare text": b'"status"',
    "deep lists": b'{"status": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "invalid UTF-8": b'{"status": "\xff\xfe"}',
    "half a surrogate": b'{"status": "\\ud800"}',
    "NUL": b'{"status": "a\\u0000b", "title": "\\u0000", "q": "\\u0000", "client_name": "\\u0000"}',
    "no JSON": b"status=a",
}
BROKEN_FORMS = {
    "invalid UTF-8": b"status=%ff%fe&title=%ff",
    "NUL": b"status=a%00b&title=%00&comment=%00",
    "too deep": b"status[a][b][c][d][e][f][g][h][i][j][k]=1",
    "two shapes": b"status[a]=1&status[]=2",
    "too many": b"&".join(b"a%d=1" % n for n in range(2000)),
}
ODD_IDS = ("0", "-1", "abc", "1e5", "9" * 30, "%00", "%ff", "1.5", "%F0%9F%A6%8A", "null", "[]", "..%2f..%2fetc")


@pytest.fixture(scope="module")
def surface(server: LiveServer) -> Surface:
    return Surface(server)


@pytest.fixture(scope="module")
def ann(server: LiveServer) -> Person:
    """Somebody with a post, a picture and friends, so that there is something to change."""
    made = server.person()
    made.say("Do not touch")
    made.post("/api/v1/lists", title="mine")
    made.post("/api/v2/filters", title="mine", context=["home"])
    return made


@pytest.fixture
def calm(server: LiveServer, ann: Person) -> Iterator[None]:
    with unchanged(server):
        yield


def writes(surface: Surface) -> list[Operation]:
    found = [operation for operation in surface.operations if operation.method in WRITES]
    assert len(found) > 100
    return found


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_json_body_is_refused_everywhere(surface: Surface, ann: Person, calm: None, fault: str) -> None:
    headers = {"content-type": "application/json"}
    for operation in writes(surface):
        if operation.takes_body:
            answer = ann.http.request(operation.method, operation.address(), content=BROKEN[fault], headers=headers)
            operation.expect(answer)


@pytest.mark.parametrize("fault", BROKEN_FORMS)
def test_a_broken_form_is_refused_everywhere(surface: Surface, ann: Person, calm: None, fault: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for operation in writes(surface):
        if operation.takes_body:
            answer = ann.http.request(
                operation.method, operation.address(), content=BROKEN_FORMS[fault], headers=headers
            )
            operation.expect(answer)


def test_broken_multipart_bodies_are_refused(surface: Surface, ann: Person, calm: None) -> None:
    bodies = (b"--x\r\nno end", b"\xff" * 100, b'--x\r\ncontent-disposition: form-data; name="status"\r\n\r\na\r\n')
    for operation in writes(surface):
        if operation.takes_body:
            for body in bodies:
                headers = {"content-type": "multipart/form-data; boundary=x"}
                answer = ann.http.request(operation.method, operation.address(), content=body, headers=headers)
                operation.expect(answer)


def wrong_values(kinds: set[str]) -> list[Any]:
    """Values of every type that the field does not take, in no spelling."""
    if "any" in kinds:
        return []
    values: list[Any] = []
    if not kinds & {"object"}:
        values.append({"a": {"b": 1}})
    if not kinds & {"array"}:
        values.append([["x"], {}])
    if kinds & {"array", "object"} and not kinds & {"string"}:
        values.append(3.25)
    if kinds <= {"integer", "number", "boolean", "null"}:
        values += ["no such number", 10**40]
    return values


def test_a_value_of_the_wrong_type_is_refused_in_every_field(surface: Surface, ann: Person, calm: None) -> None:
    tried = 0
    for operation in writes(surface):
        if not operation.takes_body:
            continue
        for name, schema in surface.fields(operation).items():
            if name in ("limit", "offset"):
                continue
            for value in wrong_values(surface.kinds(schema)):
                answer = ann.http.request(operation.method, operation.address(), json={name: value})
                operation.expect(answer)
                tried += 1
    assert tried > 300


def test_an_unknown_id_is_not_found_on_any_route_that_writes(surface: Surface, ann: Person, calm: None) -> None:
    for operation in writes(surface):
        if operation.names and not operation.is_page and not is_named(operation) and not is_for_staff(operation):
            operation.expect(ann.http.request(operation.method, operation.address()), 404, 422)


def is_named(operation: Operation) -> bool:
    """The path names something by a word that may be new: a tag, a reaction."""
    return "/tag" in operation.path or "{group_key}" in operation.path or operation.path.startswith("/assets")


def is_for_staff(operation: Operation) -> bool:
    """Whoever is not of the staff is refused whatever is asked for."""
    return operation.path.startswith(("/api/weft/v1/reports", "/api/weft/v1/hub/staff"))


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_odd_id_is_an_unknown_one(surface: Surface, ann: Person, calm: None, odd: str) -> None:
    for operation in surface.operations:
        if not operation.names or operation.is_page or is_named(operation) or is_for_staff(operation):
            continue
        answer = ann.http.request(operation.method, operation.address(odd))
        operation.expect(answer, *((404,) if operation.method == "GET" and "streaming" not in operation.path else ()))


def test_odd_numbers_in_a_query_are_refused_or_set_right(surface: Surface, ann: Person, calm: None) -> None:
    odd = {"limit": ["-5", "abc", "9" * 40, "0", ""], "offset": ["-1", "9" * 40], "max_id": ["-1", "x", "9" * 40, ""]}
    for operation in surface.operations:
        if operation.method != "GET" or operation.names or operation.is_page or "streaming" in operation.path:
            continue
        known = {each["name"] for each in operation.described.get("parameters", [])}
        for name in known & set(odd):
            for value in odd[name]:
                answer = ann.http.get(operation.path, params={name: value, "q": "x", "acct": ann.name, "url": "x"})
                assert answer.status_code < 500, (str(operation), name, value, answer.text)
                assert answer.status_code in operation.statuses, (str(operation), name, value, answer.text)


# ---------------------------------------------------------------------------------------------------- who may


def test_without_a_token_nothing_of_anybody_is_reached(surface: Surface, server: LiveServer, calm: None) -> None:
    for operation in surface.operations:
        security = operation.described.get("security")
        if security and {} not in security:
            operation.expect(server.visitor.request(operation.method, operation.address()), 401)


def test_a_revoked_or_invented_token_is_refused_everywhere(surface: Surface, server: LiveServer, ann: Person) -> None:
    revoked = server.token(ann.id, "read write follow push profile")
    app = server.visitor.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": "https://a.example/"}).json()
    client = server.client(revoked)
    assert client.get("/api/v1/accounts/verify_credentials").status_code == 200
    keys = {name: app[name] for name in ("client_id", "client_secret")}
    assert server.visitor.post("/oauth/revoke", data={**keys, "token": revoked}).status_code == 403
    assert client.get("/api/v1/accounts/verify_credentials").status_code == 200
    with unchanged(server):
        for text in ("invented", "a b", "x" * 5000):
            wrong = httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {text}"})
            for operation in surface.operations:
                if operation.described.get("security"):
                    answer = wrong.request(operation.method, operation.address())
                    operation.expect(answer, 401)
                    assert answer.json()["error"] == "The access token is invalid"
            wrong.close()


SMALL_SCOPES = ("push", "read:search", "write:reports", "read:mutes")


def test_a_token_without_the_scope_is_refused_everywhere(surface: Surface, server: LiveServer, ann: Person) -> None:
    clients = {scope: server.client(server.token(ann.id, scope)) for scope in SMALL_SCOPES}
    with unchanged(server):
        tried = 0
        for operation in surface.operations:
            wanted = {scope for each in operation.described.get("security", []) for scope in each.get("token", [])}
            if not wanted:
                continue
            scope = next(scope for scope in SMALL_SCOPES if scope not in wanted)
            answer = clients[scope].request(operation.method, operation.address())
            operation.expect(answer, 403)
            assert answer.json()["error"] == "This action is outside the authorized scopes", str(operation)
            tried += 1
        assert tried > 150


def test_a_token_of_nobody_is_refused_where_somebody_is_needed(server: LiveServer, surface: Surface) -> None:
    fields = {"client_name": "App", "redirect_uris": "https://app.example/", "scopes": f"{ALL} admin:read admin:write"}
    app = server.visitor.post("/api/v1/apps", json=fields).json()
    asked = {**app, "grant_type": "client_credentials", "scope": fields["scopes"]}
    keys = ("client_id", "client_secret", "grant_type", "scope")
    token = server.visitor.post("/oauth/token", data={name: asked[name] for name in keys}).json()["access_token"]
    client = server.client(token)
    with unchanged(server):
        for route in declared():
            if route.auth is Auth.USER:
                path = re.sub(r"[:*](\w+)", "{\\1}", route.path)
                operation = next(
                    each for each in surface.operations if (each.method, each.path) == (route.method, path)
                )
                answer = client.request(route.method, operation.address())
                operation.expect(answer, 422)
                assert answer.json()["error"] == "This method requires an authenticated user", str(operation)


# ---------------------------------------------------------------------------------------------------- sizes


def test_ten_megabytes_are_refused_before_they_are_read(
    surface: Surface, server: LiveServer, ann: Person, calm: None
) -> None:
    large = 10_000_001
    parts = urlsplit(server.url)
    for operation in writes(surface):
        if operation.path.endswith(("/media", "/update_credentials", "/profile")):  # where files may be larger
            continue
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2) as wire:
            wire.sendall(
                f"{operation.method} {operation.address()} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
                f"authorization: Bearer {ann.token}\r\ncontent-type: application/json\r\n"
                f"content-length: {large}\r\n\r\n".encode()
            )
            status = int(wire.recv(4096).split()[1])
        assert status == 413, f"{operation}: {status}"


def test_ten_megabytes_that_are_sent_without_a_length_are_cut_off(server: LiveServer, ann: Person, calm: None) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"status": "'
        for _ in range(160):
            yield b"x" * 65_536

    for path in ("/api/v1/statuses", "/api/v2/filters", "/api/v1/lists", "/api/v1/apps"):
        try:
            headers = {"content-type": "application/json"}
            assert ann.http.post(path, content=body(), headers=headers).status_code == 413
        except httpx.TransportError:
            pass  # the connection was closed while the rest was on its way


HOSTILE_FILES = {
    "an SVG": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
    "a page": ("a.png", b"<html><script>alert(1)</script></html>", "image/png"),
    "nothing": ("a.png", b"", "image/png"),
    "half a picture": ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 5, "image/png"),
    "a program": ("a.jpg", b"\x7fELF" + b"\0" * 200, "image/jpeg"),
    "an archive": ("a.zip", b"PK\x03\x04" + b"\0" * 200, "application/zip"),
    "a name with a way": ("../../etc/passwd", b"root:x:0:0", "image/png"),
    "giant sides": (
        "a.png",
        bytes.fromhex("89504e470d0a1a0a0000000d494844527fffffff7fffffff0806000000") + b"\0" * 64,
        "image/png",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE_FILES)
def test_a_hostile_file_is_refused(server: LiveServer, ann: Person, calm: None, kind: str) -> None:
    file = HOSTILE_FILES[kind]
    for path in ("/api/v2/media", "/api/v1/media"):
        answer = ann.http.post(path, files={"file": file})
        assert answer.status_code == 422, answer.text
    for name in ("avatar", "header") if file[1] else ():
        answer = ann.http.patch("/api/v1/accounts/update_credentials", files={name: file})
        assert answer.status_code == 422, answer.text


def test_values_that_fit_no_rule_change_nothing(ann: Person, calm: None) -> None:
    refused: list[tuple[str, dict[str, Any]]] = [
        ("/api/v1/statuses", {}),
        ("/api/v1/statuses", {"status": " \u200b\n"}),
        ("/api/v1/statuses", {"status": "x" * 501}),
        ("/api/v1/statuses", {"status": "x", "visibility": "everyone"}),
        ("/api/v1/statuses", {"status": "x", "in_reply_to_id": "117000000000000001"}),
        ("/api/v1/statuses", {"status": "x", "quoted_status_id": "117000000000000001"}),
        ("/api/v1/statuses", {"status": "x", "media_ids": ["117000000000000001"]}),
        ("/api/v1/statuses", {"status": "x", "media_ids": ["1", "2", "3", "4", "5"]}),
        ("/api/v1/statuses", {"status": "x", "poll": {"options": ["one"], "expires_in": 3600}}),
        ("/api/v1/statuses", {"status": "x", "poll": {"options": ["a", "b"], "expires_in": 1}}),
        ("/api/v1/statuses", {"status": "x", "poll": {"options": ["a", "b"], "expires_in": 10**12}}),
        ("/api/v1/statuses", {"status": "x", "poll": {"options": ["a", "a"], "expires_in": 3600}}),
        ("/api/v1/statuses", {"status": "x", "scheduled_at": "2001-01-01T00:00:00Z"}),
        ("/api/v1/statuses", {"status": "x", "scheduled_at": "soon"}),
        ("/api/v1/statuses", {"status": "x", "spoiler_text": "y" * 501}),
        ("/api/v2/filters", {"title": "", "context": ["home"]}),
        ("/api/v2/filters", {"title": "x", "context": []}),
        ("/api/v2/filters", {"title": "x", "context": ["nowhere"]}),
        ("/api/v1/lists", {"title": " "}),
        ("/api/v1/lists", {"title": "x", "replies_policy": "some"}),
        ("/api/v1/featured_tags", {"name": "not a tag"}),
        ("/api/v1/domain_blocks", {"domain": "not a host"}),
        ("/api/v1/push/subscription", {"subscription": {"endpoint": "http://x", "keys": {"p256dh": "a", "auth": "b"}}}),
        ("/api/v1/apps", {"client_name": "x", "redirect_uris": "no uri"}),
        ("/api/v1/apps", {"client_name": "", "redirect_uris": "https://a.example/"}),
        (f"/api/v1/accounts/{ann.id}/follow", {}),
        (f"/api/v1/accounts/{ann.id}/block", {}),
        (f"/api/v1/accounts/{ann.id}/mute", {}),
        ("/api/v1/markers", {"home": {"last_read_id": "x"}}),
    ]
    for path, values in refused:
        answer = ann.http.post(path, json=values)
        assert 400 <= answer.status_code < 500, (path, values, answer.status_code, answer.text)
        assert answer.json()["error"]
