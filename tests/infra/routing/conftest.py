"""The sample application, and a client that calls it without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.infra.routing.sample import BASE, NOW_MS, ROUTES, TOKENS, Calls
from weft.infra.admit import Admit
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.table import Grant
from weft.kernel.clock import ManualClock


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def serving(calls: Calls, clock: ManualClock) -> Serving:
    async def authenticate(token: str) -> Grant | None:
        calls.authenticated.append(token)
        return TOKENS.get(token)

    async def by_cookie(cookies: Any) -> Grant | None:
        return TOKENS.get(cookies.get("session", ""))

    admit = Admit(None, clock, enabled=True)
    return Serving(authenticate=authenticate, admit=admit, clock=clock, base_url=BASE, authenticate_cookie=by_cookie)


@pytest.fixture
def app(calls: Calls, serving: Serving) -> Application:
    return Application(ROUTES, calls, serving)


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as made:
        yield made
