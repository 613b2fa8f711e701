"""What a server answers becomes text, numbers, or `model.broken`; where the network cuts it changes nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripted_model import delta, event
from weft.infra.engine.answers import Completion, read_vectors
from weft.infra.engine.model import Usage, believed
from weft.infra.engine.requests import cut_to
from weft.kernel.errors import Unavailable

WORDS = ["한", "국어 ", "\n\n", "data: x", " [DONE]", "🙂"]
STREAM = (
    b"".join(event(delta(word)) for word in WORDS)
    + b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\ndata: [DONE]\n\n'
)


def pieces(raw: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(cuts), len(raw)]
    return [raw[start:end] for start, end in pairwise(places)]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    completion = Completion(100)
    text = "".join(text for piece in pieces(STREAM, cuts) for text in completion.feed(piece))
    assert text == "".join(WORDS)
    assert completion.is_done and completion.counted.prompt == 3


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_bring_the_stream_down(parts: list[bytes]) -> None:
    completion = Completion(10)
    try:
        for part in parts:
            completion.feed(part)
        completion.take(b"".join(parts))
    except Unavailable as error:
        assert error.code == "model.broken"


@given(st.binary(max_size=300), st.integers(1, 3))
def test_no_bytes_bring_the_vectors_down(body: bytes, number: int) -> None:
    with pytest.raises(Unavailable):
        read_vectors(body, number)


def rows(*vectors: object, **more: object) -> bytes:
    data: list[object] = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return json.dumps({"data": data, **more}).encode()


@pytest.mark.parametrize(
    "body",
    [
        rows([1.0, 2.0]),
        rows([1.0], [1.0, 2.0]),
        rows([], []),
        rows([1.0], "not base64"),
        rows([1.0], base64.b64encode(b"abc").decode()),
        rows([1e39], [1.0]),
        b'{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}',
        b'{"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]}',
        b'{"data":' + b"[" * 100_000,
    ],
)
def test_vectors_that_cannot_be_are_refused(body: bytes) -> None:
    with pytest.raises(Unavailable, match=r"model\.broken"):
        read_vectors(body, 2)


def test_vectors_come_in_the_order_of_the_texts_and_have_length_one() -> None:
    packed = base64.b64encode(np.array([3, 4], "<f4").tobytes()).decode()
    body = json.dumps({"data": [{"index": 1, "embedding": packed}, {"index": 0, "embedding": [0.0, 0.0]}]}).encode()
    found = read_vectors(body, 2)
    assert np.allclose(found.rows, np.array([[0, 0], [0.6, 0.8]]))
    assert not found.counted.known


@pytest.mark.parametrize(
    "claim",
    [
        Usage(prompt=-1, known=True),
        Usage(prompt=0, output=5, known=True),
        Usage(prompt=10**9, known=True),
        Usage(prompt=50, output=101, known=True),
        Usage(prompt=50, output=0, known=True),
        Usage(prompt=50, cached=51, output=9, known=True),
        Usage(prompt=50, output=9),
    ],
)
def test_a_count_that_cannot_be_is_not_believed(claim: Usage) -> None:
    found = believed(claim, sent=300, received=400, most=100)
    assert not found.known
    assert (found.prompt, found.cached, found.output) == (150, 0, 100)


@given(st.text(max_size=3000), st.integers(8, 600))
def test_the_careful_cut_leaves_no_more_characters_than_tokens(text: str, tokens: int) -> None:
    assert len(cut_to(text, tokens, careful=True)) <= max(tokens - 2, 1)
