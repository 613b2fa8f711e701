"""What reading costs while many people ask the assistant: home alone, askers alone, both together, home alone again.

The askers' own work (finding, budgets, the wait for a model) is measured by itself and taken off, answer by answer;
what is left is what a page costs while they are there.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bench.bars import OTHER
from bench.community import Size, community, environment
from bench.load import Load, Plan, Seen
from bench.measure import WARM_UP, Target, Value
from bench.reading import HOME
from bench.report import Result
from bench.server import Server, serving
from bench.slow_model import NAME
from bench.static import free_port
from bench.wire import Request
from weft.assistant.bars import BARS
from weft.assistant.capabilities import identity_of, store_result
from weft.assistant.check import Result as Checked
from weft.assistant.golden_set import LANGUAGES, load_golden
from weft.infra.db import open_db
from weft.infra.engine.places import Endpoints, Place
from weft.infra.engine.process import LocalEngines
from weft.infra.events import Event
from weft.infra.signals import publish_now
from weft.kernel.clock import Clock
from weft.settings import load_settings

ASKERS = 300
SECONDS = 8.0
PLENTY = 1_000_000
QUESTIONS = ("where+is+the+market", "who+has+seen+a+cat", "when+does+the+library+open", "what+happened+yesterday")


class Spent(msgspec.Struct, frozen=True):
    """A stretch of time: the server's CPU in microseconds, and what was answered in it."""

    cpu_us: float
    pages: int
    answers: int


def askers() -> Iterator[Result]:
    port = free_port()
    more = {"WEFT_AI_CHAT_URL": f"http://127.0.0.1:{port}/v1", "WEFT_AI_CHAT_MODEL": NAME}
    with slow_model(port), community(Size.chosen()) as ours, serving(ours.folder, more) as server:
        settings = load_settings({}, environment(ours.folder) | more)[0]
        place = Endpoints(settings, LocalEngines(ours.folder, Clock())).place("chat")
        assert place is not None
        server.run(let_it_write(server, place))
        target = Target(server.address, ours.people.viewer_token)
        target.server = server
        home = [Request(path=HOME, token=ours.people.viewer_token)]
        asking = [
            Request(path=f"/api/weft/v1/assistant/ask?q={QUESTIONS[n % len(QUESTIONS)]}", token=token)
            for n, token in enumerate(ours.people.tokens[:ASKERS])
        ]
        target.ask(home * WARM_UP)
        target.ask(asking[:8])
        yield from _results(target, home, asking)


def _results(target: Target, home: list[Request], asking: list[Request]) -> Iterator[Result]:
    first = spend(target, home, [])
    only = spend(target, [], asking)
    both = spend(target, home, asking)
    last = spend(target, home, [])
    alone_us = (first.cpu_us + last.cpu_us) / max(first.pages + last.pages, 1)
    answer_us = only.cpu_us / max(only.answers, 1)
    beside_us = (both.cpu_us - answer_us * both.answers) / max(both.pages, 1)
    ratio = beside_us / max(alone_us, 1e-9)
    bar = OTHER["home beside askers"]
    yield Value(name="home alone", value=alone_us, unit="us", note=f"{first.pages + last.pages} pages")
    yield Value(name="one answer", value=answer_us, unit="us", note=f"{only.answers} answers in {SECONDS:g} s")
    yield Value(
        name="home beside askers", value=ratio, unit="x", bar=str(bar), passed=bar.holds(ratio),
        note=f"{beside_us:.0f} us; {both.pages} pages and {both.answers} answers to {ASKERS} askers",
    )  # fmt: skip


def spend(target: Target, home: list[Request], asking: list[Request]) -> Spent:
    """Both loads at the same time, for the same time; an empty one is left out."""
    plans = [
        Plan(address=target.address, requests=requests, count=PLENTY, seconds=SECONDS, connections=connections)
        for requests, connections in ((home, 8), (asking, ASKERS))
        if requests
    ]
    loads = [Load(plan) for plan in plans]
    before = target.cpu()
    with ThreadPoolExecutor(len(loads)) as pool:
        seen = list(pool.map(Load.run, loads))
    after = target.cpu()
    assert before is not None and after is not None
    for each in seen:
        if each.failed:
            raise ConnectionError(f"{each.failed} of {each.requests} failed: {each.sample}")
    counts = iter(seen)
    pages: Seen | None = next(counts) if home else None
    answers: Seen | None = next(counts) if asking else None
    return Spent(after - before, pages.requests if pages else 0, answers.requests if answers else 0)


async def let_it_write(server: Server, place: Place) -> None:
    """Say of the model that it passed what answering asks for."""
    db = await open_db(server.url, Clock(), size=1)
    events: list[Event] = []
    db.publish = events.extend
    try:
        for capability, part in BARS:
            if capability == "ask":
                for language in LANGUAGES:
                    await store_result(db, passed(place, capability, part, language))
    finally:
        await db.close()
    await publish_now(server.url, events, server.data)


def passed(place: Place, capability: str, part: str, language: str) -> Checked:
    return Checked(
        capability=capability, part=part, language=language, model=place.name, sha256=identity_of(place),
        golden=load_golden().version, right=8, asked=8, items=8, faults={},
    )  # fmt: skip


@contextlib.contextmanager
def slow_model(port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "bench.slow_model", str(port)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != b"ready\n":
            raise ConnectionError("the slow model did not start")
        yield
    finally:
        process.terminate()
        process.wait()
