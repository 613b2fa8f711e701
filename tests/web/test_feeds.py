"""Atom feeds: valid, the same for everyone, cheap to ask again."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tests.support.town import BASE, Person
from tests.web.village import Village
from weft.infra.db import Db
from weft.kernel.clock import ManualClock

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
async def village(db: Db, clock: ManualClock) -> Village:
    return Village(db, clock)


@pytest.fixture
async def ann(village: Village) -> Person:
    return await village.person("ann", display_name="Ann & <Lee>")


async def feed(village: Village, path: str = "/@ann.atom") -> Xml.Element:
    answer = await village.page(path)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return Xml.fromstring(answer.content)


def value(element: Xml.Element, name: str) -> str:
    found = element.find(f"{ATOM}{name}")
    assert found is not None, name
    return found.text or ""


def links(element: Xml.Element, rel: str) -> list[dict[str, Any]]:
    return [one.attrib for one in element.findall(f"{ATOM}link") if one.get("rel") == rel]


async def test_a_feed_holds_ones_own_public_posts_with_all_that_atom_asks_for(village: Village, ann: Person) -> None:
    bob = await village.person("bob")
    theirs = await bob.say("by bob")
    picture = await village.media(ann)
    first = await ann.say("first\nline & <b>bold</b> #wool", media_ids=[picture], language="vi")
    await ann.say("an answer", in_reply_to_id=theirs["id"])
    await ann.say("unlisted", visibility="unlisted")
    await ann.post(f"statuses/{theirs['id']}/reblog")
    second = await ann.say("second", spoiler_text="careful", sensitive=True)
    read = await feed(village)
    assert value(read, "id") == f"{BASE}/@ann.atom" and value(read, "updated") == second["created_at"]
    assert (
        links(read, "self")[0]["href"] == f"{BASE}/@ann.atom" and links(read, "alternate")[0]["href"] == f"{BASE}/@ann"
    )
    entries = read.findall(f"{ATOM}entry")
    assert [value(one, "id") for one in entries] == [f"{BASE}/@ann/{one['id']}" for one in (second, first)]
    assert value(entries[0], "title") == "careful"
    entry = entries[1]
    assert value(entry, "title") == "first line & <b>bold</b> #wool"
    assert value(entry, "published") == first["created_at"] == value(entry, "updated")
    content = entry.find(f"{ATOM}content")
    assert content is not None and content.get("type") == "html"
    assert "&lt;b&gt;bold&lt;/b&gt;" in (content.text or "") and f"/media/{picture}.webp" in (content.text or "")
    assert links(entry, "enclosure") == [
        {"rel": "enclosure", "type": "image/webp", "href": f"{BASE}/media/{picture}.webp"}
    ]
    author = entry.find(f"{ATOM}author")
    assert author is not None and value(author, "name") == "Ann & <Lee>" and value(author, "uri") == f"{BASE}/@ann"
    assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["wool"]


async def test_letters_that_xml_cannot_hold_break_no_feed(village: Village, ann: Person) -> None:
    await village.profile(ann, display_name="A\x0bn\ufffen")
    await ann.say("bell \x07 and \ufffe and ]]> and &nbsp;", spoiler_text="a \x1b b")
    read = await feed(village)
    assert len(read.findall(f"{ATOM}entry")) == 1


async def test_who_has_the_feed_is_told_so(village: Village, ann: Person) -> None:
    said = await ann.say("hello")
    answer = await village.page("/@ann.atom")
    tag, modified = answer.headers["etag"], answer.headers["last-modified"]
    for headers in (
        {"if-none-match": tag},
        {"if-none-match": f'"other", W/{tag}'},
        {"if-none-match": "*"},
        {"if-modified-since": modified},
        {"if-modified-since": formatdate(village.clock.now_ms() / 1000 + 60, usegmt=True)},
    ):
        again = await village.page("/@ann.atom", **headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), headers
    for headers in (
        {"if-none-match": '"other"'},
        {"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"if-modified-since": "nonsense"},
        {"if-modified-since": modified, "if-none-match": '"other"'},
    ):
        assert (await village.page("/@ann.atom", **headers)).status_code == 200, headers
    village.clock.advance(60)
    await ann.put(f"statuses/{said['id']}", status="hello again")
    changed = await village.page("/@ann.atom", **{"if-none-match": tag, "if-modified-since": modified})
    assert changed.status_code == 200 and "hello again" in changed.text


async def test_a_tag_has_a_feed_of_everybodys_posts(village: Village, ann: Person) -> None:
    bob = await village.person("bob")
    one, two = await ann.say("#Tea one"), await bob.say("#tea two")
    await bob.say("#tea secret", visibility="private")
    await village.work()
    read = await feed(village, "/tags/TEA.atom")
    assert [value(one, "id") for one in read.findall(f"{ATOM}entry")] == [
        f"{BASE}/@bob/{two['id']}",
        f"{BASE}/@ann/{one['id']}",
    ]
    assert value(read, "id") == f"{BASE}/tags/tea.atom"
    assert value(await feed(village, "/tags/none.atom"), "updated") == "1970-01-01T00:00:00.000Z"


async def test_a_feed_without_posts_is_as_old_as_its_account(village: Village, ann: Person) -> None:
    read = await feed(village)
    assert not read.findall(f"{ATOM}entry") and value(read, "updated").startswith("2026-01-01T")
