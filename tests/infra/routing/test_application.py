"""What every answer carries, who is let in, and in which order a request is looked at."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from tests.infra.routing.sample import ANN, BASE, ROUTES, Calls, bearer
from weft.infra.admit import API, API_ADDRESS, Admit
from weft.infra.routing.answers import Asked, base_headers, merge_headers, plain_page
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.table import Style
from weft.kernel.clock import ManualClock

Client = httpx.AsyncClient


async def test_an_answer_carries_the_headers_apps_need(client: Client) -> None:
    answer = await client.get("/api/v1/timelines/home?limit=5", headers=bearer("ann"))
    assert answer.status_code == 200
    assert answer.headers["x-ratelimit-limit"] == "300"
    assert answer.headers["x-ratelimit-remaining"] == "299"
    assert answer.headers["x-ratelimit-reset"] == "2026-01-01T00:05:00.000Z"
    assert answer.headers["access-control-allow-origin"] == "*"
    for exposed in ("Link", "X-RateLimit-Reset", "X-Request-Id", "Mastodon-Async-Refresh", "Deprecation"):
        assert exposed in answer.headers["access-control-expose-headers"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_requests_have_ids_of_their_own(client: Client) -> None:
    first, second = [await client.get("/api/v1/open") for _ in range(2)]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_link_leads_on_with_the_other_parameters_kept(client: Client) -> None:
    url = "/api/v1/timelines/home?limit=5&max_id=77&since%5Fid=3&x%5B%5D=%22%3E"
    links = (await client.get(url, headers=bearer("ann"))).headers["link"]
    stem = f"{BASE}/api/v1/timelines/home?limit=5&x%5B%5D=%22%3E&"
    assert links == f'<{stem}max_id=8>; rel="next", <{stem}min_id=9>; rel="prev"'


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "text"),
    [
        ("GET", "/api/v1/timelines/home", None, 401, "The access token is invalid"),
        ("GET", "/api/v1/timelines/home", "wrong", 401, "The access token is invalid"),
        ("GET", "/api/v1/timelines/home", "app", 422, "This method requires an authenticated user"),
        ("GET", "/api/v1/timelines/home", "disabled", 403, "Your login is currently disabled"),
        ("POST", "/api/v1/statuses", "reader", 403, "This action is outside the authorized scopes"),
        ("GET", "/api/v1/statuses/7", "wrong", 401, "The access token is invalid"),
        ("POST", "/api/v1/apps/check", None, 401, "The access token is invalid"),
        ("GET", "/api/v1/absent", None, 404, "Record not found"),
        ("GET", "/api/v1/nothing", None, 404, "Record not found"),
        ("GET", "/api/v1/statuses/abc", None, 404, "Record not found"),
        ("GET", "/api/v1/statuses/0", None, 404, "Record not found"),
        ("GET", "/api/v1/statuses/99999999999999999999", None, 404, "Record not found"),
        ("GET", "/api/v1/statuses/%00", None, 404, "Record not found"),
        ("GET", "/api/v1/statuses/%FF%FE", None, 404, "Record not found"),
    ],
)
async def test_refusals_speak_as_clients_expect(
    client: Client, method: str, path: str, token: str | None, status: int, text: str
) -> None:
    answer = await client.request(method, path, headers=bearer(token) if token else {})
    assert (answer.status_code, answer.json()["error"]) == (status, text)
    assert "x-ratelimit-remaining" in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("token", ["ann", "reader", None])
async def test_an_optional_route_works_with_and_without_a_token(client: Client, token: str | None) -> None:
    answer = await client.get("/api/v1/statuses/7", headers=bearer(token) if token else {})
    assert answer.json() == {"id": "7", "path": {"id": "7"}}


async def test_another_kind_of_authorization_is_not_ours(client: Client) -> None:
    headers = {"Authorization": "Basic YTpi"}
    assert (await client.get("/api/v1/statuses/7", headers=headers)).status_code == 200
    assert (await client.get("/api/v1/timelines/home", headers=headers)).status_code == 401


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearer é", "Bearer " + "x" * 5000, "ann", ""])
async def test_an_odd_authorization_header_is_an_invalid_token(client: Client, calls: Calls, header: str) -> None:
    answer = await client.get("/api/v1/timelines/home", headers={"Authorization": header.encode("utf-8")})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert calls.authenticated == []


async def test_a_route_without_auth_does_not_look_at_the_token(client: Client, calls: Calls) -> None:
    answer = await client.get("/api/v1/open", headers=bearer("wrong"))
    assert answer.status_code == 200
    assert calls.authenticated == []


async def test_a_token_in_the_query_counts_only_where_streams_need_it(client: Client) -> None:
    assert (await client.get("/api/v1/timelines/home?access_token=ann")).status_code == 401


async def test_the_right_is_checked_before_the_body_is_read(app: Application) -> None:
    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    status, _, _ = await call_raw(app, "POST", "/api/v1/statuses", [(b"content-length", b"20")], receive=receive)
    assert status == 401


async def test_head_is_get_without_a_body(client: Client) -> None:
    answer = await client.head("/api/v1/statuses/7")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_a_known_path_refuses_other_methods_and_says_which_it_takes(client: Client) -> None:
    answer = await client.delete("/api/v1/timelines/home")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_put_and_patch_are_interchangeable(client: Client) -> None:
    for method in ("PUT", "PATCH"):
        assert (await client.request(method, "/api/v1/profile", data={"status": "x"})).json()["status"] == "x"


async def test_preflight_needs_no_token_and_is_not_counted(client: Client) -> None:
    answer = await client.options(
        "/api/v1/statuses", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key"):
        assert name in answer.headers["access-control-allow-headers"]
    assert (await client.get("/api/v1/open")).headers["x-ratelimit-remaining"] == "299"


async def test_pages_have_a_strict_policy_and_no_cors(client: Client) -> None:
    answer = await client.get("/settings")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": BASE}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": BASE}, 401),
        ({"Sec-Fetch-Site": "same-site"}, 401),
        ({"Origin": "https://evil.example"}, 401),
        ({"Origin": "null"}, 401),
        ({}, 401),
    ],
)
async def test_a_cookie_writes_only_with_a_same_origin_proof(
    client: Client, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/settings", headers={"Cookie": "session=ann", **headers})
    assert answer.status_code == status


async def test_a_form_that_another_site_sends_is_refused(client: Client) -> None:
    answer = await client.post("/settings", headers={**bearer("ann"), "Origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_a_cookie_reads(client: Client, calls: Calls) -> None:
    answer = await client.get("/api/v1/timelines/home", headers={"Cookie": "a=b; session=ann"})
    assert answer.status_code == 200


async def test_used_up_limits_are_told_with_the_time_to_come_back(client: Client, clock: ManualClock) -> None:
    for _ in range(API_ADDRESS.limit):
        await client.get("/api/v1/absent")
    answer = await client.get("/api/v1/open")
    assert (answer.status_code, answer.json()["error"]) == (429, "Too many requests")
    assert (answer.headers["x-ratelimit-remaining"], answer.headers["retry-after"]) == ("0", "300")
    assert (await client.get("/api/v1/nothing")).status_code == 429
    assert (await client.get("/api/v1/open", headers=bearer("ann"))).status_code == 429
    assert (await client.get("/api/v1/timelines/home", headers=bearer("ann"))).status_code == 200
    clock.advance(300)
    assert (await client.get("/api/v1/open")).status_code == 200


async def test_a_route_has_a_limit_of_its_own_which_refused_callers_do_not_use_up(client: Client) -> None:
    remaining = [(await client.post("/api/v2/media")).headers["x-ratelimit-remaining"] for _ in range(2)]
    assert remaining == ["1", "0"]
    assert (await client.post("/api/v2/media")).status_code == 429


async def test_users_are_counted_apart_from_addresses(app: Application, serving: Serving) -> None:
    await call_raw(app, "GET", "/api/v1/timelines/home", [(b"authorization", b"Bearer ann")])
    assert serving.admit.check(API, ANN, cost=0).remaining == 299
    assert serving.admit.check(API_ADDRESS, "127.0.0.1", cost=0).remaining == 300


async def test_limits_that_are_off_are_still_told(calls: Calls, serving: Serving, clock: ManualClock) -> None:
    relaxed = msgspec.structs.replace(serving, admit=Admit(None, clock, enabled=False))
    app = Application(ROUTES, calls, relaxed)
    for _ in range(310):
        status, headers, _ = await call_raw(app, "GET", "/api/v1/open")
    assert (status, headers[b"x-ratelimit-remaining"]) == (200, b"1")


async def test_a_fault_of_ours_is_logged_without_values_and_answered_without_internals(client: Client) -> None:
    with capture_logs() as logs:
        answer = await client.get("/api/v1/fail?q=secret-in-query", headers=bearer("secret-token"))
    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    (entry,) = logs
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["error"] == "RuntimeError"
    assert "secret" not in repr(logs) + answer.text


async def test_what_was_done_is_reported_by_route(calls: Calls, serving: Serving) -> None:
    done: list[tuple[str, int]] = []
    reporting = msgspec.structs.replace(serving, on_done=lambda route, status, seconds: done.append((route, status)))
    app = Application(ROUTES, calls, reporting)
    await call_raw(app, "GET", "/api/v1/statuses/7")
    await call_raw(app, "GET", "/nothing")
    assert done == [("/api/v1/statuses/:id", 200), ("", 404)]


async def test_error_pages_for_people_are_rendered(calls: Calls, serving: Serving) -> None:
    def render(status: int, code: str, sentence: str, asked: Asked) -> bytes:
        return f"<h1>{status} {code}: {sentence} {dict(asked.scope['headers'])[b'accept'].decode()}</h1>".encode()

    app = Application(ROUTES, calls, msgspec.structs.replace(serving, render_error=render))
    status, headers, body = await call_raw(app, "GET", "/nothing", [(b"accept", b"text/html,*/*")])
    assert (status, body) == (404, b"<h1>404 route.absent: Record not found text/html,*/*</h1>")
    assert headers[b"content-type"].startswith(b"text/html")


def test_a_response_may_set_its_own_cache_rule() -> None:
    merged = merge_headers(base_headers(Style.MASTODON), [(b"cache-control", b"public, max-age=60")])
    assert [value for name, value in merged if name == b"cache-control"] == [b"public, max-age=60"]


def test_a_header_value_cannot_start_another_line() -> None:
    (header,) = merge_headers([], [(b"location", b"/x\r\nset-cookie: a=b")])
    assert header == (b"location", b"/xset-cookie: a=b")


async def test_a_stream_ends_with_its_source(client: Client) -> None:
    answer = await client.get("/api/v1/short")
    assert (answer.text, "content-length" in answer.headers) == ("one two", False)


async def test_a_stream_stops_when_the_client_leaves(app: Application, calls: Calls) -> None:
    sent: list[dict[str, Any]] = []
    left = asyncio.Event()
    requested = False

    async def receive() -> dict[str, Any]:
        nonlocal requested
        if not requested:
            requested = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 4:
            left.set()

    scope = http_scope("GET", "/api/v1/streaming/user", [], query=b"access_token=ann")
    await asyncio.wait_for(app(scope, receive, send), 5)
    assert sent[0]["status"] == 200
    assert len(calls.seen) == 1, "the source was closed"


async def test_what_takes_long_is_given_up_when_the_client_leaves(calls: Calls, serving: Serving) -> None:
    done, body = [], b'{"status": "for ever"}'
    reporting = msgspec.structs.replace(serving, on_done=lambda route, status, seconds: done.append(status))
    messages = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError("answered")

    headers = [(b"content-length", b"22"), (b"content-type", b"application/json")]
    scope = http_scope("POST", "/api/v1/long", headers)
    await asyncio.wait_for(Application(ROUTES, calls, reporting)(scope, receive, send), 5)
    assert (done, len(calls.seen)) == ([499], 1)


async def test_what_takes_long_is_answered_to_whoever_waits(client: Client, calls: Calls) -> None:
    answer = await client.post("/api/v1/long", json={"status": "hello"})
    assert (answer.status_code, answer.json(), calls.seen) == (200, {"status": "hello"}, [])


async def test_a_client_that_leaves_in_the_middle_of_its_body_gets_no_answer(calls: Calls, serving: Serving) -> None:
    done: list[int] = []
    reporting = msgspec.structs.replace(serving, on_done=lambda route, status, seconds: done.append(status))
    messages = [{"type": "http.request", "body": b"status=", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError("answered")

    headers = [(b"content-length", b"20"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = http_scope("POST", "/api/v1/statuses", [*headers, (b"authorization", b"Bearer ann")])
    await Application(ROUTES, calls, reporting)(scope, receive, send)
    assert (done, calls.seen) == ([499], [])


async def test_a_proxy_is_believed_only_when_it_is_trusted(calls: Calls, serving: Serving) -> None:
    forwarded = [(b"x-forwarded-for", b"203.0.113.9")]
    trusting = msgspec.structs.replace(serving, trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
    for given, address in ((serving, "127.0.0.1"), (trusting, "203.0.113.9")):
        await call_raw(Application(ROUTES, calls, given), "GET", "/api/v1/open", forwarded)
        assert calls.seen[-1].address == address


async def test_tables_may_have_contexts_of_their_own(calls: Calls, serving: Serving) -> None:
    second = Calls()
    other = msgspec.structs.replace(next(route for route in ROUTES if route.path == "/api/v1/open"), path="/api/v1/too")
    app = Application(ROUTES, calls, serving, others=[([other], second)])
    for path in ("/api/v1/open", "/api/v1/too"):
        assert (await call_raw(app, "GET", path))[0] == 200
    assert (len(calls.seen), len(second.seen)) == (1, 1)


@pytest.mark.parametrize("broken", [False, True])
async def test_what_is_around_the_application_starts_first_and_stops_last(
    calls: Calls, serving: Serving, broken: bool
) -> None:
    told: list[str] = []

    @contextlib.asynccontextmanager
    async def around() -> AsyncIterator[None]:
        if broken:
            raise OSError("no disk")
        told.append("open")
        yield
        told.append("closed")

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan"}

    async def send(message: Any) -> None:
        told.append(message["type"])

    app = Application(ROUTES, calls, msgspec.structs.replace(serving, lifespan=around))
    with pytest.raises(OSError) if broken else contextlib.nullcontext():
        await app({"type": "lifespan"}, receive, send)
    whole = ["open", "lifespan.startup.complete", "closed", "lifespan.shutdown.complete"]
    assert told == (["lifespan.startup.failed"] if broken else whole)


def test_an_error_page_escapes_what_the_caller_sent() -> None:
    assert b"<script" not in plain_page(422, "x", "Validation failed: <script>", Asked("7", {}))


async def test_sockets_are_handed_over_by_path(calls: Calls, serving: Serving) -> None:
    handled: list[str] = []

    async def socket(scope: Any, receive: Any, send: Any) -> None:
        handled.append(scope["path"])

    app = Application(ROUTES, calls, msgspec.structs.replace(serving, sockets={"/api/v1/streaming": socket}))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/api/v1/streaming", "/api/v1/streaming/", "/elsewhere"):
        await app({"type": "websocket", "path": path, "headers": [], "query_string": b""}, receive, send)
    assert handled == ["/api/v1/streaming", "/api/v1/streaming/"]
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_fault_in_a_socket_is_logged_without_values(calls: Calls, serving: Serving) -> None:
    async def socket(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("secret-in-message")

    app = Application(ROUTES, calls, msgspec.structs.replace(serving, sockets={"/s": socket}))
    with capture_logs() as logs:
        await app(
            {"type": "websocket", "path": "/s", "headers": [], "query_string": b"access_token=secret"}, None, None
        )  # type: ignore[arg-type]
    assert [entry["error"] for entry in logs] == ["RuntimeError"]
    assert "secret" not in repr(logs)


def http_scope(method: str, path: str, headers: list[tuple[bytes, bytes]], query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 5),
        "scheme": "http",
    }


async def call_raw(
    app: Application, method: str, path: str, headers: list[tuple[bytes, bytes]] | None = None, receive: Any = None
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(http_scope(method, path, headers or []), receive or nothing, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])
