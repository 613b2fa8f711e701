"""GGUF as it is written: read back by the naive reader below, and values within what their type can hold."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from weft.infra.engine.gguf import ALIGNMENT, Kind, Tensor, Type, Typed, Value, quantise, write_gguf

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Reader:
    """Follows the format's description, one field after the other."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.place = raw, 0

    def take(self, form: str) -> Any:
        (value,) = struct.unpack_from("<" + form, self.raw, self.place)
        self.place += struct.calcsize("<" + form)
        return value

    def text(self) -> str:
        size = self.take("Q")
        self.place += size
        return self.raw[self.place - size : self.place].decode()

    def value(self, kind: int) -> Any:
        if kind == 8:
            return self.text()
        if kind == 9:
            of, number = self.take("I"), self.take("Q")
            return [self.value(of) for _ in range(number)]
        return self.take(SCALARS[kind])

    def file(self) -> tuple[dict[str, Any], dict[str, tuple[tuple[int, ...], int, bytes]]]:
        assert self.raw[:4] == b"GGUF"
        self.place = 4
        assert self.take("I") == 3
        tensors, values = self.take("Q"), self.take("Q")
        metadata = {self.text(): self.value(self.take("I")) for _ in range(values)}
        heads = []
        for _ in range(tensors):
            name = self.text()
            shape = tuple(self.take("Q") for _ in range(self.take("I")))[::-1]
            heads.append((name, shape, self.take("I"), self.take("Q")))
        start = -(-self.place // ALIGNMENT) * ALIGNMENT
        ends = [offset for *_, offset in heads[1:]] + [len(self.raw) - start]
        return metadata, {
            name: (shape, kind, self.raw[start + offset : start + end])
            for (name, shape, kind, offset), end in zip(heads, ends, strict=True)
        }


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    matrix = np.arange(6 * 64, dtype=np.float32).reshape(6, 64)
    metadata: dict[str, Value] = {
        "general.architecture": "llama",
        "adapter.lora.alpha": 16.0,
        "a.number": 7,
        "below": -3,
        "is": True,
        "words": ["a", "", "한국"],
        "kinds": Typed(Kind.I32, [1, -2]),
        "large": Typed(Kind.U64, 1 << 40),
        "none": Typed(Kind.TEXT, []),
    }
    tensors = [Tensor("one", np.ones(5)), Tensor("half", matrix, Type.F16), Tensor("eight", matrix, Type.Q8_0)]
    write_gguf(tmp_path / "a.gguf", metadata, tensors)
    found, read = Reader((tmp_path / "a.gguf").read_bytes()).file()
    assert found == {key: getattr(value, "value", value) for key, value in metadata.items()}
    assert [(name, shape, kind) for name, (shape, kind, _) in read.items()] == [
        ("one", (5,), 0),
        ("half", (6, 64), 1),
        ("eight", (6, 64), 8),
    ]
    assert np.array_equal(np.frombuffer(read["one"][2][:20], "<f4"), np.ones(5))
    assert np.array_equal(np.frombuffer(read["half"][2], "<f2").reshape(6, 64), matrix.astype(np.float16))
    assert read["eight"][2][: 6 * 64 // 32 * 34] == quantise(matrix)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.gguf"]


@given(arrays.arrays(np.float32, (4, 32), elements=st.floats(-1000, 1000, width=32)))
def test_eight_bits_keep_each_value_within_a_step_of_its_block(values: np.ndarray) -> None:
    blocks = np.frombuffer(quantise(values), dtype=[("scale", "<f2"), ("values", "i1", 32)])
    back = blocks["scale"][:, None].astype(np.float64) * blocks["values"]
    step = np.abs(values).max(axis=1, keepdims=True) / 127
    # Half a step from rounding, and what the scale loses as a half float, over 127 steps.
    assert (np.abs(back - values) <= step * (0.5 + 127 / 1024) + 1e-5).all()


@pytest.mark.parametrize(
    "tensors",
    [
        [Tensor("a", np.ones((2, 33)), Type.Q8_0)],
        [Tensor("a", np.ones(3)), Tensor("a", np.ones(3))],
        [Tensor("x" * 64, np.ones(3))],
        [Tensor("a", np.ones((1, 1, 1, 1, 1)))],
        [Tensor("a", np.ones((0, 3)))],
    ],
)
def test_a_tensor_that_cannot_be_stored_leaves_no_file(tmp_path: Path, tensors: list[Tensor]) -> None:
    with pytest.raises(ValueError, match=r"cannot be stored|is no name"):
        write_gguf(tmp_path / "a.gguf", {}, tensors)
    assert list(tmp_path.iterdir()) == []
