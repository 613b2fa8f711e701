"""What PEFT trained and torch said is what the written files hold: checked on a recorded adapter, with numpy alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.assistant.training.toy import HEADS, RECORDED, logits, write_toy
from weft.assistant.training.lora import (
    largest_difference,
    permuted,
    read_adapter,
    write_adapter,
    write_merged,
)
from weft.assistant.training.weights import NotReadable, Weights
from weft.infra.engine.gguf import Tensor, Type, write_gguf

EXPECTED = json.loads((RECORDED / "expected.json").read_text())


@pytest.fixture
def base(tmp_path: Path) -> Weights:
    return Weights(write_toy(tmp_path / "toy.gguf"))


def weights_of(base: Weights) -> dict[str, np.ndarray]:
    return {name: base.tensor(name) for name in base.tensors}


def test_base_and_adapter_say_what_torch_said(base: Weights) -> None:
    adapter = read_adapter(RECORDED, base)
    weights = weights_of(base)
    alone = logits(weights, EXPECTED["tokens"])
    assert np.abs(alone - EXPECTED["logits"]).max() > 1, "the adapter changes what is said"
    both = weights | {name: weights[name] + adapter.added(name) for name in adapter.pairs}
    assert np.abs(logits(both, EXPECTED["tokens"]) - EXPECTED["logits"]).max() < 2e-3


def test_the_adapter_file_holds_the_same_numbers(base: Weights, tmp_path: Path) -> None:
    adapter = read_adapter(RECORDED, base)
    write_adapter(tmp_path / "lora.gguf", adapter, base, {"general.name": "toy"})
    written = Weights(tmp_path / "lora.gguf")
    assert written.text("general.type") == "adapter" and written.text("adapter.type") == "lora"
    assert written.text("general.architecture") == "llama"
    assert written.metadata["adapter.lora.alpha"].value == 4.0
    assert len(written.tensors) == 2 * len(adapter.pairs) == 28
    for name in adapter.pairs:
        a, b = written.tensor(f"{name}.lora_a"), written.tensor(f"{name}.lora_b")
        assert a.shape[0] == b.shape[1] == adapter.rank == 2
        np.testing.assert_allclose(b @ a * 4.0 / len(a), adapter.added(name), rtol=1e-6)


def test_the_merged_file_says_nearly_the_same_and_keeps_the_words(base: Weights, tmp_path: Path) -> None:
    adapter = read_adapter(RECORDED, base)
    write_merged(tmp_path / "merged.gguf", adapter, base, {"general.name": "town"})
    merged = Weights(tmp_path / "merged.gguf")
    said = logits(weights_of(merged), EXPECTED["tokens"])
    assert int(said.argmax()) == int(np.argmax(EXPECTED["logits"]))
    assert np.corrcoef(said, EXPECTED["logits"])[0, 1] > 0.999
    assert merged.text("general.name") == "town"
    kept = {key: value for key, value in base.metadata.items() if not key.startswith("general.")}
    assert kept == {key: value for key, value in merged.metadata.items() if not key.startswith("general.")}
    assert set(merged.tensors) == set(base.tensors)
    assert 0 < largest_difference(tmp_path / "merged.gguf", adapter, base) < 0.01


def test_rows_that_llama_cpp_pairs_lie_beside_each_other() -> None:
    rows = np.arange(16, dtype=np.float32).reshape(8, 2)
    moved = permuted(rows, 2)
    assert moved[:, 0].tolist() == [0, 4, 2, 6, 8, 12, 10, 14]


def test_without_the_change_of_rows_something_else_is_said(base: Weights) -> None:
    adapter = read_adapter(RECORDED, base)
    weights = weights_of(base)
    wrong = {name: weights[name] + adapter.added(name) for name in adapter.pairs}
    for name in wrong:
        if name.endswith("attn_q.weight"):
            back = adapter.added(name).reshape(HEADS, -1, 2, 64).swapaxes(1, 2).reshape(wrong[name].shape)
            wrong[name] = weights[name] + back
    assert np.abs(logits(weights | wrong, EXPECTED["tokens"]) - EXPECTED["logits"]).max() > 0.05


@pytest.mark.parametrize(
    "change",
    [
        {"use_dora": True},
        {"use_rslora": True},
        {"peft_type": "IA3"},
        {"r": 4},
        {"r": 0},
        {"rank_pattern": {"q_proj": 1}},
        {"bias": "all"},
        {"lora_alpha": "many"},
    ],
)
def test_an_adapter_of_another_kind_is_refused(base: Weights, tmp_path: Path, change: dict[str, object]) -> None:
    shutil.copytree(RECORDED, tmp_path / "other")
    config = json.loads((RECORDED / "adapter_config.json").read_text())
    (tmp_path / "other" / "adapter_config.json").write_text(json.dumps(config | change))
    with pytest.raises(NotReadable):
        read_adapter(tmp_path / "other", base)


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, base: Weights) -> None:
    smaller = tmp_path / "other.gguf"
    write_gguf(smaller, dict(base.metadata), [Tensor("blk.0.attn_q.weight", np.ones((32, 32), np.float32), Type.Q8_0)])
    with pytest.raises(NotReadable):
        read_adapter(RECORDED, Weights(smaller))


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    drawn = np.random.default_rng(1)
    values = drawn.standard_normal((6, 64)).astype(np.float32)
    tensors = [Tensor("whole", values), Tensor("half", values, Type.F16), Tensor("eight", values, Type.Q8_0)]
    write_gguf(tmp_path / "x.gguf", {"general.architecture": "llama", "a": [1, 2], "b": ["x", "yz"]}, tensors)
    found = Weights(tmp_path / "x.gguf")
    np.testing.assert_array_equal(found.tensor("whole"), values)
    np.testing.assert_allclose(found.tensor("half"), values, atol=2e-3)
    np.testing.assert_allclose(found.tensor("eight"), values, atol=float(np.abs(values).max()) / 127)
    assert found.metadata["a"].value == [1, 2] and found.metadata["b"].value == ["x", "yz"]


def test_four_bits_are_read_as_llama_cpp_writes_them() -> None:
    from weft.assistant.training.weights import Q4_1, decoded

    halves = np.arange(32) % 16
    packed = (halves[:16] | halves[16:] << 4).astype(np.uint8)
    raw = np.concatenate([np.array([0.5, -1.0], "<f2").view(np.uint8), packed])
    np.testing.assert_allclose(decoded(raw, Q4_1), halves * 0.5 - 1.0)


def test_a_file_that_was_cut_or_changed_is_refused_and_never_read_past_its_end(tmp_path: Path) -> None:
    whole = write_toy(tmp_path / "toy.gguf").read_bytes()
    drawn = np.random.default_rng(5)
    for number in range(60):
        raw = bytearray(whole)
        if number % 2:
            raw = raw[: int(drawn.integers(0, len(raw)))]
        else:
            for place in drawn.integers(0, 3000, 8):
                raw[place] = int(drawn.integers(0, 256))
        (tmp_path / "bad.gguf").write_bytes(raw or b"x")
        try:
            found = Weights(tmp_path / "bad.gguf")
            for name in found.tensors:
                found.tensor(name)
        except (NotReadable, MemoryError):
            continue
