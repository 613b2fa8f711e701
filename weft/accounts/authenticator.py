"""From a token's text, or a session's, to its grant. The two never stand in for each other: a cookie's text is no
bearer token, and a token's is no cookie.
"""

from __future__ import annotations

from collections.abc import Mapping

from weft.accounts.grants import CACHED, DAY_MS, PROBLEMS, Entry, Grants
from weft.accounts.sessions import SESSION_MS, mark_sessions_used
from weft.accounts.tokens import UNUSED_DAYS, mark_used
from weft.infra.db import Db, Row
from weft.infra.routing.cookies import SESSION, cookie_name
from weft.infra.routing.table import Grant

SESSION_DAYS = SESSION_MS // DAY_MS
SESSIONS_CACHED = 20_000
SCOPES = frozenset({"profile", "read", "write", "follow", "push"})
"""What people may do in their own browser."""
STAFF_SCOPES = SCOPES | {"admin:read", "admin:write"}
STAFF = frozenset({"owner", "admin", "moderator"})

FIND_TOKEN = """
SELECT t.id, t.app_id, t.account_id, t.scopes, t.app_name, t.app_website, t.used_day, u.state, a.state
  FROM tokens t
  LEFT JOIN users u ON u.bucket = t.bucket AND u.account_id = t.account_id
  LEFT JOIN accounts a ON a.bucket = t.bucket AND a.id = t.account_id
 WHERE t.bucket = $1 AND t.hash = $2
"""


class Authenticator(Grants):
    """The grants of tokens."""

    def __init__(self, db: Db, *, cached: int = CACHED) -> None:
        super().__init__(db, cached=cached)

    async def _find(self, bucket: int, hashed: bytes, today: int) -> Entry | None:
        async with self._db.read() as reader:
            row = await reader.row(FIND_TOKEN, bucket, hashed)
        grant = _grant_of(row) if row is not None and row[6] >= today - UNUSED_DAYS else None
        return Entry(grant, row[6]) if row is not None and grant is not None else None

    async def _mark(self, today: int, grants: list[Grant]) -> None:
        accounts = {grant.account_id for grant in grants if grant.account_id is not None}
        async with self._db.job() as tx:
            await mark_used(tx, today, {grant.token_id for grant in grants}, accounts)


FIND_SESSION = """
SELECT s.id, s.account_id, s.used_ms, u.state, a.state, a.role
  FROM sessions s
  JOIN users u ON u.bucket = s.bucket AND u.account_id = s.account_id
  JOIN accounts a ON a.bucket = s.bucket AND a.id = s.account_id
 WHERE s.bucket = $1 AND s.hash = $2
"""


class SessionAuthenticator(Grants):
    """The grants of browsers that are signed in: everything a user may do, with push. The session's id stands where a
    token's would, so that streams and push targets end with it."""

    def __init__(self, db: Db, scheme: str, *, cached: int = SESSIONS_CACHED) -> None:
        super().__init__(db, cached=cached)
        self._cookie = cookie_name(scheme, SESSION)

    async def by_cookie(self, cookies: Mapping[str, str]) -> Grant | None:
        """The grant of the account that is in use in the browser."""
        text = cookies.get(self._cookie)
        return await self(text) if text else None

    def text_in(self, cookies: Mapping[str, str]) -> str:
        """The session's text among these cookies; empty where there is none."""
        return cookies.get(self._cookie, "")

    async def __call__(self, text: str) -> Grant | None:
        entry = self._entries.get(text)
        if entry is not None and entry.used_day <= self._db.clock.now_ms() // DAY_MS - SESSION_DAYS:
            self._drop([text])
        return await super().__call__(text)

    async def _find(self, bucket: int, hashed: bytes, today: int) -> Entry | None:
        async with self._db.read() as reader:
            row = await reader.row(FIND_SESSION, bucket, hashed)
        if row is None or row[2] <= self._db.clock.now_ms() - SESSION_MS or row[4] not in ("active", "limited"):
            return None
        scopes = STAFF_SCOPES if row[5] in STAFF else SCOPES
        grant = Grant(row[0], 0, row[1], scopes, problem=PROBLEMS[row[3]], cookie=True)
        return Entry(grant, row[2] // DAY_MS)

    async def _mark(self, today: int, grants: list[Grant]) -> None:
        accounts = {grant.account_id for grant in grants if grant.account_id is not None}
        async with self._db.job() as tx:
            await mark_sessions_used(tx, {grant.token_id for grant in grants})
            await mark_used(tx, today, (), accounts)


def _grant_of(row: Row) -> Grant | None:
    """What a token's row permits now; None where its account is gone."""
    problem = ""
    if row[2] is not None:
        if row[7] is None or row[8] in ("suspended", "deleted"):
            return None
        problem = PROBLEMS[row[7]]
    return Grant(
        token_id=row[0],
        app_id=row[1],
        account_id=row[2],
        scopes=frozenset(row[3]),
        problem=problem,
        app_name=row[4],
        app_website=row[5],
    )
