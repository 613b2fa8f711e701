"""Pages of the people around an account, by the id of the row that ties them: a cursor that only headers show."""

from __future__ import annotations

import msgspec

from weft.infra.db import Reader
from weft.kernel.ids import AccountId, bucket_of
from weft.kernel.paging import Page, Paged, page_of_rows


class Entry(msgspec.Struct, frozen=True):
    """One row of such a page."""

    row_id: int
    account_id: AccountId
    until_ms: int | None = None
    """When a mute ends."""


FOLLOWERS_DOWN = """
SELECT id, follower_id FROM followers  -- followers_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
FOLLOWERS_UP = """
SELECT id, follower_id FROM followers  -- followers_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
FOLLOWING_DOWN = """
SELECT id, target_id FROM following  -- following_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
FOLLOWING_UP = """
SELECT id, target_id FROM following  -- following_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
REQUESTS_DOWN = """
SELECT id, requester_id FROM follow_requests  -- follow_requests_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
REQUESTS_UP = """
SELECT id, requester_id FROM follow_requests  -- follow_requests_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
BLOCKS_DOWN = """
SELECT id, target_id FROM blocks  -- blocks_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
BLOCKS_UP = """
SELECT id, target_id FROM blocks  -- blocks_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
MUTES_DOWN = """
SELECT id, target_id, until_ms FROM mutes  -- mutes_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
MUTES_UP = """
SELECT id, target_id, until_ms FROM mutes  -- mutes_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
ENDORSED_DOWN = """
SELECT id, target_id FROM endorsements  -- few: they lie together under the key
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
ENDORSED_UP = """
SELECT id, target_id FROM endorsements
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
HOSTS_DOWN = """
SELECT id, host FROM host_blocks
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
HOSTS_UP = """
SELECT id, host FROM host_blocks
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""


async def followers_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[Entry]:
    return await _page(reader, FOLLOWERS_UP if page.upwards else FOLLOWERS_DOWN, account_id, page)


async def following_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[Entry]:
    return await _page(reader, FOLLOWING_UP if page.upwards else FOLLOWING_DOWN, account_id, page)


async def requests_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[Entry]:
    """Who asks to follow the account."""
    return await _page(reader, REQUESTS_UP if page.upwards else REQUESTS_DOWN, account_id, page)


async def blocks_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[Entry]:
    return await _page(reader, BLOCKS_UP if page.upwards else BLOCKS_DOWN, account_id, page)


async def mutes_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[Entry]:
    return await _page(reader, MUTES_UP if page.upwards else MUTES_DOWN, account_id, page)


async def endorsed_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[Entry]:
    return await _page(reader, ENDORSED_UP if page.upwards else ENDORSED_DOWN, account_id, page)


async def host_blocks_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[str]:
    sql = HOSTS_UP if page.upwards else HOSTS_DOWN
    rows = await reader.rows(sql, bucket_of(account_id), account_id, page.before, page.after, page.limit)
    if page.upwards:
        rows.reverse()
    return Paged([row[1] for row in rows], *page_of_rows([row[0] for row in rows], page))


async def _page(reader: Reader, sql: str, account_id: AccountId, page: Page) -> Paged[Entry]:
    rows = await reader.rows(sql, bucket_of(account_id), account_id, page.before, page.after, page.limit)
    if page.upwards:
        rows.reverse()
    entries = [Entry(*row) for row in rows]
    return Paged(entries, *page_of_rows([entry.row_id for entry in entries], page))
