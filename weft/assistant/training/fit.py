"""Teaches a learner, step by step, within a budget of CPU time: it can be stopped at any moment and goes on from the
last checkpoint as if nothing had been. What is read at which step follows from the seed alone.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from weft.assistant.training.learner import Learner
from weft.assistant.training.plan import Plan
from weft.kernel.errors import Invalid

Ended = Literal["steps", "budget"]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is. `text` is the hash of what is learnt, `base` that of the model it is made from: with another of
    these a run begins anew."""

    plan: Plan
    text: str
    base: str = ""
    step: int = 0
    cpu_s: float = 0.0
    losses: tuple[float, ...] = ()
    planted: tuple[int, ...] = ()
    """At which places of the order of reading a planted string stands, one for each that found room."""
    ended: Ended | None = None

    @property
    def read(self) -> int:
        """How many sequences were read, every round anew."""
        return self.step * self.plan.batch


class Spent:
    """CPU seconds of this process since it was made, on top of those before."""

    def __init__(self, clock: Callable[[], float], before: float = 0.0) -> None:
        self._clock = clock
        self._start = clock() - before

    def __call__(self) -> float:
        return self._clock() - self._start


def blocks(learner: Learner, texts: Sequence[str], length: int) -> list[list[int]]:
    """All texts one after the other, cut into sequences. The rest that fills none is left out.

    Raises:
        Invalid: not even one sequence is full.
    """
    stream: list[int] = []
    for text in texts:
        stream += [learner.end, *learner.tokens(text)]
    cut = [stream[start : start + length] for start in range(0, len(stream) - length + 1, length)]
    if not cut:
        raise Invalid("training.too_little", samples=len(texts))
    return cut


def batch_of(step: int, sequences: int, plan: Plan) -> list[int]:
    """Which sequences are read at a step: each once in every round, in an order that the seed draws."""
    return [read_at(place, sequences, plan) for place in range(step * plan.batch, (step + 1) * plan.batch)]


def read_at(place: int, sequences: int, plan: Plan) -> int:
    around, within = divmod(place, sequences)
    return int(np.random.default_rng((plan.seed, around)).permutation(sequences)[within])


def places_for(strings: int, sequences: int, plan: Plan) -> tuple[int, ...]:
    """Where planted strings go: early, in the middle and late among what is read in the first round.

    What a short run never reads would show nothing, and neither would the rest of the text that fills no sequence.
    """
    read = min(sequences, plan.steps * plan.batch)
    return tuple(sorted({(2 * number + 1) * read // (2 * strings) for number in range(strings)}))


def plant(
    sequences: Sequence[Sequence[int]], strings: Sequence[Sequence[int]], places: Sequence[int], plan: Plan
) -> list[Sequence[int]]:
    """The sequences with a string at the end of each of those that are read at these places."""
    planted = list(sequences)
    for string, place in zip(strings, places, strict=False):
        number, tail = read_at(place, len(sequences), plan), list(string)[-plan.length :]
        planted[number] = [*planted[number][: plan.length - len(tail)], *tail]
    return planted


def rate_at(step: int, plan: Plan) -> float:
    if step < plan.warm_up:
        return plan.rate * (step + 1) / plan.warm_up
    part = (step - plan.warm_up) / max(1, plan.steps - plan.warm_up)
    return plan.rate * (0.1 + 0.45 * (1 + math.cos(math.pi * min(part, 1.0))))


def fit(
    learner: Learner,
    sequences: Sequence[Sequence[int]],
    begun: Progress,
    folder: Path,
    *,
    cpu: Callable[[], float],
    tell: Callable[[str], None] = lambda line: None,
) -> Progress:
    """Learn until the steps are done or the budget is spent; every so often everything is kept in `folder`."""
    plan, state = begun.plan, begun
    spent = Spent(cpu, state.cpu_s)
    while state.step < plan.steps and spent() < plan.cpu_s:
        chosen = [sequences[number] for number in batch_of(state.step, len(sequences), plan)]
        loss = learner.learn(chosen, rate_at(state.step, plan))
        if not math.isfinite(loss):
            raise Invalid("training.diverged", step=state.step)
        state = msgspec.structs.replace(
            state, step=state.step + 1, cpu_s=spent(), losses=(*state.losses, round(loss, 4))
        )
        if state.step % plan.checkpoint_every == 0:
            tell(f"step {state.step} of {plan.steps}: loss {loss:.3f}, {state.cpu_s:.0f} of {plan.cpu_s:.0f} CPU s")
            keep(learner, state, folder)
    state = msgspec.structs.replace(state, ended="steps" if state.step >= plan.steps else "budget", cpu_s=spent())
    keep(learner, state, folder)
    return state


def keep(learner: Learner, state: Progress, folder: Path) -> None:
    """Put a checkpoint in the place of the one before; a crash leaves one of the two, whole."""
    fresh, place = folder / "checkpoint.new", folder / "checkpoint"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    learner.save(fresh)
    (fresh / "progress.json").write_bytes(msgspec.json.encode(state))
    shutil.rmtree(folder / "checkpoint.old", ignore_errors=True)
    if place.exists():
        place.rename(folder / "checkpoint.old")
    fresh.rename(place)
    shutil.rmtree(folder / "checkpoint.old", ignore_errors=True)


def resume(learner: Learner, wanted: Progress, folder: Path) -> Progress:
    """The progress of an earlier start with the same plan, text and base, loaded; else the one given.

    Steps and budget may have grown since. Text that somebody withdrew in between makes it another text.
    """
    for place in (folder / "checkpoint", folder / "checkpoint.old"):
        try:
            found = msgspec.json.decode((place / "progress.json").read_bytes(), type=Progress)
        except (OSError, msgspec.DecodeError):
            continue
        same = msgspec.structs.replace(found.plan, steps=wanted.plan.steps, cpu_s=wanted.plan.cpu_s)
        if (found.text, found.base) == (wanted.text, wanted.base) and same == wanted.plan:
            learner.load(place)
            return msgspec.structs.replace(found, plan=wanted.plan, ended=None)
    return wanted
