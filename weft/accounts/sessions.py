"""Signing in by browser: proving who one is by password, and the session that a cookie stands for."""

from __future__ import annotations

from collections.abc import Iterable

from weft.accounts.events import AccessEnded
from weft.accounts.model import Session, SessionListing
from weft.accounts.names import email_name, find_name
from weft.accounts.passwords import Passwords
from weft.accounts.queries import find_account, find_by_handle, find_password_hash
from weft.accounts.secrets import bucket_in, digest, new_secret
from weft.infra.db import Db, Reader, Tx
from weft.kernel.ids import AccountId, bucket_of

SESSION_MS = 60 * 86_400_000
NOTE_USE_MS = 3_600_000
MAX_LOGIN = 320
DAY_MS = 86_400_000

REHASH = "UPDATE users SET password_hash = $3 WHERE bucket = $1 AND account_id = $2"


async def sign_in(db: Db, passwords: Passwords, login: str, password: str) -> AccountId | None:
    """Whose handle or address and password these are. Nobody learns which of the two was wrong, nor from the time."""
    async with db.read() as reader:
        account_id = await _find_login(reader, login.strip())
        hashed = await find_password_hash(reader, account_id) if account_id is not None else None
    right = await passwords.verify(hashed, password)
    if not right or account_id is None or hashed is None:
        return None
    if passwords.needs_rehash(hashed):
        renewed = await passwords.hash(password)
        async with db.once(bucket_of(account_id)) as run:
            await run.execute(REHASH, bucket_of(account_id), account_id, renewed)
    return account_id


async def _find_login(reader: Reader, login: str) -> AccountId | None:
    if not login or len(login) > MAX_LOGIN:
        return None
    handle = login.removeprefix("@")
    if "@" in handle:
        account_id = await find_name(reader, email_name(handle))
        account = await find_account(reader, account_id) if account_id is not None else None
    else:
        account = await find_by_handle(reader, handle)
    return account.id if account is not None and not account.gone else None


INSERT = """
WITH seen AS (
  UPDATE users SET seen_day = $6 WHERE bucket = $1 AND account_id = $3 AND seen_day < $6
)
INSERT INTO sessions (bucket, hash, account_id, created_ms, used_ms, user_agent, id)
VALUES ($1, $2, $3, $4, $4, $5, $7)
"""


async def create_session(db: Db, account_id: AccountId, user_agent: str) -> str:
    """The cookie's text for a browser that somebody signed in with."""
    bucket = bucket_of(account_id)
    text = new_secret(bucket)
    now_ms = db.clock.now_ms()
    hashed, agent = digest(text), user_agent[:200]
    async with db.once(bucket) as run:
        await run.execute(INSERT, bucket, hashed, account_id, now_ms, agent, now_ms // DAY_MS, run.ids.new(bucket))
    return text


FIND = """
SELECT s.account_id, s.hash, s.used_ms, s.id FROM sessions s
  JOIN accounts a ON a.bucket = s.bucket AND a.id = s.account_id
 WHERE s.bucket = $1 AND s.hash = $2 AND s.used_ms > $3 AND a.state IN ('active', 'limited')
"""


async def find_session(reader: Reader, text: str, now_ms: int) -> Session | None:
    bucket = bucket_in(text)
    row = await reader.row(FIND, bucket, digest(text), now_ms - SESSION_MS) if bucket is not None else None
    return Session(row[0], row[1], row[2], row[3]) if row is not None else None


USE = "UPDATE sessions SET used_ms = $3 WHERE bucket = $1 AND hash = $2"


async def note_session_use(db: Db, session: Session) -> None:
    """Keep a session alive; stored at most once an hour."""
    now_ms = db.clock.now_ms()
    if session.used_ms > now_ms - NOTE_USE_MS:
        return
    bucket = bucket_of(session.account_id)
    async with db.once(bucket) as run:
        await run.execute(USE, bucket, session.hash, now_ms)


USED = """
UPDATE sessions SET used_ms = $2  -- all buckets: a job's batch
  FROM unnest($1::smallint[], $3::bigint[]) AS want (bucket, id)
 WHERE sessions.bucket = want.bucket AND sessions.id = want.id AND sessions.used_ms < $2
"""


async def mark_sessions_used(tx: Tx, ids: Iterable[int]) -> None:
    """Keep these alive: their browsers were here."""
    wanted = sorted(ids)
    await tx.execute(USED, [bucket_of(id_) for id_ in wanted], tx.now_ms, wanted)


LIST = """
SELECT id, user_agent, created_ms, used_ms FROM sessions
 WHERE bucket = $1 AND account_id = $2 ORDER BY used_ms DESC LIMIT 100
"""


async def list_sessions(reader: Reader, account_id: AccountId) -> list[SessionListing]:
    rows = await reader.rows(LIST, bucket_of(account_id), account_id)
    return [SessionListing(row[0], row[1], row[2], row[3]) for row in rows]


END = "DELETE FROM sessions WHERE bucket = $1 AND account_id = $2 AND id = $3"


async def end_session(tx: Tx, account_id: AccountId, session_id: int) -> bool:
    """Sign one browser out, where it is the account's own: its streams and whatever it holds end with it."""
    if not await tx.execute(END, bucket_of(account_id), account_id, session_id):
        return False
    tx.emit(AccessEnded(account_id=account_id, token_id=session_id))
    return True


EXPIRE = "DELETE FROM sessions WHERE used_ms < $1  -- all buckets: a daily job"


async def expire_sessions(tx: Tx, now_ms: int) -> int:
    return await tx.execute(EXPIRE, now_ms - SESSION_MS)
