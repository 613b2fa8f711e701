"""The rows of chats: long ones, and what becomes of a turn that is edited or deleted while it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.calling import ANN
from tests.assistant.parlour import API, new_chat, parlour
from tests.security.house import House, Person
from tests.support.scripted_model import ScriptedModel
from weft.assistant.chats import ADD_TURN, MOST_TURNS, Chats, Turn, Turns, forget_deleted
from weft.assistant.conversing import Begun, Step
from weft.infra.db import Db
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, bucket_of

ME = AccountId(ANN)
BUCKET = bucket_of(ME)
QUESTION = "When does the choir rehearse?"
FILL = """
INSERT INTO assistant_turns (bucket, account_id, chat_id, id, role, text)
SELECT $1, $2, $3, $4::bigint + n, CASE n % 2 WHEN 0 THEN 'person' ELSE 'assistant' END, 'turn ' || n
  FROM generate_series(0, $5::int) AS n
"""
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() -- shared"
)


async def test_of_a_long_chat_the_end_is_shown_and_answered_again(db: Db) -> None:
    chat, turns = await Chats(db).create(ME), Turns(db)
    first, last = turns.new_id(ME), MOST_TURNS + 101
    async with db.tx(BUCKET) as tx:
        await tx.execute(FILL, BUCKET, ME, chat.id, first, last)
    shown = await turns.all(ME, chat.id)
    assert (len(shown), shown[0].text, shown[-1].text) == (MOST_TURNS, "turn 102", f"turn {last}")
    asked = await turns.asked(ME, shown[-1])
    assert asked.text == f"turn {last - 1}", "what is answered again is the last question, and nothing before it goes"
    assert (await turns.asked(ME, asked)) == asked
    with pytest.raises(NotFound):
        await turns.asked(ME, Turn(id=first - 1, chat_id=chat.id, role="assistant"))


@pytest.mark.parametrize("how", ["delete", "forget", "account"])
async def test_nothing_that_was_being_written_outlives_its_chat(db: Db, how: str) -> None:
    chats, chat = Chats(db), await Chats(db).create(ME)

    async def end() -> None:
        if how == "delete":
            await chats.delete(ME, chat.id)
        elif how == "forget":
            await chats.forget(ME)
        else:
            async with db.job() as tx:
                await forget_deleted(tx, [ME])

    if how == "account":
        async with db.tx(BUCKET) as tx:
            await tx.execute(DELETED_ACCOUNT, BUCKET, ME)
    async with db.tx(BUCKET) as tx:
        given = "person", "my words", "[]", "done", "", 0
        await tx.execute(ADD_TURN, BUCKET, ME, chat.id, db.ids.new(BUCKET), *given, tx.now_ms, "my words")
        ending = asyncio.create_task(end())
        async with asyncio.timeout(20), db.read() as reader:
            while not await reader.value(WAITING):  # noqa: ASYNC110 - what is waited for is in the database
                await asyncio.sleep(0.01)
    await ending
    async with db.read() as reader:
        assert await reader.value("SELECT count(*) FROM assistant_chats  -- all buckets") == 0
        assert await reader.value("SELECT count(*) FROM assistant_turns  -- all buckets") == 0


DELETED_ACCOUNT = """
INSERT INTO accounts (bucket, id, username, state, created_ms) VALUES ($1, $2, 'gone', 'deleted', 0)
"""


async def test_words_that_are_gone_are_no_title_either(db: Db) -> None:
    chats, turns = Chats(db), Turns(db)
    chat = await chats.create(ME)
    first = Turn(id=turns.new_id(ME), chat_id=chat.id, role="person", text="Where can I hide?")
    await turns.add(ME, first)
    answer = Turn(id=turns.new_id(ME), chat_id=chat.id, role="assistant")
    await turns.begin(ME, answer)
    assert (await chats.require(ME, chat.id)).title == "Where can I hide?"
    await turns.cut_after(ME, first)
    assert (await chats.require(ME, chat.id)).title == "Where can I hide?"
    await turns.cut(ME, first)
    assert (await chats.require(ME, chat.id)).title == ""
    await turns.add(ME, first)
    await turns.delete(ME, first)
    assert (await chats.require(ME, chat.id)).title == ""
    await chats.rename(ME, chat.id, "My own title")
    await turns.add(ME, first)
    await turns.delete(ME, first)
    assert (await chats.require(ME, chat.id)).title == "My own title"


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[House, ScriptedModel]]:
    async with parlour(database_url, tmp_path) as made:
        yield made


class Answering:
    """An answer that has begun: its steps come when the test takes them."""

    def __init__(self, bob: Person, chat: str, steps: Any, begun: Begun) -> None:
        self.bob = bob
        self.path = f"{API}/chats/{chat}/turns"
        self.steps = steps
        self.asked = begun.asked
        self.turn = begun.turn

    async def finish(self) -> list[tuple[str, str]]:
        """Let it come to its end; then who says what in the chat."""
        async with aclosing(self.steps) as steps:
            rest: list[Step] = [step async for step in steps]
        assert rest, "it answered whoever listened, whatever is kept"
        return await self.said()

    async def said(self) -> list[tuple[str, str]]:
        return [(turn["role"], turn["text"]) for turn in await self.bob.get(self.path)]


async def answering(house: House, model: ScriptedModel) -> Answering:
    ann, bob = await house.person("ann"), await house.person("bob")
    await ann.say("The choir rehearses on Tuesday at seven.", language="en")
    await house.settle()
    model.say = lambda body: f"Answer {len(model.calls)} [1]."
    chat = await new_chat(bob)
    assistant = house.worker.assistant
    steps = assistant.conversing.say(await assistant.asker(bob.account_id), int(chat), QUESTION)
    begun = await anext(steps)
    assert isinstance(begun, Begun)
    return Answering(bob, chat, steps, begun)


async def test_an_answer_is_listed_when_it_is_whole(room: tuple[House, ScriptedModel]) -> None:
    one = await answering(*room)
    assert await one.said() == [("person", QUESTION)]
    assert await one.finish() == [("person", QUESTION), ("assistant", "Answer 1.")]


async def test_what_is_said_otherwise_while_it_is_answered_has_one_answer(room: tuple[House, ScriptedModel]) -> None:
    one = await answering(*room)
    other = "Where does the choir rehearse?"
    edited = await one.bob.http.patch(f"{one.path}/{one.asked.id}", json={"text": other})
    assert edited.status_code == 200
    assert await one.finish() == [("person", other), ("assistant", "Answer 1.")]


async def test_what_is_answered_again_while_it_is_answered_has_one_answer(room: tuple[House, ScriptedModel]) -> None:
    one = await answering(*room)
    for _ in range(2):
        assert (await one.bob.http.post(f"{one.path}/{one.turn.id}/again")).status_code in (200, 404)
    assert await one.finish() == [("person", QUESTION), ("assistant", "Answer 1.")]


async def test_what_is_deleted_while_it_is_answered_does_not_come_back(room: tuple[House, ScriptedModel]) -> None:
    one = await answering(*room)
    assert (await one.bob.http.post(f"{one.path}/{one.turn.id}/judged", json={"right": True})).status_code == 404
    for turn in (one.asked, one.turn):
        assert (await one.bob.http.delete(f"{one.path}/{turn.id}")).status_code == 200
    assert await one.finish() == []


async def test_an_answer_that_was_left_at_once_is_noted_as_stopped(room: tuple[House, ScriptedModel]) -> None:
    one = await answering(*room)
    await one.steps.aclose()
    assert [(turn["role"], turn["state"]) for turn in await one.bob.get(one.path)] == [
        ("person", "done"),
        ("assistant", "stopped"),
    ]


async def test_an_answer_that_broke_off_for_our_fault_is_noted_as_failed(room: tuple[House, ScriptedModel]) -> None:
    house, model = room
    one = await answering(house, model)
    async with house.db.job() as tx:
        await tx.execute("ALTER TABLE posts RENAME TO posts_away  -- shared")
    with pytest.raises(Exception, match="posts"):
        await one.finish()
    async with house.db.job() as tx:
        await tx.execute("ALTER TABLE posts_away RENAME TO posts  -- shared")
    assert [(turn["role"], turn["state"]) for turn in await one.bob.get(one.path)] == [
        ("person", "done"),
        ("assistant", "failed"),
    ]
