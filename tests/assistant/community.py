"""The demo's community for the tests of finding: seeded as `weft up --demo` does it, but without its pictures."""

from __future__ import annotations

import os
import random
import tomllib
from pathlib import Path

import msgspec

from weft.accounts.service import load_accounts
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import AccountId
from weft.kernel.text.split import split_thread
from weft.operations.demo import CHANCE, create_people
from weft.operations.demo.articles import LIMIT, Article, lines_of
from weft.operations.demo.fill import Studio, Town, known
from weft.operations.demo.people import load_inhabitants
from weft.operations.demo.plan import Planner
from weft.operations.demo.shelves import load_shelves
from weft.operations.demo.talk import load_talk
from weft.posts.model import Post
from weft.settings import Settings

QUESTIONS = Path(__file__).with_name("questions")


class Question(msgspec.Struct):
    ask: str
    right: list[str]
    language: str = ""

    def is_right(self, text: str) -> bool:
        return any(words in text for words in self.right)


class Asked(msgspec.Struct):
    questions: list[Question]


class Demo(msgspec.Struct):
    """What was seeded: people by name, posts by the demo's own keys."""

    people: dict[str, int]
    posts: dict[str, Post]


def load_questions(name: str) -> list[Question]:
    found = msgspec.convert(tomllib.loads((QUESTIONS / f"{name}.toml").read_text("utf-8")), Asked).questions
    for question in found:
        question.language = question.language or name
    return found


def article_files() -> list[Path]:
    """The two demo articles: beside the repository, or where WEFT_ARTICLES says."""
    given = os.environ.get("WEFT_ARTICLES")
    folders = [Path(given)] if given else [up / "shared/data/articles" for up in Path(__file__).resolve().parents]
    return next((sorted(folder.glob("*.txt")) for folder in folders if folder.is_dir()), [])


async def settle_demo(db: Db, clock: ManualClock, folder: Path, files: list[Path]) -> Demo:
    """Fill the database with the demo's people and a week of conversation, the articles among it."""
    inhabitants, now_ms, settings = load_inhabitants(), clock.now_ms(), Settings(data=str(folder))
    articles = [Article(path.name, split_thread(path.read_bytes().decode(), LIMIT)) for path in files]
    lines = [line for line in [*load_talk(), *lines_of(articles)] if line.text or line.poll]
    people = {one.name: one.id for one in await create_people(db, clock, inhabitants, now_ms)}
    studio = Studio(db, settings)
    faceless = [msgspec.structs.replace(one, face=None, banner="") for one in inhabitants]
    await studio.faces(faceless, {name: AccountId(id_) for name, id_ in people.items()})
    await studio.close()
    acts = Planner(inhabitants, now_ms, random.Random(CHANCE)).acts(lines, articles, load_shelves())
    async with db.read() as reader:
        loaded = await load_accounts(reader, [AccountId(id_) for id_ in people.values()])
    town = Town(db, settings, clock, known(inhabitants, {n: loaded[i] for n, i in people.items()}))
    await town.live(acts, {})
    return Demo(people, town.posts)
