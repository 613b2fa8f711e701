"""Small models' files made by hand, right ones and wrong ones: every number in them is the caller's."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

U8, U32, F32, TEXT, LIST, U64 = 0, 4, 6, 8, 9, 10


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def pair(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def u32(name: str, value: int) -> bytes:
    return pair(name, U32, struct.pack("<I", value))


def tensor(name: str, shape: Sequence[int], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf(
    pairs: Sequence[bytes] = (),
    tensors: Sequence[bytes] = (),
    data: bytes = b"",
    *,
    version: int = 3,
    counts: tuple[int, int] | None = None,
    alignment: int = 32,
) -> bytes:
    tensor_count, pair_count = counts or (len(tensors), len(pairs))
    head = b"GGUF" + struct.pack("<IQQ", version, tensor_count, pair_count) + b"".join(pairs) + b"".join(tensors)
    return head + b"\0" * (-len(head) % alignment) + data


def small_gguf(weights: int = 64, kind: str = "model") -> bytes:
    """A model of one tensor, as right as can be; or an ``adapter``."""
    pairs = [
        pair("general.type", TEXT, text(kind)),
        pair("general.architecture", TEXT, text("llama")),
        u32("llama.context_length", 2048),
        pair("tokenizer.ggml.tokens", LIST, struct.pack("<IQ", TEXT, 3) + text("a") + text("b") + text(b"\xff")),
        pair("tokenizer.ggml.scores", LIST, struct.pack("<IQ3f", F32, 3, 0.0, 1.0, 2.0)),
    ]
    return gguf(pairs, [tensor("w", [weights])], struct.pack(f"<{weights}f", *range(weights)))


def safetensors(header: Mapping[str, Any] | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    body = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(body) if length is None else length) + body + data


def small_safetensors() -> bytes:
    return safetensors(
        {
            "__metadata__": {"format": "pt"},
            "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
            "b": {"dtype": "BF16", "shape": [3], "data_offsets": [16, 22]},
        },
        b"\1" * 22,
    )
