from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.text.hostile import fragments
from weft.kernel.text.length import post_length
from weft.kernel.text.split import Piece, join_pieces, split_thread

ARTICLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "articles"


def check(text: str, limit: int) -> list[Piece]:
    pieces = split_thread(text, limit)
    assert join_pieces(pieces) == (text if text.strip() else "")
    for number, piece in enumerate(pieces):
        assert 0 < post_length(piece.text) <= limit
        assert piece.text == piece.text.strip()
        assert not piece.separator.strip()
        assert not piece.lead or number == 0
    return pieces


@pytest.mark.parametrize("name", ["meta-2023-q2.vi.txt", "meta-2024-q1.ko.txt"])
def test_a_real_article_comes_back_byte_for_byte(name: str) -> None:
    path = ARTICLES / name
    if not path.is_file():
        pytest.skip(f"the article {name} is not beside this checkout")
    raw = path.read_bytes()
    for limit in (500, 499, 280, 140, 60, 23, 7, 1):
        pieces = check(raw.decode(), limit)
        assert join_pieces(pieces).encode() == raw
    assert len(split_thread(raw.decode(), 500)) < 2 * len(raw.decode()) / 500


@settings(max_examples=200, deadline=None)
@given(fragments, st.integers(1, 60))
def test_any_text_comes_back_from_pieces_within_the_limit(text: str, limit: int) -> None:
    check(text, limit)


def texts(text: str, limit: int) -> list[str]:
    return [piece.text for piece in check(text, limit)]


def test_a_short_text_is_one_piece() -> None:
    assert check("  hello world\n", 500) == [Piece("hello world", "\n", "  ")]


def test_a_blank_text_has_no_pieces() -> None:
    assert split_thread(" \n\u00a0", 500) == []


def test_paragraphs_are_preferred_to_sentences_and_sentences_to_words() -> None:
    assert texts("One two. Three\n\nfour five six", 24) == ["One two. Three", "four five six"]
    assert texts("One two three. Four five six", 24) == ["One two three.", "Four five six"]
    assert texts("one two three four", 10) == ["one two", "three four"]


def test_a_word_longer_than_a_post_is_cut_between_graphemes() -> None:
    assert texts("👨‍👩‍👧" * 5, 2) == ["👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧"]


def test_a_sentence_without_spaces_ends_at_its_full_stop() -> None:
    assert texts("東京は日本です。大阪も日本です。", 12) == ["東京は日本です。", "大阪も日本です。"]


def test_a_link_is_not_cut() -> None:
    link = "https://a.example/" + "x" * 100
    assert texts("가" * 20 + link, 30) == ["가" * 20, link]


def test_white_space_of_other_kinds_is_kept_beside_the_pieces() -> None:
    assert check("a\u00a0\u2003b", 1) == [Piece("a", "\u00a0\u2003"), Piece("b", "")]


def test_a_limit_that_fits_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        split_thread("a", 0)
