"""What a page says of itself is read whatever the page is like, in linear time, as plain text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.previews.model import card_id, first_link
from weft.previews.page import MOST_TITLE, Found, read_page

URL = "https://news.example/2026/story?id=1"
ARTICLE = """<!DOCTYPE html><HTML lang="vi-VN"><head>
<!-- <meta property="og:title" content="not this"> -->
<script>document.write('<meta property="og:title" content="nor this">')</script>
<meta charset="utf-8"><title>Title of the window</title>
<meta property="og:title" content="Phở &amp; bún: a tale"><META NAME=description CONTENT='What it is about'>
<meta property='og:image' content='/pictures/bowl.jpg'/><meta property="og:image:alt" content="A bowl">
<meta property="og:site_name" content="The News"><meta name="author" content="Lan">
<meta property="article:published_time" content="2026-01-02T03:04:05+07:00">
<link rel="alternate" type="application/json+oembed" href="/oembed?url=x&amp;format=json">
</head><body><meta property="og:title" content="too late"></body></html>"""


def read(page: str | bytes, content_type: str = "text/html; charset=utf-8") -> Found:
    return read_page(page.encode() if isinstance(page, str) else page, content_type, URL)


def test_an_article_is_read() -> None:
    found = read(ARTICLE)
    page = found.page
    assert (page.title, page.description) == ("Phở & bún: a tale", "What it is about")
    assert (page.site, page.author, page.language, page.picture_text) == ("The News", "Lan", "vi", "A bowl")
    assert page.url == URL and page.site_url == "https://news.example"
    assert page.published_ms == 1767297845000
    assert found.picture_url == "https://news.example/pictures/bowl.jpg"
    assert found.oembed_url == "https://news.example/oembed?url=x&format=json"


def test_without_open_graph_the_title_and_the_host_must_do() -> None:
    page = read("<title>\n  Plain  \n page </title>").page
    assert (page.title, page.description, page.site) == ("Plain page", "", "news.example")


def test_markup_in_a_title_goes_no_further() -> None:
    page = read('<title><script>alert(1)</script> Hello <b onclick="x">you</b></title>').page
    assert "<" not in page.title and "Hello" in page.title
    page = read('<meta property="og:title" content="&lt;img src=x onerror=alert(1)&gt; 1 &lt; 2">').page
    assert page.title == "1 < 2"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:image/png;base64,AAAA", "http://a@b/", "http://[", ""]
)
def test_addresses_that_are_not_of_the_web_are_left_out(address: str) -> None:
    found = read(f'<title>x</title><meta property="og:image" content="{address}">')
    assert found.picture_url == ""
    page = read(f'<title>x</title><meta property="article:author" content="{address}">').page
    assert page.author_url == ""


@pytest.mark.parametrize(
    ("encoding", "content_type", "head"),
    [
        ("euc-kr", "text/html; charset=EUC-KR", ""),
        ("cp949", "text/html", "<meta charset=euc-kr>"),
        ("utf-8", "text/html", ""),
        ("utf-8-sig", "text/html; charset=iso-8859-1", ""),
        ("utf-16", "text/html", ""),
        ("utf-8", "text/html; charset=utf-7", ""),
        ("utf-8", "text/html; charset=no-such-thing", ""),
    ],
)
def test_a_title_is_read_in_the_encoding_of_its_page(encoding: str, content_type: str, head: str) -> None:
    assert (
        read(f"{head}<title>안녕하세요 여러분</title>".encode(encoding), content_type).page.title == "안녕하세요 여러분"
    )


def test_a_page_in_no_encoding_is_read_as_old_pages_are() -> None:
    assert read("<title>Café crème</title>".encode("latin-1"), "text/html").page.title == "Café crème"


def test_what_robots_may_not_show_is_not_shown() -> None:
    found = read(
        '<title>x</title><meta name="robots" content="nosnippet, noimageindex"><meta name="description" content="y">'
        '<meta property="og:image" content="/a.png">'
    )
    assert found.page.description == "" and found.picture_url == ""


def test_long_things_are_cut() -> None:
    assert len(read(f"<title>{'word ' * 100_000}</title>").page.title) <= MOST_TITLE
    assert len(read(f'<title>x</title><meta name="author" content="{"n" * 3000}">').page.author) <= 100


HOSTILE = [
    "<meta " * 180_000,
    '<meta a="' * 120_000,
    "<meta a=" * 130_000,
    "<!--" * 250_000,
    "<script>" * 130_000,
    "<title>" * 150_000,
    "<" * 1_000_000,
    "<meta" + " " * 1_000_000 + ">",
    "<meta " + "x=" * 500_000,
    "<meta " + "='" * 500_000,
    '<meta property="og:title" content="' + "&" * 1_000_000 + '">',
    '<meta property="og:title" content="&#' + "9" * 1_000_000 + ';">',
    "<title>" + "<b" * 400_000 + "</title>",
    "<title>" + "\u0301" * 300_000 + "</title>",
    '<meta property="og:title" content="x">' * 26_000,
    "<title>" + " " * 900_000 + "x</title>",
]


@pytest.mark.parametrize("page", HOSTILE, ids=lambda page: page[:12].strip())
def test_a_megabyte_made_to_cost_time_costs_little(page: str) -> None:
    began = time.process_time()
    read(page[: 1 << 20])
    assert time.process_time() - began < 0.5


@given(st.text(alphabet="<>/=\"' &#;-!abmetlinkonpy:gsr\n", max_size=300))
def test_no_page_breaks_the_reader(text: str) -> None:
    page = read(text).page
    assert "\n" not in page.title


def test_the_first_link_of_a_post_gets_the_card() -> None:
    assert first_link("see @ann, #tag and https://a.example/x#part. Then https://b.example") == "https://a.example/x"
    assert first_link("no link, only @ann@b.example") is None
    assert card_id("https://a.example/") == card_id("https://a.example/") != card_id("https://a.example/b")
    assert 0 <= card_id("https://a.example/") < 1 << 63
