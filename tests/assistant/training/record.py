"""Records `toy/`: run it where torch, transformers and peft are, with `python -m tests.assistant.training.record`."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from tests.assistant.training.toy import RECORDED, write_toy
from weft.assistant.training.peft_learner import PeftLearner, adapter_config
from weft.assistant.training.plan import Plan

TEXT = "the sand and the water of the river are now in the town and the town is warm. " * 8
STEPS = 40


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        base = write_toy(place / "toy.gguf")
        learner = PeftLearner(base, Plan(name="toy", rank=2, alpha=4.0, seed=7))
        tokens = learner.tokens(TEXT)[:64]
        losses = [learner.learn([tokens, tokens[8:] + tokens[:8]], 0.02) for _ in range(STEPS)]
        learner.save(place / "saved")
        RECORDED.mkdir(exist_ok=True)
        shutil.copyfile(place / "saved" / "adapter_model.safetensors", RECORDED / "adapter_model.safetensors")
        (RECORDED / "adapter_config.json").write_text(json.dumps(adapter_config(place / "saved"), indent=1) + "\n")
        said = learner._model(input_ids=learner._torch.tensor([tokens[:24]])).logits[0, -1]
        recorded = {
            "tokens": tokens[:24],
            "logits": [round(float(value), 5) for value in said],
            "losses": [round(loss, 4) for loss in (losses[0], losses[-1])],
        }
        (RECORDED / "expected.json").write_text(json.dumps(recorded) + "\n")


if __name__ == "__main__":
    main()
