"""What was made of a post goes with it: replies in public, sentences under way, summaries that come too late."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.parlour import API, mention, parlour, replies, settle
from tests.security.house import House, Person, house_on
from tests.support.scripted_model import ScriptedModel
from weft.accounts.service import set_state
from weft.assistant.answers import Answers
from weft.assistant.context import Readers
from weft.assistant.conversing import Conversing
from weft.assistant.lines import Asker
from weft.assistant.opt_outs import opt_out
from weft.assistant.prompts import MOST_SOURCES, Wanted
from weft.assistant.sse import frames_of
from weft.kernel.ids import bucket_of
from weft.relationships.service import block

CHOIR = "The choir rehearses on Tuesday at seven. Bring your own chair."
ASKED = "@assistant when does the choir rehearse?"
HELD = "SELECT count(*) FROM assistant_quoted  -- all buckets"


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[House, ScriptedModel]]:
    async with parlour(database_url, tmp_path) as made:
        made[1].say = lambda body: "It is on Tuesday [1]."
        yield made


async def held(house: House) -> int:
    async with house.db.read() as reader:
        return int(await reader.value(HELD))


async def edit(person: Person, post: Any, text: str, **more: Any) -> None:
    answer = await person.http.put(f"/api/v1/statuses/{post['id']}", json={"status": text, **more})
    assert answer.status_code == 200, answer.text


async def delete(house: House, ann: Person, post: Any) -> None:
    await ann.http.delete(f"/api/v1/statuses/{post['id']}")


async def change(house: House, ann: Person, post: Any) -> None:
    await edit(ann, post, "Nothing at all")


async def warn(house: House, ann: Person, post: Any) -> None:
    await edit(ann, post, CHOIR, spoiler_text="loud")


async def leave(house: House, ann: Person, post: Any) -> None:
    await opt_out(house.db, ann.account_id, True)


async def shut_out(house: House, ann: Person, post: Any) -> None:
    await block(house.db, ann.account_id, (await house.worker.mentions.own()).id)


async def suspend(house: House, ann: Person, post: Any) -> None:
    async with house.db.tx(bucket_of(ann.account_id)) as tx:
        await set_state(tx, ann.account_id, "suspended")


Change = Callable[[House, Person, Any], Awaitable[None]]


@pytest.mark.parametrize("happens", [delete, change, warn, leave, shut_out, suspend])
async def test_a_public_reply_goes_with_what_it_quotes(database_url: str, tmp_path: Path, happens: Change) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        post = await ann.say(CHOIR, language="en")
        await house.settle()
        (reply,) = await mention(house, bob, ASKED)
        assert "rehearses on Tuesday" in reply["content"] and await held(house) == 2
        await happens(house, ann, post)
        await settle(house)
        assert await replies(bob, reply["in_reply_to_id"]) == []
        assert (await house.visitor.get(f"/api/v1/statuses/{reply['id']}")).status_code == 404
        assert await held(house) == 0


@pytest.mark.parametrize("text", [ASKED, "@assistant write me a poem"])
async def test_a_public_reply_goes_with_its_question(database_url: str, tmp_path: Path, text: str) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        await ann.say(CHOIR, language="en")
        await house.settle()
        (reply,) = await mention(house, bob, text)
        await edit(bob, {"id": reply["in_reply_to_id"]}, f"{text} Please.")
        await settle(house)
        assert len(await replies(bob, reply["in_reply_to_id"])) == 1, "asked with other words, it is still asked"
        assert (await bob.http.delete(f"/api/v1/statuses/{reply['in_reply_to_id']}")).status_code == 200
        await settle(house)
        assert (await house.visitor.get(f"/api/v1/statuses/{reply['id']}")).status_code == 404
        assert await held(house) == 0


async def test_who_asks_for_a_summary_is_not_quoted_in_it(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        post = await ann.say(CHOIR, language="en")
        await house.settle()
        asked = "@assistant could you please sum up this whole conversation for us?"
        (reply,) = await mention(house, bob, asked, in_reply_to_id=post["id"])
        assert "rehearses on Tuesday" in reply["content"] and "whole conversation" not in reply["content"]


async def test_a_quote_that_still_stands_in_its_post_stays(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        post = await ann.say(CHOIR, language="en")
        await house.settle()
        (reply,) = await mention(house, bob, ASKED)
        await edit(ann, post, f"{CHOIR} Tea is there.", language="en")
        await settle(house)
        assert [one["id"] for one in await replies(bob, reply["in_reply_to_id"])] == [reply["id"]]
        answer = await house.worker.assistant.own.ensure()
        assert answer.username == "assistant" and await held(house) == 2


async def test_what_a_model_said_of_a_post_goes_with_its_version(room: tuple[House, ScriptedModel]) -> None:
    house, _ = room
    ann, bob = await house.person("ann"), await house.person("bob")
    post = await ann.say(CHOIR, language="en")
    await house.settle()
    (reply,) = await mention(house, bob, ASKED)
    assert "It is on Tuesday." in reply["content"]
    await edit(ann, post, f"{CHOIR} Tea is there.", language="en")
    await settle(house)
    assert await replies(bob, reply["in_reply_to_id"]) == []


class Meanwhile:
    """A model that takes its time: something happens while it writes."""

    def __init__(self, happens: Callable[[], Awaitable[object]], said: str) -> None:
        self._happens = happens
        self._said = said

    async def write(self, wanted: Wanted) -> AsyncGenerator[str, None]:
        await self._happens()
        yield self._said


def answering(house: House, happens: Callable[[], Awaitable[object]], said: str) -> Answers:
    return Answers(dataclasses.replace(house.worker.assistant.answers.tools, writer=Meanwhile(happens, said)))


@pytest.mark.parametrize("happens", [delete, change])
async def test_a_summary_of_a_post_that_changed_meanwhile_is_not_kept(
    room: tuple[House, ScriptedModel], happens: Change
) -> None:
    house, _ = room
    ann, bob = await house.person("ann"), await house.person("bob")
    root = await bob.say("When does the choir meet?", language="en")
    post = await ann.say(CHOIR, language="en", in_reply_to_id=root["id"])
    await house.settle()

    async def change_it() -> None:
        await happens(house, ann, post)
        await house.settle()

    answers = answering(house, change_it, "It is on Tuesday [2].")
    await answers.summary(Asker(bob.account_id), Readers(bob.account_id), int(root["id"]))
    async with house.db.read() as reader:
        assert await reader.value("SELECT count(*) FROM assistant_summaries  -- all buckets") == 0


@pytest.mark.parametrize("happens", [delete, leave])
async def test_a_sentence_of_a_post_that_changed_meanwhile_is_not_said(
    room: tuple[House, ScriptedModel], happens: Change
) -> None:
    house, _ = room
    ann, bob = await house.person("ann"), await house.person("bob")
    post = await ann.say(CHOIR, language="en")
    await house.settle()
    said = "The choir is there on Tuesday [1]."
    answers = answering(house, lambda: happens(house, ann, post), said)
    assistant = house.worker.assistant
    chat = await assistant.chats.create(bob.account_id)
    steps = Conversing(answers, assistant.chats, assistant.turns).say(
        Asker(bob.account_id), chat.id, "When does the choir rehearse?"
    )
    assert "is there on Tuesday" not in str([frames_of(step) async for step in steps])

    other = await ann.say("The bridge is closed on Monday, and the tram goes by the new road.", language="en")
    answers = answering(house, lambda: happens(house, ann, other), "The bridge is closed [1].")
    if happens is delete:
        summary = await answers.summary(Asker(bob.account_id), Readers(bob.account_id), int(other["id"]))
        assert summary.lines == ()


async def test_a_sentence_goes_with_any_of_its_posts(room: tuple[House, ScriptedModel]) -> None:
    house, model = room
    ann, bob, cleo = [await house.person(name) for name in ("ann", "bob", "cleo")]
    await ann.say(CHOIR, language="en")
    other = await cleo.say("The choir has a school.", language="en")
    await house.settle()
    model.say = lambda body: "It is on Tuesday [1]. " + "It is in the school on Tuesday [1, 2]. " * 3
    model.behave, model.pause_s = (lambda body: "slow"), 0.15
    asking = asyncio.create_task(bob.get(f"{API}/ask", q="When does the choir rehearse?"))
    async with asyncio.timeout(30):
        while not model.calls:  # noqa: ASYNC110 - the server is not ours to signal
            await asyncio.sleep(0.01)
    await cleo.http.delete(f"/api/v1/statuses/{other['id']}")
    asked = await asking
    assert [one["account"]["acct"] for one in asked["quotes"]] == ["ann"]
    assert [one["text"] for one in asked["answer"]["sentences"]] == ["It is on Tuesday."]


async def test_of_a_long_thread_a_model_is_told_what_most_of_it_is_about(room: tuple[House, ScriptedModel]) -> None:
    house, model = room
    ann, bob = await house.person("ann"), await house.person("bob")
    root = await ann.say("Shall we talk about the old bridge over the river?", language="en")
    for number in range(14):
        await bob.say(f"Hello number {number}, good morning to you all.", language="en", in_reply_to_id=root["id"])
    late = "The council decided that the old bridge over the river closes on Monday."
    for text in (late, "So the old bridge over the river closes on Monday, says the council."):
        await ann.say(text, language="en", in_reply_to_id=root["id"])
    await house.settle()
    model.say = lambda body: "They talk about a bridge [1]."
    made = await bob.post(f"{API}/posts/{root['id']}/summary")
    assert made["made"] == "model" and late in model.calls[-1].text
    assert model.calls[-1].text.count("\n[") <= MOST_SOURCES
    assert made["posts"] == 1, "named are the posts that the lines rest on, not the whole thread"
    assert "· 1 sources" in made["label"]


async def test_summing_up_a_long_thread_lets_others_be_answered_meanwhile(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path) as house:
        ann = await house.person("ann")
        root = await ann.say("The old bridge over the river closes on Monday.", language="en")
        for number in range(40):
            text = f"The bridge number {number} is old. It closes on Monday at nine. I will bring {number} chairs. " * 4
            await ann.say(text, language="en", in_reply_to_id=root["id"])
        answers = house.worker.assistant.answers
        asker = Asker(ann.account_id)
        admitted = await answers.thread(Readers(ann.account_id), int(root["id"]))
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        running = asyncio.create_task(others())
        await asyncio.sleep(0)
        before = turns
        assert await answers.quoted(asker, admitted)
        running.cancel()
        assert turns > before + 2
