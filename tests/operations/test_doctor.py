"""What the doctor finds, what it leaves alone, and that no secret is printed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from weft.operations.doctor import Finding, examine, print_findings
from weft.operations.reach import run_on
from weft.operations.show import print_config, without_password
from weft.settings import Settings, load_settings


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.about: finding for finding in findings}


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def test_a_server_that_does_not_exist_yet_is_in_order_and_is_not_made(tmp_path: Path) -> None:
    findings = by_name(examine(Settings(data=str(tmp_path / "new")), {}))
    assert findings["data folder"].level == "note" and findings["database"].level == "note"
    assert not [finding for finding in findings.values() if finding.level == "broken"]
    assert not (tmp_path / "new").exists()


def test_a_database_that_does_not_answer_is_broken_and_ends_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://weft:hidden@127.0.0.1:1/weft"
    assert print_findings(examine(Settings(data=str(tmp_path), database=url), {})) == 1
    printed = capsys.readouterr().out
    assert "broken   PostgreSQL       127.0.0.1:1/weft" in printed
    assert "hidden" not in printed


async def test_backlog_and_dead_letters_are_counted(tmp_path: Path, database_url: str) -> None:
    await _execute(database_url, "INSERT INTO outbox (bucket, id, kind, payload) VALUES (1, 70000, 'X', '{}')")
    await _execute(
        database_url,
        "INSERT INTO dead_letters (bucket, id, kind, payload, handler, error, died_ms) "
        "VALUES (1, 1, 'X', '', 'h', '', 1)",
    )
    settings = Settings(data=str(tmp_path), database=database_url)
    findings = by_name(await asyncio.to_thread(examine, settings, {}))
    assert "1 events wait" in findings["backlog"].words
    assert findings["dead letters"].level == "warning"
    assert findings["schema"].level == "ok"


def test_a_changed_schema_is_broken(tmp_path: Path, database_url: str) -> None:
    settings = Settings(data=str(tmp_path), database=database_url)

    async def change(db: object) -> None:
        await _execute(database_url, "UPDATE schema_migrations SET sha256 = 'other'")

    run_on(settings, change)
    assert by_name(examine(settings, {}))["schema"].level == "broken"


def test_settings_that_weaken_a_server_are_told(tmp_path: Path) -> None:
    settings = Settings(
        data=str(tmp_path / "new"),
        base_url="http://weft.example",
        limits=False,
        password_grant=True,
        fetch_allow=("127.0.0.1:9",),
        dns="127.0.0.1:53",
        clock_offset=60.0,
        signup="open",
    )
    findings = by_name(examine(settings, {}))
    warned = {name for name, finding in findings.items() if finding.level == "warning"}
    assert {"base URL", "limits", "password grant", "fetch_allow", "dns", "clock_offset", "mail"} <= warned


def test_config_says_where_each_value_came_from_and_shows_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weft.toml").write_text('oidc_client_secret = "s3cret"\ntitle = "Ours"\n')
    given = load_settings(
        {"data": str(tmp_path), "port": 9000},
        {
            "WEFT_SIGNUP": "open",
            "WEFT_DATABASE": "postgresql://ann:s3cret@db/weft",
            "WEFT_SMTP": "smtp://a:s3cret@mail",
        },
    )
    print_config(*given, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert shown["title"] == {"value": "Ours", "source": "weft.toml"}
    assert shown["signup"] == {"value": "open", "source": "environment"}
    assert shown["port"] == {"value": 9000, "source": "command line"}
    assert shown["workers"] == {"value": 1, "source": "default"}
    print_config(*given)
    assert "s3cret" not in capsys.readouterr().out + json.dumps(shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db/weft", "postgresql://db/weft"),
        ("postgresql://a:b@db:5/weft?x=1", "postgresql://a:***@db:5/weft?x=1"),
        ("postgresql://db/weft?password=b", "(set, not shown)"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
