"""Reporting and the staff's queue over the API, and hiding replies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.server import ALL, LiveServer, Person

STAFF = f"{ALL} admin:read admin:write"
QUEUE = "/api/weft/v1/reports"


@pytest.fixture
def maud(server: LiveServer) -> Person:
    return server.person(role="moderator", scopes=STAFF)


def queued(staff: Person, id_: str, state: str = "open") -> dict[str, Any]:
    return next(report for report in staff.get(QUEUE, state=state, limit=40) if report["id"] == id_)


def test_a_report_holds_the_accounts_own_posts_that_the_reporter_sees(server: LiveServer, maud: Person) -> None:
    ann, bob, carl = (server.person() for _ in range(3))
    rude, other = bob.say("rude")["id"], carl.say("nice")["id"]
    told = bob.say(f"@{ann.name} and rude to you", visibility="direct")["id"]
    hidden = bob.say("among us", visibility="private")["id"]
    report = ann.post(
        "/api/v1/reports", account_id=bob.id, status_ids=[rude, told, other, hidden, "12", "no id"], comment="  rude  ",
        category="spam", forward=True,
    )  # fmt: skip
    assert sorted(report["status_ids"]) == sorted([rude, told])
    assert (report["category"], report["comment"], report["forwarded"]) == ("spam", "rude", False)
    assert (report["action_taken"], report["action_taken_at"], report["rule_ids"]) == (False, None, None)
    assert report["target_account"]["id"] == bob.id
    seen = queued(maud, report["id"])
    assert {status["id"] for status in seen["posts"]} == {rude, told}, "reported posts are shown, direct ones too"
    assert (seen["reporter"]["id"], seen["account"]["id"], seen["gone"]) == (ann.id, bob.id, [])
    assert maud.http.get(f"/api/v1/statuses/{told}").status_code == 404, "the report opens no other door"


def test_refusals_of_a_report(server: LiveServer) -> None:
    ann, bob = server.person(), server.person()
    for wrong, status in (
        ({"account_id": ann.id}, 422),
        ({"account_id": "117000000000000001"}, 404),
        ({"account_id": "nobody"}, 404),
        ({"account_id": bob.id, "comment": "x" * 1001}, 422),
        ({"account_id": bob.id, "rule_ids": ["99"]}, 422),
        ({"account_id": bob.id, "category": "boredom"}, 422),
        ({}, 422),
    ):
        assert ann.http.post("/api/v1/reports", json=wrong).status_code in (status, 400), wrong
    reader = server.client(server.token(ann.id, "read"))
    assert reader.post("/api/v1/reports", json={"account_id": bob.id}).status_code == 403


def test_only_the_staff_reads_and_decides(server: LiveServer, maud: Person) -> None:
    ann, bob = server.person(scopes=STAFF), server.person()
    report = ann.post("/api/v1/reports", account_id=bob.id)
    one = f"{QUEUE}/{report['id']}"
    for method, path in (("GET", QUEUE), ("GET", one), ("POST", f"{one}/resolve"), ("POST", f"{one}/reopen")):
        body = {"note": "mine"} if method == "POST" else None
        answer = ann.http.request(method, path, json=body)
        assert (answer.status_code, answer.json()["error"]) == (403, "Only the staff of this server may do this")
        assert server.visitor.request(method, path, json=body).status_code == 401
    assert queued(maud, report["id"])["state"] == "open"
    plain = server.client(server.token(maud.id, ALL))
    assert plain.get(QUEUE).status_code == 403, "an app needs the staff's scope"


def test_a_report_is_resolved_and_reopened_with_a_reason(server: LiveServer, maud: Person) -> None:
    ann, bob = server.person(), server.person()
    report = ann.post("/api/v1/reports", account_id=bob.id)
    path = f"{QUEUE}/{report['id']}"
    assert maud.http.post(f"{path}/resolve", json={"note": " "}).status_code == 422
    assert maud.http.post(f"{path}/resolve", json={}).status_code in (400, 422)
    done = maud.post(f"{path}/resolve", note="talked to them")
    assert (done["state"], done["note"]) == ("resolved", "talked to them")
    assert done["resolved_at"]
    assert queued(maud, report["id"], "resolved")["note"] == "talked to them"
    assert maud.post(f"{path}/reopen", note="it went on")["state"] == "open"
    assert maud.get(path)["state"] == "open"
    assert maud.http.get(f"{QUEUE}/117000000000000001").status_code == 404


def test_a_report_stays_readable_when_post_and_account_are_gone(server: LiveServer, maud: Person) -> None:
    ann, bob = server.person(), server.person()
    id_ = bob.say("rude")["id"]
    report = ann.post("/api/v1/reports", account_id=bob.id, status_ids=[id_])
    bob.delete(f"/api/v1/statuses/{id_}")
    server.settle()
    seen = queued(maud, report["id"])
    assert (seen["posts"], seen["gone"]) == ([], [id_])


def test_the_queue_has_pages(server: LiveServer, maud: Person) -> None:
    bob = server.person()
    for _ in range(3):
        server.person().post("/api/v1/reports", account_id=bob.id)
    first = maud.http.get(QUEUE, params={"limit": 2})
    second = maud.http.get(first.links["next"]["url"])
    ids = [report["id"] for report in (*first.json(), *second.json())]
    assert ids == sorted(set(ids), key=int, reverse=True)


# ------------------------------------------------------------------------------------------------ hidden replies


def test_who_wrote_what_is_answered_or_began_the_thread_hides_a_reply(server: LiveServer) -> None:
    ann, bob, carl = (server.person() for _ in range(3))
    root = ann.say("a question")["id"]
    answer = bob.say("an answer", in_reply_to_id=root)["id"]
    below = carl.say("a rude word", in_reply_to_id=answer)["id"]
    for who in (ann, bob):
        assert who.post(f"/api/weft/v1/posts/{below}/hidden")["weft"]["hidden"] is True
        assert server.visitor.get(f"/api/v1/statuses/{below}").json()["weft"]["hidden"] is True
        thread = carl.get(f"/api/v1/statuses/{root}/context")["descendants"]
        assert [one["weft"]["hidden"] for one in thread] == [False, True], "it keeps its place"
        assert who.delete(f"/api/weft/v1/posts/{below}/hidden")["weft"]["hidden"] is False
    assert server.visitor.get(f"/api/v1/statuses/{below}").json()["weft"]["hidden"] is False


def test_nobody_else_hides_a_reply_and_only_replies_are_hidden(server: LiveServer) -> None:
    ann, bob, carl = (server.person() for _ in range(3))
    root = ann.say("a question")["id"]
    answer = bob.say("an answer", in_reply_to_id=root)["id"]
    own = ann.say("to myself", in_reply_to_id=root)["id"]
    for who, id_ in ((carl, answer), (bob, answer), (ann, root), (ann, own)):
        for method in ("POST", "DELETE"):
            assert who.http.request(method, f"/api/weft/v1/posts/{id_}/hidden").status_code == 403
    secret = bob.say(f"@{carl.name} psst", visibility="direct", in_reply_to_id=root)["id"]
    assert ann.http.post(f"/api/weft/v1/posts/{secret}/hidden").status_code == 404
    assert server.visitor.post(f"/api/weft/v1/posts/{answer}/hidden").status_code == 401


def test_a_hidden_reply_stays_hidden_when_it_is_edited(server: LiveServer) -> None:
    ann, bob = server.person(), server.person()
    root = ann.say("a question")["id"]
    answer = bob.say("rude", in_reply_to_id=root)["id"]
    ann.post(f"/api/weft/v1/posts/{answer}/hidden")
    assert bob.http.put(f"/api/v1/statuses/{answer}", json={"status": "ruder"}).json()["weft"]["hidden"] is True


@pytest.mark.parametrize("odd", ["0", "-1", "abc", "9" * 40, "%00", "1.5"])
def test_an_odd_id_is_an_unknown_report(maud: Person, odd: str) -> None:
    assert maud.http.get(f"{QUEUE}/{odd}").status_code == 404
    for verb in ("resolve", "reopen"):
        assert maud.http.post(f"{QUEUE}/{odd}/{verb}", json={"note": "why"}).status_code == 404


def test_the_staff_hears_of_a_report_and_of_the_next_one_by_the_same_person_anew(
    server: LiveServer, maud: Person
) -> None:
    ann, bob, carl = (server.person() for _ in range(3))

    def told() -> list[str]:
        server.settle()
        page = maud.get("/api/v1/notifications", **{"types[]": "admin.report"})
        return [one["id"] for one in page if one["account"]["id"] == ann.id]

    ann.post("/api/v1/reports", account_id=bob.id)
    first = told()
    assert len(first) == 1
    ann.post("/api/v1/reports", account_id=carl.id)
    assert len(told()) == 1
    assert told() != first
    assert [one["type"] for one in bob.get("/api/v1/notifications")] == []
