"""Reading posts and what belongs to them, many at a time. Writing is in the modules named after what they write."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import Reader, Row
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.paging import Page
from weft.posts.model import UNMARKED, Marks, Poll, Post, PostCounts, Version
from weft.relationships.model import Visibility

POSTS = """
SELECT p.id, p.author_id, p.text, p.summary, p.visibility, p.language, p.sensitive, p.reply_to, p.reply_to_account,
       p.root_id, p.repost_of, p.quote_of, p.quote_state, p.mentions, p.tags, p.media_ids, p.has_poll, p.reply_policy,
       p.quote_policy, p.app_name, p.app_website, p.state, p.version, p.edited_ms, p.repost_author, p.hidden
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN posts p ON p.bucket = want.bucket AND p.id = want.id
"""


async def load_posts(reader: Reader, ids: Sequence[int]) -> dict[int, Post]:
    """The posts that exist among ``ids``, deleted ones included (``post.deleted``)."""
    if not ids:
        return {}
    rows = await reader.rows(POSTS, [bucket_of(id_) for id_ in ids], list(ids))
    return {row[0]: post_of_row(row) for row in rows}


def post_of_row(row: Row) -> Post:
    return Post(
        id=row[0],
        author_id=row[1],
        text=row[2],
        summary=row[3],
        visibility=Visibility(row[4]),
        language=row[5],
        sensitive=row[6],
        reply_to=row[7],
        reply_to_account=row[8],
        root_id=row[9],
        repost_of=row[10],
        quote_of=row[11],
        quote_state=row[12],
        mentions=tuple(row[13]),
        tags=tuple(row[14]),
        media_ids=tuple(row[15]),
        has_poll=row[16],
        reply_policy=row[17],
        quote_policy=row[18],
        app_name=row[19],
        app_website=row[20],
        deleted=row[21] != 0,
        version=row[22],
        edited_ms=row[23],
        repost_author=row[24],
        hidden=row[25],
    )


COUNTS = """
SELECT c.post_id, sum(c.replies)::int, sum(c.reposts)::int, sum(c.likes)::int, sum(c.quotes)::int
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN post_counts c ON c.bucket = want.bucket AND c.post_id = want.id
 GROUP BY c.post_id
"""


async def load_counts(reader: Reader, ids: Sequence[int]) -> dict[int, PostCounts]:
    """Counters by post; a post nobody reacted to has no entry."""
    if not ids:
        return {}
    rows = await reader.rows(COUNTS, [bucket_of(id_) for id_ in ids], list(ids))
    return {row[0]: PostCounts(max(row[1], 0), max(row[2], 0), max(row[3], 0), max(row[4], 0)) for row in rows}


POLLS = """
SELECT p.post_id, p.options, p.counts, p.voters, p.multiple, p.hide_totals, p.expires_ms
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN polls p ON p.bucket = want.bucket AND p.post_id = want.id
"""


async def load_polls(reader: Reader, ids: Sequence[int]) -> dict[int, Poll]:
    if not ids:
        return {}
    rows = await reader.rows(POLLS, [bucket_of(id_) for id_ in ids], list(ids))
    return {
        row[0]: Poll(
            post_id=row[0],
            options=tuple(row[1]),
            counts=tuple(row[2]),
            voters=row[3],
            multiple=row[4],
            hide_totals=row[5],
            expires_ms=row[6],
        )
        for row in rows
    }


VOTES = """
SELECT post_id, choices FROM my_votes WHERE bucket = $1 AND account_id = $2 AND post_id = ANY($3::bigint[])
"""


async def load_votes(reader: Reader, viewer_id: AccountId, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The viewer's own choices by post."""
    if not ids:
        return {}
    rows = await reader.rows(VOTES, bucket_of(viewer_id), viewer_id, list(ids))
    return {row[0]: tuple(row[1]) for row in rows}


MARKS = """
SELECT 0 AS mark, post_id FROM my_likes WHERE bucket = $1 AND account_id = $2 AND post_id = ANY($3::bigint[])
UNION ALL
SELECT 1, post_id FROM my_reposts WHERE bucket = $1 AND account_id = $2 AND post_id = ANY($3::bigint[])
UNION ALL
SELECT 2, post_id FROM bookmarks WHERE bucket = $1 AND account_id = $2 AND post_id = ANY($3::bigint[])
UNION ALL
SELECT 3, post_id FROM pins WHERE bucket = $1 AND account_id = $2 AND post_id = ANY($3::bigint[])
UNION ALL
SELECT 4, root_id FROM thread_mutes WHERE bucket = $1 AND account_id = $2 AND root_id = ANY($4::bigint[])
"""


async def load_marks(reader: Reader, viewer_id: AccountId, roots: dict[int, int]) -> dict[int, Marks]:
    """What the viewer did with each post. ``roots`` maps the posts asked for to the roots of their threads."""
    if not roots:
        return {}
    rows = await reader.rows(MARKS, bucket_of(viewer_id), viewer_id, list(roots), list(set(roots.values())))
    done: list[set[int]] = [set() for _ in range(5)]
    for row in rows:
        done[row[0]].add(row[1])
    liked, reposted, bookmarked, pinned, muted = done
    marks = dict.fromkeys(roots, UNMARKED)
    for id_, root in roots.items():
        if root in muted or any(id_ in each for each in done):
            marks[id_] = Marks(id_ in liked, id_ in reposted, id_ in bookmarked, id_ in pinned, root in muted)
    return marks


VERSIONS = """
SELECT text, summary, sensitive, language, media_ids, media_descriptions, poll_options, made_ms
  FROM post_versions WHERE bucket = $1 AND post_id = $2 ORDER BY version
"""


async def load_versions(reader: Reader, post_id: PostId) -> list[Version]:
    """Earlier revisions and the current one of an edited post, oldest first; empty for one never edited."""
    return [
        Version(
            text=row[0],
            summary=row[1],
            sensitive=row[2],
            language=row[3],
            media_ids=tuple(row[4]),
            media_descriptions=tuple(row[5]),
            poll_options=tuple(row[6]),
            made_ms=row[7],
        )
        for row in await reader.rows(VERSIONS, bucket_of(post_id), post_id)
    ]


COUNT_POSTS = """
SELECT coalesce(sum(posts), 0) FROM account_counts  -- all buckets: counted now and then
"""


async def count_posts(reader: Reader) -> int:
    """How many posts and reposts there are, of anybody."""
    return int(await reader.value(COUNT_POSTS))


# --------------------------------------------------------------------------------------------------------- lists by row

LIKED = """
SELECT id, post_id FROM my_likes  -- my_likes_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
LIKED_UP = """
SELECT id, post_id FROM my_likes  -- my_likes_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
BOOKMARKED = """
SELECT id, post_id FROM bookmarks  -- bookmarks_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
BOOKMARKED_UP = """
SELECT id, post_id FROM bookmarks  -- bookmarks_by_id
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
LIKERS = """
SELECT id, account_id FROM likes
 WHERE bucket = $1 AND post_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
LIKERS_UP = """
SELECT id, account_id FROM likes
 WHERE bucket = $1 AND post_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""
REPOSTERS = """
SELECT repost_id, account_id FROM reposts
 WHERE bucket = $1 AND post_id = $2 AND repost_id < $3 AND repost_id > $4 ORDER BY repost_id DESC LIMIT $5
"""
REPOSTERS_UP = """
SELECT repost_id, account_id FROM reposts
 WHERE bucket = $1 AND post_id = $2 AND repost_id < $3 AND repost_id > $4 ORDER BY repost_id LIMIT $5
"""
QUOTING = """
SELECT post_id, post_id FROM quotes
 WHERE bucket = $1 AND quoted_id = $2 AND post_id < $3 AND post_id > $4 ORDER BY post_id DESC LIMIT $5
"""
QUOTING_UP = """
SELECT post_id, post_id FROM quotes
 WHERE bucket = $1 AND quoted_id = $2 AND post_id < $3 AND post_id > $4 ORDER BY post_id LIMIT $5
"""


async def liked_posts(reader: Reader, account_id: AccountId, page: Page) -> list[tuple[int, int]]:
    """``(like, post)`` of what the account likes, newest like first."""
    return await _page(reader, LIKED_UP if page.upwards else LIKED, account_id, page)


async def bookmarked_posts(reader: Reader, account_id: AccountId, page: Page) -> list[tuple[int, int]]:
    """``(bookmark, post)`` of the account's bookmarks, newest bookmark first."""
    return await _page(reader, BOOKMARKED_UP if page.upwards else BOOKMARKED, account_id, page)


async def likers(reader: Reader, post_id: PostId, page: Page) -> list[tuple[int, int]]:
    """``(like, account)`` of those who like the post, newest first."""
    return await _page(reader, LIKERS_UP if page.upwards else LIKERS, post_id, page)


async def reposters(reader: Reader, post_id: PostId, page: Page) -> list[tuple[int, int]]:
    """``(repost, account)`` of those who reposted the post, newest first."""
    return await _page(reader, REPOSTERS_UP if page.upwards else REPOSTERS, post_id, page)


async def quoting_posts(reader: Reader, post_id: PostId, page: Page) -> list[tuple[int, int]]:
    """``(post, post)`` of those that quote the post, newest first."""
    return await _page(reader, QUOTING_UP if page.upwards else QUOTING, post_id, page)


async def _page(reader: Reader, sql: str, owner: int, page: Page) -> list[tuple[int, int]]:
    rows = await reader.rows(sql, bucket_of(owner), owner, page.before, page.after, page.limit)
    found = [(row[0], row[1]) for row in rows]
    return found[::-1] if page.upwards else found


PINNED = """
SELECT post_id FROM pins WHERE bucket = $1 AND account_id = $2 ORDER BY id DESC
"""


async def pinned_posts(reader: Reader, account_id: AccountId) -> list[int]:
    """What the account pinned to its profile, the last pinned first."""
    return await reader.values(PINNED, bucket_of(account_id), account_id)


AUTHORED = """
SELECT id, tags FROM posts  -- posts_author
 WHERE bucket = $1 AND author_id = $2 AND id < $3 AND id > $4 AND state = 0
   AND (NOT $6 OR cardinality(media_ids) > 0) AND (NOT $7 OR reply_to IS NULL OR reply_to_account = $2)
   AND (NOT $8 OR repost_of IS NULL) ORDER BY id DESC LIMIT $5
"""
AUTHORED_UP = """
SELECT id, tags FROM posts  -- posts_author
 WHERE bucket = $1 AND author_id = $2 AND id < $3 AND id > $4 AND state = 0
   AND (NOT $6 OR cardinality(media_ids) > 0) AND (NOT $7 OR reply_to IS NULL OR reply_to_account = $2)
   AND (NOT $8 OR repost_of IS NULL) ORDER BY id LIMIT $5
"""


class Authored(msgspec.Struct, frozen=True, kw_only=True):
    """Which of an account's posts are wanted. Replies to oneself are no replies here: threads stay whole."""

    only_media: bool = False
    without_replies: bool = False
    without_reposts: bool = False


async def authored_posts(
    reader: Reader, author_id: AccountId, wanted: Authored, page: Page
) -> list[tuple[int, list[str]]]:
    """``(post, tags)`` of what the account posted, newest first, direct posts included."""
    sql = AUTHORED_UP if page.upwards else AUTHORED
    switches = wanted.only_media, wanted.without_replies, wanted.without_reposts
    rows = await reader.rows(sql, bucket_of(author_id), author_id, page.before, page.after, page.limit, *switches)
    found = [(row[0], row[1]) for row in rows]
    return found[::-1] if page.upwards else found
