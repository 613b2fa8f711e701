"""The app's page and files: what the server paints before any script, and how browsers may keep it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.web.site import Site, site_with
from weft.infra.db import Db
from weft.infra.routing.table import Route
from weft.infra.routing.trie import Trie
from weft.web.build import Build
from weft.web.routes import ROUTES
from weft.web.texts import LANGUAGES

SOURCES = Path(__file__).resolve().parents[2] / "frontend" / "src"

SCRIPT = b"console.log('woven')\n" * 200
MANIFEST = {
    "src/main.ts": {
        "file": "app/main-1.js",
        "isEntry": True,
        "css": ["app/main-1.css"],
        "imports": ["_shared-1.js"],
        "dynamicImports": ["src/screens/home/Home.svelte", "src/text/vi/core.json"],
    },
    "_shared-1.js": {"file": "app/shared-1.js", "css": ["app/shared-1.css"]},
    "src/screens/home/Home.svelte": {
        "file": "app/Home-1.js",
        "css": ["app/Home-1.css"],
        "imports": ["src/main.ts", "_shared-1.js"],
    },
    "src/text/vi/core.json": {"file": "app/core-vi-1.js"},
}


def built_in(folder: Path) -> str:
    """A build as the bundler writes it."""
    (folder / ".vite").mkdir(parents=True)
    (folder / "app").mkdir()
    for name in (
        "main-1.js",
        "shared-1.js",
        "Home-1.js",
        "core-vi-1.js",
        "main-1.css",
        "shared-1.css",
        "Home-1.css",
        "icons-1.svg",
    ):
        (folder / "app" / name).write_bytes(SCRIPT)
    (folder / "app" / "type.woff2").write_bytes(b"wOF2")
    (folder / "sw.js").write_bytes(SCRIPT)
    (folder / "secret.txt").write_bytes(b"not of the app")
    (folder / ".vite" / "manifest.json").write_bytes(msgspec.json.encode(MANIFEST))
    return str(folder)


@pytest.fixture
async def app(db: Db, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_with(db, app=built_in(tmp_path / "build")) as made:
        yield made


async def page(app: Site, path: str = "/", **headers: str) -> httpx.Response:
    async with app.browser() as browser:
        answer = await browser.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_every_path_of_the_app_is_answered_by_its_page(app: Site) -> None:
    for path in ("/", "/for-you", "/search?q=x", "/activity/mentions", "/messages/1", "/@ann/replies", "/@ann/1/likes"):
        text = (await page(app, path)).text
        assert '<script type="module" src="/app/main-1.js">' in text
    for path in ("/lists/7", "/saved", "/compose", "/settings", "/settings/account", "/start", "/tags", "/reports"):
        assert 'id="main"' in (await page(app, path)).text


async def test_the_page_asks_for_what_it_needs_and_for_each_once(app: Site) -> None:
    text = (await page(app, "/", **{"accept-language": "vi"})).text
    assert re.findall(r'^ *<link rel="stylesheet" href="([^"]+)"', text, re.M) == [
        "/app/main-1.css",
        "/app/shared-1.css",
        "/app/Home-1.css",
    ]
    assert re.findall(r'modulepreload" href="([^"]+)"', text) == [
        "/app/shared-1.js",
        "/app/core-vi-1.js",
        "/app/Home-1.js",
    ]
    assert "Home-1.js" not in (await page(app, "/saved")).text


async def test_language_theme_and_text_size_stand_in_the_first_byte(app: Site) -> None:
    assert '<html lang="ko">' in (await page(app, **{"accept-language": "ko-KR,en"})).text
    chosen = (await page(app, cookie="weft_lang=vi; weft_theme=dark; weft_text=130")).text
    assert '<html lang="vi" data-theme="dark" data-text="130">' in chosen
    system = (await page(app, cookie='weft_theme=system; weft_text=100; weft_lang="><script>')).text
    assert '<html lang="en">' in system
    assert system.count('name="theme-color"') == 2 and chosen.count('name="theme-color"') == 1


def test_the_server_answers_every_path_that_the_app_knows() -> None:
    known: Trie[Route] = Trie()
    for route in ROUTES:
        known.add(route.method, route.path, route)
    paths = re.findall(r"path: '([^']+)'", (SOURCES / "routes.ts").read_text("utf-8"))
    assert len(paths) > 20
    for path in paths:
        asked = path.replace("@handle", "@ann").replace(":", "x")
        assert known.find("GET", asked).route is not None, path


async def test_three_skeletons_are_painted_before_any_script(app: Site) -> None:
    text = (await page(app)).text
    assert text.count('class="skeleton of-post"') == 3
    assert all(f'class="{name}"' in text for name in ("rail", "topbar", "column", "side", "bottombar"))
    assert "<noscript>" in text


async def test_the_frame_is_the_one_that_the_app_draws(app: Site) -> None:
    visitor, member = (await page(app)).text, (await page(app, cookie="weft_session=x")).text
    assert 'class="frame visitor"' in visitor and 'class="frame"' in member
    assert 'href="/local"' in visitor and 'href="/messages"' not in visitor
    assert 'class="rail-item" href="/" aria-current="page"' in member and 'href="/messages"' in member
    assert "/app/icons-1.svg#house" in member


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_says_what_the_app_says(language: str) -> None:
    said = json.loads((SOURCES / "text" / language / "core.json").read_text("utf-8"))
    for key, text in LANGUAGES[language].items():
        if key.startswith("shell.") and key not in ("shell.noscript", "shell.navigation"):
            assert text == said[key.replace("shell.", "core.")], key


async def test_the_page_lets_nothing_foreign_and_nothing_inline_run(app: Site, db: Db, tmp_path: Path) -> None:
    answer = await page(app)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert "connect-src 'self' ws://localhost:8000" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on\w+=", answer.text)
    there = built_in(tmp_path / "other")
    async with site_with(db, app=there, base_url="https://weft.example", media_url="https://media.example/x") as other:
        told = (await page(other)).headers["content-security-policy"]
    assert "img-src 'self' data: blob: https://media.example;" in told and "wss://weft.example" in told


async def test_nobody_on_the_way_keeps_the_page(app: Site) -> None:
    assert (await page(app)).headers["cache-control"] == "private, no-store"


async def test_files_are_kept_for_ever_and_packed_where_that_is_understood(app: Site) -> None:
    async with app.browser() as browser:
        packed = await browser.get("/app/main-1.js")
        plain = await browser.get("/app/main-1.js", headers={"accept-encoding": "identity"})
        again = await browser.get("/app/main-1.js", headers={"if-none-match": plain.headers["etag"]})
        font = await browser.get("/app/type.woff2")
        style = await browser.get("/app/main-1.css")
    assert packed.headers["content-encoding"] == "gzip" and packed.content == SCRIPT == plain.content
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT, 6)) < len(SCRIPT)
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["vary"] == "accept-encoding"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert font.headers["content-type"] == "font/woff2" and "content-encoding" not in font.headers
    assert again.status_code == 304 and not again.content


@pytest.mark.parametrize("path", ["/app/none.js", "/app/../secret.txt", "/app/%2e%2e/secret.txt", "/app/", "/app"])
async def test_only_files_of_the_build_are_served(app: Site, path: str) -> None:
    async with app.browser() as browser:
        assert (await browser.get(path)).status_code == 404


async def test_the_service_worker_is_for_the_whole_site_and_always_asked_for(app: Site) -> None:
    answer = await page(app, "/sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "connect-src 'self'" in answer.headers["content-security-policy"]


async def test_without_a_build_the_front_page_stays(site: Site, browser: httpx.AsyncClient) -> None:
    front = await browser.get("/")
    assert front.status_code == 200 and "<script" not in front.text and "/auth/sign_in" in front.text
    for path in ("/for-you", "/settings/account", "/sw.js", "/app/main-1.js"):
        assert (await browser.get(path)).status_code == 404


def test_a_developers_build_is_read_again_when_it_changes(tmp_path: Path) -> None:
    build = Build(str(tmp_path / "build"))
    before = build.exists
    built_in(tmp_path / "build")
    assert (before, build.exists) == (False, True)
    assert build.file("main-1.js") is not None


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"src/main.ts": {"file": 7}}'])
def test_a_build_that_cannot_be_read_is_no_build(tmp_path: Path, text: bytes) -> None:
    folder = built_in(tmp_path / "build")
    (tmp_path / "build" / ".vite" / "manifest.json").write_bytes(text)
    assert not Build(folder).exists
