"""Chromium signs in to an app by https, its own scheme and out of band: no policy of ours stops the way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from bench.browser import FLAGS
from bench.browser import chromium as installed
from tests.web.provider import free_port
from tests.web.site import CALLBACK, PASSWORD, Site, asking, fetch_token, register, site_with, values_of
from weft.infra.db import Db

pytestmark = pytest.mark.browser


@pytest.fixture
def chromium() -> str:
    found = installed()
    if found is None:
        pytest.skip("no Chromium is installed, so no browser can sign in")
    return found


@pytest.fixture
async def site(db: Db) -> AsyncIterator[Site]:
    """Over real sockets this time, for a real browser."""
    port = free_port()
    async with site_with(db, base_url=f"http://localhost:{port}") as made:
        config = uvicorn.Config(made.application, host="localhost", port=port, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield made
        server.should_exit = True
        await serving


@pytest.fixture
async def page(chromium: str) -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield await browser.new_page()
        await browser.close()


async def agree(page: Any, site: Site, app: dict[str, Any]) -> None:
    """From the app's link through sign-in to the button that lets it in."""
    await page.goto(f"{site.settings.url}/oauth/authorize?{httpx.QueryParams(asking(app, state='s'))}")
    await page.fill("#login", "ann")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector("button[value=allow]")


@pytest.mark.parametrize("uri", [CALLBACK, "reader://back"])
async def test_the_browser_carries_the_code_back_to_the_app(site: Site, page: Any, uri: str) -> None:
    await site.person("ann")
    gone_to: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    refused: list[str] = []

    def note(request: Any) -> None:
        if request.url.startswith(uri) and not gone_to.done():
            gone_to.set_result(request.url)

    page.on("request", note)
    page.on("console", lambda message: refused.append(message.text))
    async with site.app() as client:
        app = await register(client, redirect_uris=uri)
        await agree(page, site, app)
        async with page.expect_response(lambda response: response.request.method == "POST") as answered:
            await page.click("button[value=allow]", no_wait_after=True)
        location = (await (await answered.value).all_headers())["location"]
        if uri == CALLBACK:
            assert await asyncio.wait_for(gone_to, 10) == location
        await page.wait_for_timeout(200)
        assert not [text for text in refused if "Content Security Policy" in text], refused
        code = values_of(location)["code"]
        assert (await fetch_token(client, app, code)).status_code == 200


async def test_the_browser_shows_the_code_where_an_app_cannot_be_called(site: Site, page: Any) -> None:
    await site.person("ann")
    async with site.app() as client:
        app = await register(client, redirect_uris="urn:ietf:wg:oauth:2.0:oob")
        await agree(page, site, app)
        await page.click("button[value=allow]")
        code = await page.input_value("input.code")
        assert (await fetch_token(client, app, code)).status_code == 200


async def test_pages_fit_a_phone_in_three_languages(site: Site, page: Any) -> None:
    await site.person("ann")
    await page.set_viewport_size({"width": 360, "height": 700})
    for path in ("/auth/sign_in", "/auth/sign_up", "/auth/password/new"):
        for language in ("en", "vi", "ko"):
            await page.goto(f"{site.settings.url}{path}?lang={language}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360
            assert await page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") == "600"
