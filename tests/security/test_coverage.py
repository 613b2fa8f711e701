"""The table that says which test proves which requirement stays true."""

from __future__ import annotations

import pytest

from tests.security.coverage import PAGE, REQUIRED, load, names_in, page


def test_every_requirement_has_its_tests() -> None:
    table = load()
    assert set(table) == set(REQUIRED)
    assert all(requirement.tests and requirement.says for requirement in table.values())


@pytest.mark.parametrize("number", REQUIRED)
def test_every_test_that_is_named_exists(number: str) -> None:
    absent = [test for test in load()[number].tests if test.partition("::")[2] not in names_in(test.partition("::")[0])]
    assert absent == []


def test_a_test_that_does_not_exist_is_noticed() -> None:
    assert "test_nothing_of_this_name" not in names_in("tests/security/test_coverage.py")
    assert names_in("tests/security/no_such_file.py") == set()


def test_the_page_for_people_says_the_same() -> None:
    assert PAGE.read_text("utf-8") == page(load()), "run: python -m tests.security.coverage"
