"""Editing and deleting: what readers see then, what earlier revisions say, and what goes with a post."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.town import LIMITS, Person, Town
from weft.kernel.errors import Conflict
from weft.kernel.ids import MediaId
from weft.media.service import load_media
from weft.posts.model import Edit, MediaEdit
from weft.posts.service import edit_post

POLL = {"options": ["a", "b"], "expires_in": 600}


async def test_an_edit_shows_at_once_and_is_kept_in_the_history(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("one #first", language="en")
    town.clock.advance(1)
    path = f"statuses/{post['id']}"
    edited = await ann.put(path, status="two #second @bob", spoiler_text="careful", language="vi")
    assert edited["edited_at"] == "2026-01-01T00:00:01.001Z"
    assert (edited["spoiler_text"], edited["sensitive"], edited["language"]) == ("careful", True, "vi")
    assert [one["acct"] for one in edited["mentions"]] == ["bob"]
    assert [one["name"] for one in edited["tags"]] == ["second"]
    town.clock.advance(1)
    await ann.put(path, status="three")
    history = await town.visitor.get(f"{path}/history")
    assert [one["content"].startswith(f"<p>{text}") for one, text in zip(history, ("one", "two", "three"), strict=True)]
    assert [one["spoiler_text"] for one in history] == ["", "careful", ""]
    assert [one["created_at"][17:19] for one in history] == ["00", "01", "02"]
    assert {one["account"]["id"] for one in history} == {ann.id}
    assert await ann.get(f"{path}/source") == {"id": post["id"], "text": "three", "spoiler_text": ""}


async def test_a_post_never_edited_has_one_revision(town: Town, ann: Person) -> None:
    post = await ann.say("only", poll=POLL)
    history = await town.visitor.get(f"statuses/{post['id']}/history")
    assert len(history) == 1
    assert history[0]["poll"] == {"options": [{"title": "a"}, {"title": "b"}]}


async def test_an_edit_that_changes_nothing_makes_no_revision(ann: Person) -> None:
    post = await ann.say("same")
    edited = await ann.put(f"statuses/{post['id']}", status="same")
    assert edited["edited_at"] is None
    assert len(await ann.get(f"statuses/{post['id']}/history")) == 1


async def test_attachments_are_replaced_reordered_and_described(town: Town, ann: Person) -> None:
    one, two, three = [await town.media(ann) for _ in range(3)]
    post = await ann.say("look", media_ids=[one, two])
    attributes = [{"id": two, "description": "second", "focus": "0.5,-0.5"}]
    edited = await ann.put(f"statuses/{post['id']}", status="look", media_ids=[three, two], media_attributes=attributes)
    shown = edited["media_attachments"]
    assert [each["id"] for each in shown] == [three, two]
    assert shown[1]["description"] == "second"
    assert shown[1]["meta"]["focus"] == {"x": 0.5, "y": -0.5}
    history = await ann.get(f"statuses/{post['id']}/history")
    assert [[each["id"] for each in revision["media_attachments"]] for revision in history] == [
        [one, two],
        [three, two],
    ]
    assert [each["description"] for each in history[0]["media_attachments"]] == [None, None]
    assert (await ann.say("reuse", media_ids=[one]))["media_attachments"][0]["id"] == one


async def test_an_edit_that_comes_too_late_describes_nothing(town: Town, ann: Person) -> None:
    media = await town.media(ann)
    post = await ann.say("look", media_ids=[media])
    (entry,) = await town.presenter.load([int(post["id"])])
    edits = (MediaEdit(id=MediaId(int(media)), description="too late"),)
    edit = Edit(text="late", media_ids=entry.post.media_ids, media_edits=edits)
    before = entry.post
    await ann.put(f"statuses/{post['id']}", status="first", media_ids=[media])
    with pytest.raises(Conflict):
        await edit_post(town.db, ann.account, before, edit, LIMITS)
    shown = await ann.get(f"statuses/{post['id']}")
    assert shown["content"] == "<p>first</p>"
    async with town.db.read() as reader:
        assert (await load_media(reader, [int(media)]))[int(media)].description is None


@pytest.mark.parametrize(
    "values",
    [
        {"status": ""},
        {"status": "x" * 501},
        {"status": "x", "media_ids": ["7"]},
        {"status": "x", "poll": {"options": ["a", "a"], "expires_in": 600}},
        {"status": "x", "language": 7, "quote_approval_policy": "friends"},
    ],
)
async def test_a_bad_edit_changes_nothing(ann: Person, values: dict[str, Any]) -> None:
    post = await ann.say("first")
    assert (await ann.refused("PUT", f"statuses/{post['id']}", **values))[0] == 422
    assert (await ann.get(f"statuses/{post['id']}"))["content"] == "<p>first</p>"


async def test_only_its_author_edits_or_deletes_a_post(ann: Person, bob: Person) -> None:
    post = await ann.say("mine")
    assert (await bob.refused("PUT", f"statuses/{post['id']}", status="yours"))[0] == 404
    assert (await bob.refused("DELETE", f"statuses/{post['id']}"))[0] == 404
    wrapper = await ann.post(f"statuses/{post['id']}/reblog")
    assert (await ann.refused("PUT", f"statuses/{wrapper['id']}", status="x"))[0] == 404


async def test_visibility_and_quote_outlive_an_edit(ann: Person, bob: Person) -> None:
    quoted = await bob.say("quoted")
    post = await ann.say("look", quoted_status_id=quoted["id"], visibility="unlisted")
    edited = await ann.put(f"statuses/{post['id']}", status="new", visibility="public", quoted_status_id=None)
    assert edited["visibility"] == "unlisted"
    assert edited["quote"]["quoted_status"]["id"] == quoted["id"]


async def test_a_mention_taken_out_of_a_direct_post_can_still_read_it(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("@bob hello", visibility="direct")
    await ann.put(f"statuses/{post['id']}", status="hello")
    assert (await bob.get(f"statuses/{post['id']}"))["content"] == "<p>hello</p>"


async def test_a_deleted_post_answers_what_is_needed_to_write_it_anew(town: Town, ann: Person) -> None:
    media = await town.media(ann)
    post = await ann.say("oops <b>", media_ids=[media])
    gone = await ann.remove(f"statuses/{post['id']}")
    assert gone["text"] == "oops <b>"
    assert gone["media_attachments"][0]["id"] == media
    assert (await town.visitor.ask("GET", f"statuses/{post['id']}")).status_code == 404
    assert (await ann.refused("DELETE", f"statuses/{post['id']}"))[0] == 404
    again = await ann.say("better", media_ids=[media])
    assert again["account"]["statuses_count"] == 1


async def test_what_others_did_with_a_deleted_post_goes_with_it(town: Town, ann: Person, bob: Person) -> None:
    post = await ann.say("popular #tag", poll=POLL)
    path = f"statuses/{post['id']}"
    await bob.post(f"{path}/favourite")
    await bob.post(f"{path}/bookmark")
    await bob.post(f"polls/{post['id']}/votes", choices=[1])
    wrapper = await bob.post(f"{path}/reblog")
    await ann.post(f"{path}/pin")
    await town.work()
    await ann.remove(path)
    await town.work()
    assert await bob.get("favourites") == []
    assert await bob.get("bookmarks") == []
    assert await bob.get(f"accounts/{bob.id}/statuses") == []
    assert (await bob.ask("GET", f"statuses/{wrapper['id']}")).status_code == 404
    assert await ann.get(f"accounts/{ann.id}/statuses", pinned="true") == []
    assert await town.visitor.get("timelines/tag/tag") == []
    async with town.db.read() as reader:
        for table in (
            "likes",
            "my_likes",
            "reposts",
            "my_reposts",
            "post_counts",
            "pins",
            "polls",
            "poll_votes",
            "my_votes",
        ):
            assert await reader.value(f"SELECT count(*) FROM {table}") == 0, table
    assert (await bob.say("left"))["account"]["statuses_count"] == 1


async def test_the_posts_and_likes_of_a_deleted_account_go(
    town: Town, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weft.posts.purge.PURGE_BATCH", 2)
    posts = [await ann.say(f"post {number}") for number in range(5)]
    others = [await bob.say(f"other {number}") for number in range(3)]
    for one in others:
        await ann.post(f"statuses/{one['id']}/favourite")
        await ann.post(f"statuses/{one['id']}/reblog")
    await bob.post(f"statuses/{posts[0]['id']}/favourite")
    await town.work()
    await town.delete(ann)
    await town.work()
    for one in posts:
        assert (await bob.ask("GET", f"statuses/{one['id']}")).status_code == 404
    for one in others:
        left = await bob.get(f"statuses/{one['id']}")
        assert (left["favourites_count"], left["reblogs_count"]) == (0, 0)
    async with town.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM posts WHERE text <> '' AND author_id = $1", ann.account.id) == 0
        assert await reader.value("SELECT count(*) FROM my_likes") == 0
