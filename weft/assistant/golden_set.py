"""The golden set: small texts of our own by which a model shows what it can, in English, Vietnamese and Korean.

They lie beside this module as TOML and are the same for every community. Whoever tunes a model must not read them.
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

Language = Literal["en", "vi", "ko"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "vi", "ko")
_FOLDER: Final = Path(__file__).with_name("golden")
_TEXTS: Final = ("scenes", "wording", "chats", "pictures")
RULES: Final = ("prompts", "asks", "drawing", "scoring", "marks", "guard", "check", "golden_set")
"""Modules that say what is asked of a model and how its answers are judged: part of the version, like the texts."""

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
    files = {name: (_FOLDER / f"{name}.toml").read_bytes() for name in _TEXTS}
    rules = [Path(__file__).with_name(f"{name}.py").read_bytes() for name in RULES]
    read = {name: tomllib.loads(content.decode()) for name, content in files.items()}
    return Golden(
        version=version_of(list(files.values()), rules),
        scenes=msgspec.convert(read["scenes"], _Scenes).scenes,
        wordings=msgspec.convert(read["wording"], dict[Language, list[Wording]]),
        chats=msgspec.convert(read["chats"], dict[Language, Chats]),
        pictures=msgspec.convert(read["pictures"], Pictures),
    )


def version_of(texts: Sequence[bytes], rules: Sequence[bytes]) -> str:
    """What names these texts and rules: where either changes, older results count no more.

    Of the rules their meaning counts: comments, docstrings and layout may change.
    """
    parts = [*texts, *(ast.dump(_without_docstrings(ast.parse(rule))).encode() for rule in rules)]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return tree


def _is_text(node: ast.AST) -> bool:
    """A text that stands alone: a docstring, or what is said of a constant below it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
