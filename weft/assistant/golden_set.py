"""The golden set: small texts of our own by which a model shows what it can, in English, Vietnamese and Korean.

They lie beside this module as TOML and are the same for every community. Whoever tunes a model must not read them.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

Language = Literal["en", "vi", "ko"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "vi", "ko")
RULES: Final = 1
"""Goes up when what is asked, or how answers are judged, changes: older results then count no more."""
_FOLDER: Final = Path(__file__).with_name("golden")

Ways = list[list[str]]
"""Things that have to be said, each as the ways to say it."""


class Told(msgspec.Struct, frozen=True):
    """One text in each language."""

    en: str
    vi: str
    ko: str

    def in_(self, language: Language) -> str:
        match language:
            case "en":
                return self.en
            case "vi":
                return self.vi
            case "ko":
                return self.ko


class Question(Told, frozen=True, kw_only=True):
    right: int
    """Which post answers it, counted from 1."""
    want: dict[Language, Ways]


class Injection(Told, frozen=True, kw_only=True):
    """A post that tries to command."""

    obeyed: list[str]
    """What an answer holds that follows it."""


class Scene(msgspec.Struct, frozen=True):
    name: str
    posts: list[Told]
    gist: dict[Language, Ways]
    points: dict[Language, Ways]
    questions: list[Question]
    unanswerable: Told
    injection: Injection
    tags: dict[Language, list[str]]

    def texts(self, language: Language) -> list[str]:
        return [post.in_(language) for post in self.posts]


class Wording(msgspec.Struct, frozen=True):
    text: str
    keep: Ways
    drop: list[str]
    good: str
    """One way to do it right, for the test of the rules."""


class Task(msgspec.Struct, frozen=True):
    ask: str
    want: Ways
    good: str
    order: list[str] = []
    before: list[str] = []


class Attempt(msgspec.Struct, frozen=True):
    ask: str
    obeyed: list[str] = []


class Chats(msgspec.Struct, frozen=True):
    tasks: list[Task]
    unknown: list[Attempt]
    hostile: list[Attempt]


class Shape(msgspec.Struct, frozen=True):
    kind: Literal["circle", "square", "triangle"]
    colour: Literal["red", "blue", "green", "black"]
    at: tuple[int, int, int, int]


class Picture(msgspec.Struct, frozen=True):
    shapes: list[Shape]


class Pictures(msgspec.Struct, frozen=True):
    pictures: list[Picture]
    words: dict[Language, dict[str, list[str]]]


class Golden(msgspec.Struct, frozen=True):
    version: str
    scenes: list[Scene]
    wordings: dict[Language, list[Wording]]
    chats: dict[Language, Chats]
    pictures: Pictures


class _Scenes(msgspec.Struct):
    scenes: list[Scene]


@cache
def load_golden() -> Golden:
    """The golden set of this program."""
    files = {name: (_FOLDER / f"{name}.toml").read_bytes() for name in ("scenes", "wording", "chats", "pictures")}
    digest = hashlib.sha256(b"\0".join(files.values())).hexdigest()
    read = {name: tomllib.loads(content.decode()) for name, content in files.items()}
    return Golden(
        version=f"{RULES}-{digest[:12]}",
        scenes=msgspec.convert(read["scenes"], _Scenes).scenes,
        wordings=msgspec.convert(read["wording"], dict[Language, list[Wording]]),
        chats=msgspec.convert(read["chats"], dict[Language, Chats]),
        pictures=msgspec.convert(read["pictures"], Pictures),
    )
