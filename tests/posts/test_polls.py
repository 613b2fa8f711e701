"""Polls: who may vote, how often, what is shown, and how they end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.town import Person, Town
from weft.posts.service import end_polls


async def poll_by(ann: Person, **more: Any) -> str:
    made = await ann.say("which?", poll={"options": ["a", "b", "c"], "expires_in": 600, **more})
    assert made["poll"]["id"] == made["id"]
    return str(made["id"])


async def test_a_vote_is_counted_and_known_to_its_voter(town: Town, ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann)
    voted = await bob.post(f"polls/{id_}/votes", choices=["1"])
    assert [one["votes_count"] for one in voted["options"]] == [0, 1, 0]
    assert (voted["votes_count"], voted["voters_count"], voted["voted"], voted["own_votes"]) == (1, 1, True, [1])
    mine = await ann.get(f"polls/{id_}")
    assert (mine["voted"], mine["own_votes"]) == (True, [])
    assert "voted" not in await town.visitor.get(f"polls/{id_}")


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ([3], "The chosen vote option does not exist"),
        ([-1], "The chosen vote option does not exist"),
        ([], "The chosen vote option does not exist"),
        ([0, 1], "Validation failed"),
        (["x"], "Validation failed"),
    ],
)
async def test_a_bad_vote_is_refused(ann: Person, bob: Person, choices: list[Any], sentence: str) -> None:
    id_ = await poll_by(ann)
    status, error = await bob.refused("POST", f"polls/{id_}/votes", choices=choices)
    assert status == 422
    assert error.startswith(sentence)
    assert (await bob.get(f"polls/{id_}"))["votes_count"] == 0


async def test_one_votes_once_and_not_on_ones_own(ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann)
    assert (await ann.refused("POST", f"polls/{id_}/votes", choices=[0]))[0] == 422
    tries = await asyncio.gather(
        *(bob.ask("POST", f"polls/{id_}/votes", json={"choices": [number]}) for number in range(3))
    )
    assert sorted(one.status_code for one in tries) == [200, 422, 422]
    status, error = await bob.refused("POST", f"polls/{id_}/votes", choices=[0])
    assert (status, error) == (422, "Validation failed: You have already voted on this poll")
    assert (await ann.get(f"polls/{id_}"))["votes_count"] == 1


async def test_where_several_may_be_chosen_more_may_be_added(ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann, multiple=True)
    await bob.post(f"polls/{id_}/votes", choices=[0, 2])
    voted = await bob.post(f"polls/{id_}/votes", choices=[1])
    assert (voted["votes_count"], voted["voters_count"], voted["own_votes"]) == (3, 1, [0, 1, 2])
    assert (await bob.refused("POST", f"polls/{id_}/votes", choices=[1]))[0] == 422


async def test_hidden_totals_are_shown_at_the_end(town: Town, ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann, hide_totals=True)
    voted = await bob.post(f"polls/{id_}/votes", choices=[1])
    assert [one["votes_count"] for one in voted["options"]] == [None, None, None]
    town.clock.advance(600)
    ended = await ann.get(f"polls/{id_}")
    assert ended["expired"] is True
    assert [one["votes_count"] for one in ended["options"]] == [0, 1, 0]
    late = await town.person()
    assert (await late.refused("POST", f"polls/{id_}/votes", choices=[0]))[1] == (
        "Validation failed: The poll has already ended"
    )


async def test_the_end_of_a_poll_is_announced_once(town: Town, ann: Person) -> None:
    await poll_by(ann)
    assert await end_polls(town.db) == 0
    town.clock.advance(600)
    assert await end_polls(town.db) == 1
    assert await end_polls(town.db) == 0


async def test_new_options_reset_the_votes(town: Town, ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann)
    await bob.post(f"polls/{id_}/votes", choices=[1])
    await ann.put(f"statuses/{id_}", status="which?", poll={"options": ["a", "d"], "expires_in": 600})
    await town.work()
    poll = await bob.get(f"polls/{id_}")
    assert (poll["votes_count"], poll["voted"], poll["own_votes"]) == (0, False, [])
    assert (await bob.post(f"polls/{id_}/votes", choices=[0]))["own_votes"] == [0]


async def test_a_vote_given_right_after_a_reset_outlives_the_clearing(town: Town, ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann)
    await bob.post(f"polls/{id_}/votes", choices=[1])
    town.clock.advance(0.001)
    await ann.put(f"statuses/{id_}", status="which?", poll={"options": ["a", "d"], "expires_in": 600})
    town.clock.advance(0.001)
    await bob.post(f"polls/{id_}/votes", choices=[0])
    await town.work()
    assert (await bob.get(f"polls/{id_}"))["own_votes"] == [0]


async def test_the_same_options_keep_the_votes(ann: Person, bob: Person) -> None:
    id_ = await poll_by(ann)
    await bob.post(f"polls/{id_}/votes", choices=[1])
    edited = await ann.put(f"statuses/{id_}", status="new?", poll={"options": ["a", "b", "c"], "expires_in": 900})
    assert edited["poll"]["votes_count"] == 1


async def test_a_post_without_a_poll_has_none(ann: Person) -> None:
    post = await ann.say("no poll")
    assert (await ann.refused("GET", f"polls/{post['id']}"))[0] == 404
