"""What people write reaches readers as text: few tags, safe links, strict headers, names that turn and hide nothing."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.security.house import BASE, House, Person, path_of, routes
from weft.accounts.model import App
from weft.infra.routing.table import Style
from weft.settings import Settings
from weft.web.looks import Look
from weft.web.pages import Pages

TEMPLATES = Path(__file__).resolve().parents[2] / "weft" / "web" / "templates"
TAGS = {"p", "br", "a", "span"}
ATTRIBUTES = {"href", "class", "rel", "target", "translate"}
CLASSES = {"mention", "hashtag", "u-url", "h-card", "invisible", "ellipsis", "quote-inline"}
EVIL = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "javascript:alert(1)",
    "https://a.example/\"onmouseover=alert(1) x='",
    "<a href='data:text/html,x'>x</a>",
    "[x](javascript:alert(1)) ![](x)",
    "</p></div><style>*{display:none}</style>",
    "&lt;b&gt; &#x3c;script&#x3e;",
    "#tag<script> @ann<svg/onload=alert(1)>",
    "https://trusted.example@evil.example/ https://trusted.example\u2044evil.example/",
]
# Controls, marks that turn the line round, and some that show nothing.
ODD = "A\u202enn\u2066 \x07\x1b[31m\u200b\ufeff\u2028x\u0301" + "\u0301" * 40
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff\u2028]")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.faults.append(f"{tag} {name}")
            if name == "href" and not (value or "").startswith(("https://", "http://")):
                self.faults.append(f"{tag} {value}")
            if name == "class" and not set((value or "").split()) <= CLASSES:
                self.faults.append(f"{tag} {value}")


def faults_in(markup: str) -> list[str]:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader.faults


@pytest.mark.parametrize("text", EVIL)
async def test_html_of_posts_and_profiles_holds_only_what_is_allowed(house: House, text: str) -> None:
    ann = await house.person()
    fields = [{"name": text[:200], "value": text[:200]}]
    edit = {"note": text, "display_name": text[:30], "fields_attributes": fields}
    profile = (await ann.http.patch("/api/v1/accounts/update_credentials", json=edit)).json()
    post = await ann.say(f"{text} @{ann.name} #tag", spoiler_text=text)
    assert faults_in(post["content"]) == []
    assert faults_in(profile["note"]) == []
    assert [fault for field in profile["fields"] for fault in faults_in(field["value"])] == []


async def test_a_link_shows_the_host_it_leads_to(house: House) -> None:
    ann = await house.person()
    post = await ann.say("https://a-very-long-name-that-goes-on-and-on.evil.example/trusted.example/path")
    shown = re.findall(r'<span class="ellipsis">([^<]*)</span>', post["content"])
    assert shown == ["a-very-long-name-that-goes-on-and-on.evil.example"]


RENDERED = re.compile(
    r"\{\{ (?:bio|card|head|main|view\.drawn|view\.quote\.drawn|field\.html|field\.value|quote\.html) \| safe \}\}"
    r"|\{\{ [^{}|]+ \| drawn\((?:view\.)?emojis\) \| safe \}\}"
    r"|<script type=\"module\" src=\"\{\{ scripts\[0\] \}\}\"></script>"
)
"""What may stand unescaped: HTML of the render gate or of another template, and the app's own script by its address."""


def test_no_template_leaves_escaping_out() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = RENDERED.sub("", template.read_text("utf-8"))
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|<script|\son[a-z]+=|\sstyle=|javascript:", text), template
    sources = [path.read_text("utf-8") for path in Path(TEMPLATES.parents[1]).rglob("*.py")]
    assert not [text for text in sources if "autoescape=False" in text or "Markup(" in text]


async def test_every_answer_carries_its_headers(house: House) -> None:
    """Every GET there is, and a path that is none: never sniffed, never framed, never a script of somebody's."""
    ann = await house.person()
    for route in routes():
        if route.method != "GET" or route.path.startswith("/api/v1/streaming/"):
            continue
        check_headers(await ann.http.get(path_of(route)), page=route.style is Style.PAGE)
    for path, accept in (("/nothing", "text/html"), ("/api/nothing", "*/*"), ("/auth/nothing", "text/html")):
        answer = await house.visitor.get(path, headers={"accept": accept})
        check_headers(answer, page=answer.headers["content-type"].startswith("text/html"))


def check_headers(answer: httpx.Response, *, page: bool) -> None:
    path, policy = answer.request.url.path, answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff", path
    assert "default-src 'none'" in policy and "unsafe" not in policy, path
    assert answer.headers["referrer-policy"] == "same-origin", path
    if page:
        assert "access-control-allow-origin" not in answer.headers, path
        if path.endswith("/embed"):  # the one page that others may frame: it runs nothing
            assert "frame-ancestors *" in policy and "sandbox" in policy and "script-src" not in policy, path
            return
        assert "frame-ancestors 'none'" in policy, path
        leaves = path in ("/auth/sign_in", "/oauth/authorize")
        assert "form-action 'self'" in policy or leaves or answer.status_code >= 300, path


async def test_names_hide_and_turn_nothing(house: House) -> None:
    ann = await house.person()
    edit = {"display_name": ODD, "fields_attributes": [{"name": ODD, "value": ODD}]}
    profile = (await ann.http.patch("/api/v1/accounts/update_credentials", json=edit)).json()
    poll = {"options": [ODD, "b"], "expires_in": 600}
    post = await ann.say("x", spoiler_text=ODD, poll=poll)
    made = await ann.post("/api/v1/apps", client_name=ODD, redirect_uris="https://app.example/")
    listed = await ann.post("/api/v1/lists", title=ODD)
    kept = await ann.post("/api/v2/filters", title=ODD, context=["home"])
    field = profile["fields"][0]
    names = [profile["display_name"], field["name"], field["value"], post["spoiler_text"], made["name"]]
    for name in (*names, post["poll"]["options"][0]["title"], listed["title"], kept["title"]):
        assert not FORBIDDEN.search(name), name.encode("unicode_escape")
        assert "\u0301" * 6 not in name
        assert name.startswith("Ann")


async def test_longer_texts_hold_no_controls_and_are_shown_low(house: House) -> None:
    ann = await house.person()
    edit = {"note": ODD, "avatar_description": ODD, "header_description": ODD}
    profile = (await ann.http.patch("/api/v1/accounts/update_credentials", json=edit)).json()
    media = (await upload(ann, picture("PNG"), description=ODD)).json()
    post = await ann.say(ODD)
    texts = [profile[name] for name in edit] + [media["description"], post["content"]]
    for text in texts:
        assert not CONTROLS.search(text), text.encode("unicode_escape")
    assert "\u0301" * 6 not in post["content"] + profile["note"]


def test_a_page_isolates_names_and_says_where_it_leads() -> None:
    """A name written from right to left turns nothing else of the sentence it stands in."""
    hebrew = "\u05d0\u05d1\u05d2"
    app = App(id=1, client_id="x", name=hebrew, website="", redirect_uris=(), scopes=frozenset())
    me = {"username": "ann"}
    values = {"csrf": "", "error": "", "app": app, "me": me, "powers": [], "asked": {}, "return_to": "/"}
    shown = Pages(Settings()).show("consent.html", Look("en"), {**values, "goes_to": "app.example"}).body.decode()
    assert f"\u2068{hebrew}\u2069" in shown
    assert "app.example" in shown


def picture(form: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(out, form, **more)
    return out.getvalue()


async def upload(person: Person, data: bytes, name: str = "x.png", **fields: str) -> httpx.Response:
    return await person.http.post("/api/v2/media", files={"file": (name, data, "image/png")}, data=fields)


def blobs(house: House) -> set[str]:
    return set(house.worker.ports.blobs.names())


async def test_a_served_picture_is_our_own_and_runs_nowhere(house: House) -> None:
    """Where a photo was taken, by which camera and what was hidden in it stay with whoever sent it."""
    ann = await house.person()
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (37.0, 30.0, 0.0)
    sent = picture("JPEG", exif=exif, comment=b"secret comment") + b"<script>secret tail</script>"
    media = (await upload(ann, sent, "../../evil.html")).json()
    for url in (media["url"], media["preview_url"]):
        assert re.fullmatch(rf"{BASE}/media/[0-9a-f]{{32}}\.[a-z0-9]+", url)
        answer = await house.visitor.get(url.removeprefix(BASE))
        assert b"ecret" not in answer.content
        assert dict(Image.open(io.BytesIO(answer.content)).getexif()) == {}
        assert answer.headers["content-type"].startswith("image/")
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"


BOMB = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x02\x00\x00\x00\xd6\x8a\x0b\xc2"


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"PK\x03\x04" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"#EXTM3U\nfile:///etc/passwd",
        BOMB + bytes(100),
        b"\x89PNG\r\n\x1a\n" + b"junk" * 50,
    ],
)
async def test_active_formats_bombs_and_junk_are_refused_and_leave_nothing(house: House, data: bytes) -> None:
    ann = await house.person()
    for name in ("x.png", "x.svg"):
        answer = await upload(ann, data, name)
        assert answer.status_code == 422, answer.text
    files = {"avatar": ("x.png", data, "image/png")}
    assert (await ann.http.patch("/api/v1/accounts/update_credentials", files=files)).status_code == 422
    assert blobs(house) == set()


async def test_deleting_removes_every_form_and_ends_the_names(house: House) -> None:
    ann = await house.person()
    media = (await upload(ann, picture("PNG"))).json()
    names = blobs(house)
    assert len(names) >= 1
    assert (await ann.http.delete(f"/api/v1/media/{media['id']}")).status_code == 200
    assert blobs(house) == set()
    for name in names:
        assert (await house.visitor.get(f"/media/{name}")).status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fadmit.map", "%2e%2e/secret", "0" * 32 + ".html", "0" * 32 + ".png", "x"])
async def test_a_name_that_is_not_ours_is_no_file(house: House, name: str) -> None:
    assert (await house.visitor.get(f"/media/{name}")).status_code == 404
