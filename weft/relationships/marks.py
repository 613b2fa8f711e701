"""What an account notes about others for itself: private comments, and whom it endorses on its profile."""

from __future__ import annotations

from weft.infra.db import Db
from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.model import check_comment

COMMENT = """
INSERT INTO account_notes (bucket, account_id, target_id, comment) VALUES ($1, $2, $3, $4)
ON CONFLICT (bucket, account_id, target_id) DO UPDATE SET comment = excluded.comment
"""

UNCOMMENT = """
DELETE FROM account_notes WHERE bucket = $1 AND account_id = $2 AND target_id = $3
"""


async def set_comment(db: Db, account_id: AccountId, target_id: AccountId, comment: str) -> None:
    """Keep a private comment about an account; an empty one takes it away."""
    own, comment = bucket_of(account_id), check_comment(comment)
    async with db.once(own) as tx:
        if comment:
            await tx.execute(COMMENT, own, account_id, target_id, comment)
        else:
            await tx.execute(UNCOMMENT, own, account_id, target_id)


ENDORSE = """
INSERT INTO endorsements (bucket, account_id, target_id, id)
SELECT $1, $2, $3, $4 FROM following WHERE bucket = $1 AND account_id = $2 AND target_id = $3
ON CONFLICT (bucket, account_id, target_id) DO UPDATE SET target_id = excluded.target_id
"""

UNENDORSE = """
DELETE FROM endorsements WHERE bucket = $1 AND account_id = $2 AND target_id = $3
"""


async def endorse(db: Db, account_id: AccountId, target_id: AccountId) -> None:
    """Show an account on one's profile.

    Raises:
        Invalid: the account is not followed.
    """
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        if not await tx.execute(ENDORSE, own, account_id, target_id, db.ids.new(own)):
            raise Invalid("endorsement.not_following")


async def unendorse(db: Db, account_id: AccountId, target_id: AccountId) -> None:
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        await tx.execute(UNENDORSE, own, account_id, target_id)
