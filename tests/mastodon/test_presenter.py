"""What the presenter keeps in memory stays true whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.support.town import BASE, Person, Town
from weft.accounts.model import AccountState, ProfileEdit
from weft.accounts.service import edit_profile, set_state
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of
from weft.mastodon.presenter import Presenter
from weft.posts.service import vote
from weft.relationships.model import FollowOptions
from weft.relationships.service import follow
from weft.settings import Settings
from weft.timelines.model import Filter, Keyword
from weft.timelines.service import follow_tag


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def ann(town: Town) -> Person:
    return await town.person("ann")


@pytest.fixture
async def bob(town: Town) -> Person:
    return await town.person("bob")


@asynccontextmanager
async def held(url: str, table: str, db: Db) -> AsyncIterator[asyncpg.Connection]:
    """Nobody can read the table; on entering, nobody waits for it yet."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield connection
    finally:
        await connection.close()


WAITING = """
SELECT count(*) FROM pg_locks
 WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def until_somebody_waits(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(10):
        while True:
            if await connection.fetchval(WAITING):
                return
            await asyncio.sleep(0.005)


async def rename(db: Db, person: Person, name: str) -> None:
    bucket = bucket_of(person.account.id)
    async with db.tx(bucket) as tx:
        await edit_profile(tx, person.account.id, ProfileEdit(display_name=name))


async def set_account_state(db: Db, person: Person, state: AccountState) -> None:
    async with db.tx(bucket_of(person.account.id)) as tx:
        await set_state(tx, person.account.id, state)


_POLL: dict[str, Any] = {"options": ["a", "b"], "expires_in": 3600}


async def test_a_slow_load_does_not_overwrite_what_a_later_one_found(
    town: Town, ann: Person, bob: Person, database_url: str
) -> None:
    poll, plain = await ann.say("vote", poll=_POLL), await ann.say("like me")
    ids = [int(plain["id"]), int(poll["id"])]
    town.presenter.forget_all()
    async with held(database_url, "polls", town.db) as holder:
        slow = asyncio.create_task(town.presenter.load(ids))
        await until_somebody_waits(holder)
        assert (await bob.post(f"statuses/{plain['id']}/favourite"))["favourites_count"] == 1
    await slow
    assert (await ann.get(f"statuses/{plain['id']}"))["favourites_count"] == 1


async def test_a_slow_count_does_not_overwrite_a_later_one(
    town: Town, ann: Person, bob: Person, database_url: str
) -> None:
    poll, plain = await ann.say("vote", poll=_POLL), await ann.say("like me")
    await bob.post(f"statuses/{plain['id']}/favourite")
    await town.presenter.load([int(plain["id"])])
    town.presenter.forget_all()
    async with held(database_url, "polls", town.db) as holder:
        slow = asyncio.create_task(town.presenter.load([int(plain["id"]), int(poll["id"])]))
        await until_somebody_waits(holder)
        assert (await bob.post(f"statuses/{plain['id']}/unfavourite"))["favourites_count"] == 0
    await slow
    assert (await ann.get(f"statuses/{plain['id']}"))["favourites_count"] == 0


async def test_a_name_changes_on_posts_whose_author_was_forgotten(town: Town, ann: Person, clock: ManualClock) -> None:
    status = await ann.say("still here")
    presenter = Presenter(town.db, Settings(base_url=BASE), clock)
    presenter.listen(town.signals)
    presenter._accounts._half = 1  # every account that is loaded pushes the others out
    (entry,) = await presenter.load([int(status["id"])])
    for _ in range(4):
        other = await town.person()
        await presenter.load_accounts([other.account.id])
    await rename(town.db, ann, "Ann the Great")
    (entry,) = await presenter.load([int(status["id"])])
    assert b"Ann the Great" in entry.author.body


async def test_an_edit_shows_in_quotes_after_the_quoted_post_was_forgotten(
    town: Town, ann: Person, bob: Person, clock: ManualClock
) -> None:
    quoted = await ann.say("first words")
    quote = await bob.say("look", quoted_status_id=quoted["id"])
    presenter = Presenter(town.db, Settings(base_url=BASE), clock)
    presenter.listen(town.signals)
    presenter._posts._half = 1
    viewer = await town.viewers.get(None)
    assert b"first words" in await presenter.show(int(quote["id"]), viewer)
    for _ in range(3):
        other = await ann.say("noise")
        await presenter.load([int(other["id"]), int(quote["id"])])
    await ann.put(f"statuses/{quoted['id']}", status="second words")
    assert b"second words" in await presenter.show(int(quote["id"]), viewer)


async def test_a_long_chain_of_quotes_is_shown(town: Town, ann: Person) -> None:
    first = await ann.say("0")
    last = first["id"]
    ids = [int(last)]
    for number in range(10):
        last = (await ann.say(str(number), quoted_status_id=last))["id"]
        ids.append(int(last))
    await town.presenter.load(ids)
    shown = await ann.get(f"statuses/{last}")
    assert shown["quote"]["quoted_status"]["quote"]["quoted_status_id"] == str(ids[-3])
    (top,) = await town.presenter.load(ids[-1:])
    below = top.quoted
    for number in range(2000):  # as if each of them had been quoted by the next
        assert below is not None
        longer = copy.copy(below)
        longer.id, longer.quoted = number, below
        below = longer
    top.quoted = below
    assert (await town.presenter.load(ids[-1:])) == [top]


async def test_a_repost_of_a_quote_shows_what_its_reader_did_with_the_quoted_post(
    town: Town, ann: Person, bob: Person
) -> None:
    quoted = await ann.say("quoted")
    quote = await ann.say("quoting", quoted_status_id=quoted["id"])
    await bob.post(f"statuses/{quoted['id']}/favourite")
    repost = await ann.post(f"statuses/{quote['id']}/reblog")
    town.viewers.reset()
    shown = await bob.get(f"statuses/{repost['id']}")
    assert shown["reblog"]["quote"]["quoted_status"]["favourited"] is True


async def test_what_a_load_learned_before_an_event_is_not_kept_as_a_mark(
    town: Town, ann: Person, bob: Person, database_url: str
) -> None:
    poll = await ann.say("vote", poll=_POLL)
    town.viewers.reset()
    viewer = await town.viewers.get(bob.account.id)
    (entry,) = await town.presenter.load([int(poll["id"])])
    async with held(database_url, "my_likes", town.db) as holder:
        looked = asyncio.create_task(town.presenter.prepare((entry,), viewer))
        await until_somebody_waits(holder)
        await vote(town.db, bob.account.id, entry.post, [1])
    await looked
    assert (await bob.get(f"polls/{poll['id']}"))["own_votes"] == [1]


async def test_posts_written_at_once_are_all_counted(town: Town, ann: Person) -> None:
    await ann.get(f"accounts/{ann.id}/statuses")
    await asyncio.gather(*(ann.post("statuses", status=f"number {n}") for n in range(8)))
    status = await ann.say("the last")
    shown = await ann.get(f"statuses/{status['id']}")
    assert shown["account"]["statuses_count"] == 9


async def test_the_next_posts_of_an_author_are_shown_without_reading_anything(town: Town, ann: Person) -> None:
    await ann.say("the first reads who ann is")
    statements: list[str] = []
    town.db.recorder = lambda sql, args: statements.append(sql)
    shown = await asyncio.gather(*(ann.say(f"and {number}") for number in range(4)))
    town.db.recorder = None
    assert [one for one in statements if one.lstrip().startswith("SELECT")] == []
    assert max(status["account"]["statuses_count"] for status in shown) == 5


async def test_new_counters_are_written_where_the_old_ones_are_and_nowhere_else(
    town: Town, ann: Person, bob: Person
) -> None:
    bio = '"last_status_at":null,"statuses_count":0,"followers_count":0,"following_count":0'
    async with town.db.tx(bucket_of(ann.account.id)) as tx:
        await edit_profile(tx, ann.account.id, ProfileEdit(bio=bio))
    await town.follow(bob, ann)
    await ann.say("number 1")
    status = await ann.say("number 2")
    town.presenter.forget_all()
    assert status["account"] == (await ann.get(f"statuses/{status['id']}"))["account"]
    assert status["account"]["statuses_count"] == 2
    assert status["account"]["followers_count"] == 1


async def test_what_a_limited_author_wrote_before_is_in_no_public_place(town: Town, ann: Person, bob: Person) -> None:
    eve = await town.person("eve")
    await follow(town.db, bob.account.id, ann.account.id, FollowOptions())
    await ann.say("from before #words")
    await town.work()
    assert len(await eve.get("timelines/public")) == 1
    await set_account_state(town.db, ann, "limited")
    for path in ("timelines/public", "timelines/tag/words"):
        assert await eve.get(path) == []
        assert await town.visitor.get(path) == []
        assert await bob.get(path) == []
    assert len(await bob.get("timelines/home")) == 1
    assert len(await ann.get("timelines/home")) == 1
    await set_account_state(town.db, ann, "active")
    assert len(await eve.get("timelines/public")) == 1


async def test_a_followed_tag_brings_no_limited_strangers_home(town: Town, ann: Person, bob: Person) -> None:
    await follow_tag(town.db, bob.account.id, "words")
    await ann.say("from before #words")
    await town.work()
    assert len(await bob.get("timelines/home")) == 1
    await set_account_state(town.db, ann, "limited")
    assert await bob.get("timelines/home") == []


async def test_a_tag_that_was_edited_away_shows_the_post_no_more(town: Town, ann: Person, bob: Person) -> None:
    status = await ann.say("about #words")
    await ann.put(f"statuses/{status['id']}", status="about nothing")
    await town.work()
    assert await bob.get("timelines/tag/words") == []


async def test_a_filter_flags_a_post_for_what_it_quotes(town: Town, ann: Person, bob: Person) -> None:
    quoted = await ann.say("about Spinach")
    quote = await ann.say("look", quoted_status_id=quoted["id"])
    viewer = await town.viewers.get(bob.account.id)
    words = (Keyword(1, "spinach", True),)
    viewer.filters = (Filter(id=1, title="food", contexts=("public",), keywords=words),)
    shown = msgspec.json.decode(await town.presenter.show(int(quote["id"]), viewer))
    assert shown["filtered"][0]["keyword_matches"] == ["spinach"]
