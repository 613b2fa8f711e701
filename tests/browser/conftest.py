"""Browser tests: Chromium, the demo's community on a real server, and a watched window for each person of a test.

``--matrix spread`` gives each test one width and theme, drawn from its name, and each ``place`` of a test over all
screens one of its own; ``--matrix full`` gives all six. ``--rounds N`` runs each test N times.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bench.browser import FLAGS
from bench.browser import chromium as installed
from tests.browser.island import Island
from tests.browser.parlour import Parlour, open_parlour, reset
from tests.browser.places import PLACES
from tests.browser.screen import LOOKS, Look
from tests.browser.stage import Stage
from tests.browser.town import ROOT, Town, shared_town
from tests.support.postgres import Servers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--matrix", choices=("spread", "full"), default="spread", help="widths and themes of windows")
    parser.addoption("--town", default="", help="a folder whose community is used, and kept running")
    parser.addoption("--rounds", type=int, default=1, help="how often each browser test runs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "look" not in metafunc.fixturenames:
        return
    full = metafunc.config.getoption("--matrix") == "full"
    rounds = range(int(metafunc.config.getoption("--rounds")))
    many = len(rounds) > 1
    if "place" in metafunc.fixturenames:
        spread = [(place, LOOKS[number % len(LOOKS)]) for number, place in enumerate(PLACES)]
        every = [(place, look) for place in PLACES for look in LOOKS]
        places = [(place, look, number) for number in rounds for place, look in (every if full else spread)]
        ids = [f"{place.name}-{look}-{number}" if many else f"{place.name}-{look}" for place, look, number in places]
        metafunc.parametrize(("place", "look"), [(place, look) for place, look, _ in places], ids=ids)
        return
    name = metafunc.definition.nodeid.rpartition("::")[2]
    only = metafunc.definition.get_closest_marker("widths")
    looks = LOOKS if only is None else tuple(look for look in LOOKS if look.width in only.args)
    looks = looks if full else (looks[zlib.crc32(name.encode()) % len(looks)],)
    params = [(look, number) for number in rounds for look in looks]
    ids = [f"{look}-{number}" if many else str(look) for look, number in params]
    metafunc.parametrize("look", [look for look, _ in params], ids=ids)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "widths(*pixels): the only widths at which a browser test makes sense")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = installed()
    if found is None:
        pytest.skip("no Chromium is installed, so nobody can look at the app")
    return found


@pytest.fixture(scope="session")
def town(chromium: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The demo's community, one for all test processes."""
    if not (ROOT / "frontend" / "src").is_dir():
        pytest.skip("the app's sources are not here, and its texts are needed to find buttons")
    base = tmp_path_factory.getbasetemp()
    worker = str(getattr(request.config, "workerinput", {}).get("workerid", ""))
    kept = str(request.config.getoption("--town"))
    folder = Path(kept) if kept else (base.parent if worker else base) / "town"
    if kept:
        (folder / "users").mkdir(parents=True, exist_ok=True)
        (folder / "users" / "kept").touch()
    with shared_town(folder, worker or "only") as running:
        if 'id="main"' not in running.visitor.get("/").text:
            pytest.skip("the web app is not built, so there is nothing to look at")
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        await running.close()


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    return LOOKS[0]


@asynccontextmanager
async def watched(town: Town, browser: Any, look: Look) -> AsyncIterator[Stage]:
    """A stage whose windows must have shown no fault at the end."""
    opened = Stage(town, browser, look)
    yield opened
    await asyncio.sleep(0.05)
    problems = opened.problems()
    await opened.close()
    assert not problems, "\n".join(problems)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(town: Town, browser: Any, look: Look) -> AsyncIterator[Stage]:
    async with watched(town, browser, look) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def shore(own: Island, browser: Any, look: Look) -> AsyncIterator[Stage]:
    """A stage on the test file's ``own`` server instead of the town's."""
    async with watched(own, browser, look) as opened:
        yield opened


@pytest.fixture(scope="module")
def rows(servers: Servers) -> Iterator[str]:
    """The database of a test file's own community."""
    with servers.database("embedded", migrated=True) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def parlour(chromium: str, rows: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parlour]:
    """The community of a test file about the assistant."""
    async with open_parlour(rows, tmp_path_factory.mktemp("parlour")) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def room(parlour: Parlour, browser: Any, look: Look) -> AsyncIterator[Stage]:
    """Windows of people of that community; the model is as every test finds it."""
    reset(parlour)
    async with watched(parlour, browser, look) as opened:
        yield opened
