"""Whom to find: the directory of those who want to be found, and suggestions from the people one follows."""

from __future__ import annotations

from collections.abc import Collection

from weft.infra.db import Db, Reader
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.service import friends_of_friends
from weft.timelines.model import Viewer

_FRIENDS_ASKED = 100
_POSTS_READ = 400
MAX_DEPTH = 2000
"""How far a directory may be leafed through."""

# Accounts are spread evenly over the buckets, so of the newest N no bucket holds more than a few beyond N / 1024.
NEWEST = """
SELECT p.id
  FROM generate_series(0, 1023) AS place
 CROSS JOIN LATERAL (SELECT id FROM accounts
     WHERE bucket = place AND host = '' AND state = 'active' AND discoverable
     ORDER BY id DESC LIMIT 8 + $1 / 64) p  -- all buckets: the newest of each by the primary key
 ORDER BY p.id DESC LIMIT $1
"""

ACTIVE = """
SELECT recent.author_id FROM (
    SELECT p.author_id, p.post_id
      FROM generate_series(0, 15) AS lane
     CROSS JOIN LATERAL (SELECT post_id, author_id FROM public_posts
         WHERE bucket = lane ORDER BY post_id DESC LIMIT $1) p  -- all buckets
     ORDER BY p.post_id DESC LIMIT $1
) recent
  JOIN accounts a ON a.bucket = (recent.author_id >> 6) & 1023 AND a.id = recent.author_id
   AND a.host = '' AND a.state = 'active' AND a.discoverable
 GROUP BY recent.author_id ORDER BY max(recent.post_id) DESC LIMIT $2
"""


async def newest_people(reader: Reader, offset: int, limit: int) -> list[AccountId]:
    """Local accounts that want to be found, the newest first."""
    depth = min(offset + limit, MAX_DEPTH)
    return (await reader.values(NEWEST, depth))[offset:]


async def active_people(reader: Reader, offset: int, limit: int) -> list[AccountId]:
    """Local accounts that want to be found, who posted last first; those who lately posted nothing are not in it."""
    depth = min(offset + limit, MAX_DEPTH)
    return (await reader.values(ACTIVE, _POSTS_READ, depth))[offset:]


DISMISSED = """
SELECT target_id FROM suggestion_dismissals WHERE bucket = $1 AND account_id = $2
"""

ASKED = """
SELECT target_id FROM requested WHERE bucket = $1 AND account_id = $2
"""


async def suggest_people(reader: Reader, viewer: Viewer, limit: int) -> list[tuple[AccountId, str]]:
    """Accounts to follow with the reason: friends of friends first, then who is active here."""
    assert viewer.id is not None
    own = bucket_of(viewer.id)
    known: set[int] = {
        viewer.id, *viewer.following, *viewer.bounds.blocking, *viewer.bounds.blocked_by, *viewer.bounds.muting,
        *await reader.values(DISMISSED, own, viewer.id), *await reader.values(ASKED, own, viewer.id),
    }  # fmt: skip
    found: list[tuple[AccountId, str]] = []
    friends = list(viewer.following)[-_FRIENDS_ASKED:]
    if friends:
        met = await friends_of_friends(reader, viewer.id, friends, known, limit)
        found = [(id_, "friends_of_friends") for id_ in await _wanting_to_be_found(reader, met)]
    if len(found) < limit:
        known.update(id_ for id_, _ in found)
        active = await active_people(reader, 0, limit + len(known))
        found += [(id_, "most_interactions") for id_ in active if id_ not in known]
    return found[:limit]


FINDABLE = """
SELECT a.id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN accounts a ON a.bucket = want.bucket AND a.id = want.id AND a.state = 'active' AND a.discoverable
"""


async def _wanting_to_be_found(reader: Reader, ids: Collection[AccountId]) -> list[AccountId]:
    findable = set(await reader.values(FINDABLE, [bucket_of(id_) for id_ in ids], list(ids)))
    return [id_ for id_ in ids if id_ in findable]


DISMISS = """
INSERT INTO suggestion_dismissals (bucket, account_id, target_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


async def dismiss_suggestion(db: Db, account_id: AccountId, target_id: int) -> None:
    """Never suggest this account to the other one again."""
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        await tx.execute(DISMISS, own, account_id, target_id)
