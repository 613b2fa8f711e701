"""An answer as a stream of events, while the model is silent and when whoever listens leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from weft.assistant.chats import Turn
from weft.assistant.conversing import Begun, Said, Step
from weft.assistant.sse import STILL_HERE, Frames

BEGUN = Begun(Turn(id=1, chat_id=1, role="person", text="Why?"), Turn(id=2, chat_id=1, role="assistant"))


class Answer:
    """Steps that come when the test says so."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.closed = False

    async def steps(self) -> AsyncGenerator[Step, None]:
        try:
            for text in ("one", "two"):
                await self.may_go_on.wait()
                yield Said(text)
        finally:
            self.closed = True


def frames(answer: Answer, silent_s: float) -> Frames:
    steps = answer.steps()
    return Frames(BEGUN, asyncio.ensure_future(anext(steps, None)), steps, silent_s)


async def test_a_model_that_thinks_for_long_loses_no_reader() -> None:
    answer = Answer()
    stream = frames(answer, 0.01)
    assert (await anext(stream)).startswith(b"event: start")
    assert [await anext(stream), await anext(stream)] == [STILL_HERE] * 2
    answer.may_go_on.set()
    said = [frame async for frame in stream if frame != STILL_HERE]
    assert said == [b'event: delta\ndata: {"text":"one"}\n\n', b'event: delta\ndata: {"text":"two"}\n\n']
    await stream.aclose()
    assert answer.closed


async def test_leaving_closes_the_answer_whether_it_is_silent_or_not() -> None:
    for taken in range(3):
        answer = Answer()
        stream = frames(answer, 60 if taken == 2 else 0.01)
        if taken == 2:
            answer.may_go_on.set()
        await asyncio.sleep(0)  # it begins to work
        for _ in range(taken):
            await anext(stream)
        await stream.aclose()
        assert answer.closed


async def test_leaving_while_the_next_word_is_waited_for_closes_the_answer() -> None:
    answer = Answer()
    stream = frames(answer, 60)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await stream.aclose()
    assert answer.closed
