"""What the demo's people keep for themselves, as ``shelves.toml`` says it: lists, tags, filters, notes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Literal

import msgspec

FILE: Final = Path(__file__).with_name("shelves.toml")


class Shelf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    owner: str
    title: str
    members: list[str]


class Tags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    owner: str
    names: list[str]


class Hidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    owner: str
    title: str
    keywords: list[str]
    action: Literal["warn", "hide", "blur"]


class Coming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    owner: str
    due: str
    text: str
    language: str


class Shelves(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"lists": "list", "filters": "filter"}):
    notes: dict[str, tuple[str, str]]
    """By author: how long ago, and the words."""
    lists: list[Shelf]
    tags: list[Tags]
    filters: list[Hidden]
    scheduled: list[Coming]
    late_followers: dict[str, list[str]]


def load_shelves() -> Shelves:
    return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), Shelves)
