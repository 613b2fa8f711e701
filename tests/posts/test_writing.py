"""Writing posts through the client API: what is stored, what is refused, and what happens once only."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.support.town import LIMITS, Person, Town
from weft.accounts.model import PreferencesEdit
from weft.accounts.service import edit_preferences
from weft.kernel.errors import NotFound
from weft.kernel.ids import bucket_of
from weft.posts.model import Draft
from weft.posts.service import create_post, prepare

KEY = {"Idempotency-Key": "k1"}


async def test_a_post_is_answered_whole_and_shown_to_anyone(town: Town, ann: Person) -> None:
    made = await ann.say("hello #World", language="en-US", spoiler_text="greeting")
    assert made["content"].startswith("<p>hello ")
    assert made["tags"] == [{"name": "world", "url": "http://localhost:8000/tags/world"}]
    assert (made["language"], made["sensitive"], made["spoiler_text"]) == ("en", True, "greeting")
    assert made["application"] == {"name": "app", "website": "https://app.example"}
    assert made["account"]["statuses_count"] == 1
    assert made["favourited"] is False
    seen = await town.visitor.get(f"statuses/{made['id']}")
    assert seen["id"] == made["id"]
    assert "favourited" not in seen


async def test_a_plain_post_needs_no_read_after_it(town: Town, ann: Person) -> None:
    await ann.say("warm up")
    statements: list[str] = []
    town.db.recorder = lambda sql, args: statements.append(sql)
    await ann.say("plain")
    town.db.recorder = None
    assert len(statements) == 1, statements


async def test_the_preferences_of_the_author_fill_what_is_left_out(town: Town, ann: Person) -> None:
    edit = PreferencesEdit(post_visibility=2, post_language="vi", post_sensitive=True)
    async with town.db.tx(bucket_of(ann.account.id)) as tx:
        await edit_preferences(tx, ann.account.id, edit)
    made = await ann.say("xin chào")
    assert (made["visibility"], made["language"], made["sensitive"]) == ("private", "vi", True)
    other = await ann.say("hello", visibility="public", language="en", sensitive=False)
    assert (other["visibility"], other["language"], other["sensitive"]) == ("public", "en", False)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": ""}, "Validation failed: Text can't be blank"),
        ({"status": " \n "}, "Validation failed: Text can't be blank"),
        ({"status": "x" * 501}, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": "x" * 300, "spoiler_text": "y" * 201}, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": "x", "media_ids": ["1"]}, "Validation failed: Media is not available or is attached already"),
        ({"status": "x", "media_ids": ["1", "2", "3", "4", "5"]}, "Cannot attach more than 4 files."),
        ({"status": "x", "visibility": "secret"}, "Validation failed: visibility is invalid"),
        (
            {"status": "x", "poll": {"options": ["a"], "expires_in": 300}},
            "Validation failed: A poll has between",
        ),
        (
            {"status": "x", "poll": {"options": ["a", " "], "expires_in": 300}},
            "Validation failed: Poll choices can't",
        ),
        ({"status": "x", "poll": {"options": ["a", "a"], "expires_in": 300}}, "Validation failed: Poll choices must"),
        (
            {"status": "x", "poll": {"options": ["a", "b" * 51], "expires_in": 300}},
            "Validation failed: Poll choices can",
        ),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 1}}, "Validation failed: The poll must last"),
        ({"status": "x", "scheduled_at": "tomorrow"}, "Validation failed: Scheduled at"),
        ({"status": "x", "weft": {"reply_policy": "friends"}}, "Validation failed: weft.reply_policy is invalid"),
    ],
)
async def test_a_bad_draft_is_refused_and_changes_nothing(
    town: Town, ann: Person, values: dict[str, Any], sentence: str
) -> None:
    status, error = await ann.refused("POST", "statuses", **values)
    assert status == 422
    assert error.startswith(sentence)
    assert await town.visitor.get(f"accounts/{ann.id}/statuses") == []


@pytest.mark.parametrize("field", ["in_reply_to_id", "quoted_status_id"])
@pytest.mark.parametrize("value", ["1", "99999999999999999999", "abc", "-1"])
async def test_what_a_post_refers_to_must_be_there(ann: Person, field: str, value: str) -> None:
    assert await ann.refused("POST", "statuses", status="x", **{field: value}) == (404, "Record not found")


async def test_the_same_key_gives_the_same_post(town: Town, ann: Person) -> None:
    media = await town.media(ann)
    body = {"status": "once", "media_ids": [media]}
    answers = [await ann.ask("POST", "statuses", json=body, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert len(await ann.get(f"accounts/{ann.id}/statuses")) == 1


async def test_the_same_key_at_the_same_time_makes_one_post(town: Town, ann: Person) -> None:
    tries = (ann.ask("POST", "statuses", json={"status": "once"}, headers=KEY) for _ in range(5))
    answers = await asyncio.gather(*tries)
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await ann.get(f"accounts/{ann.id}/statuses")) == 1


async def test_a_key_is_forgotten_after_an_hour(town: Town, ann: Person) -> None:
    first = (await ann.ask("POST", "statuses", json={"status": "a"}, headers=KEY)).json()
    town.clock.advance(3601)
    second = (await ann.ask("POST", "statuses", json={"status": "b"}, headers=KEY)).json()
    assert first["id"] != second["id"]


async def test_keys_of_two_people_are_two_keys(town: Town, ann: Person, bob: Person) -> None:
    first = (await ann.ask("POST", "statuses", json={"status": "a"}, headers=KEY)).json()
    second = (await bob.ask("POST", "statuses", json={"status": "b"}, headers=KEY)).json()
    assert first["account"]["id"] != second["account"]["id"]


async def test_media_still_being_processed_are_refused(town: Town, ann: Person) -> None:
    media = await town.media(ann, state="processing")
    status, _ = await ann.refused("POST", "statuses", status="x", media_ids=[media])
    assert status == 422


async def test_an_attachment_serves_one_post_and_its_owner_only(town: Town, ann: Person, bob: Person) -> None:
    media = await town.media(ann)
    assert (await bob.refused("POST", "statuses", status="mine", media_ids=[media]))[0] == 422
    made = await ann.say("", media_ids=[media])
    assert [one["id"] for one in made["media_attachments"]] == [media]
    assert (await ann.refused("POST", "statuses", status="again", media_ids=[media]))[0] == 422


async def test_mentions_are_linked_and_told_by_any_form_of_the_name(ann: Person, bob: Person) -> None:
    made = await ann.say("hi @BOB and @bob@localhost:8000, not @nobody")
    assert [one["acct"] for one in made["mentions"]] == ["bob"]
    assert made["content"].count('class="u-url mention"') == 2


async def test_an_unexpected_mention_is_refused_and_named(ann: Person, bob: Person) -> None:
    answer = await ann.ask("POST", "statuses", json={"status": "hi @bob", "allowed_mentions": []})
    assert answer.status_code == 422
    assert [one["id"] for one in answer.json()["unexpected_accounts"]] == [bob.id]
    assert (await ann.say("hi @bob", allowed_mentions=[bob.id]))["mentions"]


async def test_ids_of_one_account_only_grow_with_two_writers(town: Town, ann: Person) -> None:
    """Two processes write for one account, one of them with a clock that is behind."""
    made = []
    for number in range(20):
        town.db.ids._ms = 0  # as another process would begin
        town.clock.advance(-0.003 if number % 2 else 0.002)
        prepared = await prepare(town.db, ann.account, Draft(text=str(number)), LIMITS)
        made.append((await create_post(town.db, prepared)).post.id)
    assert made == sorted(set(made))


async def test_concurrent_posts_of_one_account_get_ids_of_their_own(town: Town, ann: Person) -> None:
    posts = await asyncio.gather(*(ann.say(str(number)) for number in range(20)))
    assert len({post["id"] for post in posts}) == 20
    assert (await ann.get(f"accounts/{ann.id}/statuses", limit=1))[0]["account"]["statuses_count"] == 20


async def test_nobody_posts_for_an_account_that_is_not_there(town: Town, ann: Person) -> None:
    ghost = msgspec.structs.replace(ann.account, id=ann.account.id + 1)
    with pytest.raises(NotFound):
        await create_post(town.db, await prepare(town.db, ghost, Draft(text="boo"), LIMITS))
