"""Puts the golden set to the configured models and says which parts they pass.

A part ends as soon as its bar is out of reach, unless the whole is wanted: a small model fails most of them within
three answers. What a model answers is judged in ``scoring``; what follows from it is decided in ``capabilities``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from itertools import groupby
from typing import Final, Protocol

import msgspec
import numpy as np

from weft.assistant.bars import BARS, SERVED_BY
from weft.assistant.calls import CallFor, Calls, EmbedFor
from weft.assistant.golden_set import LANGUAGES, Golden, Language
from weft.assistant.scoring import Item, items_of
from weft.assistant.vectors import Floats
from weft.infra.engine.model import Ask, Bounds, Capability, Delta
from weft.kernel.errors import Limited, Unavailable, WeftError

PATIENCE: Final = Bounds(first_s=120.0, between_s=60.0, total_s=240.0)
"""A check may wait longer than a person."""
LONGEST_WAIT_MS: Final = 600_000
AMONG_FIRST: Final = 3
MOST_AT_ONCE: Final = 8
_GONE: Final = frozenset({"model.off", "model.away", "model.slow", "model.full"})
"""What says something of the machine at this moment and nothing of what the model can."""


class Model(Protocol):
    """What answers; a server or our own engine."""

    async def say(self, ask: Ask) -> str: ...

    async def embed(self, texts: Sequence[str]) -> Floats: ...


class Tested(msgspec.Struct, frozen=True):
    """The model of one capability. ``sha256`` names it for good: see ``capabilities.identity_of``."""

    name: str
    sha256: str
    model: Model
    slots: int = 1


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one part went in one language."""

    capability: str
    part: str
    language: str
    model: str
    sha256: str
    golden: str
    right: int
    asked: int
    items: int
    faults: dict[str, int]

    @property
    def score(self) -> float:
        """The share of what was asked that was right."""
        return self.right / max(self.asked, 1)

    @property
    def bar(self) -> float:
        return BARS[self.capability, self.part].share

    @property
    def passed(self) -> bool:
        return self.right >= BARS[self.capability, self.part].needed(self.items)


class Wanted(msgspec.Struct, frozen=True):
    """What is checked; nothing named is everything."""

    capabilities: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    whole: bool = False
    """Ask every item, also where the bar is out of reach."""

    def wants(self, capability: str, language: str) -> bool:
        spoken = set(language.split("-"))
        return (not self.capabilities or capability in self.capabilities) and (
            not self.languages or spoken <= self.languages
        )


EVERYTHING: Final = Wanted()


class Called:
    """A model behind the calls, asked as the features ask it: on the community's budget, and in the books."""

    def __init__(self, calls: Calls, capability: Capability) -> None:
        self._calls = calls
        self._capability: Capability = capability

    async def say(self, ask: Ask) -> str:
        call = CallFor(
            account_id=0,
            role="",
            kind="summary",
            feature="check",
            capability=self._capability,
            deadline_ms=LONGEST_WAIT_MS,
            origin="platform",
            ask=ask,
        )
        parts: list[str] = []
        async with aclosing(self._calls.generate(call)) as answer:
            async for part in answer:
                if isinstance(part, Delta):
                    parts.append(part.text)
        return "".join(parts)

    async def embed(self, texts: Sequence[str]) -> Floats:
        call = EmbedFor(
            account_id=0,
            role="",
            kind="summary",
            feature="check",
            deadline_ms=LONGEST_WAIT_MS,
            origin="platform",
            texts=tuple(texts),
        )
        rows, _ = await self._calls.embed(call)
        return rows


class Anything:
    """What the calls of a check may be for: it has to ask before anything is known."""

    def may(self, feature: str) -> bool:
        return True


async def check_models(
    golden: Golden, models: Mapping[Capability, Tested], wanted: Wanted = EVERYTHING
) -> AsyncIterator[Result]:
    """Each part as it is done; capabilities that no model serves are left out.

    Raises:
        Unavailable: a model is off, away, or too busy to be judged. What was given before stays true.
        Limited: a budget is spent.
    """
    items = [item for item in items_of(golden) if wanted.wants(item.feature, item.language)]
    for (feature, _, _), group in groupby(sorted(items, key=_key), key=_key):
        tested = models.get(SERVED_BY[feature])
        if tested is not None:
            yield await _check_part(list(group), tested, golden.version, whole=wanted.whole)
    tested = models.get("embed")
    if tested is not None:
        async for result in check_embeddings(golden, tested, wanted):
            yield result


def _key(item: Item) -> tuple[str, str, str]:
    return item.feature, item.part, item.language


async def _check_part(items: Sequence[Item], tested: Tested, version: str, *, whole: bool) -> Result:
    bar = BARS[items[0].feature, items[0].part]
    may_fail = len(items) - bar.needed(len(items))
    right, asked, faults = 0, 0, Counter[str]()
    step = max(1, min(tested.slots, MOST_AT_ONCE))
    for start in range(0, len(items), step):
        batch = items[start : start + step]
        for found in await asyncio.gather(*(_faults_of(item, tested.model) for item in batch)):
            asked += 1
            right += not found
            faults.update({_kind_of(fault) for fault in found})
        if asked - right > may_fail and not whole:
            break
    first = items[0]
    return Result(
        capability=first.feature,
        part=first.part,
        language=first.language,
        model=tested.name,
        sha256=tested.sha256,
        golden=version,
        right=right,
        asked=asked,
        items=len(items),
        faults=dict(faults.most_common()),
    )


def _kind_of(fault: str) -> str:
    """`misses` for `misses bridge`: what is counted holds no words of the golden set."""
    first, _, rest = fault.partition(" ")
    return fault if first in ("not", "no", "one", "goes", "claims", "answers") else first.rstrip(":") if rest else fault


async def _faults_of(item: Item, model: Model) -> list[str]:
    """What is wrong with the model's answer; that there is none is a fault, too."""
    try:
        return item.faults(await model.say(item.ask))
    except WeftError as error:
        if isinstance(error, Limited) or (isinstance(error, Unavailable) and error.code in _GONE):
            raise
        return [error.code]


# ---------------------------------------------------------------------------------------------------- meaning


class _Texts(msgspec.Struct, frozen=True):
    """Of one language: what is looked for among what."""

    pool: list[str]
    questions: list[str]
    right: list[int]


def embedding_texts(golden: Golden, language: Language) -> _Texts:
    """Every post of the golden set with others that answer nothing, and every question with the post that is right."""
    pool: list[str] = []
    questions: list[str] = []
    right: list[int] = []
    for scene in golden.scenes:
        for question in scene.questions:
            questions.append(question.in_(language))
            right.append(len(pool) + question.right - 1)
        pool += scene.texts(language)
    pool += [scene.injection.in_(language) for scene in golden.scenes]
    pool += [wording.text for wording in golden.wordings[language]]
    return _Texts(pool, questions, right)


async def check_embeddings(golden: Golden, tested: Tested, wanted: Wanted = EVERYTHING) -> AsyncIterator[Result]:
    """Questions of each language among the posts of each: within a language, and across as ``en-ko``."""
    wants = [(a, b) for a in LANGUAGES for b in LANGUAGES if wanted.wants("embed", a if a == b else f"{a}-{b}")]
    texts = {language: embedding_texts(golden, language) for pair in wants for language in pair}
    pools = {language: await tested.model.embed(texts[language].pool) for language in texts}
    asked = {language: await tested.model.embed(texts[language].questions) for language in texts}
    for asks, stands in sorted(wants, key=lambda pair: (pair[0] != pair[1], pair)):
        ranks = ranks_of(asked[asks] @ pools[stands].T, texts[stands].right)
        right = sum(rank < AMONG_FIRST for rank in ranks)
        yield Result(
            capability="embed",
            part="finds",
            language=asks if asks == stands else f"{asks}-{stands}",
            model=tested.name,
            sha256=tested.sha256,
            golden=golden.version,
            right=right,
            asked=len(ranks),
            items=len(ranks),
            faults={f"not among the first {AMONG_FIRST}": len(ranks) - right} if right < len(ranks) else {},
        )


def ranks_of(nearness: Floats, right: Sequence[int]) -> list[int]:
    """At which place the right one stands, from 0; whatever is as near counts before it."""
    return [int(np.count_nonzero(row >= row[at])) - 1 for row, at in zip(nearness, right, strict=True)]
