"""What people do with their notifications: dismiss, clear, set the policy, accept or dismiss requests."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.accounts.events import NotificationsChanged
from weft.infra.db import Db
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.notifications.model import Kind, Policy, Verdict
from weft.notifications.queries import find_requests
from weft.notifications.telling import read_policy

_encode = msgspec.json.Encoder().encode

DISMISS = """
DELETE FROM notifications WHERE bucket = $1 AND account_id = $2 AND id = $3
"""


async def dismiss(db: Db, account_id: AccountId, id_: int) -> None:
    """Remove one notification.

    Raises:
        NotFound: the account has none of that id.
    """
    async with db.once(bucket_of(account_id)) as tx:
        if not await tx.execute(DISMISS, bucket_of(account_id), account_id, id_):
            raise NotFound("record.absent")
        tx.signal(NotificationsChanged(account_ids=(account_id,)))


DISMISS_GROUP = """
DELETE FROM notifications
 WHERE bucket = $1 AND account_id = $2 AND coalesce(post_id, 0) = $3 AND kind = $4 AND group_key = $5
"""


async def dismiss_group(db: Db, account_id: AccountId, key: str, kind: Kind, post_id: int) -> None:
    """Remove a group. One that is gone already is no fault."""
    async with db.once(bucket_of(account_id)) as tx:
        await tx.execute(DISMISS_GROUP, bucket_of(account_id), account_id, post_id, kind, key)
        tx.signal(NotificationsChanged(account_ids=(account_id,)))


CLEAR = """
DELETE FROM notifications WHERE bucket = $1 AND account_id = $2
"""


async def clear(db: Db, account_id: AccountId) -> None:
    """Remove every notification of the account, those kept back included."""
    async with db.once(bucket_of(account_id)) as tx:
        await tx.execute(CLEAR, bucket_of(account_id), account_id)
        tx.signal(NotificationsChanged(account_ids=(account_id,)))


# ------------------------------------------------------------------------------------------------ policy and requests


class PolicyEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New verdicts; None leaves one as it is."""

    not_following: Verdict | None = None
    not_followers: Verdict | None = None
    new_accounts: Verdict | None = None
    private_mentions: Verdict | None = None
    limited_accounts: Verdict | None = None


LOCK_POLICY = """
SELECT notification_policy::text FROM users WHERE bucket = $1 AND account_id = $2 FOR UPDATE
"""

SET_POLICY = """
UPDATE users SET notification_policy = $3::text::jsonb WHERE bucket = $1 AND account_id = $2
"""


async def edit_policy(db: Db, account_id: AccountId, edit: PolicyEdit) -> Policy:
    """Change what happens to notifications from now on.

    Raises:
        NotFound: the account has no login here.
    """
    bucket = bucket_of(account_id)
    async with db.tx(bucket) as tx:
        text = await tx.value(LOCK_POLICY, bucket, account_id)
        if text is None:
            raise NotFound("record.absent")
        changes = {name: value for name, value in msgspec.structs.asdict(edit).items() if value is not None}
        policy = msgspec.structs.replace(read_policy(text), **changes)
        await tx.execute(SET_POLICY, bucket, account_id, _encode(policy).decode())
    return policy


PERMIT = """
INSERT INTO notification_permissions (bucket, account_id, from_id, allowed)
SELECT $1, $2, from_id, true FROM unnest($3::bigint[]) AS permitted (from_id)
ON CONFLICT (bucket, account_id, from_id) DO UPDATE SET allowed = true
"""

LET_THROUGH = """
UPDATE notifications SET filtered = false
 WHERE bucket = $1 AND account_id = $2 AND filtered AND from_id = ANY($3::bigint[])
"""


async def accept_requests(db: Db, account_id: AccountId, ids: Sequence[int]) -> None:
    """Show what was kept back of these people, and keep nothing of theirs back any more."""
    bucket = bucket_of(account_id)
    async with db.tx(bucket) as tx:
        senders = [request.from_id for request in await find_requests(tx, account_id, ids)]
        await tx.execute(PERMIT, bucket, account_id, senders)
        await tx.execute(LET_THROUGH, bucket, account_id, senders)
        tx.signal(NotificationsChanged(account_ids=(account_id,)))


DISMISS_REQUESTS = """
DELETE FROM notifications WHERE bucket = $1 AND account_id = $2 AND filtered AND from_id = ANY($3::bigint[])
"""


async def dismiss_requests(db: Db, account_id: AccountId, ids: Sequence[int]) -> None:
    """Remove what was kept back of these people; what they do next is kept back anew."""
    bucket = bucket_of(account_id)
    async with db.tx(bucket) as tx:
        senders = [request.from_id for request in await find_requests(tx, account_id, ids)]
        await tx.execute(DISMISS_REQUESTS, bucket, account_id, senders)
        tx.signal(NotificationsChanged(account_ids=(account_id,)))
