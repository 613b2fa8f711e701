"""The control words of a model are read from its own file, and a file that lies about itself is refused."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft.infra.engine.files import SMOLLM2, ModelFiles, why_off
from weft.infra.engine.gguf import Kind, Typed, Value, write_gguf
from weft.infra.engine.gguf_reading import MOST_ITEMS, TYPES, WORDS, read_special_words
from weft.infra.engine.safetensors import NotReadable

HEAD: dict[str, Value] = {
    "general.architecture": "llama",
    "general.flag": True,
    "tokenizer.ggml.scores": [0.5, 1.5],
    "tokenizer.ggml.merges": ["a b", "b c"],
}


def vocabulary(folder: Path, words: list[str], types: list[int]) -> Path:
    path = folder / "model.gguf"
    write_gguf(path, {**HEAD, WORDS: Typed(Kind.TEXT, words), TYPES: Typed(Kind.I32, types)}, [])
    return path


def test_tokens_that_are_no_plain_text_are_read_in_their_order(tmp_path: Path) -> None:
    path = vocabulary(tmp_path, ["<unk>", "the", "<|im_end|>", "«go»", "<0x0A>", "gone"], [2, 1, 3, 4, 6, 5])
    assert read_special_words(path) == ("<unk>", "<|im_end|>", "«go»")


@pytest.mark.parametrize(("words", "types"), [([], []), (["a"], []), (["a", "b"], [3])])
def test_a_file_that_does_not_say_is_refused(tmp_path: Path, words: list[str], types: list[int]) -> None:
    with pytest.raises(NotReadable):
        read_special_words(vocabulary(tmp_path, words, types))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GGUF",
        b"PK\x03\x04" + bytes(40),
        b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 63),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", Kind.ARRAY, Kind.ARRAY, 1),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", Kind.ARRAY, Kind.U8, MOST_ITEMS + 1),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<I", 99),
    ],
)
def test_a_file_that_lies_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(raw)
    with pytest.raises(NotReadable):
        read_special_words(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_changed_or_cut_it_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = vocabulary(tmp_path, ["<unk>", "the", "<|im_end|>"], [2, 1, 3])
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    with suppress(NotReadable):
        assert all(isinstance(word, str) for word in read_special_words(path))


def test_the_model_that_comes_along_names_its_control_words(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path)
    if files.find(SMOLLM2.name) is None:
        pytest.skip(f"the chat model is not installed: {why_off()}")
    assert {"<|im_start|>", "<|im_end|>", "<|endoftext|>"} <= set(files.special_words(SMOLLM2))
