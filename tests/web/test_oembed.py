"""oEmbed, the page it frames, and the manifest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.town import BASE, Person
from tests.web.test_public_pages import Outline
from tests.web.village import Village
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.web.pictures import Pictures

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def village(db: Db, clock: ManualClock) -> Village:
    return Village(db, clock)


@pytest.fixture
async def ann(village: Village) -> Person:
    return await village.person("ann", display_name='Ann "<Lee>"')


async def ask(village: Village, url: str, **params: Any) -> httpx.Response:
    return await village.browser.get("/api/oembed", params={"url": url, **params})


async def test_a_posts_page_names_its_oembed_which_hands_out_a_frame(village: Village, ann: Person) -> None:
    said = await ann.say("hello")
    found = Outline(await village.text(f"/@ann/{said['id']}"))
    address = next(one for one in found.all("link") if one.get("type") == "application/json+oembed")["href"]
    assert address is not None
    answer = await village.page(address.removeprefix(BASE))
    given = answer.json()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert given | {"html": "", "height": 0} == {
        "type": "rich",
        "version": "1.0",
        "title": 'Post by \u2068Ann "<Lee>"\u2069',
        "author_name": 'Ann "<Lee>"',
        "author_url": f"{BASE}/@ann",
        "provider_name": "Harbour",
        "provider_url": f"{BASE}/",
        "cache_age": 86400,
        "html": "",
        "width": 400,
        "height": 0,
    }
    frames = Outline(given["html"]).all("iframe")
    assert [frame["src"] for frame in frames] == [f"{BASE}/@ann/{said['id']}/embed"]
    assert "allow-scripts" not in (frames[0]["sandbox"] or "")


async def test_sizes_stay_within_what_was_asked_for(village: Village, ann: Person) -> None:
    said = await ann.say("word " * 100)
    url = f"{BASE}/@ann/{said['id']}"
    for asked, width in ((100, 220), (300, 300), (5000, 600), (-1, 220), (0, 400)):
        assert (await ask(village, url, maxwidth=asked)).json()["width"] == width
    assert (await ask(village, url, maxheight=200)).json()["height"] == 200
    assert (await ask(village, url)).json()["height"] > 250


async def test_only_addresses_of_public_posts_are_answered(village: Village, ann: Person) -> None:
    said, secret = await ann.say("hello"), await ann.say("hush", visibility="private")
    for url in (
        f"{BASE}/@ann/{secret['id']}",
        f"{BASE}/@ann",
        f"{BASE}/@ann/{said['id']}/likes",
        f"https://elsewhere.example/@ann/{said['id']}",
        f"{BASE}.evil.example/@ann/{said['id']}",
        "",
        "http://[",
        f"{BASE}/@ann/%00",
    ):
        assert (await ask(village, url)).status_code == 404, url
    assert (await ask(village, f"{BASE}/@ann/{said['id']}?x#y")).status_code == 200
    assert (await ask(village, f"{BASE}/@ann/{said['id']}", format="xml")).status_code == 501


async def test_the_embed_page_may_be_framed_and_can_do_nothing(village: Village, ann: Person) -> None:
    said = await ann.say("hello https://else.example/")
    answer = await village.page(f"/@ann/{said['id']}/embed")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["frame-ancestors"] == "*" and policy["default-src"] == "'none'" and "script-src" not in policy
    assert "allow-scripts" not in policy["sandbox"] and "allow-same-origin" not in policy["sandbox"]
    assert "x-frame-options" not in answer.headers and "set-cookie" not in answer.headers
    outline = Outline(answer.text)
    assert outline.all("base") == [{"target": "_blank"}] and not outline.all("script") and not outline.all("form")
    for theme, written in (("dark", "dark"), ("light", "light"), ('x"', None)):
        page = (await village.page(f"/@ann/{said['id']}/embed?theme={theme}")).text
        assert Outline(page).all("html")[0].get("data-theme") == written


async def test_no_other_page_may_be_framed(village: Village, ann: Person) -> None:
    said = await ann.say("hello")
    for path in ("/@ann", f"/@ann/{said['id']}", "/tags/x", "/@nobody"):
        policy = (await village.page(path)).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy, path


@pytest.mark.parametrize(("language", "word"), [("en", "Write a post"), ("vi", "Viết bài"), ("ko", "글쓰기")])
async def test_the_manifest_speaks_the_readers_language(village: Village, language: str, word: str) -> None:
    answer = await village.page("/manifest.webmanifest", cookie=f"weft_lang={language}; weft_theme=dark")
    given = answer.json()
    assert answer.headers["content-type"] == "application/manifest+json"
    assert (given["lang"], given["dir"], given["id"], given["start_url"]) == (language, "ltr", "/", "/")
    assert (given["name"], given["short_name"], given["display"]) == ("Harbour", "Harbour", "standalone")
    assert given["theme_color"] == "#131315" and given["shortcuts"][0]["name"] == word
    assert given["share_target"]["action"] == "/compose"
    served = Pictures().by_path
    for icon in given["icons"]:
        picture = served[icon["src"]]
        width, height = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
        assert icon["sizes"] == f"{width}x{height}"
    assert {(icon["sizes"], icon["purpose"]) for icon in given["icons"]} >= {
        ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")
    }  # fmt: skip


def test_pages_without_the_apps_style_have_its_colours() -> None:
    """The embed's tokens are a copy, for it loads nothing of the app."""
    ours = (ROOT / "weft" / "web" / "assets" / "tokens.css").read_text("utf-8")
    apps = (ROOT / "frontend" / "src" / "styles" / "tokens.css").read_text("utf-8")

    def themes(style: str) -> list[dict[str, str]]:
        """The colours of each block: light, dark by the system, dark by choice."""
        blocks = re.findall(r":root[^{]*\{([^}]*--paper[^}]*)\}", style)
        return [dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{3,6});", block)) for block in blocks]

    assert len(themes(ours)) == len(themes(apps)) == 3
    for copy, token in zip(themes(ours), themes(apps), strict=True):
        assert copy.items() <= token.items()
