"""The posts around a post: what it answers, up to the root, and what answers it, depth first.

Who may see which of them is decided by the caller, post by post.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from weft.infra.db import Reader
from weft.kernel.ids import PostId, bucket_of
from weft.posts.model import Post

MOST_POSTS = 5000
"""How many posts of one thread are looked at, oldest first."""


class Reach(msgspec.Struct, frozen=True):
    """How far a reader may look."""

    up: int
    down: int
    depth: int


ANYONES_REACH = Reach(40, 60, 20)
USERS_REACH = Reach(4096, 4096, 4096)

THREAD = """
SELECT post_id, parent_id FROM thread_posts WHERE bucket = $1 AND root_id = $2 AND post_id > $3
 ORDER BY post_id LIMIT $4
"""

ANCESTORS = """
WITH RECURSIVE up (post_id, parent_id, height) AS (
    SELECT post_id, parent_id, 1 FROM thread_posts WHERE bucket = $1 AND root_id = $2 AND post_id = $3
    UNION ALL
    SELECT t.post_id, t.parent_id, up.height + 1 FROM up
      JOIN thread_posts t ON t.bucket = $1 AND t.root_id = $2 AND t.post_id = up.parent_id WHERE up.height < $4
)
SELECT post_id, parent_id FROM up
"""


async def load_thread(reader: Reader, root: int) -> dict[int, int]:
    """The posts of a thread, oldest first, and what each answers; the oldest ``MOST_POSTS`` of a longer one."""
    return dict(await reader.rows(THREAD, bucket_of(root), root, 0, MOST_POSTS))


async def load_context(reader: Reader, post: Post, reach: Reach) -> tuple[list[int], list[int]]:
    """Ids of the ancestors, root first, and of the descendants, depth first in the order they were written."""
    root = post.root_id or post.id
    bucket = bucket_of(root)
    parents = await load_thread(reader, root)
    if len(parents) == MOST_POSTS and root != post.id:
        rows = await reader.rows(ANCESTORS, bucket, root, post.id, reach.up)
        rows += await reader.rows(THREAD, bucket, root, post.id, MOST_POSTS)
        parents = {row[0]: row[1] for row in rows}
    return ancestors(post.id, parents, reach.up), descendants(post.id, parents, reach)


def ancestors(post_id: PostId, parents: Mapping[int, int], most: int) -> list[int]:
    """The way up from a post, root first; the nearest ``most`` of it."""
    found: list[int] = []
    above = parents.get(post_id)
    while above is not None and len(found) < most:
        found.append(above)
        above = parents.get(above)
    return found[::-1]


def descendants(post_id: PostId, parents: Mapping[int, int], reach: Reach) -> list[int]:
    """What answers a post, each answer followed by its own answers. ``parents`` lists the posts oldest first."""
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    levels = [iter(children.get(post_id, ()))]
    while levels and len(found) < reach.down:
        id_ = next(levels[-1], None)
        if id_ is None:
            levels.pop()
            continue
        found.append(id_)
        below = children.get(id_)
        if below is not None and len(levels) < reach.depth:
            levels.append(iter(below))
    return found
