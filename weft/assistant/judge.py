"""Notices posts that look like spam or abuse, and the same post from many hands, and tells a person of them.

It is trained on what the moderators decided, and does nothing but put posts into their queue, marked as automatic. It
never looks at what the staff writes. How good it is, is measured by leaving parts of the decisions out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from weft.assistant.vectors import Floats
from weft.infra.db import Reader
from weft.kernel.ids import AccountId, PostId

Verdict = Literal["spam", "abuse", "ok"]
VERDICTS: Final[tuple[Verdict, ...]] = ("spam", "abuse", "ok")
STRENGTH: Final = 1.0
"""Of the ridge: how much weights are held back. Vectors have length one, so it is about one example's worth."""
MARGIN: Final = 0.25
"""How far the worse verdict must be above ``ok`` before a person is asked."""
FOLDS: Final = 5
MOST_DECISIONS: Final = 2000

Weights = NDArray[np.float64]


class Decided(msgspec.Struct, frozen=True):
    """A post about which a moderator decided."""

    text: str
    verdict: Verdict


class Decisions(Protocol):
    """What moderators decided, the newest first; filled in ``wiring`` from the resolved reports.

    A report that led to something makes its posts ``spam`` or ``abuse``; one that was closed without makes them
    ``ok``. Nothing of anybody who opted out.
    """

    async def __call__(self, reader: Reader, limit: int) -> Sequence[Decided]: ...


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is asked to look at."""

    account_id: AccountId
    post_ids: tuple[PostId, ...]
    verdict: Literal["spam", "abuse", "duplicate"]
    score: float
    reason: str
    """For the moderator, in English; it begins by saying that no person wrote it."""


class Queue(Protocol):
    """Where a suspicion goes: the moderators' queue. Filled in ``wiring``."""

    async def __call__(self, suspicion: Suspicion) -> None: ...


@cache
def seeds() -> tuple[Decided, ...]:
    """The posts that judging starts from."""
    found = tomllib.loads(Path(__file__).with_name("judge_seeds.toml").read_text("utf-8"))
    known = msgspec.convert(found, dict[Verdict, list[str]])
    return tuple(Decided(text, verdict) for verdict in VERDICTS for text in known[verdict])


class Judge(msgspec.Struct, frozen=True):
    """A ridge regression from a post's vector to one number for each verdict."""

    weights: Weights
    offset: Weights
    counts: Mapping[str, int]

    def scores(self, vectors: Floats) -> Weights:
        """A row for each vector, a column for each of ``VERDICTS``; about 1 for what fits."""
        found: Weights = vectors @ self.weights + self.offset
        return found

    def verdicts(self, vectors: Floats, margin: float = MARGIN) -> list[tuple[Verdict, float]]:
        """The verdict on each, with how far it is above ``ok``. In doubt it is ``ok``."""
        found: list[tuple[Verdict, float]] = []
        for spam, abuse, ok in self.scores(vectors):
            worse = max(spam, abuse) - ok
            name: Verdict = "ok" if worse < margin else "spam" if spam >= abuse else "abuse"
            found.append((name, float(worse)))
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
    return Judge(weights, mean - middle @ weights, counts)


class Quality(msgspec.Struct, frozen=True):
    """How a judge did on decisions that it had not seen."""

    decisions: int
    right: int
    queued: int
    """How many it would have shown to a person."""
    wrongly_queued: int
    missed: int
    counts: Mapping[str, int]

    @property
    def accuracy(self) -> float:
        return self.right / max(self.decisions, 1)

    @property
    def precision(self) -> float:
        """Of what a person would be shown, the share that deserves it."""
        return 1 - self.wrongly_queued / self.queued if self.queued else 1.0

    @property
    def recall(self) -> float:
        """Of what deserves to be shown, the share that would be."""
        bad = self.decisions - self.counts["ok"]
        return 1 - self.missed / bad if bad else 1.0


def evaluate(vectors: Floats, verdicts: Sequence[Verdict], folds: int = FOLDS) -> Quality:
    """Cross-validation: each part is judged by what the other parts teach. Every verdict is in every part.

    Raises:
        ValueError: a verdict has fewer examples than there are parts.
    """
    part = np.empty(len(verdicts), int)
    for name in VERDICTS:
        places = [at for at, one in enumerate(verdicts) if one == name]
        if len(places) < folds:
            raise ValueError("fewer examples of a verdict than parts")
        part[places] = [number % folds for number in range(len(places))]
    given: list[Verdict] = ["ok"] * len(verdicts)
    for fold in range(folds):
        taught, left = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        judge = train(vectors[taught], [verdicts[at] for at in taught])
        for at, (verdict, _) in zip(left, judge.verdicts(vectors[left]), strict=True):
            given[at] = verdict
    pairs = list(zip(given, verdicts, strict=True))
    return Quality(
        decisions=len(pairs),
        right=sum(one == other for one, other in pairs),
        queued=sum(one != "ok" for one, _ in pairs),
        wrongly_queued=sum(one != "ok" and other == "ok" for one, other in pairs),
        missed=sum(one == "ok" and other != "ok" for one, other in pairs),
        counts={name: sum(other == name for _, other in pairs) for name in VERDICTS},
    )


# ------------------------------------------------------------------------------------------------ the same again


class Written(msgspec.Struct, frozen=True):
    """A new post as the judge is given it."""

    post_id: PostId
    author_id: AccountId
    is_staff: bool
    is_new: bool
    """Its author is new here, or wrote next to nothing before."""
    at_ms: int


ALIKE: Final = 0.95
"""Cosine from which two posts are the same with other words in between."""
WINDOW_MS: Final = 24 * 3_600_000
LEAST_COPIES: Final = 3
"""Accounts that wrote the same, before a person is asked; of new ones two are enough."""


def duplicates(posts: Sequence[Written], vectors: Floats) -> list[list[int]]:
    """Places of posts that say nearly the same within a day, from several accounts or from new ones.

    One account that repeats itself is annoying and no crowd; staff is left out.
    """
    seen = [at for at, post in enumerate(posts) if not post.is_staff]
    near = vectors[seen] @ vectors[seen].T >= ALIKE
    groups: list[list[int]] = []
    taken: set[int] = set()
    for row, at in enumerate(seen):
        if at in taken:
            continue
        group = [
            other
            for column, other in enumerate(seen)
            if near[row, column] and other not in taken and abs(posts[other].at_ms - posts[at].at_ms) <= WINDOW_MS
        ]
        authors = {posts[one].author_id for one in group}
        least = 2 if all(posts[one].is_new for one in group) else LEAST_COPIES
        if len(authors) >= least:
            groups.append(group)
            taken.update(group)
    return groups


def suspicions(judge: Judge, posts: Sequence[Written], vectors: Floats) -> list[Suspicion]:
    """What a person should look at among new posts; nothing that the staff wrote."""
    found: list[Suspicion] = []
    for post, (verdict, score) in zip(posts, judge.verdicts(vectors), strict=True):
        if verdict != "ok" and not post.is_staff:
            reason = f"Automatic, no person reported this: it looks like {verdict} ({score:.2f} above harmless)."
            found.append(_suspicion(post, (post.post_id,), verdict, score, reason))
    for group in duplicates(posts, vectors):
        count = len({posts[at].author_id for at in group})
        reason = f"Automatic, no person reported this: {count} accounts wrote nearly the same within a day."
        for author in dict.fromkeys(posts[at].author_id for at in group):
            own = [posts[at] for at in group if posts[at].author_id == author]
            found.append(_suspicion(own[0], tuple(post.post_id for post in own), "duplicate", 1.0, reason))
    return found


def _suspicion(
    post: Written,
    post_ids: tuple[PostId, ...],
    verdict: Literal["spam", "abuse", "duplicate"],
    score: float,
    reason: str,
) -> Suspicion:
    return Suspicion(
        account_id=post.author_id, post_ids=post_ids, verdict=verdict, score=round(score, 4), reason=reason
    )
