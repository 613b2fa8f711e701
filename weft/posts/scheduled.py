"""Posts that wait for their time, and the job that publishes them.

A scheduled post's row goes in the transaction that writes the post, so it is published once wherever the job is cut
short. Its media are attached to the scheduled post while it waits, so that nothing else can use or sweep them.
"""

from __future__ import annotations

import msgspec
import structlog

from weft.accounts.service import find_account
from weft.infra.db import Db, Reader, Row, Tx
from weft.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.paging import Page
from weft.media.service import attach_media, detach_media
from weft.posts.create import LOCK_AUTHOR, claim_key, create_post, find_earlier
from weft.posts.drafting import Limits, Prepared, prepare
from weft.posts.model import Draft, Scheduled

SOONEST_MS = 5 * 60_000
MOST = 300
MOST_A_DAY = 25
DAY_MS = 86_400_000
BATCH = 50

log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Draft).decode

COUNT = """
SELECT count(*), count(*) FILTER (WHERE due_ms / 86400000 = $3) FROM scheduled_posts  -- scheduled_posts_account
 WHERE bucket = $1 AND account_id = $2 AND id <> $4
"""

INSERT = """
INSERT INTO scheduled_posts (bucket, id, account_id, due_ms, draft) VALUES ($1, $2, $3, $4, $5)
"""


class _Earlier(Exception):
    """A request with the same key came first."""


async def schedule_post(db: Db, prepared: Prepared, due_ms: int) -> Scheduled:
    """Keep a draft that was checked until its time.

    Raises:
        Invalid: the time is too near, or too many wait already.
    """
    author_id, draft = prepared.author.id, prepared.draft
    bucket = bucket_of(author_id)
    scheduled = Scheduled(id=db.ids.new(bucket), account_id=author_id, due_ms=due_ms, draft=draft)
    try:
        async with db.tx(bucket) as tx:
            await tx.value(LOCK_AUTHOR, bucket, author_id)
            key = draft.idempotency_key
            if key and not await claim_key(tx, author_id, key, scheduled.id):
                raise _Earlier
            await _check_due(tx, scheduled)
            body = _encode(msgspec.structs.replace(draft, idempotency_key="")).decode()
            await tx.execute(INSERT, bucket, scheduled.id, author_id, due_ms, body)
            media = draft.media_ids
            if media and await attach_media(tx, author_id, media, PostId(scheduled.id)) != len(media):
                raise Invalid("media.unusable", field="media_ids")
    except _Earlier:
        return await require_earlier_scheduled(db, author_id, draft.idempotency_key)
    return scheduled


async def require_earlier_scheduled(db: Db, account_id: AccountId, key: str) -> Scheduled:
    """The scheduled post that an earlier request with the same key made."""
    async with db.read() as reader:
        earlier = await find_earlier(reader, account_id, key)
        return await require_scheduled(reader, account_id, earlier or 0)


async def _check_due(tx: Tx, scheduled: Scheduled) -> None:
    account_id, due_ms = scheduled.account_id, scheduled.due_ms
    if due_ms < tx.now_ms + SOONEST_MS:
        raise Invalid("scheduled.too_soon", field="scheduled_at")
    bucket = bucket_of(account_id)
    await tx.value(LOCK_AUTHOR, bucket, account_id)
    row = await tx.row(COUNT, bucket, account_id, due_ms // DAY_MS, scheduled.id)
    assert row is not None
    if row[0] >= MOST:
        raise Invalid("scheduled.too_many", limit=MOST)
    if row[1] >= MOST_A_DAY:
        raise Invalid("scheduled.too_many_a_day", limit=MOST_A_DAY)


LIST = """
SELECT id, account_id, due_ms, draft FROM scheduled_posts  -- scheduled_posts_account
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""

LIST_UP = """
SELECT id, account_id, due_ms, draft FROM scheduled_posts  -- scheduled_posts_account
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""

ONE = """
SELECT id, account_id, due_ms, draft FROM scheduled_posts WHERE bucket = $1 AND id = $2 AND account_id = $3
"""


def _scheduled_of(row: Row) -> Scheduled:
    return Scheduled(id=row[0], account_id=row[1], due_ms=row[2], draft=_decode(row[3]))


async def list_scheduled(reader: Reader, account_id: AccountId, page: Page) -> list[Scheduled]:
    sql = LIST_UP if page.upwards else LIST
    rows = await reader.rows(sql, bucket_of(account_id), account_id, page.before, page.after, page.limit)
    return [_scheduled_of(row) for row in (reversed(rows) if page.upwards else rows)]


async def require_scheduled(reader: Reader, account_id: AccountId, id_: int) -> Scheduled:
    """One of the account's scheduled posts.

    Raises:
        NotFound: it is somebody else's, published or cancelled.
    """
    row = await reader.row(ONE, bucket_of(account_id), id_, account_id)
    if row is None:
        raise NotFound("record.absent")
    return _scheduled_of(row)


MOVE = """
UPDATE scheduled_posts SET due_ms = $3 WHERE bucket = $1 AND id = $2
"""


async def move_scheduled(db: Db, scheduled: Scheduled, due_ms: int) -> Scheduled:
    """Let it wait until another time."""
    moved = msgspec.structs.replace(scheduled, due_ms=due_ms)
    bucket = bucket_of(scheduled.account_id)
    async with db.tx(bucket) as tx:
        await _check_due(tx, moved)
        if not await tx.execute(MOVE, bucket, scheduled.id, due_ms):
            raise NotFound("record.absent")
    return moved


CANCEL = """
DELETE FROM scheduled_posts WHERE bucket = $1 AND id = $2
"""


async def cancel_scheduled(db: Db, scheduled: Scheduled) -> None:
    """Drop it; its media may be used again."""
    bucket = bucket_of(scheduled.account_id)
    async with db.tx(bucket) as tx:
        if not await tx.execute(CANCEL, bucket, scheduled.id):
            raise NotFound("record.absent")
        if scheduled.draft.media_ids:
            await detach_media(tx, scheduled.account_id, PostId(scheduled.id))


# ----------------------------------------------------------------------------------------------------------- publishing

DUE = """
SELECT id, account_id, due_ms, draft FROM scheduled_posts  -- all buckets: scheduled_posts_due
 WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2
"""


async def publish_due(db: Db, limits: Limits) -> int:
    """Publish what is due; how many posts there were. What cannot be published is dropped, with the reason logged."""
    published = 0
    while True:
        async with db.read() as reader:
            due = [_scheduled_of(row) for row in await reader.rows(DUE, db.clock.now_ms(), BATCH)]
        done = [await _publish(db, scheduled, limits) for scheduled in due]
        published += sum(done)
        if len(due) < BATCH or not any(done):
            return published


async def _publish(db: Db, scheduled: Scheduled, limits: Limits) -> bool:
    async with db.read() as reader:
        author = await find_account(reader, scheduled.account_id)
    try:
        if author is None or author.gone:
            raise NotFound("account.absent")
        if scheduled.draft.media_ids:
            async with db.tx(bucket_of(author.id)) as tx:
                await detach_media(tx, author.id, PostId(scheduled.id))
        prepared = await prepare(db, author, scheduled.draft, limits)
        await create_post(db, msgspec.structs.replace(prepared, scheduled_id=scheduled.id))
    except Conflict:
        return False  # cancelled, or published by another process, while we looked
    except (NotFound, Forbidden, Invalid) as error:
        log.warning("scheduled.dropped", id=scheduled.id, account=scheduled.account_id, reason=error.code)
        async with db.tx(bucket_of(scheduled.account_id)) as tx:
            await tx.execute(CANCEL, bucket_of(scheduled.account_id), scheduled.id)
        return False
    return True
