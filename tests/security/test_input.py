"""What clients send: no field of the server's, no id of somebody else's, no text that costs more than its length."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.security.house import House, Person, path_of, routes
from weft.infra.routing.table import Route, Sees

# Names of columns and entity keys that only the server writes, in the forms in which apps could try.
FORGED: dict[str, Any] = {
    "id": "7",
    "account_id": "7",
    "author_id": "7",
    "account": {"id": "7"},
    "username": "root",
    "acct": "root",
    "role": "owner",
    "role_id": "3",
    "roles": [{"id": "3"}],
    "state": "suspended",
    "suspended": True,
    "limited": False,
    "verified": True,
    "verified_at": "2001-01-01T00:00:00Z",
    "created_at": "2001-01-01T00:00:00Z",
    "created_ms": 1,
    "edited_at": "2001-01-01T00:00:00Z",
    "url": "https://evil.example/",
    "uri": "https://evil.example/",
    "followers_count": 9_000,
    "favourites_count": 9_000,
    "reblogs_count": 9_000,
    "favourited": True,
    "pinned": True,
    "email": "evil@evil.example",
    "password_hash": "x",
    "by_command": False,
    "bucket": 3,
    "content": "<script>alert(1)</script>",
    "application": {"name": "Trusted"},
}


async def test_fields_of_the_server_have_no_effect_on_a_profile(house: House) -> None:
    ann = await house.person()
    before = await ann.get("/api/v1/accounts/verify_credentials")
    answer = await ann.http.patch("/api/v1/accounts/update_credentials", json={**FORGED, "display_name": "Ann"})
    assert answer.json() == {**before, "display_name": "Ann"}
    assert await ann.get("/api/v1/accounts/verify_credentials") == answer.json()
    async with house.db.read() as reader:
        sql = "SELECT count(*) FROM users WHERE email = $1 OR password_hash = 'x' -- all buckets"
        assert await reader.value(sql, "evil@evil.example") == 0


async def test_fields_of_the_server_have_no_effect_on_a_post(house: House) -> None:
    ann = await house.person()
    post = await ann.say("mine", **FORGED)
    plain = await ann.say("mine")
    differs = {name for name in plain if post[name] != plain[name]}
    # the account's own counter went on by one
    assert differs <= {"id", "created_at", "uri", "url", "account"}
    assert post["account"]["id"] == ann.id and post["id"] != "7"
    assert post["url"].startswith("http://localhost:8000/")
    edited = await ann.http.put(f"/api/v1/statuses/{post['id']}", json={**FORGED, "status": "changed"})
    assert edited.json()["created_at"] == post["created_at"]
    assert edited.json()["favourites_count"] == 0
    assert edited.json()["content"] == "<p>changed</p>"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/lists", {"title": "mine"}),
        ("/api/v2/filters", {"title": "mine", "context": ["home"], "keywords_attributes": [{"keyword": "x"}]}),
        ("/api/v1/markers", {"home": {"last_read_id": "5", "version": 900, "updated_at": "2001-01-01T00:00:00Z"}}),
        ("/api/v1/apps", {"client_name": "mine", "redirect_uris": "https://app.example/"}),
    ],
)
async def test_unknown_fields_change_nothing_in_what_is_made(house: House, path: str, body: dict[str, Any]) -> None:
    ann = await house.person()
    forged = {**FORGED, "client_id": "mine", "client_secret": "mine", **body}
    made = await ann.post(path, **forged)
    text = str(made)
    assert "evil.example" not in text and "2001-01-01" not in text and "'version': 900" not in text
    assert made.get("id") != "7" and made.get("client_id", "") != "mine"


def of_own_rows() -> list[Route]:
    """Routes that change or show one row of the caller's own by an id."""
    found = [route for route in routes() if route.sees is Sees.OWN and ":id" in route.path]
    return [route for route in found if not route.path.startswith(("/api/v1/accounts", "/api/v1/announcements"))]


async def owned(ann: Person) -> dict[str, str]:
    """One row of each kind that has an owner, by the beginning of its routes."""
    post = await ann.say("scheduled", scheduled_at="2099-01-01T00:00:00Z")
    old = await ann.post("/api/v1/filters", phrase="old", context=["home"])
    new = await ann.post("/api/v2/filters", title="t", context=["home"], keywords_attributes=[{"keyword": "k"}])
    status = await ann.say("filtered")
    kept = await ann.post(f"/api/v2/filters/{new['id']}/statuses", status_id=status["id"])
    tag = await ann.post("/api/v1/featured_tags", name="weaving")
    return {
        "/api/v1/scheduled_statuses/": post["id"],
        "/api/v1/lists/": (await ann.post("/api/v1/lists", title="mine"))["id"],
        "/api/v1/filters/": old["id"],
        "/api/v2/filters/": new["id"],
        "/api/v2/filters/keywords/": new["keywords"][0]["id"],
        "/api/v2/filters/statuses/": kept["id"],
        "/api/v1/featured_tags/": tag["id"],
        "/api/v1/statuses/": status["id"],
    }


async def test_an_id_of_somebody_elses_row_is_as_good_as_none(house: House) -> None:
    ann, eve = await house.person(), await house.person()
    ids = await owned(ann)
    await house.settle()
    await eve.get("/api/v1/preferences")
    before = await house.rows()
    words = dict.fromkeys(("title", "phrase", "keyword", "description"), "stolen")
    more = {"scheduled_at": "2098-01-01T00:00:00Z", "status_id": ids["/api/v1/statuses/"]}
    body = {**words, **more, "context": ["home"], "account_ids": [eve.id]}
    for route in of_own_rows():
        # the longest beginning counts; kinds without a row of ann's are asked for nothing twice
        id_ = max([("", "1"), *((start, id_) for start, id_ in ids.items() if route.path.startswith(start))])[1]
        seen = [await eve.http.request(route.method, path_of(route, id=one), json=body) for one in (id_, "1")]
        first, second = [(answer.status_code, answer.content) for answer in seen]
        assert first == second, f"{route.method} {route.path}: {first} {second}"
        assert b"stolen" not in first[1], route.path
    after = await house.rows()
    assert [table for table in after if after[table] != before[table]] == []


HOSTILE = {
    "mentions": "@a" * 60_000,
    "tags": "#" * 100_000,
    "links": "http://" * 15_000,
    "handles": "@" + "a." * 50_000,
    "marks": "z" + "\u0301" * 60_000,
    "joiners": "\U0001f468\u200d" * 20_000,
    "lines": "\n" * 100_000,
    "brackets": "(" * 100_000,
    "white": " " * 100_000 + "x",
}


@pytest.mark.parametrize("shape", HOSTILE)
async def test_a_body_full_of_hostile_text_costs_about_its_length(house: House, shape: str) -> None:
    """The largest body a route takes is refused or taken without holding up anybody: time grows no faster than size."""
    ann = await house.person()
    text = HOSTILE[shape]
    spent = []
    for part in (text[: len(text) // 4], text):
        started = time.process_time()
        answer = await ann.http.post("/api/v1/statuses", json={"status": part, "spoiler_text": part[:5000]})
        assert answer.status_code in (200, 422, 413), answer.text
        await ann.http.get("/api/v2/search", params={"q": part[:2000]})
        await ann.http.patch("/api/v1/accounts/update_credentials", json={"display_name": part, "note": part})
        spent.append(time.process_time() - started)
    assert spent[1] < max(8 * spent[0], 1.0), spent
    assert spent[1] < 3, spent


async def test_filter_words_are_words_and_never_patterns(house: House) -> None:
    """Filters are the one place where people write what is searched for: `(a+)+$` there is a text like any other."""
    ann = await house.person()
    for keyword in ("(a+)+$", ".*", "\\b", "[" * 50):
        made = await ann.post(
            "/api/v2/filters",
            title=keyword,
            context=["home"],
            filter_action="hide",
            keywords_attributes=[{"keyword": keyword, "whole_word": False}],
        )
        assert made["keywords"][0]["keyword"] == keyword
    await ann.say("a" * 400 + "!")
    started = time.process_time()
    home = await ann.get("/api/v1/timelines/home")
    assert time.process_time() - started < 1
    assert len(home) == 1
