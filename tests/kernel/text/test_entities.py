from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import fragments
from weft.kernel.text.entities import Entities, MentionSpan, TagSpan, UrlSpan, find_entities, tag_key


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x_(y))", ["https://a.example/x_(y)"]),
        ("https://a.example/x?y=1&z=2#f!", ["https://a.example/x?y=1&z=2#f"]),
        ("https://a.example:8080/x", ["https://a.example:8080/x"]),
        ("http://bücher.example/ü", ["http://bücher.example/ü"]),
        ("링크https://a.example에서", ["https://a.example"]),
        ("https://ko.wikipedia.org/wiki/대한민국", ["https://ko.wikipedia.org/wiki/대한민국"]),
        ("“https://a.example/x”", ["https://a.example/x"]),
        ("「https://a.example/x」です", ["https://a.example/x"]),
        ("http://localhost:8000/@ann/1", ["http://localhost:8000/@ann/1"]),
        ("http://192.0.2.1/x", ["http://192.0.2.1/x"]),
        ("HTTPS://A.EXAMPLE", ["HTTPS://A.EXAMPLE"]),
        ("a.example", []),
        ("http://nodots", []),
        ("ftp://a.example javascript://a.example", []),
        ("https://bank.example@evil.example/", []),
        ("https://bank.example:80@evil.example/", []),
        ("xhttp://a.example", []),
        ("https://a.example/\u202egpj.exe", ["https://a.example/"]),
    ],
)
def test_only_web_addresses_become_links(text: str, urls: list[str]) -> None:
    assert [url.text for url in find_entities(text).urls] == urls


def test_a_link_too_long_to_be_one_counts_as_text() -> None:
    assert find_entities("https://a.example/" + "x" * 3000).urls == []


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@ann", [("ann", None)]),
        ("hi @ann, (@bob)", [("ann", None), ("bob", None)]),
        ("@ann@remote.example.", [("ann", "remote.example")]),
        ("@ann@remote.example:8080", [("ann", "remote.example:8080")]),
        ("@ann@remote.example에게", [("ann", "remote.example")]),
        ("@ann님", [("ann", None)]),
        ("@ann...", [("ann", None)]),
        ("@andré", []),
        ("ann@remote.example", []),
        ("한@ann", []),
        ("https://a.example/@ann", []),
        ("x/@ann", []),
        ("@ann@nodots", [("ann", "nodots")]),
        ("@", []),
    ],
)
def test_a_mention_is_a_handle_that_stands_alone(text: str, mentions: list[tuple[str, str | None]]) -> None:
    assert [(mention.username, mention.host) for mention in find_entities(text).mentions] == mentions


def test_a_handle_is_looked_up_in_lower_case() -> None:
    assert find_entities("@Ann@Remote.Example").mentions[0].handle == "ann@remote.example"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#Tag, #việt_nam #한국어 #ภาษาไทย #हिन्दी ＃全角", ["Tag", "việt_nam", "한국어", "ภาษาไทย", "हिन्दी", "全角"]),
        ("#2023 #_ #2023a #2023_24", ["2023a", "2023_24"]),
        ("a#no /#no &#39; ##yes", ["yes"]),
        ("#paral·lel", ["paral·lel"]),
        ("https://a.example/#frag", []),
        ("#" + "a" * 101, []),
    ],
)
def test_a_tag_has_letters_of_any_script_and_is_no_number(text: str, tags: list[str]) -> None:
    assert [tag.name for tag in find_entities(text).tags] == tags


def test_tags_compare_without_case_and_width_but_with_marks() -> None:
    assert tag_key("ＴＡＧ") == tag_key("tag") == "tag"
    assert tag_key("Việt") == tag_key("vie\u0323\u0302t") != tag_key("viet")


def spans(found: Entities) -> list[UrlSpan | MentionSpan | TagSpan]:
    return sorted([*found.urls, *found.mentions, *found.tags], key=lambda span: span.start)


@settings(max_examples=150, deadline=None)
@given(fragments)
def test_spans_hold_their_text_and_never_overlap(text: str) -> None:
    at = 0
    for span in spans(find_entities(text)):
        assert at <= span.start < span.end
        assert text[span.start : span.end] == span.text
        at = span.end
