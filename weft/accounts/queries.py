"""Reading accounts and logins, many at a time. Writing is in the modules named after what they write."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from weft.accounts.model import STAFF, Account, AccountCounts, Field, Role, User
from weft.accounts.names import find_name, handle_name, place_of
from weft.infra.db import Reader, Row
from weft.kernel.errors import Forbidden
from weft.kernel.ids import AccountId, bucket_of

_fields = msgspec.json.Decoder(tuple[Field, ...]).decode

ACCOUNTS = """
SELECT a.id, a.username, a.host, a.kind, a.state, a.display_name, a.bio, a.fields, a.avatar, a.avatar_static,
       a.avatar_description, a.header, a.header_static, a.header_description, a.locked, a.discoverable, a.indexable,
       a.hide_collections, a.attribution_domains, a.role, a.created_ms, a.version
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets: the few that a cache does not hold
  JOIN accounts a ON a.bucket = want.bucket AND a.id = want.id
"""


async def load_accounts(reader: Reader, ids: Iterable[int]) -> dict[AccountId, Account]:
    """The accounts that exist among ``ids``, suspended and deleted ones included (``account.gone``)."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await reader.rows(ACCOUNTS, [bucket_of(id_) for id_ in wanted], wanted)
    return {row[0]: account_of_row(row) for row in rows}


def account_of_row(row: Row) -> Account:
    return Account(
        id=row[0],
        username=row[1],
        host=row[2],
        kind=row[3],
        state=row[4],
        display_name=row[5],
        bio=row[6],
        fields=_fields(row[7]) if row[7] != "[]" else (),
        avatar=row[8],
        avatar_static=row[9],
        avatar_description=row[10],
        header=row[11],
        header_static=row[12],
        header_description=row[13],
        locked=row[14],
        discoverable=row[15],
        indexable=row[16],
        hide_collections=row[17],
        attribution_domains=tuple(row[18]),
        role=row[19],
        created_ms=row[20],
        version=row[21],
    )


async def find_account(reader: Reader, id_: int) -> Account | None:
    return (await load_accounts(reader, (id_,))).get(AccountId(id_))


async def require_staff(reader: Reader, account_id: int, roles: Collection[Role] = STAFF) -> Account:
    """The account, which is of the staff, or of that part of it.

    Raises:
        Forbidden: it is not.
    """
    account = await find_account(reader, account_id)
    if account is None or account.role not in roles or account.state != "active":
        raise Forbidden("staff.only")
    return account


OWNER = """
SELECT id FROM accounts WHERE role = 'owner' AND host = '' AND state = 'active' ORDER BY id LIMIT 1  -- all buckets
"""


async def find_owner(reader: Reader) -> AccountId | None:
    """Who owns this server: the first, where several do."""
    found: AccountId | None = await reader.value(OWNER)
    return found


async def find_by_handle(reader: Reader, username: str, host: str = "") -> Account | None:
    """The account with this handle, whatever its case. Names that only look alike are other names."""
    kind, name = handle_name(username)
    account_id = await find_name(reader, (kind, f"{name}@{host}" if host else name))
    account = await find_account(reader, account_id) if account_id is not None else None
    return account if account is not None and account.username.lower() == username.lower() else None


BY_NAMES = """
SELECT lower(a.username), a.id  -- all buckets: the few that a text names
  FROM unnest($1::smallint[], $2::text[]) AS want (bucket, name)
  JOIN directory d ON d.bucket = want.bucket AND d.kind = 'handle' AND d.name = want.name AND d.state <> 'retired'
  JOIN accounts a ON a.bucket = (d.target_id >> 6 & 1023)::smallint AND a.id = d.target_id
 WHERE a.host = '' AND a.state IN ('active', 'limited')
"""


async def find_local_by_names(reader: Reader, names: Iterable[str]) -> dict[str, AccountId]:
    """Local accounts by lower-case user name. Names that only look alike are other names."""
    wanted = {name.lower() for name in names}
    if not wanted:
        return {}
    places = [handle_name(name) for name in wanted]
    rows = await reader.rows(BY_NAMES, [place_of(place) for place in places], [name for _, name in places])
    return {row[0]: row[1] for row in rows if row[0] in wanted}


COUNTS = """
SELECT c.account_id, sum(c.posts)::int, sum(c.followers)::int, sum(c.following)::int, max(c.last_post_id)
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets: the few that a cache does not hold
  JOIN account_counts c ON c.bucket = want.bucket AND c.account_id = want.id
 GROUP BY c.account_id
"""


async def load_account_counts(reader: Reader, ids: Iterable[int]) -> dict[AccountId, AccountCounts]:
    """Counters by account; an account without any row has no entry."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await reader.rows(COUNTS, [bucket_of(id_) for id_ in wanted], wanted)
    return {row[0]: AccountCounts(max(row[1], 0), max(row[2], 0), max(row[3], 0), row[4]) for row in rows}


USER = """
SELECT account_id, email, state, locale, confirmed_ms, by_command, post_visibility, post_sensitive, post_language,
       quote_policy, created_ms, password_hash IS NOT NULL
  FROM users WHERE bucket = $1 AND account_id = $2
"""


async def find_user(reader: Reader, account_id: int) -> User | None:
    """The login behind a local account; None for remote ones and for nobody."""
    row = await reader.row(USER, bucket_of(account_id), account_id)
    if row is None:
        return None
    return User(
        account_id=row[0],
        email=row[1],
        state=row[2],
        locale=row[3],
        confirmed_ms=row[4],
        by_command=row[5],
        post_visibility=row[6],
        post_sensitive=row[7],
        post_language=row[8],
        quote_policy=row[9],
        created_ms=row[10],
        has_password=row[11],
    )


PASSWORD = "SELECT password_hash FROM users WHERE bucket = $1 AND account_id = $2"


async def find_password_hash(reader: Reader, account_id: int) -> str | None:
    found: str | None = await reader.value(PASSWORD, bucket_of(account_id), account_id)
    return found


LOCAL = """
SELECT a.id FROM users u JOIN accounts a ON a.bucket = u.bucket AND a.id = u.account_id  -- all buckets: a command
 WHERE a.state <> 'deleted' AND a.id < $1 ORDER BY a.id DESC LIMIT $2
"""


async def local_account_ids(reader: Reader, before: int, limit: int) -> list[AccountId]:
    """Local accounts, newest first: for the command line and for staff."""
    return await reader.values(LOCAL, before, limit)


WAITING = """
SELECT u.account_id, a.username, u.email, u.sign_up_reason, u.created_ms
  FROM users u JOIN accounts a ON a.bucket = u.bucket AND a.id = u.account_id  -- all buckets: staff's queue
 WHERE u.state = 'pending' AND a.state = 'active' ORDER BY u.account_id LIMIT $1
"""


async def waiting_rows(reader: Reader, limit: int) -> list[Row]:
    return await reader.rows(WAITING, limit)


ACTIVE = "SELECT count(*) FROM users WHERE seen_day >= $1  -- all buckets: counted now and then"
LOCAL_COUNT = """
SELECT count(*)  -- all buckets: counted now and then
  FROM users u JOIN accounts a ON a.bucket = u.bucket AND a.id = u.account_id
 WHERE a.state IN ('active', 'limited')
"""


async def count_active_users(reader: Reader, since_day: int) -> int:
    return int(await reader.value(ACTIVE, since_day))


async def count_local_accounts(reader: Reader) -> int:
    return int(await reader.value(LOCAL_COUNT))
