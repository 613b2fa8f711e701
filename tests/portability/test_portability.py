"""Exports and imports on a running server: what one takes along is what another server, or this one, takes in."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support.server import LiveServer, Person

EXPORTS, IMPORTS = "/api/weft/v1/exports", "/api/weft/v1/imports"


def sheet(person: Person, kind: str) -> str:
    answer = person.http.get(f"{EXPORTS}/{kind}.csv")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{kind}.csv"'
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.text


def bring(person: Person, kind: str, data: str | bytes, mode: str = "merge") -> Any:
    """Import a sheet and wait for its end."""
    given = data.encode() if isinstance(data, str) else data
    answer = person.http.post(IMPORTS, data={"kind": kind, "mode": mode}, files={"file": ("x.csv", given)})
    assert answer.status_code == 202, answer.text
    return ended(person, answer.json()["id"])


def ended(person: Person, id_: str) -> Any:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = person.get(f"{IMPORTS}/{id_}")
        if found["state"] in ("finished", "failed"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"the import did not end: {found}")


def archive_of(person: Person) -> zipfile.ZipFile:
    asked = person.http.post(EXPORTS)
    assert asked.status_code == 202, asked.text
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        (found,) = person.get(EXPORTS)
        if found["state"] == "ready":
            answer = person.http.get(f"{EXPORTS}/{found['id']}/file")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/zip"
            assert len(answer.content) == found["size"]
            return zipfile.ZipFile(io.BytesIO(answer.content))
        assert found["state"] == "building"
        time.sleep(0.05)
    raise AssertionError("the archive was not built")


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 60, 50)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def people(server: LiveServer) -> list[Person]:
    return [server.person() for _ in range(4)]


@pytest.fixture
def ann(server: LiveServer, people: list[Person]) -> Person:
    """Somebody who follows, blocks, mutes, lists and saves."""
    made, (bob, cho, dan, eve) = server.person(), people
    made.post(f"/api/v1/accounts/{bob.id}/follow", reblogs=False, notify=True, languages=["en", "ko"])
    made.post(f"/api/v1/accounts/{cho.id}/follow")
    made.post(f"/api/v1/accounts/{dan.id}/mute", notifications=False)
    made.post(f"/api/v1/accounts/{eve.id}/block")
    made.post("/api/v1/domain_blocks", domain="bad.example")
    for title, members in (("=Friends, close", [bob.id, cho.id]), ("Work", [cho.id])):
        made_list = made.post("/api/v1/lists", title=title)
        made.post(f"/api/v1/lists/{made_list['id']}/accounts", account_ids=members)
    made.post(f"/api/v1/statuses/{bob.say('Save me')['id']}/bookmark")
    return made


def test_what_one_account_takes_along_another_brings_in(server: LiveServer, ann: Person) -> None:
    kinds = ("following", "blocks", "mutes", "lists", "bookmarks", "domain_blocks")
    taken = {kind: sheet(ann, kind) for kind in kinds}
    other = server.person()
    for kind in kinds:
        result = bring(other, kind, taken[kind])
        assert (result["state"], result["failed"]) == ("finished", 0), (kind, result)
        assert result["done"] == result["total"] > 0
    for kind in kinds:
        assert sorted(sheet(other, kind).splitlines()) == sorted(taken[kind].splitlines()), kind


def test_sheets_are_in_the_form_that_mastodon_reads(server: LiveServer, ann: Person, people: list[Person]) -> None:
    domain = server.url.partition("://")[2]
    bob, cho, dan, eve = people
    lines = sheet(ann, "following").splitlines()
    assert lines[0] == "Account address,Show boosts,Notify on new posts,Languages"
    assert lines[2] == f'{bob.name}@{domain},false,true,"en, ko"'
    assert lines[1] == f"{cho.name}@{domain},true,false,"
    assert sheet(ann, "mutes").splitlines()[1] == f"{dan.name}@{domain},false"
    assert sheet(ann, "blocks").splitlines() == [f"{eve.name}@{domain}"]
    assert sheet(ann, "domain_blocks").splitlines() == ["bad.example"]
    assert sheet(bob, "followers").splitlines()
    assert sheet(ann, "lists").splitlines()[0].startswith('"\'=Friends, close",')
    assert sheet(ann, "bookmarks").startswith(f"{server.url}/users/{bob.name}/statuses/")


def test_word_filters_leave_as_json(ann: Person) -> None:
    ann.post(
        "/api/v2/filters",
        title="Spoilers",
        context=["home"],
        filter_action="hide",
        keywords_attributes=[{"keyword": "finale", "whole_word": True}],
    )
    (found,) = ann.get(f"{EXPORTS}/filters.json")
    assert found["title"] == "Spoilers" and found["filter_action"] == "hide"
    assert found["keywords"] == [{"keyword": "finale", "whole_word": True}]


def test_an_import_again_changes_nothing(server: LiveServer, ann: Person) -> None:
    taken = sheet(ann, "following")
    other = server.person()
    first, second = bring(other, "following", taken), bring(other, "following", taken)
    assert first["failed"] == second["failed"] == 0
    assert other.get("/api/v1/accounts/verify_credentials")["following_count"] == 2


def test_overwriting_ends_what_the_sheet_does_not_name(server: LiveServer, ann: Person, people: list[Person]) -> None:
    bob, cho, dan, _ = people
    assert bring(ann, "following", f"{dan.name}\n{bob.name}\n", "overwrite")["failed"] == 0
    names = {line.partition("@")[0] for line in sheet(ann, "following").splitlines()[1:]}
    assert names == {bob.name, dan.name}
    assert bring(ann, "mutes", f"{cho.name}\n", "overwrite")["failed"] == 0
    assert [line.partition("@")[0] for line in sheet(ann, "mutes").splitlines()[1:]] == [cho.name]
    assert bring(ann, "domain_blocks", "worse.example\n", "overwrite")["failed"] == 0
    assert sheet(ann, "domain_blocks").splitlines() == ["worse.example"]
    assert bring(ann, "lists", f"New,{bob.name}\n", "overwrite")["failed"] == 0
    assert [each["title"] for each in ann.get("/api/v1/lists")] == ["New"]
    kept = sheet(ann, "bookmarks")
    extra = cho.say("Another")
    ann.post(f"/api/v1/statuses/{extra['id']}/bookmark")
    assert bring(ann, "bookmarks", kept, "overwrite")["failed"] == 0
    assert sheet(ann, "bookmarks") == kept


def test_merging_keeps_what_is_there(ann: Person, people: list[Person]) -> None:
    bring(ann, "following", f"{people[2].name}\n")
    assert ann.get("/api/v1/accounts/verify_credentials")["following_count"] == 3


def test_lines_that_cannot_be_brought_in_are_told_with_their_reason(server: LiveServer, people: list[Person]) -> None:
    me = server.person()
    lines = [people[0].name, "nobody_here", "zoe@far.example", "!!!", me.name]
    result = bring(me, "following", "\n".join(lines))
    assert (result["total"], result["done"], result["failed"]) == (5, 5, 4)
    told = me.http.get(f"{IMPORTS}/{result['id']}/failures.csv").text.splitlines()
    assert [line.partition(",")[0] for line in told] == lines[1:]
    assert "another server" in told[1]
    assert bring(me, "lists", f"L,{people[1].name}\n")["failed"] == 1  # not followed


def test_a_hidden_post_cannot_be_saved_by_an_import(server: LiveServer, people: list[Person]) -> None:
    secret = people[0].say("For nobody", visibility="direct")
    me = server.person()
    result = bring(me, "bookmarks", f"{secret['uri']}\n{server.url}/@x/117000000000000001\n")
    assert result["failed"] == 2
    told = me.http.get(f"{IMPORTS}/{result['id']}/failures.csv").text.splitlines()
    assert told[0].partition(",")[2] == told[1].partition(",")[2]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b'"open', b"a\x00b"])
def test_a_broken_sheet_is_refused_and_nothing_is_noted(server: LiveServer, data: bytes) -> None:
    me = server.person()
    answer = me.http.post(IMPORTS, data={"kind": "blocks"}, files={"file": ("x.csv", data)})
    assert answer.status_code == 422
    assert me.get(IMPORTS) == []


def test_an_import_needs_a_known_kind_and_a_file(server: LiveServer) -> None:
    me = server.person()
    assert me.http.post(IMPORTS, data={"kind": "followers"}, files={"file": ("x", b"a")}).status_code == 422
    assert me.http.post(IMPORTS, data={"kind": "blocks"}).status_code == 422
    assert me.http.post(IMPORTS, data={"kind": "blocks"}, files={"file": ("x", b"a" * 1_100_000)}).status_code == 413


def test_nobody_sees_anothers_exports_and_imports(server: LiveServer, ann: Person) -> None:
    other = server.person()
    theirs = bring(other, "blocks", "nobody_here\n")["id"]
    assert ann.http.get(f"{IMPORTS}/{theirs}").status_code == 404
    assert ann.http.get(f"{IMPORTS}/{theirs}/failures.csv").status_code == 404
    archive_of(other)
    (export,) = other.get(EXPORTS)
    assert ann.http.get(f"{EXPORTS}/{export['id']}/file").status_code == 404
    assert ann.get(EXPORTS) == []
    assert server.visitor.get(f"{EXPORTS}/{export['id']}/file").status_code == 401
    assert server.visitor.get(f"{EXPORTS}/blocks.csv").status_code == 401


def test_an_archive_holds_everything_and_is_built_once_a_day(server: LiveServer, ann: Person) -> None:
    answer = ann.http.post("/api/v2/media", files={"file": ("a.png", picture())}, data={"description": "Red"})
    said = ann.say("With a picture #tag", media_ids=[answer.json()["id"]], visibility="private", language="en")
    edited = ann.say("Frist")
    ann.http.put(f"/api/v1/statuses/{edited['id']}", json={"status": "First"})
    ann.say("Which?", poll={"options": ["One", "Two"], "expires_in": 3600})
    ann.post(f"/api/v1/statuses/{said['id']}/favourite")
    ann.say(f"@{ann.name} for me", visibility="direct")
    with archive_of(ann) as taken:
        names = set(taken.namelist())
        outbox = json.loads(taken.read("outbox.json"))
        likes = json.loads(taken.read("likes.json"))
        profile = json.loads(taken.read("actor.json"))
        assert taken.testzip() is None
    expected = {"README.txt", "actor.json", "outbox.json", "likes.json", "bookmarks.json", "filters.json", "lists.csv"}
    assert expected <= names
    assert profile["preferredUsername"] == ann.name
    assert outbox["totalItems"] == len(outbox["orderedItems"]) == 4
    direct, poll, edit, media = (each["object"] for each in outbox["orderedItems"])
    assert [option["name"] for option in poll["oneOf"]] == ["One", "Two"]
    assert edit["source"]["content"] == "First" and edit["versions"][0]["source"]["content"] == "Frist"
    assert media["attachment"][0]["name"] == "Red" and media["attachment"][0]["url"] in names
    assert direct["to"] == [profile["id"]] and not direct["cc"]
    assert likes["orderedItems"] == [said["uri"]]
    again = ann.http.post(EXPORTS)
    assert again.status_code == 409
    assert "day" in again.json()["error"]


def test_an_archive_lies_where_nothing_serves_it(server: LiveServer) -> None:
    me = server.person()
    archive_of(me)
    files = list((server.data / "exports").iterdir())
    assert files and all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    for path in files:
        for where in ("media", "exports", "assets"):
            assert server.visitor.get(f"/{where}/{path.name}", follow_redirects=False).status_code == 404


@pytest.mark.parametrize("name", ["following", "secrets.csv", "..%2f..%2fpg.csv", "following.csv%00", "following.CSV"])
def test_only_known_sheets_exist(ann: Person, name: str) -> None:
    assert ann.http.get(f"{EXPORTS}/{name}").status_code == 404


def test_reading_and_writing_scopes_are_asked_for(server: LiveServer) -> None:
    me = server.person()
    with httpx.Client(base_url=server.url) as client:
        client.headers["authorization"] = f"Bearer {server.token(me.id, 'read:accounts write')}"
        assert client.get(f"{EXPORTS}/following.csv").status_code == 403
        client.headers["authorization"] = f"Bearer {server.token(me.id, 'read write:follows')}"
        sent = client.post(IMPORTS, data={"kind": "blocks"}, files={"file": ("x", b"a")})
        assert sent.status_code == 403
