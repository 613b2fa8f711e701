"""The made-up people and who follows whom, as arrays drawn from one generator."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from weft.kernel.ids import BUCKETS
from weft.operations.seeding.plan import BEFORE_MS, DAY_MS, SPAN_MS, SeedPlan
from weft.operations.seeding.words import LANGUAGES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FOLLOW_MS = 60 * DAY_MS
QUIET = 0.25
"""Part of the people who never post."""
WEIGHTED_ROUNDS, ROUNDS = 4, 60


class People(msgspec.Struct, frozen=True):
    first: int
    """The number of the first one: `seed<first>`."""
    ids: Ints
    language: Ints
    name: Ints
    activity: Floats
    """How likely the next post is of each; 0 for who only reads."""


class Follows(msgspec.Struct, frozen=True):
    """Indices of people, and the ids of the edges."""

    followers: Ints
    targets: Ints
    ids: Ints


def join_id(ms: Ints, bucket: Ints, tail: Ints | int = 0) -> Ints:
    return (ms << 16) | (bucket << 6) | tail


def buckets(ids: Ints) -> Ints:
    found: Ints = (ids >> 6) & (BUCKETS - 1)
    return found


def draw_people(rng: np.random.Generator, plan: SeedPlan, first: int) -> People:
    """People who came one second after another, long before the first post."""
    count = plan.accounts
    numbers = np.arange(first, first + count, dtype=np.int64)
    born = plan.end_ms - SPAN_MS - BEFORE_MS + numbers * 1000
    shares = [language.share for language in LANGUAGES]
    activity = rng.lognormal(0.0, 1.2, count)
    activity[rng.random(count) < QUIET] = 0.0
    if count and not activity.any():
        activity[0] = 1.0
    return People(
        first=first,
        ids=join_id(born, rng.integers(0, BUCKETS, count), rng.integers(0, 64, count)),
        language=rng.choice(len(shares), count, p=shares).astype(np.int64),
        name=rng.integers(0, 1 << 30, count),
        activity=activity,
    )


def draw_follows(rng: np.random.Generator, plan: SeedPlan, people: People) -> Follows:
    """Who follows whom: most are followed by few, and a few by very many (log-normal popularity)."""
    count = len(people.ids)
    wanted = _follow_counts(rng, count, plan.follows_mean)
    popularity = np.cumsum(rng.lognormal(0.0, 1.1, count)) if count else np.zeros(0)
    pairs = np.zeros(0, np.int64)
    missing = wanted.copy()
    for turn in range(ROUNDS):
        sources = np.repeat(np.arange(count, dtype=np.int64), missing)
        if not len(sources):
            break
        if turn < WEIGHTED_ROUNDS:
            targets = np.searchsorted(popularity, rng.random(len(sources)) * popularity[-1], side="right")
            targets = np.minimum(targets, count - 1)
        else:
            targets = rng.integers(0, count, len(sources))
        fresh = (sources * count + targets)[sources != targets]
        pairs = np.unique(np.concatenate((pairs, fresh)))
        missing = wanted - np.bincount(pairs // count, minlength=count)
    rng.shuffle(pairs)
    followers, targets = np.divmod(pairs, max(count, 1))
    step = max(FOLLOW_MS // max(len(pairs), 1), 1)
    when = plan.end_ms - SPAN_MS - FOLLOW_MS + np.arange(len(pairs), dtype=np.int64) * step
    return Follows(followers, targets, join_id(when, buckets(people.ids[followers])))


def _follow_counts(rng: np.random.Generator, count: int, mean: float) -> Ints:
    """How many each one follows: log-normal, adding up to the mean as far as there are others to follow."""
    if count < 2 or mean <= 0:
        return np.zeros(count, np.int64)
    total, most = round(min(mean, count - 1) * count), count - 1
    shape = rng.lognormal(0.0, 0.6, count)
    counts: Ints = np.minimum(np.floor(shape * (total / shape.sum())), most).astype(np.int64)
    while (short := total - int(counts.sum())) > 0:
        room = np.flatnonzero(counts < most)
        counts[rng.choice(room, min(short, len(room)), replace=False)] += 1
    return counts
