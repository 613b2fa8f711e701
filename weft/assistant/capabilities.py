"""What the configured models may do here: what the check showed of them, and nothing else.

A result counts only for the very model and golden set that it was made with. Where nothing counts, everything that
writes is off, and meaning is compared in English alone, which the model that comes along is made for.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from weft.assistant.bars import BARS, SERVED_BY
from weft.assistant.check import Result
from weft.assistant.events import CapabilitiesChecked
from weft.assistant.golden_set import LANGUAGES, load_golden
from weft.infra.db import Db, Reader
from weft.infra.engine.model import Capability
from weft.infra.engine.places import Place
from weft.infra.signals import Signals
from weft.kernel.errors import Unavailable

UNCHECKED_LANGUAGES: Final = frozenset({"en"})
LOOK_S: Final = 60.0
"""How often somebody may have chosen another model without telling."""
_AGAIN_S: Final = 5.0
DIRECTIONS: Final = tuple(f"{a}-{b}" for a in LANGUAGES for b in LANGUAGES if a != b)


class Places(Protocol):
    """Which model serves what; ``infra.engine.places.Endpoints`` is one."""

    def place(self, capability: Capability) -> Place | None: ...


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a check, as the admin area shows it."""

    capability: str
    part: str
    language: str
    model: str
    score: float
    bar: float
    passed: bool
    asked: int
    items: int
    faults: dict[str, int]
    at_ms: int


class Feature(msgspec.Struct, frozen=True):
    """A capability in a line: on where all its parts passed, and how far it came in the worst of them."""

    name: str
    on: bool
    score: float
    languages: tuple[str, ...]


def identity_of(place: Place) -> str:
    """What names a model for good: its file's hash, or the server's address and the model's name there.

    Whether a server changes its weights under the same name we cannot see; its operator checks again.
    """
    return place.sha256 or hashlib.sha256(f"{place.lane} {place.name}".encode()).hexdigest()


STORE = """
INSERT INTO assistant_capabilities  -- shared
       (capability, part, language, sha256, golden, model, score, bar, passed, asked, items, faults, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (capability, part, language, sha256, golden) DO UPDATE
   SET model = excluded.model, score = excluded.score, bar = excluded.bar, passed = excluded.passed,
       asked = excluded.asked, items = excluded.items, faults = excluded.faults, at_ms = excluded.at_ms
"""

LOAD = """
SELECT capability, part, language, model, score, bar, passed, asked, items, faults, at_ms
  FROM assistant_capabilities  -- shared
 WHERE golden = $1 AND (capability, sha256) IN (
           SELECT u.name, u.hash FROM unnest($2::text[], $3::text[]) AS u (name, hash)
       )
 ORDER BY capability, part, language
"""


async def store_result(db: Db, result: Result) -> None:
    """Keep a result and tell the workers; the same part checked again replaces it."""
    key = result.capability, result.part, result.language, result.sha256, result.golden
    numbers = result.score, result.bar, result.passed, result.asked, result.items
    async with db.job() as tx:
        faults = msgspec.json.encode(result.faults).decode()
        await tx.execute(STORE, *key, result.model, *numbers, faults, tx.now_ms)
        tx.signal(CapabilitiesChecked(capability=result.capability))


async def load_scores(reader: Reader, places: Places) -> list[Score]:
    """What counts for the models that are configured now."""
    used = {name: place for name, engine in SERVED_BY.items() if (place := places.place(engine)) is not None}
    hashes = [identity_of(place) for place in used.values()]
    rows = await reader.rows(LOAD, load_golden().version, list(used), hashes)
    return [
        Score(
            capability=row[0],
            part=row[1],
            language=row[2],
            model=row[3],
            score=row[4],
            bar=row[5],
            passed=row[6],
            asked=row[7],
            items=row[8],
            faults=msgspec.json.decode(row[9], type=dict[str, int]),
            at_ms=row[10],
        )
        for row in rows
    ]


def languages_of(scores: Sequence[Score], capability: str) -> frozenset[str]:
    """Languages, or directions, in which every part of a capability was checked and passed."""
    parts = {part for name, part in BARS if name == capability}
    passed: dict[str, set[str]] = {}
    for score in scores:
        if score.capability == capability and score.passed and score.score >= BARS[capability, score.part].share - 1e-9:
            passed.setdefault(score.language, set()).add(score.part)
    return frozenset(language for language, found in passed.items() if found == parts)


class Capabilities:
    """One worker's knowledge of what may be done. Read before use, kept true by signals and by looking now and then."""

    def __init__(self, db: Db, places: Places) -> None:
        self._db = db
        self._places = places
        self._scores: tuple[Score, ...] = ()
        self._languages: dict[str, frozenset[str]] = {}
        self._uses: tuple[tuple[str, str], ...] = ()
        self._changed = asyncio.Event()

    def listen(self, signals: Signals) -> None:
        signals.on(CapabilitiesChecked, lambda event: self._changed.set())
        signals.on_reset(self._changed.set)

    async def load(self) -> None:
        uses = self._in_use()
        async with self._db.read() as reader:
            scores = await load_scores(reader, self._places)
        self._scores, self._uses = tuple(scores), uses
        self._languages = {capability: languages_of(scores, capability) for capability in SERVED_BY}

    async def keep(self) -> None:
        """Read again after each change, and now and then, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                await self.load()
            except Unavailable:
                self._changed.set()
                await asyncio.sleep(_AGAIN_S)

    def may(self, feature: str, language: str | None = None) -> bool:
        """Whether a feature is on in this language (``en-ko`` for a translation).

        Where no language is named, it has to be on in every one, or in every direction: whoever does not say for whom
        they ask may ask for anybody. Meaning is compared where it is on in any, for its users ask for the languages.
        A feature that was never checked for the model that serves it at this moment is off.
        """
        found = self.languages(feature)
        if language is not None:
            return language in found
        return bool(found) if feature == "embed" else found >= set(DIRECTIONS if feature == "translate" else LANGUAGES)

    def languages(self, feature: str) -> frozenset[str]:
        """The languages, or directions, in which a feature is on."""
        place = self._places.place(SERVED_BY[feature]) if feature in SERVED_BY else None
        if place is None:
            return frozenset()
        if feature == "embed":
            return self.embed_languages()
        return self._languages.get(feature, frozenset()) if self._uses == self._in_use() else frozenset()

    def embed_languages(self) -> frozenset[str]:
        """Languages in which meaning is compared; English alone until a check said more, or less."""
        if self._places.place("embed") is None:
            return frozenset()
        is_known = self._uses == self._in_use() and any(score.capability == "embed" for score in self._scores)
        return self._languages["embed"] & set(LANGUAGES) if is_known else UNCHECKED_LANGUAGES

    def scores(self) -> Sequence[Score]:
        """Every part that counts, for the admin area."""
        return self._scores if self._uses == self._in_use() else ()

    def features(self) -> list[Feature]:
        """Every capability with what is known of it; one that was not checked has the score 0."""
        return [self.feature(name) for name in SERVED_BY]

    def listed(self) -> Sequence[tuple[str, bool, float]]:
        """Name, whether it is on anywhere, and its score, of everything that was checked."""
        checked = {score.capability for score in self.scores()}
        return [(one.name, one.on, one.score) for one in self.features() if one.name in checked]

    def model(self, feature: str = "ask") -> tuple[str, str]:
        """Name and identity of what does this; empty where nothing does."""
        place = self._places.place(SERVED_BY[feature])
        return (place.name, identity_of(place)) if place is not None else ("", "")

    def feature(self, name: str) -> Feature:
        """What is known of one capability; where it was not checked, its score is 0."""
        # Across languages meaning may fail without harm: nobody was promised it.
        own = [score for score in self.scores() if score.capability == name]
        own = [score for score in own if name != "embed" or "-" not in score.language]
        found = self.languages(name)
        on = [score.score for score in own if score.language in found]
        return Feature(name, bool(found), min(on or [score.score for score in own] or [0.0]), tuple(sorted(found)))

    def _in_use(self) -> tuple[tuple[str, str], ...]:
        names = dict.fromkeys(SERVED_BY.values())
        return tuple((name, identity_of(place)) for name in names if (place := self._places.place(name)) is not None)


class Gate:
    """For the calls, which do not know in which language somebody asks: what is on in any. The feature asked that."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def may(self, feature: str) -> bool:
        return bool(self._capabilities.languages(feature))
