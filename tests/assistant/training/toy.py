"""A toy of the same build as the base that comes along: two layers, seven-bit words, drawn from a fixed seed.

`toy/` holds an adapter that PEFT trained on it and the logits that torch gave for base and adapter (`record.py`). The
forward pass here is plain numpy and rotates like llama.cpp, so that what is written can be checked without either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weft.assistant.training.lora import permuted
from weft.infra.engine.gguf import Kind, Tensor, Type, Typed, Value, write_gguf

Floats = npt.NDArray[np.float32]

RECORDED = Path(__file__).with_name("toy")
LAYERS, WIDTH, HEADS, KEYS, FEED, WORDS, CONTEXT = 2, 64, 4, 2, 64, 288, 256
ROOT, EPSILON = 10_000.0, 1e-5
MERGES = (
    "t h|a n|e r|i n|o n|r e|s t|th e|Ġ t|Ġ a|Ġ w|Ġ s|Ġ b|an d|in g|h e|o u|l l|o r|e n|"
    "Ġt he|Ġ and|e d|a t|i s|o f|Ġ of|a r|o w"
)


def signs() -> list[str]:
    """A letter for each byte, as the base's vocabulary has them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    by_byte = {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    return [by_byte[byte] for byte in range(256)]


def vocabulary() -> list[str]:
    made = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *signs()]
    return made + [merge.replace(" ", "") for merge in MERGES.split("|")]


def metadata() -> dict[str, Value]:
    words = vocabulary()
    assert len(words) == WORDS
    return {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "toy",
        "general.license": "apache-2.0",
        "llama.block_count": LAYERS,
        "llama.context_length": CONTEXT,
        "llama.embedding_length": WIDTH,
        "llama.feed_forward_length": FEED,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KEYS,
        "llama.rope.freq_base": ROOT,
        "llama.attention.layer_norm_rms_epsilon": EPSILON,
        "llama.vocab_size": WORDS,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": Typed(Kind.I32, [3] * 3 + [1] * (WORDS - 3)),
        "tokenizer.ggml.merges": MERGES.split("|"),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.padding_token_id": 2,
        "tokenizer.ggml.add_bos_token": False,
        "general.quantization_version": 2,
    }


def write_toy(path: Path) -> Path:
    """The base. Drawn by the generator whose numbers are promised to stay the same."""
    drawn = np.random.RandomState(20)

    def matrix(rows: int, columns: int, size: float = 0.1) -> Floats:
        return (drawn.standard_normal((rows, columns)) * size).astype(np.float32)

    tensors = [Tensor("token_embd.weight", matrix(WORDS, WIDTH, 0.3), Type.Q8_0)]
    for layer in range(LAYERS):
        shapes = {
            "attn_q": matrix(WIDTH, WIDTH),
            "attn_k": matrix(WIDTH // HEADS * KEYS, WIDTH),
            "attn_v": matrix(WIDTH // HEADS * KEYS, WIDTH),
            "attn_output": matrix(WIDTH, WIDTH),
            "ffn_gate": matrix(FEED, WIDTH),
            "ffn_up": matrix(FEED, WIDTH),
            "ffn_down": matrix(WIDTH, FEED),
        }
        shapes["attn_q"] = permuted(shapes["attn_q"], HEADS)
        shapes["attn_k"] = permuted(shapes["attn_k"], KEYS)
        tensors += [Tensor(f"blk.{layer}.{name}.weight", values, Type.Q8_0) for name, values in shapes.items()]
        for name in ("attn_norm", "ffn_norm"):
            tensors.append(Tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32)))
    tensors.append(Tensor("output_norm.weight", np.ones(WIDTH, np.float32)))
    write_gguf(path, metadata(), tensors)
    return path


def logits(weights: Mapping[str, Floats], tokens: Sequence[int]) -> Floats:
    """What a model of these weights says after the last token."""
    x = weights["token_embd.weight"][list(tokens)]
    for layer in range(LAYERS):
        own = {name: weights[f"blk.{layer}.{name}.weight"] for name in _NAMES}
        x = x + _attend(_normed(x) * own["attn_norm"], own)
        inner = _normed(x) * own["ffn_norm"]
        gate = inner @ own["ffn_gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (inner @ own["ffn_up"].T)) @ own["ffn_down"].T
    said: Floats = (_normed(x[-1:]) * weights["output_norm.weight"])[0] @ weights["token_embd.weight"].T
    return said


_NAMES = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down")


def _normed(x: Floats) -> Floats:
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)


def _attend(x: Floats, own: Mapping[str, Floats]) -> Floats:
    size, count = WIDTH // HEADS, len(x)
    q = _turned((x @ own["attn_q"].T).reshape(count, HEADS, size))
    k = _turned((x @ own["attn_k"].T).reshape(count, KEYS, size)).repeat(HEADS // KEYS, axis=1)
    v = (x @ own["attn_v"].T).reshape(count, KEYS, size).repeat(HEADS // KEYS, axis=1)
    near = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(size)
    near = np.where(np.tril(np.ones((count, count), bool)), near, -np.inf)
    part = np.exp(near - near.max(axis=-1, keepdims=True))
    part /= part.sum(axis=-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", part, v).reshape(count, WIDTH) @ own["attn_output"].T


def _turned(x: Floats) -> Floats:
    """Neighbouring pairs are rotated: llama.cpp's way."""
    count, _, size = x.shape
    angle = np.arange(count)[:, None] * ROOT ** (-np.arange(0, size, 2) / size)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    made = np.empty_like(x)
    made[..., ::2] = x[..., ::2] * cos - x[..., 1::2] * sin
    made[..., 1::2] = x[..., ::2] * sin + x[..., 1::2] * cos
    return made
