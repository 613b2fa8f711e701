"""Notifications as clients see them, against a real server."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.support.server import LiveServer, Person


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


@pytest.fixture
def bob(server: LiveServer) -> Person:
    return server.person()


@pytest.fixture
def cat(server: LiveServer) -> Person:
    return server.person()


def like(person: Person, status: dict[str, Any]) -> None:
    person.post(f"/api/v1/statuses/{status['id']}/favourite")


def link(response: httpx.Response, rel: str) -> str:
    found = re.search(rf'<([^>]+)>; rel="{rel}"', response.headers["link"])
    assert found is not None
    return found.group(1)


def test_a_mention_has_every_key_and_its_status(server: LiveServer, ann: Person, bob: Person) -> None:
    said = bob.say(f"@{ann.name} hello")
    server.settle()
    (one,) = ann.get("/api/v1/notifications")
    assert one["type"] == "mention" and one["group_key"] == f"ungrouped-{one['id']}"
    assert one["account"]["id"] == bob.id and one["status"]["id"] == said["id"]
    assert one["status"]["favourited"] is False and re.fullmatch(r".*\.\d{3}Z", one["created_at"])
    assert ann.get(f"/api/v1/notifications/{one['id']}") == one
    assert bob.http.get(f"/api/v1/notifications/{one['id']}").status_code == 404


def test_types_and_accounts_choose(server: LiveServer, ann: Person, bob: Person, cat: Person) -> None:
    status = ann.say("hello")
    like(bob, status)
    bob.post(f"/api/v1/statuses/{status['id']}/reblog")
    cat.post(f"/api/v1/accounts/{ann.id}/follow")
    server.settle()

    def types(**params: Any) -> set[str]:
        return {one["type"] for one in ann.get("/api/v1/notifications", **params)}

    assert types() == {"favourite", "reblog", "follow"}
    assert types(**{"types[]": ["follow", "reblog"]}) == {"follow", "reblog"}
    assert types(**{"exclude_types[]": "follow"}) == {"favourite", "reblog"}
    assert types(**{"types[]": "unheard_of"}) == set()
    assert types(account_id=cat.id) == {"follow"}
    assert types(account_id="x") == set()
    follow = next(one for one in ann.get("/api/v1/notifications") if one["type"] == "follow")
    assert "status" not in follow


def test_pages_lead_on_both_ways(server: LiveServer, ann: Person, bob: Person) -> None:
    for number in range(5):
        bob.say(f"@{ann.name} {number}")
    server.settle()
    whole = [one["id"] for one in ann.get("/api/v1/notifications")]
    first = ann.http.get("/api/v1/notifications", params={"limit": 2, "types[]": "mention"})
    assert [one["id"] for one in first.json()] == whole[:2] and "types" in link(first, "next")
    second = ann.http.get(link(first, "next"))
    assert [one["id"] for one in second.json()] == whole[2:4]
    back = ann.http.get(link(second, "prev"))
    assert [one["id"] for one in back.json()] == whole[:2]
    last = ann.http.get(link(second, "next"))
    assert [one["id"] for one in last.json()] == whole[4:] and 'rel="next"' not in last.headers["link"]
    assert "link" not in ann.http.get("/api/v1/notifications", params={"max_id": whole[-1]}).headers


def test_what_may_not_be_seen_any_more_is_not_shown(server: LiveServer, ann: Person, bob: Person) -> None:
    said = bob.say(f"@{ann.name} hello")
    server.settle()
    assert len(ann.get("/api/v1/notifications")) == 1
    bob.delete(f"/api/v1/statuses/{said['id']}")
    assert ann.get("/api/v1/notifications") == []  # at once, before the row itself is removed
    bob.say(f"@{ann.name} again")
    server.settle()
    bob.post(f"/api/v1/accounts/{ann.id}/block")
    assert ann.get("/api/v1/notifications") == []
    assert ann.get("/api/v2/notifications")["notification_groups"] == []
    assert ann.get("/api/v1/notifications/unread_count") == {"count": 0}


def test_unread_counts_start_at_the_marker(server: LiveServer, ann: Person, bob: Person, cat: Person) -> None:
    status = ann.say("hello")
    like(bob, status)
    like(cat, status)
    bob.say(f"@{ann.name} hello")
    server.settle()
    assert ann.get("/api/v1/notifications/unread_count") == {"count": 3}
    assert ann.get("/api/v2/notifications/unread_count") == {"count": 2}
    assert ann.get("/api/v1/notifications/unread_count", limit=1) == {"count": 1}
    newest = ann.get("/api/v1/notifications")[0]["id"]
    ann.post("/api/v1/markers", notifications={"last_read_id": newest})
    assert ann.get("/api/v1/notifications/unread_count") == {"count": 0}
    assert ann.get("/api/v2/notifications/unread_count") == {"count": 0}


def test_dismiss_and_clear(server: LiveServer, ann: Person, bob: Person) -> None:
    bob.say(f"@{ann.name} one")
    bob.say(f"@{ann.name} two")
    server.settle()
    newest, oldest = ann.get("/api/v1/notifications")
    assert ann.post(f"/api/v1/notifications/{oldest['id']}/dismiss") == {}
    assert ann.http.post(f"/api/v1/notifications/{oldest['id']}/dismiss").status_code == 404
    assert [one["id"] for one in ann.get("/api/v1/notifications")] == [newest["id"]]
    assert ann.post("/api/v1/notifications/clear") == {}
    assert ann.get("/api/v1/notifications") == []


def test_a_page_that_was_read_before_shows_every_change_at_once(
    server: LiveServer, ann: Person, bob: Person, cat: Person
) -> None:
    def told() -> list[str]:
        server.settle()
        return [f"{one['type']} {one['account']['id']}" for one in ann.get("/api/v1/notifications")]

    status = ann.say("hello")
    assert told() == told() == []
    like(bob, status)
    assert told() == told() == [f"favourite {bob.id}"]
    like(cat, status)
    assert told() == [f"favourite {cat.id}", f"favourite {bob.id}"]
    bob.post(f"/api/v1/statuses/{status['id']}/unfavourite")
    assert told() == [f"favourite {cat.id}"]
    said = bob.say(f"@{ann.name} hello")
    assert told() == [f"mention {bob.id}", f"favourite {cat.id}"]
    bob.delete(f"/api/v1/statuses/{said['id']}")
    assert told() == [f"favourite {cat.id}"]
    group = next(one["group_key"] for one in ann.get("/api/v2/notifications")["notification_groups"])
    ann.post(f"/api/v2/notifications/{group}/dismiss")
    assert ann.get("/api/v1/notifications") == ann.get("/api/v2/notifications")["notification_groups"] == []
    ann.http.patch("/api/v2/notifications/policy", json={"for_not_following": "filter"})
    bob.say(f"@{ann.name} again")
    assert told() == []
    (request,) = ann.get("/api/v1/notifications/requests")
    ann.post(f"/api/v1/notifications/requests/{request['id']}/accept")
    assert told() == [f"mention {bob.id}"]
    ann.post("/api/v1/notifications/clear")
    assert ann.get("/api/v1/notifications") == []


# ------------------------------------------------------------------------------------------------ groups


def test_likes_of_one_post_are_one_group(server: LiveServer, ann: Person, bob: Person, cat: Person) -> None:
    status = ann.say("hello")
    like(bob, status)
    like(cat, status)
    bob.say(f"@{ann.name} hello")
    server.settle()
    found = ann.get("/api/v2/notifications")
    mention, likes = found["notification_groups"]
    assert mention["type"] == "mention" and mention["group_key"].startswith("ungrouped-")
    assert likes["type"] == "favourite" and likes["notifications_count"] == 2
    assert likes["sample_account_ids"] == [cat.id, bob.id] and likes["status_id"] == status["id"]
    assert likes["most_recent_notification_id"] == likes["page_max_id"] > likes["page_min_id"]
    assert {one["id"] for one in found["accounts"]} == {bob.id, cat.id}
    assert len(found["statuses"]) == 2 and "partial_accounts" not in found
    key = likes["group_key"]
    assert ann.get(f"/api/v2/notifications/{key}")["notification_groups"][0]["notifications_count"] == 2
    assert [one["id"] for one in ann.get(f"/api/v2/notifications/{key}/accounts")] == [cat.id, bob.id]
    assert ann.post(f"/api/v2/notifications/{key}/dismiss") == {}
    assert ann.http.get(f"/api/v2/notifications/{key}").status_code == 404
    assert [one["type"] for one in ann.get("/api/v1/notifications")] == ["mention"]


def test_grouped_types_and_partial_avatars(server: LiveServer, ann: Person, bob: Person, cat: Person) -> None:
    status = ann.say("hello")
    like(bob, status)
    like(cat, status)
    server.settle()
    single = ann.get("/api/v2/notifications", **{"grouped_types[]": "follow"})["notification_groups"]
    assert [one["notifications_count"] for one in single] == [1, 1]
    partly = ann.get("/api/v2/notifications", expand_accounts="partial_avatars")
    assert [one["id"] for one in partly["accounts"]] == [cat.id]
    (other,) = partly["partial_accounts"]
    assert other["id"] == bob.id and set(other) == {"id", "acct", "url", "avatar", "avatar_static", "locked", "bot"}
    assert ann.http.get("/api/v2/notifications", params={"expand_accounts": "x"}).status_code == 422


def test_pages_of_groups_lead_on(server: LiveServer, ann: Person, bob: Person, cat: Person) -> None:
    status = ann.say("hello")
    for person in (bob, cat):
        like(person, status)
    for number in range(2):
        bob.say(f"@{ann.name} {number}")
    server.settle()
    whole = [one["group_key"] for one in ann.get("/api/v2/notifications")["notification_groups"]]
    seen, response = [], ann.http.get("/api/v2/notifications", params={"limit": 1})
    for _ in range(3):
        seen += [one["group_key"] for one in response.json()["notification_groups"]]
        if 'rel="next"' not in response.headers["link"]:
            break
        response = ann.http.get(link(response, "next"))
    assert seen == whole and len(whole) == 3
    up = ann.http.get("/api/v2/notifications", params={"limit": 1, "min_id": "1"})
    assert [one["group_key"] for one in up.json()["notification_groups"]] == whole[-1:]


@pytest.mark.parametrize(
    "key", ["ungrouped-1", "like-1-1", "like-x-1", "nonsense", "follow-1", "ungrouped-", "like-%00-1"]
)
def test_unknown_groups_are_absent(ann: Person, key: str) -> None:
    assert ann.http.get(f"/api/v2/notifications/{key}").status_code in (400, 404)
    assert ann.http.get(f"/api/v2/notifications/{key}/accounts").status_code in (400, 404)
    assert ann.http.post(f"/api/v2/notifications/{key}/dismiss").status_code in (200, 400, 404)


# ------------------------------------------------------------------------------------------------ policy and requests


def test_strangers_private_mentions_wait_as_a_request(server: LiveServer, ann: Person, bob: Person) -> None:
    said = bob.say(f"@{ann.name} psst", visibility="direct")
    server.settle()
    assert ann.get("/api/v1/notifications") == []
    assert len(ann.get("/api/v1/notifications", include_filtered=True)) == 1
    (request,) = ann.get("/api/v1/notifications/requests")
    assert request["account"]["id"] == bob.id and request["notifications_count"] == "1"
    assert request["last_status"]["id"] == said["id"]
    assert ann.get(f"/api/v1/notifications/requests/{request['id']}") == request
    assert ann.get("/api/v2/notifications/policy")["summary"] == {
        "pending_requests_count": 1,
        "pending_notifications_count": 1,
    }
    assert ann.post(f"/api/v1/notifications/requests/{request['id']}/accept") == {}
    assert len(ann.get("/api/v1/notifications")) == 1
    assert ann.get("/api/v1/notifications/requests") == []
    assert ann.get("/api/v1/notifications/requests/merged") == {"merged": True}
    bob.say(f"@{ann.name} again", visibility="direct")
    server.settle()
    assert len(ann.get("/api/v1/notifications")) == 2
    assert ann.http.get(f"/api/v1/notifications/requests/{request['id']}").status_code == 404


def test_a_dismissed_request_is_gone(server: LiveServer, ann: Person, bob: Person) -> None:
    bob.say(f"@{ann.name} psst", visibility="direct")
    server.settle()
    (request,) = ann.get("/api/v1/notifications/requests")
    assert ann.post("/api/v1/notifications/requests/dismiss", id=[request["id"], "7", "x"]) == {}
    assert ann.get("/api/v1/notifications/requests") == []
    assert ann.get("/api/v1/notifications", include_filtered=True) == []


def test_the_policy_in_both_versions(server: LiveServer, ann: Person, bob: Person) -> None:
    first = ann.get("/api/v2/notifications/policy")
    assert {key: value for key, value in first.items() if key != "summary"} == {
        "for_not_following": "accept",
        "for_not_followers": "accept",
        "for_new_accounts": "accept",
        "for_private_mentions": "filter",
        "for_limited_accounts": "filter",
    }
    changed = ann.http.patch("/api/v2/notifications/policy", json={"for_not_following": "drop"}).json()
    assert changed["for_not_following"] == "drop" and changed["for_private_mentions"] == "filter"
    bob.say(f"@{ann.name} hello")
    server.settle()
    assert ann.get("/api/v1/notifications", include_filtered=True) == []
    old = ann.http.put(
        "/api/v1/notifications/policy", json={"filter_not_following": False, "filter_new_accounts": True}
    ).json()
    assert old["filter_not_following"] is False and old["filter_new_accounts"] is True
    assert ann.get("/api/v2/notifications/policy")["for_new_accounts"] == "filter"
    assert ann.http.patch("/api/v2/notifications/policy", json={"for_new_accounts": "maybe"}).status_code == 422


def test_the_routes_ask_for_their_scopes(server: LiveServer, ann: Person) -> None:
    reader = server.client(server.token(ann.id, "read:statuses"))
    assert reader.get("/api/v1/notifications").status_code == 403
    assert reader.get("/api/v2/notifications").status_code == 403
    assert reader.post("/api/v1/notifications/clear").status_code == 403
    assert reader.get("/api/v1/push/subscription").status_code == 403
    assert server.visitor.get("/api/v1/notifications").status_code == 401
