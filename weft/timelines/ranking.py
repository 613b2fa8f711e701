"""The order of *For you*: a plain formula over what anybody can see of a post and what its reader did. Pure.

    score = worth of the reason x freshness x (1 + appeal) x affinity x language x interest

Freshness halves every twelve hours. Appeal grows with the logarithm of what was done with the post against the size of
its author's following, so that a large account needs more to stand as high. Affinity is how often the reader liked or
answered the author. Nothing that the reader merely looked at counts: nobody keeps that.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec

ReasonKind = Literal["following", "reposted_by", "interacted", "tag", "followed_by", "popular", "recent"]

WORTH: Mapping[ReasonKind, float] = {
    "following": 1.0,
    "reposted_by": 0.8,
    "interacted": 0.8,
    "tag": 0.7,
    "followed_by": 0.6,
    "popular": 0.5,
    "recent": 0.3,
}
"""What a reason counts; a post with several has the best of them."""

HALF_LIFE_MS = 12 * 3_600_000
FOREIGN = 0.3
"""What a post in a language that the reader does not use is worth beside one in theirs."""
AGAIN = 0.6
"""What each further post of an author is worth beside the one before it."""
LESS_AUTHOR, LESS_TAG = 0.3, 0.6
"""What is left of a post for each time the reader wanted less of its author, or of one of its tags."""
MOST_TIMES = 4


class Reason(msgspec.Struct, frozen=True):
    """Why a post is proposed: because of an account, of a tag, or of neither."""

    kind: ReasonKind
    account_id: int = 0
    tag: str = ""


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """One post with what its place depends on."""

    id: int
    author_id: int
    reason: Reason
    language: str = ""
    tags: tuple[str, ...] = ()
    """By key."""
    reactions: int = 0
    """Likes and replies once, reposts and quotes twice."""
    followers: int = 0


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader's own doings say of what they want."""

    interactions: Mapping[int, int] = {}
    """How often the reader lately liked or answered each author."""
    languages: Collection[str] = ()
    """Those the reader writes in or chose, without region; empty where nothing is known."""
    less_authors: Counter[int] = msgspec.field(default_factory=Counter)
    less_tags: Counter[str] = msgspec.field(default_factory=Counter)


def score(post: Proposed, reader: Reader, now_ms: int) -> float:
    """How much the post deserves to stand high for this reader."""
    age_ms = max(now_ms - (post.id >> 16), 0)
    freshness = math.pow(0.5, age_ms / HALF_LIFE_MS)
    appeal = math.log1p(4 * post.reactions / math.sqrt(post.followers + 10))
    affinity = 1 + min(reader.interactions.get(post.author_id, 0), 10) / 5
    known = not post.language or not reader.languages or post.language.partition("-")[0] in reader.languages
    language = 1.0 if known or post.reason.kind == "following" else FOREIGN
    interest = math.pow(LESS_AUTHOR, min(reader.less_authors[post.author_id], MOST_TIMES))
    interest *= math.pow(LESS_TAG, min(sum(reader.less_tags[tag] for tag in post.tags), MOST_TIMES))
    return WORTH[post.reason.kind] * freshness * (1 + appeal) * affinity * language * interest


def rank(posts: Sequence[Proposed], reader: Reader, now_ms: int) -> list[Proposed]:
    """The best first. An author's second post counts less than the first, and two of one author never stand together
    while there is anybody else's left."""
    best = sorted(((score(post, reader, now_ms), post.id, post) for post in posts), key=_higher)
    nth: Counter[int] = Counter()
    lowered = []
    for value, id_, post in best:
        lowered.append((value * AGAIN ** nth[post.author_id], id_, post))
        nth[post.author_id] += 1
    return _apart([post for _, _, post in sorted(lowered, key=_higher)])


def _higher(one: tuple[float, int, Proposed]) -> tuple[float, int]:
    return -one[0], -one[1]


def _apart(posts: Sequence[Proposed]) -> list[Proposed]:
    """The same order, but the next post of the author just shown waits for one of somebody else."""
    waiting: list[Proposed] = []
    placed: list[Proposed] = []
    for post in posts:
        waiting.append(post)
        while (found := _other(waiting, placed)) is not None:
            placed.append(waiting.pop(found))
    return placed + waiting


def _other(waiting: Sequence[Proposed], placed: Sequence[Proposed]) -> int | None:
    last = placed[-1].author_id if placed else 0
    return next((at for at, post in enumerate(waiting) if post.author_id != last), None)
