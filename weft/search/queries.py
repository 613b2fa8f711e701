"""Statements over the derived search tables. They may look at all buckets; visibility is checked after."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import Reader
from weft.search.model import Span


class Terms(msgspec.Struct, frozen=True):
    """What a post's terms must be like: all of the first, none of the second, and not all of the third."""

    required: list[str]
    excluded: list[str] = []
    unlike: list[str] = []


# A common word is found by reading the newest posts, whose cost is bounded; the index of terms would hand out a large
# part of all posts before the first could be shown.
READ_NEWEST = """
WITH newest AS MATERIALIZED (
    SELECT post_id, terms FROM search_posts WHERE post_id > $4 AND post_id < $5  -- all buckets; search_posts_newest
     ORDER BY post_id DESC LIMIT $6
)
SELECT (SELECT min(post_id) FROM newest), (SELECT count(*) FROM newest) AS read,
       ARRAY(SELECT post_id FROM newest WHERE terms @> $1::text[] AND NOT terms && $2::text[]
                AND (cardinality($3::text[]) = 0 OR NOT terms @> $3::text[]) ORDER BY post_id DESC)
"""

# Materialized, so that the words choose the index and not the order.
FIND_POSTS = """
WITH found AS MATERIALIZED (
    SELECT post_id FROM search_posts  -- all buckets; search_posts_terms
     WHERE terms @> $1::text[] AND NOT terms && $2::text[] AND (cardinality($3::text[]) = 0 OR NOT terms @> $3::text[])
)
SELECT post_id FROM found WHERE post_id > $4 AND post_id < $5 ORDER BY post_id DESC LIMIT $6
"""


async def read_newest(reader: Reader, terms: Terms, span: Span, count: int) -> tuple[list[int], int | None]:
    """Of the newest ``count`` posts those that match, and below which id there are more; None where there are none."""
    row = await reader.row(READ_NEWEST, terms.required, terms.excluded, terms.unlike, span.after, span.before, count)
    assert row is not None
    return list(row[2]), row[0] if row[1] == count else None


async def find_posts(reader: Reader, terms: Terms, span: Span, limit: int) -> list[int]:
    """The newest posts that match, wherever they are."""
    return await reader.values(FIND_POSTS, terms.required, terms.excluded, terms.unlike, span.after, span.before, limit)


POSTS_OF = """
SELECT post_id FROM search_posts  -- all buckets: those of the authors
 WHERE author_id = ANY($1::bigint[]) AND bucket = ANY($2::smallint[]) AND post_id > $3 AND post_id < $4
   AND terms @> $5::text[] AND NOT terms && $6::text[]
 ORDER BY post_id DESC LIMIT $7
"""

FIND_ACCOUNTS = """
SELECT account_id FROM search_accounts WHERE terms @> $1::text[]  -- all buckets; search_accounts_terms
 LIMIT $2
"""


async def find_account_ids(reader: Reader, terms: Sequence[str], limit: int) -> list[int]:
    """Accounts whose handle or name holds a word that begins with each of the terms."""
    return await reader.values(FIND_ACCOUNTS, list(terms), limit)


# A range instead of LIKE: a statement that is planned once cannot read an index for a pattern it does not know.
FIND_TAGS = r"""
SELECT tag, name FROM search_tags,  -- all buckets; search_tags_prefix
       (SELECT translate(normalize(regexp_replace(normalize($1, NFD), '[\u0300-\u036f]', '', 'g'), NFC), 'đ', 'd'))
       AS w (key)
 WHERE translate(normalize(regexp_replace(normalize(tag, NFD), '[\u0300-\u036f]', '', 'g'), NFC), 'đ', 'd') ~>=~ w.key
   AND translate(normalize(regexp_replace(normalize(tag, NFD), '[\u0300-\u036f]', '', 'g'), NFC), 'đ', 'd')
       ~<~ (w.key || chr(1114111))
 ORDER BY (tag = $1) DESC, starts_with(tag, $1) DESC, last_post_id DESC LIMIT $2 OFFSET $3
"""


async def find_tags(reader: Reader, key: str, limit: int, offset: int) -> list[tuple[str, str]]:
    """``(key, name as written)`` of tags that begin with the key, marks or not: exact ones first, then by last use."""
    return [(row[0], row[1]) for row in await reader.rows(FIND_TAGS, key, limit, offset)]


STORE_POSTS = """
INSERT INTO search_posts (bucket, post_id, author_id, terms)  -- all buckets
SELECT bucket, post_id, author_id, string_to_array(terms, chr(31))
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[]) AS given (bucket, post_id, author_id, terms)
ON CONFLICT (bucket, post_id) DO UPDATE SET terms = excluded.terms
"""

REMOVE_POSTS = """
DELETE FROM search_posts USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, post_id)  -- all buckets
 WHERE search_posts.bucket = given.bucket AND search_posts.post_id = given.post_id
"""

STORE_ACCOUNTS = """
INSERT INTO search_accounts (bucket, account_id, terms)  -- all buckets
SELECT bucket, account_id, string_to_array(terms, chr(31))
  FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS given (bucket, account_id, terms)
ON CONFLICT (bucket, account_id) DO UPDATE SET terms = excluded.terms
"""

REMOVE_ACCOUNTS = """
DELETE FROM search_accounts USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, account_id)  -- all buckets
 WHERE search_accounts.bucket = given.bucket AND search_accounts.account_id = given.account_id
"""

UNINDEXED_POSTS = """
SELECT p.id FROM posts p
 WHERE p.bucket = $1 AND p.id > $2 AND p.state = 0 AND p.repost_of IS NULL
   AND NOT EXISTS (SELECT 1 FROM search_posts s WHERE s.bucket = p.bucket AND s.post_id = p.id)
 ORDER BY p.id LIMIT $3
"""

UNINDEXED_ACCOUNTS = """
SELECT a.id FROM accounts a
 WHERE a.bucket = $1 AND a.id > $2 AND a.state = 'active'
   AND NOT EXISTS (SELECT 1 FROM search_accounts s WHERE s.bucket = a.bucket AND s.account_id = a.id)
 ORDER BY a.id LIMIT $3
"""
