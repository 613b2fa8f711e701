"""What our own engine costs through our client, held against the same engine called directly in one process.

Both sides do the same work in turns, so that whatever else the machine does weighs on both. CPU is that of the engine
and of whoever asks together.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from bench.bars import OTHER
from bench.measure import Value
from bench.report import Result
from weft.assistant.golden_set import load_golden
from weft.infra.engine.client import Models, cpu_s
from weft.infra.engine.files import Task, why_off
from weft.infra.engine.model import Ask, Bounds, Endpoint, Message, Usage
from weft.infra.engine.process import LocalEngines, environment
from weft.infra.http import Fetcher
from weft.kernel.clock import Clock

ROUNDS, PROMPTS, TOKENS = 6, 3, 64
POSTS, WORDS = 1000, 60

# The machine may be busy with other things; CPU is what is measured.
PATIENT = Bounds(first_s=600, between_s=600, total_s=3600)

Measured = tuple[float, float]
"""Tokens or texts, and CPU seconds."""


def engine() -> Iterator[Result]:
    """Tokens per CPU second, and vectors of posts; nothing where the engine is not installed."""
    if reason := why_off():
        yield Value(name="engine", value=0.0, unit="", note=f"not measured: {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        yield from uvloop.run(measure(Path(folder)))


async def measure(folder: Path) -> list[Result]:
    engines = LocalEngines(folder, Clock())
    fetcher = Fetcher(frozenset(), None, "weft-bench")
    models = Models(fetcher)
    try:
        return [*await chat(engines, models), *await embed(engines, models)]
    finally:
        await models.aclose()
        await fetcher.aclose()
        await engines.aclose()


async def chat(engines: LocalEngines, models: Models) -> list[Result]:
    endpoint = await engines.endpoint("chat")
    ours, direct = [], []
    with called_directly(engines, "chat") as other:
        for number in range(ROUNDS + 1):
            prompts = [prompt(f"{number} {place}") for place in range(PROMPTS)]
            ours.append(await through_the_client(models, endpoint, prompts))
            direct.append(ask_directly(other, prompts))
    rates = [statistics.median(tokens / cpu for tokens, cpu in side[1:]) for side in (ours, direct)]
    return [
        plain("chat tokens/CPU-s", rates[0], "/s", f"called directly {rates[1]:.1f}/s"),
        barred("chat tokens / direct", rates[0] / rates[1]),
    ]


async def through_the_client(models: Models, endpoint: Endpoint, prompts: Sequence[str]) -> Measured:
    before = cpu_s(endpoint.pid) + time.process_time()
    tokens = 0
    for text in prompts:
        async for piece in models.stream(endpoint, Ask((Message("user", text),), TOKENS), PATIENT):
            if isinstance(piece, Usage):
                tokens += piece.output
    return tokens, cpu_s(endpoint.pid) + time.process_time() - before


async def embed(engines: LocalEngines, models: Models) -> list[Result]:
    endpoint = await engines.endpoint("embed")
    texts = posts()
    ours, direct = [], []
    with called_directly(engines, "embed") as other:
        for _ in range(3):
            before = cpu_s(endpoint.pid) + time.process_time()
            await models.embed(endpoint, texts, PATIENT)
            ours.append(cpu_s(endpoint.pid) + time.process_time() - before)
            direct.append(ask_directly(other, texts)[1])
    spent, bare = statistics.median(ours), statistics.median(direct)
    return [
        barred("embed 1000 posts", spent, f"called directly {bare:.1f} s"),
        barred("embed / direct", spent / bare),
    ]


@contextmanager
def called_directly(engines: LocalEngines, task: Task) -> Iterator[subprocess.Popen[str]]:
    model = engines.model(task)
    assert model is not None
    argv = [sys.executable, "-m", "bench.engine_direct", task, str(engines.files.prepare(model))]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment() | {"PYTHONUNBUFFERED": "1"}
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def ask_directly(process: subprocess.Popen[str], texts: Sequence[str]) -> Measured:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(texts) + "\n")
    process.stdin.flush()
    answer: Any = json.loads(process.stdout.readline())
    return answer["done"], answer["cpu_s"]


def prompt(salt: str) -> str:
    return f"{salt}. Describe a walk through a small town in the morning, with all that can be seen and heard."


def posts() -> list[str]:
    """Of words that English has: words without sense are three times as much to read, cut into more tokens."""
    draw = random.Random(4)
    words = [word for scene in load_golden().scenes for text in scene.texts("en") for word in text.split()]
    return [" ".join(draw.choices(words, k=WORDS)) for _ in range(POSTS)]


def plain(name: str, value: float, unit: str, note: str = "") -> Result:
    return Value(name=name, value=value, unit=unit, note=note)


def barred(name: str, value: float, note: str = "") -> Result:
    bar = OTHER[name]
    return Value(name=name, value=value, unit=bar.unit, bar=str(bar), passed=bar.holds(value), note=note)
