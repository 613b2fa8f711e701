"""An adapter as PEFT saves it becomes a GGUF adapter, and with its base one GGUF in eight bits.

Only numpy: what was trained elsewhere is written here without torch. llama.cpp rotates neighbouring pairs of a head's
rows where the training library rotates its two halves, so the rows of queries and keys change places on the way:
https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py, `permute`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from weft.assistant.training.weights import Floats, NotReadable, Weights
from weft.infra.engine.gguf import Kind, Tensor, Type, Typed, Value, write_gguf
from weft.infra.engine.safetensors import read_safetensors

PARTS: Final = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
FAMILY: Final = "llama"
"""The architecture whose rows change places as they do here. Others keep theirs, or turn them another way."""
MOSTLY_Q8_0: Final = 7
_NAME: Final = re.compile(r"base_model\.model\.model\.layers\.(\d{1,4})\.([a-z_.]+)\.lora_([AB])\.weight")


class Config(msgspec.Struct, frozen=True):
    """What of `adapter_config.json` says how the numbers are meant; the kinds that are not written here are refused."""

    r: int
    lora_alpha: float
    peft_type: str = "LORA"
    use_dora: bool = False
    use_rslora: bool = False
    bias: str = "none"
    fan_in_fan_out: bool = False
    rank_pattern: dict[str, int] = {}
    alpha_pattern: dict[str, float] = {}


class Pair(msgspec.Struct, frozen=True):
    """What is added to one matrix: `b @ a`, scaled. Rows as the GGUF has them."""

    a: Floats
    b: Floats


class Adapter(msgspec.Struct, frozen=True):
    """An adapter by the names of the base's tensors."""

    rank: int
    alpha: float
    pairs: Mapping[str, Pair]

    @property
    def scale(self) -> float:
        return self.alpha / self.rank

    def added(self, name: str) -> Floats:
        pair = self.pairs[name]
        return (pair.b @ pair.a) * np.float32(self.scale)


def permuted(rows: Floats, heads: int) -> Floats:
    """The rows of queries or keys in llama.cpp's order."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def check_base(base: Weights) -> None:
    """Refuse a base that no adapter could be written for when it has been learnt.

    Raises:
        NotReadable: it is of another architecture, or lacks a matrix that an adapter changes.
    """
    architecture = base.text("general.architecture")
    if architecture != FAMILY:
        raise NotReadable(f"its architecture is {architecture or 'not said'}; only {FAMILY} is written here")
    for layer in range(base.number(f"{FAMILY}.block_count")):
        for part in PARTS.values():
            if f"blk.{layer}.{part}.weight" not in base.tensors:
                raise NotReadable(f"there is no blk.{layer}.{part}.weight")


def read_adapter(folder: Path, base: Weights) -> Adapter:
    """The adapter that PEFT saved, fitted to its base.

    Raises:
        NotReadable: it is of another kind, of another base, or incomplete.
    """
    try:
        config = msgspec.json.decode((folder / "adapter_config.json").read_bytes(), type=Config)
    except msgspec.MsgspecError as error:
        raise NotReadable(f"adapter_config.json: {error}") from None
    check_base(base)
    plain = Config(config.r, config.lora_alpha)
    if config != plain or config.r < 1:
        raise NotReadable("an adapter of a kind that is not written here")
    halves: dict[str, dict[str, Floats]] = {}
    for theirs, values in read_safetensors(folder / "adapter_model.safetensors").items():
        name, half = _named(theirs)
        halves.setdefault(name, {})[half] = values.astype(np.float32)
    pairs = {name: _fitted(name, found, base, config.r) for name, found in halves.items()}
    if not pairs:
        raise NotReadable("an adapter without any matrix")
    return Adapter(config.r, config.lora_alpha, pairs)


def _named(theirs: str) -> tuple[str, str]:
    found = _NAME.fullmatch(theirs)
    part = PARTS.get(found[2]) if found else None
    if found is None or part is None:
        raise NotReadable(f"{theirs} is no matrix that an adapter may change here")
    return f"blk.{int(found[1])}.{part}.weight", found[3]


def _fitted(name: str, found: Mapping[str, Floats], base: Weights, rank: int) -> Pair:
    stored = base.tensors.get(name)
    a, b = found.get("A"), found.get("B")
    if stored is None or a is None or b is None:
        raise NotReadable(f"{name} is not whole, or not in the base")
    rows, columns = stored.shape if len(stored.shape) == 2 else (0, 0)
    if a.shape != (rank, columns) or b.shape != (rows, rank):
        raise NotReadable(f"{name} has another shape in the base")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise NotReadable(f"{name} holds what is no number")
    return Pair(a, permuted(b, heads_of(name, base)) if heads_of(name, base) else b)


def heads_of(name: str, base: Weights) -> int:
    """Into how many heads the rows fall that change places; 0 where they stay."""
    architecture = base.text("general.architecture")
    heads = base.number(f"{architecture}.attention.head_count")
    if name.endswith(".attn_q.weight"):
        return heads
    if name.endswith(".attn_k.weight"):
        return base.number(f"{architecture}.attention.head_count_kv", heads)
    return 0


def write_adapter(path: Path, adapter: Adapter, base: Weights, about: Mapping[str, Value]) -> None:
    """The adapter alone, for an engine that has the base."""
    metadata: dict[str, Value] = {
        "general.architecture": base.text("general.architecture"),
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": Typed(Kind.F32, adapter.alpha),
        **about,
    }
    tensors = []
    for name, pair in adapter.pairs.items():
        tensors += [Tensor(f"{name}.lora_a", pair.a), Tensor(f"{name}.lora_b", pair.b)]
    write_gguf(path, metadata, tensors)


def write_merged(path: Path, adapter: Adapter, base: Weights, about: Mapping[str, Value]) -> None:
    """Base and adapter in one file: matrices in eight bits, everything else whole. The base's words and signs stay."""
    kept = {key: value for key, value in base.metadata.items() if key not in ("general.alignment", *about)}
    metadata: dict[str, Value] = {
        **kept,
        **about,
        "general.file_type": MOSTLY_Q8_0,
        "general.quantization_version": 2,
    }
    write_gguf(path, metadata, [_merged(name, adapter, base) for name in base.tensors])


def _merged(name: str, adapter: Adapter, base: Weights) -> Tensor:
    values = base.tensor(name)
    if name in adapter.pairs:
        values = values + adapter.added(name)
    return Tensor(name, values, Type.Q8_0 if values.ndim == 2 and values.shape[-1] % 32 == 0 else Type.F32)


def largest_difference(path: Path, adapter: Adapter, base: Weights) -> float:
    """How far the written file is from base and adapter, at most, as a part of each matrix' mean size."""
    written = Weights(path)
    worst = 0.0
    for name in adapter.pairs:
        wanted = base.tensor(name) + adapter.added(name)
        off = np.abs(written.tensor(name) - wanted).mean() / max(float(np.abs(wanted).mean()), 1e-12)
        worst = max(worst, float(off))
    return worst
