"""Lists: people put together by their owner, to read them apart. Only followed accounts can be on one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import Db, Reader, Tx
from weft.infra.events import Event
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, ListId, bucket_of
from weft.kernel.paging import Page, Paged, page_of_rows
from weft.kernel.text.clean import clean_line
from weft.relationships.events import Unfollowed
from weft.timelines.events import ReadingChanged
from weft.timelines.model import List, RepliesPolicy

MAX_LISTS = 50
MAX_TITLE = 255


class ListEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said of a list; None leaves a value as it is."""

    title: str | None = None
    replies_policy: RepliesPolicy | None = None
    exclusive: bool | None = None


def check_list_title(title: str) -> str:
    title = clean_line(title, MAX_TITLE + 1)
    if not title:
        raise Invalid("list.title_blank", field="title")
    if len(title) > MAX_TITLE:
        raise Invalid("list.title_long", field="title", limit=MAX_TITLE)
    return title


FIND = """
SELECT id, account_id, title, replies_policy, exclusive FROM lists WHERE bucket = $1 AND id = $3 AND account_id = $2
"""


async def require_list(reader: Reader, account_id: AccountId, list_id: int) -> List:
    """One of the account's own lists.

    Raises:
        NotFound: there is none with this id, or it is somebody else's.
    """
    row = await reader.row(FIND, bucket_of(account_id), account_id, list_id)
    if row is None:
        raise NotFound("record.absent")
    return List(id=row[0], account_id=row[1], title=row[2], replies_policy=row[3], exclusive=row[4])


CREATE = """
INSERT INTO lists (bucket, id, account_id, title, replies_policy, exclusive)
SELECT $1, $3, $2, $4, $5, $6 WHERE (SELECT count(*) FROM lists WHERE bucket = $1 AND account_id = $2) < $7
"""


async def create_list(db: Db, account_id: AccountId, edit: ListEdit) -> List:
    """Make an empty list.

    Raises:
        Invalid: it has no title, or there are as many lists as may be.
    """
    own = bucket_of(account_id)
    made = List(
        id=ListId(db.ids.new(own)),
        account_id=account_id,
        title=check_list_title(edit.title or ""),
        replies_policy=edit.replies_policy or "list",
        exclusive=bool(edit.exclusive),
    )
    async with db.once(own) as tx:
        done = await tx.execute(
            CREATE, own, account_id, made.id, made.title, made.replies_policy, made.exclusive, MAX_LISTS
        )  # fmt: skip
        if not done:
            raise Invalid("list.limit", limit=MAX_LISTS)
    return made


EDIT = """
UPDATE lists SET title = coalesce($4, title), replies_policy = coalesce($5, replies_policy),
       exclusive = coalesce($6, exclusive)
 WHERE bucket = $1 AND id = $3 AND account_id = $2
RETURNING id, account_id, title, replies_policy, exclusive
"""


async def edit_list(db: Db, account_id: AccountId, list_id: int, edit: ListEdit) -> List:
    """Change a list of one's own.

    Raises:
        NotFound: there is none with this id, or it is somebody else's.
        Invalid: the new title is none.
    """
    own = bucket_of(account_id)
    title = check_list_title(edit.title) if edit.title is not None else None
    async with db.once(own) as tx:
        row = await tx.row(EDIT, own, account_id, list_id, title, edit.replies_policy, edit.exclusive)
        if row is None:
            raise NotFound("record.absent")
        tx.signal(ReadingChanged(account_id=account_id))
    return List(id=row[0], account_id=row[1], title=row[2], replies_policy=row[3], exclusive=row[4])


DELETE = """
WITH gone AS (
    DELETE FROM lists WHERE bucket = $1 AND id = $3 AND account_id = $2 RETURNING id
), emptied AS (
    DELETE FROM list_accounts WHERE bucket = $1 AND list_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone
"""


async def delete_list(db: Db, account_id: AccountId, list_id: int) -> None:
    """Take a list of one's own away, with who was on it.

    Raises:
        NotFound: there is none with this id, or it is somebody else's.
    """
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        if not await tx.value(DELETE, own, account_id, list_id):
            raise NotFound("record.absent")
        tx.signal(ReadingChanged(account_id=account_id))


# ---------------------------------------------------------------------------------------------------- members

FOLLOWED = """
SELECT count(*) FROM following WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
"""

ADD = """
INSERT INTO list_accounts (bucket, list_id, account_id, id)
SELECT $1, $2, account_id, id FROM unnest($3::bigint[], $4::bigint[]) AS new (account_id, id)
ON CONFLICT DO NOTHING
"""


async def add_members(db: Db, account_id: AccountId, list_id: int, members: Sequence[int]) -> None:
    """Put accounts on a list; those that are on it stay.

    Raises:
        NotFound: the list is not one's own, or one of the accounts is neither followed nor oneself.
    """
    own = bucket_of(account_id)
    wanted = list(dict.fromkeys(members))
    strangers = [id_ for id_ in wanted if id_ != account_id]
    async with db.tx(own) as tx:
        await require_list(tx, account_id, list_id)
        if await tx.value(FOLLOWED, own, account_id, strangers) != len(strangers):
            raise NotFound("record.absent")
        await tx.execute(ADD, own, list_id, wanted, [tx.ids.new(own) for _ in wanted])
        tx.signal(ReadingChanged(account_id=account_id))


REMOVE = """
DELETE FROM list_accounts WHERE bucket = $1 AND list_id = $2 AND account_id = ANY($3::bigint[])
"""


async def remove_members(db: Db, account_id: AccountId, list_id: int, members: Sequence[int]) -> None:
    """Take accounts off a list; those that are not on it do not matter.

    Raises:
        NotFound: the list is not one's own.
    """
    own = bucket_of(account_id)
    async with db.tx(own) as tx:
        await require_list(tx, account_id, list_id)
        await tx.execute(REMOVE, own, list_id, list(members))
        tx.signal(ReadingChanged(account_id=account_id))


MEMBERS_DOWN = """
SELECT id, account_id FROM list_accounts
 WHERE bucket = $1 AND list_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
MEMBERS_UP = """
SELECT id, account_id FROM list_accounts
 WHERE bucket = $1 AND list_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""


async def members_page(reader: Reader, list_id: ListId, page: Page) -> Paged[AccountId]:
    """Who is on a list, the last added first."""
    sql = MEMBERS_UP if page.upwards else MEMBERS_DOWN
    rows = await reader.rows(sql, bucket_of(list_id), list_id, page.before, page.after, page.limit)
    if page.upwards:
        rows.reverse()
    return Paged([row[1] for row in rows], *page_of_rows([row[0] for row in rows], page))


LISTS_WITH = """
SELECT l.id, l.account_id, l.title, l.replies_policy, l.exclusive
  FROM lists l JOIN list_accounts m ON m.bucket = l.bucket AND m.list_id = l.id AND m.account_id = $3
 WHERE l.bucket = $1 AND l.account_id = $2 ORDER BY l.id
"""


async def lists_with(reader: Reader, account_id: AccountId, member_id: int) -> list[List]:
    """The account's lists that a person is on."""
    return [
        List(id=row[0], account_id=row[1], title=row[2], replies_policy=row[3], exclusive=row[4])
        for row in await reader.rows(LISTS_WITH, bucket_of(account_id), account_id, member_id)
    ]


DROP = """
DELETE FROM list_accounts m  -- all buckets: of the accounts that stopped following, by their lists
 USING lists l, unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS ended (bucket, account_id, target_id)
 WHERE l.bucket = ended.bucket AND l.account_id = ended.account_id
   AND m.bucket = l.bucket AND m.list_id = l.id AND m.account_id = ended.target_id
   AND NOT EXISTS (SELECT 1 FROM following f
                    WHERE f.bucket = l.bucket AND f.account_id = l.account_id AND f.target_id = m.account_id)
RETURNING l.account_id
"""


async def drop_unfollowed(tx: Tx, events: Sequence[Event]) -> None:
    """Take those who are no longer followed off the lists. Handles ``Unfollowed``."""
    ended = [event for event in events if isinstance(event, Unfollowed)]
    owners = [event.account_id for event in ended]
    rows = await tx.values(DROP, [bucket_of(id_) for id_ in owners], owners, [event.target_id for event in ended])
    for account_id in dict.fromkeys(rows):
        tx.signal(ReadingChanged(account_id=account_id))
