"""Conversations as clients see them, against a real server."""

from __future__ import annotations

import re

import pytest

from tests.support.server import LiveServer, Person


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


@pytest.fixture
def bob(server: LiveServer) -> Person:
    return server.person()


def test_a_conversation_with_its_last_status(server: LiveServer, ann: Person, bob: Person) -> None:
    first = ann.say(f"@{bob.name} psst", visibility="direct")
    server.settle()
    (mine,), (theirs,) = ann.get("/api/v1/conversations"), bob.get("/api/v1/conversations")
    assert mine["id"] == theirs["id"] and set(mine) == {"id", "unread", "accounts", "last_status"}
    assert (mine["unread"], theirs["unread"]) == (False, True)
    assert [one["id"] for one in mine["accounts"]] == [bob.id]
    assert [one["id"] for one in theirs["accounts"]] == [ann.id]
    answer = bob.say(f"@{ann.name} what", visibility="direct", in_reply_to_id=first["id"])
    server.settle()
    (mine,) = ann.get("/api/v1/conversations")
    assert mine["unread"] is True and mine["last_status"]["id"] == answer["id"]
    assert ann.post(f"/api/v1/conversations/{mine['id']}/read")["unread"] is False
    assert ann.post(f"/api/v1/conversations/{mine['id']}/unread")["unread"] is True


def test_direct_posts_reach_home_and_the_direct_timeline(server: LiveServer, ann: Person, bob: Person) -> None:
    assert bob.get("/api/v1/timelines/home") == []
    said = ann.say(f"@{bob.name} psst", visibility="direct")
    server.settle()
    assert [one["id"] for one in bob.get("/api/v1/timelines/home")] == [said["id"]]
    assert [one["id"] for one in bob.get("/api/v1/timelines/direct")] == [said["id"]]


def test_somebody_who_talks_to_nobody_sees_themselves(server: LiveServer, ann: Person) -> None:
    ann.say("a note", visibility="direct")
    server.settle()
    (mine,) = ann.get("/api/v1/conversations")
    assert [one["id"] for one in mine["accounts"]] == [ann.id] and mine["unread"] is False


def test_conversations_page_by_their_last_posts(server: LiveServer, ann: Person, bob: Person) -> None:
    said = [ann.say(f"@{bob.name} {number}", visibility="direct")["id"] for number in range(3)]
    server.settle()
    first = bob.http.get("/api/v1/conversations", params={"limit": 2})
    assert [one["last_status"]["id"] for one in first.json()] == [said[2], said[1]]
    found = re.search(r'<([^>]+)>; rel="next"', first.headers["link"])
    assert found is not None
    second = bob.http.get(found.group(1))
    assert [one["last_status"]["id"] for one in second.json()] == [said[0]]
    newer = bob.get("/api/v1/conversations", min_id=said[0], limit=1)
    assert [one["last_status"]["id"] for one in newer] == [said[1]]


def test_what_may_not_be_seen_is_not_listed(server: LiveServer, ann: Person, bob: Person) -> None:
    ann.say(f"@{bob.name} psst", visibility="direct")
    server.settle()
    bob.post(f"/api/v1/accounts/{ann.id}/block")
    assert bob.get("/api/v1/conversations") == []
    assert bob.get("/api/v1/timelines/home") == []


def test_a_conversation_is_only_its_members_to_change(server: LiveServer, ann: Person, bob: Person) -> None:
    ann.say("a note", visibility="direct")
    server.settle()
    (mine,) = ann.get("/api/v1/conversations")
    path = f"/api/v1/conversations/{mine['id']}"
    assert bob.http.delete(path).status_code == 404
    assert bob.http.post(f"{path}/read").status_code == 404
    assert ann.delete(path) == {}
    assert ann.get("/api/v1/conversations") == []
    assert ann.http.delete(path).status_code == 404
    assert ann.http.delete("/api/v1/conversations/x").status_code == 404


def test_the_posts_of_one_conversation_page_from_the_newest(server: LiveServer, ann: Person, bob: Person) -> None:
    said = [ann.say(f"@{bob.name} first", visibility="direct")["id"]]
    for number in range(4):
        one, other = (bob, ann) if number % 2 == 0 else (ann, bob)
        more = {"visibility": "direct", "in_reply_to_id": said[-1]}
        said.append(one.say(f"@{other.name} {number}", **more)["id"])
    apart = ann.say(f"@{bob.name} something else", visibility="direct")["id"]
    server.settle()
    newest, mine = bob.get("/api/v1/conversations")
    assert newest["last_status"]["id"] == apart
    path = f"/api/weft/v1/conversations/{mine['id']}"
    assert bob.get(path)["last_status"]["id"] == said[-1]
    first = bob.http.get(f"{path}/posts", params={"limit": 3})
    assert [one["id"] for one in first.json()] == said[:1:-1]
    found = re.search(r'<([^>]+)>; rel="next"', first.headers["link"])
    assert found is not None
    assert [one["id"] for one in bob.http.get(found.group(1)).json()] == said[1::-1]
    assert [one["id"] for one in bob.get(f"{path}/posts", min_id=said[1], limit=2)] == [said[3], said[2]]


def test_the_posts_of_a_conversation_are_its_members_only(server: LiveServer, ann: Person, bob: Person) -> None:
    carl = server.person()
    ann.say(f"@{bob.name} psst", visibility="direct")
    server.settle()
    (mine,) = ann.get("/api/v1/conversations")
    path = f"/api/weft/v1/conversations/{mine['id']}"
    assert carl.http.get(path).status_code == 404
    assert carl.http.get(f"{path}/posts").status_code == 404
    bob.post(f"/api/v1/accounts/{ann.id}/block")
    assert bob.get(f"{path}/posts") == [] and bob.get(path)["last_status"] is None


def test_the_conversation_with_somebody_is_found(server: LiveServer, ann: Person, bob: Person) -> None:
    carl = server.person()
    path = f"/api/weft/v1/conversations/with/{bob.id}"
    assert ann.get(path) == []
    ann.say(f"@{bob.name} @{carl.name} all of us", visibility="direct")
    opened = bob.say("in the open")
    ann.say(f"@{bob.name} quietly", visibility="direct", in_reply_to_id=opened["id"])
    server.settle()
    assert ann.get(path) == []
    said = ann.say(f"@{bob.name} the two of us", visibility="direct")
    server.settle()
    assert [one["last_status"]["id"] for one in ann.get(path)] == [said["id"]]
