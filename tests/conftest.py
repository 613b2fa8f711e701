"""Real PostgreSQL for the tests: one server per test process, one fresh migrated database per test.

`--postgres system` runs everything on the machine's own server instead of the embedded one; tests marked
`both_postgres` run on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.support.postgres import KINDS, Servers
from tests.support.server import LiveServer, running_server
from weft.infra.db import Db, open_db
from weft.kernel.clock import ManualClock

NEW_YEAR_2026 = 1_767_225_600_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", choices=KINDS, default="embedded", help="the PostgreSQL that the tests run on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "postgres_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_postgres"):
        metafunc.parametrize("postgres_kind", KINDS, indirect=True)


@pytest.fixture(autouse=True)
def usual_logs() -> Iterator[None]:
    """A command sets the logs of its whole process, which here is also other tests'."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    running = Servers()
    yield running
    running.stop()


@pytest.fixture
def postgres_kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", request.config.getoption("--postgres")))


@pytest.fixture
def empty_database_url(servers: Servers, postgres_kind: str) -> Iterator[str]:
    """A database of one's own without any table."""
    with servers.database(postgres_kind, migrated=False) as url:
        yield url


@pytest.fixture
def database_url(servers: Servers, postgres_kind: str) -> Iterator[str]:
    """A database of one's own with the newest schema and no rows."""
    with servers.database(postgres_kind, migrated=True) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NEW_YEAR_2026)


@pytest.fixture
async def db(database_url: str, clock: ManualClock) -> AsyncIterator[Db]:
    database = await open_db(database_url, clock, size=6)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def server(servers: Servers, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """One running server for all tests of this process that want one. Make people of your own on it: it is shared."""
    kind = str(request.config.getoption("--postgres"))
    with servers.database(kind, migrated=True) as url, running_server(url) as live:
        yield live
