"""A push target lasts as long as the token or the session that it hangs on."""

from __future__ import annotations

from tests.notifications.support import World
from tests.support.push_service import Browser, encoded
from weft.accounts.service import NewToken, create_session, create_token, find_session, revoke_token
from weft.infra.db import Db
from weft.kernel.ids import AccountId
from weft.notifications.jobs import sweep_pushes
from weft.notifications.service import NewTarget, Wishes, find_target, put_target


async def subscribe(db: Db, account_id: AccountId, holder: int) -> None:
    browser = Browser()
    new = NewTarget(endpoint="https://push.example/x", key=encoded(browser.point), auth=encoded(browser.auth))
    await put_target(db, account_id, holder, new, Wishes())


async def is_pushed_to(db: Db, account_id: AccountId, holder: int) -> bool:
    async with db.read() as reader:
        return await find_target(reader, account_id, holder) is not None


async def token(db: Db, account_id: AccountId) -> int:
    new = NewToken(account_id, 0, "An app", "", frozenset({"push"}))
    async with db.tx(new.bucket) as tx:
        return (await create_token(tx, new)).id


async def test_a_revoked_token_is_pushed_to_no_more_and_others_still_are(world: World) -> None:
    db, ann = world.db, world.ids["ann"]
    first, second = await token(db, ann), await token(db, ann)
    for holder in (first, second):
        await subscribe(db, ann, holder)
    async with db.tx(ann >> 6 & 1023) as tx:
        assert await revoke_token(tx, ann, first)
    await world.settle()
    assert not await is_pushed_to(db, ann, first)
    assert await is_pushed_to(db, ann, second)


async def test_a_session_that_ended_by_itself_is_swept(world: World) -> None:
    db, ann = world.db, world.ids["ann"]
    text = await create_session(db, ann, "Tests")
    async with db.read() as reader:
        session = await find_session(reader, text, db.clock.now_ms())
        holder = await reader.value("SELECT id FROM sessions WHERE bucket = $1", ann >> 6 & 1023)
    assert session is not None
    await subscribe(db, ann, holder)
    await sweep_pushes(db)
    assert await is_pushed_to(db, ann, holder)
    async with db.job() as tx:
        await tx.execute("DELETE FROM sessions  -- all buckets: as time does")
    await sweep_pushes(db)
    assert not await is_pushed_to(db, ann, holder)
