"""Filters: what they match, and how they are written."""

import time

import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, PostId
from weft.kernel.text.terms import fold
from weft.relationships.model import Facts
from weft.timelines.events import ReadingChanged
from weft.timelines.model import Filter, FilteredPost, Keyword, Viewer
from weft.timelines.service import (
    FilterEdit,
    KeywordEdit,
    add_filtered_post,
    add_keyword,
    create_filter,
    delete_filter,
    edit_filter,
    edit_keyword,
    filter_hits,
    load_filters,
    remove_filtered_post,
    require_filter,
    require_keyword,
)


@pytest.fixture
async def ann(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="ann"))).id


@pytest.fixture
async def bob(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="bob"))).id


def viewer_with(*keywords: tuple[str, bool], expires_ms: int | None = None, posts: tuple[int, ...] = ()) -> Viewer:
    filter_ = Filter(
        id=1,
        title="it",
        contexts=("home",),
        expires_ms=expires_ms,
        keywords=tuple(Keyword(n, word, whole) for n, (word, whole) in enumerate(keywords)),
        posts=tuple(FilteredPost(n, PostId(id_)) for n, id_ in enumerate(posts)),
    )
    return Viewer(id=AccountId(7), facts=Facts(AccountId(7)), filters=(filter_,))


@pytest.mark.parametrize(
    ("keyword", "whole", "text", "hit"),
    [
        ("cat", True, "A cat!", True),
        ("cat", True, "concatenate", False),
        ("cat", False, "concatenate", True),
        ("CAFÉ", True, "the cafe is open", True),
        ("#Summer", True, "it is #summer", True),
        ("two words", True, "only TWO\nwords here", True),
        ("two words", True, "two wordsmiths", False),
        ("사과", True, "나는 사과를 먹는다", True),
        ("c++", True, "I write C++ daily", True),
        ("!!!", False, "anything at all", False),
        (".*", False, "anything at all", False),
    ],
)
def test_keywords_match_folded_words(keyword: str, whole: bool, text: str, hit: bool) -> None:
    found = filter_hits(viewer_with((keyword, whole)), fold(text), (5,), 0)
    assert [hit_.keywords for hit_ in found] == ([(keyword,)] if hit else [])


def test_a_hit_names_every_keyword_and_post_that_matched() -> None:
    viewer = viewer_with(("one", True), ("two", True), ("three", True), posts=(5, 6))
    (hit,) = filter_hits(viewer, fold("one and three"), (6, 9), 0)
    assert (hit.keywords, hit.posts) == (("one", "three"), (6,))


def test_an_expired_filter_matches_nothing() -> None:
    viewer = viewer_with(("one", True), expires_ms=1000)
    assert filter_hits(viewer, "one", (1,), 999)
    assert not filter_hits(viewer, "one", (1,), 1000)


def test_hostile_keywords_cost_no_more_than_their_length() -> None:
    viewer = viewer_with(*[("a" * 200 + "b" * n, False) for n in range(50)])
    began = time.perf_counter()
    filter_hits(viewer, "a" * 20_000, (1,), 0)
    assert time.perf_counter() - began < 0.5


async def test_a_filter_is_made_changed_and_deleted_by_its_owner_only(db: Db, ann: AccountId, bob: AccountId) -> None:
    events: list[Event] = []
    db.publish = events.extend
    made = await create_filter(
        db,
        ann,
        FilterEdit(
            title=" Spoilers ",
            contexts=("home", "public", "home"),
            action="hide",
            expires_ms=99,
            keywords=(KeywordEdit(keyword="finale", whole_word=True), KeywordEdit(keyword="twist", whole_word=False)),
        ),
    )
    assert (made.title, made.contexts, made.action, made.expires_ms) == ("Spoilers", ("home", "public"), "hide", 99)
    first, second = made.keywords
    assert (first.keyword, first.whole_word, second.whole_word) == ("finale", True, False)
    changed = await edit_filter(
        db,
        ann,
        made.id,
        FilterEdit(
            expires_ms=None,
            keywords=(
                KeywordEdit(id=first.id, destroy=True),
                KeywordEdit(id=second.id, whole_word=True),
                KeywordEdit(keyword="ending"),
            ),
        ),
    )
    assert [(word.keyword, word.whole_word) for word in changed.keywords] == [("twist", True), ("ending", True)]
    assert (changed.title, changed.expires_ms) == ("Spoilers", None)
    for refused in (edit_filter(db, bob, made.id, FilterEdit(title="mine")), delete_filter(db, bob, made.id)):
        with pytest.raises(NotFound):
            await refused
    await delete_filter(db, ann, made.id)
    async with db.read() as reader:
        assert await load_filters(reader, ann) == ()
        assert await reader.value("SELECT count(*) FROM filter_keywords") == 0
    assert events == [ReadingChanged(account_id=ann, filters=True)] * 3


async def test_a_change_with_a_foreign_keyword_changes_nothing(db: Db, ann: AccountId, bob: AccountId) -> None:
    one, other = (FilterEdit(title=name, contexts=("home",), keywords=(KeywordEdit(keyword=name),)) for name in "xy")
    mine, theirs = await create_filter(db, ann, one), await create_filter(db, bob, other)
    with pytest.raises(NotFound):
        edit = FilterEdit(title="z", keywords=(KeywordEdit(id=theirs.keywords[0].id, keyword="w"),))
        await edit_filter(db, ann, mine.id, edit)
    async with db.read() as reader:
        assert (await require_filter(reader, ann, mine.id)).title == "x"
        assert (await require_filter(reader, bob, theirs.id)).keywords[0].keyword == "y"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (FilterEdit(contexts=("home",)), "filter.title_blank"),
        (FilterEdit(title="t"), "filter.context_blank"),
        (FilterEdit(title="t", contexts=("home",), keywords=(KeywordEdit(keyword=" "),)), "filter.keyword_blank"),
        (FilterEdit(title="t", contexts=("home",), keywords=(KeywordEdit(keyword="k" * 257),)), "filter.keyword_long"),
    ],
)
async def test_a_filter_that_says_too_little_is_refused(db: Db, ann: AccountId, edit: FilterEdit, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await create_filter(db, ann, edit)
    assert refused.value.code == code


async def test_keywords_and_posts_are_edited_one_by_one(db: Db, ann: AccountId, bob: AccountId) -> None:
    made = await create_filter(db, ann, FilterEdit(title="t", contexts=("home",)))
    word = await add_keyword(db, ann, made.id, KeywordEdit(keyword="one"))
    assert (await edit_keyword(db, ann, KeywordEdit(id=word.id, keyword="two"))).keyword == "two"
    post = await add_filtered_post(db, ann, made.id, 77)
    assert await add_filtered_post(db, ann, made.id, 77) == post
    async with db.read() as reader:
        assert (await require_filter(reader, ann, made.id)).posts == (post,)
        with pytest.raises(NotFound):
            await require_keyword(reader, bob, word.id)
    with pytest.raises(NotFound):
        await remove_filtered_post(db, bob, post.id)
    await remove_filtered_post(db, ann, post.id)
    await edit_keyword(db, ann, KeywordEdit(id=word.id, destroy=True))
    async with db.read() as reader:
        left = await require_filter(reader, ann, made.id)
    assert (left.posts, left.keywords) == ((), ())
