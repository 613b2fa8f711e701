"""Accounts: their names, what ends with them, and what is read of them."""

import asyncio

import pytest

from weft.accounts.events import AccessEnded, AccountCreated, AccountStateChanged
from weft.accounts.jobs import forget_unconfirmed
from weft.accounts.model import Account, Field, NewAccount, ProfileEdit
from weft.accounts.names import handle_name, reserve_names, sweep_names
from weft.accounts.service import (
    NewToken,
    create_account,
    create_token,
    delete_account,
    edit_profile,
    find_by_handle,
    find_user,
    load_account_counts,
    load_accounts,
    set_role,
    set_state,
)
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId, bucket_of


@pytest.fixture
def events(db: Db) -> list[Event]:
    seen: list[Event] = []
    db.publish = seen.extend
    return seen


async def test_a_new_account_is_found_by_its_handle_in_any_case(db: Db, events: list[Event]) -> None:
    account = await create_account(db, NewAccount(username="Ann", email="ann@example.com"))
    async with db.read() as reader:
        found = await find_by_handle(reader, "aNN")
        user = await find_user(reader, account.id)
        counts = await load_account_counts(reader, [account.id])
    assert found is not None and found.id == account.id and found.username == "Ann"
    assert user is not None and user.email == "ann@example.com" and user.state == "active"
    assert counts[account.id].posts == 0
    assert events == [AccountCreated(account_id=account.id)]


async def test_names_that_look_alike_are_taken_but_not_found(db: Db) -> None:
    await create_account(db, NewAccount(username="bill0"))
    for twin in ("BILL0", "billo", "BILLO"):
        with pytest.raises(Invalid) as refused:
            await create_account(db, NewAccount(username=twin))
        assert refused.value.code == "username.taken"
    async with db.read() as reader:
        assert await find_by_handle(reader, "billo") is None


async def test_a_taken_address_frees_the_reserved_handle(db: Db) -> None:
    await create_account(db, NewAccount(username="ann", email="a@example.com"))
    with pytest.raises(Invalid) as refused:
        await create_account(db, NewAccount(username="eve", email="A@Example.COM"))
    assert refused.value.code == "email.taken"
    await create_account(db, NewAccount(username="eve", email="eve@example.com"))


async def test_a_reservation_without_an_account_is_freed_and_one_with_an_account_is_taken(
    db: Db, clock: ManualClock
) -> None:
    made = await create_account(db, NewAccount(username="made"))
    async with db.job() as tx:
        await tx.execute("UPDATE directory SET state = 'reserved', until_ms = 1 WHERE name = 'made' -- all buckets")
    await reserve_names(db, [handle_name("lost")], AccountId(db.ids.new(3)))
    clock.advance(3600)
    assert await sweep_names(db) == 2
    await create_account(db, NewAccount(username="lost"))
    with pytest.raises(Invalid):
        await create_account(db, NewAccount(username="made"))
    async with db.read() as reader:
        found = await find_by_handle(reader, "made")
    assert found is not None and found.id == made.id


async def test_a_profile_keeps_what_is_not_changed(db: Db) -> None:
    account = await create_account(db, NewAccount(username="ann"))
    async with db.tx(bucket_of(account.id)) as tx:
        await edit_profile(
            tx, account.id, ProfileEdit(display_name="Ann", fields=(Field("site", "https://a.example"),))
        )
    async with db.tx(bucket_of(account.id)) as tx:
        await edit_profile(tx, account.id, ProfileEdit(bio="hello", locked=True))
    async with db.read() as reader:
        changed = (await load_accounts(reader, [account.id]))[account.id]
    assert (changed.display_name, changed.bio, changed.locked, changed.version) == ("Ann", "hello", True, 2)
    assert changed.fields == (Field("site", "https://a.example"),)


async def test_the_handle_of_a_deleted_account_stays_kept_and_its_profile_is_emptied(
    db: Db, events: list[Event]
) -> None:
    account = await create_account(db, NewAccount(username="gone", email="gone@example.com", display_name="Gone"))
    await delete_account(db, account.id)
    async with db.read() as reader:
        left = (await load_accounts(reader, [account.id]))[account.id]
        user = await find_user(reader, account.id)
        assert await find_by_handle(reader, "gone") is None
    assert left.gone and left.display_name == ""
    assert user is not None and user.email == "" and user.state == "disabled"
    with pytest.raises(Invalid):
        await create_account(db, NewAccount(username="gone"))
    await create_account(db, NewAccount(username="other", email="gone@example.com"))
    assert AccountStateChanged(account_id=account.id, state="deleted") in events


@pytest.mark.parametrize("change", ["suspend", "role", "delete"])
async def test_a_change_of_role_or_state_ends_all_access(db: Db, events: list[Event], change: str) -> None:
    account = await create_account(db, NewAccount(username="ann"))
    async with db.tx(bucket_of(account.id)) as tx:
        await create_token(tx, NewToken(account.id, 0, "an app", "", frozenset({"read"})))
    if change == "delete":
        await delete_account(db, account.id)
    else:
        async with db.tx(bucket_of(account.id)) as tx:
            await (
                set_state(tx, account.id, "suspended") if change == "suspend" else set_role(tx, account.id, "moderator")
            )
    async with db.read() as reader:
        left = await reader.value("SELECT count(*) FROM tokens")
    assert left == 0
    assert AccessEnded(account_id=account.id) in events


async def test_a_sign_up_that_nobody_confirms_frees_its_handle_after_a_week(db: Db, clock: ManualClock) -> None:
    new = NewAccount(username="squat", email="s@example.com", state="unconfirmed", confirmed=False)
    await create_account(db, new)
    clock.advance(6 * 86400)
    await forget_unconfirmed(db)
    with pytest.raises(Invalid):
        await create_account(db, NewAccount(username="squat"))
    clock.advance(2 * 86400)
    await forget_unconfirmed(db)
    await create_account(db, NewAccount(username="squat"))
    await forget_unconfirmed(db)
    async with db.read() as reader:
        assert await find_by_handle(reader, "squat") is not None


async def test_of_many_who_want_one_name_at_once_exactly_one_gets_it(db: Db) -> None:
    tries = [
        create_account(db, NewAccount(username=name, email=f"{n}@example.com")) for n, name in enumerate(["o0o"] * 8)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Account) for result in results) == 1
    assert {result.code for result in results if isinstance(result, Invalid)} == {"username.taken"}
