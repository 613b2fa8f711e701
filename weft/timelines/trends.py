"""What many people do at the moment: tags by the people who used them, posts by what people did with them.

Both are counted when somebody asks, over a short time, and kept for a minute by each worker.
"""

from __future__ import annotations

import msgspec

from weft.infra.db import Reader
from weft.kernel.ids import AccountId

DAY_MS = 86_400_000
TAG_DAYS = 7
POST_DAYS = 3
KEPT = 100
LEAST_PEOPLE = 2
"""One person alone makes no trend."""

TAGS = """
SELECT d.tag, max(s.name) AS name, count(DISTINCT d.account_id) AS people, sum(d.uses) AS uses
  FROM tag_days d  -- all buckets
  JOIN search_tags s ON s.bucket = d.bucket AND s.tag = d.tag
 WHERE d.day > $1
 GROUP BY d.tag HAVING count(DISTINCT d.account_id) >= $2
 ORDER BY people DESC, uses DESC, d.tag LIMIT $3
"""


async def trending_tags(reader: Reader, now_ms: int) -> list[str]:
    """Names of the tags that most people used in the last days."""
    return [row[1] for row in await reader.rows(TAGS, now_ms // DAY_MS - TAG_DAYS, LEAST_PEOPLE, KEPT)]


# Only posts that people reacted to have counters, and only young ones are asked for: by id, newest first.
POSTS = """
SELECT p.id, p.author_id, sum(c.likes + 2 * c.reposts + c.replies + 2 * c.quotes) AS score
  FROM public_posts q  -- all buckets
  JOIN post_counts c ON c.bucket = (q.post_id >> 6) & 1023 AND c.post_id = q.post_id
  JOIN posts p ON p.bucket = c.bucket AND p.id = c.post_id
 WHERE q.post_id > $1 AND p.state = 0 AND NOT p.sensitive
 GROUP BY p.id, p.author_id HAVING sum(c.likes + c.reposts + c.replies + c.quotes) >= $2
 ORDER BY score DESC, p.id DESC LIMIT $3
"""


class Trend(msgspec.Struct, frozen=True):
    post_id: int
    author_id: AccountId


async def trending_posts(reader: Reader, now_ms: int) -> list[Trend]:
    """Public posts of the last days that most was done with; the first of each author before the second."""
    rows = await reader.rows(POSTS, (now_ms - POST_DAYS * DAY_MS) << 16, LEAST_PEOPLE, KEPT)
    seen: dict[int, int] = {}
    ranked = []
    for place, row in enumerate(rows):
        turn = seen[row[1]] = seen.get(row[1], 0) + 1
        ranked.append((turn, place, Trend(row[0], row[1])))
    return [trend for _, _, trend in sorted(ranked, key=lambda item: item[:2])]
