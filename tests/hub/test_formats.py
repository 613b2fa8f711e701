"""Files for the hub are read by bounded parsers in a process of their own: right ones are told, wrong ones refused."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hub.files import (
    LIST,
    TEXT,
    U8,
    U64,
    gguf,
    pair,
    safetensors,
    small_gguf,
    small_safetensors,
    tensor,
    text,
    u32,
)
from weft.hub.formats.reader import ENDINGS, read_file
from weft.hub.formats.source import FAULTS, Facts, Refused
from weft.hub.inspection import inspect
from weft.kernel.errors import Invalid

FLOATS = b"\0" * 128


def read(data: bytes, ending: str) -> Facts:
    return read_file(io.BytesIO(data), len(data), ending)


def fault_of(data: bytes, ending: str) -> str:
    with pytest.raises(Refused) as refused:
        read(data, ending)
    return refused.value.fault


async def test_what_a_right_file_says_of_itself_is_told(tmp_path: Path) -> None:
    for name, data in (("m.gguf", small_gguf()), ("m.safetensors", small_safetensors())):
        (tmp_path / name).write_bytes(data)
    found = await inspect(tmp_path / "m.gguf", "m.gguf")
    assert found == Facts(format="gguf", architecture="llama", parameters=64, context=2048, tensors=1, types={"F32": 1})
    found = await inspect(tmp_path / "m.safetensors", "m.safetensors")
    assert (found.format, found.parameters, found.types) == ("safetensors", 7, {"F32": 1, "BF16": 1})


def test_what_is_only_added_to_a_model_is_told_from_a_model() -> None:
    assert read(small_gguf(kind="adapter"), "gguf").adapter
    assert not read(small_gguf(), "gguf").adapter


@pytest.mark.parametrize("claim", ["\x1b[2J", "llama\n", "\u202emalla", "a\0b"])
def test_what_a_header_claims_moves_no_terminal(claim: str) -> None:
    made = gguf([pair("general.architecture", TEXT, text(claim))])
    assert read(made, "gguf").architecture == ""


async def test_a_hostile_file_is_a_clear_refusal_also_from_the_other_process(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gguf(counts=(2**63, 0)))
    with pytest.raises(Invalid) as refused:
        await inspect(tmp_path / "x", "x.gguf")
    assert refused.value.code == "hub.file.counts"
    (tmp_path / "x").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(Invalid) as refused:
        await inspect(tmp_path / "x", "pytorch_model.bin")
    assert refused.value.code == "hub.file.format"
    with pytest.raises(Invalid) as refused:
        await inspect(tmp_path / "x", "weights.safetensors")
    assert refused.value.code == "hub.file.pickle"


def nested(levels: int) -> bytes:
    """Lists of one list each, and one number at the end."""
    return struct.pack("<IQ", LIST, 1) * levels + struct.pack("<IQB", U8, 1, 7)


HOSTILE_GGUF = {
    "huge counts of tensors": (gguf(counts=(2**63, 0)), "counts"),
    "huge counts of pairs": (gguf(counts=(0, 2**64 - 1)), "counts"),
    "more tensors promised than there are": (gguf(counts=(9, 0)), "truncated"),
    "a text longer than the file": (gguf([text("a") + struct.pack("<IQ", TEXT, 2**40)]), "truncated"),
    "a name without end": (gguf([struct.pack("<Q", 2**63) + b"a"]), "truncated"),
    "a list longer than the file": (gguf([pair("a", LIST, struct.pack("<IQ", U64, 3_000_000))]), "truncated"),
    "a list of more than any model has": (gguf([pair("a", LIST, struct.pack("<IQ", U64, 2**62))]), "counts"),
    "lists in lists in lists": (gguf([pair("a", LIST, nested(5))]), "nesting"),
    "lists of very many empty lists": (
        gguf([pair("a", LIST, struct.pack("<IQ", LIST, 4_000_001))]), "counts",
    ),
    "a type that does not exist": (gguf([pair("a", 77, b"\0" * 8)]), "header"),
    "a name twice": (gguf([u32("a", 1), u32("a", 2)]), "header"),
    "a version of tomorrow": (gguf(version=99), "header"),
    "an alignment of nothing": (gguf([u32("general.alignment", 0)], [tensor("w", [4])], FLOATS), "header"),
    "an alignment that is a text": (gguf([pair("general.alignment", TEXT, text("32"))]), "header"),
    "an odd alignment": (gguf([u32("general.alignment", 33)]), "header"),
    "more dimensions than there are": (gguf((), [tensor("w", [1] * 9)], FLOATS), "counts"),
    "no dimension": (gguf((), [tensor("w", [])], FLOATS), "counts"),
    "a side of nothing": (gguf((), [tensor("w", [0, 4])], FLOATS), "counts"),
    "sides that overflow": (gguf((), [tensor("w", [2**32, 2**32])], FLOATS), "counts"),
    "a type of weights that does not exist": (gguf((), [tensor("w", [4], kind=4)], FLOATS), "header"),
    "a row that is no whole block": (gguf((), [tensor("w", [33], kind=8)], FLOATS), "offsets"),
    "weights behind the end": (gguf((), [tensor("w", [4096])], FLOATS), "truncated"),
    "an offset that was negative": (gguf((), [tensor("w", [4], offset=2**64 - 32)], FLOATS), "truncated"),
    "an offset between": (gguf((), [tensor("w", [4], offset=7)], FLOATS), "offsets"),
    "weights in the place of others": (
        gguf((), [tensor("a", [16]), tensor("b", [8], offset=32)], FLOATS), "offsets",
    ),
    "a cut header": (small_gguf()[:40], "truncated"),
    "cut weights": (small_gguf()[:-1], "truncated"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE_GGUF)
def test_a_gguf_header_is_refused_for(what: str) -> None:
    data, fault = HOSTILE_GGUF[what]
    began = time.perf_counter()
    assert fault_of(data, "gguf") == fault
    assert time.perf_counter() - began < 2


A = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
HOSTILE_SAFETENSORS = {
    "a length larger than the file": (safetensors({}, length=2**60), "truncated"),
    "no object": (safetensors(b"[1]"), "header"),
    "broken JSON": (safetensors(b'{"a":'), "header"),
    "deep JSON": (safetensors(b'{"a":' * 100_000), "nesting"),
    "deep JSON in a string's shadow": (safetensors(b'{"a":"\\"", "b":' + b"[" * 50_000), "nesting"),
    "an unknown type": (safetensors({"a": {**A, "dtype": "PY"}}, b"\0" * 8), "header"),
    "negative offsets": (safetensors({"a": {**A, "data_offsets": [-8, 0]}}, b"\0" * 8), "offsets"),
    "offsets backwards": (safetensors({"a": {**A, "data_offsets": [8, 0]}}, b"\0" * 8), "offsets"),
    "a negative side": (safetensors({"a": {**A, "shape": [-2]}}, b"\0" * 8), "counts"),
    "giant sides": (safetensors({"a": {**A, "shape": [2**50, 2**50]}}, b"\0" * 8), "counts"),
    "very many sides": (safetensors({"a": {**A, "shape": [1] * 1000}}, b"\0" * 8), "counts"),
    "sides that do not fill the place": (safetensors({"a": {**A, "shape": [3]}}, b"\0" * 8), "offsets"),
    "a hole": (safetensors({"a": {**A, "data_offsets": [8, 16]}}, b"\0" * 16), "offsets"),
    "an overlap": (safetensors({"a": A, "b": A}, b"\0" * 8), "offsets"),
    "something behind the end": (safetensors({"a": A}, b"\0" * 8 + b"PK\3\4 hidden"), "offsets"),
    "weights cut off": (safetensors({"a": A}, b"\0" * 7), "truncated"),
    "a name twice": (safetensors(b'{"a":' + json.dumps(A).encode() + b',"a":' + json.dumps(A).encode() + b"}",
                                 b"\0" * 8), "header"),
    "further fields": (safetensors({"a": {**A, "run": "me"}}, b"\0" * 8), "header"),
    "numbers without end": (safetensors(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b']}}'), "header"),
    "metadata that is no text": (safetensors({"__metadata__": {"a": [1]}}), "header"),
    "nothing": (b"", "truncated"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE_SAFETENSORS)
def test_a_safetensors_header_is_refused_for(what: str) -> None:
    data, fault = HOSTILE_SAFETENSORS[what]
    began = time.perf_counter()
    assert fault_of(data, "safetensors") == fault
    assert time.perf_counter() - began < 2


class Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("this must never be printed",))


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("archive/data.pkl", pickle.dumps(Runs()))
    return made.getvalue()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_under_every_name_and_never_run(
    ending: str, protocol: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fault_of(pickle.dumps(Runs(), protocol), ending) in FAULTS
    assert fault_of(archive(), ending) == "pickle"
    assert capsys.readouterr().out == ""


def test_texts_and_json_are_taken_and_everything_else_is_not() -> None:
    assert read(b'{"model_type": "llama", "deep": [[[1]]]}', "json").format == "json"
    assert read("# Thẻ mô hình 모델\n\nText.\n".encode(), "md").format == "text"
    assert fault_of(b"{", "json") == "header"
    assert fault_of(b"[" * 100_000 + b"]" * 100_000, "json") == "nesting"
    assert fault_of(b"\x7fELF\0\0", "txt") == "format"
    assert fault_of(b"a\0b", "txt") == "format"
    assert fault_of(b"\xff\xfe", "md") == "format"
    assert fault_of(b"\x1b]0;title\x07", "txt") == "format"
    assert fault_of(small_gguf(), "txt") == "format"
    assert fault_of(b"{}", "gguf") == "format"
    assert fault_of(b"<svg/>", "svg") == "format"


def test_brackets_without_end_are_looked_at_once() -> None:
    began = time.perf_counter()
    assert fault_of(b'{"' + b'\\"' * 2_000_000, "json") == "header"
    assert time.perf_counter() - began < 3


@settings(max_examples=300, deadline=2000)
@given(st.data())
def test_no_change_of_a_right_file_does_more_than_refuse(data: st.DataObject) -> None:
    whole, ending = data.draw(st.sampled_from([(small_gguf(), "gguf"), (small_safetensors(), "safetensors")]))
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    for each in (bytes(changed), bytes(changed[:cut])):
        try:
            read(each, ending)
        except Refused as refused:
            assert refused.fault in FAULTS


@settings(max_examples=200, deadline=2000)
@given(st.binary(max_size=400), st.sampled_from(ENDINGS))
def test_any_bytes_are_read_or_refused(data: bytes, ending: str) -> None:
    for each in (data, b"GGUF\3\0\0\0" + data, struct.pack("<Q", len(data)) + data):
        try:
            read(each, ending)
        except Refused as refused:
            assert refused.fault in FAULTS
