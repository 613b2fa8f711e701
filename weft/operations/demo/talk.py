"""Reads the demo's conversations: the files of ``talk/``, where each post is a heading and the text below it.

The heading says `key · author · when · likes 3 · ...`, and how deep a reply lies. A first post has a key and says how
long ago it was; a reply says how long after the post it answers.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

TALK: Final = Path(__file__).with_name("talk")
_HEAD: Final = re.compile(r"^(#+) (.+)$")
_PICTURE: Final = re.compile(r"^!\[(.+)\]\((.+)\)$")
_OPTION: Final = re.compile(r"^- \[(\d+)\] (.+)$")
_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400}


class Poll(msgspec.Struct):
    options: list[str] = []
    votes: list[int] = []
    lives_s: int = 0


class Line(msgspec.Struct, kw_only=True):
    """One post of a conversation."""

    key: str
    by: str
    ago_s: int
    language: str
    text: str = ""
    warning: str = ""
    parent: str = ""
    quote: str = ""
    likes: int = 0
    reposts: int = 0
    pictures: list[tuple[str, str]] = []
    """What is said of each picture, and how it is drawn."""
    poll: Poll | None = None
    direct: list[str] = []
    """Whom alone it is for."""
    pinned: bool = False
    bookmarked: list[str] = []


def load_talk(folder: Path = TALK) -> list[Line]:
    """Every post of every file, each after the one it answers."""
    return [
        line for path in sorted(folder.glob("*.md")) for line in read_talk(path.read_text("utf-8"), _language(path))
    ]


def _language(path: Path) -> str:
    parts = path.name.split(".")
    return parts[1] if len(parts) == 3 else "en"


def read_talk(text: str, language: str) -> list[Line]:
    lines: list[Line] = []
    above: list[Line] = []
    body: list[str] = []
    for row in text.splitlines():
        head = _HEAD.match(row)
        if head is None:
            body.append(row)
            continue
        _finish(lines, body)
        depth = len(head[1])
        line = _line(head[2].split(" · "), above[depth - 2] if depth > 1 else None, language, len(lines))
        above[depth - 1 :] = [line]
        lines.append(line)
    _finish(lines, body)
    return lines


def _line(words: list[str], parent: Line | None, language: str, number: int) -> Line:
    if parent is None:
        key, by, when, *rest = words
        line = Line(key=key, by=by, ago_s=seconds(when), language=language)
    else:
        by, when, *rest = words
        line = Line(key=f"{parent.key}/{number}", by=by, ago_s=parent.ago_s - seconds(when), language=language)
        line.parent, line.direct = parent.key, _others(parent, by)
    for word in rest:
        name, _, value = word.partition(" ")
        _mark(line, name, value)
    return line


def _others(parent: Line, by: str) -> list[str]:
    return [name for name in dict.fromkeys([parent.by, *parent.direct]) if name != by] if parent.direct else []


def _mark(line: Line, name: str, value: str) -> None:
    match name:
        case "likes":
            line.likes = int(value)
        case "reposts":
            line.reposts = int(value)
        case "lang":
            line.language = value
        case "direct":
            line.direct = value.split()
        case "bookmarked":
            line.bookmarked = value.split()
        case "pinned":
            line.pinned = True
        case _:
            raise ValueError(f"{line.key}: what is {name!r}?")


def _finish(lines: list[Line], body: list[str]) -> None:
    """Give the rows read so far to the last heading."""
    if lines:
        text = [row for row in body if not _take(lines[-1], row)]
        lines[-1].text = "\n".join(text).strip()
    body.clear()


def _take(line: Line, row: str) -> bool:
    """Whether the row is not text but says something about the post."""
    if found := _PICTURE.match(row):
        line.pictures.append((found[1], found[2]))
    elif found := _OPTION.match(row):
        line.poll = line.poll or Poll()
        line.poll.votes.append(int(found[1]))
        line.poll.options.append(found[2])
    elif row.startswith("ends ") and line.poll is not None:
        line.poll.lives_s = seconds(row.removeprefix("ends "))
    elif row.startswith("! "):
        line.warning = row.removeprefix("! ")
    elif row.startswith("> "):
        line.quote = row.removeprefix("> ")
    else:
        return False
    return True


def seconds(text: str) -> int:
    """``26m``, ``3h``, ``9d``."""
    return int(text[:-1]) * _UNITS[text[-1]]
