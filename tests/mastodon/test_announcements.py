"""Announcements as clients see them, against a real server."""

from __future__ import annotations

import asyncpg
import pytest

from tests.support.postgres import run
from tests.support.server import LiveServer, Person
from weft.mastodon.announcements import is_reaction

PATH = "/api/v1/announcements"
INSERT = """
INSERT INTO announcements (id, text, published_ms, updated_ms, ends_ms) VALUES ($1, $2, 0, 0, $3)
ON CONFLICT DO NOTHING
"""


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


@pytest.fixture(autouse=True)
def announced(server: LiveServer) -> None:
    run(_announce(server.database_url))


async def _announce(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(INSERT, 1, "Hello #everyone", None)
        await connection.execute(INSERT, 2, "Over", 1)
    finally:
        await connection.close()


def test_what_is_announced_now_is_listed_until_it_is_dismissed(ann: Person) -> None:
    (one,) = ann.get(PATH)
    assert one["id"] == "1" and one["content"].startswith("<p>Hello ") and one["read"] is False
    assert one["tags"][0]["name"] == "everyone" and one["ends_at"] is None
    assert {"mentions", "statuses", "emojis", "reactions", "starts_at", "all_day", "updated_at"} <= set(one)
    assert ann.post(f"{PATH}/1/dismiss") == {} and ann.post(f"{PATH}/1/dismiss") == {}
    assert ann.get(PATH) == []
    assert [each["read"] for each in ann.get(PATH, with_dismissed=True)] == [True]
    assert ann.http.post(f"{PATH}/77/dismiss").status_code == 404


def test_people_react(server: LiveServer, ann: Person) -> None:
    bob = server.person()
    for person in (ann, bob):
        assert person.http.put(f"{PATH}/1/reactions/👍").json() == {}
    found = {one["name"]: one for one in ann.get(PATH)[0]["reactions"]}
    assert found["👍"] == {"name": "👍", "count": 2, "me": True}
    assert ann.delete(f"{PATH}/1/reactions/👍") == {}
    found = {one["name"]: one for one in ann.get(PATH)[0]["reactions"]}
    assert found["👍"] == {"name": "👍", "count": 1, "me": False}
    bob.delete(f"{PATH}/1/reactions/👍")


@pytest.mark.parametrize("name", ["%00", "%ff", "a%00b", "%ED%A0%80", "x" * 3000])
def test_names_that_are_no_text_are_refused(ann: Person, name: str) -> None:
    for method in ("PUT", "DELETE"):
        assert 200 <= ann.http.request(method, f"{PATH}/1/reactions/{name}").status_code < 500


def test_only_emoji_and_only_a_few_kinds(ann: Person) -> None:
    assert ann.http.put(f"{PATH}/1/reactions/hello").status_code == 422
    assert ann.http.put(f"{PATH}/2/reactions/👍").status_code == 404
    for emoji in "🐀🐁🐂🐃🐄🐅🐆🐇":
        assert ann.http.put(f"{PATH}/1/reactions/{emoji}").status_code == 200
    assert ann.http.put(f"{PATH}/1/reactions/🐈").status_code == 422
    for emoji in "🐀🐁🐂🐃🐄🐅🐆🐇":
        ann.delete(f"{PATH}/1/reactions/{emoji}")


@pytest.mark.parametrize("name", ["👍", "👍🏽", "🇻🇳", "👩‍👩‍👧", "1️⃣", "❤️", "blob"])
def test_these_are_reactions(name: str) -> None:
    assert is_reaction(name, {"blob"})


@pytest.mark.parametrize("name", ["", "a", "ab", "👍👍", "1", "é", "👍 ", "x" * 100, "<b>"])
def test_these_are_none(name: str) -> None:
    assert not is_reaction(name, {"blob"})
