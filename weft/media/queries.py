"""Rows of attachments and their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from weft.infra.db import Reader, Tx
from weft.kernel.ids import AccountId, MediaId, PostId, bucket_of
from weft.media.model import Media

LOAD = """
SELECT m.id, m.account_id, m.post_id, m.state, m.kind, m.description, m.focus_x, m.focus_y, m.meta, m.blurhash,
       ARRAY(SELECT f.size FROM media_files f WHERE f.bucket = m.bucket AND f.media_id = m.id ORDER BY f.size),
       ARRAY(SELECT f.name FROM media_files f WHERE f.bucket = m.bucket AND f.media_id = m.id ORDER BY f.size)
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN media m ON m.bucket = want.bucket AND m.id = want.id
"""


async def load_media(reader: Reader, ids: Sequence[int]) -> dict[int, Media]:
    """The attachments that exist among ``ids``."""
    if not ids:
        return {}
    rows = await reader.rows(LOAD, [bucket_of(id_) for id_ in ids], list(ids))
    return {
        row[0]: Media(
            id=row[0],
            account_id=row[1],
            post_id=row[2],
            state=row[3],
            kind=row[4],
            description=row[5],
            focus=(row[6], row[7]) if row[6] is not None and row[7] is not None else None,
            meta=msgspec.json.decode(row[8]),
            blurhash=row[9],
            files=dict(zip(row[10], row[11], strict=True)),
        )
        for row in rows
    }


INSERT = """
INSERT INTO media (bucket, id, account_id, state, description, focus_x, focus_y, created_ms)
VALUES ($1, $2, $3, 'processing', $4, $5, $6, $7)
"""


async def insert_media(tx: Tx, media: Media) -> None:
    x, y = media.focus or (None, None)
    await tx.execute(INSERT, bucket_of(media.id), media.id, media.account_id, media.description, x, y, tx.now_ms)


FINISH = """
WITH done AS (
    UPDATE media SET state = 'ready', kind = $3, meta = $4::jsonb, blurhash = $5
     WHERE bucket = $1 AND id = $2 AND state = 'processing' RETURNING id
)
INSERT INTO media_files (bucket, media_id, size, name, bytes)
SELECT $1, $2, size, name, bytes FROM unnest($6::text[], $7::text[], $8::bigint[]) AS given (size, name, bytes)
 WHERE EXISTS (SELECT 1 FROM done)
"""


async def finish_media(tx: Tx, media: Media, sizes: Mapping[str, int]) -> int:
    """Note what processing made; 0 where the row is gone. ``sizes``: bytes by variant."""
    roles = list(media.files)
    return await tx.execute(
        FINISH,
        bucket_of(media.id),
        media.id,
        media.kind,
        msgspec.json.encode(media.meta).decode(),
        media.blurhash,
        roles,
        [media.files[role] for role in roles],
        [sizes.get(role, 0) for role in roles],
    )


FAIL = """
UPDATE media SET state = 'failed' WHERE bucket = $1 AND id = $2 AND state = 'processing'
"""


async def fail_media(tx: Tx, id_: MediaId) -> None:
    await tx.execute(FAIL, bucket_of(id_), id_)


USABLE = """
SELECT id, state, post_id FROM media WHERE bucket = $1 AND account_id = $2 AND id = ANY($3::bigint[])
"""

ATTACH = """
UPDATE media SET post_id = $4, detached_ms = NULL WHERE bucket = $1 AND account_id = $2 AND id = ANY($3::bigint[])
   AND state = 'ready' AND (post_id IS NULL OR post_id = $4)
"""


async def attach_media(tx: Tx, account_id: AccountId, ids: Sequence[MediaId], post_id: PostId) -> int:
    """Give the account's unused attachments to a post; how many were given."""
    return await tx.execute(ATTACH, bucket_of(account_id), account_id, list(ids), post_id)


DETACH = """
UPDATE media SET post_id = NULL, detached_ms = $4
 WHERE bucket = $1 AND post_id = $2 AND NOT id = ANY($3::bigint[]) AND account_id = $5
"""


async def detach_media(tx: Tx, account_id: AccountId, post_id: PostId, keep: Sequence[int] = ()) -> int:
    """Take a post's attachments off it, but for those to keep; they may be used again for a day."""
    return await tx.execute(DETACH, bucket_of(account_id), post_id, list(keep), tx.now_ms, account_id)


UPDATE = """
UPDATE media SET description = coalesce($4, description),
       focus_x = coalesce($5, focus_x), focus_y = coalesce($6, focus_y)
 WHERE bucket = $1 AND account_id = $2 AND id = $3
"""

STALE = """
SELECT id FROM media
 WHERE bucket = $1 AND post_id IS NULL AND greatest(created_ms, coalesce(detached_ms, 0)) < $2 LIMIT 500
"""

DELETE = """
WITH gone AS (
    DELETE FROM media WHERE bucket = $1 AND id = ANY($2::bigint[]) AND post_id IS NULL RETURNING id
), files AS (
    DELETE FROM media_files WHERE bucket = $1 AND media_id IN (SELECT id FROM gone) RETURNING name
)
SELECT name FROM files
"""
