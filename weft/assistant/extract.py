"""Sums up by quoting: the sentences that most of the others are about, each as it stands, with the post it is from.

TextRank (Mihalcea and Tarau 2004) over how near the sentences' meanings are or, where no model understands their
language, how many words they share. Nothing is written that nobody wrote.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from weft.assistant.sentences import Sentence, split_sentences
from weft.assistant.vectors import Floats
from weft.kernel.text.terms import index_terms

MOST_RANKED: Final = 300
"""Sentences that are compared with each other; of a longer text its first."""
SHORTEST: Final = 20
"""Characters below which a sentence is no summary of anything: a greeting, a heading."""
_DAMPING: Final = 0.85
_ROUNDS: Final = 50
_ALIKE: Final = 0.6
"""Sentences nearer than this say the same; one of them is enough."""

Matrix = NDArray[np.float64]


class Source(msgspec.Struct, frozen=True):
    """A text that may be quoted: a post, or the article behind a card (then ``post_id`` is the post that links it)."""

    post_id: int
    url: str
    text: str
    language: str = ""


class Quote(msgspec.Struct, frozen=True):
    """``text`` stands in its source from ``start`` on."""

    text: str
    post_id: int
    url: str
    start: int
    score: float = 0.0
    whole: bool = True


def quotes_of(sources: Sequence[Source]) -> list[Quote]:
    """Every sentence of the sources that may stand in a summary, in their order: what ``extract`` chooses from."""
    quotes = [
        Quote(sentence.text, source.post_id, source.url, sentence.start, whole=sentence.whole)
        for source in sources
        for sentence in split_sentences(source.text)
        if is_telling(sentence)
    ]
    whole = [quote for quote in quotes if quote.whole]
    return (whole or quotes)[:MOST_RANKED]


def is_telling(sentence: Sentence) -> bool:
    """Whether a sentence can stand alone: long enough, in letters, and more than a link or a mention."""
    words = [word for word in sentence.text.split() if not word.startswith(("http://", "https://", "@", "#"))]
    # A syllable of Hangul says as much as two Latin letters.
    weight = sum(1 + (ord(letter) >= 0xAC00) for word in words for letter in word if letter.isalpha())
    return weight >= SHORTEST


def extract(quotes: Sequence[Quote], count: int, vectors: Floats | None = None) -> list[Quote]:
    """The ``count`` most central of the quotes in the order in which they stand, none twice.

    ``vectors`` are of unit length, one a quote; without them shared words decide. The first sentence is always among
    them: it says what the text is about.
    """
    if not quotes or count < 1:
        return []
    nearness = nearness_of(vectors) if vectors is not None else overlap_of([quote.text for quote in quotes])
    scores = central(nearness)
    chosen = [0]
    for at in np.argsort(-scores, kind="stable").tolist():
        if len(chosen) >= count:
            break
        if at not in chosen and all(nearness[at, other] < _ALIKE for other in chosen):
            chosen.append(at)
    return [msgspec.structs.replace(quotes[at], score=float(scores[at])) for at in sorted(chosen)]


def nearness_of(vectors: Floats) -> Matrix:
    """Cosines; what points apart is not near at all."""
    cosines: Matrix = np.maximum(vectors @ vectors.T, 0.0).astype(np.float64)
    return cosines


def overlap_of(texts: Sequence[str]) -> Matrix:
    """How alike texts are by the words they share, the rare ones counting most: from 0 to 1."""
    terms = [frozenset(index_terms(text)) for text in texts]
    counts: dict[str, int] = {}
    for each in terms:
        for term in each:
            counts[term] = counts.get(term, 0) + 1
    places = {term: at for at, term in enumerate(counts)}
    weights = np.zeros((len(texts), len(places)))
    for row, each in enumerate(terms):
        for term in each:
            weights[row, places[term]] = math.log(1 + len(texts) / counts[term])
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    weights /= np.maximum(lengths, 1e-12)
    overlap: Matrix = weights @ weights.T
    return overlap


def central(nearness: Matrix) -> NDArray[np.float64]:
    """How central each is: what is near to much that is central itself. They add up to one."""
    links = nearness.copy()
    np.fill_diagonal(links, 0.0)
    sums = links.sum(axis=1, keepdims=True)
    # Who is near to nothing gives the same to all.
    shares = np.where(sums > 0, links / np.maximum(sums, 1e-12), 1.0 / len(links))
    scores = np.full(len(links), 1.0 / len(links))
    for _ in range(_ROUNDS):
        scores = (1 - _DAMPING) / len(links) + _DAMPING * (shares.T @ scores)
    return scores
