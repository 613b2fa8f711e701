"""Lines of answers: what is quoted of a long post."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weft.assistant.lines import LONGEST_QUOTE, shortened
from weft.kernel.text.entities import find_urls

WORDS = st.lists(st.sampled_from(["word", "từ", "말", "https://weft.example/a/b?c=d", "a" * 300, "🙂"]), max_size=90)


def test_a_long_quote_ends_with_a_whole_word_and_says_that_it_goes_on() -> None:
    text = "I will come " + "and sing " * 40
    short = shortened(text)
    assert short.endswith((" and…", " sing…"))
    assert text.startswith(short[:-1]) and len(short) <= LONGEST_QUOTE + 1
    assert shortened("I will come.") == "I will come."


@given(WORDS.map(" ".join) | WORDS.map("말".join))
def test_no_address_is_cut_into_another_one(text: str) -> None:
    short = shortened(text)
    assert text.startswith(short.removesuffix("…").rstrip())
    assert {span.url for span in find_urls(short)} <= {span.url for span in find_urls(text)}
