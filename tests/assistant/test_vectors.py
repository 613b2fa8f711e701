"""The nearest of many vectors, held as bytes, against the plain product of floats."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.assistant.vectors import Floats, Vectors, quantise


def unit(rng: np.random.Generator, count: int, width: int = 32) -> Floats:
    drawn = rng.standard_normal((count, width), dtype=np.float32)
    unit: Floats = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def test_bytes_find_what_floats_find() -> None:
    rng = np.random.default_rng(4)
    rows, asked = unit(rng, 5000, 384), unit(rng, 20, 384)
    vectors = Vectors(10_000)
    vectors.add(range(5000), [0] * 5000, quantise(rows))
    for vector in asked:
        exact = rows @ vector
        found = vectors.nearest(vector, 10)
        assert max(abs(exact[id_] - score) for id_, score in found) < 0.003
        assert len({id_ for id_, _ in found} & set(np.argsort(-exact)[:10].tolist())) >= 9
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True)),
        st.tuples(st.just("remove"), st.lists(st.integers(1, 60), max_size=5)),
        st.tuples(st.just("authors"), st.lists(st.integers(0, 4), max_size=2)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(ACTS, st.integers(0, 1000))
def test_whatever_comes_and_goes_it_holds_what_a_dictionary_holds(acts: list[tuple[str, list[int]]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, oracle = Vectors(100), dict[int, Floats]()
    for act, ids in acts:
        match act:
            case "add":
                rows = unit(rng, len(ids))
                vectors.add(ids, [id_ % 5 for id_ in ids], quantise(rows))
                oracle.update(zip(ids, rows, strict=True))
            case "remove":
                vectors.remove(ids)
                oracle = {id_: row for id_, row in oracle.items() if id_ not in ids}
            case _:
                vectors.remove_authors(ids)
                oracle = {id_: row for id_, row in oracle.items() if id_ % 5 not in ids}
    assert len(vectors) == len(oracle)
    found = vectors.nearest(unit(rng, 1)[0], 100)
    assert {id_ for id_, _ in found} == set(oracle)


def test_it_keeps_the_newest_when_there_are_too_many() -> None:
    rng = np.random.default_rng(1)
    vectors = Vectors(2000)
    for start in range(0, 10_000, 500):
        vectors.add(range(start, start + 500), [0] * 500, quantise(unit(rng, 500)))
        assert len(vectors) <= 2000
    kept = {id_ for id_, _ in vectors.nearest(unit(rng, 1)[0], 2000)}
    assert kept == set(range(10_000 - len(kept), 10_000)) and len(kept) >= 1500


def test_more_than_fit_at_once_leaves_the_newest() -> None:
    vectors = Vectors(10)
    vectors.add(range(100), [0] * 100, quantise(unit(np.random.default_rng(1), 100)))
    assert {id_ for id_, _ in vectors.nearest(np.ones(32, np.float32), 50)} == set(range(90, 100))


def test_an_empty_index_finds_nothing() -> None:
    assert Vectors(10).nearest(np.ones(32, np.float32), 5) == []
