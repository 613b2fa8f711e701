"""The server's own emojis from the command line: added from a picture, listed, removed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.media.service import (
    LIMITS,
    Emoji,
    MediaPool,
    Want,
    Workshop,
    add_emoji,
    is_shortcode,
    load_emojis,
    remove_emoji,
)
from weft.operations.reach import CommandFailed
from weft.settings import Settings

Answer = dict[str, object]


async def add(db: Db, settings: Settings, shortcode: str, file: str, category: str) -> Answer:
    """Make the picture small, store it, and let running workers know."""
    if not is_shortcode(shortcode):
        raise CommandFailed(f"{shortcode!r} is no short code: 2 to 64 letters, digits and _ of the Latin alphabet.")
    path = Path(file)
    if (await asyncio.to_thread(path.stat)).st_size > LIMITS.image_bytes:
        raise CommandFailed(f"{file} is too large.")
    data = await asyncio.to_thread(path.read_bytes)
    blobs = Blobs(settings.folder / "media")
    pool = MediaPool(blobs.scratch)
    try:
        name, still = await Workshop(db, blobs, pool).picture(data, Want.EMOJI)
    finally:
        await pool.close()
    added = False
    try:
        emoji = Emoji(shortcode=shortcode, name=name, static_name=still or name, category=category)
        added = await add_emoji(db, emoji)
    finally:
        if not added:
            await blobs.delete((name, still))
    if not added:
        raise CommandFailed(f"There is an emoji {shortcode!r} already; remove it first.")
    return {"shortcode": shortcode, "category": category}


async def list_all(db: Db) -> Answer:
    async with db.read() as reader:
        emojis = await load_emojis(reader)
    return {"emojis": [{"shortcode": emoji.shortcode, "category": emoji.category} for emoji in emojis]}


def print_list(answer: Answer) -> None:
    emojis = answer["emojis"]
    assert isinstance(emojis, list)
    for emoji in emojis:
        print(f"{emoji['shortcode']:<32} {emoji['category']}".rstrip())


async def remove(db: Db, settings: Settings, shortcode: str) -> Answer:
    """Posts that name it show its short code from now on."""
    names = await remove_emoji(db, shortcode)
    if not names:
        raise CommandFailed(f"There is no emoji {shortcode!r}.")
    await Blobs(settings.folder / "media").delete(names)
    return {"shortcode": shortcode, "removed": True}
