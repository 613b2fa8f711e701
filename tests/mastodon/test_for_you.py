"""*For you* on a real server: what is in it and why, what is not, leafing, and wanting less."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.server import LiveServer, Person

PATH = "/api/weft/v1/timelines/for_you"


def shown(person: Person, **params: Any) -> dict[str, dict[str, Any]]:
    """The page by post, in its order."""
    return {status["id"]: status for status in person.get(PATH, **params)}


def reason(person: Person, id_: str) -> str:
    return str(shown(person, limit=40)[id_]["weft"]["reason"]["kind"])


def follow(one: Person, *others: Person) -> None:
    for other in others:
        one.post(f"/api/v1/accounts/{other.id}/follow")


def test_each_post_says_why_it_is_there(server: LiveServer) -> None:
    ann, bob, far, liked, tagged = (server.person() for _ in range(5))
    follow(ann, bob)
    follow(bob, far)
    earlier = liked.say("an earlier one")
    ann.post(f"/api/v1/statuses/{earlier['id']}/favourite")
    ann.post("/api/v1/tags/velocipedes/follow")
    mine = ann.say("my own")["id"]
    followed = bob.say("from somebody I follow")["id"]
    near = far.say("from somebody bob follows")["id"]
    met = liked.say("from somebody I like")["id"]
    under = tagged.say("look at these #Velocipedes")["id"]
    reposted = server.person().say("reposted by bob")["id"]
    bob.post(f"/api/v1/statuses/{reposted}/reblog")
    server.settle()
    found = shown(ann, limit=40)
    assert mine not in found
    for id_, kind, name in (
        (followed, "following", bob.name),
        (near, "followed_by", bob.name),
        (met, "interacted", liked.name),
        (under, "tag", "velocipedes"),
        (reposted, "reposted_by", bob.name),
    ):
        assert found[id_]["weft"]["reason"]["kind"] == kind, found[id_]["content"]
        assert found[id_]["weft"]["reason"]["name"] == name
        assert found[id_]["reblog"] is None, "posts themselves, never the act of reposting them"
    assert found[followed]["weft"]["reason"]["handle"] == bob.name
    assert found[followed]["weft"]["can_reply"] is True


def test_what_is_hidden_muted_filtered_or_not_meant_for_strangers_is_left_out(server: LiveServer) -> None:
    ann, bob, far, blocked, muted, shy = (server.person() for _ in range(6))
    follow(ann, bob)
    follow(bob, far, blocked, muted, shy)
    ann.post("/api/v2/filters", title="soup", context=["home"], filter_action="hide",
             keywords_attributes=[{"keyword": "soup"}])  # fmt: skip
    shy.http.patch("/api/v1/accounts/update_credentials", json={"discoverable": False})
    visible = far.say("for everybody")["id"]
    parent = far.say("a question")["id"]
    mine = bob.say("for followers", visibility="private")["id"]
    out = {
        "direct": bob.say(f"psst @{ann.name}", visibility="direct")["id"],
        "unlisted": far.say("quietly", visibility="unlisted")["id"],
        "followers": far.say("among us", visibility="private")["id"],
        "reply": bob.say("an answer", in_reply_to_id=parent)["id"],
        "warned": far.say("you will see", spoiler_text="the end")["id"],
        "filtered": bob.say("soup again")["id"],
        "blocked": blocked.say("let me in")["id"],
        "muted": muted.say("hear me")["id"],
        "shy": shy.say("do not find me")["id"],
        "deleted": far.say("a mistake")["id"],
    }
    ann.post(f"/api/v1/accounts/{blocked.id}/block")
    ann.post(f"/api/v1/accounts/{muted.id}/mute")
    far.delete(f"/api/v1/statuses/{out['deleted']}")
    server.settle()
    found = shown(ann, limit=40)
    assert visible in found
    assert mine in found, "whoever follows may read it, here too"
    assert {kind for kind, id_ in out.items() if id_ in found} == set()
    far.post(f"/api/v1/accounts/{ann.id}/block")
    assert visible not in shown(ann, limit=40), "who blocks is gone at once"


def test_a_reply_shows_only_between_people_one_follows(server: LiveServer) -> None:
    ann, bob, carl = (server.person() for _ in range(3))
    follow(ann, bob, carl)
    question = carl.say("which way?")["id"]
    answer = bob.say("left", in_reply_to_id=question)["id"]
    server.settle()
    assert answer in shown(ann, limit=40)


def test_a_list_is_leafed_through_whole_and_in_order(server: LiveServer) -> None:
    ann = server.person()
    authors = [server.person() for _ in range(6)]
    follow(ann, *authors)
    for number in range(5):
        for author in authors:
            author.say(f"number {number}")
    server.settle()
    whole, seen, address, pages = list(shown(ann, limit=40)), [], PATH, 0
    while address:
        answer = ann.http.get(address, params=None if "?" in address else {"limit": 7})
        assert answer.status_code == 200
        page = [status["id"] for status in answer.json()]
        seen += page
        pages += 1
        if pages == 1:
            authors[0].say("too new for this list")
        link = answer.links.get("next")
        address = link["url"] if link and len(seen) < 40 else ""
        assert "prev" not in answer.links
    assert seen[: len(whole)] == whole
    assert len(set(seen)) == len(seen)
    by = [status["account"]["id"] for status in ann.get(PATH, limit=40)]
    assert all(one != other for one, other in itertools.pairwise(by[:20])), "no two of one author together"


def test_a_cursor_that_is_none_begins_anew(server: LiveServer) -> None:
    ann, bob = server.person(), server.person()
    follow(ann, bob)
    id_ = bob.say("hello")["id"]
    server.settle()
    for cursor in ("nonsense", "-5", "12"):
        assert ann.http.get(PATH, params={"max_id": cursor}).status_code == 200
    assert id_ in shown(ann, max_id="nonsense", limit=40)
    assert ann.http.get(PATH, params={"since_id": "1"}).status_code == 422, "it cannot be leafed through upwards"


def test_wanting_less_takes_a_post_out_and_can_be_taken_back(server: LiveServer) -> None:
    ann, bob = server.person(), server.person()
    follow(ann, bob)
    first, second = bob.say("one")["id"], bob.say("two")["id"]
    server.settle()
    assert {first, second} <= set(shown(ann, limit=40))
    assert ann.post(f"/api/weft/v1/posts/{first}/not_interested") == {}
    assert first not in shown(ann, limit=40)
    assert first in {status["id"] for status in ann.get("/api/v1/timelines/home")}, "only here"
    ann.post(f"/api/weft/v1/posts/{first}/not_interested")
    ann.delete(f"/api/weft/v1/posts/{first}/not_interested")
    assert first in shown(ann, limit=40)


def test_nobody_says_anything_of_a_post_they_cannot_see(server: LiveServer) -> None:
    ann, bob = server.person(), server.person()
    hidden = bob.say("among us", visibility="private")["id"]
    for method in ("POST", "DELETE"):
        assert ann.http.request(method, f"/api/weft/v1/posts/{hidden}/not_interested").status_code == 404
    assert server.visitor.get(PATH).status_code == 401


def test_whoever_follows_nobody_is_shown_what_is_new_and_popular(server: LiveServer) -> None:
    ann, bob, carl, dora = (server.person() for _ in range(4))
    new, popular = bob.say("just here")["id"], bob.say("everybody likes it")["id"]
    for fan in (carl, dora):
        fan.post(f"/api/v1/statuses/{popular}/favourite")
    server.settle()
    found = shown(ann, limit=40)
    assert found[new]["weft"]["reason"]["kind"] == "recent"
    if popular in found:  # trends are counted once a minute for all tests of this server
        assert found[popular]["weft"]["reason"]["kind"] in ("popular", "recent")


@pytest.mark.parametrize("limit", [1, 40, 1000])
def test_a_page_has_its_limit(server: LiveServer, limit: int) -> None:
    ann, bob = server.person(), server.person()
    follow(ann, bob)
    for number in range(3):
        bob.say(f"number {number}")
    server.settle()
    answer = ann.http.get(PATH, params={"limit": limit})
    assert 1 <= len(answer.json()) <= min(limit, 40)
    if "next" in answer.links:
        assert parse_qs(urlsplit(answer.links["next"]["url"]).query)["max_id"]
