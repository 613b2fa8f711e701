"""The owner is written to about budgets, in their language; what single people spend is nobody else's affair."""

from __future__ import annotations

import pytest

from tests.infra.post_office import PostOffice, post_office
from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.infra.mail import Mailer
from weft.kernel.clock import ManualClock
from weft.ledger.events import BudgetReached
from weft.ledger.letters import TEXTS, Letters, letter
from weft.settings import Settings

NEAR = BudgetReached(
    scope="segment", subject="ai", unit="money", per="quarter", percent=80, resets_ms=1_775_001_600_000
)


async def told(db: Db, clock: ManualClock, event: BudgetReached) -> PostOffice:
    async with post_office() as office:
        mailer = Mailer(office.url, "Weft <weft@town.example>", clock)
        try:
            await Letters(db, mailer, Settings(title="Our town")).tell(event)
        finally:
            mailer.close()
    return office


async def test_the_owner_learns_which_budget_nears_its_end_and_until_when(db: Db, clock: ManualClock) -> None:
    await create_account(db, NewAccount(username="boss", email="boss@town.example", role="owner"))
    await create_account(db, NewAccount(username="ann", email="ann@town.example", role="admin"))
    (mail,) = (await told(db, clock, NEAR)).mails
    assert (mail["to"], mail["subject"]) == ("boss@town.example", "Our town: 80 % of a budget is spent")
    text = mail.get_content()
    assert "the segment ai, in money, per quarter" in text
    assert "2026-04-01T00:00:00.000Z" in text
    assert TEXTS["en"]["near"] in text


@pytest.mark.parametrize("scope", ["account", "instance"])
async def test_nobody_is_written_to_about_a_single_account_or_where_nobody_owns_the_server(
    db: Db, clock: ManualClock, scope: str
) -> None:
    if scope == "account":
        await create_account(db, NewAccount(username="boss", email="boss@town.example", role="owner"))
    event = BudgetReached(scope=scope, subject="", unit="token", per="day", percent=100, resets_ms=0)  # type: ignore[arg-type]
    assert (await told(db, clock, event)).mails == []


def test_each_language_says_everything() -> None:
    for locale, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys()
        for scope in ("role", "segment", "instance"):
            for percent in (80, 100):
                event = BudgetReached(
                    scope=scope,
                    subject="ai",
                    unit="token",
                    per="day",
                    percent=percent,
                    resets_ms=0,
                )
                subject, text = letter(event, locale, "Town")
                assert "{" not in subject + text and f"{percent} %" in subject
