"""A safetensors file may lie in every number; it is refused or read, never followed out of itself."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft.infra.engine.safetensors import NotReadable, read_safetensors


def written(path: Path, header: object, data: bytes, length: int | None = None) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(raw) if length is None else length).to_bytes(8, "little") + raw + data)
    return path


def entry(**changes: Any) -> dict[str, Any]:
    return {"t": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | changes}


def test_a_tensor_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a", entry() | {"__metadata__": {"format": "pt"}}, np.arange(4, dtype="<f4").tobytes())
    assert np.array_equal(read_safetensors(path)["t"], [[0, 1], [2, 3]])


@pytest.mark.parametrize(
    "header",
    [
        entry(data_offsets=[0, 17]),
        entry(data_offsets=[8, 24]),
        entry(data_offsets=[-16, 0]),
        entry(data_offsets=[16, 0]),
        entry(shape=[-2, -2]),
        entry(shape=[1 << 40, 1 << 40]),
        entry(shape=[2]),
        entry(dtype=5),
        {"t": 3},
        [1],
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_lying_header_is_refused(tmp_path: Path, header: object) -> None:
    with pytest.raises(NotReadable):
        read_safetensors(written(tmp_path / "a", header, bytes(16)))


@pytest.mark.parametrize("length", [0, 1, 1 << 20, (1 << 64) - 1])
def test_a_lying_length_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(NotReadable):
        read_safetensors(written(tmp_path / "a", entry(), bytes(16), length))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_bring_the_reader_down(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(raw)
    with suppress(NotReadable):
        read_safetensors(path)
