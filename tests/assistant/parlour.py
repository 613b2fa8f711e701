"""The whole application with a scripted model behind it that passed the check: for tests of what people do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.security.house import House, Person, house_on
from tests.support.scripted_model import ScriptedModel, scripted_model
from weft.assistant.bars import BARS, SERVED_BY
from weft.assistant.capabilities import identity_of, store_result
from weft.assistant.check import Result
from weft.assistant.events import AnswerWanted
from weft.assistant.golden_set import LANGUAGES, load_golden
from weft.infra.db import Db
from weft.infra.engine.places import Endpoints

API = "/api/weft/v1/assistant"


async def pass_check(house: House, *features: str, languages: Sequence[str] = LANGUAGES) -> None:
    """Write down that the configured models passed the check for these, in these languages."""
    await store_passed(house.db, house.worker.ports.endpoints, features, languages)
    await house.worker.ports.mind.capabilities.load()


async def store_passed(db: Db, places: Endpoints, features: Sequence[str], languages: Sequence[str]) -> None:
    """The rows that a check leaves behind where everything was right; of translations ``languages`` are directions."""
    for feature, part in BARS:
        place = places.place(SERVED_BY[feature])
        if feature not in features or place is None:
            continue
        for language in languages:
            result = Result(
                capability=feature,
                part=part,
                language=language,
                model=place.name,
                sha256=identity_of(place),
                golden=load_golden().version,
                right=10,
                asked=10,
                items=10,
                faults={},
            )
            await store_result(db, result)


@asynccontextmanager
async def parlour(
    database_url: str, folder: Path, model: str = "plain", *, with_vision: bool = False, **given: Any
) -> AsyncIterator[tuple[House, ScriptedModel]]:
    """A worker that asks a scripted model which may answer and sum up."""
    async with scripted_model() as server:
        settings = {"ai_chat_url": server.url, "ai_chat_model": model, **given}
        if with_vision:
            settings |= {"ai_vision_url": server.url, "ai_vision_model": model}
        async with house_on(database_url, folder, **settings) as house:
            await pass_check(house, "ask", "summary", "reword")
            yield house, server


class Event:
    def __init__(self, name: str, data: Any) -> None:
        self.name = name
        self.data = data


def events_of(answer: httpx.Response) -> list[Event]:
    return list(_events(answer.text))


def _events(text: str) -> Iterator[Event]:
    for block in text.strip().split("\n\n"):
        name, _, data = block.partition("\n")
        yield Event(name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))


async def new_chat(person: Person) -> str:
    return str((await person.post(f"{API}/chats"))["id"])


async def say(person: Person, chat: str, text: str, **more: Any) -> list[Event]:
    answer = await person.http.post(f"{API}/chats/{chat}/turns", json={"text": text, **more})
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    return events_of(answer)


def last(events: list[Event]) -> Any:
    """The finished turn."""
    assert events[-1].name == "done", [event.name for event in events]
    return events[-1].data["turn"]


async def mention(house: House, person: Person, text: str, **more: Any) -> list[Any]:
    """Post a text that calls the assistant, let the errand run, and give its replies."""
    post = await person.say(text, **more)
    await settle(house)
    return await replies(person, post["id"])


async def replies(person: Person, post_id: str) -> list[Any]:
    context = await person.get(f"/api/v1/statuses/{post_id}/context")
    return [one for one in context["descendants"] if one["account"]["bot"] and one["in_reply_to_id"] == post_id]


async def settle(house: House) -> None:
    await house.settle()
    while await house.worker.errands.run_due():
        await house.settle()
    # The worker's own runner may have taken one just before.
    async with asyncio.timeout(120):
        while await unanswered(house):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)
    await house.settle()


async def unanswered(house: House) -> int:
    async with house.db.read() as reader:
        return int(
            await reader.value(
                "SELECT count(*) FROM errands WHERE kind IN ('AnswerWanted', 'QuotedChanged')  -- all buckets"
            )
        )


async def answer_now(house: House, post_id: str) -> None:
    await house.worker.mentions.answer(AnswerWanted(post_id=int(post_id)))  # type: ignore[arg-type]
    await house.settle()


def plain_text(html: str) -> str:
    return html.replace("<br />", "\n").replace("</p><p>", "\n\n")
