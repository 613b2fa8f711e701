"""Likes, reposts, bookmarks, pins, thread mutes: what each changes, that it can be done twice, and for whom."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.town import Person, Town
from weft.posts.events import PostDeleted

ACTIONS = ("favourite", "reblog", "bookmark", "mute", "pin")


async def test_a_like_counts_once_and_is_taken_back_once(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("like me")
    path = f"statuses/{post['id']}"
    for _ in range(2):
        liked = await bob.post(f"{path}/favourite")
    assert (liked["favourites_count"], liked["favourited"]) == (1, True)
    assert [one["id"] for one in await ann.get(f"{path}/favourited_by")] == [bob.id]
    assert (await ann.get(path))["favourited"] is False
    for _ in range(2):
        unliked = await bob.post(f"{path}/unfavourite")
    assert (unliked["favourites_count"], unliked["favourited"]) == (0, False)


async def test_likes_at_the_same_time_are_all_counted(town: Town, ann: Person) -> None:
    post = await ann.say("like me")
    people = [await town.person() for _ in range(6)]
    await asyncio.gather(*(one.post(f"statuses/{post['id']}/favourite") for one in people for _ in range(2)))
    assert (await ann.get(f"statuses/{post['id']}"))["favourites_count"] == 6


async def test_a_repost_wraps_the_post_and_acting_on_it_acts_on_the_post(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("boost me")
    wrapper = await bob.post(f"statuses/{post['id']}/reblog")
    assert wrapper["id"] != post["id"]
    assert wrapper["reblog"]["id"] == post["id"]
    assert wrapper["reblog"]["reblogs_count"] == 1
    assert wrapper["media_attachments"] == []
    again = await bob.post(f"statuses/{wrapper['id']}/reblog")
    assert again["id"] == wrapper["id"]
    liked = await ann.post(f"statuses/{wrapper['id']}/favourite")
    assert (liked["id"], liked["favourites_count"]) == (post["id"], 1)
    reply = await ann.say("to a boost", in_reply_to_id=wrapper["id"])
    assert reply["in_reply_to_id"] == post["id"]
    assert [one["id"] for one in await ann.get(f"statuses/{post['id']}/reblogged_by")] == [bob.id]
    back = await bob.post(f"statuses/{post['id']}/unreblog")
    assert (back["id"], back["reblogs_count"], back["reblogged"]) == (post["id"], 0, False)
    assert (await town.visitor.ask("GET", f"statuses/{wrapper['id']}")).status_code == 404


async def test_a_repost_repeats_the_content_of_its_post_and_follows_its_edits(ann: Person, bob: Person) -> None:
    post = await ann.say('say ,"content":"no","media_attachments":[ here')
    wrapper = await bob.post(f"statuses/{post['id']}/reblog")
    assert wrapper["content"] == wrapper["reblog"]["content"] == post["content"]
    for reader in (ann, bob):
        assert (await reader.get(f"statuses/{wrapper['id']}"))["content"] == post["content"]
    edited = await ann.put(f"statuses/{post['id']}", status="hear")
    for reader in (ann, bob):
        shown = await reader.get(f"statuses/{wrapper['id']}")
        assert shown["content"] == shown["reblog"]["content"] == edited["content"] == "<p>hear</p>"


async def test_taking_back_a_repost_tells_who_could_see_it(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("boost me")
    path = f"statuses/{post['id']}"
    told: list[PostDeleted] = []
    town.signals.on(PostDeleted, told.append)
    for name, visibility in (("private", 2), ("unlisted", 1), ("public", 0)):
        wrapper = await bob.post(f"{path}/reblog", visibility=name)
        await bob.post(f"{path}/unreblog")
        assert (str(told[-1].post_id), told[-1].visibility) == (wrapper["id"], visibility)


async def test_reposts_at_the_same_time_are_one(ann: Person, bob: Person) -> None:
    post = await ann.say("boost me")
    made = await asyncio.gather(*(bob.post(f"statuses/{post['id']}/reblog") for _ in range(4)))
    assert len({one["id"] for one in made}) == 1
    assert (await ann.get(f"statuses/{post['id']}"))["reblogs_count"] == 1


async def test_a_post_for_followers_is_reposted_by_its_author_only(town: Town, ann: Person, bob: Person) -> None:
    await town.follow(bob, ann)
    post = await ann.say("for you", visibility="private")
    assert (await bob.refused("POST", f"statuses/{post['id']}/reblog"))[0] == 403
    own = await ann.post(f"statuses/{post['id']}/reblog", visibility="public")
    assert own["visibility"] == "private"


async def test_deleting_a_repost_by_its_id_takes_it_back(ann: Person, bob: Person) -> None:
    post = await ann.say("boost me")
    wrapper = await bob.post(f"statuses/{post['id']}/reblog")
    await bob.remove(f"statuses/{wrapper['id']}")
    assert (await ann.get(f"statuses/{post['id']}"))["reblogs_count"] == 0


async def test_bookmarks_and_likes_are_listed_by_when_they_were_made(ann: Person, bob: Person) -> None:
    posts = [await ann.say(str(number)) for number in range(3)]
    for number in (1, 0, 2):
        await bob.post(f"statuses/{posts[number]['id']}/bookmark")
        await bob.post(f"statuses/{posts[number]['id']}/favourite")
    wanted = [posts[number]["id"] for number in (2, 0, 1)]
    for path in ("bookmarks", "favourites"):
        assert [one["id"] for one in await bob.get(path)] == wanted
        assert await ann.get(path) == []
        first = await bob.ask("GET", path, params={"limit": 2})
        older = await bob.client.get(first.links["next"]["url"])
        assert [one["id"] for one in older.json()] == wanted[2:]
        newer = await bob.client.get(older.links["prev"]["url"])
        assert [one["id"] for one in newer.json()] == wanted[:2]
    gone = await bob.post(f"statuses/{posts[0]['id']}/unbookmark")
    assert gone["bookmarked"] is False
    assert len(await bob.get("bookmarks")) == 2


async def test_pins_are_ones_own_and_at_most_five(ann: Person, bob: Person) -> None:
    posts = [await ann.say(str(number)) for number in range(6)]
    status, sentence = await bob.refused("POST", f"statuses/{posts[0]['id']}/pin")
    assert (status, sentence) == (422, "Validation failed: Someone else's post cannot be pinned")
    for post in posts[:5]:
        assert (await ann.post(f"statuses/{post['id']}/pin"))["pinned"] is True
    status, sentence = await ann.refused("POST", f"statuses/{posts[5]['id']}/pin")
    assert sentence == "Validation failed: You have already pinned the maximum number of posts"
    assert (await ann.post(f"statuses/{posts[0]['id']}/pin"))["pinned"] is True
    pinned = await bob.get(f"accounts/{ann.id}/statuses", pinned="true")
    assert [one["id"] for one in pinned] == [post["id"] for post in reversed(posts[:5])]
    assert (await ann.post(f"statuses/{posts[0]['id']}/unpin"))["pinned"] is False


async def test_a_muted_thread_is_muted_whole(ann: Person, bob: Person) -> None:
    root = await ann.say("root")
    reply = await bob.say("reply", in_reply_to_id=root["id"])
    assert (await ann.post(f"statuses/{reply['id']}/mute"))["muted"] is True
    assert (await ann.get(f"statuses/{root['id']}"))["muted"] is True
    assert (await bob.get(f"statuses/{root['id']}"))["muted"] is False
    assert (await ann.post(f"statuses/{root['id']}/unmute"))["muted"] is False


@pytest.mark.parametrize("action", [*ACTIONS, "reply", "quote", "vote", "show", "context", "history"])
@pytest.mark.parametrize("way", ["blocked", "blocking", "followers", "direct"])
async def test_what_one_may_not_see_is_absent_for_every_act(
    town: Town, ann: Person, bob: Person, action: str, way: str
) -> None:
    visibility = {"followers": "private", "direct": "direct"}.get(way, "public")
    poll = {"options": ["a", "b"], "expires_in": 600}
    post = await ann.say("secret", visibility=visibility, poll=poll)
    if way == "blocked":
        await town.block(ann, bob)
    if way == "blocking":
        await town.block(bob, ann)
    path = f"statuses/{post['id']}"
    match action:
        case "reply":
            answer = await bob.refused("POST", "statuses", status="x", in_reply_to_id=post["id"])
        case "quote":
            answer = await bob.refused("POST", "statuses", status="x", quoted_status_id=post["id"])
        case "vote":
            answer = await bob.refused("POST", f"polls/{post['id']}/votes", choices=[0])
        case "show":
            answer = await bob.refused("GET", path)
        case "context" | "history":
            answer = await bob.refused("GET", f"{path}/{action}")
        case _:
            answer = await bob.refused("POST", f"{path}/{action}")
    assert answer == (404, "Record not found")
    mine = await ann.get(path)
    assert (mine["favourites_count"], mine["reblogs_count"], mine["replies_count"]) == (0, 0, 0)


@pytest.mark.parametrize("id_", ["0", "-5", "abc", "1", "9" * 40, "%00"])
async def test_an_unknown_id_is_absent(ann: Person, id_: str) -> None:
    for action in ACTIONS:
        assert (await ann.refused("POST", f"statuses/{id_}/{action}"))[0] == 404


async def test_a_visitor_may_do_nothing(town: Town, ann: Person) -> None:
    post = await ann.say("hello")
    for action in ACTIONS:
        assert (await town.visitor.refused("POST", f"statuses/{post['id']}/{action}"))[0] == 401
