"""A server of the pages and a browser, new for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.web.site import Site, site_with
from weft.infra.db import Db


@pytest.fixture
async def site(db: Db) -> AsyncIterator[Site]:
    async with site_with(db) as made:
        yield made


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.browser() as made:
        yield made
