"""The order of *For you*, against a naive oracle that works it out place by place."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from weft.timelines.ranking import (
    AGAIN,
    FOREIGN,
    HALF_LIFE_MS,
    LESS_AUTHOR,
    LESS_TAG,
    MOST_TIMES,
    WORTH,
    Proposed,
    Reader,
    Reason,
    ReasonKind,
    rank,
    score,
)

NOW_MS = 1_767_225_600_000
HOUR_MS = 3_600_000


def post(
    author: int = 1, *, hours: float = 1, kind: ReasonKind = "following", reactions: int = 0, followers: int = 0,
    language: str = "", tags: tuple[str, ...] = (), tail: int = 0,
) -> Proposed:  # fmt: skip
    return Proposed(
        id=((NOW_MS - int(hours * HOUR_MS)) << 16) + tail,
        author_id=author,
        reason=Reason(kind),
        reactions=reactions,
        followers=followers,
        language=language,
        tags=tags,
    )


def oracle_score(one: Proposed, reader: Reader) -> float:
    age = (NOW_MS - (one.id >> 16)) / HALF_LIFE_MS
    value = WORTH[one.reason.kind] / 2**age
    value *= 1 + math.log(1 + 4 * one.reactions / (one.followers + 10) ** 0.5)
    value *= 1 + min(reader.interactions.get(one.author_id, 0), 10) / 5
    if one.reason.kind != "following" and one.language and reader.languages:
        value *= 1 if one.language.split("-")[0] in reader.languages else FOREIGN
    for _ in range(min(reader.less_authors[one.author_id], MOST_TIMES)):
        value *= LESS_AUTHOR
    for _ in range(min(sum(reader.less_tags[tag] for tag in one.tags), MOST_TIMES)):
        value *= LESS_TAG
    return value


def oracle_rank(posts: list[Proposed], reader: Reader) -> list[Proposed]:
    worth: dict[int, float] = {}
    for one in posts:
        own = oracle_score(one, reader), one.id
        better = [
            other
            for other in posts
            if other.author_id == one.author_id and (oracle_score(other, reader), other.id) > own
        ]
        worth[one.id] = own[0] * AGAIN ** len(better)
    left = sorted(posts, key=lambda one: (-worth[one.id], -one.id))
    placed: list[Proposed] = []
    while left:
        fit = [one for one in left if not placed or one.author_id != placed[-1].author_id]
        placed.append((fit or left)[0])
        left.remove(placed[-1])
    return placed


proposals = st.lists(
    st.builds(
        post,
        st.integers(1, 4),
        hours=st.integers(0, 90),
        kind=st.sampled_from(list(WORTH)),
        reactions=st.integers(0, 50),
        followers=st.integers(0, 1000),
        language=st.sampled_from(["", "en", "en-GB", "ko", "vi"]),
        tags=st.lists(st.sampled_from(["bikes", "tea"]), max_size=2, unique=True).map(tuple),
        tail=st.integers(0, 65535),
    ),
    max_size=14,
    unique_by=lambda one: one.id,
)
readers = st.builds(
    Reader,
    interactions=st.dictionaries(st.integers(1, 4), st.integers(1, 20)),
    languages=st.sets(st.sampled_from(["en", "ko", "vi"])),
    less_authors=st.dictionaries(st.integers(1, 4), st.integers(1, 6)).map(Counter),
    less_tags=st.dictionaries(st.sampled_from(["bikes", "tea"]), st.integers(1, 3)).map(Counter),
)


@given(proposals, readers)
def test_the_order_is_what_the_formula_says(posts: list[Proposed], reader: Reader) -> None:
    for one in posts:
        assert math.isclose(score(one, reader, NOW_MS), oracle_score(one, reader), rel_tol=1e-9)
    ranked, expected = rank(posts, reader, NOW_MS), oracle_rank(posts, reader)
    assert sorted(one.id for one in ranked) == sorted(one.id for one in posts)
    # Equal scores may differ in the last bit between the two, so places are compared by their worth.
    assert [round(score(one, reader, NOW_MS), 9) for one in ranked] == [
        round(score(one, reader, NOW_MS), 9) for one in expected
    ]


@given(proposals, readers)
def test_two_of_one_author_stand_together_only_at_the_end(posts: list[Proposed], reader: Reader) -> None:
    ranked = rank(posts, reader, NOW_MS)
    for at in range(1, len(ranked)):
        if ranked[at].author_id == ranked[at - 1].author_id:
            assert {one.author_id for one in ranked[at:]} == {ranked[at].author_id}


def test_newer_liked_nearer_and_known_stand_higher() -> None:
    reader = Reader(interactions={2: 5}, languages={"en"})

    def above(high: Proposed, low: Proposed) -> bool:
        return score(high, reader, NOW_MS) > score(low, reader, NOW_MS)

    assert above(post(hours=1), post(hours=10))
    assert above(post(reactions=9), post(reactions=1))
    assert above(post(reactions=5, followers=10), post(reactions=5, followers=10_000))
    assert above(post(2), post(1))
    assert above(post(kind="following"), post(kind="popular"))
    assert above(post(kind="popular", language="en"), post(kind="popular", language="ko"))
    assert score(post(language="ko"), reader, NOW_MS) == score(post(language="en"), reader, NOW_MS), "one chose them"


def test_less_of_a_post_is_less_of_its_author_and_tags() -> None:
    plain, less = Reader(), Reader(less_authors=Counter({1: 1}), less_tags=Counter({"bikes": 1}))
    for one in (post(1), post(2, tags=("bikes",))):
        assert score(one, less, NOW_MS) < score(one, plain, NOW_MS)
    assert score(post(3, tags=("tea",)), less, NOW_MS) == score(post(3, tags=("tea",)), plain, NOW_MS)
