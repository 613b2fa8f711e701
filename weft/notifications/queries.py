"""Reading one account's notifications: pages, groups, requests. All go by id, newest first.

Rows only; whether their senders and posts may still be seen is asked by whoever shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.infra.db import Reader, Row
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.paging import Page
from weft.notifications.model import EVERYTHING, KINDS, Group, Kind, Notification, Policy, Request, Wanted
from weft.notifications.telling import read_policy
from weft.relationships.model import Bounds

SAMPLE = 8
"""Senders that a group names."""

# What nearly every request asks for.
PLAIN = """
SELECT id, kind, from_id, post_id, group_key, filtered FROM notifications
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 AND NOT filtered ORDER BY id DESC LIMIT $5
"""

PAGE = """
SELECT id, kind, from_id, post_id, group_key, filtered FROM notifications
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 AND kind = ANY($6::text[])
   AND ($7::bigint IS NULL OR from_id = $7) AND (NOT filtered OR $8) AND from_id <> ALL($9::bigint[])
 ORDER BY id DESC LIMIT $5
"""

PAGE_UP = """
SELECT id, kind, from_id, post_id, group_key, filtered FROM notifications
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 AND kind = ANY($6::text[])
   AND ($7::bigint IS NULL OR from_id = $7) AND (NOT filtered OR $8) AND from_id <> ALL($9::bigint[])
 ORDER BY id LIMIT $5
"""


async def load_page(reader: Reader, account_id: AccountId, wanted: Wanted, page: Page) -> list[Notification]:
    """Newest first; with ``page.upwards`` those next to its lower end, still newest first."""
    span = page.before, page.after, page.limit
    if wanted == EVERYTHING and not page.upwards:
        return [_of_row(row) for row in await reader.rows(PLAIN, bucket_of(account_id), account_id, *span)]
    kinds = wanted.kinds if wanted.kinds is not None else KINDS
    which = kinds, wanted.from_id, wanted.filtered, wanted.hidden
    rows = await reader.rows(PAGE_UP if page.upwards else PAGE, bucket_of(account_id), account_id, *span, *which)
    return [_of_row(row) for row in (reversed(rows) if page.upwards else rows)]


FIND = """
SELECT id, kind, from_id, post_id, group_key, filtered FROM notifications
 WHERE bucket = $1 AND account_id = $2 AND id = $3
"""


async def find_notification(reader: Reader, account_id: AccountId, id_: int) -> Notification | None:
    row = await reader.row(FIND, bucket_of(account_id), account_id, id_)
    return _of_row(row) if row is not None else None


GROUPED = """
SELECT id, kind, from_id, post_id, group_key, filtered FROM notifications  -- notifications_once
 WHERE bucket = $1 AND account_id = $2 AND coalesce(post_id, 0) = $3 AND kind = $4 AND group_key = $5
   AND NOT filtered AND id < $6 AND id > $7 AND from_id <> ALL($9::bigint[])
 ORDER BY id DESC LIMIT $8
"""

Sought = tuple[str, Kind, int]
"""A group's key, with the kind and the post (0 for none) that it names."""


async def load_grouped(
    reader: Reader, account_id: AccountId, sought: Sought, page: Page, hidden: Sequence[int] = ()
) -> list[Notification]:
    """Everything in one group, newest first."""
    key, kind, post_id = sought
    span = page.before, page.after, page.limit
    rows = await reader.rows(GROUPED, bucket_of(account_id), account_id, post_id, kind, key, *span, hidden)
    return [_of_row(row) for row in rows]


# Whether those kept back count is the caller's wish, as for the page that the groups are from.
TALLIES = """
SELECT want.key, count(*), (array_agg(n.from_id ORDER BY n.id DESC))[1:8]
  FROM unnest($3::text[], $4::text[], $5::bigint[]) AS want (key, kind, post_id)
  JOIN notifications n ON n.bucket = $1 AND n.account_id = $2 AND coalesce(n.post_id, 0) = want.post_id
   AND n.kind = want.kind AND n.group_key = want.key
 WHERE (NOT n.filtered OR $6) AND n.from_id <> ALL($7::bigint[]) AND n.id <= $8
 GROUP BY want.key
"""


async def load_groups(
    reader: Reader, account_id: AccountId, rows: Sequence[Notification], wanted: Wanted, grouped: Iterable[Kind]
) -> list[Group]:
    """A page of notifications, newest first, as groups: of the kinds ``grouped``, by their keys; the others alone."""
    together = frozenset(grouped)
    by_key: dict[str, list[Notification]] = {}
    for row in rows:
        shared = row.group_key if row.group_key and row.kind in together else f"ungrouped-{row.id}"
        by_key.setdefault(shared, []).append(row)
    sought = [found[0] for key, found in by_key.items() if key == found[0].group_key]
    tallies: dict[str, tuple[int, tuple[AccountId, ...]]] = {}
    if sought:
        columns = zip(*((row.group_key, row.kind, row.post_id or 0) for row in sought), strict=True)
        which = wanted.filtered, wanted.hidden, rows[0].id
        for key, count, senders in await reader.rows(TALLIES, bucket_of(account_id), account_id, *columns, *which):
            tallies[key] = count, tuple(senders)
    return [_group(found, tallies.get(key)) for key, found in by_key.items()]


def _group(rows: Sequence[Notification], tally: tuple[int, tuple[AccountId, ...]] | None) -> Group:
    newest = rows[0]
    count, senders = tally or (1, (newest.from_id,))
    return Group(
        key=newest.group_key if tally else "",
        kind=newest.kind,
        post_id=newest.post_id,
        count=count,
        newest_id=newest.id,
        page_min_id=rows[-1].id,
        page_max_id=newest.id,
        senders=senders,
    )


MARKER = """
SELECT last_read_id FROM markers WHERE bucket = $1 AND account_id = $2 AND timeline = 'notifications'
"""


async def last_read(reader: Reader, account_id: AccountId) -> int:
    """The newest notification that the account's apps say was read; 0 for none."""
    return await reader.value(MARKER, bucket_of(account_id), account_id) or 0


# ------------------------------------------------------------------------------------------------ requests

REQUESTS = """
SELECT min(id), max(id), count(*), from_id,
       (array_agg(post_id ORDER BY id DESC) FILTER (WHERE post_id IS NOT NULL))[1]
  FROM notifications  -- notifications_filtered
 WHERE bucket = $1 AND account_id = $2 AND filtered AND from_id <> ALL($6::bigint[])
 GROUP BY from_id HAVING min(id) < $3 AND min(id) > $4
 ORDER BY min(id) DESC LIMIT $5
"""

REQUESTS_UP = """
SELECT min(id), max(id), count(*), from_id,
       (array_agg(post_id ORDER BY id DESC) FILTER (WHERE post_id IS NOT NULL))[1]
  FROM notifications  -- notifications_filtered
 WHERE bucket = $1 AND account_id = $2 AND filtered AND from_id <> ALL($6::bigint[])
 GROUP BY from_id HAVING min(id) < $3 AND min(id) > $4
 ORDER BY min(id) LIMIT $5
"""


async def load_requests(reader: Reader, account_id: AccountId, page: Page, hidden: Sequence[int] = ()) -> list[Request]:
    """People whose notifications are kept back, the latest to begin first."""
    statement = REQUESTS_UP if page.upwards else REQUESTS
    span = page.before, page.after, page.limit
    rows = await reader.rows(statement, bucket_of(account_id), account_id, *span, hidden)
    return [_request(row) for row in (reversed(rows) if page.upwards else rows)]


REQUESTS_NAMED = """
SELECT min(n.id), max(n.id), count(*), n.from_id,
       (array_agg(n.post_id ORDER BY n.id DESC) FILTER (WHERE n.post_id IS NOT NULL))[1]
  FROM notifications n
 WHERE n.bucket = $1 AND n.account_id = $2 AND n.filtered AND n.from_id IN (
    SELECT from_id FROM notifications WHERE bucket = $1 AND account_id = $2 AND filtered AND id = ANY($3::bigint[]))
 GROUP BY n.from_id
"""


async def find_requests(reader: Reader, account_id: AccountId, ids: Sequence[int]) -> list[Request]:
    """The requests that these ids name; unknown ones are left out."""
    return [_request(row) for row in await reader.rows(REQUESTS_NAMED, bucket_of(account_id), account_id, list(ids))]


PENDING = """
SELECT count(DISTINCT from_id), count(*) FROM notifications
 WHERE bucket = $1 AND account_id = $2 AND filtered AND from_id <> ALL($3::bigint[])
"""


async def count_pending(reader: Reader, account_id: AccountId, hidden: Sequence[int] = ()) -> tuple[int, int]:
    """How many people, and how many of their notifications, are kept back."""
    row = await reader.row(PENDING, bucket_of(account_id), account_id, hidden)
    return (row[0], row[1]) if row is not None else (0, 0)


POLICY = """
SELECT notification_policy::text FROM users WHERE bucket = $1 AND account_id = $2
"""


async def load_policy(reader: Reader, account_id: AccountId) -> Policy:
    return read_policy(await reader.value(POLICY, bucket_of(account_id), account_id) or "{}")


def hidden_senders(bounds: Bounds, now_ms: int) -> tuple[int, ...]:
    """Accounts of whom somebody with these bounds hears nothing."""
    muting = bounds.muting
    if not (muting or bounds.blocking or bounds.blocked_by):
        return ()
    muted = (id_ for id_, mute in muting.items() if mute.notifications and (mute.until_ms or now_ms + 1) > now_ms)
    return tuple({*bounds.blocking, *bounds.blocked_by, *muted})


def _of_row(row: Row) -> Notification:
    return Notification(*row)


def _request(row: Row) -> Request:
    return Request(row[0], row[1], row[2], AccountId(row[3]), PostId(row[4]) if row[4] is not None else None)
