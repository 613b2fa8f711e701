"""Tokens: what an app shows to act for somebody. The text is told once, at creation; only its hash is stored."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from weft.accounts.events import AccessEnded
from weft.accounts.model import App, TokenListing
from weft.accounts.secrets import digest, new_secret
from weft.infra.db import Reader, Tx
from weft.kernel.ids import AccountId, bucket_of

UNUSED_DAYS = 400
DAY_MS = 86_400_000


class NewToken(msgspec.Struct, frozen=True):
    """For ``account_id``, or for the app alone where there is none."""

    account_id: AccountId | None
    app_id: int
    app_name: str
    app_website: str
    scopes: frozenset[str]

    @property
    def bucket(self) -> int:
        return bucket_of(self.account_id if self.account_id is not None else self.app_id)


class IssuedToken(msgspec.Struct, frozen=True):
    id: int
    text: str
    scopes: frozenset[str]
    created_ms: int


def token_for(account_id: AccountId | None, app: App, scopes: frozenset[str]) -> NewToken:
    return NewToken(account_id, app.id, app.name, app.website, scopes)


INSERT = """
INSERT INTO tokens (bucket, id, hash, account_id, app_id, app_name, app_website, scopes, created_ms, used_day)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def create_token(tx: Tx, new: NewToken) -> IssuedToken:
    """Store a token; the transaction is of ``new.bucket``."""
    now_ms = tx.now_ms
    text = new_secret(new.bucket)
    id_ = tx.ids.new(new.bucket)
    await tx.execute(
        INSERT,
        new.bucket,
        id_,
        digest(text),
        new.account_id,
        new.app_id,
        new.app_name,
        new.app_website,
        sorted(new.scopes),
        now_ms,
        now_ms // DAY_MS,
    )
    return IssuedToken(id_, text, new.scopes, now_ms)


LIST = """
SELECT id, app_name, app_website, scopes, created_ms, used_day FROM tokens
 WHERE bucket = $1 AND account_id = $2 ORDER BY id DESC LIMIT 200
"""


async def list_tokens(reader: Reader, account_id: AccountId) -> list[TokenListing]:
    rows = await reader.rows(LIST, bucket_of(account_id), account_id)
    return [TokenListing(row[0], row[1], row[2], tuple(row[3]), row[4], row[5]) for row in rows]


REVOKE = "DELETE FROM tokens WHERE bucket = $1 AND account_id = $2 AND id = $3"


async def revoke_token(tx: Tx, account_id: AccountId, token_id: int) -> bool:
    """End one app's access, where it is the account's own."""
    if not await tx.execute(REVOKE, bucket_of(account_id), account_id, token_id):
        return False
    tx.emit(AccessEnded(account_id=account_id, token_id=token_id))
    return True


REVOKE_TEXT = """
DELETE FROM tokens WHERE bucket = $1 AND hash = $2 AND app_id = $3 RETURNING id, account_id
"""


async def revoke_text(tx: Tx, bucket: int, text: str, app_id: int) -> bool:
    """End the token with this text, where the app it was made for asks."""
    row = await tx.row(REVOKE_TEXT, bucket, digest(text), app_id)
    if row is None:
        return False
    tx.emit(AccessEnded(account_id=row["account_id"], token_id=row["id"]))
    return True


OWNER = "SELECT app_id FROM tokens WHERE bucket = $1 AND hash = $2"


async def find_token_app(reader: Reader, bucket: int, text: str) -> int | None:
    """Which app a token was made for; None for an unknown token."""
    found: int | None = await reader.value(OWNER, bucket, digest(text))
    return found


END_ALL = "DELETE FROM tokens WHERE bucket = $1 AND account_id = $2"
END_SESSIONS = "DELETE FROM sessions WHERE bucket = $1 AND account_id = $2 AND hash <> $3"


async def end_access(tx: Tx, account_id: AccountId, *, keep_session: bytes = b"") -> None:
    """End every token and session of an account, but for the session (its hash) in which somebody asked for it."""
    bucket = bucket_of(account_id)
    await tx.execute(END_ALL, bucket, account_id)
    await tx.execute(END_SESSIONS, bucket, account_id, keep_session)
    tx.emit(AccessEnded(account_id=account_id))


USED = """
UPDATE tokens SET used_day = $2  -- all buckets: a job's batch
  FROM unnest($1::smallint[], $3::bigint[]) AS want (bucket, id)
 WHERE tokens.bucket = want.bucket AND tokens.id = want.id AND tokens.used_day < $2
"""
SEEN = """
UPDATE users SET seen_day = $2  -- all buckets: a job's batch
  FROM unnest($1::smallint[], $3::bigint[]) AS want (bucket, id)
 WHERE users.bucket = want.bucket AND users.account_id = want.id AND users.seen_day < $2
"""


async def mark_used(tx: Tx, day: int, tokens: Iterable[int], accounts: Iterable[int]) -> None:
    """Note which tokens and people were here on this day."""
    token_ids, account_ids = sorted(tokens), sorted(accounts)
    await tx.execute(USED, [bucket_of(id_) for id_ in token_ids], day, token_ids)
    await tx.execute(SEEN, [bucket_of(id_) for id_ in account_ids], day, account_ids)


EXPIRE = "DELETE FROM tokens WHERE used_day < $1  -- all buckets: a daily job"


async def expire_tokens(tx: Tx, today: int) -> int:
    """Forget tokens that nobody used for longer than anybody leaves an app."""
    return await tx.execute(EXPIRE, today - UNUSED_DAYS)
