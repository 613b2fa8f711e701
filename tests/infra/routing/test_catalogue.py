"""Every code that is raised anywhere has a sentence, and the sentence can be made from what is raised with it."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import weft
from weft.infra.routing.catalogue import LANGUAGES, STATUS_OF_KIND, sentence_of, status_of
from weft.infra.routing.catalogue import en as english
from weft.kernel import errors
from weft.kernel.errors import Forbidden, Invalid, Malformed, NotFound, Unauthenticated, WeftError

KINDS = {kind.__name__: kind for kind in WeftError.__subclasses__()}
SOURCES = sorted(Path(weft.__file__).parent.rglob("*.py"))


def raised(source: str) -> Iterator[tuple[str, set[str] | None, int]]:
    """Each code in a call of a kind, with the names of its values (None where they cannot be read off)."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        code = node.args[0]
        if name in KINDS and isinstance(code, ast.Constant) and isinstance(code.value, str):
            names = [keyword.arg for keyword in node.keywords]
            yield code.value, None if None in names else {str(name) for name in names}, node.lineno


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_raised_code_has_a_sentence() -> None:
    missing = [
        f"{path.name}:{line} {code}"
        for path in SOURCES
        for code, _, line in raised(path.read_text("utf-8"))
        if code not in english.SENTENCES
    ]
    assert not missing, f"add these to weft/infra/routing/catalogue/en.py: {missing}"


def test_every_sentence_gets_the_values_it_names() -> None:
    """An edge may raise a code again with more values, so one place that gives them all is enough."""
    given: dict[str, list[set[str] | None]] = {}
    for path in SOURCES:
        for code, values, _ in raised(path.read_text("utf-8")):
            given.setdefault(code, []).append(values)
    lacking = [
        code
        for code, sites in given.items()
        if all(values is not None and placeholders(english.SENTENCES.get(code, "")) - values for values in sites)
    ]
    assert not lacking, f"these are raised without a value their sentence names: {lacking}"


def test_the_scan_sees_a_bad_line_and_passes_a_good_one() -> None:
    found = list(raised('raise Invalid("nobody.knows", limit=3)\nraise ValueError("post.empty")\n'))
    assert found == [("nobody.knows", {"limit"}, 1)]


def test_each_kind_has_a_number_and_a_sentence_of_its_own() -> None:
    assert set(STATUS_OF_KIND) == set(KINDS.values()) == set(english.KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_the_same_values(language: str) -> None:
    for code, sentence in LANGUAGES[language].items():
        assert placeholders(sentence) <= placeholders(english.SENTENCES[code]), code


def test_no_code_stands_in_two_groups() -> None:
    groups = [value for name, value in vars(english).items() if name.isupper() and name not in ("SENTENCES", "KINDS")]
    assert sum(len(group) for group in groups if isinstance(group, dict)) == len(english.SENTENCES)


def test_an_unknown_code_gets_its_kinds_sentence() -> None:
    assert sentence_of(NotFound("never.heard")) == "Record not found"
    assert sentence_of(Invalid("post.too_long")) == "Validation failed", "a value is missing"
    assert sentence_of(Invalid("post.too_long", limit=500)).endswith("500 exceeded")


def test_values_cannot_reach_into_objects() -> None:
    assert sentence_of(Invalid("param.type", field="{x}")) == "Validation failed: {x} is invalid"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Malformed("body.unreadable"), 400),
        (Unauthenticated("token.invalid"), 401),
        (Unauthenticated("token.no_user"), 422),
        (Forbidden("login.pending"), 403),
        (errors.Limited("rate.limited"), 429),
        (errors.Unavailable("overloaded"), 503),
    ],
)
def test_a_kind_has_its_status(error: WeftError, status: int) -> None:
    assert status_of(error) == status
