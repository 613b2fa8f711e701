"""The client API of lists, filters, tags, markers and preferences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mastodon.community import Community, community_on
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of
from weft.relationships.model import Visibility


@pytest.fixture
async def site(db: Db, tmp_path: Path) -> AsyncIterator[Community]:
    async with community_on(db, tmp_path) as made:
        yield made


async def test_lists_hold_followed_people(site: Community) -> None:
    ann, bob, carl = [await site.person(name) for name in ("ann", "bob", "carl")]
    made = await ann.post("/api/v1/lists", title="Friends", replies_policy="none", exclusive=True)
    assert made == {"id": made["id"], "title": "Friends", "replies_policy": "none", "exclusive": True}
    path = f"/api/v1/lists/{made['id']}"
    assert (await ann.put(path, title="Pals"))["title"] == "Pals"
    refused = await ann.http.post(f"{path}/accounts", json={"account_ids": [bob.id]})
    assert refused.status_code == 404
    await ann.post(f"/api/v1/accounts/{bob.id}/follow")
    assert await ann.post(f"{path}/accounts", account_ids=[bob.id]) == {}
    for limit in ({}, {"limit": 0}):
        assert [each["id"] for each in await ann.get(f"{path}/accounts", **limit)] == [bob.id]
    assert [each["id"] for each in await ann.get(f"/api/v1/accounts/{bob.id}/lists")] == [made["id"]]
    for foreign in (path, f"{path}/accounts"):
        assert (await carl.http.get(foreign)).status_code == 404
    assert (await ann.http.post("/api/v1/lists", json={"title": ""})).json()["error"] == (
        "Validation failed: Title can't be blank"
    )
    assert await ann.delete(f"{path}/accounts", account_ids=[bob.id]) == {}
    assert await ann.delete(path) == {}
    assert await ann.get("/api/v1/lists") == []


async def test_filters_take_nested_keywords_as_forms_and_json(site: Community, clock: ManualClock) -> None:
    ann = await site.person("ann")
    form = (
        "title=Spoilers&context[]=home&context[]=public&filter_action=hide&expires_in=60"
        "&keywords_attributes[0][keyword]=finale&keywords_attributes[0][whole_word]=false"
        "&keywords_attributes[1][keyword]=twist"
    )
    headers = {"content-type": "application/x-www-form-urlencoded"}
    made = (await ann.http.post("/api/v2/filters", content=form, headers=headers)).json()
    assert (made["title"], made["context"], made["filter_action"]) == ("Spoilers", ["home", "public"], "hide")
    assert made["expires_at"] == "2026-01-01T00:01:00.000Z" and made["statuses"] == []
    assert [(word["keyword"], word["whole_word"]) for word in made["keywords"]] == [("finale", False), ("twist", True)]
    first, second = made["keywords"]
    path = f"/api/v2/filters/{made['id']}"
    edit = [{"id": first["id"], "_destroy": True}, {"id": second["id"], "keyword": "turn"}]
    changed = await ann.put(path, keywords_attributes=edit, expires_in=None)
    assert [word["keyword"] for word in changed["keywords"]] == ["turn"]
    assert (changed["expires_at"], changed["title"]) == (None, "Spoilers")
    assert await ann.get("/api/v2/filters") == [changed] and await ann.get(path) == changed
    viewer = await site.context.viewers.get(ann.account_id)
    assert [word.keyword for word in viewer.filters[0].keywords] == ["turn"]
    assert (await ann.http.post("/api/v2/filters", json={"title": "x"})).status_code == 422
    bad = {"title": "x", "context": ["nowhere"]}
    assert (await ann.http.post("/api/v2/filters", json=bad)).status_code == 422
    bob = await site.person("bob")
    assert (await bob.http.get(path)).status_code == 404
    assert (await bob.http.delete(path)).status_code == 404
    assert await ann.delete(path) == {}


async def test_keywords_and_statuses_have_addresses_of_their_own(site: Community, db: Db) -> None:
    ann, bob = await site.person("ann"), await site.person("bob")
    made = await ann.post("/api/v2/filters", title="t", context=["home"])
    path = f"/api/v2/filters/{made['id']}"
    word = await ann.post(f"{path}/keywords", keyword="one", whole_word=False)
    at = f"/api/v2/filters/keywords/{word['id']}"
    assert await ann.get(at) == word == {"id": word["id"], "keyword": "one", "whole_word": False}
    assert (await ann.put(at, keyword="two"))["keyword"] == "two"
    assert [each["keyword"] for each in await ann.get(f"{path}/keywords")] == ["two"]
    assert (await bob.http.get(at)).status_code == 404
    assert await ann.delete(at) == {}
    shown, hidden = [await post_by(site, bob.account_id, seen) for seen in (Visibility.PUBLIC, Visibility.DIRECT)]
    added = await ann.post(f"{path}/statuses", status_id=str(shown))
    assert added["status_id"] == str(shown)
    for absent in (str(hidden), "5", "x"):
        answer = await ann.http.post(f"{path}/statuses", json={"status_id": absent})
        assert answer.status_code == 404
    assert await ann.get(f"/api/v2/filters/statuses/{added['id']}") == added
    assert await ann.get(f"{path}/statuses") == [added]
    assert await ann.delete(f"/api/v2/filters/statuses/{added['id']}") == {}


async def post_by(site: Community, author_id: int, visibility: Visibility) -> int:
    """A post of somebody's, written by its row: what the filters ask is only whether it can be seen."""
    bucket = bucket_of(author_id)
    post_id = site.db.ids.new(bucket)
    async with site.db.tx(bucket) as tx:
        await tx.execute(
            "INSERT INTO posts (bucket, id, author_id, text, visibility) VALUES ($1, $2, $3, 'hello', $4)",
            *(bucket, post_id, author_id, int(visibility)),
        )
    return post_id


async def test_the_older_filters_are_keywords(site: Community) -> None:
    ann = await site.person("ann")
    made = await ann.post("/api/v1/filters", phrase="cats", context=["home"], irreversible=True, whole_word=True)
    assert made == {
        "id": made["id"],
        "phrase": "cats",
        "context": ["home"],
        "whole_word": True,
        "expires_at": None,
        "irreversible": True,
    }
    path = f"/api/v1/filters/{made['id']}"
    changed = await ann.put(path, phrase="dogs", context=["public"], irreversible=False)
    assert (changed["phrase"], changed["context"], changed["irreversible"]) == ("dogs", ["public"], False)
    (new_form,) = await ann.get("/api/v2/filters")
    assert new_form["filter_action"] == "warn" and new_form["keywords"][0]["id"] == made["id"]
    assert await ann.get("/api/v1/filters") == [changed] and await ann.get(path) == changed
    assert await ann.delete(path) == {}
    assert await ann.get("/api/v2/filters") == []


async def test_tags_are_followed_and_featured(site: Community) -> None:
    ann = await site.person("ann")
    fresh = (await site.visitor.get("/api/v1/tags/Weft")).json()
    assert fresh["name"] == "Weft" and fresh["url"] == "http://localhost:8000/tags/weft"
    assert len(fresh["history"]) == 7 and set(fresh["history"][0]) == {"day", "uses", "accounts"}
    assert all(isinstance(value, str) for value in fresh["history"][0].values())
    assert "following" not in fresh and fresh["id"].isdigit()
    followed = await ann.post("/api/v1/tags/Weft/follow")
    assert (followed["following"], followed["featuring"], followed["id"]) == (True, False, fresh["id"])
    assert [tag["name"] for tag in await ann.get("/api/v1/followed_tags")] == ["Weft"]
    assert (await ann.post("/api/v1/tags/weft/feature"))["featuring"]
    (featured,) = await ann.get("/api/v1/featured_tags")
    assert (featured["name"], featured["statuses_count"], featured["last_status_at"]) == ("weft", "0", None)
    assert (await site.visitor.get(f"/api/v1/accounts/{ann.id}/featured_tags")).json() == [featured]
    assert await ann.delete(f"/api/v1/featured_tags/{featured['id']}") == {}
    assert (await ann.post("/api/v1/featured_tags", name="#Loom"))["name"] == "Loom"
    assert not (await ann.post("/api/v1/tags/loom/unfeature"))["featuring"]
    assert not (await ann.post("/api/v1/tags/WEFT/unfollow"))["following"]
    assert await ann.get("/api/v1/featured_tags/suggestions") == []
    assert (await site.visitor.get("/api/v1/tags/a%20b")).status_code == 404


async def test_markers_count_their_versions(site: Community) -> None:
    ann = await site.person("ann")
    assert await ann.get("/api/v1/markers", **{"timeline[]": ["home", "notifications"]}) == {}
    form = "home[last_read_id]=103&notifications[last_read_id]=7"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = (await ann.http.post("/api/v1/markers", content=form, headers=headers)).json()
    assert answer["home"] == {"last_read_id": "103", "version": 1, "updated_at": "2026-01-01T00:00:00.000Z"}
    moved = await ann.post("/api/v1/markers", home={"last_read_id": "104"})
    assert moved["home"]["version"] == 2 and set(moved) == {"home"}
    assert set(await ann.get("/api/v1/markers", **{"timeline[]": ["home", "notifications"]})) == {
        "home",
        "notifications",
    }


async def test_preferences_name_the_defaults_of_posting(site: Community) -> None:
    ann = await site.person("ann")
    assert await ann.get("/api/v1/preferences") == {
        "posting:default:visibility": "public",
        "posting:default:sensitive": False,
        "posting:default:language": None,
        "posting:default:quote_policy": "public",
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }
