"""What the way from posts to a corpus promises, for random communities: parts, caps, doubles, and hashes that hide."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.assistant.training.community import DAY, START, exported, samples
from weft.assistant.training.corpus import (
    Sample,
    capped_for_learning,
    documents,
    sameness,
    share_for,
    split,
    with_capped_shares,
    without_doubles,
)
from weft.assistant.training.manifest import hash_of, keyed, published
from weft.kernel.errors import Invalid
from weft.kernel.ids import make_id


@st.composite
def communities(draw: st.DrawFn) -> list[Sample]:
    """Posts at random times, in threads that began at any time before or at them, some of them never exported."""
    moments = draw(st.lists(st.integers(0, 400), min_size=2, max_size=40, unique=True))
    made: list[Sample] = []
    for moment in sorted(moments):
        id_ = make_id(START + moment * 3_600_000, draw(st.integers(0, 3)))
        older = [sample.thread for sample in made]
        thread = draw(st.sampled_from([id_, *older, make_id(START - DAY, 1)]))
        size = draw(st.integers(1, 60))
        text = draw(st.text("ab cd", min_size=1, max_size=3)) * size
        made.append(Sample(post_id=id_, author_id=draw(st.integers(1, 6)), thread=thread, text=text))
    return made


@given(communities(), st.floats(0.05, 0.5))
@settings(max_examples=60, deadline=None)
def test_no_thread_lies_in_both_parts_and_what_is_held_out_is_newer(posts: list[Sample], part: float) -> None:
    try:
        found = split(posts, part)
    except Invalid:
        assert len({min(s.begun_ms for s in posts if s.thread == each.thread) for each in posts}) < 2 or not any(
            sample.at_ms < max(sample.begun_ms for sample in posts) for sample in posts
        )
        return
    assert found.train and found.held_out
    assert not {sample.thread for sample in found.train} & {sample.thread for sample in found.held_out}
    assert max(s.at_ms for s in found.train) < found.cut_ms <= min(s.at_ms for s in found.held_out)
    assert len(found.train) + len(found.held_out) + found.dropped == len(posts)


@given(communities(), st.floats(0.01, 1.0))
@settings(max_examples=60, deadline=None)
def test_nobody_has_more_than_their_share(posts: list[Sample], share: float) -> None:
    kept = with_capped_shares(posts, share)
    authors = {sample.author_id for sample in posts}
    assert {sample.author_id for sample in kept} == authors, "everybody keeps something"
    total = sum(len(sample.text) for sample in kept)
    counts = Counter(sample.author_id for sample in kept)
    for author in authors:
        own = sum(len(sample.text) for sample in kept if sample.author_id == author)
        assert own <= share_for(len(authors), share) * total or counts[author] == 1
        newest = sorted((s.post_id for s in posts if s.author_id == author), reverse=True)[: counts[author]]
        assert sorted(newest) == [s.post_id for s in kept if s.author_id == author], "the newest stay"


def test_nobody_has_more_than_their_share_of_what_is_learnt() -> None:
    """The split leaves later posts of older threads out, and with them perhaps nearly all that others wrote."""
    moments, made = iter(range(10_000)), list[Sample]()

    def write(author: int, size: int, thread: int = 0) -> None:
        id_ = make_id(START + next(moments) * 1000, 1)
        made.append(Sample(post_id=id_, author_id=author, thread=thread or id_, text="x" * size))

    for _ in range(40):
        write(1, 100)
    for author in range(2, 62):
        write(author, 20)
    write(2, 20)
    for author in range(2, 62):
        write(author, 1500, thread=made[0].thread)
    for author in range(2, 62):
        write(author, 20)
    assert len(with_capped_shares(made)) == len(made)
    whole = split(made, part=0.3)
    assert sum(len(sample.text) for sample in whole.train if sample.author_id == 1) > 0.5 * sum(
        len(sample.text) for sample in whole.train
    )
    sizes = Counter[int]()
    for sample in capped_for_learning(whole).train:
        sizes[sample.author_id] += len(sample.text)
    assert 0 < sizes[1] == 100, "only the newest is left"


def test_in_a_large_community_a_busy_author_is_cut_to_a_twentieth() -> None:
    posts = [
        Sample(post_id=make_id(START + n * 1000, 1), author_id=1 if n % 2 else 2 + n % 80, thread=n, text="x" * 100)
        for n in range(1000)
    ]
    kept = with_capped_shares(posts)
    own = sum(sample.author_id == 1 for sample in kept)
    assert 0 < own <= 0.05 * len(kept) < own + 1


@settings(max_examples=60, deadline=None)
@given(communities())
def test_of_doubles_the_oldest_stays(posts: list[Sample]) -> None:
    kept = without_doubles(posts)
    assert len({sameness(sample.text) for sample in kept}) == len(kept)
    for sample in kept:
        assert sample.post_id == min(s.post_id for s in posts if sameness(s.text) == sameness(sample.text))


def test_texts_are_the_same_but_for_case_signs_and_width() -> None:
    assert sameness("Hello,  WORLD!") == sameness("hello world") == sameness("Ｈｅｌｌｏ world...")
    assert sameness("xin chào") != sameness("xin chao")


def test_posts_of_a_thread_are_read_together_and_in_order() -> None:
    first, second = make_id(START, 1), make_id(START + 5, 1)
    posts = [
        Sample(post_id=make_id(START + 9, 2), author_id=1, thread=first, text="third"),
        Sample(post_id=second, author_id=2, thread=second, text="other"),
        Sample(post_id=first, author_id=3, thread=first, text="one"),
    ]
    assert documents(posts) == ["one\n\nthird", "other"]


def test_one_thread_is_too_little() -> None:
    only = [sample for sample in samples() if sample.thread == samples()[0].thread]
    with pytest.raises(Invalid):
        split(only)


def test_the_manifest_holds_no_text_and_tells_nobody_apart_without_its_key() -> None:
    found = exported()
    raw = msgspec.json.encode(found.manifest).decode()
    assert not any(sample.text in raw for sample in (*found.split.train, *found.split.held_out))
    assert found.manifest.writers == 8 and sum(part.posts for part in found.manifest.authors) == (
        found.manifest.train_posts + found.manifest.held_out_posts
    )
    names = {part.author for part in found.manifest.authors}
    assert keyed(b"key", "author", "3") in names and keyed(b"other", "author", "3") not in names
    sha256 = found.manifest.sha256
    assert sha256 == hash_of(found.split, b"key") == exported().manifest.sha256 != exported(7).manifest.sha256


def test_what_is_published_of_the_manifest_tells_nobody_who_agreed() -> None:
    """Every post is public: whoever counts or hashes those of each member must find nothing to compare with."""
    found = exported()
    told = published(found.manifest)
    assert [set(part) for part in told["authors"]] == [{"author", "content"}] * 8  # type: ignore[attr-defined]
    assert told["sha256"] != hash_of(found.split, b"") and told["sha256"] != hash_of(found.split, b"other")
    assert told["train_posts"] == found.manifest.train_posts
