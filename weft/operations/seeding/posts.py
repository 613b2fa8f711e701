"""The made-up posts, replies, reposts and likes, as arrays drawn from one generator.

Times only grow along the arrays and no two posts share a millisecond, so ids grow per author as real ones do.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from weft.operations.seeding.people import Floats, Ints, People, buckets, join_id
from weft.operations.seeding.plan import SPAN_MS, SeedPlan
from weft.relationships.model import Visibility

Flags = npt.NDArray[np.bool_]

REPOSTS, REPLIES = 0.07, 0.32
"""Up to the first share a post is a repost, up to the second a reply."""
PUBLIC, UNLISTED = 0.87, 0.95
TAGGED, TWICE_TAGGED = 0.25, 0.04
LIKES_PER_POST = 1.0
HOT_EVERY = 80
"""Of so many posts one draws half of the reactions to them, so that some threads are long."""


class Posts(msgspec.Struct, frozen=True):
    """One entry per post. Other posts are given by index, -1 for none."""

    ids: Ints
    author: Ints
    visibility: Ints
    parent: Ints
    root: Ints
    repost_of: Ints
    language: Ints
    words: Ints
    """Column-wise three random numbers, from which beginning, middle and end are chosen."""
    tags: Ints
    """Two columns of random numbers, -1 for no tag."""


class Likes(msgspec.Struct, frozen=True):
    account: Ints
    post: Ints
    ids: Ints


def draw_posts(rng: np.random.Generator, plan: SeedPlan, people: People) -> Posts:
    count = plan.posts
    author = _pick(rng, people.activity, count)
    times = _times(rng, plan, count)
    kind = rng.random(count)
    visibility = np.select(
        [kind < REPOSTS, (chosen := rng.random(count)) < PUBLIC, chosen < UNLISTED],
        [int(Visibility.PUBLIC), int(Visibility.PUBLIC), int(Visibility.UNLISTED)],
        int(Visibility.FOLLOWERS),
    ).astype(np.int64)
    open_ = np.flatnonzero((kind >= REPOSTS) & (visibility <= Visibility.UNLISTED))
    target = _earlier(rng, open_, np.searchsorted(open_, np.arange(count)), 40.0)
    repost_of = np.where(kind < REPOSTS, target, -1)
    repost_of[_repeated(author, repost_of, count)] = -1
    parent = np.where((kind >= REPOSTS) & (kind < REPLIES), target, -1)
    return Posts(
        ids=join_id(times, buckets(people.ids[author]), rng.integers(0, 64, count)),
        author=author,
        visibility=visibility,
        parent=parent,
        root=_roots(parent),
        repost_of=repost_of,
        language=np.where(rng.random(count) < 0.9, people.language[author], 0),
        words=rng.integers(0, 1 << 30, (count, 3)),
        tags=_draw_tags(rng, repost_of < 0),
    )


def draw_likes(rng: np.random.Generator, plan: SeedPlan, people: People, posts: Posts) -> Likes:
    """Likes of posts that were there before, each pair once."""
    wanted = round(plan.posts * LIKES_PER_POST)
    times = _times(rng, plan, wanted)
    open_ = np.flatnonzero((posts.repost_of < 0) & (posts.visibility <= Visibility.UNLISTED))
    post = _earlier(rng, open_, np.searchsorted(posts.ids[open_] >> 16, times), 200.0)
    account = rng.integers(0, len(people.ids), wanted)
    post[_repeated(account, post, plan.posts)] = -1
    kept = post >= 0
    account, post, times = account[kept], post[kept], times[kept]
    return Likes(account, post, join_id(times, buckets(people.ids[account])))


def _pick(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Indices, as often as their weights say."""
    if not count:
        return np.zeros(0, np.int64)
    sums = np.cumsum(weights)
    picked: Ints = np.searchsorted(sums, rng.random(count) * sums[-1], side="right").astype(np.int64)
    return picked


def _times(rng: np.random.Generator, plan: SeedPlan, count: int) -> Ints:
    """Growing milliseconds that end before the plan's end, none twice."""
    step = SPAN_MS / max(count, 1)
    passed: Ints = np.floor(np.arange(count) * step + rng.random(count) * max(step - 1.0, 0.0)).astype(np.int64)
    return plan.end_ms - SPAN_MS + passed


def _earlier(rng: np.random.Generator, open_: Ints, before: Ints, reach: float) -> Ints:
    """For each entry one of the first ``before`` open posts, mostly a late or a hot one; -1 where there is none."""
    back = rng.geometric(1.0 / reach, len(before))
    late = np.maximum(before - back, 0)
    hot = (np.maximum(before - 1, 0) // HOT_EVERY) * HOT_EVERY
    place = np.where(rng.random(len(before)) < 0.5, hot, late)
    if not len(open_):
        return np.full(len(before), -1, np.int64)
    return np.where(before > 0, open_[np.minimum(place, len(open_) - 1)], -1)


def _repeated(account: Ints, post: Ints, posts: int) -> Flags:
    """Which entries repeat an earlier pair of account and post."""
    repeated = np.ones(len(account), np.bool_)
    repeated[np.unique(account * max(posts, 1) + post, return_index=True)[1]] = False
    return repeated & (post >= 0)


def _roots(parent: Ints) -> Ints:
    """The first post of each reply's thread: jump to the parent's parent until nothing changes."""
    up = np.where(parent >= 0, parent, np.arange(len(parent)))
    while not np.array_equal(further := up[up], up):
        up = further
    return np.where(parent >= 0, up, -1)


def _draw_tags(rng: np.random.Generator, written: Flags) -> Ints:
    tags = np.minimum(rng.zipf(1.5, (len(written), 2)), 1 << 20) - 1
    chance = rng.random(len(written))
    tags[~written | (chance >= TAGGED)] = -1
    tags[chance >= TWICE_TAGGED, 1] = -1
    return tags.astype(np.int64)
