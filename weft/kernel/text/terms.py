"""The search analyser: what a text is found by.

Words of scripts with spaces are folded (case, width, Latin marks); Hangul, Han, kana, Thai, Lao, Khmer and Burmese
become pairs of neighbouring characters, so that parts of words match. Hangul and Han also give single characters,
since many of their words are just one; that costs about as many terms again as the pairs. A word whose marks were
folded away is kept a second time as written, with "=" before it, so that exact marks can be ranked first.
"""

from __future__ import annotations

from typing import Final

import regex

from weft.kernel.text.query import Operators, SearchQuery, parse_query, phrases_match
from weft.kernel.text.words import MAX_TERM, contains_phrase, fold, pairs, word_terms, words

__all__ = ["Operators", "SearchQuery", "contains_phrase", "fold", "index_terms", "parse_query", "phrases_match"]

MAX_TERMS: Final = 2000

_ALONE = regex.compile(r"[\p{Hangul}\p{Han}]")


def index_terms(text: str) -> list[str]:
    """The distinct terms to store for a text, the most telling first, at most 2 000."""
    terms: dict[str, None] = {}
    alone: dict[str, None] = {}
    for word, paired in words(text):
        if word.isascii():
            terms[word[:MAX_TERM]] = None
        elif paired:
            terms.update(dict.fromkeys(pairs(word)))
            alone.update(dict.fromkeys(_ALONE.findall(word)))
        else:
            terms.update(dict.fromkeys(word_terms(word)))
        if len(terms) >= MAX_TERMS:
            break
    return list(dict.fromkeys([*terms, *alone]))[:MAX_TERMS]
