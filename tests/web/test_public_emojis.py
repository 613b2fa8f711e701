"""The community's own emojis on pages without script: drawn from the community's files, and nothing else is."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.support.town import BASE, Person
from tests.web.test_public_pages import Outline
from tests.web.village import Village
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.media.service import Emoji, add_emoji, remove_emoji

CAT = f"{BASE}/media/cat-still.webp"
ATOM = "{http://www.w3.org/2005/Atom}"
CSS = Path(__file__).parents[2] / "weft" / "web" / "assets" / "public.css"


@pytest.fixture
async def village(db: Db, clock: ManualClock) -> Village:
    village = Village(db, clock)
    await add_emoji(db, Emoji(shortcode="cat", name="cat.gif", static_name="cat-still.webp"))
    await add_emoji(db, Emoji(shortcode="odd", name="o.gif", static_name='o"><script>.webp', visible=False))
    return village


@pytest.fixture
async def ann(village: Village) -> Person:
    return await village.person("ann", display_name="Ann :cat: <b>")


def drawn(page: str) -> list[dict[str, str | None]]:
    return [one for one in Outline(page).all("img") if one.get("class") == "emoji"]


def inside(page: str, opening: str, closing: str) -> str:
    """What stands between two pieces of a page, the first time."""
    found = re.search(f"{re.escape(opening)}(.*?){re.escape(closing)}", page, re.DOTALL)
    assert found, opening
    return found[1]


async def test_names_words_warnings_polls_and_fields_show_them(village: Village, ann: Person) -> None:
    await village.profile(ann, bio="I have a :cat:", fields=[("Pet :cat:", "one :cat:")])
    bob = await village.person("bob", display_name="Bob :cat:")
    root = await ann.say("first :cat:", spoiler_text="About a :cat:")
    await ann.say("choose", poll={"options": ["a :cat:", "a dog"], "expires_in": 600})
    answer = await bob.say("well", in_reply_to_id=root["id"])
    quoting = await bob.say("see", quoted_status_id=root["id"])
    await bob.post(f"statuses/{root['id']}/reblog")
    profile, bobs = await village.text("/@ann"), await village.text("/@bob")
    for opening, closing, page in (
        ('<h1 id="pub-name" class="p-name">', "</h1>", profile),
        ('<p class="pub-bar">', "</p>", profile),
        ('<div class="pub-text p-note" dir="auto">', "</div>", profile),
        ('<dt dir="auto">', "</dt>", profile),
        ('<dd dir="auto">', "</dd>", profile),
        ('class="pub-name"', "</a>", profile),
        ('<summary><span dir="auto">', "</summary>", profile),
        ("</summary>", "</div>", profile),
        ('<section class="pub-poll"', "</li>", profile),
        ('<p class="pub-note">', "</p>", bobs),
        ('<p class="pub-quiet">Replying to', "</p>", await village.text(f"/@bob/{answer['id']}/embed")),
        ('<blockquote class="pub-quote"', "</blockquote>", await village.text(f"/@bob/{quoting['id']}")),
    ):
        (first, *_) = drawn(inside(page, opening, closing)) or [None]
        assert first is not None, opening
        assert (first["src"], first["alt"], first["title"]) == (CAT, ":cat:", ":cat:"), opening
    assert ":cat:" not in re.sub("<[^>]*>", "", inside(profile, "<body>", "</body>"))


async def test_titles_and_previews_keep_the_words(village: Village, ann: Person) -> None:
    said = await ann.say("hello :cat:")
    page = await village.text(f"/@ann/{said['id']}")
    outline = Outline(page)
    assert outline.meta("og:description") == ["hello :cat:"]
    assert outline.meta("og:title") == ["Post by \u2068Ann :cat: <b>\u2069"]
    assert "Ann :cat: &lt;b&gt;" in inside(page, "<title>", "</title>")
    assert not drawn(inside(page, "<head>", "</head>"))


async def test_only_the_communitys_are_drawn_and_nothing_breaks_out(village: Village, ann: Person) -> None:
    hostile = ':dog: :cat :odd: <img class="emoji" src=x onerror=alert(1)> :cat:"onload=alert(1): 10:30:45'
    page = await village.text(f"/@ann/{(await ann.say(hostile))['id']}")
    text = inside(page, '<div class="pub-text" dir="auto"', "</div>")
    assert [one["alt"] for one in drawn(text)] == [":odd:", ":cat:"]
    assert all(set(one) == {"class", "src", "alt", "title", "width", "height", "loading"} for one in drawn(text))
    assert drawn(text)[0]["src"] == f'{BASE}/media/o"><script>.webp' and "<script" not in text
    assert ":dog: :cat <img" in unescape(text) and "10:30:45" in text


async def test_addresses_and_mentions_stay_readable(village: Village, ann: Person) -> None:
    said = await ann.say("https://a.example/:cat:/x and :cat: @ann #cat")
    text = inside(await village.text(f"/@ann/{said['id']}"), '<div class="pub-text" dir="auto"', "</div>")
    assert len(drawn(text)) == 1 and text.count("a.example/:cat:/x") == 2


async def test_their_room_is_kept_before_they_come(village: Village, ann: Person) -> None:
    await ann.say("hello :cat:")
    for one in drawn(await village.text("/@ann")):
        assert (one["width"], one["height"]) == ("20", "20")
    rule = inside(CSS.read_text("utf-8"), ".emoji { ", " }")
    assert "width: 1.25em; height: 1.25em" in rule and "display: inline" in rule


async def test_the_policy_of_the_page_lets_them_in(db: Db, clock: ManualClock) -> None:
    village = Village(db, clock, media_url="https://files.example")
    await add_emoji(db, Emoji(shortcode="cat", name="cat.gif", static_name="cat.webp"))
    ann = await village.person("ann")
    said = await ann.say("hello :cat:")
    for path in (f"/@ann/{said['id']}", f"/@ann/{said['id']}/embed"):
        answer = await village.page(path)
        (picture,) = drawn(answer.text)
        assert picture["src"] == "https://files.example/media/cat.webp"
        allowed = inside(answer.headers["content-security-policy"], "img-src ", ";").split()
        assert "https://files.example" in allowed and "unsafe" not in answer.headers["content-security-policy"]


async def test_feeds_draw_them_in_posts_and_name_them_in_titles(village: Village, ann: Person) -> None:
    await ann.say("hello :cat: :dog:")
    feed = Xml.fromstring((await village.page("/@ann.atom")).content)
    (entry,) = feed.iter(f"{ATOM}entry")
    title, content = entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}content") or ""
    assert title == "hello :cat: :dog:" and feed.findtext(f"{ATOM}title") == "Posts by \u2068Ann :cat: <b>\u2069"
    (picture,) = drawn(content)
    assert picture["src"] == CAT and picture["width"] == picture["height"] == "20" and ":dog:" in content


async def test_an_emoji_that_is_gone_is_its_code_again(village: Village, ann: Person) -> None:
    await ann.say("hello :cat:")
    assert drawn(await village.text("/@ann"))
    await remove_emoji(village.db, "cat")
    page = await village.text("/@ann")
    assert not drawn(page) and "<p>hello :cat:</p>" in page


async def test_they_cost_a_page_at_most_two_statements_and_one_without_codes_none(village: Village, db: Db) -> None:
    plain, fond = await village.person("plain"), await village.person("fond", display_name=":cat:")
    for number in range(5):
        await plain.say(f"number {number}")
        await fond.say(f":cat: :odd: number {number}")
    costs = []
    for path in ("/@plain", "/@fond"):
        statements: list[str] = []
        village.db.recorder = lambda sql, args, seen=statements: seen.append(sql)
        await village.text(path)
        village.db.recorder = None
        costs.append(len([sql for sql in statements if "FROM emojis" in sql]))
    assert costs == [0, 2]
