"""The notes slice on a real database: one per account, for a day, whatever happens twice."""

from __future__ import annotations

import pytest

from weft.accounts.events import AccountStateChanged
from weft.accounts.model import NewAccount
from weft.accounts.service import create_account, delete_account
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid
from weft.kernel.ids import MAX_ID, AccountId
from weft.notes.events import NoteCleared, NoteSet
from weft.notes.jobs import SWEPT_AT_ONCE, end_notes, forget_notes
from weft.notes.model import NOTE_MS, Note
from weft.notes.service import clear_note, find_note, load_notes, set_note

DAY_S = NOTE_MS / 1000


@pytest.fixture
async def ann(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="ann"))).id


@pytest.fixture
async def bob(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="bob"))).id


@pytest.fixture
def events(db: Db, ann: AccountId, bob: AccountId) -> list[Event]:
    seen: list[Event] = []
    db.publish = seen.extend
    return seen


async def read(db: Db, *ids: AccountId, limit: int = 100) -> list[Note]:
    async with db.read() as reader:
        return await load_notes(reader, ids, db.clock.now_ms(), MAX_ID, limit)


async def rows(db: Db) -> int:
    async with db.read() as reader:
        return int(await reader.value("SELECT count(*) FROM notes  -- all buckets"))


async def test_a_note_is_there_for_a_day(db: Db, clock: ManualClock, ann: AccountId, events: list[Event]) -> None:
    note = await set_note(db, ann, " half  asleep \n", "mutuals")
    assert note.text == "half asleep" and note.expires_ms - note.created_ms == NOTE_MS
    assert await read(db, ann) == [note]
    async with db.read() as reader:
        assert await find_note(reader, note.id, clock.now_ms()) == note
    assert events == [NoteSet(account_id=ann, note_id=note.id)]
    clock.advance(DAY_S - 0.001)
    assert await read(db, ann) == [note]
    clock.advance(0.001)
    assert await read(db, ann) == []
    async with db.read() as reader:
        assert await find_note(reader, note.id, clock.now_ms()) is None


async def test_a_new_note_takes_the_place_of_the_old_one(db: Db, clock: ManualClock, ann: AccountId) -> None:
    first = await set_note(db, ann, "one", "followers")
    clock.advance(60)
    second = await set_note(db, ann, "two", "mutuals")
    again = await set_note(db, ann, "two", "mutuals")
    assert await read(db, ann) == [again] and await rows(db) == 1
    assert again.expires_ms == second.expires_ms
    async with db.read() as reader:
        assert await find_note(reader, first.id, clock.now_ms()) is None


async def test_a_refused_note_leaves_the_old_one(db: Db, ann: AccountId, events: list[Event]) -> None:
    note = await set_note(db, ann, "one", "followers")
    events.clear()
    with pytest.raises(Invalid):
        await set_note(db, ann, "x" * 61, "followers")
    assert await read(db, ann) == [note] and events == []


async def test_a_note_is_taken_back_once(db: Db, ann: AccountId, bob: AccountId, events: list[Event]) -> None:
    note = await set_note(db, ann, "one", "followers")
    other = await set_note(db, bob, "two", "followers")
    events.clear()
    await clear_note(db, ann)
    await clear_note(db, ann)
    assert await read(db, ann, bob) == [other]
    assert events == [NoteCleared(account_id=ann, note_id=note.id)]


async def test_notes_come_newest_first_and_bounded(db: Db, clock: ManualClock, ann: AccountId, bob: AccountId) -> None:
    older = await set_note(db, ann, "one", "followers")
    clock.advance(1)
    newer = await set_note(db, bob, "two", "followers")
    assert await read(db, ann, bob) == [newer, older]
    assert await read(db, ann, bob, limit=1) == [newer]
    async with db.read() as reader:
        assert await load_notes(reader, (ann, bob), clock.now_ms(), newer.id, 5) == [older]


async def test_the_sweep_takes_only_what_is_over_and_may_run_twice(
    db: Db, clock: ManualClock, ann: AccountId, bob: AccountId, events: list[Event]
) -> None:
    over = await set_note(db, ann, "one", "followers")
    clock.advance(60)
    running = await set_note(db, bob, "two", "followers")
    clock.advance(DAY_S - 30)
    events.clear()
    await end_notes(db)
    await end_notes(db)
    assert await rows(db) == 1 and await read(db, ann, bob) == [running]
    assert events == [NoteCleared(account_id=ann, note_id=over.id)]


INVENT = """
INSERT INTO notes (bucket, account_id, id, text, audience, expires_ms)  -- all buckets
SELECT n % 1024, n, n, 'x', 'followers', $1 FROM generate_series(1, $2) AS n
"""


async def test_the_sweep_goes_on_until_nothing_is_left(db: Db, clock: ManualClock) -> None:
    async with db.job() as tx:
        await tx.execute(INVENT, clock.now_ms() - 1, SWEPT_AT_ONCE + 20)
    await end_notes(db)
    assert await rows(db) == 0


async def test_a_note_goes_with_its_account(db: Db, ann: AccountId, bob: AccountId, events: list[Event]) -> None:
    await set_note(db, ann, "one", "followers")
    kept = await set_note(db, bob, "two", "followers")
    await delete_account(db, ann)
    deleted = AccountStateChanged(account_id=ann, state="deleted")
    for _ in range(2):  # a handler may run twice
        async with db.job() as tx:
            await forget_notes(tx, [deleted, AccountStateChanged(account_id=bob, state="suspended")])
    assert await read(db, ann, bob) == [kept]
    assert sum(isinstance(event, NoteCleared) for event in events) == 1
