"""Who lives in the demo: read from ``people.toml``, where their names, words and faces are written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec

PEOPLE_FILE: Final = Path(__file__).with_name("people.toml")


class Face(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How somebody's avatar is drawn; the words are those of ``avatars``."""

    ground: str
    cloth: str
    thread: str = "linen"
    pattern: str = ""
    skin: int = 1
    hair: str = "short"
    hair_color: str = "black"
    mouth: str = "smile"
    extra: str = ""
    sun: str = ""
    emblem: str = ""
    seed: int = 1


class Inhabitant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the demo's people, or a community of theirs."""

    name: str
    shown: str = ""
    """The display name; empty where the handle is all there is."""
    language: str = "en"
    bio: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    face: Face | None = None
    banner: str = ""
    """A picture of ``pictures`` and its seed: ``hills 3``."""
    joined_days: int = 90
    circles: tuple[str, ...] = ()
    """Whoever shares a circle follows each other."""
    locked: bool = False
    bot: bool = False


def load_inhabitants() -> list[Inhabitant]:
    """Everybody, the one whose home is richest first."""
    return msgspec.convert(tomllib.loads(PEOPLE_FILE.read_text("utf-8"))["person"], list[Inhabitant])
