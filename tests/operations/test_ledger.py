"""Budgets, prices and the books as an operator sees them on the command line."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from tests.operations.test_cli import Weft
from weft.infra.db import Db
from weft.kernel.clock import Clock
from weft.ledger.service import Ledger
from weft.operations.ledger import money_text, read_money
from weft.operations.reach import CommandFailed


@pytest.fixture
def weft(tmp_path: Path, database_url: str) -> Weft:
    return Weft(tmp_path / "data", database_url)


async def test_a_budget_of_the_command_line_holds_at_once(weft: Weft, db: Db) -> None:
    made = weft.json("account", "create", "ann")
    ann = int(made["id"])
    listed = weft.json("budget", "list")["budgets"]
    assert {"scope": "account", "unit": "token", "per": "day", "limit": "200000"} in listed
    assert {"scope": "segment:ai", "unit": "money", "per": "quarter", "limit": "0"} in listed
    weft.json("budget", "set", "account:ann", "token", "day", "5000")
    weft.json("budget", "set", "instance", "money", "quarter", "12.50")
    weft.json("budget", "set", "role:member", "token", "quarter", "77")
    lefts = {
        (each.scope, each.unit, each.per): each.limit for each in await Ledger(db, Clock()).left(ann, "member", "ai")
    }
    assert lefts["account", "token", "day"] == 5000
    assert lefts["instance", "money", "quarter"] == 12_500_000_000
    assert lefts["role", "token", "quarter"] == 77
    weft.json("budget", "set", "role:member", "token", "quarter", "none")
    assert not [each for each in weft.json("budget", "list")["budgets"] if each["scope"] == "role:member"]
    assert "account" in weft.run("budget", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("everything", "token", "day", "1"),
        ("segment:food", "token", "day", "1"),
        ("account:nobody", "token", "day", "1"),
        ("instance", "coins", "day", "1"),
        ("instance", "token", "year", "1"),
        ("instance", "token", "day", "many"),
        ("instance", "token", "day", "1.5"),
        ("instance", "token", "day", "9999999999999999999"),
        ("instance", "money", "day", "0.0000000001"),
        ("instance", "money", "day", "nan"),
        ("role:NOT A ROLE", "token", "day", "1"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_in_one_line(weft: Weft, words: tuple[str, ...]) -> None:
    assert weft.refused("budget", "set", *words).count("\n") == 1


def test_a_price_follows_the_present_one(weft: Weft) -> None:
    made = weft.json("price", "set", "ai.input_token", "0.00000015")
    assert (made["version"], made["price"], made["per"]) == (2, "0.00000015", "token")
    assert len([each for each in weft.json("price", "list")["prices"] if each["meter"] == "ai.input_token"]) == 2
    assert "already" not in weft.run("price", "list").stdout
    assert "no meter" in weft.refused("price", "set", "ai.thought", "1")
    assert "two minutes" in weft.refused("price", "set", "ai.cpu_ms", "1", "--from", "2020-01-01T00:00:00Z")
    assert "later" in weft.refused("price", "set", "ai.input_token", "1", "--from", made["from"])


async def test_the_check_of_the_books_ends_with_a_status_that_scripts_can_read(weft: Weft, database_url: str) -> None:
    answer = weft.json("ledger", "check")
    assert answer["good"] and answer["entries"] == 0
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("UPDATE chain SET number = 3")
    finally:
        await connection.close()
    done = weft.run("ledger", "check")
    assert done.returncode == 1
    assert "should end with 3" in done.stdout


@pytest.mark.parametrize("text", ["0", "12.5", "0.000000001", "1000000", "1"])
def test_money_is_written_as_it_is_read(text: str) -> None:
    assert money_text(read_money(text)) == text


@pytest.mark.parametrize("text", ["", "-1", "1e999", "inf", "a", "0.1234567891"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(CommandFailed):
        read_money(text)


async def test_a_model_s_own_price_is_set_and_listed(weft: Weft) -> None:
    made = weft.json("price", "set", "ai.output_token", "0.0000006", "--model", "big")
    assert (made["model"], made["price"], made["version"]) == ("big", "0.0000006", 2)
    listed = {(each["meter"], each["model"]): each["price"] for each in weft.json("price", "list")["prices"]}
    assert listed["ai.output_token", "big"] == "0.0000006"
    assert listed["ai.output_token", ""] == "0"
    assert "big" in weft.run("price", "list").stdout


async def test_where_the_books_ended_is_listed_by_day(weft: Weft, db: Db) -> None:
    async with db.tx(0) as tx:
        await tx.execute("INSERT INTO day_heads (bucket, day_ms, number, hash) VALUES ($1, 0, 3, '\\xab')", 0)
    assert weft.json("ledger", "heads")["heads"] == [{"day": "1970-01-01", "entries": 3, "hash": "ab"}]
