"""Tells posts that look like spam or abuse, as far as what the moderators decided teaches it. Pure.

A ridge regression over the posts' vectors. How good it is, is measured on decisions that it did not see, split by
account; below its bar it does not serve. What becomes of its suspicions is in ``judging``: a person is asked.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from weft.assistant.vectors import Floats
from weft.kernel.ids import AccountId, PostId

Kind = Literal["spam", "abuse"]
KINDS: Final[tuple[Kind, ...]] = ("spam", "abuse")
Verdict = Literal["spam", "abuse", "ok"]
VERDICTS: Final[tuple[Verdict, ...]] = (*KINDS, "ok")
Why = Literal["", "few", "wrong", "misses"]
"""Why a kind is not suggested: too few decisions, too many false alarms, too little found."""

STRENGTH: Final = 1.0
"""Of the ridge: how much weights are held back. Vectors have length one, so it is about one example's worth."""
MARGIN: Final = 0.25
"""How far a kind must be above ``ok`` before a person is asked."""
FOLDS: Final = 5
LEAST: Final = 20
"""Decisions of a kind, and harmless ones, below which nothing is learnt of it; with fewer the measure says nothing."""
LEAST_ACCOUNTS: Final = FOLDS
"""Accounts that they have to be about: one in each part that is held out."""
MOST_OF_ONE: Final = 5
"""Posts of one account that teach: one spammer is not all spam."""
PRECISION: Final = 0.8
"""Of what would be shown to a person, the share that has to deserve it: attention is what moderators are short of."""
RECALL: Final = 0.25
"""Of what deserves it, the share that has to be found; a judge that finds less is not worth its errors."""

Weights = NDArray[np.float64]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A post about which a moderator decided."""

    post_id: PostId
    author_id: AccountId
    version: int = 0
    text: str
    language: str = ""
    verdict: Verdict


@cache
def seeds() -> tuple[Decided, ...]:
    """Posts of our own that judging starts from. They teach, and measure nothing."""
    found = tomllib.loads(Path(__file__).with_name("judge_seeds.toml").read_text("utf-8"))
    known = msgspec.convert(found, dict[Verdict, list[str]])
    nobody = PostId(0), AccountId(0)
    return tuple(
        Decided(post_id=nobody[0], author_id=nobody[1], text=text, language="en", verdict=verdict)
        for verdict in VERDICTS
        for text in known[verdict]
    )


def lesson_of(decided: Sequence[Decided]) -> list[Decided]:
    """Those that teach: each post once, the newest of each account first, and of no account more than its share."""
    taken: dict[PostId, Decided] = {}
    of_one: Counter[AccountId] = Counter()
    for one in decided:
        if one.text.strip() and one.post_id not in taken and of_one[one.author_id] < MOST_OF_ONE:
            taken[one.post_id] = one
            of_one[one.author_id] += 1
    return list(taken.values())


def is_enough(decided: Sequence[Decided], verdict: Verdict) -> bool:
    """Whether there is enough of a verdict to learn it, and to measure that."""
    own = [one.author_id for one in decided if one.verdict == verdict]
    return len(own) >= LEAST and len(set(own)) >= LEAST_ACCOUNTS


class Judge(msgspec.Struct, frozen=True):
    """For each of ``KINDS`` a column of weights and a level: how far above ``ok`` a vector is."""

    weights: Weights
    level: Weights

    def margins(self, vectors: Floats) -> Weights:
        """A row for each vector, a column for each kind; about 1 for what fits and -1 for what is harmless."""
        found: Weights = vectors @ self.weights + self.level
        return found

    def verdicts(self, vectors: Floats, kinds: Sequence[Kind] = KINDS) -> list[tuple[Verdict, float]]:
        """The verdict on each, with how far it is above ``ok``. In doubt it is ``ok``, and so is what looks most like a
        kind that may not be said: as another kind it was never measured."""
        found: list[tuple[Verdict, float]] = []
        for row in self.margins(vectors):
            at = int(row.argmax())
            is_said = row[at] >= MARGIN and KINDS[at] in kinds
            found.append((KINDS[at], float(row[at])) if is_said else ("ok", 0.0))
        return found


def train(vectors: Floats, verdicts: Sequence[Verdict]) -> Judge:
    """The judge of these decisions. Rare verdicts weigh as much as common ones.

    Raises:
        ValueError: some verdict has no example.
    """
    counts = {name: sum(one == name for one in verdicts) for name in VERDICTS}
    if not all(counts.values()):
        raise ValueError("a judge needs examples of every verdict")
    wanted = np.array([[one == name for name in VERDICTS] for one in verdicts], np.float64)
    shares = np.array([len(verdicts) / (len(VERDICTS) * counts[one]) for one in verdicts])
    x = vectors.astype(np.float64)
    middle = np.average(x, axis=0, weights=shares)
    mean = np.average(wanted, axis=0, weights=shares)
    centred = (x - middle) * np.sqrt(shares)[:, None]
    # Solved in the space of the examples: they are fewer than the vectors' dimensions, or about as many.
    kernel = centred @ centred.T + STRENGTH * np.eye(len(x))
    weights = centred.T @ np.linalg.solve(kernel, (wanted - mean) * np.sqrt(shares)[:, None])
    level = mean - middle @ weights
    return Judge(weights[:, :-1] - weights[:, -1:], level[:-1] - level[-1])


class Quality(msgspec.Struct, frozen=True):
    """How a judge did with one kind, on decisions that it had not seen."""

    decided: int
    """Of this kind."""
    harmless: int
    shown: int = 0
    """How many it would have shown to a person as of this kind."""
    correct: int = 0
    """And how many of these were."""

    @property
    def precision(self) -> float:
        return self.correct / self.shown if self.shown else 0.0

    @property
    def recall(self) -> float:
        return self.correct / self.decided if self.decided else 0.0

    @property
    def why(self) -> Why:
        """Why it is below its bar; empty where it is not."""
        if self.precision < PRECISION:
            return "wrong" if self.shown else "misses"
        return "misses" if self.recall < RECALL else ""


class Lesson(msgspec.Struct, frozen=True):
    """Decisions with the vectors of their posts, and those of the seeds beside them."""

    vectors: Floats
    decided: Sequence[Decided]
    seeds: Floats

    @property
    def verdicts(self) -> list[Verdict]:
        return [one.verdict for one in self.decided]


def learn(lesson: Lesson) -> Judge:
    """The judge of all that was decided."""
    return _taught(lesson, np.arange(len(lesson.decided)))


def evaluate(lesson: Lesson) -> Mapping[Kind, Quality]:
    """Cross-validation: each part is judged by what the others and the seeds teach.

    All posts of an account are in one part: the next post of a known spammer is no test.
    """
    part = _parts(lesson.decided)
    given: list[Verdict] = ["ok"] * len(part)
    for fold in range(FOLDS):
        left = np.flatnonzero(part == fold)
        judge = _taught(lesson, np.flatnonzero(part != fold))
        for at, (verdict, _) in zip(left.tolist(), judge.verdicts(lesson.vectors[left]), strict=True):
            given[at] = verdict
    pairs = list(zip(given, lesson.verdicts, strict=True))
    harmless = sum(true == "ok" for _, true in pairs)
    return {
        kind: Quality(
            decided=sum(true == kind for _, true in pairs),
            harmless=harmless,
            shown=sum(said == kind for said, _ in pairs),
            correct=sum(said == true == kind for said, true in pairs),
        )
        for kind in KINDS
    }


def _taught(lesson: Lesson, places: NDArray[np.int64]) -> Judge:
    vectors = np.concatenate([lesson.seeds, lesson.vectors[places]])
    return train(vectors, [*(one.verdict for one in seeds()), *(lesson.decided[at].verdict for at in places)])


def _parts(decided: Sequence[Decided]) -> NDArray[np.int64]:
    """In which part each is: accounts take turns, those of each verdict among themselves."""
    counts: Counter[Verdict] = Counter()
    of_author: dict[AccountId, int] = {}
    for one in decided:
        if one.author_id not in of_author:
            of_author[one.author_id] = counts[one.verdict] % FOLDS
            counts[one.verdict] += 1
    return np.array([of_author[one.author_id] for one in decided], np.int64)
