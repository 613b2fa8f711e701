"""Asking a page what it says of itself: through the guarded client, little of it, not for long.

The page is asked once for the whole community, and nothing says who shared it. Its picture is made anew by the media
sandbox and served from here. Of oEmbed only names are taken, never markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.infra.http import Fetcher, FetchRequest
from weft.kernel.errors import Invalid, Unavailable
from weft.kernel.ids import PostId, bucket_of
from weft.media.service import Preview, Workshop
from weft.previews.events import CardsChanged, CardWanted
from weft.previews.model import Card
from weft.previews.page import MOST_NAME, Found, plain, read_page, web_url
from weft.previews.queries import find_url, give_up, newest_uses, show_card

PAGE_BYTES = 1 << 20
PAGE_S = 5.0
PICTURE_BYTES = 8 << 20
OEMBED_BYTES = 64 << 10
OEMBED_S = 3.0
MOST_TOLD = 1000
TOLD_AT_ONCE = 200
"""Posts named in one signal: it must fit into a notification of the database's."""
SMALLEST_SIDE = 48
_HTML = frozenset({"text/html", "application/xhtml+xml"})


class _Embed(msgspec.Struct):
    author_name: str = ""
    author_url: str = ""
    provider_name: str = ""


@dataclass(frozen=True)
class Previews:
    """The runner of ``CardWanted``. ``own``: hosts of this community, which get no cards."""

    db: Db
    blobs: Blobs
    fetcher: Fetcher
    workshop: Workshop
    own: frozenset[str]

    async def fetch(self, event: CardWanted) -> None:
        async with self.db.read() as reader:
            url = await find_url(reader, event.card_id)
        if url is None:
            return
        found = await self._read(url)
        if found is None or not found.page.title:
            async with self.db.once(bucket_of(event.card_id)) as tx:
                await give_up(tx, event.card_id, failed=found is None)
            return
        await self._show(event.card_id, await self._pictured(await self._credited(found)))

    async def _read(self, url: str) -> Found | None:
        """The page; None where it cannot be had."""
        if urlsplit(url).netloc.lower() in self.own:
            return None
        request = FetchRequest("GET", url, accept="text/html", max_bytes=PAGE_BYTES, cut=True, deadline_s=PAGE_S)
        try:
            fetched = await self.fetcher.fetch(request)
        except Unavailable:
            return None
        if not fetched.is_success or fetched.media_type not in _HTML:
            return None
        return read_page(fetched.body, fetched.headers.get("content-type", ""), fetched.url)

    async def _credited(self, found: Found) -> Found:
        """The author and the site by their own names, where the page itself does not say but says who knows."""
        if found.page.author or not found.oembed_url:
            return found
        request = FetchRequest(
            "GET", found.oembed_url, accept="application/json", max_bytes=OEMBED_BYTES, deadline_s=OEMBED_S
        )
        try:
            fetched = await self.fetcher.fetch(request)
            told = fetched.decode(_Embed) if fetched.is_success else _Embed()
        except Unavailable:
            return found
        page = msgspec.structs.replace(
            found.page,
            author=plain(told.author_name, MOST_NAME),
            author_url=web_url(found.page.url, told.author_url),
            site=plain(told.provider_name, MOST_NAME) or found.page.site,
        )
        return msgspec.structs.replace(found, page=page)

    async def _pictured(self, found: Found) -> Card:
        picture = await self._picture(found.picture_url)
        if picture is None:
            return Card(found.page)
        page = msgspec.structs.replace(
            found.page, width=picture.width, height=picture.height, blurhash=picture.blurhash
        )
        return Card(page, picture.name)

    async def _picture(self, url: str) -> Preview | None:
        """A picture is an extra: whatever is wrong with it, the card does without."""
        if not url:
            return None
        request = FetchRequest("GET", url, accept="image/*", max_bytes=PICTURE_BYTES, deadline_s=PAGE_S)
        try:
            fetched = await self.fetcher.fetch(request)
            picture = await self.workshop.preview(fetched.body) if fetched.is_success else None
        except (Unavailable, Invalid):
            return None
        if picture is not None and min(picture.width, picture.height) < SMALLEST_SIDE:
            await self.blobs.delete([picture.name])
            return None
        return picture

    async def _show(self, card_id: int, card: Card) -> None:
        async with self.db.tx(bucket_of(card_id)) as tx:
            old = await show_card(tx, card_id, card)
            posts = await newest_uses(tx, card_id, MOST_TOLD) if old is not None else []
            for start in range(0, len(posts), TOLD_AT_ONCE):
                tx.signal(CardsChanged(post_ids=tuple(PostId(id_) for id_ in posts[start : start + TOLD_AT_ONCE])))
        # The old picture, or the new one of a card that nobody uses any more.
        await self.blobs.delete([old if old is not None else card.picture])
