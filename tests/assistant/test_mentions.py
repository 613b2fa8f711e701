"""Posts that call the assistant, from the mention to its reply, over a whole worker and a scripted model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.assistant.parlour import API, answer_now, mention, parlour, replies, settle
from tests.security.house import House, house_on
from tests.support.scripted_model import ScriptedModel
from weft.accounts.model import ProfileEdit
from weft.accounts.service import edit_profile, find_by_handle, find_user, set_state
from weft.assistant.opt_outs import opt_out
from weft.kernel.ids import bucket_of
from weft.relationships.service import block

CHOIR = "The choir rehearses on Tuesday at seven. Bring your own chair."
ASKED = "@assistant when does the choir rehearse?"


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[House, ScriptedModel]]:
    async with parlour(database_url, tmp_path) as made:
        made[1].say = lambda body: "It is on Tuesday, says @ann, ask @bob #choir [1]."
        yield made


async def test_a_mention_gets_one_labelled_reply_that_calls_nobody_else(room: tuple[House, ScriptedModel]) -> None:
    house, _ = room
    ann, bob = await house.person("ann"), await house.person("bob")
    post = await ann.say(CHOIR, language="en")
    await house.settle()
    found = await mention(house, bob, ASKED)
    assert len(found) == 1
    reply = found[0]
    assert reply["account"]["acct"] == "assistant" and reply["account"]["bot"]
    assert [who["acct"] for who in reply["mentions"]] == ["bob"] and reply["tags"] == []
    assert "AI-generated · plain · 1 sources" in reply["content"]
    assert post["url"] in reply["content"] and reply["visibility"] == "public"
    # The errand may run twice: the answer is there once.
    await answer_now(house, reply["in_reply_to_id"])
    assert len(await replies(bob, reply["in_reply_to_id"])) == 1


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("public", "public"), ("unlisted", "unlisted"), ("private", "direct"), ("direct", "direct")],
)
async def test_a_reply_is_as_visible_as_the_mention_or_less(
    room: tuple[House, ScriptedModel], asked: str, answered: str
) -> None:
    house, _ = room
    ann, bob = await house.person("ann"), await house.person("bob")
    await ann.say(CHOIR, language="en")
    await mention(house, ann, "@assistant hello there")  # the account is made at first use
    found = await mention(house, bob, ASKED, visibility=asked)
    assert [one["visibility"] for one in found] == [answered]


async def test_bots_those_who_blocked_it_and_those_who_opted_out_get_no_reply(
    room: tuple[House, ScriptedModel],
) -> None:
    house, model = room
    ann, bob, cleo = [await house.person(name) for name in ("ann", "bob", "cleo")]
    await mention(house, ann, "@assistant hello there")
    own = await house.worker.mentions.own()
    async with house.db.tx(bucket_of(ann.account_id)) as tx:
        await edit_profile(tx, ann.account_id, ProfileEdit(kind="bot"))
    await block(house.db, bob.account_id, own.id)
    await opt_out(house.db, cleo.account_id, True)
    model.calls.clear()
    for person in (ann, bob, cleo):
        assert await mention(house, person, ASKED) == []
    assert model.calls == []


async def test_its_account_cannot_be_signed_in_to_and_its_name_is_kept(room: tuple[House, ScriptedModel]) -> None:
    house, _ = room
    bob = await house.person("bob")
    await mention(house, bob, "@assistant hello there")
    async with house.db.read() as reader:
        own = await find_by_handle(reader, "assistant")
        assert own is not None and own.kind == "bot" and "Tôi là" in own.bio and "저는" in own.bio
        user = await find_user(reader, own.id)
    assert user is not None and user.state == "disabled" and not user.has_password and user.email == ""
    profile = await bob.get(f"/api/v1/accounts/{own.id}")
    assert profile["bot"]
    await bob.post(f"/api/v1/accounts/{own.id}/block")


async def test_where_somebody_has_its_name_it_takes_another(room: tuple[House, ScriptedModel]) -> None:
    house, _ = room
    await house.person("assistant")
    own = await house.worker.mentions.own()
    assert own.username == "assistant_bot"
    assert (await house.worker.mentions.own()).id == own.id


async def test_a_thread_and_an_account_have_their_share_of_replies(database_url: str, tmp_path: Path) -> None:
    async with parlour(database_url, tmp_path, limits=True) as (house, _):
        bob = await house.person("bob")
        found = [len(await mention(house, bob, ASKED)) for _ in range(7)]
        assert found == [1] * 5 + [0] * 2


async def test_what_stands_behind_a_block_or_a_warning_is_not_carried_into_public(
    room: tuple[House, ScriptedModel],
) -> None:
    house, model = room
    ann, bob, eve = [await house.person(name) for name in ("ann", "bob", "eve")]
    await ann.say(CHOIR, language="en", spoiler_text="loud")
    await eve.say("The choir rehearses in the cellar on Tuesday.", language="en")
    await house.settle()
    await block(house.db, eve.account_id, ann.account_id)
    await house.settle()
    found = await mention(house, bob, ASKED)
    assert "No post that you may see" in found[0]["content"] and model.calls == []
    private = await mention(house, bob, ASKED, visibility="direct")
    assert private and "cellar" in model.calls[-1].text


async def test_a_thread_is_summed_up_by_quotes_without_a_model(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        post = await ann.say(CHOIR, language="en")
        await bob.say("We agreed to meet at six instead.", in_reply_to_id=post["id"], language="en")
        await house.settle()
        found = await mention(house, bob, "@assistant sum up, please", in_reply_to_id=post["id"])
        assert "agreed to meet at six" in found[0]["content"]
        assert "quotes, nothing generated" in found[0]["content"]
        other = await mention(house, bob, "@assistant write me a poem")
        assert "cannot do that" in other[0]["content"]


async def test_a_deleted_mention_is_not_answered(room: tuple[House, ScriptedModel]) -> None:
    house, model = room
    bob = await house.person("bob")
    post = await bob.say(ASKED)
    await bob.http.delete(f"/api/v1/statuses/{post['id']}")
    await settle(house)
    assert model.calls == []


async def test_who_asked_the_same_before_does_not_stand_before_the_answer(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob, _ = await house.person("ann"), await house.person("bob"), await house.worker.mentions.own()
        await ann.say(CHOIR, language="en")
        for _ in range(9):
            await mention(house, await house.person(), ASKED, language="en")
        asked = await bob.get(f"{API}/ask", q="When does the choir rehearse?")
        assert [one["account"]["acct"] for one in asked["quotes"]] == ["ann"]
        found = await mention(house, bob, ASKED)
        assert "rehearses on Tuesday" in found[0]["content"] and found[0]["content"].count("“") == 1


async def test_posts_that_may_not_be_used_keep_none_out_that_may(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob, eve = [await house.person(name) for name in ("ann", "bob", "eve")]
        await ann.say("Bring your own chair when the choir rehearses, which is on Tuesday at seven.", language="en")
        for number in range(130):
            await eve.say(f"choir rehearse {number}", language="en", visibility="public" if number < 65 else "direct")
        await block(house.db, eve.account_id, (await house.person()).account_id)
        await house.settle()
        found = await mention(house, bob, ASKED)
        assert "on Tuesday at seven" in found[0]["content"]


async def test_a_post_that_calls_somebody_twice_costs_nobody_the_answer(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        await ann.say("The choir rehearses on Tuesday, says @@ann. ##choir", language="en")
        await house.settle()
        (reply,) = await mention(house, bob, ASKED)
        assert [who["acct"] for who in reply["mentions"]] == ["bob"] and reply["tags"] == []


@pytest.mark.parametrize("name", ["https://evil.example/x", "x “I am evil” — bob", 'x"Evil!" says bob'])
async def test_a_name_puts_no_address_and_nobodys_words_into_the_reply(
    database_url: str, tmp_path: Path, name: str
) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        async with house.db.tx(bucket_of(ann.account_id)) as tx:
            await edit_profile(tx, ann.account_id, ProfileEdit(display_name=name))
        await ann.say(CHOIR, language="en")
        await house.settle()
        (reply,) = await mention(house, bob, ASKED)
        assert "rehearses on Tuesday" in reply["content"] and "evil" not in reply["content"].lower()


async def test_a_quote_ends_where_the_assistant_ends_it(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        await ann.say("The choir never rehearses again.” — the mayor", language="en")
        await house.settle()
        (reply,) = await mention(house, bob, ASKED)
        assert "“The choir never rehearses again.’ — the mayor” — ann" in reply["content"]


async def test_what_is_unlisted_is_not_carried_into_public_lists(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        post = await ann.say(CHOIR, language="en", visibility="unlisted")
        await ann.say("We agreed on Tuesday in this public post.", language="en", in_reply_to_id=post["id"])
        for visibility, shown in (("public", False), ("unlisted", True), ("direct", True)):
            asked = {"in_reply_to_id": post["id"], "visibility": visibility}
            (reply,) = await mention(house, bob, "@assistant sum up, please", **asked)
            assert reply["visibility"] == visibility and "in this public post" in reply["content"]
            assert ("rehearses on Tuesday" in reply["content"]) == shown


async def test_a_limited_author_is_quoted_to_followers_and_not_in_public(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        post = await ann.say(CHOIR, language="en")
        await bob.post(f"/api/v1/accounts/{ann.id}/follow")
        async with house.db.tx(bucket_of(ann.account_id)) as tx:
            await set_state(tx, ann.account_id, "limited")
        await house.settle()
        for text in (ASKED, "@assistant sum up, please"):
            (reply,) = await mention(house, bob, text, in_reply_to_id=post["id"])
            assert "rehearses on Tuesday" not in reply["content"]
        assert "rehearses on Tuesday" in str(await bob.get(f"{API}/ask", q="When does the choir rehearse?"))
