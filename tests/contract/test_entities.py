"""Every documented key of every entity is there, of the documented type, in answers of a running server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.client import eventually, picture
from tests.contract.shapes import faults
from tests.support.server import LiveServer, Person


class Stage:
    """Two people who did everything once."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.ann, self.bob = server.person(), server.person()
        ann, bob = self.ann, self.bob
        fields = {"display_name": "Ann", "fields_attributes[0][name]": "a", "fields_attributes[0][value]": "b"}
        ann.http.patch("/api/v1/accounts/update_credentials", data=fields)
        for one, other in ((ann, bob), (bob, ann)):
            one.post(f"/api/v1/accounts/{other.id}/follow")
        words = [{"keyword": "filtered", "whole_word": "true"}]
        self.filter = bob.post("/api/v2/filters", title="f", context=["home"], keywords_attributes=words)
        media = ann.http.post("/api/v2/media", files={"file": ("a.png", picture(), "image/png")}).json()
        self.media = eventually(lambda: ann.get(f"/api/v1/media/{media['id']}"), lambda found: found["url"])
        self.plain = ann.say(f"@{bob.name} #Tagged filtered https://example.com/", media_ids=[media["id"]])["id"]
        self.poll = ann.say("poll", poll={"options": ["a", "b"], "expires_in": 600})["id"]
        self.reply = bob.say("reply", in_reply_to_id=self.plain)["id"]
        self.boost = bob.post(f"/api/v1/statuses/{self.plain}/reblog")["id"]
        self.quote = bob.say("quote", quoted_status_id=self.plain)["id"]
        self.deep = ann.say("quote of a quote", quoted_status_id=self.quote)["id"]
        bob.post(f"/api/v1/statuses/{self.plain}/favourite")
        bob.say(f"@{ann.name} psst", visibility="direct")
        server.settle()


@pytest.fixture(scope="module")
def stage(server: LiveServer) -> Stage:
    return Stage(server)


def right(kind: str, value: Any) -> None:
    assert value != [] and value != {}, f"no {kind} to look at"
    assert faults(kind, value) == []


def test_accounts(stage: Stage) -> None:
    ann, bob = stage.ann, stage.bob
    right("Account", bob.get(f"/api/v1/accounts/{ann.id}"))
    right("[Account]", bob.get(f"/api/v1/accounts/{ann.id}/followers"))
    right("CredentialAccount", ann.get("/api/v1/accounts/verify_credentials"))
    right("[Relationship]", bob.get("/api/v1/accounts/relationships", **{"id[]": ann.id}))
    other = stage.server.person()
    ann.post(f"/api/v1/accounts/{other.id}/mute", duration=3600)
    right("[MutedAccount]", ann.get("/api/v1/mutes"))
    right("[FamiliarFollowers]", ann.get("/api/v1/accounts/familiar_followers", **{"id[]": other.id}))
    assert bob.get(f"/api/v1/accounts/{other.id}")["header"].endswith("/headers/original/missing.png")


@pytest.mark.parametrize("name", ["plain", "poll", "reply", "boost", "quote", "deep"])
def test_statuses(stage: Stage, name: str) -> None:
    status = stage.bob.get(f"/api/v1/statuses/{getattr(stage, name)}")
    right("Status", status)
    seen = stage.server.visitor.get(f"/api/v1/statuses/{getattr(stage, name)}").json()
    assert not {"favourited", "reblogged", "muted", "bookmarked", "filtered"} & set(seen)
    match name:
        case "boost":
            assert status["reblog"]["id"] == stage.plain and status["media_attachments"] == []
        case "quote":
            assert status["quote"]["state"] == "accepted"
        case "deep":
            assert set(status["quote"]["quoted_status"]["quote"]) == {"state", "quoted_status_id"}
        case "plain":
            assert set(status["mentions"][0]) == {"id", "username", "url", "acct"}
            assert status["filtered"], "the filter's match is told"


def test_a_boost_repeats_the_content_of_its_original(stage: Stage) -> None:
    boost = stage.bob.get(f"/api/v1/statuses/{stage.boost}")
    assert boost["content"] == boost["reblog"]["content"]


def test_what_hangs_on_a_status(stage: Stage) -> None:
    ann, path = stage.ann, f"/api/v1/statuses/{stage.plain}"
    right("MediaAttachment", stage.media)
    right("Context", ann.get(f"{path}/context"))
    right("StatusSource", ann.get(f"{path}/source"))
    right("[StatusEdit]", ann.get(f"{path}/history"))
    right("Poll", ann.get(f"/api/v1/polls/{stage.poll}"))
    right("DeletedStatus", ann.delete(f"/api/v1/statuses/{ann.say('short life')['id']}"))
    planned = ann.say("later", scheduled_at="2031-01-01T00:00:00Z")
    right("ScheduledStatus", planned)
    right("[ScheduledStatus]", ann.get("/api/v1/scheduled_statuses"))


def test_notifications(stage: Stage) -> None:
    ann = stage.ann
    right("[Notification]", ann.get("/api/v1/notifications"))
    groups = ann.get("/api/v2/notifications")
    right("Groups", groups)
    assert groups["notification_groups"] and groups["accounts"] and groups["statuses"]
    right("NotificationPolicy", ann.get("/api/v2/notifications/policy"))
    right("[Conversation]", ann.get("/api/v1/conversations"))
    fresh, stranger = stage.server.person(), stage.server.person()
    fresh.http.patch("/api/v2/notifications/policy", json={"for_not_following": "filter"})
    stranger.say(f"@{fresh.name} hello")
    right("[NotificationRequest]", eventually(lambda: fresh.get("/api/v1/notifications/requests")))


def test_what_one_keeps_for_oneself(stage: Stage) -> None:
    ann, bob = stage.ann, stage.bob
    right("[Filter]", bob.get("/api/v2/filters"))
    right("[OldFilter]", bob.get("/api/v1/filters"))
    right("List", ann.post("/api/v1/lists", title="x"))
    right("Marker", ann.post("/api/v1/markers", home={"last_read_id": stage.plain})["home"])
    right("Tag", ann.get("/api/v1/tags/tagged"))
    assert len(ann.get("/api/v1/tags/tagged")["history"]) == 7
    right("FeaturedTag", ann.post("/api/v1/featured_tags", name="tagged"))
    found = ann.get("/api/v2/search", q="tagged")
    right("Search", found)
    right("[Tag]", found["hashtags"])
    preferences = ann.get("/api/v1/preferences")
    for key in ("visibility", "sensitive", "language", "quote_policy"):
        assert f"posting:default:{key}" in preferences
    assert {"reading:expand:media", "reading:expand:spoilers", "reading:autoplay:gifs"} <= set(preferences)
    assert faults("[Suggestion]", ann.get("/api/v2/suggestions")) == []


def test_the_server_and_its_apps(stage: Stage) -> None:
    visitor = stage.server.visitor
    right("Instance", visitor.get("/api/v2/instance").json())
    right("OldInstance", visitor.get("/api/v1/instance").json())
    fields = {"client_name": "x", "redirect_uris": ["https://a.example/"], "scopes": "read"}
    app = visitor.post("/api/v1/apps", json=fields).json()
    right("CredentialApplication", app)
    asked = {key: app[key] for key in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
    right("Token", visitor.post("/oauth/token", data=asked).json())


def fields_of(server: LiveServer, ann: Person, send: dict[str, Any]) -> tuple[Any, ...]:
    answer = ann.http.post("/api/v1/statuses", **send)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    options = [option["title"] for option in body["poll"]["options"]]
    return body["sensitive"], options, body["poll"]["multiple"]


@pytest.mark.parametrize("truth", ["true", "1", "on", "t", True])
def test_all_encodings_say_the_same(stage: Stage, truth: Any) -> None:
    flat = [("status", "x"), ("sensitive", truth), ("poll[options][]", "a"), ("poll[options][]", "b")]
    flat += [("poll[expires_in]", "600"), ("poll[multiple]", truth)]
    words = {name: str(value).lower() for name, value in flat if not name.endswith("[]")}
    form = {**words, "poll[options][]": ["a", "b"]}
    parts: list[tuple[str, Any]] = [(name, (None, str(value).lower())) for name, value in flat]
    nested = {"options": ["a", "b"], "expires_in": "600", "multiple": truth}
    ways: list[dict[str, Any]] = [
        {"json": {"status": "x", "sensitive": truth, "poll": nested}},
        {"data": form},
        {"params": form},
        {"files": parts},
    ]
    for send in ways:
        assert fields_of(stage.server, stage.ann, send) == (True, ["a", "b"], True), send


def test_a_delete_may_have_a_body_and_put_is_patch(stage: Stage) -> None:
    ann, bob = stage.ann, stage.bob
    made = ann.post("/api/v1/lists", title="x")["id"]
    path = f"/api/v1/lists/{made}/accounts"
    for body in ({"json": {"account_ids": [bob.id]}}, {"data": {"account_ids[]": bob.id}}):
        ann.post(path, account_ids=[bob.id])
        assert ann.http.request("DELETE", path, **body).status_code == 200
        assert ann.get(path) == []
    for method in ("PUT", "PATCH"):
        answer = ann.http.request(method, "/api/v1/accounts/update_credentials", json={"display_name": method})
        assert answer.json()["display_name"] == method
        answer = ann.http.request(method, f"/api/v1/lists/{made}", json={"title": method})
        assert answer.json()["title"] == method
    assert json.loads(ann.http.put("/api/v2/notifications/policy", json={}).text)
