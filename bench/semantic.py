"""What finding by meaning costs among 100 000 posts: random vectors, read and compared as a worker does it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.bars import OTHER
from bench.measure import Value
from weft.assistant.service import Nearness
from weft.assistant.vectors import Floats, quantise
from weft.infra.db import Db, open_db
from weft.infra.db.migrate import migrate
from weft.kernel.clock import Clock
from weft.kernel.ids import bucket_of
from weft.operations.reach import database_of
from weft.settings import Settings

POSTS = 100_000
WIDTH = 384
"""Numbers of a vector of the model that Weft brings."""
QUESTIONS = 50
NEAREST = 60
_BATCH = 5_000

FILL = """
INSERT INTO post_embeddings (bucket, post_id, model, author_id, version, vector)  -- all buckets
SELECT bucket, id, 'bench', 1, 0, vector
  FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS given (bucket, id, vector)
"""


def semantic() -> Iterator[Value]:
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        Path(folder).chmod(0o755)
        with database_of(Settings(data=f"{folder}/data")) as url:
            yield from asyncio.run(_measure(url))


async def _measure(url: str) -> list[Value]:
    await migrate(url)
    db = await open_db(url, Clock(), size=2)
    try:
        rng = np.random.default_rng(1)
        await _fill(db, rng)
        nearness, questions = Nearness(db), _unit(rng, QUESTIONS)
        cold_cpu, cold_wall = await _ask(db, nearness, questions[:1])
        cpu, wall = await _ask(db, nearness, questions)
    finally:
        await db.close()
    bar = OTHER["semantic search"]
    note = f"{POSTS} posts, {wall:.1f} ms wall, PostgreSQL not counted (it is asked nothing)"
    return [
        Value(name="semantic search", value=cpu, unit="ms", bar=str(bar), passed=bar.holds(cpu), note=note),
        Value(name="semantic cold", value=cold_cpu, unit="ms", note=f"{cold_wall:.0f} ms wall, reading every row"),
    ]


async def _ask(db: Db, nearness: Nearness, questions: Floats) -> tuple[float, float]:
    """CPU and wall milliseconds a question, of this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    for question in questions:
        async with db.read() as reader:
            assert len(await nearness.nearest(reader, "bench", question, NEAREST)) == NEAREST
    count = len(questions)
    return (time.process_time() - cpu) * 1000 / count, (time.perf_counter() - wall) * 1000 / count


async def _fill(db: Db, rng: np.random.Generator) -> None:
    for _ in range(0, POSTS, _BATCH):
        ids = [db.ids.new(int(bucket)) for bucket in rng.integers(0, 1024, _BATCH)]
        vectors = [row.tobytes() for row in quantise(_unit(rng, _BATCH))]
        async with db.job() as tx:
            await tx.execute(FILL, [bucket_of(id_) for id_ in ids], ids, vectors)


def _unit(rng: np.random.Generator, count: int) -> Floats:
    drawn = rng.standard_normal((count, WIDTH), dtype=np.float32)
    unit: Floats = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit
