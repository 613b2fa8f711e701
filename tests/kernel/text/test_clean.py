from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import any_text
from weft.kernel.text.clean import clean_line, clean_text, is_storable
from weft.kernel.text.length import graphemes


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\u202eb\u2066c\u200b", "abc"),
        ("an\u200dn", "ann"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("❤️ 1️⃣", "❤️ 1️⃣"),
        ("می‌خواهم", "می‌خواهم"),
        ("क्‍ष", "क्‍ष"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("a\U000e0067b", "ab"),
        (" Nguyễn \n\t Văn ", "Nguyễn Văn"),
        ("e\u0302\u0301", "ế"),
        ("ที่นี่", "ที่นี่"),
        ("हिन्दी", "हिन्दी"),
        ("\u3164\u2800", ""),
        ("a\x00\x1b[31m\x85b", "a[31m b"),
        ("\ud800x", "x"),
    ],
)
def test_a_name_keeps_what_shows_and_what_scripts_need(text: str, clean: str) -> None:
    assert clean_line(text, 100) == clean


def test_a_tower_of_marks_is_cut_low() -> None:
    assert len(unicodedata.normalize("NFD", clean_line("z" + "\u0301" * 50 + "!", 30))) <= 6


@settings(max_examples=150, deadline=None)
@given(any_text)
def test_a_clean_line_is_short_single_and_stays_as_it_is(text: str) -> None:
    line = clean_line(text, 20)
    assert graphemes(line) <= 20
    assert line == line.strip()
    assert "\n" not in line
    assert is_storable(line)
    assert clean_line(line, 20) == line


def test_a_post_keeps_its_white_space() -> None:
    text = "a \u00a0 b\n\n\tc\u3000 d\u200b"
    assert clean_text(text) == text


def test_a_post_loses_controls_and_foreign_line_ends() -> None:
    assert clean_text("a\r\nb\rc\x00\x07\x9f\x7f") == "a\nb\nc"


@pytest.mark.parametrize(("text", "storable"), [("a", True), ("한\u00a0", True), ("a\x00", False), ("é\ud800", False)])
def test_nul_and_lone_surrogates_cannot_be_stored(text: str, storable: bool) -> None:
    assert is_storable(text) is storable
