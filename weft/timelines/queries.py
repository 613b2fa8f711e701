"""Reading lists, filters and followed tags."""

from __future__ import annotations

from weft.infra.db import Reader
from weft.kernel.ids import AccountId, ListId, bucket_of
from weft.timelines.model import Filter, FilteredPost, Keyword, List

FOLLOWED_TAGS = """
SELECT tag FROM followed_tags WHERE bucket = $1 AND account_id = $2 ORDER BY id
"""


async def load_followed_tags(reader: Reader, account_id: AccountId) -> tuple[str, ...]:
    """Keys of the tags that the account follows."""
    return tuple(await reader.values(FOLLOWED_TAGS, bucket_of(account_id), account_id))


EXCLUSIVE = """
SELECT m.account_id FROM lists l JOIN list_accounts m ON m.bucket = l.bucket AND m.list_id = l.id
 WHERE l.bucket = $1 AND l.account_id = $2 AND l.exclusive
"""


async def load_exclusive(reader: Reader, account_id: AccountId) -> frozenset[int]:
    """Members of the account's exclusive lists."""
    return frozenset(await reader.values(EXCLUSIVE, bucket_of(account_id), account_id))


FILTERS = """
SELECT f.id, f.title, f.contexts, f.action, f.expires_ms,
       ARRAY(SELECT (k.id, k.keyword, k.whole_word) FROM filter_keywords k
              WHERE k.bucket = f.bucket AND k.account_id = f.account_id AND k.filter_id = f.id ORDER BY k.id),
       ARRAY(SELECT (s.id, s.post_id) FROM filter_statuses s
              WHERE s.bucket = f.bucket AND s.account_id = f.account_id AND s.filter_id = f.id ORDER BY s.id)
  FROM filters f WHERE f.bucket = $1 AND f.account_id = $2 ORDER BY f.id
"""


async def load_filters(reader: Reader, account_id: AccountId) -> tuple[Filter, ...]:
    """The account's filters, expired ones included, with their keywords and posts."""
    return tuple(
        Filter(
            id=row[0],
            title=row[1],
            contexts=tuple(row[2]),
            action=row[3],
            expires_ms=row[4],
            keywords=tuple(Keyword(*keyword) for keyword in row[5]),
            posts=tuple(FilteredPost(*post) for post in row[6]),
        )
        for row in await reader.rows(FILTERS, bucket_of(account_id), account_id)
    )


LISTS = """
SELECT id, account_id, title, replies_policy, exclusive FROM lists WHERE bucket = $1 AND account_id = $2 ORDER BY id
"""


async def load_lists(reader: Reader, account_id: AccountId) -> list[List]:
    return [
        List(id=row[0], account_id=row[1], title=row[2], replies_policy=row[3], exclusive=row[4])
        for row in await reader.rows(LISTS, bucket_of(account_id), account_id)
    ]


MEMBERS = """
SELECT account_id FROM list_accounts WHERE bucket = $1 AND list_id = $2
"""


async def load_members(reader: Reader, list_id: ListId) -> list[AccountId]:
    """Everyone on the list, in no order."""
    return await reader.values(MEMBERS, bucket_of(list_id), list_id)
