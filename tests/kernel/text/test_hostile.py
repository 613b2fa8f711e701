"""Every public function takes any string: none raises, none takes more than linear time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from tests.kernel.text.hostile import BUDGET_SECONDS, HOSTILE, any_text
from weft.kernel.text import clean, entities, language, length, names, render, split, terms
from weft.kernel.text.sanitise import MAX_HTML

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "graphemes": length.graphemes,
    "post_length": length.post_length,
    "truncate_graphemes": lambda text: length.truncate_graphemes(text, 300_000),
    "find_entities": entities.find_entities,
    "tag_key": entities.tag_key,
    "clean_text": clean.clean_text,
    "clean_line": lambda text: clean.clean_line(text, 100_000),
    "is_storable": clean.is_storable,
    "render_post": lambda text: render.render_post(text, mentions={}, tag_base="https://host/tags/"),
    "render_field": render.render_field,
    "sanitise_remote": render.sanitise_remote,
    "plain_text": render.plain_text,
    "check_username": names.check_username,
    "canonical_name": names.canonical_name,
    "canonical_host": names.canonical_host,
    "parse_handle": names.parse_handle,
    "index_terms": terms.index_terms,
    "parse_query": terms.parse_query,
    "fold": terms.fold,
    "split_thread": split.split_thread,
    "check_language": language.check_language,
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_megabyte_of_hostile_text_costs_linear_time(shape: str) -> None:
    """A quadratic pattern needs minutes for these: the budget is generous because the machine may be busy."""
    text = HOSTILE[shape]()
    for name, function in FUNCTIONS.items():
        started = time.process_time()
        function(text)
        assert time.process_time() - started < BUDGET_SECONDS, name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_raises_on_any_text(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(any_text)
    def takes(text: str) -> None:
        FUNCTIONS[name](text)

    takes()


@pytest.mark.parametrize(
    "markup",
    [
        "".join(f"<b class=x{index}><p>" for index in range(20_000)),
        "<span>" * 20_000 + "</i>" * 20_000,
        "<div>" * 100_000,
        "<span>" * 10_000 + "<p>" * 10_000 + "</p>" * 10_000,
        "<table><tr><td>" * 30_000,
        "<b" * 300_000,
        '<a href="' * 60_000,
        "<h1>" * 100_000,
        "<br" + " " * 500_000,
        "<p><a href=http://x>" * 30_000,
        "<ruby><rt>" * 40_000,
        "<svg><a>" * 40_000,
    ],
    ids=lambda markup: markup[:16],
)
def test_hostile_markup_neither_costs_time_nor_grows(markup: str) -> None:
    started = time.process_time()
    result = render.sanitise_remote(markup)
    render.plain_text(markup)
    assert time.process_time() - started < BUDGET_SECONDS
    assert len(result) < 100 * MAX_HTML
