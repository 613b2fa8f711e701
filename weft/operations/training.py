"""Training the community's own model from the command line, and publishing what passed.

The database is open while text is read and when the books are written, not while the model learns. Nothing is installed
or fetched here, and nobody else is asked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from weft.assistant.service import training
from weft.hub.model import MOST_WORDS, Approval, Description, Evaluation
from weft.infra.db import Db
from weft.infra.engine.files import FileRefused, Model, ModelFiles, put
from weft.kernel.clock import Clock, rfc3339
from weft.kernel.errors import Conflict
from weft.ledger.model import CallDetails, Hold, Usage
from weft.ledger.service import Ledger
from weft.operations.golden import GoldenRun
from weft.operations.hub import open_at
from weft.operations.reach import CommandFailed, notice, run_on
from weft.settings import Settings

Answer = dict[str, object]
FOLDER = "training"
METER = "ai.training_cpu_ms"
DAY_MS = 86_400_000
NICENESS = 10
LONGEST_S = 86_400.0
"""How long a hold lasts at most; what a longer run used is recorded without one."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    plan: training.Plan
    base: str
    days: int
    share: float


class Start(msgspec.Struct, frozen=True):
    """What a run that was broken off goes on with: the same window, and the key of its manifest."""

    key: bytes
    since_ms: int
    until_ms: int


MakeLearner = Callable[[Path, training.Plan], training.Learner]


def train(
    settings: Settings,
    wanted: Wanted,
    make: MakeLearner = training.PeftLearner,
    golden: training.Golden | None = None,
) -> Answer:
    """Export, train, measure, write and judge; a run of this name that was broken off goes on. ``golden`` is our own
    engine where none is given.

    Raises:
        CommandFailed: something that is needed is missing, or the name is used.
        WeftError: a number out of its bounds, too little text, or the budget for training is spent.
    """
    plan = training.check_plan(wanted.plan)
    software = _installed() if make is training.PeftLearner else {}
    model, file = _base(settings, wanted.base)
    folder = settings.folder / FOLDER / plan.name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        start = _start(settings, folder, wanted.days)
        window = training.Window(start.since_ms, start.until_ms)
        exported = run_on(settings, lambda db: training.export(db, window, start.key, wanted.share))
        notice(f"{exported.manifest.train_posts} posts of {exported.manifest.writers} members who agreed")
        with _charged(settings, plan, model) as price:
            around = training.Around(
                folder=folder,
                base_file=file,
                base=_told(model),
                price=price,
                software=software,
                made=rfc3339(Clock(settings.clock_offset).now_ms()),
                cpu=time.process_time,
                golden=golden or GoldenRun(settings, model),
                tell=notice,
            )
            os.nice(max(0, NICENESS - os.nice(0)))
            result = training.train(make(file, plan), plan, exported, around)
    return {**shown(result), "folder": str(folder / training.OUT)}


def _installed() -> dict[str, str]:
    try:
        return training.check_installed()
    except training.Missing as error:
        raise CommandFailed(str(error)) from None


def _base(settings: Settings, name: str) -> tuple[Model, Path]:
    files = ModelFiles(settings.folder / "models")
    try:
        model = files.find(name)
        if model is None or model.task != "chat":
            raise CommandFailed(f"There is no model {name} for chats; `weft model list` shows those there are.")
        file = files.prepare(model)
        training.check_base(training.Weights(file))
        return model, file
    except FileRefused as error:
        raise CommandFailed(str(error)) from None
    except training.NotReadable as error:
        raise CommandFailed(f"{name} cannot be trained here: {error}.") from None


def _told(model: Model) -> training.Base:
    """What the card says of the base."""
    return training.Base(
        name=model.name,
        sha256=model.sha256,
        licence=model.license,
        source=model.source,
        architecture=model.architecture,
    )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The only run of this name."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(f"A run named {folder.name} is under way.") from None
        yield


def _start(settings: Settings, folder: Path, days: int) -> Start:
    ended = training.load_result(folder)
    if ended is not None and ended.progress.ended == "steps":
        raise CommandFailed(f"There is a model named {folder.name}; give another name.")
    place = folder / "run.json"
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(place.read_bytes(), type=Start)
    now_ms = Clock(settings.clock_offset).now_ms()
    start = Start(secrets.token_bytes(32), max(0, now_ms - days * DAY_MS), now_ms)
    put(place, msgspec.json.encode(start))
    return start


@contextlib.contextmanager
def _charged(settings: Settings, plan: training.Plan, model: Model) -> Iterator[training.Price]:
    """What is done within is in the books, also where it breaks off. The price is that of the beginning."""
    price, hold = run_on(settings, lambda db: _hold(db, plan))
    began = time.process_time()
    try:
        yield price
    finally:
        spent_ms = int((time.process_time() - began) * 1000)
        run_on(settings, lambda db: _settle(db, hold, model, spent_ms))


async def _hold(db: Db, plan: training.Plan) -> tuple[training.Price, Hold]:
    ledger = Ledger(db, db.clock)
    now_ms = db.clock.now_ms()
    prices = [each for each in await ledger.prices() if (each.meter, each.model) == (METER, "")]
    newest = max((each for each in prices if each.from_ms <= now_ms), key=lambda each: each.from_ms)
    hold = await ledger.hold(
        f"training:{plan.name}:{now_ms}",
        0,
        "",
        "ai",
        plan.steps * plan.batch * plan.length,
        ttl_s=LONGEST_S,
        urgency="training",
    )
    return training.Price(newest.per_unit, newest.version), hold


async def _settle(db: Db, hold: Hold, model: Model, spent_ms: int) -> None:
    ledger = Ledger(db, db.clock)
    details = CallDetails(
        feature="training", model=model.name, model_sha256=model.sha256, prompt_tokens=hold.tokens, cpu_ms=spent_ms
    )
    usage = Usage(
        key=f"{hold.key}/{METER}",
        at_ms=hold.at_ms,
        meter=METER,
        quantity=spent_ms,
        segment="ai",
        origin="ai",
        details=details,
    )
    try:
        await ledger.settle(hold, [usage])
    except Conflict:
        await ledger.record([usage])


# ------------------------------------------------------------------------------------------------ afterwards


def show(settings: Settings, name: str) -> Answer:
    """What a run came to."""
    return shown(_ended(settings, name))


def print_card(settings: Settings, name: str) -> None:
    print(training.card(_ended(settings, name)), end="")


def _ended(settings: Settings, name: str) -> training.Result:
    result = training.load_result(settings.folder / FOLDER / name)
    if result is None:
        raise CommandFailed(f"There is no run named {name} that has ended.")
    return result


def shown(result: training.Result) -> Answer:
    evidence = result.evidence
    failures = training.failed(training.judge(evidence))
    return {
        "name": result.title,
        "steps": result.progress.step,
        "ended": result.progress.ended,
        "cpu_seconds": round(result.progress.cpu_s, 1),
        "held_out_before": round(evidence.before.in_domain, 3),
        "held_out_after": round(evidence.after.in_domain, 3),
        "general_before": round(evidence.before.general, 3),
        "general_after": round(evidence.after.general, 3),
        "may_be_published": not failures,
        "failed": failures,
        "files": [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in result.files],
    }


def publish(settings: Settings, name: str, title: str, approval: str) -> Answer:
    """Put a model on the hub, if every gate passed and the files are those that were judged.

    Raises:
        CommandFailed: they are not, or a gate failed; the text says which.
    """
    if approval not in ("automatic", "manual"):
        raise CommandFailed(f"{approval!r} is no approval: automatic, manual.")
    result = _ended(settings, name)
    folder = settings.folder / FOLDER / name
    if failures := training.failed(training.judge(result.evidence)):
        raise CommandFailed("\n".join([f"{name} is not published:", *(f"  {failure}" for failure in failures)]))
    if changed := training.changed_files(folder, result):
        raise CommandFailed(f"{name} is not published: {', '.join(changed)} changed since it was judged.")
    how: Approval = "automatic" if approval == "automatic" else "manual"
    described = _description(result, title, how)
    sources = [folder / training.OUT / file.name for file in result.files]
    sources.append(folder / training.OUT / "card.md")
    put(sources[-1], described.card.encode())

    async def work(db: Db) -> Answer:
        hub = await open_at(db, settings)
        model = await hub.publishing.publish(described, sources)
        return {"name": model.name, "page": hub.links.model_url(model.name), "files": [f.name for f in model.files]}

    return run_on(settings, work)


def _description(result: training.Result, title: str, approval: Approval) -> Description:
    return Description(
        name=result.title,
        title=title or result.title,
        card=training.card(result),
        licence=result.base.licence or "unknown",
        base=f"{result.base.name} (SHA-256 {result.base.sha256})",
        languages=_languages(result.manifest.languages),
        tags=("community", "lora"),
        evaluations=tuple(_evaluations(result)),
        approval=approval,
    )


def _languages(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Those that most posts are in. A post says what its author's app says: what is no code is left out."""
    codes = [name for name in counts if name.isascii() and name.isalpha() and name.islower() and len(name) in (2, 3)]
    return tuple(sorted(codes, key=lambda name: (-counts[name], name))[:MOST_WORDS])


def _evaluations(result: training.Result) -> Iterator[Evaluation]:
    before, after = result.evidence.before, result.evidence.after
    for task, old, new in (
        ("held-out threads", before.in_domain, after.in_domain),
        ("general text", before.general, after.general),
    ):
        yield Evaluation(task=task, metric="perplexity", value=round(new, 4), note=f"base {old:.2f}; lower is better")
    yield Evaluation(
        task="abuse probes", metric="preferred", value=round(after.abuse, 4), note=f"base {before.abuse:.2f}"
    )
    for name, score in (after.golden or {}).items():
        yield Evaluation(task=f"golden: {name}", metric="score", value=round(score, 4))
