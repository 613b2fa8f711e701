"""From a token's text to a grant: what it finds, what it forgets, and what a hit costs."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from weft.accounts.events import AccessEnded, AccountStateChanged
from weft.accounts.model import NewAccount
from weft.accounts.service import (
    Authenticator,
    NewToken,
    create_account,
    create_token,
    end_access,
    revoke_token,
    set_user_state,
)
from weft.accounts.tokens import IssuedToken, expire_tokens
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.clock import ManualClock
from weft.kernel.ids import AccountId, bucket_of


class Told:
    """Events reach the authenticator as in one process; the port itself has its own tests."""

    def __init__(self) -> None:
        self.listeners: dict[type[Event], object] = {}

    def on(self, kind, listener) -> None:  # type: ignore[no-untyped-def]
        self.listeners[kind] = listener

    def on_reset(self, drop) -> None:  # type: ignore[no-untyped-def]
        pass

    def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            if type(event) in self.listeners:
                self.listeners[type(event)](event)  # type: ignore[operator]


@pytest.fixture
def authenticate(db: Db) -> Authenticator:
    told = Told()
    db.publish = told.publish
    made = Authenticator(db)
    made.listen(told)  # type: ignore[arg-type]
    return made


async def token_of(db: Db, account_id: AccountId) -> IssuedToken:
    async with db.tx(bucket_of(account_id)) as tx:
        return await create_token(
            tx, NewToken(account_id, 7, "Reader", "https://app.example", frozenset({"read", "write:media"}))
        )


@pytest.fixture
async def ann(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="ann"))).id


async def test_a_token_speaks_for_its_account_with_its_scopes_and_names_its_app(
    db: Db, authenticate: Authenticator, ann: AccountId
) -> None:
    issued = await token_of(db, ann)
    grant = await authenticate(issued.text)
    assert grant is not None
    assert (grant.token_id, grant.account_id, grant.app_id) == (issued.id, ann, 7)
    assert grant.scopes == {"read", "write:media"}
    assert (grant.app_name, grant.app_website, grant.problem) == ("Reader", "https://app.example", "")
    assert await authenticate(issued.text) is grant


@pytest.mark.parametrize(
    "text", ["", "x", "fff" + "a" * 43, "zzz" + "a" * 43, "7f\0" + "a" * 43, "é" * 46, "a" * 10_000]
)
async def test_what_is_no_token_is_nobody(authenticate: Authenticator, text: str) -> None:
    assert await authenticate(text) is None


async def test_tokens_are_stored_as_hashes_only(db: Db, ann: AccountId) -> None:
    issued = await token_of(db, ann)
    async with db.read() as reader:
        row = await reader.row("SELECT t::text AS row FROM tokens t")
    assert row is not None and issued.text not in row["row"] and issued.text[3:] not in row["row"]


async def test_a_revoked_token_is_dead_at_once(db: Db, authenticate: Authenticator, ann: AccountId) -> None:
    issued, other = await token_of(db, ann), await token_of(db, ann)
    assert await authenticate(issued.text) and await authenticate(other.text)
    async with db.tx(bucket_of(ann)) as tx:
        assert await revoke_token(tx, ann, issued.id)
    assert await authenticate(issued.text) is None
    assert await authenticate(other.text) is not None


async def test_nobody_revokes_the_token_of_another(db: Db, authenticate: Authenticator, ann: AccountId) -> None:
    issued = await token_of(db, ann)
    bob = (await create_account(db, NewAccount(username="bob"))).id
    async with db.tx(bucket_of(bob)) as tx:
        assert not await revoke_token(tx, bob, issued.id)
    assert await authenticate(issued.text) is not None


@pytest.mark.parametrize(("state", "problem"), [("unconfirmed", "login.unconfirmed"), ("pending", "login.pending")])
async def test_a_login_that_may_not_act_yet_says_why(
    db: Db, authenticate: Authenticator, ann: AccountId, state, problem
) -> None:  # type: ignore[no-untyped-def]
    issued = await token_of(db, ann)
    assert (await authenticate(issued.text)).problem == ""  # type: ignore[union-attr]
    async with db.tx(bucket_of(ann)) as tx:
        await set_user_state(tx, ann, state)
    assert (await authenticate(issued.text)).problem == problem  # type: ignore[union-attr]


async def test_a_suspension_kills_tokens_even_if_rows_were_left(
    db: Db, authenticate: Authenticator, ann: AccountId
) -> None:
    issued = await token_of(db, ann)
    assert await authenticate(issued.text)
    async with db.job() as tx:
        await tx.execute("UPDATE accounts SET state = 'suspended' -- all buckets")
        tx.signal(AccountStateChanged(account_id=ann, state="suspended"))
    assert await authenticate(issued.text) is None


async def test_all_access_ends_together(db: Db, authenticate: Authenticator, ann: AccountId) -> None:
    tokens = [await token_of(db, ann) for _ in range(3)]
    for issued in tokens:
        assert await authenticate(issued.text)
    async with db.tx(bucket_of(ann)) as tx:
        await end_access(tx, ann)
    assert [await authenticate(issued.text) for issued in tokens] == [None] * 3


async def test_a_token_unused_for_400_days_expires_and_one_in_use_does_not(
    db: Db, authenticate: Authenticator, ann: AccountId, clock: ManualClock
) -> None:
    used, unused = await token_of(db, ann), await token_of(db, ann)
    assert await authenticate(used.text)
    clock.advance(300 * 86400)
    assert await authenticate(used.text)
    await authenticate.note_use()
    authenticate.clear()
    clock.advance(150 * 86400)
    assert await authenticate(used.text)
    assert await authenticate(unused.text) is None
    async with db.job() as tx:
        assert await expire_tokens(tx, clock.now_ms() // 86_400_000) == 1


async def test_use_is_stored_at_most_once_a_day(
    db: Db, authenticate: Authenticator, ann: AccountId, clock: ManualClock
) -> None:
    issued = await token_of(db, ann)
    clock.advance(86400)
    await authenticate(issued.text)
    await authenticate.note_use()
    statements: list[str] = []
    db.recorder = lambda sql, args: statements.append(sql)
    await authenticate(issued.text)
    await authenticate.note_use()
    assert statements == []
    db.recorder = None
    async with db.read() as reader:
        assert await reader.value("SELECT seen_day FROM users") == clock.now_ms() // 86_400_000


async def test_the_cache_is_bounded(db: Db, ann: AccountId) -> None:
    small = Authenticator(db, cached=5)
    tokens = [await token_of(db, ann) for _ in range(12)]
    for issued in tokens:
        assert await small(issued.text)
    assert len(small._entries) == 5
    assert sum(len(texts) for texts in small._by_account.values()) == 5


async def test_a_grant_read_while_a_change_arrives_is_not_kept(
    db: Db, authenticate: Authenticator, ann: AccountId
) -> None:
    issued = await token_of(db, ann)
    load = asyncio.create_task(authenticate._load(issued.text))
    await asyncio.sleep(0)
    authenticate.access_ended(AccessEnded(account_id=ann))
    await load
    assert issued.text not in authenticate._entries


async def test_a_hit_costs_under_a_microsecond_and_a_half(db: Db, authenticate: Authenticator, ann: AccountId) -> None:
    issued = await token_of(db, ann)
    await authenticate(issued.text)
    best = 1e9
    for _ in range(5):
        start = time.perf_counter_ns()
        for _ in range(10_000):
            await authenticate(issued.text)
        best = min(best, (time.perf_counter_ns() - start) / 10_000)
    assert best < 1500, f"{best:.0f} ns"
