"""Turns the embedding model MiniLM-L6 from the form it is published in into the GGUF that our engine serves.
Done once for a community; the big matrices are stored with eight bits a value, which keeps the vectors' directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weft.infra.engine.gguf import Kind as Of
from weft.infra.engine.gguf import Tensor, Type, Typed, Value, write_gguf
from weft.infra.engine.safetensors import NotReadable, read_safetensors

LAYERS, HEADS, WIDTH, FEED_FORWARD, CONTEXT, WORDS = 6, 12, 384, 1536, 512, 30522
NORMAL, CONTROL = 1, 3
MEAN_POOLING = 1
MOSTLY_Q8_0 = 7
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

OUTER = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
INNER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
# Only what is multiplied with is worth the eight bits; these are looked up.
KEPT_WHOLE = frozenset({"position_embd.weight", "token_types.weight"})


def convert_minilm(weights: Path, vocabulary: Path, made: Path) -> None:
    """Write the GGUF, whole or not at all.

    Raises:
        NotReadable: the files are not MiniLM-L6's.
    """
    tensors = read_safetensors(weights)
    write_gguf(made, metadata_of(read_vocabulary(vocabulary)), list(renamed(tensors)))


def read_vocabulary(path: Path) -> list[str]:
    words = path.read_text("utf-8").splitlines()
    if len(words) != WORDS or any(special not in words for special in SPECIAL):
        raise NotReadable("the vocabulary is another model's")
    return words


def renamed(tensors: dict[str, npt.NDArray[np.floating]]) -> Iterator[Tensor]:
    names = dict(OUTER)
    for layer in range(LAYERS):
        for theirs, ours in INNER.items():
            for part in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{theirs}.{part}"] = f"blk.{layer}.{ours}.{part}"
    for theirs, ours in names.items():
        values = tensors.get(theirs)
        if values is None or not {WIDTH, FEED_FORWARD} & set(values.shape):
            raise NotReadable(f"{theirs} is missing or of another size")
        is_matrix = values.ndim == 2 and ours not in KEPT_WHOLE
        yield Tensor(ours, values, Type.Q8_0 if is_matrix else Type.F32)


def metadata_of(words: list[str]) -> dict[str, Value]:
    place = {word: number for number, word in enumerate(words)}
    return {
        "general.architecture": "bert",
        "general.name": "all-MiniLM-L6-v2",
        "general.license": "apache-2.0",
        "general.file_type": MOSTLY_Q8_0,
        "general.quantization_version": 2,
        "bert.vocab_size": WORDS,
        "bert.block_count": LAYERS,
        "bert.context_length": CONTEXT,
        "bert.embedding_length": WIDTH,
        "bert.feed_forward_length": FEED_FORWARD,
        "bert.attention.head_count": HEADS,
        "bert.attention.layer_norm_epsilon": 1e-12,
        "bert.attention.causal": False,
        "bert.pooling_type": MEAN_POOLING,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [spaced(word) for word in words],
        "tokenizer.ggml.token_type": Typed(Of.I32, [CONTROL if word in SPECIAL else NORMAL for word in words]),
        "tokenizer.ggml.token_type_count": 2,
        "tokenizer.ggml.bos_token_id": place["[CLS]"],
        "tokenizer.ggml.eos_token_id": place["[SEP]"],
        "tokenizer.ggml.cls_token_id": place["[CLS]"],
        "tokenizer.ggml.seperator_token_id": place["[SEP]"],  # spelled so by the format
        "tokenizer.ggml.unknown_token_id": place["[UNK]"],
        "tokenizer.ggml.padding_token_id": place["[PAD]"],
        "tokenizer.ggml.mask_token_id": place["[MASK]"],
    }


def spaced(word: str) -> str:
    """The engine marks the beginning of a word, where the published vocabulary marks its continuation."""
    if word in SPECIAL:
        return word
    return word[2:] if word.startswith("##") else "\u2581" + word
