"""Replies, who may give them, and the threads they make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.town import Person, Town
from weft.kernel.ids import PostId
from weft.posts.threads import Reach, ancestors, descendants


async def thread_of(who: Person, id_: str) -> tuple[list[str], list[str]]:
    found = await who.get(f"statuses/{id_}/context")
    return [one["id"] for one in found["ancestors"]], [one["id"] for one in found["descendants"]]


async def test_a_thread_is_told_from_every_post_of_it(town: Town, ann: Person, bob: Person) -> None:
    root = await ann.say("root")
    one = await bob.say("one", in_reply_to_id=root["id"])
    two = await ann.say("two", in_reply_to_id=root["id"])
    deep = await ann.say("deep", in_reply_to_id=one["id"])
    assert await thread_of(town.visitor, root["id"]) == ([], [one["id"], deep["id"], two["id"]])
    assert await thread_of(town.visitor, deep["id"]) == ([root["id"], one["id"]], [])
    assert await thread_of(ann, one["id"]) == ([root["id"]], [deep["id"]])


async def test_replies_are_counted_where_they_were_given(town: Town, ann: Person, bob: Person) -> None:
    root = await ann.say("root")
    one = await bob.say("one", in_reply_to_id=root["id"])
    deep = await ann.say("deep", in_reply_to_id=one["id"])
    await ann.say("hidden", in_reply_to_id=one["id"], visibility="direct")
    assert (await ann.get(f"statuses/{root['id']}"))["replies_count"] == 1
    await town.work()
    assert (await ann.get(f"statuses/{one['id']}"))["replies_count"] == 1
    await ann.remove(f"statuses/{deep['id']}")
    await bob.remove(f"statuses/{one['id']}")
    await town.work()
    assert (await ann.get(f"statuses/{root['id']}"))["replies_count"] == 0


async def test_a_deleted_reply_leaves_its_own_answers_in_the_thread(town: Town, ann: Person, bob: Person) -> None:
    root = await ann.say("root")
    one = await bob.say("one", in_reply_to_id=root["id"])
    deep = await ann.say("deep", in_reply_to_id=one["id"])
    await bob.remove(f"statuses/{one['id']}")
    assert await thread_of(ann, root["id"]) == ([], [deep["id"]])
    assert await thread_of(ann, deep["id"]) == ([root["id"]], [])


async def test_a_thread_shows_only_what_its_reader_may_see(town: Town, ann: Person, bob: Person) -> None:
    root = await ann.say("root")
    secret = await ann.say("@bob psst", in_reply_to_id=root["id"], visibility="direct")
    assert (await thread_of(bob, root["id"]))[1] == [secret["id"]]
    assert (await thread_of(town.visitor, root["id"]))[1] == []


@pytest.mark.parametrize(
    ("policy", "stranger", "followed", "mentioned"),
    [("everyone", True, True, True), ("following", False, True, True), ("mentioned", False, False, True)],
)
async def test_the_author_says_who_may_reply(
    town: Town, ann: Person, policy: str, stranger: bool, followed: bool, mentioned: bool
) -> None:
    someone, friend, named = await town.person("someone"), await town.person("friend"), await town.person("named")
    await town.follow(ann, friend)
    await town.follow(someone, ann)
    post = await ann.say("hello @named", weft={"reply_policy": policy})
    assert post["weft"] == {"reply_policy": policy, "can_reply": True, "hidden": False}
    for person, may in ((someone, stranger), (friend, followed), (named, mentioned), (ann, True)):
        seen = await person.get(f"statuses/{post['id']}")
        assert seen["weft"] == {"reply_policy": policy, "can_reply": may, "hidden": False}
        answer = await person.ask("POST", "statuses", json={"status": "re", "in_reply_to_id": post["id"]})
        assert answer.status_code == (200 if may else 403)
        if not may:
            assert answer.json()["error"] == "This action is not allowed"


async def test_the_reply_policy_may_be_sent_as_a_form(ann: Person) -> None:
    body = {"status": "x", "weft[reply_policy]": "mentioned"}
    made = (await ann.ask("POST", "statuses", data=body)).json()
    assert made["weft"]["reply_policy"] == "mentioned"


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(1, 50), st.integers(1, 6))
def test_descendants_are_depth_first_and_within_reach(choices: list[int], down: int, depth: int) -> None:
    parents = {number + 2: 1 + choice % (number + 1) for number, choice in enumerate(choices)}
    naive: list[int] = []

    def walk(id_: int, level: int) -> None:
        for child in sorted(one for one, parent in parents.items() if parent == id_):
            naive.append(child)
            if level < depth:
                walk(child, level + 1)

    walk(1, 1)
    assert descendants(PostId(1), parents, Reach(40, down, depth)) == naive[:down]
    for id_ in parents:
        way = ancestors(PostId(id_), parents, 1000)
        assert way[0] == 1
        assert all(parents[below] == above for above, below in zip(way, [*way[1:], id_], strict=True))
