"""The client API of follows, blocks, mutes and the people around an account."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mastodon.community import Community, community_on
from weft.accounts.model import ProfileEdit
from weft.accounts.service import edit_profile
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of

RELATIONSHIP = {
    *("id", "following", "showing_reblogs", "notifying", "languages", "followed_by", "blocking", "blocked_by"),
    *("muting", "muting_notifications", "muting_expires_at", "requested", "requested_by", "domain_blocking"),
    *("endorsed", "note"),
}


@pytest.fixture
async def site(db: Db, tmp_path: Path) -> AsyncIterator[Community]:
    async with community_on(db, tmp_path) as made:
        yield made


async def test_a_follow_answers_the_whole_relationship(site: Community) -> None:
    ann, bob = await site.person("ann"), await site.person("bob")
    answer = await ann.post(f"/api/v1/accounts/{bob.id}/follow", reblogs=False, languages=["en"])
    assert set(answer) == RELATIONSHIP
    assert (answer["following"], answer["showing_reblogs"], answer["languages"]) == (True, False, ["en"])
    (seen,) = await bob.get("/api/v1/accounts/relationships", **{"id[]": ann.id})
    assert seen["followed_by"] and seen["languages"] is None and seen["note"] == ""
    assert (await bob.get(f"/api/v1/accounts/{bob.id}"))["followers_count"] == 1
    assert not (await ann.post(f"/api/v1/accounts/{bob.id}/unfollow"))["following"]
    assert (await bob.get(f"/api/v1/accounts/{bob.id}"))["followers_count"] == 0


async def test_oneself_and_nobody_cannot_be_followed(site: Community) -> None:
    ann = await site.person("ann")
    for id_, status in ((ann.id, 403), ("1", 404), ("nonsense", 404)):
        answer = await ann.http.post(f"/api/v1/accounts/{id_}/follow")
        assert answer.status_code == status
        assert answer.json()["error"] == ("This action is not allowed" if status == 403 else "Record not found")


async def test_requests_are_listed_authorized_and_rejected(site: Community) -> None:
    ann, bob = await site.person("ann"), await site.person("bob")
    lock = await site.person("lock", locked=True)
    for one in (ann, bob):
        answer = await one.post(f"/api/v1/accounts/{lock.id}/follow")
        assert answer["requested"] and not answer["following"]
    assert {each["id"] for each in await lock.get("/api/v1/follow_requests")} == {ann.id, bob.id}
    assert (await lock.post(f"/api/v1/follow_requests/{ann.id}/authorize"))["followed_by"]
    assert not (await lock.post(f"/api/v1/follow_requests/{bob.id}/reject"))["requested_by"]
    assert (await lock.http.post(f"/api/v1/follow_requests/{bob.id}/reject")).status_code == 404
    assert await lock.get("/api/v1/follow_requests") == []


async def test_a_block_hides_lists_but_not_the_account(site: Community) -> None:
    ann, bob = await site.person("ann"), await site.person("bob")
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    assert (await bob.post(f"/api/v1/accounts/{ann.id}/block"))["blocking"]
    assert [each["id"] for each in await bob.get("/api/v1/blocks")] == [ann.id]
    carl = await site.person("carl")
    await carl.post(f"/api/v1/accounts/{bob.id}/follow")
    await carl.post(f"/api/v1/accounts/{ann.id}/follow")
    assert (await ann.get(f"/api/v1/accounts/{bob.id}"))["id"] == bob.id
    assert await ann.get(f"/api/v1/accounts/{bob.id}/followers") == []
    assert (await ann.http.post(f"/api/v1/accounts/{bob.id}/follow")).status_code == 403
    assert len(await carl.get(f"/api/v1/accounts/{bob.id}/followers")) == 1
    assert [each["id"] for each in await bob.get(f"/api/v1/accounts/{carl.id}/following")] == [bob.id]
    assert not (await bob.post(f"/api/v1/accounts/{ann.id}/unblock"))["blocking"]


async def test_mutes_show_when_they_end(site: Community, clock: ManualClock) -> None:
    ann, bob, carl = [await site.person(name) for name in ("ann", "bob", "carl")]
    answer = await ann.post(f"/api/v1/accounts/{bob.id}/mute", duration=60, notifications=False)
    assert (answer["muting"], answer["muting_notifications"]) == (True, False)
    assert answer["muting_expires_at"] == "2026-01-01T00:01:00.000Z"
    clock.advance(1)
    assert (await ann.post(f"/api/v1/accounts/{carl.id}/mute"))["muting_expires_at"] is None
    muted = await ann.get("/api/v1/mutes")
    assert [(each["id"], each["mute_expires_at"]) for each in muted] == [
        (carl.id, None),
        (bob.id, "2026-01-01T00:01:00.000Z"),
    ]
    assert not (await ann.post(f"/api/v1/accounts/{bob.id}/unmute"))["muting"]


async def test_followers_are_paged_by_the_header_alone(site: Community, clock: ManualClock) -> None:
    ann = await site.person("ann")
    people = []
    for n in range(5):
        clock.advance(1)
        people.append(await site.person(f"p{n}"))
        await people[-1].post(f"/api/v1/accounts/{ann.id}/follow")
    seen: list[str] = []
    path = f"/api/v1/accounts/{ann.id}/followers?limit=2"
    while path:
        answer = await site.visitor.get(path)
        seen += [each["id"] for each in answer.json()]
        following = re.search(r'<http://localhost:8000([^>]*)>; rel="next"', answer.headers.get("link", ""))
        path = following[1] if following else ""
        assert not path or "limit=2" in path
    assert seen == [person.id for person in reversed(people)]


async def test_hidden_collections_are_empty_for_others(site: Community, db: Db) -> None:
    ann, bob = await site.person("ann"), await site.person("bob")
    await bob.post(f"/api/v1/accounts/{ann.id}/follow")
    async with db.tx(bucket_of(ann.account_id)) as tx:
        await edit_profile(tx, ann.account_id, ProfileEdit(hide_collections=True))
    assert await bob.get(f"/api/v1/accounts/{ann.id}/followers") == []
    assert (await site.visitor.get(f"/api/v1/accounts/{ann.id}/followers")).json() == []
    assert len(await ann.get(f"/api/v1/accounts/{ann.id}/followers")) == 1
    (familiar,) = await bob.get("/api/v1/accounts/familiar_followers", id=ann.id)
    assert familiar == {"id": ann.id, "accounts": []}


async def test_familiar_followers_are_those_one_follows(site: Community) -> None:
    ann, bob, carl = [await site.person(name) for name in ("ann", "bob", "carl")]
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    await bob.post(f"/api/v1/accounts/{carl.id}/follow")
    (familiar,) = await ann.get("/api/v1/accounts/familiar_followers", **{"id[]": carl.id})
    assert [each["id"] for each in familiar["accounts"]] == [bob.id]
    suggested = await ann.get("/api/v2/suggestions")
    assert [(each["account"]["id"], each["sources"]) for each in suggested] == [(carl.id, ["friends_of_friends"])]
    assert [each["id"] for each in await ann.get("/api/v1/suggestions")] == [carl.id]
    assert await ann.delete(f"/api/v1/suggestions/{carl.id}") == {}
    assert await ann.get("/api/v2/suggestions") == []


async def test_notes_and_endorsements_show_in_the_relationship(site: Community) -> None:
    ann, bob = await site.person("ann"), await site.person("bob")
    assert (await ann.post(f"/api/v1/accounts/{bob.id}/note", comment="from school"))["note"] == "from school"
    assert (await ann.http.post(f"/api/v1/accounts/{bob.id}/endorse")).status_code == 422
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    assert (await ann.post(f"/api/v1/accounts/{bob.id}/pin"))["endorsed"]
    for path in ("/api/v1/endorsements", f"/api/v1/accounts/{ann.id}/endorsements"):
        assert [each["id"] for each in await ann.get(path)] == [bob.id]
    assert not (await ann.post(f"/api/v1/accounts/{bob.id}/unendorse"))["endorsed"]
    assert await ann.get(f"/api/v1/accounts/{bob.id}/identity_proofs") == []


async def test_hosts_are_blocked_and_listed_as_texts(site: Community) -> None:
    ann = await site.person("ann")
    assert await ann.post("/api/v1/domain_blocks", domain="Far.example") == {}
    assert await ann.get("/api/v1/domain_blocks") == ["far.example"]
    answer = await ann.get("/api/v1/domain_blocks/preview", domain="far.example")
    assert answer == {"following_count": 0, "followers_count": 0}
    assert (await ann.http.post("/api/v1/domain_blocks", json={"domain": "a b"})).status_code == 422
    assert await ann.delete("/api/v1/domain_blocks", domain="far.example") == {}
    assert await ann.get("/api/v1/domain_blocks") == []


async def test_accounts_are_found_by_id_and_handle(site: Community) -> None:
    ann, bob = await site.person("ann"), await site.person("Bob")
    for acct in ("bob", "@BOB", "Bob@localhost:8000", "bob@localhost"):
        answer = await site.visitor.get("/api/v1/accounts/lookup", params={"acct": acct})
        assert answer.json()["id"] == bob.id
    for acct in ("", "nobody", "bob@far.example"):
        answer = await site.visitor.get("/api/v1/accounts/lookup", params={"acct": acct})
        assert answer.status_code == 404
    many = await site.visitor.get(f"/api/v1/accounts?id[]={bob.id}&id[]=77&id[]={ann.id}&id[]=x")
    assert [each["id"] for each in many.json()] == [bob.id, ann.id]
    assert {each["id"] for each in (await site.visitor.get("/api/v1/directory?order=new")).json()} == {ann.id, bob.id}
    assert (await site.visitor.get("/api/v1/directory")).json() == []


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/api/v1/accounts/{id}/follow", "write:follows"),
        ("POST", "/api/v1/accounts/{id}/block", "write:blocks"),
        ("POST", "/api/v1/accounts/{id}/mute", "write:mutes"),
        ("POST", "/api/v1/accounts/{id}/note", "write:accounts"),
        ("GET", "/api/v1/blocks", "read:blocks"),
        ("GET", "/api/v1/mutes", "read:mutes"),
        ("GET", "/api/v1/follow_requests", "read:follows"),
        ("GET", "/api/v1/accounts/relationships", "read:follows"),
    ],
)
async def test_each_route_asks_for_its_scope(site: Community, method: str, path: str, scope: str) -> None:
    bob = await site.person("bob")
    wrong = await site.person("wrong", scopes="profile")
    right = await site.person("right", scopes=scope)
    at = path.format(id=bob.id)
    assert (await site.visitor.request(method, at)).status_code == 401
    refused = await wrong.http.request(method, at)
    assert refused.status_code == 403
    assert refused.json()["error"] == "This action is outside the authorized scopes"
    assert (await right.http.request(method, at)).status_code == 200
