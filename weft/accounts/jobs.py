"""What accounts do by themselves: mail that was asked for, and sweeps of what is over."""

from __future__ import annotations

from dataclasses import dataclass

from weft.accounts.events import MailWanted
from weft.accounts.mail_links import send_mail
from weft.accounts.names import sweep_names
from weft.accounts.sessions import expire_sessions
from weft.accounts.tokens import DAY_MS, expire_tokens
from weft.infra.db import Db
from weft.infra.mail import Mailer
from weft.infra.periodic import Job
from weft.settings import Settings


@dataclass(frozen=True)
class Post:
    """Delivers mail; the runner of ``MailWanted``."""

    db: Db
    mailer: Mailer
    settings: Settings

    async def deliver(self, event: MailWanted) -> None:
        await send_mail(self.db, self.mailer, self.settings, event)


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


JOBS = [
    Job("accounts.sweep_secrets", 3600.0, sweep_secrets),
    Job("accounts.settle_names", 600.0, settle_names),
    Job("accounts.expire_access", 86_400.0, expire_access),
]
