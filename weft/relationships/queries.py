"""Reading follows, blocks and mutes. Pages of them are in ``pages``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from weft.infra.db import Reader, Row
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.model import Bounds, Facts, Follow, Mute, Relationship

FOLLOWING = """
SELECT target_id, reposts, notify, languages FROM following WHERE bucket = $1 AND account_id = $2
"""


async def load_following(reader: Reader, account_id: AccountId) -> dict[int, Follow]:
    """Everyone the account follows."""
    rows = await reader.rows(FOLLOWING, bucket_of(account_id), account_id)
    return {row[0]: Follow(row[0], row[1], row[2], tuple(row[3])) for row in rows}


BOUNDS = """
SELECT 0 AS kind, target_id AS id, NULL::text AS host, NULL::bigint AS until_ms, false AS notifications
  FROM blocks WHERE bucket = $1 AND account_id = $2
UNION ALL
SELECT 1, blocker_id, NULL, NULL, false FROM blocked_by WHERE bucket = $1 AND account_id = $2
UNION ALL
SELECT 2, target_id, NULL, until_ms, notifications FROM mutes WHERE bucket = $1 AND account_id = $2
UNION ALL
SELECT 3, NULL, host, NULL, false FROM host_blocks WHERE bucket = $1 AND account_id = $2
"""


async def load_bounds(reader: Reader, account_id: AccountId) -> Bounds:
    """Everything that keeps others away from the account, or it from them."""
    bounds = Bounds()
    for kind, id_, host, until_ms, notifications in await reader.rows(BOUNDS, bucket_of(account_id), account_id):
        match kind:
            case 0:
                bounds.blocking.add(id_)
            case 1:
                bounds.blocked_by.add(id_)
            case 2:
                bounds.muting[id_] = Mute(notifications, until_ms)
            case _:
                bounds.hosts.add(host)
    return bounds


FACTS_ABOUT = """
SELECT 0 AS kind, target_id FROM following WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 1, target_id FROM blocks WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 2, blocker_id FROM blocked_by WHERE bucket = $1 AND account_id = $2 AND blocker_id = ANY($3::bigint[])
"""


async def load_facts(reader: Reader, viewer_id: AccountId, others: Sequence[int]) -> Facts:
    """What ``can_see`` must know of a viewer and just these other accounts."""
    known: tuple[set[int], set[int], set[int]] = (set(), set(), set())
    for kind, id_ in await reader.rows(FACTS_ABOUT, bucket_of(viewer_id), viewer_id, list(others)):
        known[kind].add(id_)
    return Facts(viewer_id, *known)


FOLLOWERS_AMONG = """
SELECT follower_id FROM followers WHERE bucket = $1 AND account_id = $2 AND follower_id = ANY($3::bigint[])
"""


async def followers_among(reader: Reader, viewer_id: AccountId, account_ids: Iterable[int]) -> frozenset[int]:
    """Who of these accounts follow the viewer."""
    return frozenset(await reader.values(FOLLOWERS_AMONG, bucket_of(viewer_id), viewer_id, list(account_ids)))


RELATIONSHIPS = """
SELECT 0 AS kind, target_id AS id, reposts AS a, notify AS b, languages, NULL::bigint AS until_ms, NULL::text AS comment
  FROM following WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 1, follower_id, false, false, NULL, NULL, NULL
  FROM followers WHERE bucket = $1 AND account_id = $2 AND follower_id = ANY($3::bigint[])
UNION ALL
SELECT 2, target_id, false, false, NULL, NULL, NULL
  FROM blocks WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 3, blocker_id, false, false, NULL, NULL, NULL
  FROM blocked_by WHERE bucket = $1 AND account_id = $2 AND blocker_id = ANY($3::bigint[])
UNION ALL
SELECT 4, target_id, notifications, false, NULL, until_ms, NULL
  FROM mutes WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 5, target_id, false, false, NULL, NULL, NULL
  FROM requested WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 6, requester_id, false, false, NULL, NULL, NULL
  FROM follow_requests WHERE bucket = $1 AND account_id = $2 AND requester_id = ANY($3::bigint[])
UNION ALL
SELECT 7, target_id, false, false, NULL, NULL, NULL
  FROM endorsements WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 8, target_id, false, false, NULL, NULL, comment
  FROM account_notes WHERE bucket = $1 AND account_id = $2 AND target_id = ANY($3::bigint[])
UNION ALL
SELECT 9, a.id, false, false, NULL, NULL, NULL
  FROM host_blocks h
  JOIN accounts a ON a.bucket = ANY($4::smallint[]) AND a.id = ANY($3::bigint[]) AND a.host = h.host
 WHERE h.bucket = $1 AND h.account_id = $2
"""


def _learned(kind: int, row: Row) -> dict[str, Any]:
    """What one row of ``RELATIONSHIPS`` says, as fields of a ``Relationship``."""
    match kind:
        case 0:
            return {"following": True, "reposts": row[2], "notify": row[3], "languages": tuple(row[4])}
        case 4:
            return {"muting": True, "muting_notifications": row[2], "muting_until_ms": row[5]}
        case 8:
            return {"comment": row[6]}
        case _:
            return {_FLAGS[kind]: True}


_FLAGS = {
    1: "followed_by",
    2: "blocking",
    3: "blocked_by",
    5: "requested",
    6: "requested_by",
    7: "endorsed",
    9: "host_blocking",
}


async def load_relationships(reader: Reader, viewer_id: AccountId, ids: Iterable[int]) -> list[Relationship]:
    """Everything between the viewer and each of these accounts, in their order, in one statement."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    learned: dict[int, dict[str, Any]] = {id_: {} for id_ in wanted}
    buckets = list({bucket_of(id_) for id_ in wanted})
    for row in await reader.rows(RELATIONSHIPS, bucket_of(viewer_id), viewer_id, wanted, buckets):
        learned[row[1]].update(_learned(row[0], row))
    return [Relationship(target_id=AccountId(id_), **fields) for id_, fields in learned.items()]


COUNT_REQUESTS = """
SELECT count(*) FROM follow_requests WHERE bucket = $1 AND account_id = $2
"""


async def count_follow_requests(reader: Reader, account_id: AccountId) -> int:
    """How many ask to follow the account."""
    return int(await reader.value(COUNT_REQUESTS, bucket_of(account_id), account_id))


FAMILIAR = """
SELECT f.account_id, f.follower_id  -- each account's own bucket, and only followers whom the viewer follows
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN followers f ON f.bucket = want.bucket AND f.account_id = want.id AND f.follower_id = ANY($3::bigint[])
 ORDER BY f.id DESC
"""


async def load_familiar(reader: Reader, followed: Iterable[int], ids: Iterable[int]) -> dict[int, list[AccountId]]:
    """Who of ``followed`` follow each of the accounts, the newest followers first."""
    wanted = list(dict.fromkeys(ids))
    found: dict[int, list[AccountId]] = {id_: [] for id_ in wanted}
    for row in await reader.rows(FAMILIAR, [bucket_of(id_) for id_ in wanted], wanted, list(followed)):
        found[row[0]].append(row[1])
    return found


FRIENDS_OF_FRIENDS = """
SELECT f.target_id, count(*) AS friends  -- the followed ones' own buckets: a sample of them
  FROM unnest($1::smallint[], $2::bigint[]) AS friend (bucket, id)
  JOIN following f ON f.bucket = friend.bucket AND f.account_id = friend.id
 WHERE f.target_id <> $3 AND NOT f.target_id = ANY($4::bigint[])
 GROUP BY f.target_id ORDER BY friends DESC, f.target_id DESC LIMIT $5
"""


async def friends_of_friends(
    reader: Reader, viewer_id: AccountId, friends: Sequence[int], without: Iterable[int], limit: int
) -> list[AccountId]:
    """Whom the viewer's friends follow, those that most of them follow first."""
    buckets = [bucket_of(id_) for id_ in friends]
    return await reader.values(FRIENDS_OF_FRIENDS, buckets, list(friends), viewer_id, list(without), limit)
