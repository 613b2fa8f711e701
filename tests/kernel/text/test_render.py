from __future__ import annotations

from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import fragments
from weft.kernel.text.clean import cap_marks
from weft.kernel.text.render import (
    MentionLink,
    plain_text,
    render_bio,
    render_field,
    render_post,
    render_words,
    sanitise_remote,
    with_emojis,
    with_quote_link,
)

KNOWN = {
    "ann": MentionLink("ann", "https://host/@ann"),
    "bob@remote.example": MentionLink("bob", "https://remote.example/@bob"),
    "eve": MentionLink("eve", "javascript:alert(1)"),
}
LINK = '<a href="{0}{1}{2}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">{0}</span>'


def html(text: str) -> str:
    return render_post(text, mentions=KNOWN, tag_base="https://host/tags/")


def test_one_line_is_one_paragraph() -> None:
    assert html("hello :blobcat:") == "<p>hello :blobcat:</p>"


@pytest.mark.parametrize("text", ["", "  ", "\n\n", "\r\n"])
def test_an_empty_text_has_no_html(text: str) -> None:
    assert html(text) == ""


def test_blank_lines_part_paragraphs_and_line_ends_break_lines() -> None:
    assert html("a\nb\n\n\nc\r\nd\n \t\ne") == "<p>a<br />b</p><p>c<br />d</p><p>e</p>"


def test_a_tower_of_marks_is_shown_low_and_links_stay_whole() -> None:
    tower = "z" + "\u0301" * 50
    assert html(tower) == f"<p>z{chr(0x301) * 4}</p>"
    assert "\u0301" * 5 not in html(f"#{tower}").partition(">#<")[2]
    assert f'href="https://a.example/{tower}"' in html(f"https://a.example/{tower}")


def test_everything_is_escaped() -> None:
    assert html("<b>&\"'") == "<p>&lt;b&gt;&amp;&#34;&#39;</p>"


def test_a_known_mention_leads_to_its_profile_and_an_unknown_one_is_text() -> None:
    assert html("@Ann @zed") == (
        '<p><span class="h-card" translate="no"><a href="https://host/@ann" class="u-url mention">@<span>ann</span></a>'
        "</span> @zed</p>"
    )
    assert 'href="https://remote.example/@bob"' in html("@bob@Remote.example")


def test_a_mention_with_an_unsafe_address_is_text() -> None:
    assert html("@eve") == "<p>@eve</p>"


def test_a_tag_links_to_its_key_and_shows_its_own_case() -> None:
    assert (
        html("#Tag") == '<p><a href="https://host/tags/tag" class="mention hashtag" rel="tag">#<span>Tag</span></a></p>'
    )
    assert 'href="https://host/tags/vi%E1%BB%87t"' in html("#Việt")


def test_a_short_link_is_shown_whole() -> None:
    assert html("https://a.example/x") == (
        "<p>" + LINK.format("https://", "a.example/x", "") + '<span class="">a.example/x</span>'
        '<span class="invisible"></span></a></p>'
    )


def test_a_long_link_shows_its_first_thirty_characters() -> None:
    shown, rest = "a.example/" + "x" * 20, "y" * 9
    assert html(f"http://{shown}{rest}") == (
        "<p>" + LINK.format("http://", shown, rest) + f'<span class="ellipsis">{shown}</span>'
        f'<span class="invisible">{rest}</span></a></p>'
    )


def test_a_link_shows_its_whole_host_however_long() -> None:
    host = "login.bank.example." + "a" * 30 + ".evil.example"
    assert f'<span class="ellipsis">{host}</span>' in html(f"https://{host}/path")


def test_a_bio_looks_like_a_post() -> None:
    assert render_bio("hi #x", mentions={}, tag_base="https://host/tags/") == html("hi #x")


def test_a_field_that_is_one_address_claims_identity() -> None:
    assert 'href="https://a.example/me"' in render_field(" https://a.example/me ")
    assert 'rel="me nofollow noopener"' in render_field("https://a.example/me")
    assert render_field("at <https://a.example>") == "at &lt;https://a.example&gt;"


def test_a_quote_link_comes_first_and_only_for_web_addresses() -> None:
    quoted = with_quote_link("<p>x</p>", "https://a.example/?a=1&b='")
    link = "https://a.example/?a=1&amp;b=&#39;"
    assert quoted == f'<p class="quote-inline">RE: <a href="{link}">{link}</a></p><p>x</p>'
    assert with_quote_link("<p>x</p>", "javascript:x") == "<p>x</p>"


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


@settings(max_examples=150, deadline=None)
@given(fragments)
def test_rendering_shows_exactly_the_text_and_no_other_tags(text: str) -> None:
    text = text.replace("\x00", "").replace("\ud800", "")
    reader = read(html(text))
    assert reader.tags <= {"p", "br", "a", "span"}
    assert all(address.startswith(("https://", "http://")) for address in reader.addresses)
    seen, written = ("".join(words.split()) for words in (reader.words, cap_marks(text)))
    assert seen.lower() == written.lower()


@pytest.mark.parametrize(
    ("markup", "clean"),
    [
        ("<p>a<br/>b</p>", "<p>a<br>b</p>"),
        ("<h1 onclick=x>T</h1>", "<p><strong>T</strong></p>"),
        ("x<script>alert(1)</script><style>p{}</style>y", "xy"),
        ("<img src=x onerror=alert(1)><div>text</div>", "text"),
        ('<a href="javascript:x">j</a>', "j"),
        ('<a href="/relative">r</a>', "r"),
        ('<a href="mailto:a@b.example">m</a>', "m"),
        ('<a href="magnet:?xt=urn">t</a><a href="data:text/html,x">d</a>', "td"),
        ('<p class="h-card evil u-x quote-inline">x</p>', '<p class="h-card u-x quote-inline">x</p>'),
        ('<p class="evil" style="x" id="y">x</p>', "<p>x</p>"),
        ('<ol start="3" reversed><li value="4">x</li></ol>', '<ol start="3" reversed=""><li value="4">x</li></ol>'),
        (
            '<a href="https://a.example/" rel="tag" class="mention hashtag" onclick="x" target="_self">k</a>',
            '<a href="https://a.example/" class="mention hashtag" target="_blank" rel="nofollow noopener">k</a>',
        ),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("<b class=x onclick=y>z</b>", "<b>z</b>"),
    ],
)
def test_foreign_html_keeps_only_what_is_allowed(markup: str, clean: str) -> None:
    assert sanitise_remote(markup) == clean


@settings(max_examples=100, deadline=None)
@given(fragments)
def test_sanitising_own_html_or_twice_changes_nothing(text: str) -> None:
    once = sanitise_remote(html(text))
    assert sanitise_remote(once) == once


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>a<br>b</p><p>c &amp; d</p>", "a\nb\n\nc & d"),
        ("plain", "plain"),
        ("<script>x</script>y", "y"),
        ("&lt;b&gt;", "<b>"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
    ],
)
def test_plain_text_has_the_words_without_the_marks(markup: str, words: str) -> None:
    assert plain_text(markup) == words


def test_plain_text_of_a_post_is_what_was_written() -> None:
    text = "hi @Ann & <you>\n\nhttps://a.example/" + "x" * 40 + " #Tag"
    assert plain_text(html(text)) == text.replace("@Ann", "@ann")
    assert unescape(plain_text("<p>&amp;amp;</p>")) == "&"


EMOJIS = {"cat": "https://host/cat.webp", "a_1": 'https://host/"><script>'}
CAT = '<img class="emoji" src="https://host/cat.webp" alt=":cat:" title=":cat:" width="20" height="20" loading="lazy">'


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a :cat: b", f"a {CAT} b"),
        (":cat::cat:", CAT + CAT),
        (":Cat: :cat :dog: cat:", ":Cat: :cat :dog: cat:"),
        ("10:30:cat:", "10:30:cat:"),
        ("<:cat:>", f"&lt;{CAT}&gt;"),
        ('"&:cat:;', f"&#34;&amp;{CAT};"),
    ],
)
def test_the_communitys_emojis_are_drawn_and_all_else_is_text(text: str, drawn: str) -> None:
    assert render_words(text, EMOJIS) == drawn
    assert with_emojis(html(text), EMOJIS) == f"<p>{drawn}</p>"


def test_emojis_in_links_and_marks_stay_text_and_an_address_cannot_break_out() -> None:
    own = html("https://a.example/:cat: #cat")
    assert with_emojis(own, EMOJIS) == own
    assert "<script" not in render_words(":a_1:", EMOJIS) and read(render_words(":a_1:", EMOJIS)).tags == {"img"}


@settings(max_examples=100, deadline=None)
@given(fragments, fragments)
def test_drawing_emojis_adds_pictures_and_takes_only_their_codes(before: str, after: str) -> None:
    own = html(f"{before} :cat: {after}".replace("\x00", "").replace("\ud800", ""))
    shown = with_emojis(own, EMOJIS)
    assert CAT in shown and shown.replace(CAT, ":cat:") == own
