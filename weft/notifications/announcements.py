"""What the server's staff tells everyone: announcements, who has read them, and how people react."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import Db, Reader
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of

MOST_REACTIONS = 8
"""Different reactions to one announcement."""
MAX_NAME = 64


class Reaction(msgspec.Struct, frozen=True):
    name: str
    """An emoji itself, or the short code of one of the server's own."""
    count: int
    mine: bool


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    text: str
    starts_ms: int | None
    ends_ms: int | None
    all_day: bool
    published_ms: int
    updated_ms: int
    read: bool
    reactions: tuple[Reaction, ...] = ()


CURRENT = """
SELECT a.id, a.text, a.starts_ms, a.ends_ms, a.all_day, a.published_ms, a.updated_ms, d.announcement_id IS NOT NULL
  FROM announcements a  -- shared
  LEFT JOIN announcement_dismissals d ON d.bucket = $1 AND d.account_id = $2 AND d.announcement_id = a.id
 WHERE a.published_ms <= $3 AND (a.ends_ms IS NULL OR a.ends_ms > $3) AND ($4 OR d.announcement_id IS NULL)
 ORDER BY a.published_ms DESC, a.id DESC LIMIT 100
"""

REACTIONS = """
SELECT announcement_id, name, count(*), bool_or(account_id = $2) FROM announcement_reactions  -- all buckets
 WHERE announcement_id = ANY($1::bigint[]) GROUP BY announcement_id, name ORDER BY announcement_id, name
"""


async def load_announcements(
    reader: Reader, account_id: AccountId, now_ms: int, *, with_dismissed: bool = False
) -> list[Announcement]:
    """What is announced now, the latest first; without what the account dismissed, unless asked for."""
    rows = await reader.rows(CURRENT, bucket_of(account_id), account_id, now_ms, with_dismissed)
    if not rows:
        return []
    reactions: dict[int, list[Reaction]] = {}
    for id_, name, count, mine in await reader.rows(REACTIONS, [row[0] for row in rows], account_id):
        reactions.setdefault(id_, []).append(Reaction(name, count, mine))
    return [
        Announcement(
            id=row[0],
            text=row[1],
            starts_ms=row[2],
            ends_ms=row[3],
            all_day=row[4],
            published_ms=row[5],
            updated_ms=row[6],
            read=row[7],
            reactions=tuple(reactions.get(row[0], ())),
        )
        for row in rows
    ]


DISMISS = """
INSERT INTO announcement_dismissals (bucket, account_id, announcement_id)
SELECT $1, $2, id FROM announcements WHERE id = $3
ON CONFLICT (bucket, account_id, announcement_id) DO UPDATE SET announcement_id = excluded.announcement_id
"""


async def dismiss_announcement(db: Db, account_id: AccountId, id_: int) -> None:
    """Remember that the account has read it.

    Raises:
        NotFound: there is no such announcement.
    """
    async with db.once(bucket_of(account_id)) as tx:
        if not await tx.execute(DISMISS, bucket_of(account_id), account_id, id_):
            raise NotFound("record.absent")


REACT = """
INSERT INTO announcement_reactions (bucket, account_id, announcement_id, name) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""

UNREACT = """
DELETE FROM announcement_reactions WHERE bucket = $1 AND account_id = $2 AND announcement_id = $3 AND name = $4
"""


async def react(db: Db, account_id: AccountId, id_: int, name: str) -> None:
    """React to an announcement with an emoji, which the caller knows to be one.

    Raises:
        NotFound: nothing like that is announced now.
        Invalid: people react in as many ways as there may be already.
    """
    async with db.read() as reader:
        known = await _names(reader, account_id, id_, db.clock.now_ms())
    if name not in known and len(known) >= MOST_REACTIONS:
        raise Invalid("announcement.reactions", field="name", limit=MOST_REACTIONS)
    async with db.once(bucket_of(account_id)) as tx:
        await tx.execute(REACT, bucket_of(account_id), account_id, id_, name)


async def unreact(db: Db, account_id: AccountId, id_: int, name: str) -> None:
    """Take a reaction back; one that was never given is no fault.

    Raises:
        NotFound: nothing like that is announced now.
    """
    async with db.read() as reader:
        await _names(reader, account_id, id_, db.clock.now_ms())
    async with db.once(bucket_of(account_id)) as tx:
        await tx.execute(UNREACT, bucket_of(account_id), account_id, id_, name)


async def _names(reader: Reader, account_id: AccountId, id_: int, now_ms: int) -> Sequence[str]:
    for found in await load_announcements(reader, account_id, now_ms, with_dismissed=True):
        if found.id == id_:
            return [reaction.name for reaction in found.reactions]
    raise NotFound("record.absent")
