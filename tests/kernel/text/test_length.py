from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import any_text, fragments
from weft.kernel.text.entities import find_entities
from weft.kernel.text.length import graphemes, post_length, truncate_graphemes


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("hello", 5),
        ("a\r\nb", 3),
        ("👨‍👩‍👧‍👦", 1),
        ("🇰🇷🇻🇳", 2),
        ("🇰🇷🇻", 2),
        ("e\u0301", 1),
        ("한국어", 3),
        ("tiếng Việt", 10),
        ("1️⃣", 1),
        ("🇰🇷\u0301a", 2),
    ],
)
def test_a_grapheme_is_what_a_reader_sees_as_one_character(text: str, count: int) -> None:
    assert graphemes(text) == count


def test_every_url_counts_23_and_a_remote_mention_only_its_name() -> None:
    assert post_length("https://example.com/" + "x" * 300) == 23
    assert post_length("see http://a.bc now") == 4 + 23 + 4
    assert post_length("@ann@remote.example hi") == 7
    assert post_length("@ann hi") == 7


def test_a_megabyte_in_one_grapheme_is_not_one_character() -> None:
    assert post_length("a" + "\u0301" * 16_000) > 500
    assert post_length("👩🏻‍❤️‍💋‍👩🏽" * 500) == 500


@settings(max_examples=80, deadline=None)
@given(fragments)
def test_entities_found_before_give_the_same_length(text: str) -> None:
    assert post_length(text, find_entities(text)) == post_length(text)


@settings(max_examples=80, deadline=None)
@given(any_text)
def test_truncating_keeps_a_beginning_of_at_most_the_limit(text: str) -> None:
    for limit in (0, 1, 5, 1000):
        cut = truncate_graphemes(text, limit)
        assert text.startswith(cut)
        assert graphemes(cut) == min(limit, graphemes(text))
