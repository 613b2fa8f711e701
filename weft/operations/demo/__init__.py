"""`weft up --demo`: fills an empty community with people and a week of conversation to look at.

The server is started as always; a second process fills its database by the services that requests use, and ends. What
it posted of the articles is noted in ``DIR/demo.json``, so that the threads can be put together again byte for byte.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from types import TracebackType
from typing import Final

import msgspec

from weft.accounts.service import load_accounts
from weft.infra.db import Db
from weft.kernel.clock import Clock, ManualClock
from weft.kernel.errors import WeftError
from weft.kernel.ids import AccountId, MediaId
from weft.operations import accounts
from weft.operations.demo.articles import ARTICLES, OWN_ARTICLE, Thread, lines_of, load_articles
from weft.operations.demo.fill import Studio, Town, known, without_films
from weft.operations.demo.moving import can_film
from weft.operations.demo.people import Inhabitant, load_inhabitants
from weft.operations.demo.plan import DAY_MS, Planner
from weft.operations.demo.reading import look_in
from weft.operations.demo.shelves import load_shelves
from weft.operations.demo.talk import load_talk
from weft.operations.reach import CommandFailed, work_at
from weft.operations.serve import FirstLines
from weft.settings import Settings

__all__ = ["ARTICLES", "NOTES", "OWN_ARTICLE", "Demo", "Person", "create_people", "fill", "main"]

NOTES: Final = "demo.json"
CHANCE: Final = 1911
"""The same people follow, like and vote in every demo."""
ACCOUNTS_EXIST = "SELECT EXISTS (SELECT 1 FROM accounts)  -- all buckets: a command"


class Person(msgspec.Struct):
    name: str
    password: str
    id: int


class Told(msgspec.Struct):
    """What the server's process tells the filling one."""

    settings: Settings
    url: str


class Demo:
    """Starts the filling process once the server has its port, and ends it with the server."""

    def __init__(self, settings: Settings) -> None:
        self._filled = (settings.folder / NOTES).exists()
        self._process: subprocess.Popen[bytes] | None = None

    def first_lines(self, lines: FirstLines) -> FirstLines:
        def with_demo(settings: Settings, url: str) -> list[str]:
            if not self._filled:
                self._start(Told(settings, url))
            return list(lines(settings, url))

        return with_demo

    def _start(self, told: Told) -> None:
        program = [sys.executable, "-c", "from weft.operations.demo import main; main()"]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(told))
        self._process.stdin.close()

    def __enter__(self) -> Demo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(5)


def main() -> None:
    """The filling process: a fault here leaves the server alone."""
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=Told)
    try:
        fill(told.settings, told.url)
    except (CommandFailed, WeftError) as error:
        print(f"The demo could not be filled: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def fill(settings: Settings, url: str) -> None:
    """Make the people, then let them do what a community does in a week."""
    inhabitants = load_inhabitants()
    now_ms = Clock(settings.clock_offset).now_ms()
    clock = ManualClock(now_ms)

    async def make(db: Db) -> list[Person]:
        return await create_people(db, clock, inhabitants, now_ms)

    people = asyncio.run(work_at(url, settings, make, clock))
    if not people:
        print("This community has accounts already; the demo fills only an empty one.", flush=True)
        return
    print("People of the demo, with passwords that are shown only now:", flush=True)
    for person in people:
        print(f"  {person.name:<9} {person.password}", flush=True)
    threads = asyncio.run(_fill(settings, url, inhabitants, people))
    (settings.folder / NOTES).write_bytes(msgspec.json.format(msgspec.json.encode({"threads": threads})))
    print(f"The demo is filled: {settings.url}/", flush=True)


async def create_people(db: Db, clock: ManualClock, inhabitants: list[Inhabitant], now_ms: int) -> list[Person]:
    """The demo's accounts, each as old as it says; none where somebody is here already."""
    async with db.read() as reader:
        if await reader.value(ACCOUNTS_EXIST):
            return []
    made: dict[str, Person] = {}
    for one in sorted(inhabitants, key=lambda one: -one.joined_days):
        clock.advance((now_ms - one.joined_days * DAY_MS - clock.now_ms()) / 1000)
        answer = await accounts.create(db, accounts.Wanted(name=one.name))
        made[one.name] = Person(one.name, str(answer["password"]), int(str(answer["id"])))
    return [made[one.name] for one in inhabitants]


async def _fill(settings: Settings, url: str, inhabitants: list[Inhabitant], people: list[Person]) -> list[Thread]:
    """Pictures first, on the real clock; then the past, act by act."""
    articles = load_articles()
    lines = [*load_talk(), *lines_of(articles)]
    lines = lines if can_film() else without_films(lines)
    ids = {person.name: AccountId(person.id) for person in people}

    async def draw(db: Db) -> dict[str, tuple[MediaId, ...]]:
        studio = Studio(db, settings)
        try:
            await studio.emojis()
            await studio.faces(inhabitants, ids)
            return await studio.pictures(lines, ids)
        finally:
            await studio.close()

    media = await work_at(url, settings, draw)
    shelves = load_shelves()
    now_ms = Clock(settings.clock_offset).now_ms()
    acts = Planner(inhabitants, now_ms, random.Random(CHANCE)).acts(lines, articles, shelves)
    clock = ManualClock(acts[0].ms)

    async def live(db: Db) -> dict[str, str]:
        async with db.read() as reader:
            loaded = await load_accounts(reader, ids.values())
        town = Town(db, settings, clock, known(inhabitants, {name: loaded[id_] for name, id_ in ids.items()}))
        await town.live(acts, media)
        clock.advance(max(0.0, (now_ms - clock.now_ms()) / 1000))
        await town.fill_shelves(shelves)
        return {key: str(post.id) for key, post in town.posts.items()}

    post_ids = await work_at(url, settings, live, clock)
    await work_at(url, settings, lambda db: look_in(db, ids.values()))
    return [article.thread(post_ids) for article in articles]
