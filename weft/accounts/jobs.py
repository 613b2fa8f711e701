"""What accounts do by themselves: mail that was asked for, and sweeps of what is over."""

from __future__ import annotations

from dataclasses import dataclass

from weft.accounts.events import InvitationWanted, MailWanted
from weft.accounts.invitations import send_invitation
from weft.accounts.mail_links import send_mail
from weft.accounts.names import sweep_names
from weft.accounts.profile import delete_account
from weft.accounts.sessions import expire_sessions
from weft.accounts.tokens import DAY_MS, expire_tokens
from weft.infra.db import Db
from weft.infra.mail import Mailer
from weft.infra.periodic import Job
from weft.kernel.ids import AccountId
from weft.settings import Settings


@dataclass(frozen=True)
class Post:
    """Delivers mail; the runner of ``MailWanted`` and ``InvitationWanted``."""

    db: Db
    mailer: Mailer
    settings: Settings

    async def deliver(self, event: MailWanted) -> None:
        await send_mail(self.db, self.mailer, self.settings, event)

    async def invite(self, event: InvitationWanted) -> None:
        await send_invitation(self.db, self.mailer, self.settings, event)


PATIENCE_DAYS = 7

UNCONFIRMED = """
SELECT u.account_id FROM users u JOIN accounts a ON a.bucket = u.bucket AND a.id = u.account_id  -- all buckets
 WHERE u.state = 'unconfirmed' AND u.created_ms < $1 AND a.state <> 'deleted' LIMIT 500
"""

SWEEP_CODES = """
DELETE FROM oauth_codes WHERE expires_ms < $1  -- all buckets
"""

SWEEP_LINKS = """
DELETE FROM mail_tokens WHERE expires_ms < $1  -- all buckets
"""


async def sweep_secrets(db: Db) -> None:
    """Delete codes and mailed links whose time is over."""
    async with db.job() as tx:
        await tx.execute(SWEEP_CODES, tx.now_ms)
        await tx.execute(SWEEP_LINKS, tx.now_ms)


async def settle_names(db: Db) -> None:
    await sweep_names(db)


async def expire_access(db: Db) -> None:
    """End tokens and sessions that nobody used for very long."""
    async with db.job() as tx:
        await expire_tokens(tx, tx.now_ms // DAY_MS)
        await expire_sessions(tx, tx.now_ms)


async def forget_unconfirmed(db: Db) -> None:
    """Free the handles of sign-ups whose address nobody confirmed."""
    async with db.read() as reader:
        left: list[AccountId] = await reader.values(UNCONFIRMED, db.clock.now_ms() - PATIENCE_DAYS * DAY_MS)
    for account_id in left:
        await delete_account(db, account_id, keep_handle=False)


JOBS = [
    Job("accounts.sweep_secrets", 3600.0, sweep_secrets),
    Job("accounts.settle_names", 600.0, settle_names),
    Job("accounts.expire_access", 86_400.0, expire_access),
    Job("accounts.forget_unconfirmed", 3600.0, forget_unconfirmed),
]
