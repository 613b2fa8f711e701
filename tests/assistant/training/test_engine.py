"""llama.cpp itself takes the written adapter beside its base, and says with it what torch said of the same adapter.

The toy is enough for that: names, shapes, strength and the order of rows are those of any base of its family. Numbers
differ a little, since the engine counts with the base's eight bits where torch has whole floats.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.assistant.training.toy import CONTEXT, RECORDED, WORDS, logits, write_toy
from weft.assistant.training.lora import read_adapter, write_adapter, write_merged
from weft.assistant.training.weights import Floats, Weights
from weft.infra.engine.files import ENGINE_PACKAGE, is_engine_installed

pytestmark = pytest.mark.skipif(not is_engine_installed(), reason=f"{ENGINE_PACKAGE} is not installed")

EXPECTED = json.loads((RECORDED / "expected.json").read_text())
NEAR = 0.3
"""Rows in the wrong order are off by 11, a strength of nine tenths by 1."""


def said_by_engine(folder: Path, model: Path, adapter: Path | None, scales: list[float]) -> list[Floats]:
    wanted: dict[str, Any] = {
        "folder": str(folder), "model": str(model), "adapter": str(adapter or ""), "tokens": EXPECTED["tokens"],
        "scales": scales, "words": WORDS, "context": CONTEXT,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.assistant.training.in_engine"],
        input=json.dumps(wanted), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [np.array(each, np.float32) for each in json.loads(done.stdout)]


def likely(scores: Floats) -> Floats:
    above: Floats = scores - scores.max()
    told: Floats = above - np.log(np.exp(above).sum())
    return told


def test_the_engine_with_base_and_adapter_says_what_torch_said(tmp_path: Path) -> None:
    base = Weights(write_toy(tmp_path / "toy.gguf"))
    adapter = read_adapter(RECORDED, base)
    write_adapter(tmp_path / "lora.gguf", adapter, base, {"general.name": "toy"})
    weights = {name: base.tensor(name) for name in base.tensors}
    alone, torch = likely(logits(weights, EXPECTED["tokens"])), likely(np.array(EXPECTED["logits"], np.float32))
    off, on, half = said_by_engine(tmp_path, tmp_path / "toy.gguf", tmp_path / "lora.gguf", [0.0, 1.0, 0.5])
    moved, without, with_it = (np.abs(a - b).max() for a, b in ((torch, alone), (off, alone), (on, torch)))
    print(f"log-probabilities: moved by up to {moved:.1f}, off by {without:.3f} without it, by {with_it:.3f} with it")
    assert moved > 10 * NEAR
    assert without < NEAR and with_it < NEAR
    assert int(on.argmax()) == int(torch.argmax()) != int(off.argmax())
    between = weights | {name: weights[name] + adapter.added(name) / 2 for name in adapter.pairs}
    assert np.abs(half - likely(logits(between, EXPECTED["tokens"]))).max() < NEAR, "the strength is a request's own"


def test_the_engine_says_of_the_merged_file_what_torch_said(tmp_path: Path) -> None:
    base = Weights(write_toy(tmp_path / "toy.gguf"))
    write_merged(tmp_path / "merged.gguf", read_adapter(RECORDED, base), base, {"general.name": "town"})
    (merged,) = said_by_engine(tmp_path, tmp_path / "merged.gguf", None, [1.0])
    torch = likely(np.array(EXPECTED["logits"], np.float32))
    assert np.abs(merged - torch).max() < 2 * NEAR
    assert int(merged.argmax()) == int(torch.argmax())
    assert np.corrcoef(merged, torch)[0, 1] > 0.999
