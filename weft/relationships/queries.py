"""Reading follows, blocks and mutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.infra.db import Reader
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.model import Bounds, Facts, Follow, Mute

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
