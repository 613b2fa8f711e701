"""Turns the demo's data into a list of acts in the order of time. Pure: chance and now are given.

Everything that happened lies in the past: people joined months ago, the oldest post is some days old, the newest a
few minutes. So the acts are carried out one after another, on a clock that each sets to its own time.
"""

from __future__ import annotations

import itertools
import random

import msgspec

from weft.operations.demo.articles import FANS, Article
from weft.operations.demo.people import Inhabitant
from weft.operations.demo.shelves import Shelves
from weft.operations.demo.talk import Line, seconds

DAY_MS = 86_400_000


class Act(msgspec.Struct, frozen=True):
    """At ``ms``, ``by`` does it."""

    ms: int
    by: str


class Follow(Act, frozen=True):
    target: str


class Write(Act, frozen=True):
    line: Line


class Like(Act, frozen=True):
    key: str


class Repost(Act, frozen=True):
    key: str


class Vote(Act, frozen=True):
    key: str
    choice: int


class Bookmark(Act, frozen=True):
    key: str


class Pin(Act, frozen=True):
    key: str


class Note(Act, frozen=True):
    text: str


class Planner:
    def __init__(self, people: list[Inhabitant], now_ms: int, chance: random.Random) -> None:
        self._people = people
        self._names = [person.name for person in people if not person.bot]
        self._now = now_ms
        self._chance = chance

    def acts(self, lines: list[Line], articles: list[Article], shelves: Shelves) -> list[Act]:
        """Everything, oldest first."""
        acts: list[Act] = [*self._follows(shelves)]
        for line in lines:
            acts += self._around(line)
        for number, article in enumerate(articles):
            acts += self._fans(article, number, lines)
        acts += [
            Note(self._now - seconds(ago) * 1000, name, text) for name, (ago, text) in shelves.notes.items()
        ]  # fmt: skip
        return sorted(acts, key=lambda act: act.ms)

    def _follows(self, shelves: Shelves) -> list[Act]:
        """Circles, some months ago; everybody and the first one; a few of late."""
        first = self._people[0].name
        late = {(name, target) for target, names in shelves.late_followers.items() for name in names}
        listed = {(shelf.owner, name) for shelf in shelves.lists for name in shelf.members}
        acts: list[Act] = []
        for one, other in itertools.permutations(self._people, 2):
            if (one.name, other.name) in late or one.bot:
                continue
            shared = set(one.circles) & set(other.circles)
            chosen = one.name == first or (one.name, other.name) in listed
            if chosen or (shared and self._chance.random() < 0.85) or (other.name == first and not shared):
                days = min(one.joined_days, other.joined_days) * self._chance.uniform(0.4, 0.95)
                acts.append(Follow(self._now - int(days * DAY_MS), one.name, other.name))
        for number, (name, target) in enumerate(sorted(late)):
            acts.append(Follow(self._now - (25 + number * 130) * 60_000, name, target))
        return acts

    def _around(self, line: Line) -> list[Act]:
        """A post, and what people do with it."""
        at = self._now - line.ago_s * 1000
        acts: list[Act] = [Write(at, line.by, line)]
        for name in self._others(line, line.likes):
            acts.append(Like(self._later(at), name, line.key))
        for name in self._others(line, line.reposts):
            acts.append(Repost(self._later(at), name, line.key))
        for name in line.bookmarked:
            acts.append(Bookmark(self._later(at), name, line.key))
        if line.pinned:
            acts.append(Pin(at + 1_000, line.by, line.key))
        return acts + self._votes(line, at)

    def _votes(self, line: Line, at: int) -> list[Act]:
        if line.poll is None:
            return []
        choices = [number for number, votes in enumerate(line.poll.votes) for _ in range(votes)]
        voters = self._others(line, len(choices))
        until = min(self._now, at + line.poll.lives_s * 1000) - 60_000
        return [
            Vote(self._chance.randint(at + 1_000, until), name, line.key, choice)
            for name, choice in zip(voters, choices, strict=False)
        ]

    def _fans(self, article: Article, number: int, lines: list[Line]) -> list[Act]:
        """Those who like, and the one who reposts, a long thread."""
        by_key = {line.key: line for line in lines}
        first, middle = article.key(0), article.key(len(article.pieces) // 2)
        at = self._now - by_key[article.key(len(article.pieces) - 1)].ago_s * 1000
        acts: list[Act] = [Like(at + 60_000 + n * 9_000, name, first) for n, name in enumerate(FANS)]
        if middle != first:
            acts += [Like(at + 300_000, name, middle) for name in FANS[number % 2 :: 2]]
        return [*acts, Repost(at + 700_000, FANS[number % len(FANS)], first)]

    def _others(self, line: Line, count: int) -> list[str]:
        names = line.direct if line.direct else self._names
        able = [name for name in names if name != line.by]
        return self._chance.sample(able, min(count, len(able)))

    def _later(self, at: int) -> int:
        """Soon after, mostly."""
        return at + 1_000 + int((self._now - at - 2_000) * self._chance.random() ** 3)
