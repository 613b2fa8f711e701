"""Summaries by quotes: every sentence stands in its source, nothing is said twice, and rules find what to keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assistant.community import article_files
from weft.assistant.extract import Source, central, extract, overlap_of, quotes_of
from weft.assistant.findings import findings_of
from weft.kernel.text.split import split_thread

THREAD = [
    Source(1, "https://town.example/1", "The old bridge closes for repairs from Monday. It takes eleven weeks."),
    Source(2, "https://town.example/2", "I will hold them to it on Monday at 5:30. Eleven weeks is long for a bridge."),
    Source(3, "https://town.example/3", "Hello! @ann 🙂 https://example.org/x"),
    Source(4, "https://town.example/4", "My cat sleeps on the atlas in the library. The budget passed, 14 to 9."),
]


def article_sources(path: Path) -> list[Source]:
    pieces = split_thread(path.read_text("utf-8"), 500)
    return [Source(number, f"https://town.example/{number}", piece.text) for number, piece in enumerate(pieces)]


def test_a_summary_is_made_of_sentences_that_stand_in_their_posts() -> None:
    texts = {source.post_id: source for source in THREAD}
    summary = extract(quotes_of(THREAD), 3)
    assert len(summary) == 3
    for quote in summary:
        source = texts[quote.post_id]
        assert source.text[quote.start : quote.start + len(quote.text)] == quote.text
        assert quote.url == source.url
    assert summary[0].text == "The old bridge closes for repairs from Monday."


@pytest.mark.parametrize("path", article_files() or [None], ids=lambda path: path.name if path else "none")
def test_the_summary_of_an_articles_thread_stands_in_it_word_for_word(path: Path | None) -> None:
    if path is None:
        pytest.skip("the demo's articles are not beside the repository")
    sources = article_sources(path)
    summary = extract(quotes_of(sources), 4)
    assert len(summary) == 4 and len({quote.text for quote in summary}) == 4
    whole = path.read_text("utf-8")
    for quote in summary:
        print(f"  {quote.post_id:>2} {quote.text}")
        assert quote.whole and quote.text in sources[quote.post_id].text and quote.text in whole


def test_what_says_the_same_is_quoted_once() -> None:
    same = "The market moves to the station square on Saturday because of the works."
    sources = [Source(1, "a", same), Source(2, "b", same), Source(3, "c", "Bread is baked before six in the morning.")]
    assert [quote.post_id for quote in extract(quotes_of(sources), 2)] == [1, 3]


def test_vectors_decide_where_there_are_any() -> None:
    quotes = quotes_of([Source(n, "", f"This is the sentence with number {n} here.") for n in range(4)])
    near = np.array([[1, 0, 0], [0, 1, 0], [0, 0.98, 0.2], [0, 0, 1]], np.float32)
    vectors = near / np.linalg.norm(near, axis=1, keepdims=True)
    first, second = extract(quotes, 2, vectors)
    assert first.post_id == 0 and second.post_id in (1, 2)


def test_nothing_to_quote_makes_no_summary() -> None:
    assert extract(quotes_of([Source(1, "", "🙂 @ann https://example.org #tag")]), 3) == []
    assert extract([], 3) == []


@given(st.lists(st.text("abc def.\n", max_size=40), max_size=12), st.integers(0, 6))
def test_any_texts_give_at_most_what_was_asked_and_only_their_own_words(texts: list[str], count: int) -> None:
    sources = [Source(number, "", text) for number, text in enumerate(texts)]
    summary = extract(quotes_of(sources), count)
    assert len(summary) <= count
    assert all(quote.text in texts[quote.post_id] for quote in summary)


def test_the_central_one_is_what_the_others_are_near_to() -> None:
    scores = central(overlap_of(["red apple", "green apple tart", "apple pie tart", "old boat"]))
    assert scores.sum() == pytest.approx(1.0)
    assert scores[3] == scores.min()


FORMS = [
    ("The bridge closes on Monday at 5:30.", "date", "Monday at 5:30"),
    ("It opens in May.", "date", "in May"),
    ("Vào ngày 19 tháng 7 năm nay.", "date", "ngày 19 tháng 7"),
    ("Kết quả quý II/2023 đã có.", "date", "quý II/2023"),
    ("금요일 여덟 시에 만나요.", "date", "금요일 여덟 시"),
    ("오는 25일 발표한다.", "date", "25일"),
    ("It costs $1,200 a year.", "amount", "$1,200"),
    ("We wait eleven years and 11 weeks.", "amount", "11 weeks"),
    ("Doanh thu là 32 tỷ đô la Mỹ.", "amount", "32 tỷ đô la Mỹ"),
    ("매출은 377억5000만 달러다.", "amount", "377억5000만 달러"),
    ("지출은 350억~400억 달러로 늘었다.", "amount", "350억~400억 달러"),
    ("I’ll bring soup.", "promise", "I’ll"),
    ("Mai tôi sẽ mang súp.", "promise", "tôi sẽ"),
    ("아침에 보낼게요.", "promise", "낼게요"),
    ("The budget passed, 14 to 9.", "decision", "passed"),
    ("Hội đồng đã thông qua ngân sách.", "decision", "thông qua"),
    ("예산이 통과됐다.", "decision", "통과"),
]


@pytest.mark.parametrize(("text", "kind", "words"), FORMS)
def test_a_rule_sees_what_a_summary_should_not_miss(text: str, kind: str, words: str) -> None:
    findings = findings_of([Source(7, "https://town.example/7", text)])
    assert (kind, words) in [(finding.kind, finding.words) for finding in findings]
    assert all(finding.sentence in text and finding.post_id == 7 for finding in findings)


def test_what_is_not_promised_is_no_promise() -> None:
    assert not [one for one in findings_of([Source(1, "", "I will not come.")]) if one.kind == "promise"]


@pytest.mark.parametrize("text", ["1" * 900, "1," * 450, "1 " * 450, "1억" * 300, "I will " * 140])
def test_hostile_numbers_take_no_time(text: str) -> None:
    assert len(findings_of([Source(1, "", text)] * 20)) <= 40
