"""The hub on a running server: what there is, asking for it with and without somebody's decision, and what is kept."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest

from tests.hub.files import gguf, small_gguf
from tests.hub.town import FORM, HUB, ask, asked, new_name, publish
from tests.support.server import LiveServer, Person
from weft.hub.model import Evaluation

STAFF = f"{HUB}/staff"
SCOPES = "read write admin:read admin:write"


@pytest.fixture(scope="module")
def owner(server: LiveServer) -> Person:
    return server.person(role="admin", scopes=SCOPES)


@pytest.fixture(scope="module")
def moderator(server: LiveServer) -> Person:
    return server.person(role="moderator", scopes=SCOPES)


def queue(person: Person, name: str, state: str = "waiting") -> Any:
    return person.get(f"{STAFF}/models/{name}/requests", state=state)


def test_everybody_sees_what_there_is(server: LiveServer) -> None:
    data = small_gguf()
    measured = Evaluation(task="town posts", metric="perplexity", value=7.84)
    made = publish(
        server, files={"small.gguf": data, "LICENSE.txt": b"Take it."}, card="# About\n\n<b>Not bold</b>",
        base="smollm2", languages=("en", "vi"), tags=("town",), evaluations=(measured,),
    )  # fmt: skip
    found = server.visitor.get(f"{HUB}/models/{made.name}").json()
    assert (found["weft"], found["schema"]) == ("model", 1)
    sha256 = hashlib.sha256(b"Apache-2.0\nDo what you want.").hexdigest()
    assert found["licence"] == {"name": "Apache-2.0", "text": "Do what you want.", "sha256": sha256}
    assert (found["base"], found["languages"], found["tags"]) == ("smollm2", ["en", "vi"], ["town"])
    file = next(each for each in found["files"] if each["name"] == "small.gguf")
    assert file["sha256"] == hashlib.sha256(data).hexdigest()
    assert (file["size"], file["format"], file["architecture"]) == (len(data), "gguf", "llama")
    assert "&lt;b&gt;Not bold&lt;/b&gt;" in found["card_html"]
    line = next(each for each in server.visitor.get(f"{HUB}/models").json() if each["name"] == made.name)
    assert (line["card"], line["card_html"], line["licence"]["text"], line["licence"]["sha256"]) == ("", "", "", "")
    assert line["files"] == found["files"]
    assert found["evaluations"] == [{"task": "town posts", "metric": "perplexity", "value": 7.84, "note": ""}]


def test_whoever_accepts_the_licence_gets_the_links_at_once_where_the_model_says_so(server: LiveServer) -> None:
    model = publish(server)
    answer = asked(server, model.name)
    assert answer["state"] == "approved"
    (offer,) = answer["files"]
    got = server.visitor.get(offer["url"])
    assert got.status_code == 200
    assert hashlib.sha256(got.content).hexdigest() == offer["sha256"] == model.files[0].sha256
    assert server.visitor.get(answer["url"]).json()["state"] == "approved"


def test_a_form_is_sent_as_a_form_or_as_json(server: LiveServer) -> None:
    model = publish(server)
    form = {**FORM, "licence_accepted": "on"}
    assert server.visitor.post(f"{HUB}/models/{model.name}/requests", data=form).json()["state"] == "approved"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("licence_accepted", False),
        ("name", " "),
        ("name", "x" * 201),
        ("purpose", ""),
        ("purpose", "x" * 2001),
        ("country", "XX"),
        ("country", "Viet Nam"),
        ("email", "no address"),
        ("role", "admin"),
    ],
)
def test_a_form_that_cannot_be_accepted_is_refused_by_its_field(server: LiveServer, field: str, value: Any) -> None:
    answer = ask(server, publish(server).name, **{field: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["weft"]["field"] == field or answer.json()["weft"]["code"] == "mail.address"


def test_where_somebody_decides_links_come_with_the_approval(server: LiveServer, moderator: Person) -> None:
    model = publish(server, "manual")
    mine = asked(server, model.name, email="lan@example.org")
    assert (mine["state"], mine["files"]) == ("waiting", [])
    (waiting,) = queue(moderator, model.name)
    assert (waiting["name"], waiting["country"], waiting["email"]) == ("Lan", "VN", "lan@example.org")
    assert mine["token"] not in str(waiting)
    decided = moderator.post(f"{STAFF}/requests/{waiting['id']}/approve")
    assert (decided["state"], decided["decided_by"]) == ("approved", moderator.id)
    (offer,) = server.visitor.get(mine["url"]).json()["files"]
    assert server.visitor.get(offer["url"]).status_code == 200


def test_a_running_server_writes_to_whoever_gave_an_address(server: LiveServer, moderator: Person) -> None:
    """Without a mail server letters stand in its log."""
    model = publish(server, "manual", title=new_name())
    asked(server, model.name, email="lan@example.org")
    (waiting,) = queue(moderator, model.name)
    moderator.post(f"{STAFF}/requests/{waiting['id']}/approve")
    log, deadline = server.data.parent / f"{server.data.name}.log", time.monotonic() + 30
    while not (letters := [line for line in log.read_text().splitlines() if model.described.title in line]):
        assert time.monotonic() < deadline, "no letter was written"
        time.sleep(0.05)
    assert "mail.not_configured" in letters[0] and f"{server.url}/hub/requests/" in letters[0]


def test_a_rejection_says_why_and_ends_the_links_of_what_was_approved(server: LiveServer, moderator: Person) -> None:
    model = publish(server, "manual")
    mine = asked(server, model.name)
    (waiting,) = queue(moderator, model.name)
    path = f"{STAFF}/requests/{waiting['id']}"
    assert moderator.http.post(f"{path}/reject", json={}).json()["weft"]["code"] == "hub.blank"
    moderator.post(f"{path}/approve")
    (offer,) = server.visitor.get(mine["url"]).json()["files"]
    moderator.post(f"{path}/reject", reason="Asked twice")
    shown = server.visitor.get(mine["url"]).json()
    assert (shown["state"], shown["reason"], shown["files"]) == ("rejected", "Asked twice", [])
    assert server.visitor.get(offer["url"]).status_code == 404
    assert queue(moderator, model.name, "rejected")[0]["id"] == waiting["id"]


def test_whoever_asked_deletes_what_they_wrote_and_nobody_else_can(server: LiveServer, moderator: Person) -> None:
    model = publish(server)
    mine, other = asked(server, model.name), asked(server, model.name, name="Someone else")
    number, _, secret = mine["token"].partition("-")
    other_secret = other["token"].partition("-")[2]
    for wrong in (number, f"{number}-", f"{number}-{other_secret}", f"{number}-{secret}x", "1-x", "x"):
        for method in ("GET", "DELETE"):
            assert server.visitor.request(method, f"{HUB}/requests/{wrong}").status_code == 404
    assert server.visitor.delete(mine["url"]).status_code == 200
    assert server.visitor.get(mine["url"]).status_code == 404
    assert server.visitor.get(mine["files"][0]["url"]).status_code == 404
    assert [each["name"] for each in queue(moderator, model.name, "approved")] == ["Someone else"]
    moderator.delete(f"{STAFF}/requests/{other['token'].partition('-')[0]}")
    assert queue(moderator, model.name, "approved") == []


def test_only_the_staff_sees_requests_and_only_owner_and_admins_publish(
    server: LiveServer, owner: Person, moderator: Person
) -> None:
    model = publish(server, "manual")
    id_ = asked(server, model.name)["token"].partition("-")[0]
    member = server.person(scopes=SCOPES)
    described = {"name": new_name(), "title": "T", "licence": "MIT"}
    for person in (member, moderator):
        assert person.http.post(f"{STAFF}/models", json=described).status_code == 403
        assert person.http.patch(f"{STAFF}/models/{model.name}", json={"state": "hidden"}).status_code == 403
    for path in (f"models/{model.name}/requests", f"requests/{id_}", "models", f"models/{model.name}/days"):
        assert member.http.get(f"{STAFF}/{path}").status_code == 403
        assert moderator.http.get(f"{STAFF}/{path}").status_code == 200
    assert member.http.post(f"{STAFF}/requests/{id_}/approve").status_code == 403
    assert owner.post(f"{STAFF}/models", **described)["name"] == described["name"]


def test_a_hidden_model_looks_like_none(server: LiveServer, owner: Person) -> None:
    model = publish(server)
    link = asked(server, model.name)["files"][0]["url"]
    owner.http.patch(f"{STAFF}/models/{model.name}", json={"state": "hidden"}).raise_for_status()
    absent = server.visitor.get(f"{HUB}/models/no-such-model")
    hidden = server.visitor.get(f"{HUB}/models/{model.name}")
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json())
    assert ask(server, model.name).status_code == 404
    assert server.visitor.get(link).status_code == 404
    owner.http.patch(f"{STAFF}/models/{model.name}", json={"state": "shown"}).raise_for_status()
    assert server.visitor.get(link).status_code == 200


def test_a_model_is_uploaded_in_pieces_and_goes_on_where_it_was_cut(server: LiveServer, owner: Person) -> None:
    name, data = new_name(), small_gguf(5000)
    owner.post(f"{STAFF}/models", name=name, title="T", licence="MIT", approval="automatic")
    path = f"{STAFF}/models/{name}/files/m.gguf"

    def piece(offset: int, part: bytes) -> Any:
        headers = {"content-type": "application/octet-stream"}
        return owner.http.post(f"{path}/pieces?at={offset}", content=part, headers=headers)

    assert piece(0, data[:7000]).json() == {"size": 7000}
    assert piece(9000, data[9000:]).status_code == 409
    assert piece(7000, data[7000:]).json() == {"size": len(data)}
    wrong = owner.http.post(path, json={"sha256": "0" * 64})
    assert wrong.json()["weft"]["code"] == "hub.file.hash"
    piece(0, data)
    done = owner.post(path, sha256=hashlib.sha256(data).hexdigest())
    assert done["files"][0]["parameters"] == 5000
    (offer,) = asked(server, name)["files"]
    assert server.visitor.get(offer["url"]).content == data
    assert piece(-1, b"x").status_code == 422


def test_a_hostile_upload_is_refused_and_leaves_nothing(server: LiveServer, owner: Person) -> None:
    name = new_name()
    owner.post(f"{STAFF}/models", name=name, title="T", licence="MIT")
    for file, data, status in (
        ("m.gguf", gguf(counts=(2**63, 5)), 422),
        ("m.bin", b"x", 422),
        ("..%2f..%2fweft.toml", b"x", 422),
        (".hidden.json", b"{}", 422),
    ):
        path = f"{STAFF}/models/{name}/files/{file}"
        headers = {"content-type": "application/octet-stream"}
        begun = owner.http.post(f"{path}/pieces", content=data, headers=headers)
        if begun.status_code == 200:
            digest = hashlib.sha256(data).hexdigest()
            assert owner.http.post(path, json={"sha256": digest}).status_code == status
        else:
            assert begun.status_code == status
    assert owner.get(f"{STAFF}/models")[0]["files"] == []
    assert not list((server.data / "hub" / "tmp").iterdir())


def test_days_are_counted_without_anybodys_address(server: LiveServer, moderator: Person) -> None:
    model = publish(server, files={"m.gguf": small_gguf(100_000)})
    first, _ = asked(server, model.name), asked(server, model.name)
    url = first["files"][0]["url"]
    size = len(server.visitor.get(url).content)
    server.visitor.get(url, headers={"range": "bytes=0-99"})
    server.visitor.get(url, headers={"range": "bytes=100-"})
    (day,) = moderator.get(f"{STAFF}/models/{model.name}/days")
    assert (day["requests"], day["approved"], day["begun"], day["completed"]) == (2, 2, 2, 2)
    assert day["bytes"] == 2 * size
