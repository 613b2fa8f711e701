"""What the reference of the client API says of reposts, quotes, edits and polls at their edges."""

from __future__ import annotations

import pytest

from tests.support.town import Person, Town
from weft.infra.db import Db
from weft.kernel.clock import ManualClock


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def ann(town: Town) -> Person:
    return await town.person("ann")


@pytest.fixture
async def bob(town: Town) -> Person:
    return await town.person("bob")


@pytest.mark.parametrize(("asked", "given"), [("public", "public"), ("unlisted", "unlisted"), ("private", "private")])
async def test_a_repost_has_the_visibility_that_was_asked_for(
    town: Town, ann: Person, bob: Person, asked: str, given: str
) -> None:
    post = await ann.say("public words")
    repost = await bob.post(f"statuses/{post['id']}/reblog", visibility=asked)
    assert repost["visibility"] == given
    again = await bob.post(f"statuses/{post['id']}/reblog", visibility="public")
    assert again["id"] == repost["id"]


async def test_ones_own_private_post_is_reposted_as_private_and_by_nobody_else(
    town: Town, ann: Person, bob: Person
) -> None:
    await town.follow(bob, ann)
    post = await ann.say("for followers", visibility="private")
    repost = await ann.post(f"statuses/{post['id']}/reblog", visibility="public")
    assert repost["visibility"] == "private"
    eve = await town.person("eve")
    assert (await eve.ask("GET", f"statuses/{repost['id']}")).status_code == 404
    assert (await bob.refused("POST", f"statuses/{post['id']}/reblog"))[0] == 403


async def test_a_direct_post_is_reposted_by_nobody(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("@bob psst", visibility="direct")
    assert (await ann.refused("POST", f"statuses/{post['id']}/reblog"))[0] == 403
    assert (await bob.refused("POST", f"statuses/{post['id']}/reblog"))[0] == 403


async def test_acting_on_a_repost_acts_on_what_it_repeats(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("original")
    repost = await bob.post(f"statuses/{post['id']}/reblog")
    assert (await ann.post(f"statuses/{repost['id']}/favourite"))["id"] == post["id"]
    assert (await ann.post(f"statuses/{repost['id']}/bookmark"))["id"] == post["id"]
    eve = await town.person("eve")
    again = await eve.post(f"statuses/{repost['id']}/reblog")
    assert again["reblog"]["id"] == post["id"]
    reply = await eve.say("me too", in_reply_to_id=repost["id"])
    assert reply["in_reply_to_id"] == post["id"]
    shown = await ann.get(f"statuses/{repost['id']}")
    assert (shown["reblogs_count"], shown["favourites_count"]) == (2, 1)


async def test_quoting_ones_own_private_post_makes_the_quote_private(town: Town, ann: Person) -> None:
    post = await ann.say("for followers", visibility="private")
    quote = await ann.say("look", quoted_status_id=post["id"], visibility="public")
    assert quote["visibility"] == "private"
    direct = await ann.say("look", quoted_status_id=post["id"], visibility="direct")
    assert direct["visibility"] == "direct"


async def test_an_edit_keeps_the_quote_and_the_visibility(town: Town, ann: Person) -> None:
    first, second = await ann.say("first"), await ann.say("second")
    quote = await ann.say("look", quoted_status_id=first["id"], visibility="unlisted")
    edited = await ann.put(
        f"statuses/{quote['id']}", status="look again", quoted_status_id=second["id"], visibility="public"
    )
    assert edited["quote"]["quoted_status"]["id"] == first["id"]
    assert edited["visibility"] == "unlisted"
    plain = await ann.put(f"statuses/{second['id']}", status="second!", quoted_status_id=first["id"])
    assert plain["quote"] is None


async def test_a_quote_takes_no_media(town: Town, ann: Person) -> None:
    post = await ann.say("quoted")
    media = await town.media(ann)
    values = {"status": "look", "quoted_status_id": post["id"], "media_ids": [media]}
    assert (await ann.refused("POST", "statuses", **values))[0] == 422


@pytest.mark.parametrize(
    "poll",
    [
        {"options": ["one"], "expires_in": 3600},
        {"options": ["1", "2", "3", "4", "5"], "expires_in": 3600},
        {"options": ["a", "a"], "expires_in": 3600},
        {"options": ["a", " "], "expires_in": 3600},
        {"options": ["a", "b" * 51], "expires_in": 3600},
        {"options": ["a", "b"], "expires_in": 299},
        {"options": ["a", "b"], "expires_in": 2_629_747},
    ],
)
async def test_a_poll_outside_its_limits_is_refused(town: Town, ann: Person, poll: dict[str, object]) -> None:
    assert (await ann.refused("POST", "statuses", status="vote", poll=poll))[0] == 422


async def test_media_that_are_being_processed_cannot_be_posted(town: Town, ann: Person) -> None:
    media = await town.media(ann, state="processing")
    assert (await ann.refused("POST", "statuses", status="look", media_ids=[media]))[0] == 422


async def test_a_deleted_quoted_post_leaves_a_mark_and_no_words(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("soon gone")
    quote = await bob.say("look", quoted_status_id=post["id"])
    await ann.remove(f"statuses/{post['id']}")
    await town.work()
    shown = await bob.get(f"statuses/{quote['id']}")
    assert shown["quote"] == {"state": "deleted", "quoted_status": None}
