"""Texts made to be expensive: about a megabyte each, shaped against the patterns that read user text."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

BUDGET_SECONDS = 10

HOSTILE: dict[str, Callable[[], str]] = {
    "schemes without a host": lambda: "http://" * 140_000,
    "one endless host": lambda: "http://" + "a." * 500_000,
    "a link of open and closed brackets": lambda: "http://a.bc/" + "(" * 490_000 + ")" * 490_000,
    "at signs": lambda: "@" * 1_000_000,
    "handles run together": lambda: "@a@a." * 200_000,
    "hashes": lambda: "#a·" * 330_000,
    "flag letters": lambda: "\U0001f1e6" * 250_000,
    "joiners": lambda: "\u200d" * 330_000,
    "marks in the wrong order": lambda: "a" + "\u0315\u0300" * 250_000,
    "blank lines": lambda: "\n \t" * 330_000,
    "characters to escape": lambda: "&" * 1_000_000,
    "full stops": lambda: "。" * 330_000,
    "quotes": lambda: '"' * 1_000_000,
    "lone surrogates and NUL": lambda: "\ud800\x00" * 300_000,
}

# Any string Python can hold, with the characters that mean something here made likely.
any_text = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "aZ09_ \n\r\t@#&<>\"'.:/()-=\u00a0\u3000\u200b\u200d\u202e\u0301\u00e9đ가한東の。\U0001f1e6👍\x00\ud800"
        ),
        st.characters(codec=None),
    ),
    max_size=200,
)
fragments = st.lists(
    st.one_of(
        st.sampled_from(
            ["https://a.example/x", "http://", "@ann", "@bob@b.example", "#Tag", "#việt", "\n\n", " ", "&<", "."]
        ),
        any_text,
    ),
    max_size=12,
).map("".join)
