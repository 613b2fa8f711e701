"""Finding posts by their words: languages, rights, order, and what it may cost."""

from __future__ import annotations

import pytest

from tests.support.town import Person, Town
from weft.accounts.model import ProfileEdit
from weft.accounts.service import edit_profile, set_state
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of
from weft.search import service
from weft.search.indexing import build_missing
from weft.search.service import PostSearch, search_posts


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def ann(town: Town) -> Person:
    return await town.person("ann")


@pytest.fixture
async def bob(town: Town) -> Person:
    return await town.person("bob")


async def found(town: Town, who: Person, text: str, limit: int = 20, offset: int = 0) -> list[str]:
    await build_missing(town.db)
    async with town.db.read_within(service.SEARCH_MS) as reader:
        ids = await search_posts(reader, PostSearch(text=text, viewer_id=who.account.id, limit=limit, offset=offset))
    return [str(id_) for id_ in ids]


async def test_marks_of_vietnamese_rank_but_do_not_exclude(town: Town, ann: Person, bob: Person) -> None:
    marked = await ann.say("Trời hôm nay đẹp quá")
    plain = await ann.say("Troi hom nay dep qua")
    other = await ann.say("trội hơn")
    assert await found(town, bob, "trời hôm") == [marked["id"], plain["id"]]
    assert await found(town, bob, "troi hom") == [plain["id"], marked["id"]]
    assert await found(town, bob, "trội") == [other["id"], plain["id"], marked["id"]]


async def test_parts_of_korean_words_are_found(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("메타버스를 만들었습니다")
    await ann.say("전혀 다른 이야기")
    assert await found(town, bob, "버스") == [post["id"]]
    assert await found(town, bob, "만들었") == [post["id"]]


async def test_private_posts_are_found_by_their_author_and_the_mentioned_alone(
    town: Town, ann: Person, bob: Person
) -> None:
    eve = await town.person("eve")
    await town.follow(eve, ann)
    own = await ann.say("secretword for me", visibility="private")
    told = await ann.say("@bob secretword", visibility="direct")
    assert await found(town, ann, "secretword") == [told["id"], own["id"]]
    assert await found(town, bob, "secretword") == [told["id"]]
    assert await found(town, eve, "secretword") == []


async def test_who_does_not_want_to_be_found_is_found_by_those_who_reacted_alone(
    town: Town, ann: Person, bob: Person
) -> None:
    async with town.db.tx(bucket_of(bob.account.id)) as tx:
        await edit_profile(tx, bob.account.id, ProfileEdit(indexable=False))
    post = await bob.say("unindexed")
    assert await found(town, ann, "unindexed") == []
    await ann.post(f"statuses/{post['id']}/bookmark")
    assert await found(town, ann, "unindexed") == [post["id"]]


async def test_a_limited_author_is_found_by_followers_alone(town: Town, ann: Person, bob: Person) -> None:
    eve = await town.person("eve")
    await town.follow(eve, ann)
    post = await ann.say("limitedword")
    async with town.db.tx(bucket_of(ann.account.id)) as tx:
        await set_state(tx, ann.account.id, "limited")
    assert await found(town, bob, "limitedword") == []
    assert await found(town, eve, "limitedword") == [post["id"]]
    assert await found(town, ann, "limitedword") == [post["id"]]


async def test_operators_narrow_a_search(town: Town, ann: Person, bob: Person) -> None:
    first = await ann.say("apples and pears", language="en")
    reply = await ann.say("apples again", in_reply_to_id=first["id"], language="en")
    mine = await bob.say("apples of mine", language="vi")
    assert await found(town, bob, "apples from:ann") == [reply["id"], first["id"]]
    assert await found(town, bob, "apples from:me") == [mine["id"]]
    assert await found(town, bob, "apples is:reply") == [reply["id"]]
    assert await found(town, bob, "apples -pears") == [mine["id"], reply["id"]]
    assert await found(town, bob, "apples language:vi") == [mine["id"]]
    assert await found(town, bob, "apples before:2020-01-01") == []
    assert await found(town, bob, '"pears apples"') == []


FILL = """
INSERT INTO search_posts (bucket, post_id, author_id, terms)  -- all buckets
SELECT (id >> 6) & 1023, id, $1, ARRAY['commonword', 'n' || n] FROM (SELECT n, $2::bigint + n * 65536::bigint * 50 AS id
  FROM generate_series(1, $3) AS n) AS made
"""


async def test_a_common_word_reads_a_bounded_part_of_the_index(town: Town, ann: Person, bob: Person) -> None:
    old = await ann.say("commonword, the old one, and rareword")
    await build_missing(town.db)
    async with town.db.job() as tx:  # posts that are gone since: the index only proposes
        await tx.execute(FILL, ann.account.id, int(old["id"]), 30_000)
    town.clock.advance(3600)
    new = await ann.say("commonword, the new one")
    statements: list[str] = []
    assert (await found(town, bob, "commonword", limit=1)) == [new["id"]]
    town.db.recorder = lambda sql, args: statements.append(sql)
    async with town.db.read_within(service.SEARCH_MS) as reader:
        ids = await search_posts(reader, PostSearch(text="commonword", viewer_id=bob.account.id, limit=5))
    town.db.recorder = None
    assert ids == [int(new["id"])]
    assert len(statements) < 80
    assert not any("search_posts_terms" in sql for sql in statements)
    assert await found(town, bob, "rareword") == [old["id"]]
