"""A small community for the tests of training: posts that could be somebody's, and what a run finds around it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path

from weft.assistant.training.card import Base
from weft.assistant.training.corpus import Sample, split
from weft.assistant.training.export import Export
from weft.assistant.training.manifest import Counts, manifest_of
from weft.assistant.training.run import Around, Price
from weft.infra.engine.files import sha256_of
from weft.kernel.ids import make_id

START = 1_760_000_000_000
DAY = 86_400_000
_WORDS = "the sand and water of river town warm then how now near here other season market boat that runs in".split()


def samples(authors: int = 8, threads: int = 30, seed: int = 1) -> list[Sample]:
    drawn = random.Random(seed)
    made = []
    for thread in range(threads):
        begun = make_id(START + thread * DAY, 7)
        for reply in range(drawn.randint(1, 4)):
            text = " ".join(drawn.choice(_WORDS) for _ in range(drawn.randint(12, 30))) + "."
            at = make_id(START + thread * DAY + reply * 60_000, 7, 1)
            made.append(
                Sample(
                    post_id=at if reply else begun,
                    author_id=drawn.randrange(authors),
                    thread=begun,
                    text=text,
                    language="en",
                )
            )
    return made


def exported(authors: int = 8, threads: int = 30) -> Export:
    parts = split(samples(authors, threads))
    counts = Counts(agreed=authors, read=100, left_out={"double": 1}, taken_out={"address": 2}, share=0.05)
    return Export(parts, manifest_of(parts, counts, (START, START + 99 * DAY), b"key"))


def around(folder: Path, base: Path, golden: Mapping[str, float] | None = None) -> Around:
    return Around(
        folder=folder,
        base_file=base,
        base=Base(name="toy", sha256=sha256_of(base), licence="apache-2.0", source="made here", architecture="llama"),
        price=Price(2778, 1),
        software={"python": "3"},
        made="2026-01-01T00:00:00.000Z",
        cpu=time.process_time,
        golden=None if golden is None else lambda file: golden,
    )
