"""Where an account stopped reading, per timeline, so that its other devices go on from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from weft.infra.db import Db, Reader
from weft.kernel.errors import Conflict
from weft.kernel.ids import AccountId, bucket_of

MarkerName = Literal["home", "notifications"]


class Marker(msgspec.Struct, frozen=True):
    last_read_id: int
    version: int
    updated_ms: int


LOAD = """
SELECT timeline, last_read_id, version, updated_ms FROM markers
 WHERE bucket = $1 AND account_id = $2 AND timeline = ANY($3::text[])
"""


async def load_markers(reader: Reader, account_id: AccountId, names: Iterable[str]) -> dict[str, Marker]:
    """The markers that were ever set among these."""
    rows = await reader.rows(LOAD, bucket_of(account_id), account_id, list(names))
    return {row[0]: Marker(row[1], row[2], row[3]) for row in rows}


SAVE = """
INSERT INTO markers AS m (bucket, account_id, timeline, last_read_id, version, updated_ms)
SELECT $1, $2, timeline, last_read_id, version + 1, $6
  FROM unnest($3::text[], $4::bigint[], $5::int[]) AS new (timeline, last_read_id, version)
ON CONFLICT (bucket, account_id, timeline) DO UPDATE
   SET last_read_id = excluded.last_read_id, version = excluded.version, updated_ms = excluded.updated_ms
 WHERE m.version = excluded.version - 1
"""


async def save_markers(db: Db, account_id: AccountId, places: Mapping[str, int]) -> dict[str, Marker]:
    """Move markers; each move has the next version. All of them move or none.

    Raises:
        Conflict: another device moved one of them at the same time.
    """
    own = bucket_of(account_id)
    names = sorted(places)
    async with db.tx(own) as tx:
        before = await load_markers(tx, account_id, names)
        versions = [before[name].version if name in before else 0 for name in names]
        moved = await tx.execute(SAVE, own, account_id, names, [places[name] for name in names], versions, tx.now_ms)
        if moved != len(names):
            raise Conflict("update.conflict")
        now_ms = tx.now_ms
    return {
        name: Marker(places[name], version + 1, now_ms) for name, version in zip(names, versions, strict=True)
    }  # fmt: skip
