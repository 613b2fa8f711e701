"""Prints what the application adds to a bare ASGI one. Informational: it fails only far beyond the bar, since tests
share a busy machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.infra.routing.sample import BASE, TOKENS, Calls, home, page, route
from tests.infra.routing.test_application import http_scope
from weft.infra.admit import Admit
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.paging import PageParams, link_header
from weft.infra.routing.table import Auth, Call, Grant
from weft.kernel.clock import Clock
from weft.kernel.paging import Paged

ROUNDS = 3000
FAR_TOO_MUCH_US = 100

HEADERS = [
    (b"host", b"weft.example"),
    (b"user-agent", b"an app"),
    (b"accept", b"application/json"),
    (b"authorization", b"Bearer ann"),
    (b"accept-encoding", b"gzip"),
]


async def bare(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def nothing() -> dict[str, Any]:
    return {}


async def drop(message: Any) -> None:
    pass


async def cost_us(app: Callable[..., Awaitable[None]]) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(ROUNDS):
            await app(http_scope("GET", "/api/v1/timelines/home", HEADERS, b"limit=20"), nothing, drop)
        best = min(best, (time.process_time() - started) / ROUNDS * 1e6)
    return best


def test_the_way_through_the_application_is_short() -> None:
    async def authenticate(token: str) -> Grant | None:
        return TOKENS.get(token)

    clock = Clock()
    serving = Serving(authenticate=authenticate, admit=Admit(None, clock, enabled=False), clock=clock, base_url=BASE)
    routes = [
        route("GET", f"/api/v1/other{number}/:id", home, auth=Auth.USER, params=PageParams) for number in range(250)
    ]
    routes.append(
        route("GET", "/api/v1/timelines/home", page, auth=Auth.USER, scopes=("read:statuses",), params=PageParams)
    )
    app = Application(routes, Calls(), serving)

    async def measure() -> tuple[float, float]:
        return await cost_us(bare), await cost_us(app)

    raw, ours = asyncio.run(measure())
    print(
        f"\nbare ASGI {raw:.1f} us, the application {ours:.1f} us: {ours - raw:.1f} us of routing, rights, limits, ..."
    )
    assert ours - raw < FAR_TOO_MUCH_US


def test_a_link_header_is_cheap() -> None:
    call: Call[Any, Any] = Call(None, route("GET", "/api/v1/timelines/home", home), {})
    call.url_path, call.query = "/api/v1/timelines/home", "limit=20&max_id=116000000000000000&local=true"
    paged: Paged[int] = Paged([], 116000000000000000, 116000000000000009)
    started = time.process_time()
    for _ in range(ROUNDS):
        link_header(call, BASE, paged)
    took = (time.process_time() - started) / ROUNDS * 1e6
    print(f"\nlink header {took:.1f} us")
    assert took < FAR_TOO_MUCH_US
