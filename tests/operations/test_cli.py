"""The command as an operator or a script runs it: a process, its output and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

PROGRAM = [sys.executable, "-c", "from weft.cli import main; main()"]


class Weft:
    """Runs `weft` on one community."""

    def __init__(self, folder: Path, database: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
        self._environment = kept | {"WEFT_DATA": str(folder), "WEFT_DATABASE": database}

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words], env=self._environment, input=stdin, capture_output=True, text=True, timeout=60
        )

    def json(self, *words: str, stdin: str = "") -> dict[str, Any]:
        done = self.run(*words, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    def refused(self, *words: str, stdin: str = "") -> str:
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture
def weft(tmp_path: Path, database_url: str) -> Weft:
    return Weft(tmp_path / "data", database_url)


async def value(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_an_account_of_the_command_line_is_usable_at_once(weft: Weft, database_url: str) -> None:
    made = weft.json("account", "create", "ann", "--email", "ann@example.org", "--role", "owner", "--locked")
    assert made["id"].isdigit() and len(made["password"]) >= 12
    shown = weft.json("account", "show", "ann")
    assert (shown["role"], shown["login"], shown["locked"], shown["email"]) == (
        "owner",
        "active",
        True,
        "ann@example.org",
    )
    assert await value(database_url, "SELECT by_command AND confirmed_ms IS NOT NULL FROM users")
    assert made["password"] not in weft.run("account", "show", "ann").stdout


async def test_a_password_comes_from_standard_input_and_is_not_printed(weft: Weft, database_url: str) -> None:
    made = weft.json("account", "create", "bob", "--password-stdin", stdin="a long enough one\n")
    assert "password" not in made
    assert str(await value(database_url, "SELECT password_hash FROM users")).startswith("$argon2id$")
    assert "8" in weft.refused("account", "create", "cat", "--password-stdin", stdin="short\n")
    assert "standard input" in weft.refused("account", "create", "cat", "--password-stdin")


def test_what_cannot_be_done_is_said_in_one_line_with_status_1(weft: Weft) -> None:
    weft.json("account", "create", "ann")
    assert "taken" in weft.refused("account", "create", "ANN")
    assert "no user name" in weft.refused("account", "create", "a b")
    assert "no role" in weft.refused("account", "create", "bob", "--role", "king")
    assert "no account 'nobody'" in weft.refused("account", "set-role", "nobody", "admin")
    assert "no account 'nobody'" in weft.refused("token", "create", "nobody")
    assert "no scopes" in weft.refused("token", "create", "ann", "--scopes", "everything")
    assert "not waiting" in weft.refused("account", "approve", "ann")
    assert "owns" in weft.refused("invite", "create")


def test_a_setting_that_cannot_be_used_ends_with_status_2(weft: Weft) -> None:
    done = weft.run("up", "--redis", "redis://localhost")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not built" in done.stderr


async def test_accounts_are_listed_changed_and_deleted(weft: Weft, database_url: str) -> None:
    for name in ("ann", "bob"):
        weft.json("account", "create", name)
    assert weft.json("account", "set-role", "bob", "moderator")["role"] == "moderator"
    assert weft.json("account", "suspend", "bob")["state"] == "suspended"
    listed = weft.json("account", "list")["accounts"]
    assert [(one["username"], one["role"], one["state"]) for one in listed] == [
        ("bob", "moderator", "suspended"),
        ("ann", "member", "active"),
    ]
    assert weft.json("account", "unsuspend", "bob")["state"] == "active"
    assert weft.json("account", "delete", "bob")["state"] == "deleted"
    assert "taken" in weft.refused("account", "create", "bob")
    assert await value(database_url, "SELECT count(*) FROM outbox WHERE kind = 'AccountStateChanged'") == 3


async def test_a_token_acts_for_its_account_with_the_scopes_that_were_asked(weft: Weft, database_url: str) -> None:
    made = weft.json("account", "create", "ann")
    token = weft.json("token", "create", "ann", "--scopes", "read write:statuses")
    assert len(token["token"]) == 46
    row = await value(database_url, "SELECT account_id::text || ' ' || array_to_string(scopes, ',') FROM tokens")
    assert row == f"{made['id']} read,write:statuses"
    weft.json("account", "create", "bob")
    assert set(weft.json("token", "create", "ann", "bob")["tokens"]) == {"ann", "bob"}


def test_an_invitation_is_the_owners_and_names_where_to_sign_up(weft: Weft) -> None:
    weft.json("account", "create", "ann", "--role", "owner")
    made = weft.json("invite", "create", "--uses", "3", "--days", "1")
    assert made["code"] in made["url"] and made["url"].startswith("http://localhost:8000/")


async def test_seed_prints_one_object_and_refuses_a_community_that_exists(weft: Weft, database_url: str) -> None:
    words = ("seed", "--accounts", "20", "--posts", "100", "--follows-mean", "5", "--seed", "3")
    done = weft.json(*words, "--wait")
    assert (done["accounts"], done["posts"], done["first_account"]) == (20, 100, "seed1")
    assert await value(database_url, "SELECT count(*) FROM search_posts") > 0
    assert len(weft.json("token", "create", "seed7")["token"]) == 46
    assert "--append" in weft.refused(*words)
    assert weft.json(*words, "--append")["last_account"] == "seed40"


def test_seed_refuses_numbers_that_no_community_has(weft: Weft) -> None:
    for words in (("0", "1", "0"), ("5", "-1", "0"), ("5", "1", "5"), ("5", "1", "nan"), ("99999999", "1", "1")):
        accounts, posts, mean = words
        assert "must" in weft.refused("seed", "--accounts", accounts, f"--posts={posts}", "--follows-mean", mean)


def test_the_doctor_ends_with_status_1_where_something_is_broken(tmp_path: Path) -> None:
    done = Weft(tmp_path, "postgresql://weft@127.0.0.1:1/weft").run("doctor")
    assert done.returncode == 1 and "broken   PostgreSQL" in done.stdout
    assert Weft(tmp_path, "").run("doctor").returncode == 0


def test_events_prints_the_wiring(weft: Weft) -> None:
    wired = weft.json("events")
    assert "search.index_events" in wired["PostCreated"] and wired["MailWanted"] == ["errands"]


def test_running_it_tells_what_there_is_and_imports_little() -> None:
    done = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, timeout=30)
    for command in ("up", "account", "token", "seed", "backup", "restore", "doctor", "config", "events", "bench"):
        assert command in done.stdout
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, weft.cli; print('asyncpg' in sys.modules, 'numpy' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert loaded.stdout.split() == ["False", "False"]
