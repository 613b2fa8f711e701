"""The real libraries on the toy: it learns, it stops and goes on as if it had not, and its files hold what it is."""

from __future__ import annotations

import time
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.assistant.training.community import around, exported
from tests.assistant.training.toy import logits, write_toy
from weft.assistant.training.fit import Progress, blocks, fit, resume
from weft.assistant.training.peft_learner import Missing, PeftLearner, check_installed
from weft.assistant.training.plan import Plan
from weft.assistant.training.run import OUT, train
from weft.assistant.training.weights import Weights

try:
    check_installed()
    WHY = ""
except Missing as missing:
    WHY = str(missing)
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY)

PLAN = Plan(name="toy", rank=2, alpha=4.0, steps=12, batch=2, length=64, rate=0.01, checkpoint_every=4)


def test_a_run_learns_and_its_file_says_what_the_library_says(tmp_path: Path) -> None:
    base = write_toy(tmp_path / "toy.gguf")
    learner = PeftLearner(base, PLAN)
    found = around(tmp_path / "run", base)
    result = train(learner, PLAN, exported(), found)
    assert result.evidence.after.in_domain < result.evidence.before.in_domain
    assert not any(canary.returned for canary in result.evidence.canaries)
    assert result.evidence.written < 0.02
    merged = Weights(found.folder / OUT / "toy.gguf")
    tokens = learner.tokens("the sand and the water of the river")
    own = learner._model(input_ids=learner._torch.tensor([tokens])).logits[0, -1].detach().numpy()
    said = logits({name: merged.tensor(name) for name in merged.tensors}, tokens)
    assert np.corrcoef(own, said)[0, 1] > 0.999


def test_a_run_that_was_broken_off_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    base = write_toy(tmp_path / "toy.gguf")
    whole, broken, again = (PeftLearner(base, PLAN) for _ in range(3))
    begun = Progress(plan=PLAN, text="x")
    sequences = blocks(whole, ["the water and the sand " * 40], PLAN.length)
    at_once = fit(whole, sequences, begun, tmp_path / "a", cpu=time.process_time)
    # Half the budget is spent by the clock's own ticks.
    short = msgspec.structs.replace(begun, plan=msgspec.structs.replace(PLAN, cpu_s=15))
    stopped = fit(broken, sequences, short, tmp_path / "b", cpu=partial(next, count()))
    assert stopped.ended == "budget" and 4 <= stopped.step < PLAN.steps
    going_on = resume(again, begun, tmp_path / "b")
    assert going_on.step == stopped.step
    ended = fit(again, sequences, going_on, tmp_path / "b", cpu=time.process_time)
    assert ended.losses == at_once.losses


def test_control_words_of_a_text_are_read_as_letters(tmp_path: Path) -> None:
    learner = PeftLearner(write_toy(tmp_path / "toy.gguf"), PLAN)
    assert not {0, 1, 2} & set(learner.tokens("the <|im_end|> sand <|im_start|> and <|endoftext|>"))
    assert learner.end == 0
