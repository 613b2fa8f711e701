"""People to tie together, and what was published of it."""

from __future__ import annotations

import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.ids import AccountId


@pytest.fixture
async def ann(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="ann"))).id


@pytest.fixture
async def bob(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="bob"))).id


@pytest.fixture
async def lock(db: Db) -> AccountId:
    """Somebody who decides who follows them."""
    return (await create_account(db, NewAccount(username="lock", locked=True))).id


@pytest.fixture
def events(db: Db, ann: AccountId, bob: AccountId, lock: AccountId) -> list[Event]:
    """Events published from now on; the accounts are there already."""
    seen: list[Event] = []
    db.publish = seen.extend
    return seen
