"""The server's own emojis: a short code, a picture and its still twin. Only the operator adds and removes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from weft.infra.db import Db, Reader, Row
from weft.media.events import EmojisChanged

_SHORTCODE = re.compile(r"[A-Za-z0-9_]{2,64}", re.ASCII)


class Emoji(msgspec.Struct, frozen=True, kw_only=True):
    shortcode: str
    name: str
    """The blob of the picture."""
    static_name: str
    category: str = ""
    visible: bool = True


def is_shortcode(text: str) -> bool:
    return _SHORTCODE.fullmatch(text) is not None


LOAD = """
SELECT shortcode, name, static_name, category, visible FROM emojis ORDER BY shortcode  -- shared
"""


async def load_emojis(reader: Reader) -> list[Emoji]:
    """All of them, by short code."""
    return [_emoji(row) for row in await reader.rows(LOAD)]


def _emoji(row: Row) -> Emoji:
    return Emoji(shortcode=row[0], name=row[1], static_name=row[2], category=row[3], visible=row[4])


LOAD_NAMED = """
SELECT shortcode, name, static_name, category, visible FROM emojis WHERE shortcode = ANY($1::text[])  -- shared
"""


async def load_named_emojis(reader: Reader, shortcodes: Sequence[str]) -> list[Emoji]:
    """Those of the short codes that there are."""
    return [_emoji(row) for row in await reader.rows(LOAD_NAMED, shortcodes)]


INSERT = """
INSERT INTO emojis (shortcode, name, static_name, category, visible)  -- shared
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


async def add_emoji(db: Db, emoji: Emoji) -> bool:
    """Add an emoji; False where the short code is taken."""
    async with db.job() as tx:
        added = await tx.execute(INSERT, emoji.shortcode, emoji.name, emoji.static_name, emoji.category, emoji.visible)
        if added:
            tx.signal(EmojisChanged())
    return bool(added)


REMOVE = """
DELETE FROM emojis WHERE shortcode = $1 RETURNING name, static_name  -- shared
"""


async def remove_emoji(db: Db, shortcode: str) -> tuple[str, ...]:
    """Remove an emoji; the names of its blobs, for the caller to end, or none where there was no such emoji."""
    async with db.job() as tx:
        row = await tx.row(REMOVE, shortcode)
        if row is None:
            return ()
        tx.signal(EmojisChanged())
    return tuple(dict.fromkeys(row))
