"""Sentences of posts in three languages: where they end, where they do not, and that each stands in its text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assistant.community import article_files
from weft.assistant.sentences import split_sentences

ENDS = [
    ("The pool reopens in May. Dogs may sit on trams.", ["The pool reopens in May.", "Dogs may sit on trams."]),
    ("Is it open? Yes! Come.", ["Is it open?", "Yes!", "Come."]),
    ("One line\nanother line", ["One line", "another line"]),
    ("“Why not?” Nobody knew. “It rains.”", ["“Why not?”", "Nobody knew.", "“It rains.”"]),
    ("Cà phê nguội hai lần. Ba ai làm chứng?", ["Cà phê nguội hai lần.", "Ba ai làm chứng?"]),
    ("출근길 펑크 두 번. 걸어서 갔어요.", ["출근길 펑크 두 번.", "걸어서 갔어요."]),
    ("점이다.\u00a0저커버그는 말했다.", ["점이다.", "저커버그는 말했다."]),
    ("**Đây là lần đầu tiên. **\nSau đó thì khác.", ["Đây là lần đầu tiên.", "Sau đó thì khác."]),
    ("天気がいい。 散歩に行く。", ["天気がいい。", "散歩に行く。"]),
    ("- first item\n- second item", ["first item", "second item"]),
]

DOES_NOT_END = [
    "Dr. Ada met Mr. Hung on St. Anne’s square, i.e. here.",
    "The budget is 3.73 billion, v. 2.8 before.",
    "J. S. Bach wrote it.",
    "He said “It is late. Go home.” and left.",
    "The list (see p. 3. Please do.) is long.",
    "70 triệu trong 48 giờ... vào ngày thứ 5 kể từ khi ra mắt.",
    "TP. Hồ Chí Minh có ThS. Lan và TS. Minh.",
    '저커버그가 "투자해야 한다. 그렇다"라고 말했다.',
    "1. Buy bread",
    "Read https://example.org/a.b?c=d. today",
    "First patch ever... is it always like this?",
]


@pytest.mark.parametrize(("text", "sentences"), ENDS)
def test_a_text_is_cut_where_its_sentences_end(text: str, sentences: list[str]) -> None:
    assert [sentence.text for sentence in split_sentences(text)] == sentences


@pytest.mark.parametrize("text", DOES_NOT_END)
def test_a_full_stop_that_means_something_else_cuts_nothing(text: str) -> None:
    assert [sentence.text for sentence in split_sentences(text)] == [text]


def test_korean_without_full_stops_is_cut_after_its_polite_endings() -> None:
    sentences = [
        "어제는 산에 다녀왔어요",
        "그런데 비가 많이 왔습니다",
        "내려와서 국수를 먹었는데 정말 맛있었어요",
        "다음에는 같이 가고 싶어요",
    ]
    assert [sentence.text for sentence in split_sentences(" ".join(sentences))] == sentences


def test_a_heading_is_no_whole_sentence() -> None:
    heading, sentence = split_sentences("Metaverse thua lỗ trong ba năm liên tiếp\nDự án lỗ hàng chục tỷ.")
    assert not heading.whole and sentence.whole


TEXT = st.text(alphabet=st.sampled_from(list('aB 다요.!?…"“”‘’()*-\n1,:/ạ\u00a0。')), max_size=300)


@given(TEXT)
def test_every_sentence_is_a_slice_and_together_they_hold_every_letter(text: str) -> None:
    sentences = split_sentences(text)
    assert all(text[one.start : one.end] == one.text for one in sentences)
    assert all(one.end <= other.start for one, other in itertools.pairwise(sentences))
    kept = "".join(one.text for one in sentences)
    assert [c for c in kept if c.isalpha()] == [c for c in text if c.isalpha()]


@pytest.mark.parametrize(
    "text", ["." * 50_000, "“" * 50_000, "(a. " * 20_000, '"a. B' * 20_000, "1." * 40_000, "a. B" * 20_000]
)
def test_hostile_texts_take_no_longer_than_long_ones(text: str) -> None:
    assert len(split_sentences(text)) <= 400


@pytest.mark.parametrize("path", article_files() or [None], ids=lambda path: path.name if path else "none")
def test_the_articles_lose_no_word(path: object) -> None:
    if path is None:
        pytest.skip("the demo's articles are not beside the repository")
    text = path.read_text("utf-8")  # type: ignore[attr-defined]
    kept = "".join(sentence.text for sentence in split_sentences(text))
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]
