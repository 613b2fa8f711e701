from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import fragments
from weft.kernel.text.query import Operators, SearchQuery
from weft.kernel.text.terms import fold, index_terms, parse_query, phrases_match


def finds(q: str, text: str) -> bool:
    query, terms = parse_query(q), set(index_terms(text))
    return terms.issuperset(query.required) and not terms & set(query.excluded) and phrases_match(query, text)


@pytest.mark.parametrize(
    ("q", "text"),
    [
        ("촉발", "우려를 촉발했다"),
        ("메타", "메타가 밝혔다"),
        ("메", "메타가 밝혔다"),
        ("AI 비관론", "메타, AI 비관론 촉발"),
        ("東京", "新東京タワー"),
        ("タワー", "東京タワー"),
        ("ภาษา", "เรียนภาษาไทย"),
        ("viet nam", "Việt Nam đẹp"),
        ("việt", "Việt Nam"),
        ("dep", "Việt Nam đẹp"),
        ("việt", "viet nam"),
        ("cafe", "CAFÉ"),
        ("cafe\u0301", "café"),
        ("ｍｅｔａ", "Meta"),
        ('"meta ai"', "Meta, AI!"),
        ('"우려를 촉발"', "큰 우려를 촉발했다"),
        ("meta -google", "meta ai"),
        ("-촉발했다 메타", "메타가 촉발"),
        ("한국어", "한국어"),
        ("ㅋㅋ", "ㅋㅋㅋ"),
    ],
)
def test_a_query_finds_the_text(q: str, text: str) -> None:
    assert finds(q, text)


@pytest.mark.parametrize(
    ("q", "text"),
    [
        ("met", "meta"),
        ('"meta ai"', "ai meta"),
        ('"meta ai"', "xmeta aix meta x ai"),
        ("meta -google", "meta and google"),
        ("메타 -촉발했다", "메타가 촉발했다"),
        ('-"meta ai" meta', "the meta AI thing"),
        ("국한", "한국"),
    ],
)
def test_a_query_does_not_find_the_text(q: str, text: str) -> None:
    assert not finds(q, text)


def test_exact_marks_are_kept_beside_the_folded_word() -> None:
    assert index_terms("Việt") == ["viet", "=việt"]
    assert index_terms("viet") == ["viet"]
    assert parse_query("việt").exact == ["=việt"]
    assert parse_query("viet").exact == []


def test_terms_are_distinct_short_and_bounded() -> None:
    many = index_terms(" ".join(f"w{number}" for number in range(5000)) + " " + "x" * 500)
    assert len(many) == 2000
    assert index_terms("y" * 500) == ["y" * 64]
    assert finds("y" * 500, "y" * 500)


def test_operators_are_read_and_their_words_are_not_terms() -> None:
    query = parse_query("x from:@Ann@Remote.Example -from:bob has:media -has:poll is:reply language:en-US in:library")
    assert query.required == ["x"]
    assert query.operators == Operators(
        authors=["ann@remote.example"],
        not_authors=["bob"],
        has=["media"],
        not_has=["poll"],
        properties=["reply"],
        language="en",
        place="library",
    )


def test_days_become_a_range() -> None:
    assert parse_query("after:2024-01-01 before:2024-02-01").operators == Operators(
        since=date(2024, 1, 2), until=date(2024, 2, 1)
    )
    assert parse_query("during:2024-02-29").operators == Operators(since=date(2024, 2, 29), until=date(2024, 3, 1))


def test_an_operator_with_an_unknown_value_is_plain_words() -> None:
    assert parse_query("before:soon after:9999-12-31 has:x").required == [
        "before", "soon", "after", "9999", "12", "31", "has", "x",
    ]  # fmt: skip


@pytest.mark.parametrize("q", ["", " ", '"', "-", '""', "!?"])
def test_a_query_without_words_is_empty(q: str) -> None:
    assert parse_query(q) == SearchQuery()
    assert parse_query(q).is_empty


@settings(max_examples=100, deadline=None)
@given(fragments)
def test_every_text_is_found_by_its_own_words(text: str) -> None:
    terms = index_terms(text)
    assert len(set(terms)) == len(terms)
    assert all(0 < len(term) <= 64 for term in terms)
    for word in fold(text).split(" ")[:20]:
        assert set(parse_query(word).required) <= set(terms)


@settings(max_examples=100, deadline=None)
@given(fragments)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
