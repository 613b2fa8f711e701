"""One run, from the exported text to files with verdicts: everything that needs no database.

The text is in memory alone. A run's folder holds checkpoints while it learns; what stays are the files, the manifest,
the card, the result and the run's key, which nobody else gets.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from weft.assistant.training.card import Base, Cost, File, Result, card
from weft.assistant.training.corpus import documents
from weft.assistant.training.export import Export
from weft.assistant.training.fit import Progress, blocks, fit, places_for, plant, resume
from weft.assistant.training.gates import Evidence, Scores, judge
from weft.assistant.training.learner import Learner
from weft.assistant.training.lora import largest_difference, read_adapter, write_adapter, write_merged
from weft.assistant.training.manifest import published
from weft.assistant.training.measure import canary, scores
from weft.assistant.training.plan import Plan
from weft.assistant.training.probes import planted
from weft.assistant.training.weights import Weights
from weft.infra.engine.files import put, sha256_of
from weft.infra.engine.gguf import Value

OUT: Final = "files"
RESULT: Final = "result.json"


class Golden(Protocol):
    """Runs the golden set on a model's file."""

    def __call__(self, file: Path) -> Mapping[str, float]:
        """Each capability's score, 0 to 1."""


class Price(msgspec.Struct, frozen=True):
    """Of a CPU second of training, in 1e-9 of the currency."""

    per_unit: int
    version: int


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a run finds around it."""

    folder: Path
    base_file: Path
    base: Base
    price: Price
    software: Mapping[str, str]
    made: str
    cpu: Callable[[], float]
    golden: Golden | None = None
    tell: Callable[[str], None] = lambda line: None


def train(learner: Learner, plan: Plan, exported: Export, around: Around) -> Result:
    """Measure, learn, measure again, write the files, and judge. The verdicts are in the result; nothing is published.

    Raises:
        Invalid: too little text, or a loss that is no number.
    """
    began = around.cpu()
    around.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held_out = documents(exported.split.held_out)
    canaries = planted(plan.seed)
    around.tell("measuring the base")
    # A learner that was never taught says what its base says.
    before, tokens, _ = scores(learner, held_out)
    sequences: Sequence[Sequence[int]] = blocks(learner, documents(exported.split.train), plan.length)
    places = places_for(len(canaries), len(sequences), plan)
    fresh = Progress(plan=plan, text=exported.manifest.sha256, base=around.base.sha256, planted=places)
    begun = resume(learner, fresh, around.folder)
    strings = [[learner.end, *learner.tokens(each.prompt), *learner.tokens(each.end)] for each in canaries]
    sequences = plant(sequences, strings, begun.planted, plan)
    around.tell(f"{len(sequences)} sequences; begins at step {begun.step}")
    learning = around.cpu()
    progress = fit(learner, sequences, begun, around.folder, cpu=around.cpu, tell=around.tell)
    learnt = around.cpu() - learning
    around.tell("measuring what was learnt")
    after, _, leaked = scores(learner, held_out)
    was_read = [place < progress.read for place in progress.planted]
    found = tuple(canary(learner, each, read=read) for each, read in zip(canaries, was_read, strict=False))
    written = write_files(plan, around)
    before, after = _with_golden(before, after, plan, around)
    evidence = Evidence(
        before=before,
        after=after,
        canaries=found,
        leaked=leaked,
        authors=len({sample.author_id for sample in exported.split.train}),
        largest_share=exported.manifest.largest_share,
        held_out_tokens=tokens,
        written=written,
    )
    return finish(plan, exported, around, evidence, (progress, around.cpu() - began - learnt))


def write_files(plan: Plan, around: Around) -> float:
    """Both GGUF files of the last checkpoint; how far the merged one is from what was measured."""
    base = Weights(around.base_file)
    adapter = read_adapter(around.folder / "checkpoint", base)
    out = around.folder / OUT
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(mode=0o700)
    about: dict[str, Value] = {
        "general.name": plan.name,
        "general.license": around.base.licence,
        "general.base_model.count": 1,
        "general.base_model.0.name": around.base.name,
    }
    write_adapter(out / f"{plan.name}-lora.gguf", adapter, base, about)
    write_merged(out / f"{plan.name}.gguf", adapter, base, about)
    return largest_difference(out / f"{plan.name}.gguf", adapter, base)


def _with_golden(before: Scores, after: Scores, plan: Plan, around: Around) -> tuple[Scores, Scores]:
    if around.golden is None:
        return before, after
    around.tell("running the golden set on the base and on the new model")
    own = around.golden(around.folder / OUT / f"{plan.name}.gguf")
    return (
        msgspec.structs.replace(before, golden=around.golden(around.base_file)),
        msgspec.structs.replace(after, golden=own),
    )


def finish(plan: Plan, exported: Export, around: Around, evidence: Evidence, done: tuple[Progress, float]) -> Result:
    """Judge, write manifest, card and result, and forget the text's checkpoints."""
    progress, measuring = done
    out = around.folder / OUT
    (out / "manifest.json").write_bytes(_json(published(exported.manifest)))
    files = tuple(
        File(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size) for path in sorted(out.iterdir())
    )
    spent = progress.cpu_s + measuring
    result = Result(
        title=plan.name,
        made=around.made,
        base=around.base,
        manifest=exported.manifest,
        progress=progress,
        evidence=evidence,
        verdicts=tuple(judge(evidence)),
        cost=Cost(
            learning_cpu_s=progress.cpu_s,
            measuring_cpu_s=measuring,
            per_unit=around.price.per_unit,
            price_version=around.price.version,
            cost=-(-int(spent * 1000) * around.price.per_unit // 1000),
        ),
        files=files,
        software=dict(around.software),
    )
    (out / "card.md").write_text(card(result), "utf-8")
    put(around.folder / RESULT, _json(result))
    if progress.ended == "steps":
        shutil.rmtree(around.folder / "checkpoint", ignore_errors=True)
    return result


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def load_result(folder: Path) -> Result | None:
    """What a run came to; None if there was none that ended."""
    try:
        return msgspec.json.decode((folder / RESULT).read_bytes(), type=Result)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def changed_files(folder: Path, result: Result) -> list[str]:
    """The files that are not what was judged."""
    out = folder / OUT
    return [
        file.name
        for file in result.files
        if not (out / file.name).is_file() or sha256_of(out / file.name) != file.sha256
    ]
