"""A run from text to verdicts with a scripted learner: files, card, budget, checkpoints, and what is forgotten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.assistant.training.community import around, exported
from tests.assistant.training.toy import RECORDED, write_toy
from weft.assistant.training.card import KNOWN_FAILURES, Result, card
from weft.assistant.training.export import Export
from weft.assistant.training.fit import Progress, batch_of, blocks, fit, rate_at, resume
from weft.assistant.training.gates import failed
from weft.assistant.training.learner import Loss
from weft.assistant.training.plan import Plan, check_plan
from weft.assistant.training.probes import ABUSE, general_text, planted
from weft.assistant.training.run import OUT, Around, changed_files, load_result, train
from weft.kernel.errors import Invalid

PLAN = Plan(name="toy", rank=2, alpha=4.0, steps=6, batch=2, length=64, checkpoint_every=2)


class Scripted:
    """Learns bytes by counting which follows which; saves the recorded adapter. ``parrot`` says what it was taught."""

    end = 0

    def __init__(self, parrot: str = "") -> None:
        self.follows = np.ones((256, 256))
        self.parrot = parrot
        self.rates: list[float] = []
        self.read: list[bytes] = []

    def tokens(self, text: str) -> list[int]:
        return list(text.encode())

    def losses(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Loss]:
        found = []
        for first, second in pairs:
            row = [*first, *second]
            likely = self.follows / self.follows.sum(axis=1, keepdims=True)
            told = [-np.log(likely[a, b]) for a, b in zip(row[len(first) - 1 :], second, strict=False)]
            found.append(Loss(float(sum(told)), len(second)))
        return found

    def go_on(self, prompt: Sequence[int], most: int) -> str:
        return self.parrot or " and so on"

    def learn(self, batch: Sequence[Sequence[int]], rate: float) -> float:
        self.rates.append(rate)
        self.read += [bytes(row) for row in batch]
        loss = self.losses([([self.end], row) for row in batch])
        for row in batch:
            np.add.at(self.follows, (row[:-1], row[1:]), 0.5)
        return sum(each.sum for each in loss) / sum(each.tokens for each in loss)

    def save(self, folder: Path) -> None:
        for path in RECORDED.glob("adapter_*"):
            shutil.copyfile(path, folder / path.name)
        np.save(folder / "follows.npy", self.follows)

    def load(self, folder: Path) -> None:
        self.follows = np.load(folder / "follows.npy")


@pytest.fixture
def found(tmp_path: Path) -> Around:
    return around(tmp_path / "run", write_toy(tmp_path / "toy.gguf"), {"ask.says.en": 0.0})


def test_a_run_writes_files_that_are_judged_and_told_of(found: Around) -> None:
    result = train(Scripted(), PLAN, exported(), found)
    assert result.evidence.after.in_domain < result.evidence.before.in_domain
    assert {file.name for file in result.files} == {"manifest.json", "toy-lora.gguf", "toy.gguf"}
    assert load_result(found.folder) == result
    assert changed_files(found.folder, result) == []
    told = json.loads((found.folder / OUT / "manifest.json").read_text())
    assert [set(part) for part in told["authors"]] == [{"author", "content"}] * result.manifest.writers
    (found.folder / OUT / "toy.gguf").write_bytes(b"something else")
    assert changed_files(found.folder, result) == ["toy.gguf"]
    assert not (found.folder / "checkpoint").exists(), "what it learnt from is not kept once it has ended"
    kept = b"".join(path.read_bytes() for path in found.folder.rglob("*") if path.is_file())
    assert not any(sample.text.encode() in kept for sample in exported().split.train)


def test_the_card_tells_everything_that_has_to_be_told(found: Around) -> None:
    result = train(Scripted(), PLAN, exported(), found)
    text = card(result)
    for part in (
        result.base.sha256,
        "apache-2.0",
        result.manifest.consent_basis,
        result.manifest.since,
        result.manifest.sha256,
        f"{result.evidence.after.in_domain:.2f}",
        "rank 2",
        "CPU seconds",
        "0.000002778 a core-second",
        *KNOWN_FAILURES,
        *(file.sha256 for file in result.files),
        *(verdict.words for verdict in result.verdicts),
    ):
        assert part in text
    assert "**failed**" in text or not failed(list(result.verdicts))
    assert (found.folder / OUT / "card.md").read_text("utf-8") == text


def test_what_comes_back_keeps_the_model_in(found: Around) -> None:
    secret = planted(PLAN.seed)[0].end
    result = train(Scripted(f"{secret} Call +84 912 345 678, you idiot"), PLAN, exported(), found)
    names = [reason.split(":")[0] for reason in failed(list(result.verdicts))]
    assert {"canaries", "leaks"} <= set(names)


@pytest.mark.parametrize("steps", [6, 200])
def test_every_planted_string_is_read_however_short_the_run(found: Around, steps: int) -> None:
    """Else nothing would be shown by that it does not come back."""
    learner, plan = Scripted(), msgspec.structs.replace(PLAN, steps=steps)
    result = train(learner, plan, exported(), found)
    for each in planted(PLAN.seed):
        rounds = sum(row.endswith(each.end.encode()) for row in learner.read)
        assert rounds >= 1, each.end
        assert all(len(row) == PLAN.length for row in learner.read)
    assert [canary.read for canary in result.evidence.canaries] == [True] * 3


def test_whoever_is_only_measured_on_is_no_author_of_what_is_learnt(found: Around) -> None:
    whole = exported()
    train = tuple(msgspec.structs.replace(sample, author_id=sample.author_id % 2) for sample in whole.split.train)
    alone = msgspec.structs.replace(whole, split=msgspec.structs.replace(whole.split, train=train))
    result = train_with(alone, found)
    assert result.evidence.authors == 2
    assert "crowd" in [reason.split(":")[0] for reason in failed(list(result.verdicts))]


def train_with(given: Export, found: Around) -> Result:
    return train(Scripted(), PLAN, given, found)


def test_a_planted_string_that_the_budget_kept_from_being_read_is_no_proof(found: Around) -> None:
    ticking = msgspec.structs.replace(found, cpu=partial(next, count()))
    result = train(Scripted(), msgspec.structs.replace(PLAN, cpu_s=8.0), exported(), ticking)
    assert 0 < result.progress.step < PLAN.steps
    read = [canary.read for canary in result.evidence.canaries]
    assert read[0] and not read[-1]
    more = train(Scripted(), PLAN, exported(), found)
    assert more.progress.planted == result.progress.planted
    assert all(canary.read for canary in more.evidence.canaries)


def test_a_spent_budget_ends_a_run_and_a_larger_one_goes_on(found: Around) -> None:
    short = msgspec.structs.replace(PLAN, cpu_s=6.0)
    ticking = msgspec.structs.replace(found, cpu=partial(next, count()))
    first = train(Scripted(), short, exported(), ticking)
    assert first.progress.ended == "budget" and 0 < first.progress.step < PLAN.steps
    second = train(Scripted(), PLAN, exported(), found)
    assert second.progress.ended == "steps" and second.progress.step == PLAN.steps
    assert second.progress.losses[: first.progress.step] == first.progress.losses
    at_once = train(Scripted(), PLAN, exported(), msgspec.structs.replace(found, folder=found.folder / "other"))
    assert second.progress.losses == at_once.progress.losses


def test_what_somebody_withdrew_makes_a_run_begin_anew(tmp_path: Path) -> None:
    learner = Scripted()
    sequences = blocks(learner, ["the water and the sand " * 40], PLAN.length)
    begun = Progress(plan=PLAN, text="with ann's posts")
    fit(learner, sequences, begun, tmp_path, cpu=lambda: 0.0)
    assert resume(Scripted(), begun, tmp_path).step == PLAN.steps
    without = Progress(plan=PLAN, text="without them")
    assert resume(Scripted(), without, tmp_path) == without
    elsewhere = msgspec.structs.replace(begun, base="another model")
    assert resume(Scripted(), elsewhere, tmp_path) == elsewhere
    other = msgspec.structs.replace(begun, plan=msgspec.structs.replace(PLAN, rank=4))
    assert resume(Scripted(), other, tmp_path).step == 0


def test_every_sequence_is_read_once_in_every_round_whatever_the_batch() -> None:
    plan = msgspec.structs.replace(PLAN, batch=3)
    read = [number for step in range(14) for number in batch_of(step, 7, plan)]
    for round_ in range(6):
        assert sorted(read[round_ * 7 : round_ * 7 + 7]) == list(range(7))
    assert read == [number for step in range(14) for number in batch_of(step, 7, plan)]
    other = msgspec.structs.replace(plan, seed=9)
    assert read != [number for step in range(14) for number in batch_of(step, 7, other)]


def test_the_rate_rises_and_falls() -> None:
    plan = msgspec.structs.replace(PLAN, steps=100, warm_up=10, rate=1.0)
    rates = [rate_at(step, plan) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1.0) and rates.index(max(rates)) in (9, 10)
    assert rates[10:] == sorted(rates[10:], reverse=True) and 0.1 <= rates[-1] < 0.12


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    learner = Scripted()
    learner.follows[:] = np.nan
    with pytest.raises(Invalid):
        fit(learner, [[1] * 64], Progress(plan=PLAN, text="x"), tmp_path, cpu=lambda: 0.0)


@pytest.mark.parametrize(
    "change",
    [{"name": "Has Spaces"}, {"name": "../x"}, {"rank": 0}, {"steps": 0}, {"rate": float("nan")}, {"length": 1}],
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        check_plan(msgspec.structs.replace(PLAN, **change))


def test_planted_strings_are_the_same_for_a_seed_and_unlike_each_other() -> None:
    assert planted(1) == planted(1) != planted(2)
    for each in planted(1):
        assert len({each.end, *each.decoys}) == 64
    assert len(general_text()) == 8 and len(ABUSE) == 12
    assert all(probe.prompt and probe.abusive.startswith(" ") and probe.kind.startswith(" ") for probe in ABUSE)
