"""Notes as the app sees them, against a real server: who sees which, and how one writes back."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.support.server import LiveServer, Person

NOTES = "/api/weft/v1/notes"


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


@pytest.fixture
def bob(server: LiveServer) -> Person:
    return server.person()


def leave(person: Person, text: str, **more: Any) -> Any:
    answer = person.http.put(NOTES, json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow(one: Person, other: Person) -> None:
    one.post(f"/api/v1/accounts/{other.id}/follow")


def texts(person: Person) -> list[str]:
    return [note["text"] for note in person.get(NOTES)]


def test_a_note_as_its_author_and_a_follower_see_it(ann: Person, bob: Person) -> None:
    follow(bob, ann)
    mine = leave(ann, "tea or coffee?")
    assert set(mine) == {"id", "account", "text", "created_at", "expires_at", "mine", "audience"}
    assert mine["mine"] is True and mine["audience"] == "followers" and mine["account"]["id"] == ann.id
    assert ann.get(NOTES) == [mine]
    (theirs,) = bob.get(NOTES)
    assert theirs == {**mine, "mine": False, "audience": None}


def test_ones_own_comes_first_and_then_the_newest(server: LiveServer, ann: Person, bob: Person) -> None:
    carl = server.person()
    follow(ann, bob)
    follow(ann, carl)
    leave(ann, "mine")
    leave(bob, "older")
    leave(carl, "newer")
    assert texts(ann) == ["mine", "newer", "older"]


def test_a_note_is_replaced_and_taken_back(ann: Person) -> None:
    first = leave(ann, "one")
    second = leave(ann, "two", audience="mutuals")
    assert [note["id"] for note in ann.get(NOTES)] == [second["id"]] != [first["id"]]
    assert ann.delete(NOTES) == {} and ann.get(NOTES) == []
    assert ann.delete(NOTES) == {}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \u200b"},
        {"text": "x" * 61},
        {"text": "한" * 61},
        {"text": None},
        {"text": {"a": 1}},
        {"text": "x", "audience": "everyone"},
        {"text": "x", "more": 1},
    ],
)
def test_what_is_no_note_is_refused_and_changes_nothing(ann: Person, body: dict[str, Any]) -> None:
    leave(ann, "kept")
    answer = ann.http.put(NOTES, json=body)
    assert answer.status_code == 422 and answer.json()["error"], answer.text
    assert texts(ann) == ["kept"]


def test_a_reply_is_a_direct_post_that_begins_with_the_note(server: LiveServer, ann: Person, bob: Person) -> None:
    follow(bob, ann)
    note = leave(ann, "lunch with @someone #tag?")
    status = bob.post(f"{NOTES}/{note['id']}/reply", text="I'm in")
    assert status["visibility"] == "direct" and status["in_reply_to_id"] is None
    assert [one["id"] for one in status["mentions"]] == [ann.id] and status["tags"] == []
    source = bob.get(f"/api/v1/statuses/{status['id']}/source")["text"]
    assert source.replace("\u2060", "") == f"> lunch with @someone #tag?\n@{ann.name} I'm in"
    server.settle()
    (conversation,) = ann.get("/api/v1/conversations")
    assert conversation["unread"] is True and conversation["last_status"]["id"] == status["id"]


def test_a_reply_goes_on_with_the_conversation_of_the_two(server: LiveServer, ann: Person, bob: Person) -> None:
    follow(bob, ann)
    first = ann.say(f"@{bob.name} hello", visibility="direct")
    opened = ann.say("in the open")
    bob.say(f"@{ann.name} quietly", visibility="direct", in_reply_to_id=opened["id"])
    server.settle()
    note = leave(ann, "who is here?")
    status = bob.post(f"{NOTES}/{note['id']}/reply", text="me")
    assert status["in_reply_to_id"] == first["id"]


def test_one_key_is_one_reply_even_after_the_note_is_gone(server: LiveServer, ann: Person, bob: Person) -> None:
    follow(bob, ann)
    note = leave(ann, "hm")
    path, headers = f"{NOTES}/{note['id']}/reply", {"idempotency-key": "a reply"}
    first = bob.http.post(path, json={"text": "what"}, headers=headers).json()
    again = bob.http.post(path, json={"text": "what"}, headers=headers).json()
    ann.delete(NOTES)
    later = bob.http.post(path, json={"text": "what"}, headers=headers).json()
    assert first["id"] == again["id"] == later["id"]
    assert bob.http.post(path, json={"text": "what"}).status_code == 404
    server.settle()
    assert len(ann.get("/api/v1/timelines/direct")) == 1


def test_a_reply_takes_the_note_to_nobody_else_and_keeps_the_limits(
    server: LiveServer, ann: Person, bob: Person
) -> None:
    carl = server.person()
    follow(bob, ann)
    note = leave(ann, f"@{carl.name} is late")
    path = f"{NOTES}/{note['id']}/reply"
    for text in ("", " \n", f"look @{carl.name}", "x" * 500):
        answer = bob.http.post(path, json={"text": text})
        assert answer.status_code == 422, (text, answer.text)
    assert ann.http.post(path, json={"text": "hm"}).status_code == 422
    bob.post(path, text="yes")
    server.settle()
    assert carl.get("/api/v1/timelines/direct") == [] and carl.get("/api/v1/notifications") == []


def test_notes_need_their_scopes(server: LiveServer, ann: Person) -> None:
    reading, writing = server.client(server.token(ann.id, "read")), server.client(server.token(ann.id, "write"))
    assert reading.put(NOTES, json={"text": "x"}).status_code == 403
    assert writing.get(NOTES).status_code == 403
    assert reading.get(NOTES).status_code == 200 and writing.put(NOTES, json={"text": "x"}).status_code == 200
    assert server.visitor.get(NOTES).status_code == 401


@pytest.mark.parametrize("seed", range(3))
def test_nobody_sees_a_note_that_is_not_for_them(server: LiveServer, seed: int) -> None:
    """A random community against an oracle over plain sets, written from the words of the documentation."""
    chance = random.Random(seed)
    people = [server.person() for _ in range(6)]
    follows: set[tuple[str, str]] = set()
    blocks: set[tuple[str, str]] = set()
    mutes: set[tuple[str, str]] = set()
    for one, other in itertools.permutations(people, 2):
        if chance.random() < 0.65 and not {(one.id, other.id), (other.id, one.id)} & blocks:
            follow(one, other)
            follows.add((one.id, other.id))
        if chance.random() < 0.1:
            one.post(f"/api/v1/accounts/{other.id}/block")
            blocks.add((one.id, other.id))
            follows -= {(one.id, other.id), (other.id, one.id)}
        if chance.random() < 0.15:
            one.post(f"/api/v1/accounts/{other.id}/mute")
            mutes.add((one.id, other.id))
    notes = {person.id: leave(person, "psst", audience=chance.choice(("followers", "mutuals"))) for person in people}
    for viewer, author in itertools.product(people, people):
        pair, back = (viewer.id, author.id), (author.id, viewer.id)
        note = notes[author.id]
        readable = (
            pair in follows and not {pair, back} & blocks and (note["audience"] == "followers" or back in follows)
        )
        listed = viewer is author or (readable and pair not in mutes)
        assert (note["id"] in [one["id"] for one in viewer.get(NOTES)]) is listed, (pair, note)
        if viewer is not author:
            answer = viewer.http.post(f"{NOTES}/{note['id']}/reply", json={"text": "hm"})
            assert (answer.status_code == 200) is readable, (pair, note, answer.text)
            assert answer.status_code in (200, 404)
