"""Lets the judge learn from what the moderators decided, and keeps what it learnt, with how well it did.

A lesson that did not change is not learnt again; one in which somebody opted out, or a post is gone, is another one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
import numpy as np

from weft.assistant.index import Embedder, Means
from weft.assistant.judge import (
    KINDS,
    Decided,
    Judge,
    Kind,
    Lesson,
    Quality,
    Why,
    evaluate,
    is_enough,
    learn,
    lesson_of,
    seeds,
)
from weft.assistant.language import guess_language
from weft.assistant.vectors import Floats
from weft.infra.db import Db, Reader, Row
from weft.kernel.ids import bucket_of

MOST_REPORTS: Final = 600
"""The newest decided ones: they teach what is unwanted here now."""
BATCH: Final = 32
NOBODY: Final = 0
"""On whose budget posts are read: the community's."""


class Decisions(Protocol):
    """What moderators decided, the newest first; filled in ``wiring`` from the resolved reports.

    A report that was upheld makes its posts ``spam`` or ``abuse``; one that was unfounded makes them ``ok``. Nothing of
    anybody who opted out, and no post that is gone.
    """

    async def __call__(self, reader: Reader, limit: int) -> Sequence[Decided]: ...


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one kind, as the staff sees it."""

    kind: Kind
    model: str
    lesson: str
    quality: Quality
    why: Why
    """Why it is not suggested; empty where it is."""
    at_ms: int

    @property
    def serves(self) -> bool:
        return not self.why


class Serving(msgspec.Struct, frozen=True):
    """The judge as far as it may be used."""

    judge: Judge
    kinds: tuple[Kind, ...]


STORE = """
INSERT INTO assistant_judges  -- shared
       (kind, model, lesson, serves, why, decided, harmless, shown, correct, weights, level, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (kind) DO UPDATE
   SET model = excluded.model, lesson = excluded.lesson, serves = excluded.serves, why = excluded.why,
       decided = excluded.decided, harmless = excluded.harmless, shown = excluded.shown, correct = excluded.correct,
       weights = excluded.weights, level = excluded.level, at_ms = excluded.at_ms
"""

LOAD = """
SELECT kind, model, lesson, why, decided, harmless, shown, correct, at_ms
  FROM assistant_judges ORDER BY kind DESC  -- shared
"""

SERVING = """
SELECT kind, weights, level, serves FROM assistant_judges WHERE model = $1  -- shared
"""

READ = """
SELECT e.post_id, e.vector FROM unnest($2::smallint[], $3::bigint[], $4::smallint[]) AS want (bucket, id, version)
  JOIN post_embeddings e ON e.bucket = want.bucket AND e.post_id = want.id AND e.model = $1 AND e.version = want.version
"""


async def load_learnt(reader: Reader) -> list[Learnt]:
    return [_learnt(row) for row in await reader.rows(LOAD)]


def _learnt(row: Row) -> Learnt:
    quality = Quality(row[4], row[5], row[6], row[7])
    return Learnt(kind=row[0], model=row[1], lesson=row[2], why=row[3], quality=quality, at_ms=row[8])


async def find_serving(reader: Reader, model: str) -> Serving | None:
    """The judge that learnt with this model, if it is good enough for anything."""
    rows = {row[0]: row for row in await reader.rows(SERVING, model)}
    kinds = tuple(kind for kind in KINDS if kind in rows and rows[kind][3])
    if not kinds:
        return None
    columns = {kind: np.frombuffer(rows[kind][1], np.float32).astype(np.float64) for kind in kinds}
    nothing = np.zeros(len(columns[kinds[0]]))
    weights = np.stack([columns.get(kind, nothing) for kind in KINDS], axis=1)
    level = np.array([rows[kind][2] if kind in rows else 0.0 for kind in KINDS])
    return Serving(Judge(weights, level), kinds)


class Text(Protocol):
    """A version of a post that is to be read."""

    @property
    def post_id(self) -> int: ...

    @property
    def version(self) -> int: ...

    @property
    def text(self) -> str: ...


async def read_vectors(db: Db, embedder: Embedder, texts: Sequence[Text]) -> Floats:
    """A unit vector for each: from the index where it has this version, else the model reads it.

    Raises:
        Limited: the budget is spent.
        Unavailable: the model cannot answer now.
    """
    ids = [text.post_id for text in texts]
    async with db.read() as reader:
        buckets, versions = [bucket_of(id_) for id_ in ids], [text.version for text in texts]
        known = {row[0]: unit_of(row[1]) for row in await reader.rows(READ, embedder.model, buckets, ids, versions)}
    unread = [text for text in texts if text.post_id not in known]
    for start in range(0, len(unread), BATCH):
        batch = unread[start : start + BATCH]
        vectors = await embedder.embed([text.text for text in batch], NOBODY)
        known |= {text.post_id: vector for text, vector in zip(batch, vectors, strict=True)}
    return np.stack([known[id_] for id_ in ids])


def unit_of(row: bytes) -> Floats:
    """The direction that a row of signed bytes holds."""
    vector = np.frombuffer(row, np.int8).astype(np.float32)
    unit: Floats = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit


async def learn_again(db: Db, means: Means, decisions: Decisions) -> None:
    """Learn from the decisions of now, unless that was done; without a model nothing is learnt, and nothing forgotten.

    Raises:
        Limited: the budget is spent.
        Unavailable: the model cannot answer now; what was learnt before goes on.
    """
    if means.embedder is None:
        return
    model = means.embedder.model
    async with db.read() as reader:
        given = await decisions(reader, MOST_REPORTS)
        known = await load_learnt(reader)
    decided = lesson_of([one for one in given if guess_language(one.text, one.language) in means.languages])
    lesson = _name_of(decided, model)
    if {one.lesson for one in known} == {lesson}:
        return
    judge, quality = await _learn(db, means.embedder, decided)
    async with db.job() as tx:
        for kind, column in zip(KINDS, judge.weights.T, strict=True):
            why, counts = ("few" if not _is_taught(decided, kind) else quality[kind].why), quality[kind]
            numbers = counts.decided, counts.harmless, counts.shown, counts.correct
            weights = column.astype(np.float32).tobytes()
            level = float(judge.level[KINDS.index(kind)])
            await tx.execute(STORE, kind, model, lesson, not why, why, *numbers, weights, level, tx.now_ms)


async def _learn(db: Db, embedder: Embedder, decided: Sequence[Decided]) -> tuple[Judge, dict[Kind, Quality]]:
    """What the decisions teach; where they are too few for any kind, no model is asked."""
    if not any(_is_taught(decided, kind) for kind in KINDS):
        return Judge(np.zeros((0, len(KINDS))), np.zeros(len(KINDS))), _counted(decided)
    lesson = await read_lesson(db, embedder, decided)
    # Some seconds for many decisions: not on the loop that answers everybody.
    return await asyncio.to_thread(lambda: (learn(lesson), dict(evaluate(lesson))))


async def read_lesson(db: Db, embedder: Embedder, decided: Sequence[Decided]) -> Lesson:
    """The decisions and the seeds with their vectors. For the errors see ``read_vectors``."""
    vectors = await read_vectors(db, embedder, decided)
    return Lesson(vectors, decided, await embedder.embed([one.text for one in seeds()], NOBODY))


def _is_taught(decided: Sequence[Decided], kind: Kind) -> bool:
    return is_enough(decided, kind) and is_enough(decided, "ok")


def _counted(decided: Sequence[Decided]) -> dict[Kind, Quality]:
    verdicts = [one.verdict for one in decided]
    return {kind: Quality(verdicts.count(kind), verdicts.count("ok")) for kind in KINDS}


def _name_of(decided: Sequence[Decided], model: str) -> str:
    told = sorted((one.post_id, one.version, one.verdict) for one in decided)
    return hashlib.sha256(msgspec.json.encode((model, told, [one.text for one in seeds()]))).hexdigest()
