"""Quotes: who may, what is shown to whom, how they are counted and taken back."""

from __future__ import annotations

import pytest

from tests.support.town import Person, Town


async def test_a_quote_shows_what_it_quotes_and_is_counted(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("wise words")
    quote = await bob.say("so true", quoted_status_id=post["id"])
    assert quote["quote"]["state"] == "accepted"
    assert quote["quote"]["quoted_status"]["id"] == post["id"]
    assert 'class="quote-inline"' in quote["content"]
    await town.work()
    assert (await ann.get(f"statuses/{post['id']}"))["quotes_count"] == 1
    assert [one["id"] for one in await ann.get(f"statuses/{post['id']}/quotes")] == [quote["id"]]
    await bob.remove(f"statuses/{quote['id']}")
    await town.work()
    assert (await ann.get(f"statuses/{post['id']}"))["quotes_count"] == 0


async def test_a_quote_is_revoked_by_the_quoted_author_only(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("wise words")
    quote = await bob.say("ha", quoted_status_id=post["id"])
    await town.work()
    path = f"statuses/{post['id']}/quotes/{quote['id']}/revoke"
    assert (await bob.refused("POST", path))[0] == 404
    for _ in range(2):
        revoked = await ann.post(path)
        assert revoked["id"] == quote["id"]
        assert revoked["quote"] == {"state": "revoked", "quoted_status": None}
    assert (await ann.get(f"statuses/{post['id']}"))["quotes_count"] == 0
    assert await ann.get(f"statuses/{post['id']}/quotes") == []


async def test_a_quote_revoked_before_it_was_counted_is_never_counted(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("wise words")
    quote = await bob.say("ha", quoted_status_id=post["id"])
    await ann.post(f"statuses/{post['id']}/quotes/{quote['id']}/revoke")
    await town.work()
    assert (await ann.get(f"statuses/{post['id']}"))["quotes_count"] == 0


@pytest.mark.parametrize(
    ("policy", "stranger", "follower"), [("public", 200, 200), ("followers", 403, 200), ("nobody", 403, 403)]
)
async def test_the_author_says_who_may_quote(
    town: Town, ann: Person, bob: Person, policy: str, stranger: int, follower: int
) -> None:
    fan = await town.person()
    await town.follow(fan, ann)
    post = await ann.say("words")
    assert post["quote_approval"]["automatic"] == ["public"]
    changed = await ann.put(f"statuses/{post['id']}/interaction_policy", quote_approval_policy=policy)
    assert changed["quote_approval"]["automatic"] == ([] if policy == "nobody" else [policy])
    assert changed["edited_at"] is None
    for person, status in ((bob, stranger), (fan, follower), (ann, 200)):
        seen = await person.get(f"statuses/{post['id']}")
        assert seen["quote_approval"]["current_user"] == ("automatic" if status == 200 else "denied")
        answer = await person.ask("POST", "statuses", json={"status": "q", "quoted_status_id": post["id"]})
        assert answer.status_code == status
    assert (await bob.refused("PUT", f"statuses/{post['id']}/interaction_policy", quote_approval_policy="public"))[
        0
    ] == 404


async def test_direct_posts_cannot_be_quoted_and_private_ones_stay_private(town: Town, ann: Person) -> None:
    direct = await ann.say("psst", visibility="direct")
    assert (await ann.refused("POST", "statuses", status="q", quoted_status_id=direct["id"]))[0] == 422
    private = await ann.say("friends", visibility="private")
    quote = await ann.say("q", quoted_status_id=private["id"], visibility="public")
    assert quote["visibility"] == "private"


async def test_a_quote_takes_no_attachments(town: Town, ann: Person) -> None:
    post = await ann.say("words")
    poll = {"options": ["a", "b"], "expires_in": 600}
    for more in ({"poll": poll}, {"media_ids": [await town.media(ann)]}):
        assert (await ann.refused("POST", "statuses", status="q", quoted_status_id=post["id"], **more))[0] == 422


async def test_a_quote_of_what_the_reader_may_not_see_hides_it(town: Town, ann: Person, bob: Person) -> None:
    reader = await town.person()
    post = await ann.say("words")
    quote = await bob.say("q", quoted_status_id=post["id"])
    await town.block(ann, reader)
    seen = await reader.get(f"statuses/{quote['id']}")
    assert seen["quote"] == {"state": "unauthorized", "quoted_status": None}
    await ann.remove(f"statuses/{post['id']}")
    assert (await bob.get(f"statuses/{quote['id']}"))["quote"]["state"] == "deleted"
